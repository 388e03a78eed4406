"""What an accredited data station does: make extracts, so that a person need not be online.

    mandate, _ = entrust(person, station_account, classes=DataClass.LABS, use=Use.HMB)
    station.accept(mandate)
    station.fulfil()          # every open order of those who entrusted it, at whichever desk

A person lets a station in twice: one persona shows it records, as to any grantee, and the research
persona, whose orders are to be fulfilled, grants it the same classes and use. Custodians ask
`decide` for both, at the opening of each record and at the deposit of each extract, so a withdrawal
of either ends it. The mandate says that the two are one person, and both sign it: without that,
anybody could sell what others show a station. Whoever reads it learns the same, so it is handed to
the station alone. It carries the issuers' vouches for the research persona too, if the person gave
them: a study may ask where data come from.
"""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from aceso.chain import OrderState, Receipt, Request, Terms, acts, grantee_of_account
from aceso.codes import DataClass, Role, Use
from aceso.custody.errors import DeniedError
from aceso.errors import SPOILT, AcesoError, InputError
from aceso.research import anonymise
from aceso.rewards import ContributionError
from aceso.signing import recover, sign

from .errors import NothingToOpenError
from .extracts import ExtractMaker, Fulfilled, Options, Prepared, Read, read_record
from .network import Network
from .orders import MARKET, Sale, sales
from .own_vault import RESEARCH
from .person import Person
from .reader import Reader
from .vouching import Vouch

__all__ = ["Mandate", "Station", "entrust"]

_DAY = 24 * 60 * 60
_AS_USUAL = Options()


