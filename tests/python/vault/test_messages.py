"""
what others keep for the vault
├── a class key opens for its grantee, persona, list, class and epoch only
├── a card reads back when persona and list key signed it; else it is refused
├── a manifest opens in its own version only, and holds no key
├── what one device forgot no other brings back, in whatever order they merge
├── a program that knows only the manifest's former format opens none of this one
└── the highest head wins; a stranger's is skipped; an older one than was seen is refused
"""

import json
from dataclasses import replace

import pytest

from aceso import vault
from aceso.vault._bytes import address_bytes, address_text

CHAIN_ID, LABS = 31_337, 16
REGISTRY = "0x" + "11" * 20


def checksummed(address):
    return address_text(address_bytes(address))


@pytest.fixture
def binding(seed, keys):
    return vault.KeyBinding(
        chain_id=CHAIN_ID,
        list_key=keys.list_key(LABS, 0).address,
        persona=seed.persona(1).address,
        grantee=bytes(12) + b"\7" * 20,
        data_class=LABS,
        epoch=0,
    )


def test_a_class_key_opens_for_its_binding_only(keys, binding, receiving):
    sealed = vault.seal_class_key(keys.class_key(LABS, 0), to=receiving.public_key, binding=binding)

    opened = vault.open_class_key(sealed, receiving, binding=binding)

    assert len(sealed) == 1_174
    assert opened.public_key == keys.class_key(LABS, 0).public_key
    for change in (
        {"chain_id": 1},
        {"list_key": REGISTRY},
        {"persona": REGISTRY},
        {"grantee": bytes(32)},
        {"data_class": 32},
        {"epoch": 1},
    ):
        with pytest.raises(vault.OpeningError):
            vault.open_class_key(sealed, receiving, binding=replace(binding, **change))
    for wrong in (sealed[:-1], sealed + b"\0", b"XXXX" + sealed[4:], b""):
        with pytest.raises(vault.FormatError):
            vault.open_class_key(wrong, receiving, binding=binding)
    with pytest.raises(vault.OpeningError):
        vault.open_class_key(sealed, keys.owner_key(), binding=binding)


@pytest.fixture
def opening(seed, keys, custodians):
    return vault.Opening(
        persona=seed.persona(1).address,
        list_key=keys.list_key(LABS, 0).address,
        data_class=LABS,
        epoch=0,
        class_key=keys.class_key(LABS, 0).public_key,
        owner_key=keys.owner_key().public_key,
        custodians=tuple(address for address, _ in custodians[:3]),
        threshold=2,
        registry=REGISTRY,
        log_key=keys.log_key(LABS, 0).public_key,
    )


@pytest.fixture
def card(seed, keys, custodians, opening):
    return vault.Card(
        chain_id=CHAIN_ID,
        persona=seed.persona(1).address,
        custodians=tuple(
            vault.CustodianCard(checksummed(address), "http://127.0.0.1", key.public_key)
            for address, key in custodians[:3]
        ),
        openings=(
            opening.sign(
                persona=seed.persona(1), list_key=keys.list_key(LABS, 0), chain_id=CHAIN_ID
            ),
        ),
    )


def test_a_card_reads_back(card, custodians):
    again = vault.Card.from_json(card.to_json())

    assert again.openings == card.openings
    committee = again.committee(again.opening(LABS))
    assert [key for _, key in committee] == [key.public_key for _, key in custodians[:3]]
    with pytest.raises(vault.CardError):
        again.opening(1)


def test_a_changed_card_is_refused(card, keys):
    said = json.loads(card.to_json())
    stranger = "0x" + "99" * 20
    (signed,) = said["openings"]
    opening = signed["opening"]
    other = "0x" + keys.class_key(LABS, 9).public_key.to_bytes().hex()
    for change in (
        {"openings": [signed | {"opening": opening | {"classPublicKey": other}}]},
        {"openings": [signed | {"opening": opening | {"ownerPublicKey": other}}]},
        {"openings": [signed | {"opening": opening | {"epoch": 1}}]},
        {"openings": [signed | {"opening": opening | {"persona": stranger}}], "persona": stranger},
        {"openings": [signed | {"listSignature": signed["personaSignature"]}]},
        {"openings": [signed | {"personaSignature": "0x"}]},
        {"persona": stranger},
        {"chainId": 1},
        {"custodians": said["custodians"][:2]},
        {"version": 2},
        {"openings": [{}]},
    ):
        with pytest.raises(vault.CardError):
            vault.Card.from_json(json.dumps(said | change))
    with pytest.raises(vault.CardError):
        vault.Card.from_json("not a card")


def test_a_stranger_cannot_sign_for_a_persona(seed, keys, opening):
    with pytest.raises(ValueError, match="another persona"):
        opening.sign(persona=seed.persona(2), list_key=keys.list_key(LABS, 0), chain_id=CHAIN_ID)


@pytest.fixture
def note(sealed):
    return vault.RecordNote(
        data_class=LABS,
        epoch=0,
        cid="bafkrei" + "a" * 52,
        body=sealed.body,
        issuer=checksummed("0x" + "bb" * 20),
        root=bytes(32),
        day="2026-01-01",
        outcome=b"\1" * 32,
    )


