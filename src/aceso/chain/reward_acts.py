"""Signed acts of rewards: what a person signs, for others to carry.

act = reward_acts.appeal(suite, persona)
relayer.send(act.call)
"""

from __future__ import annotations

from typing import Final

from eth_account.signers.local import LocalAccount

from aceso.signing import sign

from .acts import SignedAct
from .suite import Suite

__all__ = ["appeal"]

_CONTRACT: Final = "RewardBoard"


def appeal(suite: Suite, account: LocalAccount) -> SignedAct:
    """Appeal against the account's newest ban, and no other."""
    bans = suite.reward_board.ban_of(account.address)[2]
    message = {"account": account.address, "ban": bans}
    signature = sign(account, "BanAppeal", message, suite.domain(_CONTRACT))
    call = suite.reward_board.appeal_with_sig(account.address, signature)
    return SignedAct(call, "BanAppeal", message, signature)
