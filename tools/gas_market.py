"""What orders of the market cost, from purchase to payment: the scenario of `gas_scenarios`."""

from __future__ import annotations

from aceso.codes import Role
from tools.gas_scene import COIN, DAY, FOREVER, Scene, ask, group, keccak

__all__ = ["market"]


def market(scene: Scene) -> None:
    """Orders bought, delivered and settled, and what is paid out of them."""
    market, coin, participants = (
        scene.market.functions,
        scene.coin.functions,
        scene.participants.functions,
    )
    for place, custodian in enumerate(scene.custodians, start=1):
        scene.send(participants.openInstitution(scene.authority), scene.authority)
        member = participants.setMember(place, custodian.address, FOREVER, 0)
        scene.send(member, scene.authority)
        scene.accredit(custodian.address, Role.CUSTODIAN)
    members = [custodian.address for custodian in scene.custodians]
    for committee, places in (((members[:3], 2), [1, 2, 3]), ((members, 3), [1, 2, 3, 4, 5])):
        scene.send(participants.registerCommittee(committee, places), scene.authority)

    for holder in (scene.buyer, scene.subject, scene.stranger):
        scene.send(scene.sale.functions.buy(), holder, value=COIN)
    scene.send(coin.transfer(scene.stranger, 5), scene.buyer, "coin_transfer")
    scene.send(coin.approve(scene.market.address, 100 * COIN), scene.buyer)

    # Nothing is delivered and all goes back, twice: the second refund counts.
    for name in (None, "credit_withdraw"):
        order = scene.buy(scene.offer())
        scene.wait(DAY)
        scene.send(market.settle(order), scene.relayer)
        scene.send(market.payCredit(scene.buyer), scene.buyer, name)
    if coin.balanceOf(scene.market.address).call() != 0:
        raise SystemExit("the market still holds coin")

    # A first round for all, after which nobody has a slot that was never used: one order runs its
    # whole time, one is stopped, and everybody takes what they are owed.
    for stopped in (False, True):
        _round(scene, stopped=stopped)
    for owed in (scene.subject, scene.institution, scene.buyer):
        scene.send(market.payCredit(owed), owed)

    # The second round counts.
    _round(scene, stopped=False, counts=True)
    for owed in (scene.subject, scene.institution):
        scene.send(market.payCredit(owed), owed)
    _round(scene, stopped=True, counts=True)

    order = scene.buy(scene.offer(committee=2))
    scene.deliver(order, [0, 2, 4], 5, 3, "deliver_3of5")

    _permits(scene)


def _round(scene: Scene, *, stopped: bool, counts: bool = False) -> None:
    """An order from purchase to settlement by a stranger; `stopped` after an hour of its day."""
    number = scene.offer()
    order = scene.buy(number, "buy" if counts and not stopped else None)
    scene.deliver(order, [0, 2], 3, 2, "deliver_2of3" if counts and not stopped else None)
    if stopped:
        scene.wait(3600)
        grantee = group(number, scene.market.address)
        scene.send(scene.consents.functions.withdraw(grantee), scene.subject)
    else:
        scene.wait(DAY)
    name = "settle_prorata" if stopped else "settle"
    scene.send(scene.market.functions.settle(order), scene.relayer, name if counts else None)


def _permits(scene: Scene) -> None:
    """Purchases in one transaction, by somebody who bought so before."""
    payer = scene.payer
    scene.send(scene.coin.functions.transfer(payer.address, 10 * COIN), scene.buyer)
    # The payer has a key of their own, so the node is told to send as them.
    ask(scene.web3, "anvil_impersonateAccount", payer.address)
    for name in (None, "buy_permit"):
        number = scene.offer()
        deadline = scene.now + DAY
        signature = scene.permit(scene.coin, scene.market.address, COIN, deadline)
        key = keccak(text="a key")
        bought = scene.market.functions.buyWithPermit(number, key, deadline, *signature)
        scene.send(bought, payer.address, name)
