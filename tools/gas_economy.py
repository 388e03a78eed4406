"""What the steps of long, disputed and other orders cost: scenarios of `gas_scenarios`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tools.gas_scenarios import Scene

__all__ = ["run"]

_HOUR: Final = 3600
_COIN: Final = 10**18


def run(scene: Scene) -> None:
    """All of them, on desks of their own."""
    scene.market = scene.desk("DataMarket", scene.authority, _HOUR)
    allowed = scene.coin.functions.approve(scene.market.address, 100 * _COIN)
    scene.send(allowed, scene.buyer)
    # The first order is for the slots that are used ever after.
    for names in ((None, None, None), ("order_dispute", "order_resolve", "settle_part")):
        _disputed(scene, *names)


def _disputed(
    scene: Scene, dispute: str | None, resolve: str | None, settle_part: str | None
) -> None:
    """An order that is disputed in vain, and pays a part when that can't be any more."""
    market = scene.market.functions
    order = scene.buy(scene.offer())
    scene.deliver(order, [0, 2], 3, 2)
    scene.send(market.dispute(order), scene.authority, dispute)
    scene.send(market.resolve(order, False), scene.authority, resolve)
    scene.wait(2 * _HOUR)
    scene.send(market.settlePart(order), scene.relayer, settle_part)
