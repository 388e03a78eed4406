"""
the frozen vectors of tests/vectors
├── keys: every derivation, byte for byte
├── hpke: what Python and the npm twin sealed opens
├── shamir: shares of three programs join
├── record: body, capsule, shares, fields, entry, class key: opened, or compared byte for byte
├── manifest: opens
├── manifest-1, -2, -3, -4: open, with nothing forgotten, nobody who holds keys, no sealed seed, no
│   copies of an emergency card
└── backup: its parts are those of the others, byte for byte
"""

import io
import json
from pathlib import Path

from aceso import vault
from aceso.vault import shamir

VECTORS = Path(__file__).parents[2] / "vectors"
LABS = 16


def load(name):
    return json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))


def unhex(text):
    return bytes.fromhex(text)


def test_keys():
    said = load("keys")
    seed = vault.Seed.from_mnemonic(said["mnemonic"])
    keys = seed.keys(said["chainId"])
    which = (said["class"], said["epoch"])

    assert [seed.persona(index).address for index in range(3)] == said["personas"]
    assert seed.browser_wallet(0).mnemonic == said["browserWallet"]
    assert keys.class_key(*which).to_bytes().hex() == said["classKey"]
    assert keys.log_key(*which).to_bytes().hex() == said["logKey"]
    assert bytes(keys.list_key(*which).key).hex() == said["listKey"]
    assert keys.list_key(*which).address == said["listKeyAddress"]
    assert keys.owner_key().to_bytes().hex() == said["ownerKey"]
    assert bytes(keys.head_key().key).hex() == said["headKey"]
    assert keys.manifest_key().hex() == said["manifestKey"]
    assert keys.backup_key().hex() == said["backupKey"]
    assert keys.record_id(unhex(said["canonicalDigest"]), LABS).hex() == said["recordId"]


def test_hpke():
    said = load("hpke")
    private = vault.PrivateKey(unhex(said["privateKey"]))

    assert private.public_key.to_bytes().hex() == said["publicKey"]
    assert private.public_key.digest.hex() == said["publicKeyDigest"]
    for sealed in (said["sealedByPython"], said["sealedByNode"]):
        opened = vault.open_sealed(private, unhex(sealed), info=unhex(said["info"]))
        assert opened.hex() == said["plaintext"]


def test_shamir():
    said = load("shamir")
    for maker in ("byUs", "byPyshamir", "byNode"):
        shares = [unhex(share) for share in said[maker]]
        assert shamir.join(shares[1:4]).hex() == shamir.join(shares).hex() == said["secret"]


def test_record():
    said = load("record")
    keys = vault.Seed.from_mnemonic(said["mnemonic"]).keys(said["chainId"])
    dek, record_id = unhex(said["dek"]), unhex(said["recordId"])
    sealed = unhex(said["sealedBody"])
    key = vault.RecordKey(dek, vault.Body(unhex(said["sha256"]), len(sealed), said["length"]))
    receiving, request = vault.PrivateKey(unhex(said["receivingKey"])), unhex(said["request"])

    entry = vault.ListEntry.from_bytes(unhex(said["entry"]))
    capsule = vault.Capsule.from_bytes(unhex(said["capsule"]))
    shares = [
        vault.open_released(capsule, address, unhex(answer), receiving, request=request)
        for address, answer in zip(said["custodians"], said["released"], strict=True)
    ]
    for address, private in zip(said["custodians"], said["custodianKeys"], strict=True):
        vault.open_share(capsule, address, vault.PrivateKey(unhex(private)))

    assert vault.open_bytes(sealed, dek, key.body).hex() == said["plaintext"]
    assert vault.open_as_owner(capsule, keys.owner_key()) == key
    assert vault.join(capsule, shares[1:], keys.class_key(LABS, 0)) == key
    assert capsule.digest.hex() == said["capsuleDigest"]
    assert entry.capsule.digest == capsule.digest
    assert entry.digest.hex() == said["entryDigest"]

    fields = {path: unhex(value) for path, value in said["fields"].items()}
    tree = vault.FieldTree.of(fields, dek=dek, record_id=record_id)
    batch = vault.make_batch([unhex(leaf) for leaf in said["batch"]] + [tree.leaf])
    envelope = vault.Envelope.open(entry.envelope, dek, record_id=record_id)
    assert fields == envelope.head() | vault.json_fields(said["document"])
    assert tree.root.hex() == said["fieldsRoot"]
    assert tree.leaf.hex() == said["leaf"]
    assert batch.root.hex() == said["root"]
    assert [step.hex() for step in batch.proof(tree.leaf)] == said["proof"]
    assert envelope.tree(dek).root == tree.root

    binding = vault.KeyBinding(
        chain_id=said["chainId"],
        list_key=keys.list_key(LABS, 0).address,
        persona=said["custodians"][0],
        grantee=unhex(said["grantee"]),
        data_class=LABS,
        epoch=0,
    )
    opened = vault.open_class_key(unhex(said["sealedClassKey"]), receiving, binding=binding)
    assert opened.to_bytes() == keys.class_key(LABS, 0).to_bytes()


