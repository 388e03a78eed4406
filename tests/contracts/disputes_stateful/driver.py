"""Random acts around disputes, each foretold by a ledger that asks the contract for nothing but who
was drawn."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from brownie import web3

from aceso.codes import Role
from tests.contracts.disputes.conftest import (
    BOND,
    DRAWING,
    FEE,
    FIRST_INSTITUTION,
    LOT_DELAY,
    LOT_LASTS,
    SAID,
    VOTING,
    WINDOW,
)
from tests.contracts.node import Node
from tests.contracts.trading import (
    COIN,
    DAY,
    DURATION,
    FOREVER,
    HMB,
    KEY,
    LABS,
    NONE,
    PRICE,
    Trade,
    grantee_of,
    mine_blocks,
    terms,
)

__all__ = ["GAS_TO_FREE", "Driver"]

GAS_TO_FREE = 150_000
LAPSE = 180 * DAY
IS_DRAWN, IS_VOTED_ON, UPHELD, DISMISSED, LAPSED = range(1, 6)
DELIVERED, SETTLED, DISPUTED = 2, 3, 4
ALWAYS = 2**256 - 1


@dataclass
class Case:
    """A dispute, as anybody would write it down who watches."""

    order: Order
    until: int
    lot: int
    fixed: int
    state: int = IS_DRAWN
    round: int = 1
    is_renewed: bool = False
    seats: list[str] = field(default_factory=list)
    first_panel: list[str] = field(default_factory=list)
    votes: dict[str, bool] = field(default_factory=dict)
    bond: int = BOND
    falls_silent: bool = False

    @property
    def runs(self) -> bool:
        return self.state in (IS_DRAWN, IS_VOTED_ON)


@dataclass
class Order:
    number: int
    payer: str
    subject: str
    start: int
    state: int = DELIVERED


class Driver(Node):
    """Rules are the methods whose names begin with `rule_`, and are chosen by their weights."""

    def __init__(self, trade: Trade, accounts: Any, evaluators: Any, seed: int) -> None:
        super().__init__(trade.now)
        self.trade, self.random = trade, random.Random(seed)
        self.market, self.coin, self.disputes = trade.market, trade.coin, trade.disputes
        self.payers = [str(trade.other), str(accounts[16])]
        self.subjects = [str(accounts[15]), str(accounts[18])]
        self.evaluators = [str(each) for each in evaluators]
        self.stranger, self.authority = str(trade.stranger), str(trade.authority)
        # The last two are of the institutions of the second payer and of the second subject.
        self.tied = {
            (self.evaluators[5], self.payers[1]),
            (self.evaluators[6], self.subjects[1]),
        }
        for evaluator, party in self.tied:
            place = FIRST_INSTITUTION + self.evaluators.index(evaluator)
            self._do(self.authority, trade.participants.setMember, place, party, FOREVER, 0)
        for payer in self.payers:
            self._do(payer, trade.sale.buy, value=2 * COIN)
            self._do(payer, self.coin.approve, self.market, ALWAYS)
            self._do(payer, self.coin.approve, self.disputes, ALWAYS)
        # When each joined, in blocks; who can't be drawn isn't there.
        self.joined: dict[str, int] = {}
        self.accredited = set(self.evaluators)
        self.orders: list[Order] = []
        self.cases: list[Case] = []
        self.credits: Counter[str] = Counter()
        self.purses = {each: self.number(self.coin.balanceOf, each) for each in self.payers}
        self.came_in = self.went_out = 0
        self.tried: Counter[str] = Counter()
        self.succeeded: Counter[str] = Counter()
        self.ended: Counter[int] = Counter()
        for each in self.evaluators:
            self.rule_join(each)

    def _do(self, sender: str, function: Any, *arguments: Any, value: int = 0) -> None:
        assert self.send(sender, function, *arguments, value=value), function._name

    def _expect(self, name: str, done: bool, expected: bool) -> bool:
        self.tried[name] += 1
        self.succeeded[name] += done
        assert done == expected, f"{name} {'succeeded' if done else 'was refused'} at {self.now}"
        return done

    def _skips(self, may: bool) -> bool:
        """Most of what would be refused is not tried."""
        return not may and self.random.random() < 0.93

    def _mostly(self, one: Any, other: Any) -> Any:
        return one if self.random.random() < 0.85 else other

    # Time

    def rule_wait(self) -> None:
        """Hours pass; or it becomes the second at which a step ends, give or take one."""
        running = [case for case in self.cases if case.runs]
        if running and self.random.random() < 0.25:
            silent = [case for case in running if case.falls_silent] or running
            chosen = self.random.choice(self.random.choice((silent, running)))
            moment = chosen.until + self.random.choice((-1, 0, 1))
            if moment > self.now:
                self.now = moment
                return
        self.now += self.random.choice((1, 60, 3600, DAY // 2))

    def rule_mine(self) -> None:
        """Blocks pass: to where a lot can be drawn, or beyond where it is gone."""
        waiting = [case for case in self.cases if case.state == IS_DRAWN]
        height = self._next_block() - 1
        if not waiting:
            return
        second = [case for case in waiting if case.round == 2] or waiting
        lot = self.random.choice(self.random.choice((second, waiting))).lot
        # The next act is in the block after these.
        ends = (lot - 1, *[lot] * 7, lot + LOT_LASTS - 1, lot + LOT_LASTS)
        last = self.random.choice(ends)
        if last > height:
            web3.provider.make_request("evm_setNextBlockTimestamp", [self.now])
            mine_blocks(last - height)
            self.now = max(self.now, self.trade.now) + 1

    def _next_block(self) -> int:
        return int(web3.eth.block_number) + 1

    # Orders

    def rule_deliver(self) -> None:
        """An offer that is granted to, bought and delivered."""
        if len(self._fresh()) > 2 or sum(case.runs for case in self.cases) > 4:
            return
        payer, subject = self.random.choice(self.payers), self.random.choice(self.subjects)
        self._do(subject, self.market.offer, tuple(terms(subject).values()))
        offer = self.number(self.market.offerCount)
        granted = (grantee_of(offer, self.market), LABS, HMB, 0, 0, self.now, self.now + 365 * DAY)
        self._do(subject, self.trade.consents.grant, (*granted, NONE))
        self._do(payer, self.market.buy, offer, KEY)
        number = self.number(self.market.orderOf, offer, payer)
        delivery = self.trade.delivery(number)
        signers = [self.trade.custodians[place] for place in (0, 2)]
        signed = [self.trade.sign(each, "Delivery", **delivery) for each in signers]
        given = (tuple(delivery.values()), self.trade.committees[1], 0b101, signed)
        self._do(self.stranger, self.market.deliver, *given)
        self.purses[payer] -= PRICE
        self.orders.append(Order(number, payer, subject, self.now - 1))
        self._expect("deliver", True, True)

    def _fresh(self) -> list[Order]:
        """Those that can be disputed."""
        return [
            one for one in self.orders if one.state == DELIVERED and self.now < one.start + WINDOW
        ]

    def rule_settle(self) -> None:
        if not self.orders:
            return
        over = [one for one in self.orders if one.state != SETTLED]
        order = self._mostly(self.random.choice(over or self.orders), self.orders[-1])
        may = self._may_settle(order)
        if self._skips(may):
            return
        if self._expect("settle", self.send(self.stranger, self.market.settle, order.number), may):
            order.state = SETTLED

    def _may_settle(self, order: Order) -> bool:
        over = order.start + max(DURATION, WINDOW)
        if order.state == DISPUTED:
            over = max(over, order.start + WINDOW + LAPSE)
        return order.state != SETTLED and self.now >= over

    # Evaluators

    def rule_join(self, who: str | None = None) -> None:
        who = who or self.random.choice(self.evaluators)
        place = FIRST_INSTITUTION + self.evaluators.index(who)
        may = who in self.accredited and who not in self.joined
        if self._skips(may):
            return
        if self._expect("join", self.send(who, self.disputes.joinPanel, place), may):
            self.joined[who] = self.block

    def rule_leave(self) -> None:
        who = self._mostly(
            self.random.choice(list(self.joined) or self.evaluators),
            self.random.choice(self.evaluators),
        )
        if len(self.joined) < 6 and who in self.joined:
            return
        if self._expect("leave", self.send(who, self.disputes.leavePanel), who in self.joined):
            del self.joined[who]

    def rule_accreditation(self) -> None:
        who, to = self.random.choice(self.evaluators), self.trade.participants
        if who in self.accredited and len(self.accredited) == len(self.evaluators):
            self._do(self.authority, to.unaccredit, who, int(Role.EVALUATOR), 0)
            self.accredited.remove(who)
        else:
            who = next(iter(sorted(set(self.evaluators) - self.accredited)), who)
            self._do(self.authority, to.proposeAccreditation, who, int(Role.EVALUATOR), 0)
            self._do(self.authority, to.accredit, who)
            self.accredited.add(who)
        self._expect("accreditation", True, True)

    # Disputes

    def rule_open(self) -> None:
        if not self.orders:
            return
        order = self._mostly(
            self.random.choice(self._fresh() or self.orders), self.random.choice(self.orders)
        )
        sender = self._mostly(order.payer, self.random.choice((order.subject, self.stranger)))
        may = sender == order.payer and order in self._fresh() and self.purses[sender] >= BOND
        call = (self.market, order.number, self.random.choice((0, 1)), SAID)
        opened = self.now
        if self._skips(may):
            return
        if not self._expect("open", self.send(sender, self.disputes.open, *call), may):
            return
        order.state = DISPUTED
        self.came_in += BOND
        self.purses[order.payer] -= BOND
        case = Case(order, opened + DRAWING, self.block + LOT_DELAY, self.block)
        case.falls_silent = self.random.random() < 0.3
        self.cases.append(case)

    def _pick_case(self, *states: int) -> tuple[int, Case] | None:
        found = [each for each in enumerate(self.cases, start=1) if each[1].state in states]
        # Few get to a second panel: those are looked after.
        second = [each for each in found if each[1].round == 2] or found
        return self.random.choice(self.random.choice((second, found))) if found else None

    def _drawable(self, case: Case) -> set[str]:
        """D4"""
        parties = (case.order.payer, case.order.subject)
        return {
            who
            for who, since in self.joined.items()
            if since <= case.fixed
            and who in self.accredited
            and not any((who, party) in self.tied for party in parties)
            and who not in case.first_panel
        }

    def rule_draw(self) -> None:
        chosen = self._pick_case(IS_DRAWN) or self._pick_case(IS_VOTED_ON, UPHELD, LAPSED)
        if chosen is None:
            return
        number, case = chosen
        height, now = self._next_block(), self.now
        is_early, is_gone = height <= case.lot, height > case.lot + LOT_LASTS
        sender = self.random.choice((case.order.payer, self.stranger))
        could = self._drawable(case)
        renews = is_gone and sender == case.order.payer and not case.is_renewed
        may = case.state == IS_DRAWN and now < case.until and not is_early
        may = may and (renews if is_gone else len(could) >= 2)
        if self._skips(may):
            return
        name = "renew" if is_gone else "draw"
        call = (number, self.trade.committees[1])
        if not self._expect(name, self.send(sender, self.disputes.draw, *call), may):
            return
        if renews:
            case.is_renewed, case.lot, case.fixed = True, self.block + LOT_DELAY, self.block
            return
        sits = [self._seat(number, seat) for seat in range(3)]
        case.seats = [who for who in sits if int(who, 16)]
        assert len(set(case.seats)) == min(3, len(could)), "D4: so many are drawn as there are"
        assert set(case.seats) <= could, "D4: somebody was drawn who couldn't be"
        case.state, case.until, case.votes = IS_VOTED_ON, now + VOTING, {}

    def _seat(self, number: int, seat: int) -> str:
        answer = self.view(self.disputes.seatOf, number, seat)
        return str(web3.to_checksum_address("0x" + answer[12:32].hex()))

    def rule_vote(self) -> None:
        chosen = self._pick_case(IS_VOTED_ON) or self._pick_case(IS_DRAWN, UPHELD, DISMISSED)
        if chosen is None:
            return
        number, case = chosen
        # So that some disputes are decided by nobody.
        if case.falls_silent and (case.votes or self.random.random() < 0.8):
            return
        silent = [who for who in case.seats if who not in case.votes]
        who = self._mostly(
            self.random.choice(silent or self.evaluators), self.random.choice(self.evaluators)
        )
        seat = case.seats.index(who) if who in case.seats else self.random.randrange(4)
        upheld = self.random.random() < 0.5
        may = (
            case.state == IS_VOTED_ON
            and self.now < case.until
            and who in silent
            and who in self.accredited
        )
        call = (number, seat, upheld, SAID)
        if self._skips(may):
            return
        if not self._expect("vote", self.send(who, self.disputes.vote, *call), may):
            return
        case.votes[who] = upheld
        case.bond -= FEE
        self.credits[who] += FEE
        if list(case.votes.values()).count(upheld) == 2:
            self._over(case, UPHELD if upheld else DISMISSED)

    def rule_end(self) -> None:
        chosen = self._pick_case(IS_DRAWN, IS_VOTED_ON) or self._pick_case(UPHELD, LAPSED)
        if chosen is None:
            return
        number, case = chosen
        may, now = case.runs and self.now >= case.until, self.now
        if self._skips(may):
            return
        if not self._expect("end", self.send(self.stranger, self.disputes.end, number), may):
            return
        assert self.gas <= GAS_TO_FREE, f"D5: ending takes {self.gas}"
        if case.state == IS_VOTED_ON and case.round == 1:
            case.first_panel, case.seats, case.votes = case.seats, [], {}
            case.state, case.round, case.is_renewed = IS_DRAWN, 2, False
            case.until = now + DRAWING
            case.lot, case.fixed = self.block + LOT_DELAY, self.block
            self.succeeded["second panel"] += 1
        else:
            self.succeeded["silence of both panels"] += case.state == IS_VOTED_ON
            self._over(case, LAPSED)

    def _over(self, case: Case, state: int) -> None:
        """D3, D6"""
        case.state = state
        self.ended[state] += 1
        self.credits[case.order.subject if state == DISMISSED else case.order.payer] += case.bond
        case.bond = 0
        if case.order.state == DISPUTED:
            case.order.state = SETTLED if state == UPHELD else DELIVERED

    def rule_pay(self, who: str | None = None) -> None:
        owed = [each for each, amount in self.credits.items() if amount]
        who = who or self._mostly(self.random.choice(owed or self.payers), self.stranger)
        amount = self.credits[who]
        if self._skips(amount > 0):
            return
        before = self.number(self.coin.balanceOf, who)
        if self._expect("pay", self.send(self.stranger, self.disputes.payCredit, who), amount > 0):
            assert self.number(self.coin.balanceOf, who) == before + amount, "D3"
            self.credits[who] = 0
            self.went_out += amount
            if who in self.purses:
                self.purses[who] += amount

    # Invariants

    def check(self, last: int | None = None) -> None:
        """All that holds; of disputes and orders those that run, and these many of the last."""
        bonds = sum(case.bond for case in self.cases)
        held = self.number(self.coin.balanceOf, self.disputes)
        assert held == bonds + sum(self.credits.values()), "D1"
        assert self.came_in == self.went_out + held, "D3"
        old = 0 if last is None else len(self.cases) - last
        for number, case in enumerate(self.cases, start=1):
            if number <= old and not case.runs:
                continue
            words = self.view(self.disputes.disputeOf, number)
            state, until, panel, lot = (
                int.from_bytes(words[32 * at : 32 * at + 32], "big") for at in (3, 5, 6, 7)
            )
            assert state == case.state, f"D2: dispute {number} is in state {state}"
            assert (panel, lot) == (case.round, case.lot), f"D7: dispute {number}"
            assert until == case.until or not case.runs, f"D5: dispute {number} ends at {until}"
        for order in self.orders if last is None else self.orders[-last:]:
            head = self.number(self.market.getOrder, order.number)
            assert head >> 248 == order.state, f"D6: order {order.number:x} is in {head >> 248}"
        for who in {*self.payers, *self.subjects, *self.evaluators}:
            assert self.number(self.disputes.creditOf, who) == self.credits[who], "D3"

    # Runs

    def run(self, steps: int, most: int, is_enough: Callable[[], bool]) -> None:
        """So many acts, and then as many more as it takes, for who is drawn is chance."""
        weights: dict[Callable[[], None], int] = {
            self.rule_wait: 4,
            self.rule_mine: 6,
            self.rule_deliver: 10,
            self.rule_settle: 3,
            self.rule_join: 5,
            self.rule_leave: 1,
            self.rule_accreditation: 1,
            self.rule_open: 18,
            self.rule_draw: 20,
            self.rule_vote: 24,
            self.rule_end: 12,
            self.rule_pay: 6,
        }
        for step in range(most):
            if step >= steps and is_enough():
                break
            before = sum(self.tried.values())
            # Some rules find nothing to do; a step is an act.
            while sum(self.tried.values()) == before:
                self.random.choices(list(weights), list(weights.values()))[0]()
            if step % 10 == 0:
                self.check(last=8)
        self.check()

    def free_everything(self) -> None:
        """D5: everybody falls silent but a stranger."""
        for _ in range(3):
            self.now += VOTING
            for number, case in enumerate(self.cases, start=1):
                if case.runs:
                    self._end(number, case)
        assert not any(case.runs for case in self.cases), "D5"
        self.now += DURATION
        for order in self.orders:
            if order.state != SETTLED:
                self._do(self.stranger, self.market.settle, order.number)
                order.state = SETTLED
        for who in [each for each, amount in self.credits.items() if amount]:
            self.rule_pay(who)
        self.check()
        assert self.number(self.coin.balanceOf, self.disputes) == 0, "D5"
        assert self.came_in == self.went_out == BOND * len(self.cases), "D3"
        self._check_market()

    def _end(self, number: int, case: Case) -> None:
        self._do(self.stranger, self.disputes.end, number)
        assert self.gas <= GAS_TO_FREE, f"D5: ending takes {self.gas}"
        if case.state == IS_VOTED_ON and case.round == 1:
            case.first_panel, case.seats, case.votes = case.seats, [], {}
            case.state, case.round, case.until = IS_DRAWN, 2, self.now - 1 + DRAWING
            case.lot = self.block + LOT_DELAY
        else:
            self._over(case, LAPSED)

    def _check_market(self) -> None:
        """D6: an order that was upheld gave all back, and every other earned all."""
        upheld = {case.order.number: case.order for case in self.cases if case.state == UPHELD}
        owed: Counter[str] = Counter()
        fee = PRICE * 5 // 100
        for order in self.orders:
            if order.number in upheld:
                owed[order.payer] += PRICE
            else:
                owed[order.subject] += PRICE - 2 * fee
        for who in (*self.payers, *self.subjects):
            assert self.number(self.market.creditOf, who) == owed[who], "D6"
