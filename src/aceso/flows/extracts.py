"""Making the extract of an order: the same for a person's own client and for a data station.

    maker = ExtractMaker(network, profile, account=persona, keys=keys)
    delivered = maker.deliver(sale, records, options)

An extract is a record of its own: made for one order from the records of its classes,
certified and signed by whoever made it, anchored alone, and sealed for the key that the buyer
named. A delivery that was cut off goes on with the same extract: the committee takes no second one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from eth_account.signers.local import LocalAccount

from aceso.chain import Committee, Delivery, Part, Receipt, RefusedError, acts
from aceso.codes import DataClass
from aceso.custody import Attestation
from aceso.errors import AcesoError, InputError, IntegrityError
from aceso.formats import FHIR_JSON, VCF, BytesBody, Piece
from aceso.research import (
    PACKAGE_TYPE,
    Extract,
    Locus,
    OriginProof,
    Package,
    Recogniser,
    Rules,
    shift_key,
)
from aceso.research import extract as make_extract
from aceso.rewards import Contribution
from aceso.storage import cid_digest
from aceso.vault import (
    CERTIFICATE_FIELD,
    EXTRACT_METHOD,
    EXTRACT_VERSION,
    CapsuleContext,
    Certificate,
    Envelope,
    ListEntry,
    PublicKey,
    RecordKey,
    ShownCertificate,
    SignedCertificate,
    VaultKeys,
    lineage_of,
    make_batch,
    make_capsule,
)

from .errors import NothingToOpenError
from .network import Network
from .orders import UNIONS, ReceivingKey, Sale, receiving_key
from .origins import Showing, check_origin
from .profile import Profile
from .publishing import Draft, envelope_of, random_record_id, seal_body
from .vouching import Vouch

__all__ = ["Delivered", "ExtractMaker", "Fulfilled", "Options", "Read", "read_record"]


@dataclass(frozen=True, slots=True)
class Options:
    """What of the rules of an extract is chosen for an order; the rest follows from its offer."""

    dates: str = "shift"
    birth_band: int = 5
    region: str = "none"
    parent_codes: bool = False
    loci: tuple[Locus, ...] = ()
    variants: frozenset[str] = frozenset()
    recogniser: Recogniser | None = None

    def rules(self, classes: DataClass, key: bytes, year: int) -> Rules:
        """The rules for these classes, of an extract that is made in this year."""
        return Rules(
            classes=classes,
            key=key,
            dates=self.dates,  # type: ignore[arg-type]
            birth_band=self.birth_band,
            region=self.region,  # type: ignore[arg-type]
            parent_codes=self.parent_codes,
            loci=self.loci,
            variants=self.variants,
            recogniser=self.recogniser,
            year=year,
        )


@dataclass(frozen=True, slots=True)
class Read:
    """A record that was opened to make an extract, or what stood in the way."""

    record_id: bytes
    piece: Piece | None = field(default=None, repr=False)
    source: tuple[bytes, str, bytes] | None = field(default=None, repr=False)
    error: AcesoError | None = None
    # Its envelope and its key, by which it is shown where an order asks for that.
    opened: tuple[Envelope, bytes] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Delivered:
    """An extract that the committee holds ready."""

    order: int
    entry: ListEntry
    certificate: Certificate
    # Its parameters, removed paths and counts; no value of it.
    about: Mapping[str, Any]
    receipts: tuple[Receipt, ...]
    # Records of the classes on offer whose bodies did not open, or are not there, or whose origin
    # can't be shown to who asks for it.
    left_out: tuple[bytes, ...] = ()

    @property
    def count(self) -> int:
        """How many resources and genomes are in it."""
        return sum(self.about["counts"].values())


@dataclass(frozen=True, slots=True)
class Fulfilled:
    """What became of an order: it was delivered, or why it was not."""

    order: int
    delivered: Delivered | None = None
    error: AcesoError | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """An extract that was made and is not certified yet."""

    sale: Sale
    extract: Extract = field(repr=False)
    sources: tuple[tuple[bytes, str, bytes], ...] = field(repr=False)
    left_out: tuple[bytes, ...] = ()
    # Every source as its buyer is shown it; None where they ask for nothing.
    shown: tuple[Contribution, ...] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A sealed extract on its way. What is in it is kept only sealed, on IPFS."""

    leaf: bytes
    # The digest in the CID of the leaves of its batch, as `anchor` takes it.
    leaves: bytes
    entry: ListEntry
    shown: ShownCertificate
    about: Mapping[str, Any]
    left_out: tuple[bytes, ...]

    def to_bytes(self) -> bytes:
        said = {
            "leaf": self.leaf.hex(),
            "leaves": self.leaves.hex(),
            "entry": self.entry.to_bytes().hex(),
            "certificate": self.shown.to_bytes().decode(),
            "about": dict(self.about),
            "leftOut": [one.hex() for one in self.left_out],
        }
        return json.dumps(said).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> _Kept:
        said = json.loads(data)
        return cls(
            leaf=bytes.fromhex(said["leaf"]),
            leaves=bytes.fromhex(said["leaves"]),
            entry=ListEntry.from_bytes(bytes.fromhex(said["entry"])),
            shown=ShownCertificate.from_bytes(said["certificate"].encode()),
            about=said["about"],
            left_out=tuple(bytes.fromhex(one) for one in said["leftOut"]),
        )


