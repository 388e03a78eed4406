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

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from aceso.chain import (
    Committee,
    Delivery,
    OfferTerms,
    Receipt,
    RefusedError,
    Terms,
    acts,
    grantee_of_group,
)
from aceso.codes import Condition, DataClass, Use
from aceso.errors import AcesoError, IntegrityError, StorageError
from aceso.formats import BytesBody
from aceso.research import Extract, extract
from aceso.storage import IpfsDownError, cid_digest, cid_from_digest
from aceso.vault import (
    CapsuleContext,
    ListEntry,
    PublicKey,
    RecordKey,
    make_batch,
    make_capsule,
)

from .errors import NothingToOpenError
from .network import said
from .own_vault import RESEARCH
from .person import Person
from .publishing import Draft, envelope_of, random_record_id, seal_body
from .records import write_body

__all__ = ["Delivered", "Seller"]

_DAY = 24 * 60 * 60
_NO_CONDITION = Condition(0)


@dataclass(frozen=True, slots=True)
class Delivered:
    """An extract that the committee holds ready."""

    order: int
    entry: ListEntry
    extract: Extract
    receipts: tuple[Receipt, ...]
    # Records of the classes on offer whose bodies did not open, or are not there.
    left_out: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class _Kept:
    """A sealed extract on its way. What is in it is kept only sealed, on IPFS."""

    leaf: bytes
    # The digest in the CID of the leaves of its batch, as `anchor` takes it.
    leaves: bytes
    entry: ListEntry
    left_out: tuple[bytes, ...]
    made: Extract

    def to_bytes(self) -> bytes:
        about = {
            "removed": self.made.removed_paths,
            "method": self.made.method,
            "version": self.made.version,
            "resources": self.made.resources,
            "sha256": self.made.sha256.hex(),
            "leftOut": [one.hex() for one in self.left_out],
            "leaves": self.leaves.hex(),
        }
        said = json.dumps(about).encode()
        return self.leaf + len(said).to_bytes(4, "big") + said + self.entry.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> _Kept:
        end = 36 + int.from_bytes(data[32:36], "big")
        about = json.loads(data[36:end])
        made = Extract(
            data=b"",
            removed_paths=tuple(about["removed"]),
            method=about["method"],
            version=about["version"],
            resources=about["resources"],
            sha256=bytes.fromhex(about["sha256"]),
        )
        left_out = tuple(bytes.fromhex(one) for one in about["leftOut"])
        leaves = bytes.fromhex(about["leaves"])
        return cls(data[:32], leaves, ListEntry.from_bytes(data[end:]), left_out, made)


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
        notice: bytes = bytes(32),
    ) -> tuple[int, tuple[Receipt, ...]]:
        """Make an offer and grant to it; return its number. `price` is in base units of coin."""
        suite = self._network.suite
        persona = self._person.persona(RESEARCH)
        terms = OfferTerms(
            subject=persona.address,
            price=price,
            institution=institution or "0x" + "00" * 20,
            committee=self._network.facts.number,
            duration=seconds,
            institution_bps=institution_bps,
            use=use,
            classes=classes,
            disease=disease,
            conditions=int(conditions),
            delivery_period=delivery_seconds,
        )
        made = self._network.relayer.send(acts.offer(suite, persona, terms))
        number = int(said(made, "OfferMade")["number"])
        now = suite.now()
        granted = self._network.relayer.send(
            acts.grant(
                suite,
                persona,
                Terms(
                    grantee=self.grantee(number),
                    classes=classes,
                    uses=use,
                    conditions=int(conditions),
                    disease=disease,
                    valid_from=now,
                    valid_until=now + seconds + delivery_seconds,
                    notice=notice,
                ),
            )
        )
        return number, (made, granted)

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

    def deliver(self, order: int) -> Delivered:
        """Make the extract of an order, leave it with the committee, and record the delivery.

        A delivery that was cut off goes on with the same extract: the committee takes no second
        one. The extract that is returned then has no data, which is kept nowhere unsealed.
        """
        suite = self._network.suite
        store = self._person.profile.store
        persona = self._person.persona(RESEARCH)
        mine = self._network.synced().orders(subjects=[persona.address])
        bought = next((row for row in mine if row.order == order), None)
        if bought is None:
            raise NothingToOpenError(
                "There is no such order of an offer of yours. See `aceso balance` for your orders.",
                code="E_NO_ORDER",
            )
        before = store.get(f"extract/{order}")
        if before is None:
            kept = self._make(order, bought.receiving_key)
            store.put(f"extract/{order}", kept.to_bytes())
        else:
            kept = _Kept.from_bytes(before)
        entry, leaf = kept.entry, kept.leaf
        receipts = self._anchor(entry.root, kept.leaves)
        attestation = self._network.committee.deposit_extract(order, entry, persona, leaf=leaf)
        call = suite.market.deliver(
            Delivery(order, leaf, bought.receiving_key, entry.capsule.digest),
            Committee(self._network.facts.members, self._network.facts.threshold),
            attestation.signers,
            list(attestation.signatures),
        )
        receipts.append(self._network.relayer.send(call))
        return Delivered(order, entry, kept.made, tuple(receipts), kept.left_out)

    def _make(self, order: int, receiving_key: bytes) -> _Kept:
        suite = self._network.suite
        _, tail = suite.market.get_order(order)
        classes = DataClass(suite.market.get_offer(tail.offer).classes)
        buyer_key = PublicKey(self._network.ipfs.read(cid_from_digest(receiving_key), limit=4096))
        left_out: dict[bytes, AcesoError] = {}
        made = extract(
            self._bodies(classes, left_out),
            classes=classes,
            order_key=self._person.keys.derive("extract-dates", 32) + order.to_bytes(32, "big"),
        )
        if not made.resources:
            if left_out:
                raise next(iter(left_out.values()))
            raise NothingToOpenError(
                "There is nothing in the vault of the classes on offer that an extract may hold.",
                code="E_EMPTY_EXTRACT",
            )
        entry, leaf, leaves = self._seal(order, classes, made, buyer_key)
        return _Kept(leaf, leaves, entry, tuple(left_out), made)

    def _anchor(self, root: bytes, leaves: bytes) -> list[Receipt]:
        """Anchor the extract alone; no receipt if that was done before."""
        persona = self._person.persona(RESEARCH)
        call = acts.anchor(self._network.suite, persona, root, leaves)
        try:
            return [self._network.relayer.send(call)]
        except RefusedError as exc:
            if exc.error != "RecordAlreadyAnchored":
                raise
            return []

    def _seal(
        self, order: int, classes: DataClass, made: Extract, buyer_key: PublicKey
    ) -> tuple[ListEntry, bytes, bytes]:
        suite = self._network.suite
        persona = self._person.persona(RESEARCH)
        now = suite.now()
        draft = Draft(
            record_id=random_record_id(),
            data_class=classes,
            source=BytesBody(made.data),
            media_type="application/fhir+json",
            issued_at=now,
            day=datetime.fromtimestamp(now, UTC).date().isoformat(),
            fields={
                "/method": json.dumps(made.method).encode(),
                "/version": json.dumps(made.version).encode(),
                "/removed": json.dumps(list(made.removed_paths)).encode(),
            },
        )
        sealed = seal_body(
            self._network, draft, holder=persona.address, folder=self._person.profile.folder
        )
        leaf = sealed.tree.leaf
        batch = make_batch([leaf])
        leaves = cid_digest(self._network.ipfs.add(b"".join(sorted(batch.proofs()))))
        capsule = make_capsule(
            CapsuleContext(
                chain_id=suite.chain_id,
                record_id=draft.record_id,
                data_class=int(classes),
                epoch=0,
                order=order,
            ),
            RecordKey(sealed.dek, sealed.body),
            custodians=[(card.address, card.public_key) for card in self._network.sealing_cards],
            threshold=self._network.facts.threshold,
            reader_key=buyer_key,
            owner_key=self._person.keys.owner_key().public_key,
        )
        envelope = envelope_of(
            sealed,
            holder=persona.address,
            issuer=persona.address,
            root=batch.root,
            proof=batch.proof(leaf),
        )
        entry = ListEntry(
            cid=sealed.cid,
            capsule=capsule,
            issuer=persona.address,
            root=batch.root,
            envelope=envelope.seal(sealed.dek),
        )
        return entry, leaf, leaves

    def _bodies(self, classes: DataClass, left_out: dict[bytes, AcesoError]) -> Iterator[bytes]:
        """The contents of every FHIR record of these classes; files kept whole are none. One that
        does not open, or is not there, goes to `left_out`."""
        with tempfile.TemporaryDirectory(dir=self._person.profile.folder) as folder:
            for record_id, note in self._person.records():
                if not DataClass(note.data_class) & classes:
                    continue
                path = Path(folder) / "body"
                try:
                    entry = self._person.entry(record_id)
                    key = self._person.key_of(entry)
                    envelope = write_body(self._network, entry, key, path)
                except IpfsDownError:
                    raise
                except (IntegrityError, NothingToOpenError, StorageError) as exc:
                    left_out[record_id] = exc
                    continue
                if envelope.media_type == "application/fhir+json" and "/sha256" not in (
                    envelope.hashes
                ):
                    yield path.read_bytes()