@dataclass(frozen=True, slots=True)
class Mandate:
    """Two personas of one person, who say so to one station."""

    research: str
    persona: str
    station: str
    signatures: tuple[bytes, bytes]
    # Issuers' words for the research persona, by which origin is shown to studies that ask.
    vouches: tuple[Vouch, ...] = ()

    def _message(self) -> dict[str, str]:
        return {"research": self.research, "persona": self.persona, "station": self.station}

    def check(self, network: Network, station: str) -> None:
        """Refuse what is not for this station, or not signed by both."""
        domain = network.suite.domain("DataMarket")
        signers = [
            recover("StationMandate", self._message(), domain, one) for one in self.signatures
        ]
        if self.station != station or signers != [self.research, self.persona]:
            raise InputError(
                f"This mandate is not for the station {station} on this network, or not signed by "
                "both personas. Ask the person for another.",
                code="E_MANDATE",
            )
        for one in self.vouches:
            one.check(network, self.research)

    def to_json(self) -> str:
        """For the station alone: it ties two personas of one person."""
        signatures = ["0x" + one.hex() for one in self.signatures]
        said = {"format": "aceso-mandate", "version": 1, **self._message()}
        vouches = [json.loads(one.to_json()) for one in self.vouches]
        return json.dumps(said | {"signatures": signatures, "vouches": vouches}, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Mandate:
        """Read what `to_json` wrote."""
        try:
            said = json.loads(text)
            if (said["format"], said["version"]) != ("aceso-mandate", 1):
                raise ValueError("another format or version")
            first, second = (bytes.fromhex(one.removeprefix("0x")) for one in said["signatures"])
            research, persona, station = (
                str(said[name]) for name in ("research", "persona", "station")
            )
            vouches = tuple(Vouch.from_json(json.dumps(one)) for one in said.get("vouches", ()))
            return cls(research, persona, station, (first, second), vouches)
        except (*SPOILT, ContributionError) as exc:
            raise InputError(
                "This is not a mandate of a version that we know. Ask the person for the file that "
                "`aceso station entrust` wrote.",
                code="E_MANDATE_FORMAT",
            ) from exc


def entrust(
    person: Person,
    station: str,
    *,
    classes: DataClass,
    use: Use,
    seconds: int = 365 * _DAY,
    notice: bytes = bytes(32),
    vouches: Sequence[Vouch] = (),
) -> tuple[Mandate, tuple[Receipt, ...]]:
    """Let a station make extracts of these classes for this use; `person.unshare` ends it all. With
    `vouches` it can show studies where the records are from."""
    for one in vouches:
        one.check(person.network, person.persona(RESEARCH).address)
    suite, grantee = person.network.suite, grantee_of_account(station)
    shown = person.share(grantee, classes=classes, uses=use, seconds=seconds, notice=notice)
    research, persona = person.persona(RESEARCH), person.persona_for(grantee)
    now = suite.now()
    terms = Terms(
        grantee=grantee,
        classes=classes,
        uses=use,
        conditions=0,
        disease=0,
        valid_from=now,
        valid_until=now + seconds,
        notice=notice,
    )
    granted = person.network.relayer.send(acts.grant(suite, research, terms))
    person.network.wait_confirmed(granted)
    person.renew_will()
    bare = Mandate(research.address, persona.address, station, (b"", b""), tuple(vouches))
    domain = suite.domain("DataMarket")
    signatures = (
        sign(research, "StationMandate", bare._message(), domain),
        sign(persona, "StationMandate", bare._message(), domain),
    )
    return replace(bare, signatures=signatures), (shown, granted)


class Station(Reader):
    """A data station: a grantee like any other, that makes extracts where it was let in."""

    def accept(self, mandate: Mandate) -> None:
        """Take a mandate on, after it was checked."""
        mandate.check(self.network, self.account.address)
        self.profile.store.put(f"mandate/{mandate.research}", mandate.to_json().encode())
        held = self._held() | {mandate.research}
        self.profile.store.put("mandates", json.dumps(sorted(held)).encode())

    def _held(self) -> set[str]:
        return set(json.loads(self.profile.store.get("mandates") or b"[]"))

    def mandates(self) -> list[Mandate]:
        """All that were taken on; whether they still hold is asked when they are used."""
        kept = (self.profile.store.get(f"mandate/{one}") for one in sorted(self._held()))
        return [Mandate.from_json(one.decode()) for one in kept if one]

    def orders(self) -> list[Sale]:
        """The open orders of those who entrusted this station, the oldest first."""
        subjects = [one.research for one in self.mandates()]
        if not subjects:
            return []
        found = sales(self.network, subjects=subjects)
        return [sale for sale in found if sale.state is OrderState.OPEN]

    def fulfil(
        self, orders: Iterable[int] = (), *, options: Options = _AS_USUAL, k: int = 0
    ) -> list[Fulfilled]:
        """Make and deliver extracts: of these orders, or of all that are open.

        With `k` the orders of one buyer's offers are one cohort, those of one revision of a study,
        and the parts of one union's orders, whose extracts are delivered only once it is
        k-anonymous. One order that can't be fulfilled does not stop the others.
        """
        wanted = set(orders)
        found = self.orders()
        missing = sorted(wanted - {sale.order for sale in found})
        done = [Fulfilled(order, error=_no_order()) for order in missing]
        prepared: dict[tuple[str, str], list[Prepared]] = defaultdict(list)
        # Of one order of a union, a part of each member who entrusted this station.
        for sale in found:
            if wanted and sale.order not in wanted:
                continue
            try:
                if self._maker.is_made(sale):
                    done.append(Fulfilled(sale.order, self._maker.resume(sale)))
                else:
                    prepared[_cohort(sale)].append(self._prepared(sale, options))
            except AcesoError as exc:
                done.append(Fulfilled(sale.order, error=exc))
        for cohort in prepared.values():
            done += self._deliver(cohort, k)
        return done

    @property
    def _maker(self) -> ExtractMaker:
        keys = self.profile.seed.keys(self.network.suite.chain_id)
        return ExtractMaker(self.network, self.profile, account=self.account, keys=keys)

    def _prepared(self, sale: Sale, options: Options) -> Prepared:
        mandate = next(one for one in self.mandates() if one.research == sale.subject)
        decision = self.network.suite.decide(
            Request(
                subject=sale.subject,
                actor=self.account.address,
                grantee=self.grantee,
                use=sale.use,
                classes=sale.classes,
                disease=sale.disease,
            )
        )
        if not decision.permitted:
            raise DeniedError(decision.reason)
        with tempfile.TemporaryDirectory(dir=self.profile.folder) as folder:
            records = self._records(mandate.persona, sale.classes, sale.use, Path(folder))
            return self._maker.prepare(sale, records, options, mandate.vouches)

    def _records(self, persona: str, classes: DataClass, use: Use, folder: Path) -> Iterator[Read]:
        opened = self.open_all(persona, classes=classes, folder=folder, use=use)
        for failed in self.unopened:
            yield Read(failed.entry.record_id, error=failed.error)
        for one in opened:
            yield read_record(one.envelope, one.key, one.path)

    def _deliver(self, cohort: Sequence[Prepared], k: int) -> list[Fulfilled]:
        measured = 0
        made = list(cohort)
        if k:
            try:
                anonymous = anonymise([one.extract for one in cohort], k)
            except AcesoError as exc:
                return [Fulfilled(one.sale.order, error=exc) for one in cohort]
            measured = anonymous.k
            made = [
                replace(one, extract=extract)
                for one, extract in zip(cohort, anonymous.extracts, strict=True)
            ]
        done = []
        for one in made:
            try:
                counted = len(made) if k else 0
                delivered = self._maker.deliver(one, cohort=counted, k=measured)
                done.append(Fulfilled(one.sale.order, delivered))
            except AcesoError as exc:
                done.append(Fulfilled(one.sale.order, error=exc))
        return done

    @property
    def is_accredited(self) -> bool:
        """Whether custodians attest what this station makes."""
        return self.network.suite.participants.has_roles(self.account.address, Role.STATION)


def _cohort(sale: Sale) -> tuple[str, str]:
    return sale.buyer, sale.desk if sale.desk == MARKET else sale.name


def _no_order() -> NothingToOpenError:
    return NothingToOpenError(
        "There is no such open order of anybody who entrusted this station. See "
        "`aceso station orders`.",
        code="E_NO_STATION_ORDER",
    )