def test_a_manifest_opens_in_its_own_version_only(seed, keys, note):
    manifest = vault.Manifest(
        records={bytes(32): note},
        forgotten={b"\6" * 32},
        owed={b"\6" * 32: keys.list_key(LABS, 0).address},
        superseded={b"\7" * 32: bytes(32)},
        same={(bytes(32), b"\7" * 32)},
        sources={b"\2" * 32: b"\3" * 32},
        relationships={b"\4" * 32: 5},
        epochs={LABS: 1},
        lists={keys.list_key(LABS, 0).address: 0},
        committees=[vault.CommitteeNote(("0x" + "cc" * 20,), ("http://127.0.0.1",), 2)],
    ).next()
    box = manifest.seal(keys)

    assert vault.Manifest.open(box, keys, version=1) == manifest
    for wrong, its_keys, version in (
        (box, keys, 2),
        (box, seed.keys(1), 1),
        (box[:-1], keys, 1),
        (b"", keys, 1),
    ):
        with pytest.raises(vault.OpeningError):
            vault.Manifest.open(wrong, its_keys, version=version)


def test_what_one_device_forgot_no_other_brings_back(note):
    kept, gone, other = (bytes([digit]) * 32 for digit in (1, 2, 3))
    one = vault.Manifest(version=4, records={kept: note, gone: note})
    two = vault.Manifest(version=4, records={kept: note, gone: note})
    three = vault.Manifest(version=4, forgotten={other}, records={kept: note, gone: note})

    one.forget(gone)
    one.forget(other)

    assert one.records == {kept: note}
    assert one.forgotten == {gone, other}
    for older, newer in ((one, two), (two, one), (one, three), (three, one)):
        merged = older.merged(newer)
        assert merged.records == {kept: note}
        assert merged.forgotten == {gone, other}
        # The devices' own indices are as they were.
        assert two.records == {kept: note, gone: note}
    with pytest.raises(ValueError, match="a record id"):
        one.forget(b"short")


def test_what_devices_learnt_of_records_is_joined():
    first, second, third = (bytes([digit]) * 32 for digit in (1, 2, 3))
    one = vault.Manifest(superseded={first: second}, same={(first, second)})
    two = vault.Manifest(version=1, superseded={second: third}, same={(second, third)})

    merged = one.merged(two)

    assert merged.superseded == {first: second, second: third}
    assert merged.same == {(first, second), (second, third)}


def test_no_device_forgets_who_has_a_copy_of_the_card(keys):
    one, two = vault.Manifest(card_copies={3}), vault.Manifest(version=1, card_copies={2**70})

    merged = one.merged(two)

    assert merged.card_copies == {3, 2**70}
    assert vault.Manifest.open(merged.seal(keys), keys, version=1) == merged


def test_a_note_beside_its_tombstone_is_not_read(keys, note):
    torn = vault.Manifest(records={bytes(32): note, b"\1" * 32: note}, forgotten={bytes(32)})

    assert vault.Manifest.open(torn.seal(keys), keys, version=0).records == {b"\1" * 32: note}


def test_a_program_of_the_former_format_opens_none_of_this_one(keys):
    box = vault.Manifest(version=1, forgotten={bytes(32)}).seal(keys)

    assert box[:6] == b"AMAN\6\1"
    # The version is bound, so nobody else can make it look like a former one.
    for former in (b"\1", b"\2", b"\3", b"\4", b"\5"):
        with pytest.raises(vault.OpeningError):
            vault.Manifest.open(box[:4] + former + box[5:], keys, version=1)
    with pytest.raises(vault.FormatError, match="06"):
        vault.Manifest.open(box[:4] + b"\7" + box[5:], keys, version=1)


def test_of_two_notes_of_a_sealed_seed_the_later_stands_and_nobody_of_before_is_passed_over():
    def note(version, custodians, **former):
        at = vault.CommitteeNote(custodians, tuple(f"https://{one}" for one in custodians), 2)
        key = bytes(1216)
        return vault.RecoveryNote(key=key, version=version, at=at, is_whole=True, former=former)

    one = vault.Manifest(recovery=note(1, ("a", "b"), z="https://z"))
    two = vault.Manifest(version=1, recovery=note(2, ("b", "c"), y="https://y"))
    expected = note(2, ("b", "c"), a="https://a", y="https://y", z="https://z")

    assert one.merged(two).recovery == two.merged(one).recovery == expected
    assert one.merged(vault.Manifest()).recovery == one.recovery
    # Of one version, what the newer index says of who is done with stands.
    cleared = vault.Manifest(version=2, recovery=note(1, ("a", "b")))
    assert one.merged(cleared).recovery == cleared.recovery


def test_of_two_notes_of_a_holder_the_later_epoch_is_kept():
    first, second = vault.KeyNote(1, bytes(32)), vault.KeyNote(2, b"\1" * 32)
    anew = vault.KeyNote(1, b"\2" * 32)
    one = vault.Manifest(holders={bytes(32): {1: second, 2: first}})
    two = vault.Manifest(version=1, holders={bytes(32): {1: first, 2: anew, 4: first}})

    merged = one.merged(two)

    assert merged.holders == {bytes(32): {1: second, 2: anew, 4: first}}


def test_the_highest_head_wins(seed, keys):
    domain = {"chain_id": CHAIN_ID, "registry": REGISTRY}
    mine = keys.head_key()

    def head(version, cid="bafy", account=mine):
        return vault.Head(account.address, version, cid).sign(account, **domain)

    heads = [head(1), head(3, "b"), head(3, "a"), head(2), head(9, account=seed.persona(5))]
    claimed = replace(heads[-1], head=vault.Head(mine.address, 9, "bafy"))

    found = vault.newest([*heads, claimed], head_key=mine.address, seen=3, **domain)

    assert (found.version, found.cid) == (3, "b")
    with pytest.raises(vault.RollbackError):
        vault.newest(heads, head_key=mine.address, seen=4, **domain)
    with pytest.raises(vault.OpeningError):
        vault.newest([claimed], head_key=mine.address, **domain)
