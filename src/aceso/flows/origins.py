"""Where the data of an order come from: what a study asks, how it is shown, and what is checked.

    document_of(network, row).origin                # what a revision of a study asks
    check_can_show(person, name, classes, vouches)  # before taking part in what asks it
    showing = Showing.of(network, sale, vouches)    # None where the order asks nothing
    source = showing.show(envelope, dek)            # one record, or why it can't be shown
    check_origin(network, sale, package)            # the buyer, and who judges a dispute

A study says in its document, whose digest is on chain, whether it takes only data whose origin is
shown; an offer and a union say among their terms whether they show it. The proof lies in the sealed
package: its buyer opens it, and a panel where they dispute. Nothing of it is public. It is checked
as things stood at the delivery, so that whoever checks it later finds the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aceso.chain import RecordStanding, Studies
from aceso.codes import DataClass
from aceso.errors import InputError, IntegrityError
from aceso.ethereum import keccak
from aceso.index import StudyRow
from aceso.research import (
    Asked,
    Origin,
    OriginProof,
    Package,
    Patient,
    Standing,
    StudyDocument,
    class_of_source,
)
from aceso.rewards import TAG_FIELD, Contribution, ContributionError
from aceso.storage import cid_from_digest
from aceso.vault import Envelope
from aceso.vault.errors import OpeningError

from .errors import NothingToOpenError
from .network import Network
from .orders import MARKET, UNIONS, Sale, find_study
from .own_vault import RESEARCH
from .records import HoldingRecords, read_envelope
from .vouching import Vouch, contribution_of

__all__ = ["Showing", "asks_origin", "check_can_show", "check_origin", "document_of"]

_MOST_DOCUMENT_BYTES = 256 << 10
# Whose messages a patient's vouch is among.
_VOUCHES = "RewardPool"


def document_of(network: Network, row: StudyRow) -> StudyDocument:
    """The document of a revision, from IPFS, checked against what the chain has."""
    data = network.ipfs.read(cid_from_digest(row.protocol.document), limit=_MOST_DOCUMENT_BYTES)
    document = StudyDocument.read(data)
    if document.criteria.commitment != row.protocol.cohort:
        raise IntegrityError(
            f"Study {row.study} committed to other criteria than those in its document. Don't "
            "enrol; tell the study.",
            code="E_COHORT_OTHER",
        )
    return document


def asks_origin(network: Network, sale: Sale) -> bool:
    """Whether an order takes only data whose origin is shown: by the terms of the offer or union,
    or the revision of the study, that it was made under."""
    if sale.desk == MARKET:
        return network.suite.market.get_offer(sale.group).origin_shown
    if sale.desk == UNIONS:
        return network.suite.unions.get_union(sale.group).origin_shown
    row = find_study(network, *Studies.of_group(sale.group))
    return document_of(network, row).origin is Origin.VOUCHED


def check_origin(network: Network, sale: Sale, package: Package) -> frozenset[Patient]:
    """Raise an `OriginError` unless an opened and checked package shows what its order asks. Gives
    whose patient its subject is shown to be; nobody's where nothing is asked."""
    if not asks_origin(network, sale):
        return frozenset()
    return OriginProof.of(package).check(
        package,
        _asked(network, sale),
        network.suite.domain(_VOUCHES),
        lambda one: _standing_of(network, one),
    )


@dataclass(frozen=True, slots=True)
class Showing:
    """How the maker of an order's extract shows its sources."""

    network: Network
    sale: Sale
    vouches: dict[str, Vouch]

    @classmethod
    def of(cls, network: Network, sale: Sale, vouches: Iterable[Vouch]) -> Showing | None:
        """With these words of issuers for the order's subject; None where it asks nothing."""
        if not asks_origin(network, sale):
            return None
        given = {one.issuer: one for one in vouches}
        if not given:
            raise no_vouch(sale.name, sale.subject)
        for one in given.values():
            one.check(network, sale.subject)
        return cls(network, sale, given)

    def show(self, envelope: Envelope, dek: bytes) -> Contribution:
        """One record, checked as the buyer will check it. Raise an error of why it can't be shown,
        and so is left out."""
        vouch = self.vouches.get(envelope.issuer)
        if vouch is None:
            raise ContributionError(
                f"The record is by {envelope.issuer}, who did not vouch for this account, so that "
                "its origin can't be shown.",
                code="E_ORIGIN_UNVOUCHED",
                details={"issuer": envelope.issuer},
            )
        try:
            shown = contribution_of(self.sale.order, envelope, dek, vouch)
        except OpeningError as exc:
            raise ContributionError(
                f"The record is of another patient than the one that {envelope.issuer} vouched "
                "for, so that it is not shown as yours.",
                code="E_VOUCH_OTHER",
            ) from exc
        class_of_source(
            shown,
            _asked(self.network, self.sale),
            self.network.suite.domain(_VOUCHES),
            lambda one: _standing_of(self.network, one),
        )
        return shown


def check_can_show(
    person: HoldingRecords, name: str, classes: DataClass, vouches: Iterable[Vouch]
) -> None:
    """That a person with these issuers' words has a record of these classes whose origin could be
    shown, as far as the vault's index tells; `name` is of what asks it."""
    tags = {one.issuer: keccak(one.tag) for one in vouches}
    if not tags:
        raise no_vouch(name, person.persona(RESEARCH).address)
    for record_id, note in person.records():
        if note.issuer not in tags or not DataClass(note.data_class) & classes:
            continue
        try:
            entry = person.entry(record_id)
            envelope = read_envelope(entry, person.key_of(entry))
        except (IntegrityError, NothingToOpenError):
            # What doesn't open is not sold either.
            continue
        if envelope.hashes.get(TAG_FIELD) == tags[note.issuer]:
            return
    raise NothingToOpenError(
        f"For {name} the origin of data has to be shown, and there is no record of those classes "
        "that an issuer who vouched for you issued with your tag. Ask them to issue with it: "
        "`aceso issue --patient-file`.",
        code="E_ORIGIN_NO_RECORD",
        details={"name": name},
    )


def no_vouch(name: str, account: str) -> InputError:
    """That no issuer's word was given for what asks for one."""
    return InputError(
        f"For {name} the origin of data has to be shown. Ask the hospital or laboratory that "
        f"issued your records for a vouch of {account}; they make it with `aceso vouch`. Give its "
        "file with --vouch.",
        code="E_ORIGIN_VOUCH",
        details={"name": name, "account": account},
    )


def _asked(network: Network, sale: Sale) -> Asked:
    at = network.suite.now() if sale.delivered_at is None else sale.delivered_at
    return Asked(sale.order, sale.subject, sale.classes, at)


def _standing_of(network: Network, one: Contribution) -> Standing:
    suite = network.suite
    found = suite.records.verify(one.issuer, one.root, one.record, list(one.proof))
    retracted = 0
    if found.standing is RecordStanding.RETRACTED:
        retracted = suite.now()
        for event, time in network.synced().timed_events("RecordRetracted"):
            if (event.args["issuer"], event.args["leaf"]) == (one.issuer, one.record):
                retracted = time
    return Standing(found.anchored_at, found.accredited, retracted)
