"""What a grantee asks several custodians: to list, and to open. Any m of n will do.

A share counts once its custodian signed it, and once it matches its commitment. Whoever signed a
false one is named, with the proof, whether or not the opening succeeds without it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NotRequired, TypedDict, Unpack

from eth_account.signers.local import LocalAccount

from aceso.chain import Suite, parse_grantee
from aceso.codes import DataClass, Use
from aceso.errors import AcesoError
from aceso.vault import (
    CardError,
    FalseShareError,
    ListEntry,
    OpeningError,
    PrivateKey,
    RecordKey,
    SignedOpening,
    VerifiedShare,
    join,
    open_released,
)

from ._bundles import Bundling
from ._typed import Domain, address, digest, recover
from .client import Custodian, Listing, SealedKey, SignedRequest
from .errors import CustodianDownError
from .proof import FalseShareProof, ProvenFalseShareError, Release

__all__ = ["VALID_SECONDS", "Inquiry", "Reading"]

VALID_SECONDS: Final = 300


class Inquiry(TypedDict):
    """Who asks, of whom, and for what; and of a union's order, where in its delivery the person's
    part is."""

    actor: LocalAccount
    subject: str
    grantee: bytes
    use: Use | int
    data_class: DataClass | int
    proof: NotRequired[Sequence[bytes]]


def _values(asked: Inquiry) -> dict[str, Any]:
    """As every request names them."""
    return {
        "subject": address(asked["subject"]),
        "grantee": asked["grantee"],
        "use": int(asked["use"]),
        "dataClass": int(asked["data_class"]),
    }


class Reading(Bundling):
    """What a grantee asks several custodians, any `threshold` of whom are enough."""

    def __init__(self, custodians: Sequence[Custodian], threshold: int, suite: Suite):
        super().__init__(custodians, threshold)
        self.suite = suite
        self.complaints: list[FalseShareError] = []
        self._domain: Domain = suite.domain("ConsentRegistry")

    def _is_complaint(self, error: AcesoError) -> None:
        if isinstance(error, FalseShareError):
            self.complaints.append(error)

    def _request(
        self,
        kind: str,
        one: Custodian,
        actor: LocalAccount,
        now: int,
        values: dict[str, Any],
    ) -> SignedRequest:
        message = values | {
            "actor": actor.address,
            "custodian": one.address,
            "nonce": os.urandom(32),
            "deadline": now + VALID_SECONDS,
        }
        return SignedRequest.sign(actor, kind, message, self._domain)

    def listing(
        self,
        *,
        needed: int | None = None,
        among: Sequence[str] | None = None,
        patience: float = 1.0,
        **asked: Unpack[Inquiry],
    ) -> Listing:
        """The union of what the custodians list; at least `needed`, or `threshold`, must answer.
        Entries that a custodian should list and does not are in `Listing.unlisted`. All pages of a
        list together have `patience` times as long as one request."""
        needed = self.threshold if needed is None else needed
        now = self.suite.now()
        values = _values(asked)

        def ask(one: Custodian) -> Listing:
            def request() -> SignedRequest:
                return self._request("ListRequest", one, asked["actor"], now, values)

            return one.list(request(), again=request, seconds=patience * one.deadline)

        # One that has no such list, as it has joined since, says so at once, and nobody who has one
        # is hurried by that.
        done, failed = self._ask_all(
            ask,
            needed=needed,
            among=among,
            patience=patience,
            counts=lambda listing: bool(listing.openings),
        )
        self._enough(len(done), failed, needed, len(self.custodians))
        return self._union(done, failed, values["subject"])

    def _union(
        self, by: Mapping[str, Listing], failed: Mapping[str, AcesoError], subject: str
    ) -> Listing:
        listings = by.values()
        entries: dict[bytes, ListEntry] = {}
        keys: dict[tuple[object, ...], SealedKey] = {}
        openings: dict[str, SignedOpening] = {}
        for listing in listings:
            for opening in listing.openings:
                if self._is_ours(opening, subject):
                    openings.setdefault(address(opening.opening.list_key), opening)
        for listing in listings:
            for entry in listing.entries:
                entries.setdefault(entry.digest, entry)
            for key in listing.sealed_keys:
                # Only what the list key of this persona's own list has signed, or the guardian
                # whose group it is for.
                if key.list_key in openings and self._is_left(key):
                    keys.setdefault((key.list_key, key.receiving_key, key.epoch), key)
        return Listing(
            tuple(entries.values()),
            tuple(keys.values()),
            tuple(openings.values()),
            {one: frozenset(entry.digest for entry in said.entries) for one, said in by.items()},
            failed,
        )

    def _is_left(self, key: SealedKey) -> bool:
        signer = recover(digest("SealedKeys", key.message(), self._domain), key.signature)
        if signer == key.list_key:
            return True
        group = parse_grantee(key.grantee)
        guardianship = self.suite.addresses["Guardianship"]
        return group.address == guardianship and group.number == int(signer or "0", 16) % (1 << 96)

    def _is_ours(self, opening: SignedOpening, subject: str) -> bool:
        if address(opening.opening.persona) != subject:
            return False
        if address(opening.opening.registry) != address(self._domain["verifyingContract"]):
            return False
        try:
            opening.check(self.suite.chain_id)
        except CardError:
            # A persona that is a contract wallet signs as the chain says; its list key does not.
            return address(opening.opening.list_key) == recover(
                opening.opening.digest(self.suite.chain_id), opening.list_signature
            )
        return True

    def open_key(
        self,
        entry: ListEntry,
        *,
        receiving_key: PrivateKey,
        reader_key: PrivateKey,
        **asked: Unpack[Inquiry],
    ) -> RecordKey:
        """The key of one record: m checked shares, joined with the class key (or, for an extract,
        the buyer's own key)."""
        capsule = entry.capsule
        needed = capsule.threshold
        members = [one for one in self.custodians if one.address in capsule.custodians]
        if not members:
            raise OpeningError("None of these custodians holds a share of this record.")
        release = self._releasing(entry, asked, receiving_key)

        def ask(one: Custodian) -> VerifiedShare:
            request, given = release(one)
            try:
                return open_released(
                    capsule, one.address, given.sealed, receiving_key, request=request.digest
                )
            except FalseShareError as error:
                proof = FalseShareProof(
                    custodian=one.address, request=request.message, capsule=capsule, release=given
                )
                raise ProvenFalseShareError(error, proof) from error

        done, failed = self._ask_enough(ask, members, needed)
        self.complaints += [
            error for error in failed.values() if isinstance(error, FalseShareError)
        ]
        self._enough(len(done), failed, needed, len(capsule.custodians))
        return join(capsule, done.values(), reader_key)

    def released(
        self,
        entry: ListEntry,
        *,
        receiving_key: PrivateKey,
        **asked: Unpack[Inquiry],
    ) -> tuple[dict[str, tuple[SignedRequest, Release]], dict[str, AcesoError]]:
        """What each custodian of a record released, as it signed it, and the request for it; the
        share itself is unchecked. And why the others released nothing."""
        release = self._releasing(entry, asked, receiving_key)
        return self._ask_all(release, among=entry.capsule.custodians)

    def _releasing(
        self, entry: ListEntry, asked: Inquiry, receiving_key: PrivateKey
    ) -> Callable[[Custodian], tuple[SignedRequest, Release]]:
        """How a custodian is asked for its share: gives the request, and what came, once it is told
        that the custodian signed it."""
        now = self.suite.now()
        values = _values(asked) | {
            "recordId": entry.record_id,
            "receivingKey": receiving_key.public_key.to_bytes(),
        }
        capsule, proof = entry.capsule.digest, asked.get("proof", ())

        def release(one: Custodian) -> tuple[SignedRequest, Release]:
            request = self._request("ReleaseRequest", one, asked["actor"], now, values)
            given = one.release(request, capsule=capsule, proof=proof)
            given.check(one.address, request=request.digest, capsule=capsule, domain=self._domain)
            return request, given

        return release

    def order_entry(
        self,
        order: int,
        *,
        capsule: bytes,
        **asked: Unpack[Inquiry],
    ) -> ListEntry:
        """The entry of an order's extract, for its buyer. `capsule` is the digest that the order's
        delivery names on chain. One custodian is enough: whoever has another capsule is passed
        over, and the next is asked."""
        now = self.suite.now()
        values = _values(asked)

        def ask(one: Custodian) -> ListEntry:
            request = self._request("ListRequest", one, asked["actor"], now, values)
            entry = one.order_entry(order, request, asked.get("proof", ()))
            if entry.capsule.digest != capsule:
                raise CustodianDownError(
                    one.address, f"has another extract for order {order} than the one delivered"
                )
            return entry

        done, failed = self._ask_enough(ask, self.custodians, 1)
        self._enough(len(done), failed, 1, len(self.custodians))
        return next(iter(done.values()))
