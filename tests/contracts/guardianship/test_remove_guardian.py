"""
removeGuardian, removeGuardianWithSig (each leaf in both ways), resign
├── ends the guardian and everybody let in, in the same block, and says so in one event
├── nobody was named: succeeds, and counts
├── in any state, also after succession and death: succeeds, for at most 100,000 gas
├── its signature has no deadline, and only another removal voids it
│   └── naming again or resigning doesn't
├── its signature is taken once
└── resign: ends the guardian's own power, and voids no removal
"""

import brownie
import pytest

from tests.contracts.acting import DAY
from tests.contracts.guardianship.conftest import ALL
from tests.support import typed

BOTH = pytest.mark.both_chains


@pytest.fixture(params=["direct", "signed"])
def remove(request, guardianship, subject, guardian, relayer, message_of, signed):
    def send():
        if request.param == "direct":
            return guardianship.removeGuardian(guardian, {"from": subject})
        signature = signed(subject, "GuardianRemoval", message_of("GuardianRemoval"))
        return guardianship.removeGuardianWithSig(subject, guardian, signature, {"from": relayer})

    return send


@BOTH
def test_ends_all_in_the_same_block(remove, guardianship, ward, guardian, scope, share, asks):
    share()
    assert asks()

    tx = remove()

    assert not asks()
    assert not guardianship.isGuardian(ward, guardian, 2)
    assert len(tx.events) == 1
    assert dict(tx.events["GuardianRemoved"]) == {"subject": ward, "guardian": guardian}


def test_succeeds_if_nobody_was_named(remove, guardianship, subject, guardian):
    remove()

    assert guardianship.appointmentOf(subject, guardian)[5] == 1


def test_succeeds_in_any_state(
    remove, guardianship, ward, successor, physicians, relayer, message_of, signed, share
):
    share()
    guardianship.attest(ward, 1, 1, {"from": physicians[0]})
    guardianship.attest(ward, 2, 1, {"from": physicians[1]})
    message = message_of("Succession")
    signatures = [signed(one, "Succession", message) for one in (ward, successor)]
    guardianship.succeed(ward, successor, message["deadline"], *signatures, {"from": relayer})

    for _ in range(2):
        assert remove().gas_used <= 100_000


@BOTH
def test_its_signature_outlives_everything_but_a_removal(
    guardianship, ward, guardian, relayer, appointment, accept, message_of, signed, at, chain
):
    signature = signed(ward, "GuardianRemoval", message_of("GuardianRemoval"))
    guardianship.resign(ward, {"from": guardian})
    guardianship.nameGuardian(tuple(appointment().values()), {"from": ward})
    accept()
    at(chain[-1].timestamp + 300 * DAY)
    assert guardianship.isGuardian(ward, guardian, ALL)

    guardianship.removeGuardianWithSig(ward, guardian, signature, {"from": relayer})

    assert not guardianship.isGuardian(ward, guardian, 2)
    with brownie.reverts(typed("GuardianInvalidSignature", ward)):
        guardianship.removeGuardianWithSig(ward, guardian, signature, {"from": relayer})


def test_resigning_ends_it(guardianship, ward, guardian, scope, share, asks, appointment, accept):
    share()

    tx = guardianship.resign(ward, {"from": guardian})

    assert dict(tx.events["GuardianResigned"]) == {"subject": ward, "guardian": guardian}
    assert not asks()
    guardianship.nameGuardian(tuple(appointment().values()), {"from": ward})
    accept()
    assert not asks()
