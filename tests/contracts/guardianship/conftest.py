"""A Guardianship, guardians, physicians of three institutions, and what they sign."""

from __future__ import annotations

from typing import Any

import pytest
from brownie import chain, web3

from aceso.chain import Claim, GuardianPower
from aceso.codes import DataClass, Role, Use
from tests.contracts.acting import DAY, account_of, domain_of, sign, terms

ATTESTATION_DELAY = 14 * DAY
RECOVERY_DELAY = 7 * DAY
QUARTER = 7_889_400
FOREVER = 2**40 - 1
ALL = int(GuardianPower.SHARE | GuardianPower.STOP | GuardianPower.RECOVER)
NOBODY = "0x" + "00" * 20


@pytest.fixture(scope="module")
def guardianship(Guardianship, accounts, participants):
    return Guardianship.deploy(
        participants, ATTESTATION_DELAY, RECOVERY_DELAY, {"from": accounts[0]}
    )


@pytest.fixture(scope="module")
def guardians():
    """Three of them, in rising order of their addresses."""
    found = [account_of("0x" + f"{number:02x}" * 32) for number in (0xC1, 0xC2, 0xC3)]
    return sorted(found, key=lambda one: int(one.address, 16))


@pytest.fixture(scope="module")
def guardian(guardians):
    return guardians[0]


@pytest.fixture(scope="module")
def successor():
    return account_of("0x" + "d7" * 32)


@pytest.fixture(scope="module")
def physicians(participants, authority, accounts):
    """One accredited physician of each of institutions 1, 2 and 3."""
    found = accounts[6:9]
    for each in found:
        participants.openInstitution(authority, {"from": authority})
        participants.proposeAccreditation(each, int(Role.PHYSICIAN), 0, {"from": authority})
    web3.provider.make_request("evm_mine", [chain[-1].timestamp + 2 * DAY])
    for number, each in enumerate(found, start=1):
        participants.accredit(each, {"from": authority})
        participants.setMember(number, each, FOREVER, 0, {"from": authority})
    return found


@pytest.fixture
def majority():
    """Some three years ahead, at the beginning of a quarter."""
    later = chain[-1].timestamp + 1100 * DAY
    return later - later % QUARTER


@pytest.fixture
def appointment(guardian):
    """Good terms of an appointment of an adult's guardian, for a year from now."""

    def make(**changed: Any) -> dict[str, Any]:
        now = chain[-1].timestamp
        return {
            "guardian": guardian.address,
            "powers": ALL,
            "validFrom": now,
            "validUntil": now + 366 * DAY,
            "majority": 0,
            "threshold": 0,
        } | changed

    return make


@pytest.fixture
def message_of(guardianship, subject, guardian, successor, stranger, grantee, appointment):
    """The message of an act in the state that the contract is in; `given` replaces fields of it."""

    def message(type_name: str, **given: Any) -> dict[str, Any]:
        who = given.get("guardian", guardian.address)
        seat = guardianship.appointmentOf(subject, who)
        actor = given.get("actor", str(grantee))
        counts = {"appointments": seat[4], "removals": seat[5]}
        people = {"subject": str(subject), "guardian": who}
        dated = {"deadline": chain[-1].timestamp + DAY}
        claim = given.get("claim", int(Claim.INCAPACITY))
        found: dict[str, Any] = {
            "Appointment": {"subject": str(subject)} | appointment() | counts | dated,
            "GuardianRemoval": people | {"removals": seat[5]},
            "GuardianAcceptance": people | counts | dated,
            "GuardianShare": people
            | {
                "actor": actor,
                "validUntil": chain[-1].timestamp + 30 * DAY,
                "ends": guardianship.shareOf(subject, who, actor)[1],
            }
            | dated,
            "GuardianUnshare": people
            | {"actor": actor, "ends": guardianship.shareOf(subject, who, actor)[1]},
            "Objection": {
                "subject": str(subject),
                "claim": claim,
                "objections": guardianship.claimOf(subject, claim)[1],
            },
            "RecoverySupport": people
            | {
                "requester": str(stranger),
                "objections": guardianship.claimOf(subject, int(Claim.RECOVERY))[1],
            }
            | dated,
            "Succession": {"subject": str(subject), "successor": successor.address} | dated,
            "Will": {
                "subject": str(subject),
                "will": "0x" + "99" * 32,
                "wills": guardianship.personOf(subject)[4],
            }
            | dated,
        }[type_name]
        return found | given

    return message


