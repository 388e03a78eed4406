"""
bar, barWithSig (each leaf in both ways)
├── nothing was granted: denies the account, and says so in one event
├── the account has a grant: ends it, and the stop is now
├── the account is a member of a group that has a grant: is denied; other members are not
├── the account is barred already: succeeds, and moves neither the time nor the count of bars
│   ├── by the subject's own call: counts as a withdrawal, which voids what was signed before
│   └── by a signature, the same or another of that bar: nothing changes, and no event says so
├── counts the bars modulo 64, and leaves the rest of the word alone
├── is not undone by withdrawing, nor by withdrawing all
└── the subject bars themself: they still may (SELF comes first)
unbar, unbarWithSig (each leaf in both ways)
├── the account is barred: nothing is granted by it, and a new grant may be
├── a signed grant from before the bar, or from under it: stays void
└── the account is not barred: ConsentNotBarred
"""

import brownie
import pytest

from aceso.codes import Reason
from tests.contracts.acting import ACTS, DAY, domain_of, grantee_of, group_of, sign, word
from tests.support import typed

BOTH = pytest.mark.both_chains


@BOTH
def test_denies_the_account(act, subject, grantee, decide):
    tx = act("Bar")

    assert len(tx.events) == 1
    assert dict(tx.events["ActorBarred"]) == {"subject": subject, "actor": grantee}
    assert decide() is Reason.BARRED


def test_ends_a_grant_now(act, registry, subject, grantee, decide, chain, at):
    act("Grant", validUntil=chain[-1].timestamp + DAY)
    at(chain[-1].timestamp + 2 * DAY)

    act("Bar")

    after = word(registry, subject, grantee_of(grantee))
    assert after == dict.fromkeys(after, 0) | {
        "validUntil": chain[-1].timestamp,
        "grants": 1,
        "withdrawals": 1,
        "barred": 1,
        "bars": 1,
    }
    assert decide() is Reason.BARRED


def test_denies_a_member_and_no_other(act, HonestGroup, accounts, grantee, stranger, decide):
    group = HonestGroup.deploy({"from": accounts[0]})
    for member in (grantee, stranger):
        group.set(1, member, True, 0, {"from": accounts[0]})
    act("Grant", grantee=group_of(1, group))
    assert decide(grantee=group_of(1, group)) is Reason.MEMBER

    act("Bar")

    assert decide(grantee=group_of(1, group)) is Reason.BARRED
    assert decide(grantee=group_of(1, group), actor=str(stranger)) is Reason.MEMBER


def test_a_second_call_counts_as_a_withdrawal(act, registry, subject, grantee, chain, at):
    act("Bar")
    first = word(registry, subject, grantee_of(grantee))
    at(chain[-1].timestamp + DAY)

    registry.bar(grantee, {"from": subject})

    assert word(registry, subject, grantee_of(grantee)) == first | {"withdrawals": 2}


def test_a_second_call_voids_a_held_unbar(registry, subject, grantee, relayer, message_of):
    registry.bar(grantee, {"from": subject})
    held = message_of("Unbar")
    signature = sign(subject.private_key, "Unbar", held, domain_of(registry))
    registry.bar(grantee, {"from": subject})

    with brownie.reverts(typed("ConsentInvalidSignature", subject)):
        registry.unbarWithSig(*ACTS["Unbar"].arguments(held), signature, {"from": relayer})


@BOTH
def test_a_bar_in_force_may_be_carried_again(
    registry, subject, grantee, relayer, stranger, message_of, chain, at
):
    message = message_of("Bar")
    signature = sign(subject.private_key, "Bar", message, domain_of(registry))
    registry.barWithSig(subject, grantee, signature, {"from": relayer})
    first = word(registry, subject, grantee_of(grantee))
    # Signed anew while it is in force, it is the same bar and the same message.
    assert (
        message_of("Bar")
        == message
        == {
            "subject": str(subject),
            "actor": str(grantee),
            "bars": 0,
        }
    )
    at(chain[-1].timestamp + DAY)

    tx = registry.barWithSig(subject, grantee, signature, {"from": stranger})

    assert len(tx.events) == 0
    assert word(registry, subject, grantee_of(grantee)) == first


def test_counts_bars_modulo_64(act, registry, subject, grantee):
    for _ in range(63):
        registry.bar(grantee, {"from": subject})
        registry.unbar(grantee, {"from": subject})
    before = word(registry, subject, grantee_of(grantee))
    assert (before["bars"], before["barred"]) == (63, 0)

    act("Bar")

    after = word(registry, subject, grantee_of(grantee))
    assert (after["bars"], after["barred"], after["primary"]) == (0, 1, 0)
    assert (after["epoch"], after["grants"], after["withdrawals"]) == (0, 63, 64)


@pytest.mark.parametrize("type_name", ["Withdrawal", "WithdrawalOfAll"])
def test_is_not_undone_by_withdrawing(act, decide, type_name):
    act("Bar")

    act(type_name)

    assert decide() is Reason.BARRED


def test_cannot_shut_the_subject_out(act, subject, decide):
    act("Bar", actor=str(subject))

    assert decide(actor=str(subject)) is Reason.SELF


@BOTH
def test_unbar_grants_nothing(act, registry, subject, grantee, decide, chain):
    act("Grant")
    act("Bar")
    stop = chain[-1].timestamp

    tx = act("Unbar")

    assert len(tx.events) == 1
    assert dict(tx.events["ActorUnbarred"]) == {"subject": subject, "actor": grantee}
    assert decide() is Reason.WITHDRAWN
    after = word(registry, subject, grantee_of(grantee))
    assert (after["barred"], after["bars"], after["validUntil"]) == (0, 1, stop)
    assert (after["grants"], after["withdrawals"]) == (2, 1)


def test_unbar_lets_a_new_grant_be_made(act, decide):
    act("Bar")
    act("Unbar")

    act("Grant")

    assert decide() is Reason.GRANTED


@pytest.mark.parametrize("signed_when", ["before the bar", "under the bar"])
def test_unbar_does_not_revive_a_signed_grant(
    act, registry, subject, relayer, message_of, signed_when
):
    if signed_when == "under the bar":
        act("Bar")
    held = message_of("Grant")
    signature = sign(subject.private_key, "Grant", held, domain_of(registry))
    if signed_when == "before the bar":
        act("Bar")

    act("Unbar")

    with brownie.reverts(typed("ConsentInvalidSignature", subject)):
        registry.grantWithSig(*ACTS["Grant"].arguments(held), signature, {"from": relayer})


def test_unbar_refuses_an_account_that_is_not_barred(act, grantee):
    act("Grant")

    with brownie.reverts(typed("ConsentNotBarred", grantee)):
        act("Unbar")
