"""Random acts on a market, each foretold by a ledger.

It speaks to the node directly (`tests.contracts.node`).
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from brownie import web3

from tests.contracts.market_stateful.ledger import (
    DELIVERED,
    DISPUTED,
    OPEN,
    SETTLED,
    Ledger,
    Offer,
    Order,
)
from tests.contracts.node import Node
from tests.contracts.trading import COIN, DAY, HMB, KEY, LABS, NONE, ZERO, Trade, terms

__all__ = ["GAS_TO_FREE", "Driver"]

GAS_TO_FREE = 150_000
HOUR = 3600
ALWAYS = 2**256 - 1


class Driver(Node):
    """Rules are the methods whose names begin with `rule_`, and are chosen by their weights."""

    ledger_of = Ledger

    def __init__(self, trade: Trade, accounts: Any, seed: int) -> None:
        self.trade = trade
        self.random = random.Random(seed)
        self.ledger: Any = self.ledger_of(int(trade.market.challenge()[0]))
        self.subjects = [str(account) for account in accounts[8:11]]
        self.buyers = [str(account) for account in accounts[11:14]]
        self.stranger = str(trade.stranger)
        self.institution = str(trade.institution)
        self.commons = str(trade.commons)
        self.members = [str(custodian) for custodian in trade.custodians]
        self.everybody = [
            *self.subjects,
            *self.buyers,
            self.stranger,
            self.institution,
            self.commons,
            *self.members,
        ]
        super().__init__(trade.now)
        self.tried: Counter[str] = Counter()
        self.succeeded: Counter[str] = Counter()
        self.seen: dict[tuple[int, str], list[int]] = {}
        self.market, self.coin, self.consents = trade.market, trade.coin, trade.consents
        # The fixture's own traders hold coin that no rule moves.
        self.supply = int(self.coin.totalSupply())
        self.others = self.supply
        for buyer in self.buyers:
            assert self.send(buyer, self.coin.approve, self.market, ALWAYS)
            self.rule_sale(buyer, 10**15)

    # Choices

    def _pick_order(self, *states: int) -> tuple[int, Order] | None:
        """The number and the ledger's side of an order in one of these states."""
        found = [each for each in self.ledger.orders.values() if each.state in states]
        if not found:
            return None
        order = self.random.choice(found)
        return self._number_of(order.offer, order.buyer), order

    def _number_of(self, offer: int, buyer: str) -> int:
        key = web3.keccak(offer.to_bytes(32, "big") + bytes(12) + bytes.fromhex(buyer[2:]))
        return (int.from_bytes(key, "big") >> 16 << 16) | self.ledger.bought[offer, buyer]

    def _pick_offer(self) -> int | None:
        return self.random.choice(list(self.ledger.offers)) if self.ledger.offers else None

    def _group(self, number: int) -> str:
        return self.trade.group(number)

    def _expect(self, name: str, done: bool, expected: bool) -> bool:
        self.tried[name] += 1
        self.succeeded[name] += done
        assert done == expected, f"{name} {'succeeded' if done else 'was refused'} at {self.now}"
        return done

    # Time

    def rule_wait(self) -> None:
        """Minutes pass; or it becomes the second at which an order ends, give or take one."""
        chosen = self._pick_order(OPEN, DELIVERED)
        if chosen and self.random.random() < 0.6:
            order = chosen[1]
            ends = [order.deadline, order.granted_until, *order.stops]
            if order.state == DELIVERED:
                ends += [order.start + order.duration, order.start + self.ledger.window]
            moment = self.random.choice(ends) + self.random.choice((-1, 0, 1))
            # Far ends would end all else with them.
            if self.now < moment < self.now + self.random.choice((6 * HOUR, 6 * HOUR, 3 * DAY)):
                self.now = moment
                return
        self.now += self.random.choice((1, 60, HOUR))

    # Offers and consents

    def rule_offer(self) -> None:
        subject = self.random.choice(self.subjects)
        bps = self.random.choice((0, 1, 777, 2000))
        offer = Offer(
            subject=subject,
            price=self.random.choice((1, 19, 20, 41, COIN + 7, self.random.randrange(1, COIN))),
            institution=self.institution if bps else None,
            bps=bps,
            committee=self.random.choice((1, 2)),
            duration=self.random.choice((1, HOUR, DAY, self.random.randrange(2, 3 * DAY))),
            period=self.random.choice((HOUR, DAY)),
        )
        given = terms(
            subject,
            price=offer.price,
            institution=offer.institution or ZERO,
            committee=offer.committee,
            duration=offer.duration,
            institutionBps=bps,
            deliveryPeriod=offer.period,
        )
        done = self.send(subject, self.market.offer, tuple(given.values()))
        self._expect("offer", done, True)
        number = len(self.ledger.offers) + 1
        self.ledger.offers[number] = offer
        self._grant(number)

    def _grant(self, number: int) -> None:
        now = self.now
        until = now + self.random.choice((HOUR, DAY, 5 * DAY, 30 * DAY))
        granted = (self._group(number), LABS, HMB, 0, 0, now, until, NONE)
        subject = self.ledger.offers[number].subject
        done = self.send(subject, self.consents.grant, granted)
        self._expect("grant", done, True)
        self.ledger.grant(number, now, until)

    def rule_grant(self) -> None:
        """A grant to a live offer voids its orders, so not too often."""
        for number in self._ungranted()[:2] if self.random.random() < 0.8 else [self._pick_offer()]:
            if number:
                self._grant(number)

    def _ungranted(self) -> list[int]:
        found = [
            number
            for number, offer in self.ledger.offers.items()
            if offer.is_open
            and not (
                self.ledger.consents[number].stands
                and self.now < self.ledger.consents[number].valid_until
            )
        ]
        self.random.shuffle(found)
        return found

    def rule_close(self) -> None:
        number = self._pick_offer()
        if number is None or self.random.random() < 0.5:
            return
        offer = self.ledger.offers[number]
        sender = self.random.choice((offer.subject, offer.subject, self.stranger))
        done = self.send(sender, self.market.closeOffer, number)
        if self._expect("close", done, sender == offer.subject):
            offer.is_open = False

    def rule_withdraw(self) -> None:
        number = self._pick_offer()
        if number is None:
            return
        subject = self.ledger.offers[number].subject
        moment = self.now
        done = self.send(subject, self.consents.withdraw, self._group(number))
        self._expect("withdraw", done, True)
        self.ledger.withdraw(number, moment)

    def rule_withdraw_all(self) -> None:
        if self.random.random() < 0.5:
            return
        subject = self.random.choice(self.subjects)
        # Often twice: then nothing is left of what came first.
        for _ in range(self.random.choice((1, 2))):
            moment = self.now
            self._expect("withdraw_all", self.send(subject, self.consents.withdrawAll), True)
            self.ledger.withdraw_all(subject, moment)

    def rule_bar(self) -> None:
        subject, buyer = self.random.choice(self.subjects), self.random.choice(self.buyers)
        moment = self.now
        if (subject, buyer) not in self.ledger.barred and self.random.random() < 0.7:
            return
        if self.random.random() < 0.3:
            self._expect("bar", self.send(subject, self.consents.bar, buyer), True)
            self.ledger.bar(subject, buyer, moment)
            return
        expected = (subject, buyer) in self.ledger.barred
        done = self.send(subject, self.consents.unbar, buyer)
        if self._expect("unbar", done, expected):
            self.ledger.unbar(subject, buyer)

    # Orders

    def rule_buy(self) -> None:
        number = self._pick_offer()
        if number is None:
            return
        buyer, moment = self.random.choice(self.buyers), self.now
        expected = self.ledger.may_buy(number, buyer, moment)
        # Most of what is bound to be refused is not worth a try.
        if not expected and self.random.random() < 0.95:
            return
        done = self.send(buyer, self.market.buy, number, KEY)
        if self._expect("buy", done, expected):
            self.ledger.buy(number, buyer, moment)

    def rule_deliver(self) -> None:
        found = list(self.ledger.orders.values())
        in_time = [each for each in found if each.state == OPEN and self.now < each.deadline]
        if in_time and self.random.random() < 0.9:
            found = in_time
        elif not found or self.random.random() < 0.8:
            return
        entry = self.random.choice(found)
        order = self._number_of(entry.offer, entry.buyer)
        members, threshold = self.trade.committees[self.ledger.offers[entry.offer].committee]
        few = self.random.random() < 0.05
        signers = sorted(
            self.random.sample(range(len(members)), threshold - 1 if few else threshold)
        )
        delivery = self.trade.delivery(order)
        signatures = [
            self.trade.sign(self.trade.custodians[place], "Delivery", **delivery)
            for place in signers
        ]
        bits = sum(1 << place for place in signers)
        moment = self.now
        expected = entry.state == OPEN and moment < entry.deadline and not few
        arguments = (tuple(delivery.values()), (members, threshold), bits, signatures)
        done = self.send(self.stranger, self.market.deliver, *arguments)
        if self._expect("deliver", done, expected):
            self.ledger.deliver(entry, moment)

    def rule_settle(self) -> None:
        over = [each for each in self.ledger.orders.values() if each.is_live]
        over = [each for each in over if each.settled_from(self.ledger.window) <= self.now]
        if over and self.random.random() < 0.7:
            entry = self.random.choice(over)
            order = self._number_of(entry.offer, entry.buyer)
        else:
            chosen = self._pick_order(OPEN, DELIVERED, SETTLED, DISPUTED)
            if chosen is None or self.random.random() < 0.85:
                return
            order, entry = chosen
        self._settle(order, entry)

    def _settle(self, order: int, entry: Order) -> None:
        expected = entry.is_live and self.now >= entry.settled_from(self.ledger.window)
        done = self.send(self.stranger, self.market.settle, order)
        if self._expect("settle", done, expected):
            assert self.gas <= GAS_TO_FREE, f"E5: it took {self.gas} gas"
            self.ledger.settle(entry)

    def rule_settle_part(self) -> None:
        found = [each for each in self.ledger.orders.values() if each.is_live]
        due = [each for each in found if each.may_pay_part(self.now, self.ledger.window)]
        if not due and self.random.random() < 0.9:
            return
        if not found:
            return
        entry = self.random.choice(due or found)
        moment = self.now
        expected = entry.may_pay_part(moment, self.ledger.window)
        order = self._number_of(entry.offer, entry.buyer)
        done = self.send(self.stranger, self.market.settlePart, order)
        if self._expect("settle_part", done, expected):
            self.ledger.pay_part(entry, moment)

    # Disputes

    def rule_dispute(self) -> None:
        chosen = self._pick_order(DELIVERED) or self._pick_order(OPEN, SETTLED)
        if chosen is None:
            return
        order, entry = chosen
        fresh = self.now < entry.start + self.ledger.window
        sender = self.random.choice([*[str(self.trade.disputes)] * 9, self.stranger])
        expected = entry.state == DELIVERED and fresh and sender != self.stranger
        if not expected and self.random.random() < 0.9:
            return
        done = self.send(sender, self.market.dispute, order)
        if self._expect("dispute", done, expected):
            entry.state = DISPUTED

    def rule_resolve(self) -> None:
        chosen = self._pick_order(DISPUTED)
        if chosen is None:
            return
        order, entry = chosen
        sender = self.random.choice([*[str(self.trade.disputes)] * 9, entry.buyer])
        upheld = self.random.random() < 0.5
        done = self.send(sender, self.market.resolve, order, upheld)
        if self._expect("resolve", done, sender != entry.buyer):
            self.ledger.resolve(entry, upheld)

    # Payments

    def rule_pay_credit(self) -> None:
        account = self.random.choice([*self.subjects, *self.buyers, self.institution])
        owed = self.ledger.credits[account]
        if not owed and self.random.random() < 0.95:
            return
        done = self.send(self.stranger, self.market.payCredit, account)
        if self._expect("pay_credit", done, owed > 0):
            self.ledger.pay_credit(account)

    def rule_pay_fee(self) -> None:
        committee = self.random.choice((1, 2))
        members, threshold = self.trade.committees[committee]
        place = self.random.randrange(len(members))
        due = self.ledger.fee_due(committee, members[place], len(members))
        if due or self.random.random() < 0.2:
            arguments = (committee, (members, threshold), place)
            done = self.send(self.stranger, self.market.payCommitteeFee, *arguments)
            if self._expect("pay_fee", done, due > 0):
                self.ledger.pay_fee(committee, members[place], len(members))
        due = self.ledger.fee_due(committee, self.commons, 1)
        if due or self.random.random() < 0.2:
            done = self.send(self.stranger, self.market.payCommons, committee)
            if self._expect("pay_commons", done, due > 0):
                self.ledger.pay_fee(committee, self.commons, 1)

    def rule_sale(self, buyer: str | None = None, paid: int | None = None) -> None:
        buyer = buyer or self.random.choice(self.buyers)
        paid = self.random.randrange(0, 10**15) if paid is None else paid
        done = self.send(buyer, self.trade.sale.buy, value=paid)
        if self._expect("sale", done, paid > 0):
            self.ledger.coin[buyer] += paid * 1000
            self.supply += paid * 1000

    def rule_transfer(self) -> None:
        """Coin moves among all, also into the market by mistake (G1, T2)."""
        sender = self.random.choice(self.everybody[:9])
        held = self.ledger.coin[sender]
        amount = self.random.choice((0, held // 3, held // 7, held, held + 1))
        to = self.random.choice([*self.everybody, self.market.address])
        done = self.send(sender, self.coin.transfer, to, amount)
        if self._expect("transfer", done, amount <= held):
            self.ledger.coin[sender] -= amount
            if to == self.market.address:
                self.ledger.stray += amount
            else:
                self.ledger.coin[to] += amount

    def rule_refused(self) -> None:
        """What nobody may ever do."""
        if self.random.random() < 0.7:
            return
        chosen = self._pick_order(OPEN, DELIVERED, SETTLED)
        sender = self.random.choice(self.everybody[:9])
        if chosen and self.random.random() < 0.5:
            arguments = (chosen[1].buyer, sender, chosen[0])
            done = self.send(sender, self.market.transferFrom, *arguments)
        elif self.random.random() < 0.5:
            to = self.random.choice([self.market, self.coin, self.consents, self.trade.sale])
            done = self.send_to(sender, to, "0x", value=1)
        else:
            done = self.send(sender, self.coin.mint, sender, 1)
        self._expect("refused", done, False)

    # Invariants

    def check_money(self) -> None:
        """E1, after every step."""
        held = self.number(self.coin.balanceOf, self.market.address)
        assert held == self.ledger.held(), f"E1: {held} is held, {self.ledger.held()} is owed"

    def check_all(self) -> None:
        """E2, E3, E6, T1, T2 and G1."""
        self.check_money()
        for account in self.everybody:
            owed = self.number(self.market.creditOf, account)
            assert owed == self.ledger.credits[account], f"E3: {account} is owed {owed}"
            held = self.number(self.coin.balanceOf, account)
            assert held == self.ledger.coin[account], f"T2: {account} holds {held}"
        for committee in (1, 2):
            earned = self.number(self.market.feesOf, committee, ZERO)
            assert earned == self.ledger.earned_by_committee[committee], "E3"
        supply = self.number(self.coin.totalSupply)
        assert (
            supply
            == self.supply
            == self.others
            + sum(self.ledger.coin.values())
            + (self.number(self.coin.balanceOf, self.market.address))
        ), "T1"
        for contract in (self.market, self.coin, self.consents):
            assert web3.eth.get_balance(contract.address) == 0, "G1"
        for entry in self.ledger.orders.values():
            self._check_order(self._number_of(entry.offer, entry.buyer), entry)

    def _check_order(self, number: int, entry: Order) -> None:
        words = self.view(self.market.getOrder, number)
        head, tail = (int.from_bytes(words[at : at + 32], "big") for at in (0, 32))
        assert head >> 248 == entry.state, f"E2: order {number:x} is in state {head >> 248}"
        found = [
            head & (2**160 - 1),
            head >> 200 & (2**32 - 1),
            tail & (2**96 - 1),
            tail >> 96 & (2**48 - 1),
            tail >> 144 & (2**40 - 1),
        ]
        expected = [int(entry.buyer, 16), entry.duration, entry.price, entry.offer, entry.deadline]
        assert found == expected, f"E6: order {number:x} changed"
        # States of one order, in the order in which they were seen.
        states = self.seen.setdefault((number, entry.buyer), [])
        if not states or states[-1] != entry.state:
            states.append(entry.state)
        # A dispute comes and goes; to be open is the first, and to be settled the last.
        assert all(before != SETTLED and after != OPEN for before, after in pairwise(states)), "E2"

    # Runs

    def weights(self) -> dict[Callable[[], None], int]:
        """How often each rule is tried."""
        return {
            self.rule_wait: 5,
            self.rule_offer: 2,
            self.rule_grant: 2,
            self.rule_close: 1,
            self.rule_withdraw: 1,
            self.rule_withdraw_all: 1,
            self.rule_bar: 3,
            self.rule_buy: 24,
            self.rule_deliver: 16,
            self.rule_settle: 8,
            self.rule_settle_part: 4,
            self.rule_dispute: 2,
            self.rule_resolve: 2,
            self.rule_pay_credit: 5,
            self.rule_pay_fee: 3,
            self.rule_sale: 2,
            self.rule_transfer: 3,
            self.rule_refused: 1,
        }

    def run(self, steps: int, every: int = 50) -> None:
        """Make this many steps, compare the money after each, and all after `every` of them."""
        weights = self.weights()
        rules, chances = list(weights), list(weights.values())
        for step in range(steps):
            before = sum(self.tried.values())
            # Some rules find nothing to do; a step is an act.
            while sum(self.tried.values()) == before:
                self.random.choices(rules, chances)[0]()
            self.check_money()
            if step % every == 0:
                self.check_all()
        self.check_all()

    def free_everything(self) -> None:
        """E5: whatever was done, a stranger frees every order, and all that is owed can be paid."""
        self.now += 400 * DAY
        for entry in list(self.ledger.orders.values()):
            if entry.is_live:
                self._settle(self._number_of(entry.offer, entry.buyer), entry)
        self._close_all()
        for account in list(self.ledger.credits):
            if self.ledger.credits[account]:
                assert self.send(self.stranger, self.market.payCredit, account)
                self.ledger.pay_credit(account)
        for committee, (members, threshold) in self.trade.committees.items():
            for place, member in enumerate(members):
                if self.ledger.fee_due(committee, member, len(members)):
                    arguments = (committee, (members, threshold), place)
                    assert self.send(self.stranger, self.market.payCommitteeFee, *arguments)
                    self.ledger.pay_fee(committee, member, len(members))
            if self.ledger.fee_due(committee, self.commons, 1):
                assert self.send(self.stranger, self.market.payCommons, committee)
                self.ledger.pay_fee(committee, self.commons, 1)
        self.check_all()
        # What is left can be given to nobody: less than a unit for each member, and stray coin.
        rest = sum(
            self.ledger.earned_by_committee[each] % count for each, count in ((1, 3), (2, 5))
        )
        assert self.number(self.coin.balanceOf, self.market.address) == self.ledger.stray + rest
        everything = sum(self.ledger.came_in.values())
        assert sum(self.ledger.went_out.values()) + rest == everything, "E3"

    def _close_all(self) -> None:
        """What else a desk holds, and anybody frees."""
