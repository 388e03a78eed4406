"""What the steps of long, disputed and other orders cost: scenarios of `gas_scenarios`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aceso.codes import Role

if TYPE_CHECKING:
    from tools.gas_scenarios import Scene

__all__ = ["run"]

_HOUR: Final = 3600
_COIN: Final = 10**18
_FOREVER: Final = 2**40 - 1
_SAID: Final = b"\x5a" * 32


def run(scene: Scene) -> None:
    """All of them, on desks of their own."""
    scene.market = scene.desk("DataMarket", scene.authority, _HOUR)
    allowed = scene.coin.functions.approve(scene.market.address, 100 * _COIN)
    scene.send(allowed, scene.buyer)
    # The first order is for the slots that are used ever after.
    for names in ((None, None, None), ("order_dispute", "order_resolve", "settle_part")):
        _disputed(scene, *names)
    _judged(scene)


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


def _judged(scene: Scene) -> None:
    """Disputes of two orders: the second by those who have paid, voted and been paid before."""
    call = scene.participants.functions
    disputes = scene.deploy(
        "Disputes",
        *(scene.participants.address, scene.coin.address),
        *(50 * _COIN, 5 * _COIN, _HOUR, _HOUR),
    )
    scene.market = scene.desk("DataMarket", disputes.address, _HOUR)
    for spender in (scene.market, disputes):
        allowed = scene.coin.functions.approve(spender.address, 1_000 * _COIN)
        scene.send(allowed, scene.buyer)
    for evaluator in scene.web3.eth.accounts[10:13]:
        scene.accredit(evaluator, Role.EVALUATOR)
        opened = call.openInstitution(evaluator)
        number = opened.call({"from": scene.authority})
        scene.send(opened, scene.authority)
        scene.send(call.setMember(number, evaluator, _FOREVER, 0), evaluator)
        scene.send(disputes.functions.joinPanel(number), evaluator, "panel_join")
    _judge(scene, disputes, None, None, None, None)
    _judge(scene, disputes, "dispute_open", "dispute_draw", "dispute_vote", "dispute_vote_decides")
    scene.send(disputes.functions.payCredit(scene.buyer), scene.stranger, "dispute_credit")


def _judge(scene: Scene, disputes: Any, *names: str | None) -> None:
    """Open, draw and uphold a dispute."""
    opened, drawn, *votes = names
    call = disputes.functions
    order = scene.buy(scene.offer())
    scene.deliver(order, [0, 2], 3, 2)
    scene.send(call.open(scene.market.address, order, 0, _SAID), scene.buyer, opened)
    number = call.disputeCount().call()
    # The block of the lot.
    scene.send(scene.coin.functions.approve(scene.stranger, 0), scene.stranger)
    members = [custodian.address for custodian in scene.custodians[:3]]
    scene.send(call.draw(number, (members, 2)), scene.stranger, drawn)
    for seat, name in enumerate(votes):
        evaluator = call.seatOf(number, seat).call()[0]
        scene.send(call.vote(number, seat, True, _SAID), evaluator, name)
