"""
withdraw, withdrawWithSig (each leaf in both ways)
├── nothing was granted: succeeds, counts, and the stop is 0
├── a grant is active
│   ├── ends in the same block, is said in one event, and the stop is now
│   ├── leaves the subject's others and other subjects' as they were
│   └── it is the primary physician's: ends too
├── a grant has ended: the stop stays its end
├── a grant was withdrawn before: the stop stays the first one
├── the account is barred: it stays barred
├── a grant is signed but not yet sent: is void
├── any grantee at all, also one that cannot be granted to: succeeds
└── costs at most 100,000 gas whatever the state is (C11)
"""

import brownie
import pytest

from aceso.codes import Reason
from tests.contracts.acting import ACTS, DAY, domain_of, grantee_of, group_of, sign, word
from tests.support import typed

BOTH = pytest.mark.both_chains


@BOTH
def test_succeeds_if_nothing_was_granted(act, registry, subject, grantee, decide):
    assert decide() is Reason.NOT_GRANTED

    tx = act("Withdrawal")

    assert dict(tx.events["ConsentWithdrawn"]) == {
        "subject": subject,
        "grantee": grantee_of(grantee),
    }
    after = word(registry, subject, grantee_of(grantee))
    assert (after["withdrawals"], after["validUntil"]) == (1, 0)
    assert decide() is Reason.WITHDRAWN


@BOTH
def test_ends_the_grant_in_the_same_block(act, registry, subject, grantee, decide, chain):
    act("Grant")
    assert decide() is Reason.GRANTED

    tx = act("Withdrawal")

    assert decide() is Reason.WITHDRAWN
    assert len(tx.events) == 1
    assert dict(tx.events["ConsentWithdrawn"]) == {
        "subject": subject,
        "grantee": grantee_of(grantee),
    }
    after = word(registry, subject, grantee_of(grantee))
    assert after == dict.fromkeys(after, 0) | {
        "validUntil": chain[-1].timestamp,
        "grants": 1,
        "withdrawals": 1,
    }


def test_leaves_all_others(act, registry, subject, other_subject, grantee, stranger, participants):
    groups = [group_of(number, participants) for number in (1, 2)]
    for to in (grantee_of(stranger), *groups):
        act("Grant", grantee=to)
    elsewhere = [
        (subject, grantee_of(stranger)),
        (subject, groups[1]),
        (other_subject, groups[0]),
    ]
    before = [word(registry, who, to) for who, to in elsewhere]

    act("Withdrawal", grantee=groups[0])

    assert word(registry, subject, groups[0])["classes"] == 0
    assert [word(registry, who, to) for who, to in elsewhere] == before


def test_ends_the_primary_physicians_grant(act, physician, decide, chain):
    act("PrimaryPhysician", validUntil=chain[-1].timestamp + DAY)
    asked = {"actor": str(physician), "grantee": grantee_of(physician)}
    assert decide(**asked) is Reason.PRIMARY_PHYSICIAN

    act("Withdrawal", grantee=grantee_of(physician))

    assert decide(**asked) is Reason.WITHDRAWN


def test_keeps_the_end_of_a_grant_that_has_ended(act, registry, subject, grantee, chain, at):
    until = chain[-1].timestamp + DAY
    act("Grant", validUntil=until)
    at(until + 50)

    act("Withdrawal")

    assert word(registry, subject, grantee_of(grantee))["validUntil"] == until


def test_keeps_the_first_stop(act, registry, subject, grantee, chain, at):
    act("Grant")
    act("Withdrawal")
    stop = chain[-1].timestamp
    at(stop + DAY)

    act("Withdrawal")

    after = word(registry, subject, grantee_of(grantee))
    assert (after["withdrawals"], after["validUntil"]) == (2, stop)


def test_leaves_an_account_barred(act, decide):
    act("Bar")

    act("Withdrawal")

    assert decide() is Reason.BARRED


@BOTH
def test_voids_a_signed_grant(act, registry, subject, relayer, message_of):
    held = message_of("Grant")
    signature = sign(subject.private_key, "Grant", held, domain_of(registry))
    act("Withdrawal")

    with brownie.reverts(typed("ConsentInvalidSignature", subject)):
        registry.grantWithSig(*ACTS["Grant"].arguments(held), signature, {"from": relayer})


@pytest.mark.parametrize(
    "anything", ["0x" + "00" * 32, "0x" + "ff" * 32, "0x" + "00" * 11 + "01" + "00" * 20]
)
def test_takes_any_grantee(act, registry, subject, anything):
    act("Withdrawal", grantee=anything)

    assert word(registry, subject, anything)["withdrawals"] == 1


@pytest.mark.parametrize(
    "before",
    [
        (),
        ("Grant",),
        ("Withdrawal",),
        ("Grant", "Withdrawal"),
        ("Grant", "WithdrawalOfAll"),
        ("Bar",),
        ("Grant", "Bar"),
        ("Bar", "Unbar"),
        ("Grant", "Bar", "Unbar", "Grant"),
    ],
    ids=lambda before: "-".join(before) or "nothing",
)
def test_costs_little_in_any_state(act, before):
    for earlier in before:
        act(earlier)

    for type_name in ("Withdrawal", "WithdrawalOfAll", "Bar", "Withdrawal"):
        assert act(type_name).gas_used <= 100_000
