"""A person renews the grant that an order which runs is paid by.

    renewing = Renewing(person)
    plan = renewing.plan(grantee)               # an offer, the revision of a study, or a union
    renewing.renew(plan, until=…, notice=…)

A grant anew ends every order that was made under the older one, unless the desk of the orders saw
the older one first, and then the newer (docs/market.md). So the older one is seen, that is waited
for until it is confirmed, and only then the newer one is signed: a signed grant that somebody holds
could be carried before. The newer one is seen by this call, or by the next sync of any device.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from aceso.chain import Receipt, Standing, Studies, Terms, acts
from aceso.codes import DataClass, Use
from aceso.errors import AcesoError, InputError, ServiceError
from aceso.index import ConsentRow

from .granting import granted_terms
from .orders import MARKET, UNIONS, find_study, find_union, sales
from .own_vault import RESEARCH
from .person import Person
from .sightings import Coverage, coverage, desk_of, see

__all__ = ["Renewal", "RenewalPlan", "Renewing"]

# So that what is carried late costs no time of an order.
_SLACK_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class RenewalPlan:
    """What a renewal is about. `terms` are those that are signed again, until another time: what
    is in force, or (`is_new`) what the offer says. `orders` run under them; `seconds` is how long
    one would at most that is made now."""

    grantee: bytes
    terms: Terms
    standing: Standing
    is_new: bool
    orders: tuple[Coverage, ...]
    seconds: int

    @property
    def classes(self) -> DataClass:
        """What it lets be seen."""
        return DataClass(self.terms.classes)

    @property
    def uses(self) -> Use:
        """What for."""
        return Use(self.terms.uses)


@dataclass(frozen=True, slots=True)
class Renewal:
    """What became of it: until when each order is paid now. What is still to be seen is seen at the
    next sync."""

    receipts: tuple[Receipt, ...]
    orders: tuple[Coverage, ...]


class Renewing:
    """A person who sells, by their research persona."""

    def __init__(self, person: Person):
        self._person = person
        self._network = person.network

    def plan(self, grantee: bytes) -> RenewalPlan:
        """What renewing this grant means now; refused where nothing can be gained by it."""
        network, subject = self._network, self._person.persona(RESEARCH).address
        found = desk_of(network, grantee)
        if found is None:
            raise InputError(
                "Only a consent to an offer, a study or a union is renewed. Share with others "
                "again with `aceso share`, until a later time.",
                code="E_RENEW_WHOM",
            )
        desk, group = found
        orders = self._orders(grantee)
        # Before the row, so that what changes meanwhile is refused by the chain.
        standing = network.suite.standing(subject, grantee, subject)
        rows = network.synced().consents([subject], grantee)
        live = [row for row in rows if row.is_live(network.suite.now())]
        if not live and orders and desk == UNIONS:
            raise InputError(
                "That consent is over, and another one now would give up what you didn't claim yet "
                f"of order {orders[0].sale.order}. Claim it first with `aceso union claim`, and "
                "join anew.",
                code="E_RENEW_OVER_UNION",
                details={"order": str(orders[0].sale.order)},
            )
        if not live and orders:
            raise InputError(
                "That consent is over, and another one now would give up what wasn't paid yet of "
                f"order {orders[0].sale.order}. Settle it first with `aceso settle`; it is paid "
                "for the time that was allowed.",
                code="E_RENEW_OVER",
                details={"order": str(orders[0].sale.order)},
            )
        if desk == MARKET:
            terms, seconds, takes_more = self._of_offer(grantee, group, subject)
        elif desk == UNIONS:
            terms, (seconds, takes_more) = None, self._of_union(group, subject)
        else:
            terms, seconds, takes_more = None, self._of_study(group), False
        if not orders and (not takes_more or (terms is None and not live)):
            raise InputError(
                "No order of yours runs by that consent, and none can be made by it, so there is "
                "nothing to renew. See `aceso consents`.",
                code="E_RENEW_NOTHING",
            )
        if live:
            terms = _again(live[0])
        assert terms is not None  # noqa: S101
        return RenewalPlan(
            grantee, terms, standing, not live, tuple(orders), seconds + _SLACK_SECONDS
        )

    def _orders(self, grantee: bytes) -> list[Coverage]:
        network, subject = self._network, self._person.persona(RESEARCH).address
        mine = [
            one for one in sales(network, subjects=[subject]) if one.grantee(network) == grantee
        ]
        return coverage(network, mine)

    def _of_offer(
        self, grantee: bytes, number: int, subject: str
    ) -> tuple[Terms | None, int, bool]:
        """What an offer of this person says: as a grant, for how long, and whether it is open."""
        rows = self._network.index.offers(open_only=False, subjects=[subject])
        row = next((one for one in rows if one.number == number), None)
        if row is None:
            return None, 0, False
        offer, now = row.terms, self._network.suite.now()
        terms = granted_terms(offer, grantee=grantee, since=now, until=now, notice=bytes(32))
        return terms, offer.delivery_period + offer.duration, row.is_open

    def _of_union(self, number: int, subject: str) -> tuple[int, bool]:
        """For how long an order of a union would run that is made now, and whether this person is
        in it: a membership goes on by a renewal as an order does."""
        terms = find_union(self._network, number).terms
        known = self._network.suite.unions.membership_of(number, subject)
        return terms.delivery_period + terms.duration, known.is_in

    def _of_study(self, group: int) -> int:
        terms = find_study(self._network, *Studies.of_group(group)).terms
        return terms.delivery_period + terms.duration

    def renew(self, plan: RenewalPlan, *, until: int, notice: bytes) -> Renewal:
        """Grant the same until a later time, seen before and after. A renewal that was cut off
        before the grant begins anew; one that was cut off after it goes on at the next sync."""
        if not plan.is_new and until <= plan.terms.valid_until:
            raise InputError(
                "The consent lasts as long already. Name a later time, or withdraw it with "
                "`aceso unshare`.",
                code="E_RENEW_SHORTER",
            )
        network, persona = self._network, self._person.persona(RESEARCH)
        sent = [] if plan.is_new else self._seen(plan, persona.address)
        terms = replace(plan.terms, valid_until=until, notice=notice)
        # Whatever was withdrawn since the plan, on whichever device, voids what is signed here.
        call = acts.grant(network.suite, persona, terms, standing=plan.standing)
        sent.append(network.relayer.send(call))
        if not plan.is_new:
            try:
                again = see(network, persona.address, plan.grantee)
                sent += [again] if again is not None else []
            except AcesoError as exc:
                network.troubles.append(exc)
        return Renewal(tuple(sent), tuple(self._orders(plan.grantee)))

    def _seen(self, plan: RenewalPlan, subject: str) -> list[Receipt]:
        """Have the grant seen that is to be renewed, and wait until nothing undoes that."""
        network, grantee = self._network, plan.grantee
        number = plan.standing.grant.grants
        sighting = network.synced().sightings([subject], grantee=grantee).get((subject, grantee))
        receipt = None
        if sighting is None or sighting.word.grants != number:
            receipt = see(network, subject, grantee)
            sighting = network.synced().sightings([subject], grantee=grantee)[subject, grantee]
        is_final = network.wait_for_block(sighting.block)
        after = network.synced().sightings([subject], grantee=grantee).get((subject, grantee))
        if not is_final or after is None or after.word.grants != number:
            raise ServiceError(
                "The chain did not confirm in time that the consent was seen, so nothing newer was "
                "signed, and your orders are as they were. Run the same command again.",
                code="E_RENEW_UNCONFIRMED",
            )
        return [] if receipt is None else [receipt]


def _again(row: ConsentRow) -> Terms:
    """What is in force, to be granted again: from when it was, so that no moment is left out."""
    return Terms(
        grantee=row.grantee,
        classes=row.classes,
        uses=row.uses,
        conditions=row.conditions,
        disease=row.disease,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        notice=row.notice,
    )
