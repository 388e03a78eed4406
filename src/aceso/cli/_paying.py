"""What an account has to buy before it can pay, said before anything is asked or sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aceso.errors import InputError

from ._words import say

if TYPE_CHECKING:
    from aceso.chain import Receipt
    from aceso.flows import Network, Researcher

__all__ = ["TopUp", "top_up"]


@dataclass(frozen=True, slots=True)
class TopUp:
    """Coin that is missing, in base units, and the wei that buys it; both 0 where none is."""

    missing: int
    wei: int

    def added_to(self, text: str) -> str:
        """A text that is agreed to, with what is bought besides."""
        from aceso.flows import coin

        if not self.wei:
            return text
        return f"{text}\n{say('notice.top_up', missing=coin(self.missing), ether=coin(self.wei))}"

    def buy(self, buyer: Researcher) -> list[Receipt]:
        """Buy it."""
        return [buyer.buy_coin(wei=self.wei)] if self.wei else []


def top_up(network: Network, amount: int, balance: int, *, with_ether: bool) -> TopUp:
    """What `balance` lacks of `amount`; refused where it may not be bought, or the sale won't."""
    from aceso.flows import coin, read_sale

    missing = amount - balance
    if missing <= 0:
        return TopUp(0, 0)
    if not with_ether:
        raise InputError(
            f"This takes {coin(amount)} coin, and this account has {coin(balance)}. Get coin, or "
            "add --with-ether to buy what is missing.",
            code="E_NO_COIN",
            details={"price": coin(amount), "balance": coin(balance)},
        )
    sale = read_sale(network)
    sale.check(missing)
    return TopUp(missing, sale.cost(missing))
