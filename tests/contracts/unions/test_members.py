"""
open, close, vouch, join, leave, strike: who is in a union
├── open
│   ├── keeps the terms, numbers unions from 1; one event
│   └── a term that is empty, unknown or out of bounds, or another's name: refuses, names it
├── close: the keeper alone; nobody joins or buys, members leave as ever
├── vouch
│   ├── an issuer's signature gives a mark its one persona
│   └── a mark again, an issuer without accreditation, another's signature, nobody: refuses
├── join
│   ├── who consented is a member, once, under the consent that they gave
│   ├── without consent, with a narrower one, by conditions that no buyer has to meet: refuses
│   ├── a mark of somebody else's, or none: refuses
│   ├── who granted anew joins anew, and is counted once
│   └── by signature, once; over anything else, expired, or after a withdrawal: refuses
├── leave
│   ├── at once; who is not in changes nothing but what they signed before to join
│   └── by signature, once, however often they joined since they signed
└── strike
    ├── whose consent ended, was withdrawn, or was given anew, by anybody
    └── whose consent stands, or who is no member: refuses
"""

import brownie
import pytest

from aceso.codes import Condition, DataClass, Reason, Role
from tests.contracts.trading import DAY, HMB, LABS, ZERO, grantee_of
from tests.contracts.uniting import mark_of
from tests.support import typed

EMPTY = "0x" + "00" * 32


def left_at(unity, number):
    return int(unity.unions.membershipOf(number, unity.subject)) >> 40 & (1 << 40) - 1


@pytest.mark.both_chains
def test_keeps_the_terms(unity):
    terms = unity.union(conditions=int(Condition.NCU))

    tx = unity.unions.open(tuple(terms.values()), {"from": unity.keeper})

    assert tuple(unity.unions.getUnion(1)) == tuple(terms.values())
    assert unity.unions.unionCount() == 1
    assert tuple(unity.unions.rollOf(1)) == (0, True)
    assert len(tx.events) == 1
    assert tx.events["UnionOpened"]["keeper"] == unity.keeper
    assert unity.open() == 2


def test_refuses_a_term_out_of_bounds(unity):
    for place, changed in (
        (0, {"keeper": str(unity.stranger)}),
        (1, {"price": 0}),
        (2, {"institution": str(unity.stranger), "institutionBps": 1}),
        (3, {"committee": 9}),
        (4, {"duration": 0}),
        (4, {"duration": 1827 * DAY + 1}),
        (5, {"institutionBps": 1}),
        (5, {"institution": str(unity.institution), "institutionBps": 2001}),
        (6, {"deliveryPeriod": 0}),
        (6, {"deliveryPeriod": 30 * DAY + 1}),
        (7, {"voucher": str(unity.stranger)}),
        (8, {"use": 3}),
        (9, {"classes": 0}),
        (10, {"disease": 5}),
    ):
        terms = tuple(unity.union(**changed).values())
        with brownie.reverts(typed("UnionInvalidTerm", place)):
            unity.unions.open(terms, {"from": unity.keeper})


def test_a_closed_union_takes_nobody_and_holds_nobody(unity):
    number = unity.open(1)
    with brownie.reverts(typed("UnionNotKeeper", number, unity.stranger)):
        unity.unions.close(number, {"from": unity.stranger})

    unity.unions.close(number, {"from": unity.keeper})

    assert tuple(unity.unions.rollOf(number)) == (1, False)
    with brownie.reverts(typed("UnionNotOpen", number)):
        unity.join(number, unity.people[1])
    with brownie.reverts(typed("UnionNotOpen", number)):
        unity.purchase(number)
    unity.unions.leave(number, {"from": unity.subject})
    assert unity.members(number) == 0


def test_a_mark_has_one_persona(unity, accounts):
    mark = mark_of("somebody")
    tx = unity.vouch(accounts[15], mark)

    assert unity.unions.personaOf(unity.voucher, mark) == accounts[15]
    assert tx.events["PersonaVouched"]["account"] == accounts[15]
    with brownie.reverts(typed("UnionCannotVouch", unity.voucher, mark)):
        unity.vouch(accounts[16], mark)


