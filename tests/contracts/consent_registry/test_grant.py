"""
grant, grantWithSig (each leaf in both ways)
├── good terms
│   ├── are written as they are, and said in one event
│   ├── take the place of an earlier grant, and leave the subject's others and other subjects'
│   ├── every class, every use, a condition that nobody attests: succeed
│   └── a period that began in the past, or begins later: succeeds
├── the grantee names no account: ConsentInvalidGrantee
├── the grantee is barred: ConsentGranteeBarred, for the account, not for a group of its address
├── no class, or an unknown one: ConsentInvalidClasses
├── no use, or an unknown one: ConsentInvalidUses
├── a disease without DS, or DS without one: ConsentInvalidDisease
└── the period
    ├── is empty or turned round: ConsentInvalidPeriod
    ├── ends now: ConsentInvalidPeriod; a second later: succeeds
    └── ends at the limit of its strictest use: succeeds; a second later: ConsentInvalidPeriod
"""

import brownie
import pytest

from aceso.codes import MAX_DAYS, DataClass, Reason, Use
from tests.contracts.acting import DAY, NOTICE, grantee_of, group_of, word
from tests.support import typed

BOTH = pytest.mark.both_chains


def next_block(second):
    brownie.web3.provider.make_request("evm_setNextBlockTimestamp", [second])


@BOTH
def test_writes_the_terms_and_says_so(act, registry, subject, grantee, chain):
    given = {
        "classes": int(DataClass.HIV | DataClass.GENOME_PANEL),
        "uses": int(Use.DS | Use.HMB),
        "conditions": 0x401,
        "disease": 5148,
        "validFrom": chain[-1].timestamp + DAY,
        "validUntil": chain[-1].timestamp + 3 * DAY,
    }
    tx = act("Grant", **given)

    assert len(tx.events) == 1
    assert (
        dict(tx.events["ConsentGranted"])
        == {
            "subject": subject,
            "grantee": grantee_of(grantee),
            "notice": NOTICE,
        }
        | given
    )
    assert word(registry, subject, grantee_of(grantee)) == given | {
        "grants": 1,
        "withdrawals": 0,
        "epoch": 0,
        "barred": 0,
        "primary": 0,
        "bars": 0,
    }


@BOTH
def test_takes_the_place_of_an_earlier_grant(act, registry, subject, grantee, decide):
    act("Grant", uses=int(Use.TREAT | Use.COC), classes=int(DataClass.LABS | DataClass.NOTES))
    act("Grant", uses=int(Use.PATRQT), classes=int(DataClass.LABS))

    assert decide() is Reason.USE
    assert decide(use=int(Use.PATRQT)) is Reason.GRANTED
    assert decide(use=int(Use.PATRQT), classes=int(DataClass.NOTES)) is Reason.CLASS
    assert word(registry, subject, grantee_of(grantee))["grants"] == 2


def test_leaves_all_others(act, registry, subject, other_subject, grantee, stranger, participants):
    elsewhere = [
        (subject, grantee_of(stranger)),
        (subject, group_of(1, participants)),
        (subject, group_of(2, participants)),
        (other_subject, grantee_of(grantee)),
    ]
    for _, to in elsewhere[:3]:
        act("Grant", grantee=to)
    before = [word(registry, who, to) for who, to in elsewhere]

    act("Grant")

    assert [word(registry, who, to) for who, to in elsewhere] == before
    assert before[3] == dict.fromkeys(before[3], 0)


def test_takes_every_class_and_use_and_any_condition(act, chain, decide):
    act(
        "Grant",
        classes=sum(DataClass),
        uses=sum(Use),
        disease=1,
        conditions=0xFFFFFF,
        validUntil=chain[-1].timestamp + DAY,
    )

    assert decide() is Reason.CONDITION


@pytest.mark.parametrize(("offset", "reason"), [(-DAY, Reason.GRANTED), (DAY, Reason.NOT_YET)])
def test_begins_when_it_says(act, chain, decide, offset, reason):
    act("Grant", validFrom=chain[-1].timestamp + offset)

    assert decide() is reason


