"""Signed acts of guardianship: what a person, a guardian or a successor signs, for others to carry.

    act = guardian_acts.name_guardian(suite, persona, Appointment(…))
    relayer.send(act.call)

As in `acts`: each reads the counts that its message names, signs, and gives the call. Removing a
guardian, ending a share and objecting have no deadline and stay good until they are carried.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from eth_account.signers.local import LocalAccount

from aceso.signing import sign

from .acts import SignedAct
from .calls import Call
from .requests import Appointment, Claim
from .suite import Suite

__all__ = [
    "QUARTER_SECONDS",
    "Support",
    "accept",
    "commit_will",
    "contest",
    "name_guardian",
    "quarter_of",
    "remove_guardian",
    "share",
    "start_recovery",
    "succeed",
    "support_recovery",
    "unshare",
]

_CONTRACT: Final = "Guardianship"
_DEADLINE_SECONDS: Final = 3600
# Of a year of 365.25 days: so coarse is what the chain is told of a birthday.
QUARTER_SECONDS: Final = 7_889_400


def quarter_of(second: int) -> int:
    """The beginning of the quarter that `second` is in: guardians end no later than majority."""
    return second - second % QUARTER_SECONDS


@dataclass(frozen=True, slots=True)
class Support:
    """What one guardian signed for a recovery."""

    subject: str
    guardian: str
    requester: str
    objections: int
    deadline: int
    signature: bytes = field(repr=False)


def _deadline(suite: Suite, deadline: int | None) -> int:
    return suite.now() + _DEADLINE_SECONDS if deadline is None else deadline


def _sign(suite: Suite, account: LocalAccount, kind: str, message: dict[str, Any]) -> bytes:
    return sign(account, kind, message, suite.domain(_CONTRACT))


def name_guardian(
    suite: Suite, account: LocalAccount, appointment: Appointment, *, deadline: int | None = None
) -> SignedAct:
    """Name a guardian of `account`, who has to accept."""
    until = _deadline(suite, deadline)
    seat = suite.guardianship.seat(account.address, appointment.guardian)
    message = {
        "subject": account.address,
        "guardian": appointment.guardian,
        "powers": int(appointment.powers),
        "validFrom": appointment.valid_from,
        "validUntil": appointment.valid_until,
        "majority": appointment.majority,
        "threshold": appointment.threshold,
        "appointments": seat.appointments,
        "removals": seat.removals,
        "deadline": until,
    }
    signature = _sign(suite, account, "Appointment", message)
    call = suite.guardianship.name_guardian_with_sig(account.address, appointment, until, signature)
    return SignedAct(call, "Appointment", message, signature)


def remove_guardian(suite: Suite, account: LocalAccount, guardian: str) -> SignedAct:
    """Remove a guardian of `account`, with everybody whom they let in."""
    message = {
        "subject": account.address,
        "guardian": guardian,
        "removals": suite.guardianship.seat(account.address, guardian).removals,
    }
    signature = _sign(suite, account, "GuardianRemoval", message)
    call = suite.guardianship.remove_guardian_with_sig(account.address, guardian, signature)
    return SignedAct(call, "GuardianRemoval", message, signature)


def accept(
    suite: Suite, guardian: LocalAccount, subject: str, *, deadline: int | None = None
) -> SignedAct:
    """Accept to be a guardian of `subject`."""
    until = _deadline(suite, deadline)
    seat = suite.guardianship.seat(subject, guardian.address)
    message = {
        "subject": subject,
        "guardian": guardian.address,
        "appointments": seat.appointments,
        "removals": seat.removals,
        "deadline": until,
    }
    signature = _sign(suite, guardian, "GuardianAcceptance", message)
    call = suite.guardianship.accept_with_sig(subject, guardian.address, until, signature)
    return SignedAct(call, "GuardianAcceptance", message, signature)


def share(
    suite: Suite,
    guardian: LocalAccount,
    subject: str,
    actor: str,
    valid_until: int,
    *,
    deadline: int | None = None,
) -> SignedAct:
    """Let `actor` in on what `subject` granted to the guardian's group."""
    until = _deadline(suite, deadline)
    _, ends = suite.guardianship.share_of(subject, guardian.address, actor)
    message = {
        "subject": subject,
        "guardian": guardian.address,
        "actor": actor,
        "validUntil": valid_until,
        "ends": ends,
        "deadline": until,
    }
    signature = _sign(suite, guardian, "GuardianShare", message)
    call = suite.guardianship.share_with_sig(
        subject, guardian.address, actor, valid_until, until, signature
    )
    return SignedAct(call, "GuardianShare", message, signature)


