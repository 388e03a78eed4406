"""Asking one custodian over HTTP.

    custodian = Custodian(url, address=address, public_key=key)
    custodian.open_list(signed_opening)
    custodian.post(entry, list_key=list_key, issuer=issuer, signature=signature)
    found = custodian.list(request)
    release = custodian.release(request)

Nothing that comes back is believed because of who sent it: what can be checked is checked here or
by the vault; an answer that is too long, too slow or of another form is a `CustodianDownError`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aceso.errors import AcesoError
from aceso.vault import (
    Head,
    ListEntry,
    Opening,
    SignedHead,
    SignedOpening,
    sealed_key_digest,
)

from ._calling import MAX_PAGES, SignedRequest
from ._deposit_calling import (
    DepositCalling,
    DepositDeletionReceipt,
    DepositKind,
    deposit_deletion_message,
    deposit_message,
    kind_of,
)
from ._log_reading import AccessLog
from ._order_calling import BATCH_PATIENCE, Delivery, entry_of, proving
from ._typed import Domain, address, digest, recover
from ._wire import bytes_of, hex_bytes, text_of, to_json
from .errors import CustodianDownError, RequestRefusedError
from .proof import Release

__all__ = [
    "AccessLog",
    "Custodian",
    "DeletionReceipt",
    "Delivery",
    "DepositDeletionReceipt",
    "DepositKind",
    "Listing",
    "SealedKey",
    "SignedRequest",
    "deposit_deletion_message",
    "deposit_message",
    "kind_of",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedKey:
    """A class key that was left for a grantee, whose key has the digest `receiving_key`."""

    list_key: str
    persona: str
    grantee: bytes
    data_class: int
    epoch: int
    receiving_key: bytes
    sealed: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    def message(self) -> dict[str, Any]:
        """The typed message `SealedKeys`."""
        return {
            "listKey": self.list_key,
            "persona": self.persona,
            "grantee": self.grantee,
            "dataClass": self.data_class,
            "epoch": self.epoch,
            "receivingKey": self.receiving_key,
            "sealedKey": sealed_key_digest(self.sealed),
        }


@dataclass(frozen=True, slots=True)
class Listing:
    """What is listed: entries, class keys, and the openings that say whose the lists are.

    Where several custodians were asked, `by` says which entries, by their digests, each of those
    that answered has, and `failed` why the others didn't.
    """

    entries: tuple[ListEntry, ...]
    sealed_keys: tuple[SealedKey, ...]
    openings: tuple[SignedOpening, ...] = ()
    by: Mapping[str, frozenset[bytes]] = field(default_factory=dict)
    failed: Mapping[str, AcesoError] = field(default_factory=dict)

    def unlisted(self) -> dict[str, list[ListEntry]]:
        """The entries that a custodian which answered should list, and does not."""
        found: dict[str, list[ListEntry]] = {}
        for entry in self.entries:
            for custodian in entry.capsule.custodians:
                if custodian in self.by and entry.digest not in self.by[custodian]:
                    found.setdefault(custodian, []).append(entry)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionReceipt:
    """A custodian's signed word that it deleted a capsule."""

    custodian: str
    list_key: str
    record_id: bytes
    capsule: bytes
    deleted_at: int
    signature: bytes = field(repr=False)


