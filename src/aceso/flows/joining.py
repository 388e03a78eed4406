"""What a person does about data unions: see what one sells, join, deliver, claim, leave.

    asked = Joining(person)
    for one in asked.open(): …
    plan = asked.plan(union, seconds)
    asked.join(plan, notice=…)
    asked.fulfil()                       # their part of every order that waits for it
    asked.claim()                        # what is due, with a proof made from what is published
    asked.leave(union)

A person is in a union by their research persona, under one grant to it. Whoever joins anew gives up
what they did not claim of older orders, so that is claimed first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from aceso.chain import (
    Membership,
    OrderState,
    OrderTail,
    Part,
    Receipt,
    acts,
    grantee_of_group,
    stop_of,
    union_acts,
)
from aceso.custody import RequestRefusedError, leaf_of
from aceso.errors import AcesoError, InputError
from aceso.index import UnionOrderRow, UnionRow

from .enrolling import part_of_subject
from .errors import NothingToOpenError
from .extracts import ExtractMaker, Fulfilled, Options
from .granting import grant_and_take_part, granted_terms
from .network import Network
from .orders import UNIONS, Sale, find_union, sales
from .origins import check_can_show
from .own_vault import RESEARCH
from .person import Person
from .selling import Seller
from .sightings import see_again
from .unions import claim, divide, due_at, published
from .vouching import Vouch, keep_vouches, known_vouches

__all__ = ["Claimed", "JoinPlan", "Joining"]

_AS_USUAL = Options()
_NOT_YET = frozenset({"E_UNION_EARLY", "E_UNION_NO_PARTS", "E_ORDER_STATE"})


@dataclass(frozen=True, slots=True)
class JoinPlan:
    """What joining a union means for this person. `earns` is what is theirs of one order if all who
    are in now, and they, deliver; `mark` what the voucher knows them by, or none said so yet;
    `unclaimed` orders whose pay they would give up."""

    row: UnionRow
    earns: int
    until: int
    membership: Membership
    mark: bytes | None
    unclaimed: tuple[int, ...]

    @property
    def is_member(self) -> bool:
        return self.membership.is_in


@dataclass(frozen=True, slots=True)
class Claimed:
    """What became of a person's part of an order: it was paid, or why it was not."""

    order: int
    receipt: Receipt | None = None
    error: AcesoError | None = None


