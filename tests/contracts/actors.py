"""Actors and registries, as fixtures: `conftest.py` gives them to all tests of the contracts.

A test that needs another suite, as those of the market do, says so by a fixture of the same name in
its own file or folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from brownie import chain, web3

from aceso.codes import DataClass, Reason, Role, Use
from aceso.typed_data import TYPES
from tests.contracts.acting import (
    ACTS,
    CONSENT_ACTS,
    DAY,
    account_of,
    domain_of,
    grantee_of,
    head,
    sign,
    terms,
    word,
)

__all__ = [
    "access_log",
    "act",
    "at",
    "authority",
    "decide",
    "employ",
    "grantee",
    "message_of",
    "other_subject",
    "participants",
    "physician",
    "records",
    "registry",
    "relayer",
    "stranger",
    "subject",
]

# Keys of nobody: they are in this file.
_SUBJECT_KEY = "0x" + "a1" * 32
_OTHER_KEY = "0x" + "b2" * 32
_FOREVER = 2**40 - 1


def employ(
    participants: Any,
    authority: Any,
    staff: Sequence[tuple[Any, Role, int]],
    *,
    institutions: int,
) -> None:
    """Open so many institutions; then accredit accounts, each in a role and as a member of the
    institution of this number, once the registry's delay is over."""
    by = {"from": authority}
    for _ in range(institutions):
        participants.openInstitution(authority, by)
    for each, role, _ in staff:
        participants.proposeAccreditation(each, int(role), 0, by)
    delay = int(participants.accreditationDelay())
    if delay:
        web3.provider.make_request("evm_mine", [chain[-1].timestamp + delay])
    for each, _, place in staff:
        participants.accredit(each, by)
        participants.setMember(place, each, _FOREVER, 0, by)


@pytest.fixture(scope="module")
def authority(accounts):
    return accounts[1]


@pytest.fixture(scope="module")
def participants(ParticipantRegistry, accounts, authority):
    return ParticipantRegistry.deploy(authority, 2 * DAY, {"from": accounts[0]})


@pytest.fixture(scope="module")
def registry(ConsentRegistry, accounts, participants):
    return ConsentRegistry.deploy(participants, {"from": accounts[0]})


@pytest.fixture(scope="module")
def access_log(AccessLog, accounts, participants):
    return AccessLog.deploy(participants, {"from": accounts[0]})


@pytest.fixture(scope="module")
def records(RecordRegistry, accounts, participants):
    return RecordRegistry.deploy(participants, {"from": accounts[0]})


@pytest.fixture(scope="module")
def relayer(accounts):
    return accounts[2]


@pytest.fixture(scope="module")
def grantee(accounts):
    return accounts[3]


@pytest.fixture(scope="module")
def physician(accounts):
    return accounts[4]


@pytest.fixture(scope="module")
def stranger(accounts):
    return accounts[5]


@pytest.fixture(scope="module")
def subject(accounts):
    return account_of(_SUBJECT_KEY)


@pytest.fixture(scope="module")
def other_subject(accounts):
    return account_of(_OTHER_KEY)


@pytest.fixture
def at(chain):
    """Make the newest block one of this second."""

    def mine(second: int) -> None:
        # Brownie's own `chain.mine` speaks no dialect that Anvil knows.
        web3.provider.make_request("evm_mine", [second])
        assert chain[-1].timestamp == second

    return mine


@pytest.fixture
def decide(registry, subject, grantee):
    """Ask for what `terms` grants, as the grantee, unless said otherwise. Gives the reason."""

    def ask(**changed: Any) -> Reason:
        request = {
            "subject": str(subject),
            "actor": str(grantee),
            "grantee": grantee_of(grantee),
            "use": int(Use.TREAT),
            "classes": int(DataClass.LABS),
            "disease": 0,
        } | changed
        permitted, reason = registry.decide(tuple(request.values()))
        assert permitted is Reason(reason).permits
        return Reason(reason)

    return ask


@pytest.fixture(params=["direct", "signed"])
def act(request, registry, records, subject, relayer, message_of):
    """Do an act of the subject's in one of its two ways; a test that uses it is run in both."""

    def send(type_name: str, **given: Any) -> Any:
        kind = ACTS[type_name]
        contract = registry if kind in CONSENT_ACTS else records
        message = message_of(type_name, **given)
        if request.param == "direct":
            call = getattr(contract, kind.direct)
            return call(*kind.direct_arguments(message), {"from": subject})
        signature = sign(subject.private_key, type_name, message, domain_of(contract))
        call = getattr(contract, kind.signed)
        return call(*kind.arguments(message), signature, {"from": relayer})

    return send


@pytest.fixture
def message_of(registry, subject, grantee, physician):
    """The message of an act in the state that the registry is in; `given` replaces fields of it."""

    def message(type_name: str, **given: Any) -> dict[str, Any]:
        now = chain[-1].timestamp
        named = [field["name"] for field in TYPES[type_name].types[type_name]]
        found = {
            "subject": str(subject),
            "issuer": str(subject),
            "deadline": now + DAY,
            "actor": str(grantee),
            "physician": str(physician),
            "classes": 0,
            "root": "0x" + "01" * 32,
            "batch": "0x" + "02" * 32,
            "leaf": "0x" + "03" * 32,
            "successor": "0x" + "04" * 32,
        } | terms(grantee_of(grantee))
        if type_name == "PrimaryPhysician":
            found["classes"] = 0
        found |= given
        target = {
            "Grant": found["grantee"],
            "Withdrawal": found["grantee"],
            "PrimaryPhysician": grantee_of(found["physician"]),
        }.get(type_name, grantee_of(found["actor"]))
        if "issuer" not in named:
            before, above = (
                word(registry, found["subject"], target),
                head(registry, found["subject"]),
            )
            found = {
                "grants": before["grants"],
                "withdrawals": before["withdrawals"],
                "bars": (before["bars"] - before["barred"]) % 64,
                "epoch": above["epoch"],
                "changes": above["changes"],
            } | found
        return {name: found[name] for name in named}

    return message
