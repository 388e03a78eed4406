"""Granting to what somebody offers: an offer, a study, a union, whose terms have this in common.

terms = granted_terms(offered, grantee=…, since=…, until=…, notice=…)
granted, joined = grant_and_take_part(network, persona, terms, lambda: …)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from eth_account.signers.local import LocalAccount

from aceso.chain import Call, Receipt, RefusedError, Terms, acts
from aceso.codes import Condition, DataClass, Use

from .network import Network

__all__ = ["grant_and_take_part", "granted_terms"]


class _Offered(Protocol):
    @property
    def classes(self) -> DataClass | int: ...

    @property
    def use(self) -> Use | int: ...

    @property
    def conditions(self) -> Condition | int: ...

    @property
    def disease(self) -> int: ...


def granted_terms(
    offered: _Offered, *, grantee: bytes, since: int, until: int, notice: bytes
) -> Terms:
    """The grant that permits just what is offered, in seconds of the chain's time."""
    return Terms(
        grantee=grantee,
        classes=offered.classes,
        uses=offered.use,
        conditions=offered.conditions,
        disease=offered.disease,
        valid_from=since,
        valid_until=until,
        notice=notice,
    )


def grant_and_take_part(
    network: Network, persona: LocalAccount, terms: Terms, act: Callable[[], Call]
) -> tuple[Receipt, Receipt]:
    """Grant, and then do what the grant is for; `act` is asked for it when the grant is there."""
    granted = network.relayer.send(acts.grant(network.suite, persona, terms))
    try:
        return granted, network.relayer.send(act())
    except RefusedError:
        # Nobody gets anything by it, and it would be a consent to nothing.
        network.withdraw(acts.withdraw(network.suite, persona, terms.grantee))
        raise
