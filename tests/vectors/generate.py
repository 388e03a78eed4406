"""Writes the vectors beside this file: `python tests/vectors/generate.py manifest`.

They are frozen: name only the one whose format has a new version. What an older version made is
kept beside it (`manifest-1.json` to `manifest-5.json`), for readers open it still.

Secret inputs are given in the files. Deterministic outputs are compared byte for byte by
tests/python/vault/test_vectors.py; what is random (every seal, every split) is opened and joined.
"""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyshamir

from aceso import vault
from aceso.vault import shamir
from aceso.vault.keys import VaultKeys

HERE = Path(__file__).parent
MNEMONIC = "test test test test test test test test test test test junk"
CHAIN_ID = 31_337
LABS = 16
PLAINTEXT = b"a record that nobody has"


def twin(**request: Any) -> Any:
    done = subprocess.run(
        ["node", str(HERE / "twin.mjs")],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def write(name: str, content: dict[str, Any]) -> None:
    (HERE / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def hpke() -> dict[str, Any]:
    private = vault.PrivateKey(bytes(range(32)))
    public, info = private.public_key, b"aceso/v1/vector"
    return {
        "privateKey": private.to_bytes().hex(),
        "publicKey": public.to_bytes().hex(),
        "publicKeyDigest": public.digest.hex(),
        "info": info.hex(),
        "plaintext": PLAINTEXT.hex(),
        "sealedByPython": vault.seal(public, PLAINTEXT, info=info).hex(),
        "sealedByNode": twin(
            does="seal",
            publicKey=public.to_bytes().hex(),
            info=info.hex(),
            plaintext=PLAINTEXT.hex(),
        ),
    }


def keys(derived: VaultKeys, seed: vault.Seed) -> dict[str, Any]:
    return {
        "mnemonic": MNEMONIC,
        "chainId": CHAIN_ID,
        "personas": [seed.persona(index).address for index in range(3)],
        "browserWallet": seed.browser_wallet(0).mnemonic,
        "class": LABS,
        "epoch": 2,
        "classKey": derived.class_key(LABS, 2).to_bytes().hex(),
        "logKey": derived.log_key(LABS, 2).to_bytes().hex(),
        "listKey": bytes(derived.list_key(LABS, 2).key).hex(),
        "listKeyAddress": derived.list_key(LABS, 2).address,
        "ownerKey": derived.owner_key().to_bytes().hex(),
        "headKey": bytes(derived.head_key().key).hex(),
        "manifestKey": derived.manifest_key().hex(),
        "backupKey": derived.backup_key().hex(),
        "canonicalDigest": bytes(range(32)).hex(),
        "recordId": derived.record_id(bytes(range(32)), LABS).hex(),
    }


def sharing() -> dict[str, Any]:
    secret = bytes(range(100, 132))
    return {
        "secret": secret.hex(),
        "threshold": 3,
        "byUs": [share.hex() for share in shamir.split(secret, shares=5, threshold=3)],
        "byPyshamir": [bytes(share).hex() for share in pyshamir.split(secret, 5, 3)],
        "byNode": twin(does="split", secret=secret.hex(), shares=5, threshold=3),
    }


def record(derived: VaultKeys) -> dict[str, Any]:
    dek, record_id, request = bytes(range(32)), bytes(range(32, 64)), bytes(range(64, 96))
    sealed, body = vault.seal_bytes(PLAINTEXT, dek)
    custodians = [vault.PrivateKey(bytes([index]) * 32) for index in (1, 2, 3)]
    addresses = [f"0x{index:040x}" for index in (1, 2, 3)]
    reader = derived.class_key(LABS, 0)
    capsule = vault.make_capsule(
        vault.CapsuleContext(
            chain_id=CHAIN_ID,
            record_id=record_id,
            data_class=LABS,
            epoch=0,
            list_key=derived.list_key(LABS, 0).address,
        ),
        vault.RecordKey(dek, body),
        custodians=[(a, key.public_key) for a, key in zip(addresses, custodians, strict=True)],
        threshold=2,
        reader_key=reader.public_key,
        owner_key=derived.owner_key().public_key,
    )
    receiving = vault.PrivateKey(bytes([9]) * 32)
    released = [
        vault.seal_share(
            capsule, vault.open_share(capsule, a, key), receiving.public_key, request=request
        ).hex()
        for a, key in zip(addresses, custodians, strict=True)
    ]
    document = {"resourceType": "Observation", "value": 5.4, "text": "당화혈색소"}
    fields = vault.head_fields(
        record_id=record_id,
        data_class=LABS,
        issued_at=1_700_000_000,
        lineage=(),
        holder=addresses[0],
        digest=body.sha256[::-1],
    ) | vault.json_fields(document)
    tree = vault.FieldTree.of(fields, dek=dek, record_id=record_id)
    leaves = [bytes([index]) * 32 for index in range(16)]
    batch = vault.make_batch([*leaves[:-1], tree.leaf])
    envelope = vault.Envelope(
        record_id=record_id,
        data_class=LABS,
        issued_at=1_700_000_000,
        lineage=(),
        holder=addresses[0],
        digest=body.sha256[::-1],
        media_type="application/fhir+json",
        hashes=tree.hashes,
        issuer=addresses[1],
        root=batch.root,
        proof=batch.proof(tree.leaf),
    ).seal(dek)
    entry = vault.ListEntry(
        cid="bafkrei" + "a" * 52,
        capsule=capsule,
        issuer=addresses[1],
        root=batch.root,
        envelope=envelope,
    )
    binding = vault.KeyBinding(
        chain_id=CHAIN_ID,
        list_key=derived.list_key(LABS, 0).address,
        persona=addresses[0],
        grantee=bytes(12) + bytes([7]) * 20,
        data_class=LABS,
        epoch=0,
    )
    return {
        "mnemonic": MNEMONIC,
        "chainId": CHAIN_ID,
        "dek": dek.hex(),
        "recordId": record_id.hex(),
        "plaintext": PLAINTEXT.hex(),
        "sealedBody": sealed.hex(),
        "sha256": body.sha256.hex(),
        "length": body.length,
        "custodianKeys": [key.to_bytes().hex() for key in custodians],
        "custodians": addresses,
        "capsule": capsule.to_bytes().hex(),
        "capsuleDigest": capsule.digest.hex(),
        "request": request.hex(),
        "receivingKey": receiving.to_bytes().hex(),
        "released": released,
        "document": document,
        "fields": {path: value.hex() for path, value in fields.items()},
        "fieldsRoot": tree.root.hex(),
        "leaf": tree.leaf.hex(),
        "batch": [leaf.hex() for leaf in leaves[:-1]],
        "root": batch.root.hex(),
        "proof": [step.hex() for step in batch.proof(tree.leaf)],
        "entry": entry.to_bytes().hex(),
        "entryDigest": entry.digest.hex(),
        "grantee": binding.grantee.hex(),
        "sealedClassKey": vault.seal_class_key(
            reader, to=receiving.public_key, binding=binding
        ).hex(),
    }


def manifest(derived: VaultKeys) -> dict[str, Any]:
    key = vault.PrivateKey(bytes(range(32))).public_key.to_bytes()
    custodians = ["0x" + f"{digit:02x}" * 20 for digit in (0x11, 0x22, 0x33)]
    held = vault.Manifest(
        version=7,
        epochs={LABS: 2},
        relationships={bytes(32): 3},
        forgotten={bytes([5]) * 32, bytes([4]) * 32},
        owed={bytes([5]) * 32: custodians[0]},
        superseded={bytes([6]) * 32: bytes([7]) * 32},
        same={(bytes([7]) * 32, bytes([8]) * 32)},
        holders={bytes(32): {LABS: vault.KeyNote(2, bytes([9]) * 32)}},
        recovery=vault.RecoveryNote(
            key=key,
            version=7,
            at=vault.CommitteeNote(tuple(custodians[:2]), ("https://a", "https://b"), 2),
            is_whole=True,
            former={custodians[2]: "https://c"},
        ),
        will=vault.WillNote(
            digest=bytes([1]) * 32,
            keep=frozenset({bytes(32)}),
            until=67,
            keeping=frozenset({3}),
            single=frozenset({(3, bytes([2]) * 32, 4)}),
            epochs={1: 5},
            version=8,
            at=vault.CommitteeNote(tuple(custodians[:2]), ("https://a", "https://b"), 2),
            is_whole=True,
            former={custodians[2]: "https://c"},
        ),
        card_copies={3, 12},
    )
    return {
        "mnemonic": MNEMONIC,
        "chainId": CHAIN_ID,
        "version": held.version,
        "epochs": {str(LABS): 2},
        "relationships": {bytes(32).hex(): 3},
        "forgotten": [(bytes([digit]) * 32).hex() for digit in (4, 5)],
        "owed": {(bytes([5]) * 32).hex(): custodians[0]},
        "superseded": {(bytes([6]) * 32).hex(): (bytes([7]) * 32).hex()},
        "same": [[(bytes([7]) * 32).hex(), (bytes([8]) * 32).hex()]],
        "holders": {bytes(32).hex(): {str(LABS): [2, (bytes([9]) * 32).hex()]}},
        "recovery": {
            "key": key.hex(),
            "version": "7",
            "at": {
                "custodians": custodians[:2],
                "urls": ["https://a", "https://b"],
                "threshold": 2,
            },
            "isWhole": True,
            "former": {custodians[2]: "https://c"},
        },
        "will": {
            "digest": (bytes([1]) * 32).hex(),
            "keep": [bytes(32).hex()],
            "until": 67,
            "keeping": [3],
            "single": [[3, (bytes([2]) * 32).hex(), 4]],
            "epochs": {"1": 5},
            "version": "8",
            "at": {
                "custodians": custodians[:2],
                "urls": ["https://a", "https://b"],
                "threshold": 2,
            },
            "isWhole": True,
            "former": {custodians[2]: "https://c"},
        },
        "cardCopies": [3, 12],
        "sealed": held.seal(derived).hex(),
    }


def recovery(seed: vault.Seed) -> dict[str, Any]:
    persona = seed.persona(2).address
    key = vault.RecoveryKey(vault.PrivateKey(bytes(range(32))))
    sealed = vault.seal_seed(seed, to=key.public_key, chain_id=CHAIN_ID, persona=persona)
    custodians = [seed.persona(index).address for index in (10, 11, 12)]
    deposits = vault.deposits_of(
        sealed,
        chain_id=CHAIN_ID,
        persona=persona,
        version=7,
        custodians=custodians,
        threshold=2,
    )
    return {
        "mnemonic": seed.mnemonic,
        "entropy": seed.entropy().hex(),
        "chainId": CHAIN_ID,
        "persona": persona,
        "recoveryKey": bytes(range(32)).hex(),
        "guardians": key.shares(count=3, threshold=2),
        "sealedSeed": sealed.hex(),
        "custodians": custodians,
        "version": 7,
        "deposits": [one.to_bytes().hex() for one in deposits],
        "digests": [one.digest.hex() for one in deposits],
    }


def will(seed: vault.Seed) -> dict[str, Any]:
    persona = seed.persona(2).address
    custodians = [seed.persona(index).address for index in (10, 11, 12)]
    text = json.dumps({"format": "aceso-will", "version": 2, "chainId": CHAIN_ID, "ofAll": []})
    deposits = vault.deposits_of_will(
        text,
        chain_id=CHAIN_ID,
        persona=persona,
        version=7,
        custodians=custodians,
        threshold=2,
    )
    return {
        "chainId": CHAIN_ID,
        "persona": persona,
        "version": 7,
        "custodians": custodians,
        "text": text,
        "digest": hashlib.sha256(text.encode()).hexdigest(),
        "deposits": [one.to_bytes().hex() for one in deposits],
        "digests": [one.digest.hex() for one in deposits],
    }


def backup(derived: VaultKeys) -> dict[str, Any]:
    """Of what the vectors `record` and `manifest` hold."""
    record = json.loads((HERE / "record.json").read_text())
    index = json.loads((HERE / "manifest.json").read_text())
    entry = vault.ListEntry.from_bytes(bytes.fromhex(record["entry"]))
    body = bytes.fromhex(record["sealedBody"])
    stream = io.BytesIO()
    with vault.BackupWriter(stream, derived) as backup:
        backup.manifest(index["version"], bytes.fromhex(index["sealed"]))
        backup.entry(vault.BackedUp(entry, "2024-01-02", 2, bytes(range(32))))
        backup.body(entry.cid, io.BytesIO(body), len(body))
    return {
        "mnemonic": MNEMONIC,
        "chainId": CHAIN_ID,
        "day": "2024-01-02",
        "step": 2,
        "leaves": bytes(range(32)).hex(),
        "backup": stream.getvalue().hex(),
    }


def main(names: list[str]) -> None:
    seed = vault.Seed.from_mnemonic(MNEMONIC)
    derived = seed.keys(CHAIN_ID)
    makers: dict[str, Callable[[], dict[str, Any]]] = {
        "hpke": hpke,
        "keys": lambda: keys(derived, seed),
        "shamir": sharing,
        "record": lambda: record(derived),
        "manifest": lambda: manifest(derived),
        "recovery": lambda: recovery(seed),
        "will": lambda: will(seed),
        "backup": lambda: backup(derived),
    }
    for name in names:
        write(name, makers[name]())


if __name__ == "__main__":
    main(sys.argv[1:])
