"""What a custodian is asked about orders: deposit, entry, and of a union's the division."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from aceso.chain import Part
from aceso.errors import IntegrityError
from aceso.storage import ShownItem, content_digest
from aceso.vault import FormatError, ListEntry, PartList, ShownCertificate

from ._calling import SignedRequest
from ._log_reading import LogReading
from ._typed import Domain, address, digest, recover
from ._wire import bytes_of, hex_bytes, text_of
from .parts import Held, Parts, leaf_of

__all__ = ["BATCH_PATIENCE", "Delivery", "OrderCalling", "entry_of", "proving"]

# A batch is the work of many requests, and may take as many times as long as one.
BATCH_PATIENCE: Final = 4.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """A custodian's signed word that it holds an order's extract ready."""

    order: int
    extract: bytes
    receiving_key: bytes
    capsule: bytes
    signature: bytes = field(repr=False)


class OrderCalling(LogReading):
    """One custodian, about orders."""

    def deposit_extract(
        self,
        request: SignedRequest,
        entry: ListEntry,
        certificate: ShownCertificate,
        *,
        desk_domain: Domain,
        keys: ShownItem | None = None,
        is_part: bool = False,
    ) -> Delivery:
        """Deposit an order's extract with its certificate, and for a study's order with what shows
        its receiving key; the attestation is checked. Of an order that has parts it is of this
        part alone."""
        order = int(request.message["order"])
        body = request.body() | {
            "entry": text_of(entry.to_bytes()),
            "certificate": text_of(certificate.to_bytes()),
        }
        if keys is not None:
            body |= {"keyRoot": text_of(keys.root), "keyPage": text_of(keys.page)}
        said = self._ask("POST", f"/orders/{order}/extract", body)
        message = request.message
        wanted = (order, bytes(message["extract"]), entry.capsule.digest)
        if not is_part:
            return self._delivery(said, wanted, desk_domain)
        part = leaf_of(Part(str(message["subject"]), *wanted[1:]))
        return self._held(said, wanted, part, desk_domain)

    def _delivery(
        self, said: Mapping[str, Any], wanted: tuple[int, bytes, bytes], domain: Domain
    ) -> Delivery:
        """Our custodian's word for an order, extract and capsule."""

        def read() -> Delivery:
            signed = said["message"]
            delivery = Delivery(
                int(signed["order"]),
                hex_bytes(signed["extract"]),
                hex_bytes(signed["receivingKey"]),
                hex_bytes(signed["capsule"]),
                hex_bytes(said["signature"]),
            )
            values = {
                "order": delivery.order,
                "extract": delivery.extract,
                "receivingKey": delivery.receiving_key,
                "capsule": delivery.capsule,
            }
            signer = recover(digest("Delivery", values, domain), delivery.signature)
            if (signer, delivery.order, delivery.extract, delivery.capsule) != (
                self.address,
                *wanted,
            ):
                raise ValueError("another delivery")
            return delivery

        delivery: Delivery = self._parse(read)
        return delivery

    def _held(
        self,
        said: Mapping[str, Any],
        wanted: tuple[int, bytes, bytes],
        part: bytes,
        domain: Domain,
    ) -> Delivery:
        """Our custodian's word that it holds one member's part of an order."""

        def read() -> Delivery:
            key, signature = (
                hex_bytes(said["message"]["receivingKey"]),
                hex_bytes(said["signature"]),
            )
            values = {"order": wanted[0], "part": part, "receivingKey": key}
            if recover(digest("PartHeld", values, domain), signature) != self.address:
                raise ValueError("of another part")
            return Delivery(wanted[0], wanted[1], key, wanted[2], signature)

        delivery: Delivery = self._parse(read)
        return delivery

    def divide(self, order: int, *, desk_domain: Domain) -> tuple[PartList, Delivery]:
        """What is published of the parts of a union's order, and the attestation of it, which is
        checked."""
        said = self._ask(
            "POST", f"/orders/{order}/division", {}, large=True, patience=BATCH_PATIENCE
        )
        parts: PartList = self._parse(lambda: _part_list(said["list"]))
        wanted = (order, parts.extract, content_digest(parts.to_bytes()))
        return parts, self._delivery(said, wanted, desk_domain)

    def confirm(self, order: int, held: Held) -> bool:
        """Show that enough custodians hold a part; whether it was new there."""
        return self._ask("POST", f"/orders/{order}/held", held.to_json()).get("new") is True

    def held(self, order: int) -> list[Held]:
        """The parts that enough custodians hold, as it was shown. It checks what it is shown, and
        so does whoever is shown it next."""
        said = self._ask("GET", f"/orders/{order}/held", large=True)
        held: list[Held] = self._parse(lambda: [_held_of(one) for one in said["held"]])
        return held

    def lists(self, order: int) -> list[PartList]:
        """Every list of a union's order that it attested."""
        said = self._ask("GET", f"/orders/{order}/lists", large=True)
        lists: list[PartList] = self._parse(lambda: list(map(_part_list, said["lists"])))
        return lists

    def parts(self, order: int, request: SignedRequest) -> Parts:
        """Which parts it holds of a union's order, for its buyer; for a member, their own."""
        said = self._ask("POST", f"/orders/{order}/parts", request.body(), large=True)
        parts: Parts = self._parse(lambda: _parts(said["parts"]))
        return parts

    def order_entry(
        self, order: int, request: SignedRequest, proof: Sequence[bytes] = ()
    ) -> ListEntry:
        """The entry of an order's extract, for its buyer. `proof` shows that a part is in a union's
        delivery."""
        body = request.body() | proving(proof)
        said = self._ask("POST", f"/orders/{order}/entry", body, large=True)
        entry: ListEntry = self._parse(lambda: entry_of(said["entry"]))
        return entry


def _held_of(said: Mapping[str, Any]) -> Held:
    return Held(
        hex_bytes(said["part"]),
        tuple(address(one) for one in said["members"]),
        int(said["threshold"]),
        int(said["signers"]),
        tuple(map(hex_bytes, said["signatures"])),
    )


def proving(proof: Sequence[bytes]) -> dict[str, Any]:
    """What shows that a part is in a union's delivery, as it is sent."""
    return {"proof": ["0x" + one.hex() for one in proof]} if proof else {}


def _parts(text: str) -> Parts:
    # An `IntegrityError` isn't a ValueError; here it means the same.
    try:
        return Parts.from_bytes(bytes_of(text))
    except IntegrityError as exc:
        raise ValueError("not a list of parts") from exc


def _part_list(text: str) -> PartList:
    # A `FormatError` isn't a ValueError; here it means the same.
    try:
        return PartList.parse(bytes_of(text))
    except FormatError as exc:
        raise ValueError("not what is published of parts") from exc


def entry_of(text: str) -> ListEntry:
    """An entry as it comes, or a `ValueError`."""
    # A `FormatError` isn't a ValueError; here it means the same.
    try:
        return ListEntry.from_bytes(bytes_of(text))
    except Exception as exc:
        raise ValueError("not an entry") from exc