class Joining:
    """A person who takes part in unions, by their research persona."""

    def __init__(self, person: Person):
        self.person = person
        self._network: Network = person.network

    @property
    def subject(self) -> str:
        """Who is a member: no union meets a care persona."""
        return self.person.persona(RESEARCH).address

    def open(self) -> list[UnionRow]:
        """Unions that take people now."""
        return [row for row in self._network.synced().unions() if row.closed_at is None]

    def memberships(self) -> dict[int, int | None]:
        """Every union that the person ever joined, with when they left, if they did."""
        found = self._network.synced().unions_of([self.subject])
        return {number: left for (number, _), (_, left) in found.items()}

    def parts(self) -> list[Sale]:
        """This person's parts of orders of unions, the oldest first."""
        found = sales(self._network, subjects=[self.subject])
        return [one for one in found if one.desk == UNIONS]

    def grantee(self, number: int) -> bytes:
        """A union as a grantee."""
        return grantee_of_group(number, self._network.suite.addresses[UNIONS])

    def plan(self, number: int, seconds: int) -> JoinPlan:
        """Read what a union offers, and what joining it for so long would mean."""
        network = self._network
        row = find_union(network, number)
        known = network.suite.unions.membership_of(number, self.subject)
        counted = row.members + (not known.is_in)
        return JoinPlan(
            row,
            part_of_subject(row.terms.price // counted, row.terms.institution_bps),
            network.suite.now() + seconds,
            known,
            self._mark(row.terms.voucher),
            tuple(
                one.order
                for one in self.parts()
                if one.group == number and one.state in (OrderState.DELIVERED, OrderState.DISPUTED)
            ),
        )

    def _mark(self, voucher: str) -> bytes | None:
        """What the voucher said on chain that it knows this persona by."""
        for event in self._network.index.events("PersonaVouched"):
            if (event.args["voucher"], event.args["account"]) == (voucher, self.subject):
                return bytes(event.args["mark"])
        return None

    def check(self, plan: JoinPlan, vouches: Sequence[Vouch] = ()) -> bytes:
        """Refuse in a sentence what the chain would refuse, or the buyer, before anything is
        signed; gives the mark to join with."""
        number = plan.row.number
        if plan.is_member and self._stands(plan):
            raise InputError(
                f"You are in union {number} already. `aceso renew union:{number}` lets it go on "
                f"for longer, and `aceso union leave {number}` ends it.",
                code="E_UNION_MEMBER",
                details={"union": number},
            )
        if plan.row.closed_at is not None:
            raise InputError(
                f"Union {number} takes nobody any more. See `aceso union list` for others.",
                code="E_UNION_CLOSED",
                details={"union": number},
            )
        if plan.mark is None:
            raise InputError(
                f"Union {number} takes whom {plan.row.terms.voucher} vouches for, and it did not "
                f"vouch for {self.subject} yet. Give it that address; it answers with `aceso union "
                "vouch`.",
                code="E_UNION_NOT_VOUCHED",
                details={
                    "union": number,
                    "voucher": plan.row.terms.voucher,
                    "account": self.subject,
                },
            )
        known, terms = known_vouches(self.person, vouches), plan.row.terms
        if terms.origin_shown:
            check_can_show(self.person, f"union:{number}", terms.classes, known)
        return plan.mark

    def _stands(self, plan: JoinPlan) -> bool:
        """Whether the consent that the person joined under holds, or one that followed it."""
        network, grantee = self._network, self.grantee(plan.row.number)
        standing = network.suite.standing(self.subject, grantee, self.subject)
        seen = network.synced().sightings([self.subject], grantee=grantee)
        known, now = plan.membership, network.suite.now()
        joined = replace(OrderTail.parse(0), grants=known.grants, epoch=known.epoch)
        over = standing.grant.valid_until
        return stop_of(joined, over, standing, seen.get((self.subject, grantee)), now) > now

    def join(
        self, plan: JoinPlan, *, notice: bytes, vouches: Sequence[Vouch] = ()
    ) -> tuple[Receipt, ...]:
        """Grant to the union until the plan's end, and join. `notice` is the hash of the words that
        the person said yes to; `vouches` are issuers' words, kept for the deliveries."""
        mark = self.check(plan, vouches)
        keep_vouches(self.person.profile.store, vouches)
        suite, persona = self._network.suite, self.person.persona(RESEARCH)
        terms = granted_terms(
            plan.row.terms,
            grantee=self.grantee(plan.row.number),
            since=suite.now(),
            until=plan.until,
            notice=notice,
        )
        done = grant_and_take_part(
            self._network,
            persona,
            terms,
            lambda: union_acts.join(suite, persona, plan.row.number, mark),
        )
        self.person.renew_will()
        return done

    def leave(self, number: int) -> tuple[Receipt, ...]:
        """Leave at once: the consent is withdrawn, the custodians told first, and the membership
        ends. What was earned until now stays earned, and is claimed as ever."""
        find_union(self._network, number)
        suite, persona = self._network.suite, self.person.persona(RESEARCH)
        grantee = self.grantee(number)
        # A renewal that nobody saw yet is seen first, as for any withdrawal.
        withdrawn = self._network.withdraw(
            acts.withdraw(suite, persona, grantee),
            after=lambda: see_again(self._network, persona.address, grantee),
        )
        left = self._network.relayer.send(union_acts.leave(suite, persona, number))
        return withdrawn, left

    def fulfil(
        self, unions: tuple[int, ...] = (), *, options: Options = _AS_USUAL
    ) -> list[Fulfilled]:
        """Make the person's part of every order of these unions, or of all, that takes parts still,
        and leave it with the committee. Whoever was the last has the order divided. One that can't
        be fulfilled does not stop the others."""
        waiting = [
            one
            for one in self.parts()
            if one.state is OrderState.OPEN and (not unions or one.group in unions)
        ]
        if not waiting:
            raise NothingToOpenError(
                "No order of a union that you are in waits for your part. See `aceso union list`.",
                code="E_UNION_NOTHING_DUE",
            )
        done = []
        for one in Seller(self.person).deliver_each([sale.order for sale in waiting], options):
            if one.error is None:
                self._divide(one.order)
            done.append(one)
        return done

    def _divide(self, order: int) -> None:
        """Have an order divided, if this was all that was missing."""
        try:
            divide(self._network, order, self._network.relayer)
        except RequestRefusedError as exc:
            if exc.code not in _NOT_YET:
                self._network.troubles.append(exc)
        except AcesoError as exc:
            # The part is with the committee; anybody has the order divided later.
            self._network.troubles.append(exc)

    def claim(self, orders: tuple[int, ...] = ()) -> list[Claimed]:
        """Claim the person's part of these orders, or of all that are due; what is paid goes to
        their research account. Of one that is named and runs, what is earned by now is paid."""
        network, index = self._network, self._network.synced()
        mine = [one for one in self.parts() if one.state is OrderState.DELIVERED]
        rows = {row.order: row for row in index.union_orders(numbers=[one.order for one in mine])}
        now, left = network.suite.now(), self.memberships()
        window, _ = network.suite.unions.challenge()
        wanted = [
            rows[one.order]
            for one in mine
            if one.order in orders
            or (not orders and (left[one.group] or now >= due_at(network, rows[one.order], window)))
        ]
        if not wanted or set(orders) - {row.order for row in wanted}:
            raise NothingToOpenError(
                "There is no delivered order of a union in which you have a part that is due and "
                "not claimed. See `aceso union status UNION`.",
                code="E_UNION_NOTHING_TO_CLAIM",
            )
        done = []
        for row in wanted:
            try:
                done.append(Claimed(row.order, self._claim(row)))
            except AcesoError as exc:
                done.append(Claimed(row.order, error=exc))
        unions = network.suite.unions
        if any(one.receipt for one in done) and unions.credit_of(self.subject):
            network.relayer.send(unions.pay_credit(self.subject))
        return done

    def _claim(self, row: UnionOrderRow) -> Receipt:
        leaves = published(self._network, row)
        known = frozenset(leaves.leaves)
        part = next((one for one in self._own(row.order) if leaf_of(one) in known), None)
        if part is None:
            raise InputError(
                f"Your part is not in what was delivered for order {row.order}, so it earned "
                "nothing: it came too late, or was never left with enough custodians.",
                code="E_UNION_NOT_DELIVERED",
                details={"order": str(row.order)},
            )
        return self._network.relayer.send(claim(self._network.suite, row.order, leaves, part))

    def _own(self, order: int) -> Iterator[Part]:
        """This person's part of an order: as this device made it, or else as custodians hold it,
        where a station or another device did."""
        maker = ExtractMaker(
            self._network,
            self.person.profile,
            account=self.person.persona(RESEARCH),
            keys=self.person.keys,
        )
        made = maker.part_of(order)
        if made is not None:
            yield made
        try:
            yield from self._network.committee.parts(order, self.person.persona(RESEARCH))
        except RequestRefusedError as exc:
            # Nobody has any.
            if exc.code != "E_RECORD_UNKNOWN":
                raise
