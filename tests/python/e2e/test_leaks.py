"""G7: nothing of a person is to be read where others look, after everything has happened once.

Twelve words that are in the source files, and in no other, are looked for in five encodings: in all
calldata and event logs, in the custodians' folders, in the blocks of IPFS, in what every process
has logged, and on the person's own device.

P7: no custodian keeps or logs a share, a record's key, a class key or a receiving key in the clear.
"""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from aceso.codes import CLINICAL, DataClass, Role, Use
from aceso.custody import CustodianKeys
from aceso.flows import RESEARCH, Person, Reader, Researcher, Seller
from aceso.vault import open_share

from .conftest import World, new_world, observation, resource

_CANARIES = {
    "name": "Kanarienvogel-Lindqvist",
    "name in Korean": "카나리아문",
    "telephone": "010-7741-9926",
    "resident number": "811231-7654321",
    "address": "Canarygasse 4711",
    "diagnosis": "canaryosis maligna",
    "diagnosis in Korean": "카나리아증후군",
    "record id": "canary-record-0042",
    "finding": "canary positive 3+",
    "note": "canary whispered at night",
    "file name": "canary_hospital_letter",
    "genotype": "rs77canary77",
}
_DAY = 24 * 60 * 60


def _history(folder: Path) -> Path:
    said = _CANARIES
    patient = {
        "resourceType": "Patient",
        "id": "patient-1",
        "name": [{"text": said["name"]}, {"text": said["name in Korean"]}],
        "telecom": [{"system": "phone", "value": said["telephone"]}],
        "identifier": [{"value": said["resident number"]}],
        "address": [{"text": said["address"]}],
    }
    texts = f"{said['diagnosis']} {said['diagnosis in Korean']}"
    problem = resource("Condition", 1, code={"text": texts}, recordedDate="2024-02-03")
    labs = observation(1, "718-7", "2024-01-02", 13.2)
    labs |= {"id": said["record id"], "interpretation": [{"text": said["finding"]}]}
    labs["note"] = [{"text": said["note"]}]
    entries = [{"resource": one} for one in (patient, problem, labs)]
    path = folder / f"{said['file name']}.json"
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    path.write_text(json.dumps(bundle, ensure_ascii=False))
    return path


def _genome(folder: Path) -> Path:
    path = folder / f"{_CANARIES['file name']}.vcf"
    path.write_text(
        "##fileformat=VCFv4.3\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t"
        f"{_CANARIES['name']}\n22\t42126611\t{_CANARIES['genotype']}\tC\tG\t.\tPASS\t.\tGT\t0/1\n"
    )
    return path


