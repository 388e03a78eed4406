"""The contracts of the economy, a class for each: the coin, its sale, and the desks of orders."""

from __future__ import annotations

from aceso.codes import Condition

from .calls import Call
from .contract import Contract
from .node import BlockTag
from .requests import (
    Committee,
    Delivery,
    OfferTerms,
    Parties,
    Protocol,
    StudyState,
    StudyTerms,
)
from .words import OrderHead, OrderTail

__all__ = ["Coin", "Market", "OrderDesk", "Sale", "Studies"]


class Coin(Contract):
    """RewardCoin: an ERC-20 with permit."""

    def balance_of(self, account: str) -> int:
        return int(self.read("balanceOf", account)[0])

    def allowance(self, owner: str, spender: str) -> int:
        return int(self.read("allowance", owner, spender)[0])

    def total_supply(self) -> int:
        return int(self.read("totalSupply")[0])

    def cap(self) -> int:
        return int(self.read("cap")[0])

    def minters(self) -> tuple[str, str]:
        """The sale and the reward pool; zero where there is none."""
        sale, pool = self.read("minters")
        return sale, pool

    def transfer(self, to: str, amount: int) -> Call:
        return self.call("transfer", to, amount)

    def approve(self, spender: str, amount: int) -> Call:
        return self.call("approve", spender, amount)


class Sale(Contract):
    """CoinSale: coin at fixed prices, for ether and for one named token."""

    def rate(self) -> int:
        """Base units of coin for a wei; 0 where ether isn't taken."""
        return int(self.read("rate")[0])

    def token(self) -> tuple[str, int]:
        """The token that is taken, and what of it a coin costs; zeros where there is none."""
        token, price = self.read("token")
        return token, price

    def sold(self) -> tuple[int, int]:
        """What was sold, and the most that ever will be."""
        amount, cap = self.read("sold")
        return amount, cap

    def sold_today(self, *, block: BlockTag = "latest") -> tuple[int, int]:
        """What was sold in the block's day of UTC, and the most that is in one day."""
        amount, cap = self.read("soldToday", block=block)
        return amount, cap

    def ends_at(self) -> int:
        """From when on nothing is sold; 0 while no end is announced."""
        return int(self.read("endsAt")[0])

    def buy(self, wei: int) -> Call:
        return self.call("buy", value=wei)

    def buy_with_token(self, paid: int) -> Call:
        return self.call("buyWithToken", paid)

    def buy_with_permit(self, paid: int, deadline: int, v: int, r: bytes, s: bytes) -> Call:
        return self.call("buyWithPermit", paid, deadline, v, r, s)

    def send_proceeds(self) -> Call:
        return self.call("sendProceeds")

    def send_token_proceeds(self) -> Call:
        return self.call("sendTokenProceeds")

    def announce_end(self) -> Call:
        """For the authority alone."""
        return self.call("announceEnd")

    def call_off_end(self) -> Call:
        """For the authority alone."""
        return self.call("callOffEnd")


class OrderDesk(Contract):
    """What all contracts with orders have in common: IOrderDesk."""

    def deliver(
        self, delivery: Delivery, committee: Committee, signers: int, signatures: list[bytes]
    ) -> Call:
        return self.call("deliver", delivery.astuple(), committee.astuple(), signers, signatures)

    def settle(self, order: int) -> Call:
        return self.call("settle", order)

    def settle_part(self, order: int) -> Call:
        """Pay what a long order earned so far."""
        return self.call("settlePart", order)

    def follow_consent(self, subject: str, group: int) -> Call:
        """See a grant as it is now: before it is renewed, and after."""
        return self.call("followConsent", subject, group)

    def dispute(self, order: int) -> Call:
        """For the contract of disputes alone."""
        return self.call("dispute", order)

    def resolve(self, order: int, upheld: bool) -> Call:
        """For the contract of disputes alone."""
        return self.call("resolve", order, upheld)

    def pay_credit(self, account: str) -> Call:
        return self.call("payCredit", account)

    def pay_committee_fee(self, number: int, committee: Committee, place: int) -> Call:
        return self.call("payCommitteeFee", number, committee.astuple(), place)

    def pay_commons(self, committee: int) -> Call:
        return self.call("payCommons", committee)

    def get_order(self, order: int, *, block: BlockTag = "latest") -> tuple[OrderHead, OrderTail]:
        head, tail = self.read("getOrder", order, block=block)
        return OrderHead.parse(head), OrderTail.parse(tail)

    def parties_of(self, order: int, *, block: BlockTag = "latest") -> Parties:
        return Parties(*self.read("partiesOf", order, block=block)[0].values())

    def is_member(
        self, number: int, subject: str, actor: str, *, block: BlockTag = "latest"
    ) -> tuple[bool, Condition]:
        member, attested = self.read("isMember", number, subject, actor, block=block)
        return member, Condition(attested)

    def credit_of(self, account: str) -> int:
        return int(self.read("creditOf", account)[0])

    def fees_of(self, committee: int, payee: str) -> tuple[int, int]:
        """What a committee earned in all, and what was paid of that to `payee`."""
        earned, paid = self.read("feesOf", committee, payee)
        return earned, paid

    def owner_of(self, token: int) -> str:
        return str(self.read("ownerOf", token)[0])

    def expires_at(self, token: int) -> int:
        return int(self.read("expiresAt", token)[0])

    def challenge(self) -> tuple[int, str]:
        """How many seconds a delivered order can be disputed, and the contract that may."""
        window, disputes = self.read("challenge")
        return window, disputes