class Custodian(DepositCalling):
    """One custodian, by its URL. Safe to use from several threads."""

    def health(self) -> dict[str, Any]:
        """What it says of itself."""
        said: dict[str, Any] = self._ask("GET", "/health")
        return said

    def open_list(self, opening: SignedOpening) -> bool:
        """Open a list for a persona; whether it was new there. Doing it again does nothing."""
        said = self._ask(
            "POST",
            "/lists",
            {
                "message": to_json(opening.opening.message()),
                "personaSignature": "0x" + opening.persona_signature.hex(),
                "listSignature": "0x" + opening.list_signature.hex(),
            },
        )
        return said.get("new") is True

    def post(self, entry: ListEntry, *, list_key: str, issuer: str, signature: bytes) -> bool:
        """Post a record; whether it was new there. `issuer` is the entry's."""
        message = post_message(entry, list_key=list_key, issuer=issuer)
        said = self._ask(
            "POST",
            f"/lists/{address(list_key)}/records",
            {
                "message": to_json(message),
                "signature": "0x" + signature.hex(),
                "entry": text_of(entry.to_bytes()),
            },
        )
        return said.get("new") is True

    def list(
        self,
        request: SignedRequest,
        *,
        again: Callable[[], SignedRequest] | None = None,
        seconds: float | None = None,
    ) -> Listing:
        """The records of one class. `again` signs the request for each further page; none is asked
        for after `seconds`, so that a list without an end is not followed for ever."""
        finish = None if seconds is None else time.monotonic() + seconds
        entries: list[ListEntry] = []
        keys: tuple[SealedKey, ...] = ()
        openings: tuple[SignedOpening, ...] = ()
        after = 0
        for page in range(MAX_PAGES):
            said = self._ask("POST", "/list", request.body() | {"after": after}, large=True)
            entries += self._parse(lambda said=said: list(map(entry_of, said["entries"])))  # type: ignore[misc]
            if not page:
                openings = self._parse(lambda said=said: tuple(map(_opening, said["openings"])))  # type: ignore[misc]
                keys = self._parse(
                    lambda said=said, request=request: tuple(  # type: ignore[misc]
                        _sealed_key(item, request.message) for item in said["sealedKeys"]
                    )
                )
            following = said.get("next")
            if following is None:
                return Listing(tuple(entries), keys, openings)
            if finish is not None and time.monotonic() > finish:
                raise CustodianDownError(self.address, "lists records without an end")
            if again is None or not isinstance(following, int) or following <= after:
                raise self._nonsense()
            request, after = again(), following
        raise self._nonsense()

    def release(
        self,
        request: SignedRequest,
        *,
        capsule: bytes | None = None,
        proof: Sequence[bytes] = (),
    ) -> Release:
        """The share of one record's key, sealed to the receiving key, with a signature that is not
        checked here. `capsule` says which of several, where a record lies in lists of several
        epochs; `proof` shows that a part is in a union's delivery."""
        body = request.body() | proving(proof)
        if capsule is not None:
            body["capsule"] = "0x" + capsule.hex()
        said = self._ask("POST", "/release", body)
        given: Release = self._parse(lambda: Release.from_json(said))
        return given

    def leave_keys(self, key: SealedKey) -> None:
        """Leave a class key for a grantee."""
        self._ask(
            "POST",
            f"/lists/{address(key.list_key)}/keys",
            {
                "message": to_json(key.message()),
                "signature": "0x" + key.signature.hex(),
                "sealedKey": text_of(key.sealed),
            },
        )

    def take_batch(
        self, acts: Sequence[Mapping[str, Any]]
    ) -> Sequence[Mapping[str, Any] | AcesoError]:
        """Send several signed acts at once; for each, the answer, or why it was refused."""
        said = self._ask("POST", "/batches", {"acts": list(acts)}, patience=BATCH_PATIENCE)
        found: list[Mapping[str, Any] | AcesoError] = self._parse(
            lambda: [self._refusal(one) or dict(one) for one in said["results"]]
        )
        if len(found) != len(acts):
            raise self._nonsense()
        return found

    def _refusal(self, said: Mapping[str, Any]) -> AcesoError | None:
        status = int(said["status"])
        if status == 200:
            return None
        message, code = str(said["message"])[:500], str(said["code"])
        if 400 <= status < 500:
            return RequestRefusedError(message, code=code, status=status, custodian=self.address)
        return CustodianDownError(self.address, f"can't take it now ({message})")

    def put_head(self, signed: SignedHead) -> None:
        """Leave the newest head of the vault's index."""
        self._ask(
            "POST",
            "/heads",
            {
                "message": to_json(signed.head.message()),
                "signature": "0x" + signed.signature.hex(),
            },
        )

    def get_head(self, head_key: str) -> SignedHead | None:
        """The head that it keeps. Check it with `vault.newest`."""
        try:
            said = self._ask("GET", f"/heads/{address(head_key)}")
        except RequestRefusedError as error:
            if error.code == "E_HEAD_UNKNOWN":
                return None
            raise
        head: SignedHead = self._parse(
            lambda: SignedHead(
                Head(
                    str(said["message"]["headKey"]),
                    int(said["message"]["version"]),
                    str(said["message"]["cid"]),
                ),
                hex_bytes(said["signature"]),
            )
        )
        return head

    def withdraw(self, kind: str, message: Mapping[str, Any], signature: bytes) -> str:
        """Show a signed `Withdrawal`, `WithdrawalOfAll` or `Bar`: "pending", or "on_chain"."""
        said = self._ask(
            "POST",
            "/withdrawals",
            {"type": kind, "message": to_json(message), "signature": "0x" + signature.hex()},
        )
        return str(said.get("state"))

    def delete(
        self, *, list_key: str, record_id: bytes, signature: bytes, domain: Domain
    ) -> DeletionReceipt:
        """Delete a record's capsule and entry; the receipt is checked."""
        message = {"listKey": address(list_key), "recordId": record_id}
        said = self._ask(
            "POST",
            "/deletions",
            {"message": to_json(message), "signature": "0x" + signature.hex()},
        )

        def read() -> DeletionReceipt:
            signed, by = said["message"], hex_bytes(said["signature"])
            receipt = DeletionReceipt(
                custodian=address(signed["custodian"]),
                list_key=address(signed["listKey"]),
                record_id=hex_bytes(signed["recordId"]),
                capsule=hex_bytes(signed["capsule"]),
                deleted_at=int(signed["deletedAt"]),
                signature=by,
            )
            values = {
                "custodian": receipt.custodian,
                "listKey": receipt.list_key,
                "recordId": receipt.record_id,
                "capsule": receipt.capsule,
                "deletedAt": receipt.deleted_at,
            }
            signer = recover(digest("DeletionReceipt", values, domain), by)
            if (signer, receipt.custodian, receipt.list_key, receipt.record_id) != (
                self.address,
                self.address,
                message["listKey"],
                record_id,
            ):
                raise ValueError("another receipt")
            return receipt

        receipt: DeletionReceipt = self._parse(read)
        return receipt


def post_message(entry: ListEntry, *, list_key: str, issuer: str) -> dict[str, Any]:
    """The typed message `ListPost`."""
    return {
        "listKey": address(list_key),
        "recordId": entry.record_id,
        "entry": entry.digest,
        "issuer": address(issuer),
    }


def _opening(said: Mapping[str, Any]) -> SignedOpening:
    try:
        return SignedOpening(
            Opening.from_message(said["message"]),
            hex_bytes(said["personaSignature"]),
            hex_bytes(said["listSignature"]),
        )
    except Exception as exc:
        raise ValueError("not an opening") from exc


def _sealed_key(said: Mapping[str, Any], asked: Mapping[str, Any]) -> SealedKey:
    return SealedKey(
        list_key=address(said["listKey"]),
        persona=address(asked["subject"]),
        grantee=asked["grantee"],
        data_class=int(asked["dataClass"]),
        epoch=int(said["epoch"]),
        receiving_key=hex_bytes(said["receivingKey"]),
        sealed=bytes_of(said["sealedKey"]),
        signature=hex_bytes(said["signature"]),
    )
