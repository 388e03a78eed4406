"""Signed acts of emergency access: what a person or a guardian signs, for others to carry.

    act = emergency_acts.stop(suite, persona, subject=persona.address, clinician=clinician)
    relayer.send(act.call)

A stop names the opening that it stops, has no deadline, and stays good until it is carried.
"""

from __future__ import annotations

from typing import Final

from eth_account.signers.local import LocalAccount

from aceso.signing import sign

from .acts import SignedAct
from .suite import Suite

__all__ = ["stop", "take_credit"]

_CONTRACT: Final = "EmergencyAccess"
_DEADLINE_SECONDS: Final = 3600


def stop(suite: Suite, by: LocalAccount, *, subject: str, clinician: str) -> SignedAct:
    """Stop the open access of `clinician`, as the subject or as a guardian who may stop."""
    message = {
        "subject": subject,
        "by": by.address,
        "clinician": clinician,
        "number": suite.emergencies.newest_of(subject, clinician).number,
    }
    signature = sign(by, "EmergencyStop", message, suite.domain(_CONTRACT))
    call = suite.emergencies.stop_with_sig(subject, by.address, clinician, signature)
    return SignedAct(call, "EmergencyStop", message, signature)


def take_credit(suite: Suite, account: LocalAccount, to: str) -> SignedAct:
    """Take what `account` is owed to another account."""
    until = suite.now() + _DEADLINE_SECONDS
    message = {
        "subject": account.address,
        "to": to,
        "taken": suite.emergencies.credit_of(account.address)[1],
        "deadline": until,
    }
    signature = sign(account, "EmergencyCredit", message, suite.domain(_CONTRACT))
    call = suite.emergencies.take_credit_with_sig(account.address, to, until, signature)
    return SignedAct(call, "EmergencyCredit", message, signature)
