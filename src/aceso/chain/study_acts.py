"""Signed acts of studies: what a person signs to enrol, for others to carry.

    relayer.send(study_acts.enrol(suite, persona, group))

It names the order that it makes, of which there is one ever, so it is good once.
"""

from __future__ import annotations

from typing import Final

from eth_account.signers.local import LocalAccount

from aceso.signing import sign

from .calls import Call
from .suite import Suite

__all__ = ["enrol"]

_DEADLINE_SECONDS: Final = 3600


def enrol(suite: Suite, account: LocalAccount, group: int, *, deadline: int | None = None) -> Call:
    """Enrol `account` in a revision of a study, which it granted to before."""
    until = suite.now() + _DEADLINE_SECONDS if deadline is None else deadline
    study, _ = suite.studies.of_group(group)
    order, exists = suite.studies.order_of(study, account.address)
    message = {
        "subject": account.address,
        "group": group,
        "order": order + exists,
        "deadline": until,
    }
    signature = sign(account, "Enrolment", message, suite.domain("Studies"))
    return suite.studies.enrol_with_sig(account.address, group, until, signature)