@pytest.mark.parametrize("what", ["unaccredited", "nobody", "signed_for_another"])
def test_refuses_a_false_vouch(unity, accounts, what):
    person, mark = accounts[15], mark_of("somebody")
    error, said = typed("UnionCannotVouch", unity.voucher, mark), {}
    if what == "unaccredited":
        by = {"from": unity.authority}
        unity.participants.unaccredit(unity.voucher, int(Role.ISSUER), 0, by)
    elif what == "nobody":
        person = ZERO
    else:
        error, said = typed("MarketInvalidSignature", unity.voucher), {"account": str(accounts[16])}

    with brownie.reverts(error):
        unity.vouch(person, mark, **said)


@pytest.mark.both_chains
def test_who_consented_joins_once(unity):
    number = unity.open()

    tx = unity.join(number)

    assert unity.members(number) == 1
    assert tx.events["UnionJoined"] == {"number": number, "subject": unity.subject}
    word = int(unity.unions.membershipOf(number, unity.subject))
    assert (word & (1 << 40) - 1, word >> 80 & 0xFFFFFF) == (tx.timestamp, 1)
    with brownie.reverts(typed("UnionMemberAlready", number, unity.subject)):
        unity.unions.join(number, mark_of(unity.subject), {"from": unity.subject})


@pytest.mark.parametrize(
    ("reason", "changed"),
    [
        (Reason.NOT_GRANTED, None),
        (Reason.CLASS, {"classes": int(DataClass.SLEEP)}),
        (Reason.CONDITION, {"conditions": int(Condition.IRB)}),
        (Reason.NOT_YET, {"validFrom": DAY}),
        (Reason.BARRED, "desk"),
    ],
)
def test_refuses_who_did_not_consent_to_this(unity, reason, changed):
    number = unity.open()
    if changed == "desk":
        unity.consents.bar(unity.unions, {"from": unity.subject})
        changed = {}
    if changed is not None:
        later = {"validFrom": unity.now + changed["validFrom"]} if "validFrom" in changed else {}
        unity.consent(number, **(changed | later))

    with brownie.reverts(typed("OrderDenied", int(reason))):
        unity.unions.join(number, mark_of(unity.subject), {"from": unity.subject})

    assert unity.members(number) == 0


def test_conditions_that_every_buyer_meets_are_no_obstacle(unity):
    number = unity.open(conditions=int(Condition.IRB | Condition.NCU))

    unity.join(number, conditions=int(Condition.IRB))

    assert unity.members(number) == 1


@pytest.mark.parametrize("mark", ["somebody_elses", "unknown"])
def test_refuses_who_is_not_vouched_for(unity, mark):
    number = unity.open()
    unity.consent(number)
    said = mark_of(unity.people[1] if mark == "somebody_elses" else "nobody")

    with brownie.reverts(typed("UnionNotVouched", unity.voucher, unity.subject, said)):
        unity.unions.join(number, said, {"from": unity.subject})


def test_who_granted_anew_joins_anew_and_counts_once(unity):
    number = unity.open(2)

    unity.join(number)

    assert unity.members(number) == 2
    assert int(unity.unions.membershipOf(number, unity.subject)) >> 152 & 0xFFFF == 2


def test_by_signature_as_sent(unity):
    number = unity.open()
    unity.consent(number)
    message = unity.joining(number)
    signature = unity.sign(unity.subject, "UnionJoining", **message)
    send = (unity.subject, number, message["mark"], message["deadline"], signature)

    unity.unions.joinWithSig(*send, {"from": unity.relayer})

    assert unity.members(number) == 1
    unity.unions.leave(number, {"from": unity.subject})
    with brownie.reverts(typed("MarketInvalidSignature", unity.subject)):
        unity.unions.joinWithSig(*send, {"from": unity.relayer})


def test_refuses_a_signature_over_anything_else(unity):
    number = unity.open()
    unity.consent(number)
    message = unity.joining(number)
    for changed in (
        {"subject": str(unity.other)},
        {"union": number + 1},
        {"mark": EMPTY},
        {"joins": 1},
        {"leavings": 1},
        {"deadline": message["deadline"] + 1},
    ):
        signature = unity.sign(unity.subject, "UnionJoining", **(message | changed))
        with brownie.reverts(typed("MarketInvalidSignature", unity.subject)):
            unity.unions.joinWithSig(
                *(unity.subject, number, message["mark"], message["deadline"], signature),
                {"from": unity.relayer},
            )