def _encodings(text: str) -> dict[str, list[bytes]]:
    """The ways in which a text may lie in bytes; hexadecimal in lower case."""
    raw = text.encode()
    wide = (text.encode("utf-16-le"), text.encode("utf-16-be"))
    # By how many bytes stand before it, base64 has three forms; their ends depend on what follows.
    forms = []
    for before in range(3):
        form = base64.b64encode(bytes(before) + raw)
        forms.append(form[(before * 8 + 5) // 6 : len(form) // 4 * 4 - 4])
    return {
        "raw": [raw, json.dumps(text)[1:-1].encode()],
        "hex": [raw.hex().encode(), *(one.hex().encode() for one in wide)],
        "base64": [*forms, *(one.replace(b"+", b"-").replace(b"/", b"_") for one in forms)],
        "UTF-16": list(wide),
        "reversed hex": [raw[::-1].hex().encode(), raw.hex()[::-1].encode()],
    }


def _found(data: bytes) -> set[tuple[str, str]]:
    lower = data.lower()
    return {
        (name, encoding)
        for name, text in _CANARIES.items()
        for encoding, needles in _encodings(text).items()
        for needle in needles
        if needle in (lower if "hex" in encoding else data)
    }


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(folder)), path.read_bytes()


def _on_chain(world: World) -> tuple[bytes, int]:
    """All that the chain shows: blocks with their transactions, and receipts with their logs."""
    node = world.network.suite.node
    heads = range(node.height() + 1)
    blocks = node.ask_all([("eth_getBlockByNumber", [hex(at), True]) for at in heads])
    hashes = [one["hash"] for block in blocks for one in block["transactions"]]
    receipts = node.ask_all([("eth_getTransactionReceipt", [one]) for one in hashes])
    # As text, where the data are hexadecimal, and as the bytes that they stand for.
    text = json.dumps([blocks, receipts])
    data = [one["input"] for block in blocks for one in block["transactions"]]
    data += [log["data"] for receipt in receipts for log in receipt["logs"]]
    data += [topic for receipt in receipts for log in receipt["logs"] for topic in log["topics"]]
    raw = b"".join(bytes.fromhex(one.removeprefix("0x")) for one in data)
    return text.encode() + raw, len(hashes)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One of its own, where nothing but this has happened: all of it is looked through."""
    with new_world(tmp_path_factory.mktemp("leaks")) as made:
        yield made


class Scene:
    """What was done, and with which files."""

    def __init__(self, person: Person, physician: Reader, source: bytes):
        self.person = person
        self.physician = physician
        self.source = source


@pytest.fixture(scope="module")
def scene(world: World, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Everything once: issued, imported, opened by three, sold, withdrawn, and forgotten."""
    tmp_path = tmp_path_factory.mktemp("scene")
    person = Person(world.network, world.profile("person"))
    hospital, gateway = world.institution()
    colleague = world.cast(Reader, "professional", None, funded=False)
    physician = world.cast(Reader, "professional", Role.PHYSICIAN)
    researcher = world.cast(Researcher, "researcher", Role.RESEARCHER)
    history, genome = _history(tmp_path), _genome(tmp_path)
    issuer = bytes(12) + bytes.fromhex(hospital.account.address[2:])
    card = person.card(person.persona_for(issuer), hospital.classes_of([history]))
    hospital.issue(card, [history])
    person.sync()
    person.import_files([history, genome])
    person.choose_physician(physician.account.address)
    persona = person.persona_for(physician.grantee).address
    chart = tmp_path / "chart"
    opened = physician.open_all(persona, classes=CLINICAL, folder=chart)
    assert any(_CANARIES["diagnosis"] in one.path.read_text() for one in opened)
    now = world.network.suite.now()
    hospital.add_member(gateway.number, colleague.account.address, until=now + _DAY)
    person.share(gateway.grantee, classes=DataClass.LABS, uses=Use.TREAT)
    ward = person.persona_for(gateway.grantee).address
    gateway.open_for(colleague.account, ward, classes=DataClass.LABS, folder=tmp_path / "ward")
    seller = Seller(person)
    price = 10**18
    offer, _ = seller.offer(classes=DataClass.LABS, use=Use.HMB, price=price, seconds=_DAY)
    researcher.buy_coin(wei=price)
    order = researcher.buy(offer).order
    seller.deliver(order)
    world.confirm()
    researcher.open(order, tmp_path / "extract.json")
    seller.withdraw(offer)
    # Past the time in which the delivery can be disputed.
    world.devnet.chain.advance_time(4 * _DAY)
    world.network.relayer.send(world.network.suite.market.settle(order))
    person.unshare(gateway.grantee)
    person.forget(person.records()[0][0])
    return Scene(person, physician, history.read_bytes() + genome.read_bytes())


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    """Every word, in every encoding, wherever it begins."""
    for name, text in _CANARIES.items():
        for padding in range(3):
            raw = b"\x00" * padding + text.encode() + b"\x00\x01\x02"
            hidden = {
                "raw": raw,
                "hex": raw.hex().upper().encode(),
                "base64": base64.b64encode(raw),
                "UTF-16": b"\x01" * padding + text.encode("utf-16-le"),
                "reversed hex": raw[::-1].hex().encode(),
            }
            for encoding, data in hidden.items():
                assert (name, encoding) in _found(b"before" + data + b"after")


def test_nothing_is_to_be_read_anywhere(world: World, scene: Scene) -> None:
    person, network = scene.person, world.devnet.folder
    assert {name for name, _ in _found(scene.source)} == set(_CANARIES) - {"file name"}
    shown, transactions = _on_chain(world)
    # Each place is really read: what has to be there is found.
    assert transactions > 20
    assert bytes.fromhex(person.persona(RESEARCH).address[2:]) in shown
    assert _found(shown) == set()
    hits: list[tuple[str, set[tuple[str, str]]]] = []
    for place, marker in (
        *((f"custodian-{number}", "custodian.key") for number in (1, 2, 3)),
        ("ipfs", "config"),
        ("logs", "custodian-1.log"),
    ):
        found = dict(_files(network / place))
        assert any(name.endswith(marker) for name in found), sorted(found)
        hits += [(name, _found(data)) for name, data in found.items()]
    device = dict(_files(person.profile.folder))
    assert {"profile.json", "store.db"} <= set(device)
    hits += [(name, _found(data)) for name, data in device.items()]
    assert [hit for hit in hits if hit[1]] == []
    blocks = [data for name, data in _files(network / "ipfs") if "blocks" in name]
    assert len(blocks) > 10


def test_the_digests_of_contents_are_not_shown_either(world: World, scene: Scene) -> None:
    """Nor the digest of a file or a record in the clear, by which it could be recognised."""
    shown, _ = _on_chain(world)
    blocks = b"".join(data for _, data in _files(world.devnet.folder / "ipfs"))
    kept = b"".join(
        data
        for number in (1, 2, 3)
        for _, data in _files(world.devnet.folder / f"custodian-{number}")
    )
    for record_id, _ in scene.person.records():
        entry = scene.person.entry(record_id)
        scratch = scene.person.profile.folder / "scratch"
        digest = scene.person.open_record(record_id, scratch / "body").digest
        shutil.rmtree(scratch)
        for secret in (digest, digest.hex().encode(), base64.b64encode(digest)):
            assert secret not in shown and secret not in blocks and secret not in kept
        # Record ids are for custodians, never for the chain.
        assert entry.record_id not in shown and entry.record_id.hex().encode() not in shown


def test_no_custodian_keeps_or_logs_what_opens_anything(world: World, scene: Scene) -> None:
    person = scene.person
    kept = b"".join(
        data
        for place in ("custodian-1", "custodian-2", "custodian-3", "logs")
        for name, data in _files(world.devnet.folder / place)
        if name != "custodian.key"
    )
    keys = [CustodianKeys.read(keeper.folder) for keeper in world.keepers]
    secrets = [one.to_bytes() for one in scene.physician.receiving.all]
    for record_id, note in person.records():
        entry = person.entry(record_id)
        secrets.append(person.key_of(entry).dek)
        secrets.append(person.keys.class_key(note.data_class, note.epoch).to_bytes())
        secrets += [open_share(entry.capsule, one.address, one.private)._share for one in keys]
        # They are looked for in what is really theirs.
        assert record_id in kept

    assert len(secrets) > 10
    lower = kept.lower()
    for secret in secrets:
        assert secret not in kept
        assert secret.hex().encode() not in lower
        assert base64.b64encode(secret)[:-4] not in kept
