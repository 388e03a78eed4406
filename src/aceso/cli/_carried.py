"""Whose account acts, and who carries to the chain what anybody may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

    from aceso.chain import Sender
    from aceso.flows import Network, Profile

    from ._session import Session

__all__ = ["own_account", "sender_of"]


def own_account(session: Session) -> LocalAccount:
    """A person's research persona, or the account of whoever else it is; no custodian is asked."""
    from aceso.flows import RESEARCH
    from aceso.flows.issuer import ACCOUNT

    profile = session.profile()
    return profile.seed.persona(RESEARCH if profile.kind == "person" else ACCOUNT)


def sender_of(network: Network, profile: Profile) -> Sender:
    """A person has it carried like all that they do; all others pay for themselves."""
    from aceso.flows import Holder

    if profile.kind == "person":
        return network.relayer
    return network.sender(Holder(network, profile).account)
