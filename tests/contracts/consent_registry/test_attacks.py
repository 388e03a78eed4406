"""
Attacks by name
├── a held renewal against a signed withdrawal
│   ├── the renewal is relayed first: the withdrawal ends it all the same
│   └── the withdrawal is relayed first: the renewal is void
├── a signed bar
│   ├── a signed withdrawal, grant or withdrawal of all is carried first: the bar holds all the same
│   ├── sent again after it was lifted: refused, also where 63 bars lie between
│   ├── signed while an earlier one was in force, and held until that was lifted: refused
│   └── sent again and again while it is in force: its lifting, once signed, still holds
├── an old signed withdrawal, sent again after a new grant: refused (it can't end what came later)
├── a withdrawal whose count is behind, by another withdrawal: refused, and there is nothing to end
└── many grants of the subject's: no withdrawal becomes dearer (G3)
"""

import brownie
import pytest

from aceso.codes import Reason
from tests.contracts.acting import ACTS, DAY, domain_of, grantee_of, group_of, sign, terms
from tests.support import typed

BOTH = pytest.mark.both_chains


@pytest.fixture
def signed(registry, subject, message_of):
    """The arguments of a signed act, to be sent at any time."""

    def make(type_name, **given):
        message = message_of(type_name, **given)
        signature = sign(subject.private_key, type_name, message, domain_of(registry))
        return [*ACTS[type_name].arguments(message), signature]

    return make


@pytest.fixture
def active(registry, subject, grantee):
    registry.grant(tuple(terms(grantee_of(grantee)).values()), {"from": subject})


@BOTH
@pytest.mark.parametrize("type_name", ["Withdrawal", "Bar", "WithdrawalOfAll"])
def test_a_renewal_cannot_void_a_withdrawal(
    active, registry, relayer, stranger, signed, decide, chain, type_name
):
    renewal = signed("Grant", validUntil=chain[-1].timestamp + 300 * DAY)
    withdrawal = signed(type_name)

    registry.grantWithSig(*renewal, {"from": stranger})
    assert decide() is Reason.GRANTED
    getattr(registry, ACTS[type_name].signed)(*withdrawal, {"from": relayer})

    assert decide() in (Reason.WITHDRAWN, Reason.BARRED)


@BOTH
@pytest.mark.parametrize("type_name", ["Withdrawal", "Bar", "WithdrawalOfAll"])
def test_a_withdrawal_voids_a_renewal(
    active, registry, subject, relayer, stranger, signed, decide, chain, type_name
):
    renewal = signed("Grant", validUntil=chain[-1].timestamp + 300 * DAY)
    getattr(registry, ACTS[type_name].signed)(*signed(type_name), {"from": relayer})

    with brownie.reverts(typed("ConsentInvalidSignature", subject)):
        registry.grantWithSig(*renewal, {"from": stranger})

    assert not decide().permits


@BOTH
@pytest.mark.parametrize("type_name", ["Withdrawal", "Grant", "WithdrawalOfAll"])
def test_no_other_act_voids_a_signed_bar(
    active, registry, subject, relayer, stranger, signed, decide, type_name
):
    barring, other = signed("Bar"), signed(type_name)

    getattr(registry, ACTS[type_name].signed)(*other, {"from": stranger})
    tx = registry.barWithSig(*barring, {"from": relayer})

    assert dict(tx.events["ActorBarred"])["subject"] == subject
    assert decide() is Reason.BARRED


@BOTH
@pytest.mark.parametrize("later", [0, 1, 62])
def test_a_lifted_bar_is_not_put_back(registry, subject, relayer, grantee, signed, decide, later):
    barring = signed("Bar")
    registry.barWithSig(*barring, {"from": relayer})
    registry.unbar(grantee, {"from": subject})
    for _ in range(later):
        registry.bar(grantee, {"from": subject})
        registry.unbar(grantee, {"from": subject})

    with brownie.reverts(typed("ConsentInvalidSignature", subject)):
        registry.barWithSig(*barring, {"from": relayer})

    assert decide() is Reason.WITHDRAWN


def test_a_bar_signed_under_another_is_lifted_with_it(
    registry, subject, relayer, grantee, signed, decide
):
    registry.bar(grantee, {"from": subject})
    held = signed("Bar")
    registry.unbar(grantee, {"from": subject})

    with brownie.reverts(typed("ConsentInvalidSignature", subject)):
        registry.barWithSig(*held, {"from": relayer})

    assert decide() is Reason.WITHDRAWN


def test_a_repeated_bar_voids_no_lifting(registry, subject, relayer, stranger, signed, decide):
    barring = signed("Bar")
    registry.barWithSig(*barring, {"from": relayer})
    lifting = signed("Unbar")

    for _ in range(3):
        registry.barWithSig(*barring, {"from": stranger})
    registry.unbarWithSig(*lifting, {"from": relayer})

    assert decide() is Reason.WITHDRAWN


def test_an_old_withdrawal_cannot_end_a_new_grant(
    active, registry, subject, relayer, grantee, signed, decide
):
    withdrawal = signed("Withdrawal")
    registry.withdrawWithSig(*withdrawal, {"from": relayer})
    registry.grant(tuple(terms(grantee_of(grantee)).values()), {"from": subject})

    with brownie.reverts(typed("ConsentInvalidSignature", subject)):
        registry.withdrawWithSig(*withdrawal, {"from": relayer})

    assert decide() is Reason.GRANTED


def test_a_stale_withdrawal_has_nothing_to_end(
    active, registry, subject, relayer, grantee, signed, decide
):
    withdrawal = signed("Withdrawal")
    registry.withdraw(grantee_of(grantee), {"from": subject})

    with brownie.reverts(typed("ConsentInvalidSignature", subject)):
        registry.withdrawWithSig(*withdrawal, {"from": relayer})

    assert decide() is Reason.WITHDRAWN


def test_many_grants_make_no_act_dearer(registry, subject, grantee, stranger):
    def costs(number):
        given = terms(group_of(number, stranger))
        by = {"from": subject}
        return [
            registry.grant(tuple(given.values()), by).gas_used,
            registry.withdraw(group_of(number, stranger), by).gas_used,
            registry.withdrawAll(by).gas_used,
            registry.grant(tuple(given.values()), by).gas_used,
        ]

    costs(1)
    few = costs(2)
    for number in range(10, 60):
        given = terms(group_of(number, stranger))
        registry.grant(tuple(given.values()), {"from": subject})
    many = costs(3)

    for one, other in zip(few, many, strict=True):
        assert abs(one - other) < 0.05 * one