def unshare(suite: Suite, guardian: LocalAccount, subject: str, actor: str) -> SignedAct:
    """End what the guardian let `actor` have."""
    _, ends = suite.guardianship.share_of(subject, guardian.address, actor)
    message = {"subject": subject, "guardian": guardian.address, "actor": actor, "ends": ends}
    signature = _sign(suite, guardian, "GuardianUnshare", message)
    call = suite.guardianship.unshare_with_sig(subject, guardian.address, actor, signature)
    return SignedAct(call, "GuardianUnshare", message, signature)


def contest(suite: Suite, account: LocalAccount, claim: Claim) -> SignedAct:
    """Object to what is claimed of `account`. For a recovery, this is the veto."""
    message = {
        "subject": account.address,
        "claim": int(claim),
        "objections": suite.guardianship.claim(account.address, claim)[1],
    }
    signature = _sign(suite, account, "Objection", message)
    call = suite.guardianship.contest_with_sig(account.address, claim, signature)
    return SignedAct(call, "Objection", message, signature)


def support_recovery(
    suite: Suite,
    guardian: LocalAccount,
    subject: str,
    requester: str,
    *,
    deadline: int,
) -> Support:
    """What a guardian signs so that `requester` may recover the seed of `subject`. All guardians
    of one recovery sign the same deadline."""
    objections = suite.guardianship.claim(subject, Claim.RECOVERY)[1]
    message = {
        "subject": subject,
        "guardian": guardian.address,
        "requester": requester,
        "objections": objections,
        "deadline": deadline,
    }
    signature = _sign(suite, guardian, "RecoverySupport", message)
    return Support(subject, guardian.address, requester, objections, deadline, signature)


def start_recovery(suite: Suite, supports: Sequence[Support]) -> Call:
    """Start the recovery that these guardians support; raise `ValueError` unless it is one."""
    if len({(one.subject, one.requester, one.deadline) for one in supports}) != 1:
        raise ValueError("these guardians do not support one and the same recovery")
    ordered = sorted(supports, key=lambda one: int(one.guardian, 16))
    first = ordered[0]
    return suite.guardianship.start_recovery(
        first.subject,
        first.requester,
        [one.guardian for one in ordered],
        first.deadline,
        [one.signature for one in ordered],
    )


def succeed(
    suite: Suite,
    subject: LocalAccount | str,
    successor: LocalAccount,
    *,
    deadline: int | None = None,
) -> Call:
    """Put `successor` in the place of `subject`. Where only the address of `subject` is there, its
    key is lost: then the one whose recovery is ready has to send this."""
    until = _deadline(suite, deadline)
    address = subject if isinstance(subject, str) else subject.address
    message = {"subject": address, "successor": successor.address, "deadline": until}
    own = b"" if isinstance(subject, str) else _sign(suite, subject, "Succession", message)
    other = _sign(suite, successor, "Succession", message)
    return suite.guardianship.succeed(address, successor.address, until, own, other)


def commit_will(
    suite: Suite, account: LocalAccount, will: bytes, *, deadline: int | None = None
) -> SignedAct:
    """Commit to a will: the digest of what ends at death and what does not."""
    until = _deadline(suite, deadline)
    message = {
        "subject": account.address,
        "will": will,
        "wills": suite.guardianship.person(account.address).wills,
        "deadline": until,
    }
    signature = _sign(suite, account, "Will", message)
    call = suite.guardianship.commit_will_with_sig(account.address, will, until, signature)
    return SignedAct(call, "Will", message, signature)
