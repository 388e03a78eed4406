"""Who carries to the chain what anybody may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aceso.chain import Sender
    from aceso.flows import Network, Profile

__all__ = ["sender_of"]


def sender_of(network: Network, profile: Profile) -> Sender:
    """A person has it carried like all that they do; all others pay for themselves."""
    from aceso.flows import Holder

    if profile.kind == "person":
        return network.relayer
    return network.sender(Holder(network, profile).account)
