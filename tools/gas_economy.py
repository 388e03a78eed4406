"""What the steps of long, disputed and other orders cost: scenarios of `gas_scenarios`."""

from __future__ import annotations

from typing import Any, Final

from aceso.codes import DataClass, Role, Use
from aceso.vault import PartList, part_leaf
from tools.gas_scene import Scene, ask, group, keccak

__all__ = ["run"]

_HOUR: Final = 3600
_DAY: Final = 86_400
_COIN: Final = 10**18
_FOREVER: Final = 2**40 - 1
_SAID: Final = b"\x5a" * 32
# One more than `Disputes` looks ahead.
_LOT_BLOCKS: Final = 97


def run(scene: Scene) -> None:
    """All of them, on desks of their own."""
    scene.market = scene.desk("DataMarket", scene.authority, _HOUR)
    allowed = scene.coin.functions.approve(scene.market.address, 100 * _COIN)
    scene.send(allowed, scene.buyer)
    # The first order is for the slots that are used ever after.
    for names in ((None, None, None), ("order_dispute", "order_resolve", "settle_part")):
        _disputed(scene, *names)
    _judged(scene)
    _studies(scene)
    _sales(scene)
    _unions(scene)


def _disputed(
    scene: Scene, dispute: str | None, resolve: str | None, settle_part: str | None
) -> None:
    """An order that is disputed in vain, and pays a part when that can't be any more."""
    market = scene.market.functions
    offer = scene.offer()
    order = scene.buy(offer)
    scene.deliver(order, [0, 2], 3, 2)
    scene.send(market.dispute(order), scene.authority, dispute)
    scene.send(market.resolve(order, False), scene.authority, resolve)
    scene.wait(2 * _HOUR)
    scene.send(market.settlePart(order), scene.relayer, settle_part)
    for follow in ("consent_follow", "consent_follow_again") if settle_part else ():
        scene.send(market.followConsent(scene.subject, offer), scene.relayer, follow)
        asked = scene.terms(group(offer, scene.market.address), int(DataClass.LABS), int(Use.HMB))
        scene.send(scene.consents.functions.grant(asked), scene.subject)


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
    # The last of them, at the place that they had.
    scene.send(disputes.functions.leavePanel(), evaluator)
    scene.send(disputes.functions.joinPanel(number), evaluator, "panel_join_again")
    # All three vote in the first, so that it is all the same who is drawn for which seat then.
    _judge(scene, disputes, (True, False, True), *(None,) * 5)
    names = ("dispute_open", "dispute_draw", "dispute_vote", "dispute_vote_decides")
    _judge(scene, disputes, (True, True), *names)
    scene.send(disputes.functions.payCredit(scene.buyer), scene.stranger, "dispute_credit")


def _judge(scene: Scene, disputes: Any, said: tuple[bool, ...], *names: str | None) -> None:
    """Open, draw and uphold a dispute; `said` are the votes, from the first seat on."""
    opened, drawn, *votes = names
    call = disputes.functions
    order = scene.buy(scene.offer())
    scene.deliver(order, [0, 2], 3, 2)
    scene.send(call.open(scene.market.address, order, 0, _SAID), scene.buyer, opened)
    number = call.disputeCount().call()
    members = [custodian.address for custodian in scene.custodians[:3]]
    panel, seated = scene.web3.eth.accounts[10:13], None
    before, now = ask(scene.web3, "evm_snapshot"), scene.now
    # Hashes of blocks are another in each run, and what a draw costs is by who is drawn for which
    # seat: it is repeated until they sit in the order in which they joined.
    while seated != panel:
        if seated is not None:
            ask(scene.web3, "evm_revert", before)
            before, scene.now = ask(scene.web3, "evm_snapshot"), now
        scene.mine(_LOT_BLOCKS)
        scene.send(call.draw(number, (members, 2)), scene.stranger, drawn)
        seated = [call.seatOf(number, seat).call()[0] for seat in range(len(panel))]
    for seat, (upheld, name) in enumerate(zip(said, votes, strict=True)):
        evaluator = call.seatOf(number, seat).call()[0]
        scene.send(call.vote(number, seat, upheld, _SAID), evaluator, name)