class ExtractMaker:
    """Makes, certifies and delivers extracts as `account`; `keys` are the maker's own."""

    def __init__(
        self, network: Network, profile: Profile, *, account: LocalAccount, keys: VaultKeys
    ):
        self._network = network
        self._profile = profile
        self._account = account
        self._keys = keys

    def is_made(self, sale: Sale) -> bool:
        """Whether an extract of this order was made and sealed before."""
        return self._profile.store.get(f"extract/{sale.book}") is not None

    def part_of(self, order: int) -> Part | None:
        """The part of a union's order that was made here for this account, if it was."""
        kept = self._profile.store.get(f"extract/{order}/{self._account.address}")
        if kept is None:
            return None
        made = _Kept.from_bytes(kept)
        return Part(self._account.address, made.leaf, made.entry.capsule.digest)

    def prepare(
        self,
        sale: Sale,
        records: Iterable[Read],
        options: Options,
        vouches: Iterable[Vouch] = (),
    ) -> Prepared:
        """Make the extract; nothing is sealed or sent. For a study that asks where data come from,
        of those records alone that can be shown by the `vouches`."""
        showing = Showing.of(self._network, sale, vouches)
        sources: list[tuple[bytes, str, bytes]] = []
        shown: list[Contribution] = []
        left_out: dict[bytes, AcesoError] = {}

        def pieces() -> Iterator[Piece]:
            for one in records:
                if one.error is not None:
                    left_out[one.record_id] = one.error
                elif one.piece is not None and one.source is not None:
                    if showing is not None and one.opened is not None:
                        try:
                            shown.append(showing.show(*one.opened))
                        except (InputError, IntegrityError) as exc:
                            left_out[one.record_id] = exc
                            continue
                    sources.append(one.source)
                    yield one.piece

        key = shift_key(self._keys.derive(f"extract-dates/{sale.subject}", 32), sale.study)
        year = datetime.fromtimestamp(self._network.suite.now(), UTC).year
        made = make_extract(pieces(), options.rules(sale.classes, key, year))
        if not made.count:
            if left_out:
                raise next(iter(left_out.values()))
            raise NothingToOpenError(
                "There is nothing in the vault of the classes on offer that an extract may hold.",
                code="E_EMPTY_EXTRACT",
            )
        proven = None if showing is None else tuple(shown)
        return Prepared(sale, made, tuple(sources), tuple(left_out), proven)

    def deliver(self, prepared: Prepared, *, cohort: int = 0, k: int = 0) -> Delivered:
        """Certify, seal and deliver what was prepared."""
        sale = prepared.sale
        key = receiving_key(self._network, sale)
        kept = self._certify(prepared, key, cohort=cohort, k=k)
        self._profile.store.put(f"extract/{sale.book}", kept.to_bytes())
        return self._deliver(sale, kept, key)

    def resume(self, sale: Sale) -> Delivered:
        """Deliver an extract that was made before. A part of a union's order is left with the
        committee, which attests all of them together."""
        kept = _Kept.from_bytes(self._profile.store.get(f"extract/{sale.book}") or b"")
        return self._deliver(sale, kept, receiving_key(self._network, sale))

    def _deliver(self, sale: Sale, kept: _Kept, key: ReceivingKey) -> Delivered:
        entry, network = kept.entry, self._network
        receipts = self._anchor(entry.root, kept.leaves)
        attestation = network.committee.deposit_extract(
            sale.order,
            entry,
            self._account,
            leaf=kept.leaf,
            certificate=kept.shown,
            subject=sale.subject,
            desk=sale.desk,
            keys=key.shown,
        )
        if sale.desk != UNIONS:
            call = sale.contract(network).deliver(
                Delivery(sale.order, kept.leaf, key.digest, entry.capsule.digest),
                Committee(network.facts.members, network.facts.threshold),
                attestation.signers,
                list(attestation.signatures),
            )
            receipts.append(network.relayer.send(call))
        else:
            self._confirm(sale, attestation)
        certificate = kept.shown.signed.certificate
        return Delivered(sale.order, entry, certificate, kept.about, tuple(receipts), kept.left_out)

    def _confirm(self, sale: Sale, attestation: Attestation) -> None:
        """Show every custodian that enough of them hold a part, so that none leaves it out."""
        try:
            posted = self._network.committee.confirm_part(sale.order, sale.subject, attestation)
        except AcesoError as exc:
            self._network.troubles.append(exc)
        else:
            self._network.troubles += posted.missing.values()

    def _certify(self, prepared: Prepared, key: ReceivingKey, *, cohort: int, k: int) -> _Kept:
        sale, record_id = prepared.sale, random_record_id()
        domain = sale.domain(self._network)
        key_of_lineage = self._keys.derive(f"extract-lineage/{sale.order:x}", 32)
        origin = None
        if prepared.shown is not None:
            origin = OriginProof(key_of_lineage, prepared.shown).to_document()
        package = Package.make(prepared.extract, blind=os.urandom(32), origin=origin)
        lineage = lineage_of(prepared.sources, key=key_of_lineage, record_id=record_id)
        certificate = Certificate(
            order=sale.order,
            subject=sale.subject,
            maker=self._account.address,
            record_id=record_id,
            contents=package.contents,
            lineage=lineage.root,
            method=EXTRACT_METHOD,
            version=EXTRACT_VERSION,
            parameters=package.parameters,
            removed=package.removed,
            cohort=cohort,
            k=k,
        )
        signed = SignedCertificate.sign(certificate, self._account, domain)
        if origin is not None:
            # As its buyer will check it.
            check_origin(self._network, sale, replace(package, signed=signed))
        return self._seal(prepared, package, signed, domain, PublicKey(key.public))

    def _seal(
        self,
        prepared: Prepared,
        package: Package,
        signed: SignedCertificate,
        domain: Mapping[str, Any],
        to: PublicKey,
    ) -> _Kept:
        network, sale = self._network, prepared.sale
        account, now = self._account, network.suite.now()
        draft = Draft(
            record_id=signed.certificate.record_id,
            data_class=sale.classes,
            source=BytesBody(package.to_bytes(signed, domain)),
            media_type=PACKAGE_TYPE,
            issued_at=now,
            day=datetime.fromtimestamp(now, UTC).date().isoformat(),
            fields={CERTIFICATE_FIELD: signed.digest(domain)},
        )
        sealed = seal_body(network, draft, holder=sale.subject, folder=self._profile.folder)
        batch = make_batch([sealed.tree.leaf])
        leaves = cid_digest(network.ipfs.add(b"".join(sorted(batch.proofs()))))
        capsule = make_capsule(
            CapsuleContext(
                chain_id=network.suite.chain_id,
                record_id=draft.record_id,
                data_class=int(sale.classes),
                epoch=0,
                order=sale.order,
            ),
            RecordKey(sealed.dek, sealed.body),
            custodians=[(card.address, card.public_key) for card in network.sealing_cards],
            threshold=network.facts.threshold,
            reader_key=to,
            owner_key=self._keys.owner_key().public_key,
        )
        envelope = envelope_of(
            sealed,
            holder=sale.subject,
            issuer=account.address,
            root=batch.root,
            proof=batch.proof(sealed.tree.leaf),
        )
        entry = ListEntry(
            cid=sealed.cid,
            capsule=capsule,
            issuer=account.address,
            root=batch.root,
            envelope=envelope.seal(sealed.dek),
        )
        shown = ShownCertificate.of(sealed.tree, draft.record_id, signed, domain)
        return _Kept(sealed.tree.leaf, leaves, entry, shown, package.about, prepared.left_out)

    def _anchor(self, root: bytes, leaves: bytes) -> list[Receipt]:
        """Anchor the extract alone; no receipt if that was done before."""
        call = acts.anchor(self._network.suite, self._account, root, leaves)
        try:
            return [self._network.relayer.send(call)]
        except RefusedError as exc:
            if exc.error != "RecordAlreadyAnchored":
                raise
            return []


@dataclass(frozen=True, slots=True)
class _FileBody:
    """The opened contents of a record, in a file that is gone soon."""

    path: Path
    digest: bytes

    @property
    def size(self) -> int:
        return self.path.stat().st_size

    @property
    def sha256(self) -> bytes:
        return self.digest

    def open(self) -> BinaryIO:
        return self.path.open("rb")


def read_record(envelope: Envelope, key: RecordKey, path: Path) -> Read:
    """A record whose contents lie opened in `path`; a file that was kept whole is nothing."""
    if envelope.media_type not in (FHIR_JSON, VCF) or "/sha256" in envelope.hashes:
        return Read(envelope.record_id)
    piece = Piece(
        data_class=DataClass(envelope.data_class),
        media_type=envelope.media_type,
        body=_FileBody(path, envelope.digest),
        resource_type="",
        place="",
        why_class="",
    )
    leaf = envelope.tree(key.dek).leaf
    source = leaf, envelope.issuer, envelope.root
    return Read(envelope.record_id, piece, source, opened=(envelope, key.dek))
