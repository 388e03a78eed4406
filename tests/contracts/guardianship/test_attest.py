"""
attest, contest, contestWithSig
├── one physician: nothing is in force, whatever time passes
├── two of different institutions: in force after the delay, exactly; then a pre-named guardian acts
│   └── never before, and for nobody who wasn't named
├── refused: no physician, of another institution, the same one again, a colleague, two hats,
│   a recovery, one that is confirmed already
├── the first one's word ends after 30 days, or with their accreditation: the next is a first again
├── capacity, by two: ends it at once, also by two others
├── the subject objects: falls at once, at any time; the signature is taken once and has no deadline
│   └── nothing but an objection moves its count
└── death, in force: ends all guardians and whom they let in; objecting brings them back
"""

import brownie
import pytest

from aceso.chain import Claim
from tests.contracts.acting import DAY
from tests.contracts.guardianship.conftest import ATTESTATION_DELAY, FOREVER
from tests.support import typed

BOTH = pytest.mark.both_chains
INCAPACITY, DEATH, CAPACITY, RECOVERY = (int(claim) for claim in Claim)


@pytest.fixture
def attested(guardianship, subject, physicians):
    """Two physicians of institutions 1 and 2 attest; gives the second from which it is in force."""

    def attest(claim=INCAPACITY):
        for number in (1, 2):
            guardianship.attest(subject, number, claim, {"from": physicians[number - 1]})
        return guardianship.claimOf(subject, claim)[0]

    return attest


@BOTH
def test_one_physician_is_not_enough(guardianship, adult, physicians, share, at, chain):
    guardianship.attest(adult, 1, INCAPACITY, {"from": physicians[0]})
    at(chain[-1].timestamp + 20 * DAY)

    assert guardianship.claimOf(adult, INCAPACITY)[0] == 0
    with brownie.reverts():
        share()


@BOTH
def test_two_are_after_the_delay(
    guardianship, adult, guardian, scope, attested, share, asks, chain, at
):
    in_force = attested()

    assert in_force == chain[-1].timestamp + ATTESTATION_DELAY
    at(in_force - 1)
    assert not guardianship.isGuardian(adult, guardian, 1)
    at(in_force)
    assert guardianship.isGuardian(adult, guardian, 1)
    share()
    assert asks()


def test_says_each_in_events(guardianship, adult, physicians, chain):
    first = guardianship.attest(adult, 1, INCAPACITY, {"from": physicians[0]})
    second = guardianship.attest(adult, 2, INCAPACITY, {"from": physicians[1]})

    assert len(first.events) == 1
    assert dict(first.events["ClaimAttested"]) == {
        "subject": adult,
        "claim": INCAPACITY,
        "physician": physicians[0],
        "institution": 1,
    }
    assert dict(second.events["ClaimConfirmed"])["inForceFrom"] == (
        chain[-1].timestamp + ATTESTATION_DELAY
    )


def test_nobody_acts_who_was_not_named(guardianship, adult, guardians, attested, share, at):
    at(attested())

    with brownie.reverts(typed("GuardianNotInForce", adult, guardians[1], 1)):
        share(guardians[1])


def test_refuses_who_is_no_physician(guardianship, adult, physicians, stranger, authority):
    for who, number in ((stranger, 1), (authority, 1), (physicians[0], 2)):
        with brownie.reverts(typed("ClaimNotPhysician", who, number)):
            guardianship.attest(adult, number, INCAPACITY, {"from": who})


def test_the_same_one_again_confirms_nothing(guardianship, adult, physicians):
    for _ in range(3):
        guardianship.attest(adult, 1, INCAPACITY, {"from": physicians[0]})

    assert guardianship.claimOf(adult, INCAPACITY)[0] == 0


@pytest.mark.parametrize("two_hats", ["first", "second"])
def test_refuses_who_belongs_to_the_others_institution(
    guardianship, participants, authority, adult, physicians, two_hats
):
    guardianship.attest(adult, 1, INCAPACITY, {"from": physicians[0]})
    if two_hats == "first":
        participants.setMember(2, physicians[0], FOREVER, 0, {"from": authority})
    else:
        participants.setMember(1, physicians[1], FOREVER, 0, {"from": authority})

    with brownie.reverts(typed("ClaimNotIndependent", physicians[1], 2)):
        guardianship.attest(adult, 2, INCAPACITY, {"from": physicians[1]})