class Market(OrderDesk):
    """DataMarket: offers, and the orders that buy them."""

    def offer(self, terms: OfferTerms) -> Call:
        return self.call("offer", terms.astuple())

    def offer_with_sig(self, terms: OfferTerms, deadline: int, signature: bytes) -> Call:
        return self.call("offerWithSig", terms.astuple(), deadline, signature)

    def close_offer(self, number: int) -> Call:
        return self.call("closeOffer", number)

    def close_offer_with_sig(self, subject: str, number: int, signature: bytes) -> Call:
        return self.call("closeOfferWithSig", subject, number, signature)

    def buy(self, number: int, receiving_key: bytes) -> Call:
        return self.call("buy", number, receiving_key)

    def buy_with_permit(
        self, number: int, receiving_key: bytes, deadline: int, v: int, r: bytes, s: bytes
    ) -> Call:
        return self.call("buyWithPermit", number, receiving_key, deadline, v, r, s)

    def order_of(self, number: int, buyer: str) -> tuple[int, bool]:
        """The order that the buyer has, had last or would have, and whether there was one."""
        order, exists = self.read("orderOf", number, buyer)
        return order, exists

    def get_offer(self, number: int, *, block: BlockTag = "latest") -> OfferTerms:
        return OfferTerms(*self.read("getOffer", number, block=block)[0].values())

    def offer_count(self) -> int:
        return int(self.read("offerCount")[0])

    def nonces(self, subject: str) -> int:
        """How many offers the subject made by signature."""
        return int(self.read("nonces", subject)[0])


class Studies(OrderDesk):
    """Studies: demand with a budget, which people enrol in.

    A group is a study's number and its revision in the lowest 16 bits: `group_of`, `of_group`.
    """

    @staticmethod
    def group_of(study: int, revision: int) -> int:
        """The group that people grant to."""
        return study << 16 | revision

    @staticmethod
    def of_group(group: int) -> tuple[int, int]:
        """The study and the revision of a group."""
        return group >> 16, group & 0xFFFF

    def open(self, terms: StudyTerms, protocol: Protocol) -> Call:
        return self.call("open", terms.astuple(), protocol.astuple())

    def amend(self, study: int, terms: StudyTerms, protocol: Protocol) -> Call:
        return self.call("amend", study, terms.astuple(), protocol.astuple())

    def fund(self, study: int, amount: int) -> Call:
        return self.call("fund", study, amount)

    def approve_study(self, group: int, institution: int) -> Call:
        """As a board that is a member of `institution`; 0 takes the approval back."""
        return self.call("approveStudy", group, institution)

    def close(self, study: int) -> Call:
        return self.call("close", study)

    def enrol(self, group: int) -> Call:
        return self.call("enrol", group)

    def enrol_with_sig(self, subject: str, group: int, deadline: int, signature: bytes) -> Call:
        return self.call("enrolWithSig", subject, group, deadline, signature)

    def order_of(self, study: int, subject: str) -> tuple[int, bool]:
        """The order that the subject has, had last or would have, and whether there was one."""
        order, exists = self.read("orderOf", study, subject)
        return order, exists

    def get_study(self, group: int, *, block: BlockTag = "latest") -> StudyTerms:
        return StudyTerms.parse(self.read("getStudy", group, block=block)[0])

    def state_of(self, study: int, *, block: BlockTag = "latest") -> StudyState:
        return StudyState(*self.read("stateOf", study, block=block)[0].values())

    def board_of(self, group: int) -> str:
        """Which board approved the revision; the zero address if none."""
        return str(self.read("boardOf", group)[0])

    def study_count(self) -> int:
        return int(self.read("studyCount")[0])
