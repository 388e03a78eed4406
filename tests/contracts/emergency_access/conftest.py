"""An EmergencyAccess, clinicians and reviewers of four institutions, a guardian, and their acts.

Institution 1 is the clinicians'; a reviewer each is of 2, 3 and 4. What a test expects is written
out: nothing of it is asked of the contract.
"""

from __future__ import annotations

from typing import Any

import pytest
from brownie import chain, web3

from aceso.codes import DataClass, Emergency, Reason, Role, Use
from tests.contracts.acting import DAY, account_of, domain_of, sign, terms
from tests.contracts.actors import employ

COIN = 10**18
BOND = 50 * COIN + 7
REVIEW = 14 * DAY
HOUR = 3600
FOREVER = 2**40 - 1
NOBODY = "0x" + "00" * 20
PENDING, JUSTIFIED, UNJUSTIFIED, UNREVIEWED = range(4)
LABS, ETREAT = int(DataClass.LABS), int(Use.ETREAT)
DANGER = int(Emergency.DANGER_TO_LIFE)


@pytest.fixture(scope="module")
def coin(RewardCoin, accounts, authority):
    return RewardCoin.deploy(authority, authority, 10**9 * COIN, {"from": accounts[0]})


@pytest.fixture(scope="module")
def guardianship(Guardianship, accounts, participants):
    return Guardianship.deploy(participants, DAY, DAY, {"from": accounts[0]})


@pytest.fixture(scope="module")
def emergency(EmergencyAccess, accounts, participants, guardianship, coin):
    return EmergencyAccess.deploy(
        participants, guardianship, coin, BOND, REVIEW, {"from": accounts[0]}
    )


@pytest.fixture(scope="module")
def staff(participants, authority, accounts, emergency, coin):
    """Two clinicians of institution 1, and a reviewer of each of 2, 3 and 4."""
    found = accounts[6:11]
    roles = [Role.EMERGENCY_CLINICIAN] * 2 + [Role.ETHICS_BOARD] * 3
    places = (1, 1, 2, 3, 4)
    employ(participants, authority, list(zip(found, roles, places, strict=True)), institutions=4)
    for each in found[:2]:
        coin.mint(each, 1000 * BOND, {"from": authority})
        coin.approve(emergency, 1000 * BOND, {"from": each})
    return found


@pytest.fixture(scope="module")
def clinician(staff):
    return staff[0]


@pytest.fixture(scope="module")
def colleague(staff):
    return staff[1]


@pytest.fixture(scope="module")
def reviewers(staff):
    return staff[2:]


@pytest.fixture(scope="module")
def guardian():
    return account_of("0x" + "c4" * 32)


@pytest.fixture
def stopper(guardianship, subject, guardian, relayer):
    """The subject named a guardian who may stop, and nothing else."""
    now = chain[-1].timestamp
    named = (guardian.address, 2, now, now + 366 * DAY, 0, 0)
    guardianship.nameGuardian(named, {"from": subject})
    message = {
        "subject": str(subject),
        "guardian": guardian.address,
        "appointments": 1,
        "removals": 0,
        "deadline": now + DAY,
    }
    signature = sign(guardian.private_key, "GuardianAcceptance", message, domain_of(guardianship))
    guardianship.acceptGuardianshipWithSig(
        subject, guardian, now + DAY, signature, {"from": relayer}
    )
    return guardian


@pytest.fixture
def opened(emergency, subject, clinician):
    """A clinician breaks the glass; gives the number."""

    def act(who: Any = None, of: Any = None, window: int = 0, place: int = 1) -> int:
        tx = emergency.open(of or subject, place, DANGER, window, {"from": who or clinician})
        return int(tx.return_value or tx.events["EmergencyOpened"]["number"])

    return act


@pytest.fixture
def over(emergency, opened, subject, clinician):
    """An opening that is over, to be reviewed."""
    number = opened()
    emergency.close(subject, {"from": clinician})
    return number


@pytest.fixture
def stop_signed(emergency, relayer):
    """Stop by the signature of `by`; `changed` replaces what was signed."""

    def act(subject: Any, by: Any, clinician: Any, changed: Any = None) -> Any:
        message = {
            "subject": str(subject),
            "by": by.address,
            "clinician": str(clinician),
            "number": emergency.newestOf(subject, clinician)[0],
        } | (changed or {})
        signature = sign(by.private_key, "EmergencyStop", message, domain_of(emergency))
        return emergency.stopWithSig(subject, by, clinician, signature, {"from": relayer})

    return act


@pytest.fixture
def group(emergency):
    """The emergency group, as a grantee."""
    return web3.to_hex((1).to_bytes(12, "big") + bytes.fromhex(emergency.address[2:]))


@pytest.fixture
def profile(registry, subject, group):
    """The subject's standing grant of labs for emergency treatment."""
    given = terms(group, uses=ETREAT, classes=LABS, validUntil=chain[-1].timestamp + 3000 * DAY)
    registry.grant(tuple(given.values()), {"from": subject})
    return given


@pytest.fixture
def asks(registry, subject, clinician, group):
    """What decide says to the clinician under the emergency group."""

    def ask(**changed: Any) -> Reason:
        request = {
            "subject": str(subject),
            "actor": str(clinician),
            "grantee": group,
            "use": ETREAT,
            "classes": LABS,
            "disease": 0,
        } | changed
        return Reason(registry.decide(tuple(request.values()))[1])

    return ask