def test_refuses_what_is_not_theirs(guardianship, adult, physicians, attested):
    with brownie.reverts(typed("ClaimInvalid", RECOVERY, 0)):
        guardianship.attest(adult, 1, RECOVERY, {"from": physicians[0]})
    in_force = attested()
    with brownie.reverts(typed("ClaimInvalid", INCAPACITY, in_force)):
        guardianship.attest(adult, 3, INCAPACITY, {"from": physicians[2]})


@pytest.mark.parametrize("late", [0, 1])
def test_the_first_word_waits_thirty_days(guardianship, adult, physicians, chain, late):
    guardianship.attest(adult, 1, INCAPACITY, {"from": physicians[0]})
    second = chain[-1].timestamp + 30 * DAY - 1 + late
    brownie.web3.provider.make_request("evm_setNextBlockTimestamp", [second])

    guardianship.attest(adult, 2, INCAPACITY, {"from": physicians[1]})

    assert (guardianship.claimOf(adult, INCAPACITY)[0] == 0) is bool(late)


def test_the_first_word_ends_with_accreditation(
    guardianship, participants, authority, adult, physicians
):
    guardianship.attest(adult, 1, INCAPACITY, {"from": physicians[0]})
    participants.unaccredit(physicians[0], 2, 0, {"from": authority})

    guardianship.attest(adult, 2, INCAPACITY, {"from": physicians[1]})
    assert guardianship.claimOf(adult, INCAPACITY)[0] == 0
    guardianship.attest(adult, 3, INCAPACITY, {"from": physicians[2]})
    assert guardianship.claimOf(adult, INCAPACITY)[0] > 0


def test_capacity_ends_it_at_once(
    guardianship, adult, guardian, physicians, scope, attested, share, asks, at
):
    at(attested())
    share()
    guardianship.attest(adult, 2, CAPACITY, {"from": physicians[1]})
    assert asks()

    guardianship.attest(adult, 3, CAPACITY, {"from": physicians[2]})

    assert not asks()
    assert not guardianship.isGuardian(adult, guardian, 1)
    assert guardianship.isGuardian(adult, guardian, 6)


@BOTH
@pytest.mark.parametrize("way", ["direct", "signed"])
@pytest.mark.parametrize("waited", [0, ATTESTATION_DELAY + DAY])
def test_the_subject_objects_at_any_time(
    guardianship, adult, guardian, relayer, attested, message_of, signed, chain, at, way, waited
):
    attested()
    at(chain[-1].timestamp + waited + 1)

    if way == "direct":
        tx = guardianship.contest(INCAPACITY, {"from": adult})
    else:
        signature = signed(adult, "Objection", message_of("Objection"))
        tx = guardianship.contestWithSig(adult, INCAPACITY, signature, {"from": relayer})

    assert dict(tx.events["ClaimContested"]) == {
        "subject": adult,
        "claim": INCAPACITY,
        "objections": 1,
    }
    at(chain[-1].timestamp + 30 * DAY)
    assert not guardianship.isGuardian(adult, guardian, 1)


def test_nothing_but_an_objection_voids_an_objection(
    guardianship, adult, physicians, relayer, attested, message_of, signed, chain, at
):
    signature = signed(adult, "Objection", message_of("Objection"))
    attested()
    attested(CAPACITY)
    at(chain[-1].timestamp + 400 * DAY)
    attested()

    guardianship.contestWithSig(adult, INCAPACITY, signature, {"from": relayer})

    assert tuple(guardianship.claimOf(adult, INCAPACITY)) == (0, 1)
    with brownie.reverts(typed("GuardianInvalidSignature", adult)):
        guardianship.contestWithSig(adult, INCAPACITY, signature, {"from": relayer})


def test_objecting_never_reverts(guardianship, stranger):
    for claim in (INCAPACITY, DEATH, CAPACITY, RECOVERY):
        assert guardianship.contest(claim, {"from": stranger}).gas_used <= 100_000


@BOTH
def test_death_ends_all_guardians(guardianship, ward, guardian, scope, attested, share, asks, at):
    share()
    in_force = attested(DEATH)

    at(in_force - 1)
    assert asks()
    at(in_force)
    assert not asks()
    assert not guardianship.isGuardian(ward, guardian, 2)
    guardianship.contest(DEATH, {"from": ward})
    assert guardianship.isGuardian(ward, guardian, 7)