@pytest.fixture
def signed(guardianship):
    """The signature of a message by an account that has a key."""

    def make(account: Any, type_name: str, message: dict[str, Any]) -> str:
        return sign(account.private_key, type_name, message, domain_of(guardianship))

    return make


@pytest.fixture
def accept(guardianship, subject, guardian, relayer, message_of, signed):
    def send(who: Any = None) -> Any:
        who = who or guardian
        message = message_of("GuardianAcceptance", guardian=who.address)
        signature = signed(who, "GuardianAcceptance", message)
        return guardianship.acceptGuardianshipWithSig(
            subject, who, message["deadline"], signature, {"from": relayer}
        )

    return send


@pytest.fixture
def share(guardianship, subject, guardian, relayer, message_of, signed):
    def send(who: Any = None, **given: Any) -> Any:
        who = who or guardian
        message = message_of("GuardianShare", guardian=who.address, **given)
        return guardianship.shareWithSig(
            subject,
            who,
            message["actor"],
            message["validUntil"],
            message["deadline"],
            signed(who, "GuardianShare", message),
            {"from": relayer},
        )

    return send


@pytest.fixture
def unshare(guardianship, subject, guardian, relayer, message_of, signed):
    def send(**given: Any) -> Any:
        message = message_of("GuardianUnshare", **given)
        signature = signed(guardian, "GuardianUnshare", message)
        return guardianship.unshareWithSig(
            subject, guardian, message["actor"], signature, {"from": relayer}
        )

    return send


@pytest.fixture
def ward(guardianship, subject, guardian, appointment, accept, majority):
    """The subject is a minor, and the guardian accepted."""
    terms_of = appointment(majority=majority)
    guardianship.nameGuardian(tuple(terms_of.values()), {"from": subject})
    accept()
    return subject


@pytest.fixture
def adult(guardianship, subject, guardian, appointment, accept):
    """The subject is an adult who named the guardian in advance, and the guardian accepted."""
    guardianship.nameGuardian(tuple(appointment().values()), {"from": subject})
    accept()
    return subject


@pytest.fixture
def three(guardianship, subject, guardians, appointment, accept):
    """Three guardians who recover a seed two together."""
    for one in guardians:
        given = appointment(guardian=one.address, threshold=2)
        guardianship.nameGuardian(tuple(given.values()), {"from": subject})
        accept(one)
    return guardians


@pytest.fixture
def group(guardianship, guardian):
    """The guardian's group, as a grantee."""
    number = int(guardian.address, 16) & (2**96 - 1)
    return web3.to_hex(number.to_bytes(12, "big") + bytes.fromhex(guardianship.address[2:]))


@pytest.fixture
def scope(registry, subject, group):
    """What the subject grants to the guardian's group: labs and activity, for treatment."""
    given = terms(group, validUntil=chain[-1].timestamp + 1800 * DAY)
    registry.grant(tuple(given.values()), {"from": subject})
    return given


@pytest.fixture
def asks(registry, subject, grantee, group):
    """What decide says when the grantee asks under the guardian's group."""

    def ask(**changed: Any) -> bool:
        request = {
            "subject": str(subject),
            "actor": str(grantee),
            "grantee": group,
            "use": int(Use.TREAT),
            "classes": int(DataClass.LABS),
            "disease": 0,
        } | changed
        return bool(registry.decide(tuple(request.values()))[0])

    return ask


@pytest.fixture
def support(guardianship, subject, stranger, relayer, message_of, signed):
    """Start a recovery for the stranger by the signatures of these guardians."""

    def send(*who: Any, requester: Any = None, **given: Any) -> Any:
        asked = str(requester or stranger)
        messages = [
            message_of("RecoverySupport", guardian=one.address, requester=asked, **given)
            for one in who
        ]
        deadline = messages[0]["deadline"] if messages else chain[-1].timestamp + DAY
        signatures = [
            signed(one, "RecoverySupport", message | {"deadline": deadline})
            for one, message in zip(who, messages, strict=True)
        ]
        return guardianship.startRecovery(
            subject, asked, [one.address for one in who], deadline, signatures, {"from": relayer}
        )

    return send