def _studies(scene: Scene) -> None:
    """A study with a budget for four; the second who enrols counts, in slots of their own."""
    scene.libraries["StudyBook"] = scene.deploy("StudyBook").address
    contract = scene.desk("Studies", scene.authority, _HOUR)
    call, researcher, board = contract.functions, scene.buyer, scene.institution
    scene.accredit(researcher, Role.RESEARCHER)
    scene.accredit(board, Role.ETHICS_BOARD)
    for member in (board, researcher):
        place = 1 if member == board else 2
        for other in (1, 2, 3):
            until = 2**40 - 1 if other == place else 0
            joined = scene.participants.functions.setMember(other, member, until, 0)
            scene.send(joined, scene.authority)
    allowed = scene.coin.functions.approve(contract.address, 100 * _COIN)
    scene.send(allowed, researcher)
    protocol = tuple(keccak(text=text) for text in ("criteria", "document", "keys"))

    def terms() -> tuple[object, ...]:
        return (
            *(researcher, _COIN, scene.institution, 1, _DAY, 1000, int(Use.HMB)),
            *(int(DataClass.LABS), 0, 8, _DAY, scene.now + 30 * _DAY, 9),
        )

    scene.send(call.open(terms(), protocol), researcher)
    scene.send(call.open(terms(), protocol), researcher, "study_open")
    scene.send(call.fund(1, 2 * _COIN), researcher)
    scene.send(call.fund(1, 2 * _COIN), researcher, "study_fund")
    for study in (2, 1):
        approved = call.approveStudy(study << 16 | 1, 1)
        scene.send(approved, board, "study_approve" if study == 1 else None)
    study_group = 1 << 16 | 1
    grantee = group(study_group, contract.address)
    asked = list(scene.terms(grantee, int(DataClass.LABS), int(Use.HMB)))
    asked[3] = 8
    subjects = (scene.colleague, scene.subject, scene.stranger)
    for place, subject in enumerate(subjects):
        scene.send(scene.consents.functions.grant(tuple(asked)), subject)
        scene.send(call.enrol(study_group), subject, "study_enrol" if place == 1 else None)
    scene.wait(_DAY)
    for name in (None, "study_refund"):
        order = call.orderOf(1, subjects[0] if name is None else subjects[1]).call()[0]
        scene.send(call.settle(order), scene.relayer, name)
    scene.send(call.amend(1, terms(), protocol), researcher, "study_amend")
    scene.send(call.close(2), researcher)
    scene.send(call.close(1), researcher, "study_close")