def test_manifest():
    said = load("manifest")
    keys = vault.Seed.from_mnemonic(said["mnemonic"]).keys(said["chainId"])

    manifest = vault.Manifest.open(unhex(said["sealed"]), keys, version=said["version"])

    assert manifest == vault.Manifest(
        version=7,
        epochs={LABS: 2},
        relationships={bytes(32): 3},
        forgotten={unhex("04" * 32), unhex("05" * 32)},
        owed={unhex("05" * 32): "0x" + "11" * 20},
        superseded={unhex("06" * 32): unhex("07" * 32)},
        same={(unhex("07" * 32), unhex("08" * 32))},
        holders={bytes(32): {LABS: vault.KeyNote(2, unhex("09" * 32))}},
        recovery=vault.RecoveryNote(
            key=vault.PrivateKey(bytes(range(32))).public_key.to_bytes(),
            version=7,
            at=vault.CommitteeNote(
                ("0x" + "11" * 20, "0x" + "22" * 20), ("https://a", "https://b"), 2
            ),
            is_whole=True,
            former={"0x" + "33" * 20: "https://c"},
        ),
        will=vault.WillNote(
            digest=unhex("01" * 32),
            keep=frozenset({bytes(32)}),
            until=67,
            keeping=frozenset({3}),
            single=frozenset({(3, unhex("02" * 32), 4)}),
            epochs={1: 5},
            version=8,
            at=vault.CommitteeNote(
                ("0x" + "11" * 20, "0x" + "22" * 20), ("https://a", "https://b"), 2
            ),
            is_whole=True,
            former={"0x" + "33" * 20: "https://c"},
        ),
        card_copies={3, 12},
    )
    assert said["recovery"]["key"] == manifest.recovery.key.hex()


def test_manifest_of_version_5():
    said = load("manifest-5")
    keys = vault.Seed.from_mnemonic(said["mnemonic"]).keys(said["chainId"])

    manifest = vault.Manifest.open(unhex(said["sealed"]), keys, version=said["version"])

    assert manifest.card_copies == {3, 12}
    assert manifest.will is None


def test_manifest_of_version_4():
    said = load("manifest-4")
    keys = vault.Seed.from_mnemonic(said["mnemonic"]).keys(said["chainId"])

    manifest = vault.Manifest.open(unhex(said["sealed"]), keys, version=said["version"])

    assert manifest.recovery is not None
    assert (manifest.owed, manifest.card_copies) == ({}, set())


def test_manifest_of_version_3():
    said = load("manifest-3")
    keys = vault.Seed.from_mnemonic(said["mnemonic"]).keys(said["chainId"])

    manifest = vault.Manifest.open(unhex(said["sealed"]), keys, version=said["version"])

    assert manifest.holders == {bytes(32): {LABS: vault.KeyNote(2, unhex("09" * 32))}}
    assert manifest.recovery is None


def test_manifest_of_version_2():
    said = load("manifest-2")
    keys = vault.Seed.from_mnemonic(said["mnemonic"]).keys(said["chainId"])

    manifest = vault.Manifest.open(unhex(said["sealed"]), keys, version=said["version"])

    assert manifest.forgotten == {unhex("04" * 32), unhex("05" * 32)}
    assert manifest.holders == {}


def test_manifest_of_version_1():
    said = load("manifest-1")
    keys = vault.Seed.from_mnemonic(said["mnemonic"]).keys(said["chainId"])

    manifest = vault.Manifest.open(unhex(said["sealed"]), keys, version=said["version"])

    assert manifest == vault.Manifest(version=7, epochs={LABS: 2}, relationships={bytes(32): 3})


def test_backup():
    said, record, index = load("backup"), load("record"), load("manifest")
    keys = vault.Seed.from_mnemonic(said["mnemonic"]).keys(said["chainId"])
    parts = []
    for part in vault.read_backup(io.BytesIO(unhex(said["backup"])), keys):
        parts.append((part, part.source.read() if part.source else b""))
    (first, _), (second, _), (third, body), _ = parts
    entry = vault.BackedUp.from_bytes(second.data)

    assert (first.number, first.data.hex()) == (index["version"], index["sealed"])
    assert (entry.day, entry.step, entry.leaves.hex()) == (
        said["day"],
        said["step"],
        said["leaves"],
    )
    assert entry.entry.to_bytes().hex() == record["entry"]
    assert third.cid == entry.entry.cid
    assert body.hex() == record["sealedBody"]
