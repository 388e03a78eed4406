"""Coin, and the sale that it comes from.

    sale = read_sale(network)
    sale.left, sale.cost(base_units("100"))
    CoinBuyer(network, profile).buy(base_units("100"))
    send_proceeds(network)

Whoever buys pays for themselves, with ether or with the token that the sale takes, and gets at
least what they asked for: what it costs is rounded up to a whole unit. Of a token that keeps a fee
of each transfer less arrives, and the sale gives coin for what arrives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aceso.chain import Receipt, Token
from aceso.errors import InputError

from .amounts import coin
from .issuer import Holder
from .network import Network, said
from .paying_out import commons_fees

__all__ = ["Bought", "CoinBuyer", "SaleState", "read_sale", "send_proceeds"]

_COIN: Final = 10**18
# How long a permit can be used: the purchase is sent at once.
_PERMIT_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class SaleState:
    """The sale's prices and caps, and how far it is, in base units; `token` is empty for none.

    `decimals` are those of the token.
    """

    rate: int
    token: str
    token_price: int
    decimals: int
    sold: int
    cap: int
    sold_today: int
    day_cap: int
    ends_at: int
    is_over: bool

    @property
    def left_today(self) -> int:
        return 0 if self.is_over else min(self.cap - self.sold, self.day_cap - self.sold_today)

    def cost(self, amount: int, *, with_token: bool = False) -> int:
        """What `amount` of coin costs, in wei or in base units of the token."""
        if with_token:
            return -(-amount * self.token_price // _COIN)
        return -(-amount // self.rate)

    def check(self, amount: int, *, with_token: bool = False) -> None:
        """Refuse what the sale would refuse, before anything is sent."""
        if with_token and not self.token:
            raise InputError(
                "The sale takes no token. Leave --with-token out and pay with ether.",
                code="E_SALE_TOKEN",
            )
        if not with_token and not self.rate:
            raise InputError(
                "The sale takes no ether. Pay with its token: "
                "`aceso coin buy AMOUNT --with-token`.",
                code="E_SALE_ETHER",
            )
        if self.is_over:
            raise InputError(
                "The sale is over for good. Get coin from somebody who has some.",
                code="E_SALE_OVER",
            )
        if amount > self.left_today:
            raise InputError(
                f"The sale has {coin(self.left_today)} coin left today, of "
                f"{coin(self.cap - self.sold)} in all. Buy less, or come back after midnight, UTC.",
                code="E_SALE_LEFT",
                details={"left": coin(self.left_today), "all": coin(self.cap - self.sold)},
            )


@dataclass(frozen=True, slots=True)
class Bought:
    """How much coin was bought for what; `token` is empty for ether."""

    amount: int
    paid: int
    token: str
    receipts: tuple[Receipt, ...]


def read_sale(network: Network) -> SaleState:
    """How the sale stands at the newest block."""
    suite = network.suite
    sale = suite.sale
    token, price = sale.token()
    sold, cap = sale.sold()
    sold_today, day_cap = sale.sold_today()
    ends_at = sale.ends_at()
    return SaleState(
        rate=sale.rate(),
        token=token if price else "",
        token_price=price,
        decimals=Token(suite.node, token).decimals() if price else 0,
        sold=sold,
        cap=cap,
        sold_today=sold_today,
        day_cap=day_cap,
        ends_at=ends_at,
        is_over=0 < ends_at <= suite.now(),
    )


class CoinBuyer(Holder):
    """Whoever gets coin and pays for it themselves."""

    def buy(self, amount: int, *, with_token: bool = False) -> Bought:
        """Buy `amount` base units of coin, or what a whole wei or unit of the token gives above."""
        state = read_sale(self.network)
        state.check(amount, with_token=with_token)
        paid = state.cost(amount, with_token=with_token)
        sender = self.network.sender(self.account)
        if with_token:
            receipts = self._pay(state.token, paid)
        else:
            receipts = [sender.send(self.network.suite.sale.buy(paid))]
        sold = said(receipts[-1], "CoinSold")
        return Bought(int(sold["amount"]), paid, state.token if with_token else "", tuple(receipts))

    def _pay(self, address: str, paid: int) -> list[Receipt]:
        """Pay with the token: by what is allowed already, by a permit, or else by allowing it."""
        suite, me = self.network.suite, self.account.address
        sender, sale = self.network.sender(self.account), suite.sale
        token = Token(suite.node, address)
        allowed = token.allowance(me, sale.address)
        if allowed >= paid:
            return [sender.send(sale.buy_with_token(paid))]
        deadline = suite.now() + _PERMIT_SECONDS
        permit = token.permit(self.account, sale.address, paid, deadline)
        if permit is not None:
            return [sender.send(sale.buy_with_permit(paid, *permit.astuple()))]
        # Some tokens change an allowance only from or to nothing.
        approvals = [token.approve(sale.address, 0)] if allowed else []
        approvals.append(token.approve(sale.address, paid))
        return [*(sender.send(one) for one in approvals), sender.send(sale.buy_with_token(paid))]


def send_proceeds(network: Network) -> list[Receipt]:
    """Send what the sale took in, and what orders earned, to the commons; nothing where there is
    nothing."""
    suite = network.suite
    sale = suite.sale
    token, price = sale.token()
    sent = []
    if suite.node.balance(sale.address):
        sent.append(network.relayer.send(sale.send_proceeds()))
    if price and Token(suite.node, token).balance_of(sale.address):
        sent.append(network.relayer.send(sale.send_token_proceeds()))
    return sent + commons_fees(network, network.relayer)
