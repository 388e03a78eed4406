"""
capsule
├── P5  any m of n open it, for every subset of n <= 7; m-1 don't
├── the owner opens it alone (P11)
├── a false, mixed or replayed share names its custodian
├── another capsule's share, class, epoch, chain or record is refused
├── m custodians without a grantee open nothing; a former grantee with m-1 neither
├── an extract opens with the buyer's key, not with the class key
├── P10 without its capsule, body and seed open nothing
├── another list's key breaks every seal; a record has one, an extract none
└── every bit of the layout is bound, and anything else is refused
"""

import os
from dataclasses import fields, replace
from itertools import combinations

import pytest

from aceso import vault
from aceso.vault import shamir

LABS, SLEEP = 16, 1 << 20


@pytest.mark.parametrize(("threshold", "count"), [(2, 3), (3, 5), (2, 7), (4, 7), (7, 7)])
def test_every_subset(threshold, count, keys, capsule_of, release, sealed):
    capsule = capsule_of(threshold=threshold, count=count)
    shares = release(capsule, *range(count))
    for subset in combinations(shares, threshold):
        assert vault.join(capsule, subset, keys.class_key(LABS, 0)) == sealed.key
    for subset in combinations(shares, threshold - 1):
        with pytest.raises(vault.OpeningError):
            vault.join(capsule, subset, keys.class_key(LABS, 0))


def test_one_share_twice_is_one_share(keys, capsule_of, release):
    capsule = capsule_of()
    with pytest.raises(vault.OpeningError) as caught:
        vault.join(capsule, release(capsule, 0, 0), keys.class_key(LABS, 0))
    assert caught.value.code == "E_VAULT_TOO_FEW_SHARES"


def test_reads_back_and_opens_the_body(keys, capsule_of, release, sealed):
    capsule = vault.Capsule.from_bytes(capsule_of().to_bytes())

    key = vault.join(capsule, release(capsule, 2, 0), keys.class_key(LABS, 0))

    assert vault.open_bytes(sealed.bytes, key.dek, key.body) == sealed.plaintext


def test_the_owner_opens_alone(seed, capsule_of, sealed):
    capsule = capsule_of()

    key = vault.open_as_owner(capsule, seed.keys(31_337).owner_key())

    assert key == sealed.key


def forged(capsule, custodians, receiving, index, payload, request=bytes(32)):
    """What a lying custodian answers: well sealed, and false."""
    label = b"aceso/v1/release\0" + capsule.digest
    info = label + bytes.fromhex(custodians[index][0][2:]) + request
    return vault.seal(receiving.public_key, payload, info=info)


@pytest.mark.parametrize("change", ["share", "salt", "length", "another's", "noise"])
def test_a_false_share_names_its_custodian(change, capsule_of, custodians, receiving):
    capsule = capsule_of()
    address, private = custodians[1]
    share = vault.open_share(capsule, address, private)
    other = vault.open_share(capsule, *custodians[0])
    true = share._salt + share._share
    payload = {
        "share": share._salt + bytes([share._share[0] ^ 1]) + share._share[1:],
        "salt": bytes(32) + share._share,
        "length": true[:-1],
        "another's": other._salt + other._share,
        "noise": os.urandom(65),
    }[change]
    answer = forged(capsule, custodians, receiving, 1, payload)

    with pytest.raises(vault.FalseShareError) as caught:
        vault.open_released(capsule, address, answer, receiving, request=bytes(32))

    assert caught.value.custodian == capsule.custodians[1]


def test_a_replayed_answer_names_its_custodian(capsule_of, custodians, receiving):
    capsule, other = capsule_of(), capsule_of()
    address, private = custodians[0]
    share = vault.open_share(capsule, address, private)
    answer = vault.seal_share(capsule, share, receiving.public_key, request=bytes(32))
    for where, who, key, request in (
        (other, address, receiving, bytes(32)),  # for another record
        (capsule, custodians[1][0], receiving, bytes(32)),  # as another custodian's
        (capsule, address, vault.PrivateKey.generate(), bytes(32)),  # to another grantee
        (capsule, address, receiving, b"\1" * 32),  # for another request
    ):
        with pytest.raises(vault.FalseShareError) as caught:
            vault.open_released(where, who, answer, key, request=request)
        assert caught.value.custodian == where.custodians[where.index_of(who)]