@pytest.mark.parametrize("number", [0, 7])
def test_refuses_a_grantee_without_an_address(act, number):
    nobody = group_of(number, "0x" + "00" * 20)

    with brownie.reverts(typed("ConsentInvalidGrantee", nobody)):
        act("Grant", grantee=nobody)


@BOTH
def test_refuses_an_account_that_is_barred(act, registry, subject, grantee):
    registry.bar(grantee, {"from": subject})

    with brownie.reverts(typed("ConsentGranteeBarred", grantee_of(grantee))):
        act("Grant")


def test_grants_to_a_group_of_a_barred_address(act, registry, subject, participants):
    registry.bar(participants, {"from": subject})

    act("Grant", grantee=group_of(1, participants))

    assert word(registry, subject, group_of(1, participants))["grants"] == 1


@pytest.mark.parametrize("classes", [0, 1 << 25, 1 << 31, sum(DataClass) | 1 << 25])
def test_refuses_no_class_and_unknown_ones(act, classes):
    with brownie.reverts(typed("ConsentInvalidClasses", classes)):
        act("Grant", classes=classes)


@pytest.mark.parametrize("uses", [0, 1 << 11, 1 << 15, 1 | 1 << 11])
def test_refuses_no_use_and_unknown_ones(act, uses):
    with brownie.reverts(typed("ConsentInvalidUses", uses)):
        act("Grant", uses=uses)


@pytest.mark.parametrize(
    ("uses", "disease"), [(Use.TREAT, 1), (Use.HMB, 5148), (Use.DS, 0), (Use.DS | Use.GRU, 0)]
)
def test_refuses_a_disease_that_does_not_belong(act, uses, disease):
    with brownie.reverts(typed("ConsentInvalidDisease", disease)):
        act("Grant", uses=int(uses), disease=disease)


@pytest.mark.parametrize("length", [0, -1, -DAY])
def test_refuses_an_empty_period(act, chain, length):
    now = chain[-1].timestamp + 100
    begin = now + 10 * DAY
    next_block(now)

    with brownie.reverts(typed("ConsentInvalidPeriod", begin, begin + length, now + 1827 * DAY)):
        act("Grant", validFrom=begin, validUntil=begin + length)


def test_refuses_an_end_that_is_now(act, chain, decide):
    now = chain[-1].timestamp + 100
    next_block(now)

    with brownie.reverts(typed("ConsentInvalidPeriod", now - DAY, now, now + 1827 * DAY)):
        act("Grant", validFrom=now - DAY, validUntil=now)


def test_takes_an_end_in_the_next_second(act, chain, decide):
    now = chain[-1].timestamp + 100
    next_block(now)

    act("Grant", validFrom=now - DAY, validUntil=now + 1, deadline=now)

    assert chain[-1].timestamp == now
    assert decide() is Reason.GRANTED


@pytest.mark.parametrize("use", list(Use))
def test_is_limited_by_the_use(act, chain, registry, subject, grantee, use):
    now = chain[-1].timestamp + 100
    latest = now + MAX_DAYS[use] * DAY
    next_block(now)
    act("Grant", uses=int(use), disease=int(use == Use.DS), validUntil=latest)
    assert word(registry, subject, grantee_of(grantee))["validUntil"] == latest

    next_block(now + 10)
    late = (now, latest + 11)
    with brownie.reverts(typed("ConsentInvalidPeriod", *late, latest + 10)):
        act(
            "Grant",
            uses=int(use),
            disease=int(use == Use.DS),
            validFrom=now,
            validUntil=latest + 11,
        )


def test_is_limited_by_the_strictest_use(act, chain):
    now = chain[-1].timestamp + 100
    uses = int(Use.ETREAT | Use.TREAT | Use.COC)
    next_block(now)

    with brownie.reverts(typed("ConsentInvalidPeriod", now, now + 400 * DAY, now + 366 * DAY)):
        act("Grant", uses=uses, validFrom=now, validUntil=now + 400 * DAY)
