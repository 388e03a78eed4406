"""What a person does to be paid: offer, make the extract of an order, deliver it.

    seller = Seller(person)
    number = seller.offer(classes=DataClass.LABS, use=Use.HMB, price=…, days=30)
    seller.deliver(order)

An offer is made and granted by the research persona, so that no buyer meets a care persona. What is
delivered is an extract: a record of its own, made for one order from the records of the classes on
offer, with direct identifiers dropped, and sealed for the key that the buyer named. No buyer ever
gets a class key, an original, or a record id of one.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from aceso.chain import OfferTerms, Receipt, acts, grantee_of_group
from aceso.codes import Condition, DataClass, Use
from aceso.errors import AcesoError, IntegrityError, StorageError
from aceso.ethereum import NOBODY
from aceso.formats import VCF
from aceso.storage import IpfsDownError
from aceso.vault import Envelope

from .errors import NothingToOpenError
from .extracts import Delivered, ExtractMaker, Fulfilled, Options, Read, read_record
from .granting import granted_terms
from .network import said
from .orders import Sale, sales
from .origins import check_can_show
from .own_vault import RESEARCH
from .person import Person
from .records import write_body
from .vouching import Vouch, keep_vouches, kept_vouches, known_vouches

__all__ = ["Seller"]

_DAY = 24 * 60 * 60
_NO_CONDITION = Condition(0)
_AS_USUAL = Options()


class Seller:
    """A person who sells extracts."""

    def __init__(self, person: Person):
        self._person = person
        self._network = person.network

    def offer(
        self,
        *,
        classes: DataClass,
        use: Use,
        price: int,
        seconds: int,
        delivery_seconds: int = 7 * _DAY,
        disease: int = 0,
        conditions: Condition = _NO_CONDITION,
        institution: str | None = None,
        institution_bps: int = 0,
        origin_shown: bool = False,
        vouches: Sequence[Vouch] = (),
        notice: bytes = bytes(32),
    ) -> tuple[int, tuple[Receipt, ...]]:
        """Make an offer and grant to it; return its number. `price` is in base units of coin.
        `vouches` are issuers' words, kept for the deliveries of an offer that shows origin."""
        suite = self._network.suite
        self.check_origin(classes, vouches, shown=origin_shown)
        keep_vouches(self._person.profile.store, vouches)
        persona = self._person.persona(RESEARCH)
        terms = OfferTerms(
            subject=persona.address,
            price=price,
            institution=institution or NOBODY,
            committee=self._network.facts.number,
            duration=seconds,
            institution_bps=institution_bps,
            use=use,
            classes=classes,
            disease=disease,
            conditions=int(conditions),
            delivery_period=delivery_seconds,
            origin_shown=origin_shown,
        )
        made = self._network.relayer.send(acts.offer(suite, persona, terms))
        number = int(said(made, "OfferMade")["number"])
        now = suite.now()
        granting = granted_terms(
            terms,
            grantee=self.grantee(number),
            since=now,
            until=now + seconds + delivery_seconds,
            notice=notice,
        )
        granted = self._network.relayer.send(acts.grant(suite, persona, granting))
        self._person.renew_will()
        return number, (made, granted)

    def check_origin(self, classes: DataClass, vouches: Sequence[Vouch], *, shown: bool) -> None:
        """Refuse words that are none for this person, and an offer that is to show the origin of
        what is not there."""
        known = known_vouches(self._person, vouches)
        if shown:
            check_can_show(self._person, "--origin vouched", classes, known)

    def grantee(self, number: int) -> bytes:
        """The offer as a grantee."""
        return grantee_of_group(number, self._network.suite.addresses["DataMarket"])

    def withdraw(self, number: int) -> Receipt:
        """Withdraw what was granted to an offer: its orders are paid for the time until now."""
        suite = self._network.suite
        act = acts.withdraw(suite, self._person.persona(RESEARCH), self.grantee(number))
        return self._network.withdraw(act)

    def close(self, number: int) -> Receipt:
        """Take no more buyers."""
        persona = self._person.persona(RESEARCH)
        return self._network.relayer.send(acts.close_offer(self._network.suite, persona, number))

    def find(self, order: int) -> Sale:
        """An order of the person's data."""
        mine = sales(self._network, subjects=[self._person.persona(RESEARCH).address])
        for one in mine:
            if one.order == order:
                return one
        raise NothingToOpenError(
            "There is no such order of yours, of an offer, a study or a union. See "
            "`aceso balance` for your orders.",
            code="E_NO_ORDER",
        )

    def deliver(
        self, order: int, options: Options = _AS_USUAL, vouches: Iterable[Vouch] = ()
    ) -> Delivered:
        """Make the extract of an order, leave it with the committee, and record the delivery.

        A delivery that was cut off goes on with the same extract: the committee takes no second
        one, so `options` count the first time only. `vouches` are issuers' words beside those that
        this device keeps, for a study that asks where data come from.
        """
        sale, persona = self.find(order), self._person.persona(RESEARCH)
        maker = ExtractMaker(
            self._network, self._person.profile, account=persona, keys=self._person.keys
        )
        if maker.is_made(sale):
            return maker.resume(sale)
        known = (*kept_vouches(self._person.profile.store), *vouches)
        prepared = maker.prepare(sale, self._records(sale.classes, options), options, known)
        return maker.deliver(prepared)

    def deliver_each(
        self, orders: Iterable[int], options: Options = _AS_USUAL, vouches: Sequence[Vouch] = ()
    ) -> Iterator[Fulfilled]:
        """As `deliver`, one order after the other; one that can't be fulfilled stops no other."""
        for order in orders:
            try:
                yield Fulfilled(order, self.deliver(order, options, vouches))
            except AcesoError as exc:
                yield Fulfilled(order, error=exc)

    def _records(self, classes: DataClass, options: Options) -> Iterator[Read]:
        """Every record of these classes, opened one after the other. A genome of which nothing
        was asked for is not opened."""
        with tempfile.TemporaryDirectory(dir=self._person.profile.folder) as folder:
            for record_id, note in self._person.records():
                if not DataClass(note.data_class) & classes:
                    continue
                path = Path(folder) / "body"
                try:
                    entry = self._person.entry(record_id)
                    key = self._person.key_of(entry)
                    said = Envelope.open(entry.envelope, key.dek, record_id=record_id)
                    if said.media_type == VCF and not (options.loci or options.variants):
                        continue
                    envelope = write_body(self._network, entry, key, path)
                except IpfsDownError:
                    raise
                except (IntegrityError, NothingToOpenError, StorageError) as exc:
                    yield Read(record_id, error=exc)
                    continue
                yield read_record(envelope, key, path)