def test_shares_of_two_capsules_do_not_mix(keys, custodians, capsule_of, release):
    capsule, other = capsule_of(), capsule_of()
    mixed = [*release(capsule, 0), *release(other, 1)]
    with pytest.raises(vault.OpeningError, match="another capsule"):
        vault.join(capsule, mixed, keys.class_key(LABS, 0))
    with pytest.raises(vault.OpeningError, match="another capsule"):
        share = vault.open_share(other, *custodians[0])
        vault.seal_share(capsule, share, keys.owner_key().public_key, request=bytes(32))


def test_only_the_class_key_of_this_class_epoch_and_chain_opens(seed, keys, capsule_of, release):
    capsule = capsule_of()
    shares = release(capsule, 0, 1)
    for wrong in (
        keys.class_key(SLEEP, 0),
        keys.class_key(LABS, 1),
        seed.keys(1).class_key(LABS, 0),
        keys.owner_key(),
    ):
        with pytest.raises(vault.OpeningError):
            vault.join(capsule, shares, wrong)


@pytest.mark.parametrize(
    "change",
    [
        {"record_id": bytes(32)},
        {"data_class": SLEEP},
        {"epoch": 1},
        {"chain_id": 1},
        {"list_key": "0x" + "33" * 20},
        {"list_key": None, "order": 1},
    ],
)
def test_no_seal_opens_under_another_context(change, keys, custodians, capsule_of):
    capsule = capsule_of()
    moved = replace(capsule, context=replace(capsule.context, **change))
    with pytest.raises(vault.OpeningError):
        vault.open_as_owner(moved, keys.owner_key())
    with pytest.raises(vault.OpeningError):
        vault.open_share(moved, *custodians[0])


def test_custodians_alone_and_a_former_grantee_open_nothing(
    keys, custodians, capsule_of, release, sealed
):
    capsule = capsule_of(threshold=2, count=3)
    everybody = release(capsule, 0, 1, 2)
    for _, private in custodians[:3]:  # All n of them, with every key that they have.
        with pytest.raises(vault.OpeningError):
            vault.join(capsule, everybody, private)
        with pytest.raises(vault.OpeningError):
            vault.open_as_owner(capsule, private)
    with pytest.raises(vault.OpeningError):
        vault.join(capsule, release(capsule, 0), keys.class_key(LABS, 0))
    # Not even by joining without asking: K1 alone is independent of K.
    joined = shamir.join([share._share for share in everybody[:2]])
    with pytest.raises(vault.OpeningError):
        vault.open_bytes(sealed.bytes, joined, sealed.body)


def test_an_extract_opens_with_the_buyers_key(keys, receiving, capsule_of, release, sealed):
    capsule = capsule_of(reader=receiving.public_key, order=12, data_class=LABS | SLEEP)
    capsule = vault.Capsule.from_bytes(capsule.to_bytes())

    assert vault.join(capsule, release(capsule, 0, 1), receiving) == sealed.key
    assert vault.open_as_owner(capsule, keys.owner_key()) == sealed.key
    with pytest.raises(vault.OpeningError):
        vault.join(capsule, release(capsule, 0, 1), keys.class_key(LABS, 0))


def test_without_its_capsule_nothing_derives_the_key(seed, keys, capsule_of, sealed):
    record_id = keys.record_id(bytes(32), LABS)
    forgotten = capsule_of(record_id=record_id)
    again = capsule_of(record_id=record_id, key=vault.RecordKey(vault.new_dek(), sealed.body))
    del forgotten
    candidates = [
        keys.derive(purpose, 32, data_class, epoch)
        for purpose in ("class-key", "owner-key", "record-id-key", "manifest-key", "backup-key")
        for data_class in (0, LABS)
        for epoch in range(3)
    ]
    candidates += [record_id, vault.open_as_owner(again, keys.owner_key()).dek]

    for candidate in candidates:
        with pytest.raises(vault.OpeningError):
            vault.open_bytes(sealed.bytes, candidate, sealed.body)