def _sales(scene: Scene) -> None:
    """Coin for ether and for a token, by who has bought on that day before; and the proceeds.

    The token is a coin of its own, as plain as a token with permits is.
    """
    authority, payer = scene.authority, scene.payer
    token = scene.deploy("RewardCoin", authority, authority, 10**9 * _COIN)
    nonce = scene.web3.eth.get_transaction_count(authority)
    coin = scene.deploy("RewardCoin", scene.address_of(nonce + 1), authority, 10**9 * _COIN)
    terms = (1000, token.address, _COIN, 10**6 * _COIN, 10**6 * _COIN)
    sale = scene.deploy("CoinSale", scene.participants.address, coin.address, scene.commons, terms)
    call = sale.functions
    for buyer in (scene.buyer, payer.address):
        scene.send(token.functions.mint(buyer, 100 * _COIN), authority)
    scene.send(token.functions.approve(sale.address, 100 * _COIN), scene.buyer)
    for ether, paid in ((None, None), ("coin_buy", "coin_buy_token")):
        scene.send(call.buy(), scene.buyer, ether, value=_COIN // 10)
        scene.send(call.buyWithToken(_COIN), scene.buyer, paid)
    for name in (None, "coin_buy_permit"):
        deadline = scene.now + _DAY
        signature = scene.permit(token, sale.address, _COIN, deadline)
        bought = call.buyWithPermit(_COIN, deadline, *signature)
        scene.send(bought, payer.address, name)
    for ether, paid in ((None, None), ("coin_proceeds", "coin_proceeds_token")):
        scene.send(call.buy(), scene.buyer, value=_COIN // 10)
        scene.send(call.buyWithToken(_COIN), scene.buyer)
        scene.send(call.sendProceeds(), scene.relayer, ether)
        scene.send(call.sendTokenProceeds(), scene.relayer, paid)
    scene.send(call.announceEnd(), authority, "coin_sale_end")


def _unions(scene: Scene) -> None:
    """A union of four; in slots of their own, the second who does a thing counts, as a rule."""
    for library in ("UnionBook", "UnionShares"):
        scene.libraries[library] = scene.deploy(library).address
    contract = scene.market = scene.desk("Unions", scene.authority, _HOUR)
    call, keeper, voucher = contract.functions, scene.relayer, scene.issuer
    scene.send(scene.coin.functions.approve(contract.address, 100 * _COIN), scene.buyer)
    terms = (
        *(keeper, 3 * _COIN, scene.institution, 1, _DAY, 1000, _DAY, voucher.address),
        *(int(Use.HMB), int(DataClass.LABS), 0, 0, False),
    )
    scene.send(call.open(terms), keeper)
    scene.send(call.open(terms), keeper, "union_open")
    grantee = group(1, contract.address)
    people = (scene.colleague, scene.subject, scene.stranger, scene.physician, keeper)
    for place, person in enumerate(people):
        is_measured = place == 1
        mark = keccak(text=f"mark {place}")
        vouch = {"voucher": voucher.address, "account": person, "mark": mark}
        signature = scene.sign(voucher, contract, "PersonaVouch", **vouch)
        vouched = call.vouch(*vouch.values(), signature)
        scene.send(vouched, keeper, "union_vouch" if is_measured else None)
        asked = scene.terms(grantee, int(DataClass.LABS), int(Use.HMB))
        scene.send(scene.consents.functions.grant(asked), person)
        scene.send(call.join(1, mark), person, "union_join" if is_measured else None)

    for seen in ("consent_follow", "consent_follow_again"):
        scene.send(call.followConsent(scene.colleague, 1), scene.relayer, seen)
        if seen == "consent_follow":
            scene.send(scene.consents.functions.grant(asked), scene.colleague)
    # Each of them has an extract, in a tree of sixteen leaves.
    parts = [(person, keccak(text=person), keccak(text="a capsule")) for person in people]
    leaves = [part_leaf(*part) for part in parts]
    tree = PartList.of([*leaves, *(keccak(text=f"part {place}") for place in range(11))])
    orders = []
    for name in (None, "union_buy"):
        scene.send(call.buy(1, _SAID, 1), scene.buyer, name)
        orders.append(call.orderOf(1, scene.buyer).call()[0])
        deliver = name and "union_deliver_2of3"
        scene.deliver(orders[-1], [0, 2], 3, 2, deliver, tree)
        # Of somebody who claims nothing below; the order of a place in a fresh word of 256.
        accused = call.accuse(orders[-1], parts[2], tree.proof(leaves[2]))
        scene.send(accused, scene.buyer, name and "union_accuse")
        if name:
            scene.send(call.leave(1), scene.colleague)
            scene.send(call.leave(1), scene.subject, "union_leave")
            scene.send(scene.consents.functions.withdraw(grantee), scene.stranger)
            scene.send(call.strike(1, scene.stranger), scene.relayer, "union_strike")
        # While it runs, a member is paid what they earned by now, twice, and the rest in the end.
        running = call.claim(orders[-1], parts[4], tree.proof(leaves[4]))
        for hours, paid in ((12, "union_part"), (6, "union_part_again"), (6, "union_part_rest")):
            scene.wait(hours * _HOUR)
            scene.send(running, scene.relayer, name and paid)
        # The first to claim writes the word of 256 places; the last one stayed to the end.
        for place in (0, 1, 3):
            claimed = call.claim(orders[-1], parts[place], tree.proof(leaves[place]))
            names = {0: None, 1: "union_claim_prorata", 3: "union_claim"}
            scene.send(claimed, scene.relayer, name and names[place])
    # Not between the orders: grants of 300 days would be over, and nothing earned by the second.
    scene.wait(366 * _DAY)
    for order, name in zip(orders, (None, "union_settle"), strict=True):
        scene.send(call.settle(order), scene.relayer, name)