@pytest.mark.parametrize("what", ["expired", "withdrawn"])
def test_refuses_a_signature_that_is_over(unity, what):
    number = unity.open()
    unity.consent(number)
    message = unity.joining(number)
    signature = unity.sign(unity.subject, "UnionJoining", **message)
    if what == "expired":
        unity.at(message["deadline"] + 1)
        error = typed("MarketExpiredSignature", message["deadline"])
    else:
        unity.revoke(number, unity.subject)
        error = typed("OrderDenied", int(Reason.WITHDRAWN))

    with brownie.reverts(error):
        unity.unions.joinWithSig(
            *(unity.subject, number, message["mark"], message["deadline"], signature),
            {"from": unity.relayer},
        )


def test_leaves_at_once_and_once(unity):
    number = unity.open(2)

    tx = unity.unions.leave(number, {"from": unity.subject})

    assert unity.members(number) == 1
    left = {"number": number, "subject": unity.subject, "wasIn": True}
    assert tx.events["UnionLeft"] == left
    word = left_at(unity, number)

    tx = unity.unions.leave(number, {"from": unity.subject})

    assert not tx.events["UnionLeft"]["wasIn"]
    assert (unity.members(number), left_at(unity, number)) == (1, word)


def test_who_left_is_not_brought_back_by_what_they_signed_before(unity):
    """Whether they were in when they left, or not yet."""
    number = unity.open()
    unity.consent(number)
    message = unity.joining(number)
    signature = unity.sign(unity.subject, "UnionJoining", **message)
    send = (unity.subject, number, message["mark"], message["deadline"], signature)

    unity.unions.leave(number, {"from": unity.subject})

    with brownie.reverts(typed("MarketInvalidSignature", unity.subject)):
        unity.unions.joinWithSig(*send, {"from": unity.relayer})


def test_a_signature_to_leave_is_good_once_whoever_made_them_join_since(unity):
    """Whoever has a joining of theirs to carry can't void it by that."""
    number = unity.open(1)
    message = {"subject": str(unity.subject), "union": number, "leavings": 0}
    signature = unity.sign(unity.subject, "UnionLeaving", **message)
    by = {"from": unity.relayer}
    unity.join(number)

    unity.unions.leaveWithSig(unity.subject, number, signature, by)

    assert unity.members(number) == 0
    unity.unions.join(number, mark_of(unity.subject), {"from": unity.subject})
    with brownie.reverts(typed("MarketInvalidSignature", unity.subject)):
        unity.unions.leaveWithSig(unity.subject, number, signature, by)


def test_to_be_struck_off_voids_no_signature_to_leave(unity):
    number = unity.open(1)
    message = {"subject": str(unity.subject), "union": number, "leavings": 0}
    signature = unity.sign(unity.subject, "UnionLeaving", **message)
    by = {"from": unity.relayer}
    unity.revoke(number, unity.subject)
    unity.unions.strike(number, unity.subject, by)
    unity.join(number)

    unity.unions.leaveWithSig(unity.subject, number, signature, by)

    assert unity.members(number) == 0


@pytest.mark.parametrize("how", ["withdrawn", "withdrawn_all", "granted_anew", "ended"])
def test_whose_consent_ended_is_struck_off(unity, how):
    number = unity.open(2)
    by = {"from": unity.subject}
    if how == "withdrawn":
        unity.revoke(number, unity.subject)
    elif how == "withdrawn_all":
        unity.consents.withdrawAll(by)
    elif how == "granted_anew":
        unity.consent(number)
    else:
        unity.at(unity.now + 366 * DAY)

    unity.unions.strike(number, unity.subject, {"from": unity.stranger})

    assert unity.members(number) == 1


def test_nobody_is_struck_off_whose_consent_stands(unity):
    number = unity.open(1)
    unity.consents.bar(unity.buyer, {"from": unity.subject})

    with brownie.reverts(typed("UnionConsentStands", number, unity.subject)):
        unity.unions.strike(number, unity.subject, {"from": unity.stranger})
    with brownie.reverts(typed("UnionNotMember", number, unity.other)):
        unity.unions.strike(number, unity.other, {"from": unity.stranger})


def test_the_desk_is_asked_about_as_who_passes_on(unity):
    """What `join` asks: anybody reads it, and nobody is let in by it."""
    number = unity.open(1)
    asked = (unity.subject, unity.unions, grantee_of(number, unity.unions), HMB, LABS, 0)

    assert unity.consents.decide(asked)[0]
    assert tuple(unity.unions.isMember(number, unity.subject, unity.keeper)) == (False, 0)