def test_every_byte_is_bound(keys, custodians, capsule_of):
    whole = capsule_of().to_bytes()
    head = 149 + 3 * 52
    for at in (*range(head), head, head + 1_201 * 3, len(whole) - 1):
        changed = bytes([*whole[:at], whole[at] ^ 1, *whole[at + 1 :]])
        with pytest.raises(vault.OpeningError):
            capsule = vault.Capsule.from_bytes(changed)
            vault.open_as_owner(capsule, keys.owner_key())
            vault.open_share(capsule, *custodians[0])
            vault.join(capsule, (), keys.class_key(LABS, 0))


def test_refuses_what_is_no_capsule(capsule_of):
    whole = capsule_of().to_bytes()
    assert len(whole) == 149 + 3 * (52 + 1_201) + 2 * 1_176
    for wrong in (
        b"",
        b"XXXX" + whole[4:],
        whole[:4] + b"\2" + whole[5:],
        whole[:5] + b"\2" + whole[6:],
        whole[:6] + b"\3" + whole[7:],
        whole[:7] + b"\4" + whole[8:],
        whole[:7] + b"\1" + whole[8:],
        whole[:-1],
        whole + b"\0",
    ):
        with pytest.raises(vault.FormatError):
            vault.Capsule.from_bytes(wrong)
    for length in range(0, len(whole), 97):
        with pytest.raises(vault.FormatError):
            vault.Capsule.from_bytes(whole[:length])


def test_a_record_names_its_list_and_an_extract_does_not(capsule_of):
    record, extract = capsule_of().to_bytes(), capsule_of(order=1).to_bytes()
    zero, some = bytes(20), b"\x33" * 20
    for wrong in (
        record[:57] + zero + record[77:],
        extract[:57] + some + extract[77:],
        record[:6] + b"\2" + record[7:],
        extract[:6] + b"\1" + extract[7:],
    ):
        with pytest.raises(vault.FormatError):
            vault.Capsule.from_bytes(wrong)
    read = vault.Capsule.from_bytes(record)
    assert bytes.fromhex(read.context.list_key[2:]) == record[57:77] != zero
    assert vault.Capsule.from_bytes(extract).context.list_key is None
    for change in ({"list_key": None}, {"order": 1}, {"list_key": "0x" + zero.hex()}):
        with pytest.raises(ValueError, match="list"):
            replace(read.context, **change)


def test_another_list_breaks_every_seal(keys, custodians, capsule_of, release):
    capsule = capsule_of()
    shares = release(capsule, 0, 1)
    whole = capsule.to_bytes()
    moved = vault.Capsule.from_bytes(whole[:57] + b"\x33" * 20 + whole[77:])
    assert moved.context == replace(capsule.context, list_key="0x" + "33" * 20)
    for address, private in custodians[:3]:
        with pytest.raises(vault.OpeningError):
            vault.open_share(moved, address, private)
    with pytest.raises(vault.OpeningError):
        vault.open_as_owner(moved, keys.owner_key())
    # Not even with shares that were taken out of the true one.
    taken = [replace(share, capsule=moved.digest) for share in shares]
    with pytest.raises(vault.OpeningError):
        vault.join(moved, taken, keys.class_key(LABS, 0))


def test_a_custodian_that_is_none_is_refused(capsule_of, receiving):
    with pytest.raises(vault.OpeningError, match="no custodian"):
        vault.open_share(capsule_of(), "0x" + "ee" * 20, receiving)


def test_seals_of_two_capsules_share_nothing(capsule_of):
    one, two = capsule_of(record_id=bytes(32)), capsule_of(record_id=bytes(32))
    assert {name.name for name in fields(one)} >= {"reader_seal", "owner_seal"}
    assert one.digest != two.digest
    assert not set(one.commitments) & set(two.commitments)


def test_a_maker_who_gives_two_custodians_one_share_is_found_out(
    monkeypatch, capsule_of, custodians
):
    one = shamir.split(bytes(32), shares=3, threshold=2)[0]
    monkeypatch.setattr(shamir, "split", lambda *_, **__: [one, one, one])
    capsule = capsule_of()

    vault.open_share(capsule, *custodians[0])
    with pytest.raises(vault.FalseShareError, match="another custodian's"):
        vault.open_share(capsule, *custodians[1])
