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

import base64
import os
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, Final

import httpx
import orjson
from eth_account.signers.local import LocalAccount

from aceso.codes import Reason
from aceso.errors import AcesoError
from aceso.storage import ShownItem
from aceso.vault import (
    Deposit,
    Head,
    ListEntry,
    Opening,
    OpeningError,
    PrivateKey,
    PublicKey,
    ShownCertificate,
    SignedHead,
    SignedOpening,
    open_sealed,
    sealed_key_digest,
)

from ._typed import Domain, address, address_bytes, digest, recover, sign
from ._wire import to_json
from .errors import CustodianDownError, DeniedError, FalseLogError, RequestRefusedError
from .logbook import LOG_LABEL, LogHead, is_of_order_line, log_leaf
from .proof import Release

__all__ = [
    "AccessLog",
    "Custodian",
    "DeletionReceipt",
    "Delivery",
    "Listing",
    "SealedKey",
    "SignedRequest",
]

# A page of 4 MiB and one entry of 2 MiB more, in base64, with openings and sealed keys.
_MAX_ANSWER_BYTES: Final = 12 << 20
_MAX_SMALL_BYTES: Final = 64 << 10
_MAX_PAGES: Final = 10_000
# A batch is the work of many requests, and may take as many times as long as one.
BATCH_PATIENCE: Final = 4.0


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A typed message with its signature."""

    kind: str
    message: Mapping[str, Any]
    signature: bytes
    digest: bytes

    @classmethod
    def sign(
        cls, account: LocalAccount, kind: str, message: Mapping[str, Any], domain: Domain
    ) -> SignedRequest:
        """Sign `message` as `account`."""
        return cls(
            kind,
            dict(message),
            sign(account, kind, message, domain),
            digest(kind, message, domain),
        )

    def body(self) -> dict[str, Any]:
        return {"message": to_json(self.message), "signature": "0x" + self.signature.hex()}


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


@dataclass(frozen=True, slots=True)
class Delivery:
    """A custodian's signed word that it holds an order's extract ready."""

    order: int
    extract: bytes
    receiving_key: bytes
    capsule: bytes
    signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class AccessLog:
    """The receipts of a list, opened, with the head of the log that they are in."""

    receipts: tuple[Mapping[str, Any], ...]
    head: LogHead


@cache
def _trusted() -> ssl.SSLContext:
    """The authorities that all custodians' certificates are checked by: reading them takes longer
    than opening a record."""
    return httpx.create_ssl_context(trust_env=False)


class Custodian:
    """One custodian, by its URL. Safe to use from several threads."""

    def __init__(
        self,
        url: str,
        *,
        address: str,
        public_key: PublicKey,
        deadline: float = 5.0,
        domain: Domain | None = None,
    ):
        self.url = url.rstrip("/")
        self.address = _address(address)
        self.public_key = public_key
        self.deadline = deadline
        self._domain = domain
        self._http = httpx.Client(
            timeout=deadline,
            trust_env=False,
            limits=httpx.Limits(max_connections=64),
            verify=_trusted(),
        )

    def __repr__(self) -> str:
        return f"Custodian({self.url!r}, address={self.address!r})"

    def __enter__(self) -> Custodian:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of its connections."""
        self._http.close()

    # --- HTTP -----------------------------------------------------------------------------------

    def _ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        large: bool = False,
        patience: float = 1.0,
    ) -> Any:
        limit = _MAX_ANSWER_BYTES if large else _MAX_SMALL_BYTES
        deadline = self.deadline * patience
        finish = time.monotonic() + deadline
        content = None if body is None else orjson.dumps(body)
        try:
            with self._http.stream(
                method,
                self.url + path,
                content=content,
                headers={"Content-Type": "application/json"} if content else None,
                timeout=deadline,
            ) as response:
                parts, read = [], 0
                for part in response.iter_raw():
                    read += len(part)
                    if read > limit:
                        raise CustodianDownError(self.address, "answers with more than it should")
                    if time.monotonic() > finish:
                        raise CustodianDownError(self.address, "answers too slowly")
                    parts.append(part)
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            raise CustodianDownError(self.address, f"does not answer at {self.url}") from exc
        return self._read(response.status_code, b"".join(parts))

    def _read(self, status: int, content: bytes) -> Any:
        try:
            said = orjson.loads(content)
            if not isinstance(said, dict):
                raise ValueError("not an object")
        except ValueError as exc:
            raise self._nonsense() from exc
        if status == 200:
            return said
        code, message = str(said.get("code", "")), str(said.get("message", ""))[:500]
        details = said.get("details")
        details = details if isinstance(details, dict) else {}
        if code == "E_DENIED":
            try:
                reason = Reason(details["reason"])
                if not reason.permits:
                    raise DeniedError(
                        reason, self.address, is_pending=details.get("pending") is True
                    )
                # A denial whose reason permits: the confirmed block is the one that lags.
            except (KeyError, ValueError) as exc:
                raise self._nonsense() from exc
        if 400 <= status < 500:
            try:
                raise RequestRefusedError(message, code=code, status=status, custodian=self.address)
            except ValueError as exc:
                raise self._nonsense() from exc
        raise CustodianDownError(self.address, f"can't answer now ({message or status})")

    def _nonsense(self) -> CustodianDownError:
        return CustodianDownError(self.address, "answers in a form that we don't know")

    def _parse(self, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as exc:
            raise self._nonsense() from exc

    # --- What a custodian does ------------------------------------------------------------------

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
            f"/lists/{_address(list_key)}/records",
            {
                "message": to_json(message),
                "signature": "0x" + signature.hex(),
                "entry": _text(entry.to_bytes()),
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
        for page in range(_MAX_PAGES):
            said = self._ask("POST", "/list", request.body() | {"after": after}, large=True)
            entries += self._parse(lambda said=said: list(map(_entry, said["entries"])))  # type: ignore[misc]
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

    def release(self, request: SignedRequest, *, capsule: bytes | None = None) -> Release:
        """The share of one record's key, sealed to the receiving key, with a signature that is not
        checked here. `capsule` says which of several, where a record lies in lists of several
        epochs."""
        body = request.body()
        if capsule is not None:
            body["capsule"] = "0x" + capsule.hex()
        said = self._ask("POST", "/release", body)
        given: Release = self._parse(
            lambda: Release(_bytes(said["share"]), _hex(said["signature"]))
        )
        return given

    def leave_recovery(self, deposit: Deposit, signature: bytes) -> None:
        """Leave a part of a sealed seed."""
        self._ask(
            "POST",
            "/recoveries",
            {
                "message": to_json(deposit_message(deposit, self.address)),
                "signature": "0x" + signature.hex(),
                "deposit": _text(deposit.to_bytes()),
            },
        )

    def release_recovery(self, request: SignedRequest) -> bytes:
        """A part of a sealed seed, sealed to the receiving key of the request."""
        said = self._ask("POST", "/recoveries/release", request.body())
        deposit: bytes = self._parse(lambda: _bytes(said["deposit"]))
        return deposit

    def leave_keys(self, key: SealedKey) -> None:
        """Leave a class key for a grantee."""
        self._ask(
            "POST",
            f"/lists/{_address(key.list_key)}/keys",
            {
                "message": to_json(key.message()),
                "signature": "0x" + key.signature.hex(),
                "sealedKey": _text(key.sealed),
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
            said = self._ask("GET", f"/heads/{_address(head_key)}")
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
                _hex(said["signature"]),
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
        message = {"listKey": _address(list_key), "recordId": record_id}
        said = self._ask(
            "POST",
            "/deletions",
            {"message": to_json(message), "signature": "0x" + signature.hex()},
        )

        def read() -> DeletionReceipt:
            signed, by = said["message"], _hex(said["signature"])
            receipt = DeletionReceipt(
                custodian=_address(signed["custodian"]),
                list_key=_address(signed["listKey"]),
                record_id=_hex(signed["recordId"]),
                capsule=_hex(signed["capsule"]),
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

    def deposit_extract(
        self,
        request: SignedRequest,
        entry: ListEntry,
        certificate: ShownCertificate,
        *,
        desk_domain: Domain,
        keys: ShownItem | None = None,
    ) -> Delivery:
        """Deposit an order's extract with its certificate, and for a study's order with what shows
        its receiving key; the attestation is checked."""
        order = int(request.message["order"])
        body = request.body() | {
            "entry": _text(entry.to_bytes()),
            "certificate": _text(certificate.to_bytes()),
        }
        if keys is not None:
            body |= {"keyRoot": _text(keys.root), "keyPage": _text(keys.page)}
        said = self._ask("POST", f"/orders/{order}/extract", body)

        def read() -> Delivery:
            signed = said["message"]
            delivery = Delivery(
                int(signed["order"]),
                _hex(signed["extract"]),
                _hex(signed["receivingKey"]),
                _hex(signed["capsule"]),
                _hex(said["signature"]),
            )
            values = {
                "order": delivery.order,
                "extract": delivery.extract,
                "receivingKey": delivery.receiving_key,
                "capsule": delivery.capsule,
            }
            signer = recover(digest("Delivery", values, desk_domain), delivery.signature)
            if (signer, delivery.order, delivery.extract, delivery.capsule) != (
                self.address,
                order,
                request.message["extract"],
                entry.capsule.digest,
            ):
                raise ValueError("another delivery")
            return delivery

        delivery: Delivery = self._parse(read)
        return delivery

    def order_entry(self, order: int, request: SignedRequest) -> ListEntry:
        """The entry of an order's extract, for its buyer."""
        said = self._ask("POST", f"/orders/{order}/entry", request.body(), large=True)
        entry: ListEntry = self._parse(lambda: _entry(said["entry"]))
        return entry

    def log(
        self,
        list_key: LocalAccount,
        log_key: PrivateKey,
        *,
        domain: Domain,
        log_domain: Domain,
        now: int,
    ) -> AccessLog:
        """Who was given what of a list, from the first line on, each proved to be in the log.

        Raises `FalseLogError` where something is not.
        """
        receipts: list[Mapping[str, Any]] = []
        after = 0
        former: LogHead | None = None
        book = address_bytes(list_key.address)
        for _ in range(_MAX_PAGES):
            message = {
                "listKey": list_key.address,
                "custodian": self.address,
                "nonce": os.urandom(32),
                "deadline": now + 300,
            }
            request = SignedRequest.sign(list_key, "LogRequest", message, domain)
            said = self._ask("POST", "/log", request.body() | {"after": after}, large=True)
            head = self._head(said.get("head"), log_domain)
            if former is not None:
                self.check_grew(former.size, former.root, head)
            former = head
            lines: list[_Line] = self._parse(partial(_lines, said))
            for line in lines:
                after += 1
                leaf = log_leaf(book, after, line.receipt)
                if line.number != after or not head.has(leaf, line.place, line.proof):
                    raise FalseLogError(
                        self.address,
                        f"shows a receipt, number {line.number}, that is not in its log",
                        code="E_LOG_RECEIPT",
                    )
                receipts.append(self._opened(log_key, line.receipt, book))
            if said.get("next") is None:
                return AccessLog(tuple(receipts), head)
            if said["next"] != after:
                break
        raise self._nonsense()

    def order_log(
        self, order: int, reader: LocalAccount, *, domain: Domain, log_domain: Domain, now: int
    ) -> AccessLog:
        """Who was given what of an order, for a party of it, from the first line on, each proved to
        be in the log. Raises `FalseLogError` where something is not."""
        receipts: list[Mapping[str, Any]] = []
        former: LogHead | None = None
        book = order.to_bytes(32, "big")
        for _ in range(_MAX_PAGES):
            message = {
                "order": order,
                "reader": reader.address,
                "custodian": self.address,
                "nonce": os.urandom(32),
                "deadline": now + 300,
            }
            request = SignedRequest.sign(reader, "OrderLogRequest", message, domain)
            body = request.body() | {"after": len(receipts)}
            said = self._ask("POST", f"/orders/{order}/log", body, large=True)
            head = self._head(said.get("head"), log_domain)
            if former is not None:
                self.check_grew(former.size, former.root, head)
            former = head
            told: list[tuple[_Line, bytes, bytes]] = self._parse(partial(_told, said))
            for line, salt, text in told:
                number = len(receipts) + 1
                leaf = log_leaf(book, number, line.receipt)
                if line.number != number or not head.has(leaf, line.place, line.proof):
                    raise FalseLogError(
                        self.address,
                        f"shows a receipt, number {line.number}, that is not in its log",
                        code="E_LOG_RECEIPT",
                    )
                if not is_of_order_line(line.receipt, book, salt, text):
                    raise FalseLogError(
                        self.address,
                        "tells another receipt than the one that it wrote down",
                        code="E_LOG_UNOPENED",
                    )
                receipts.append(self._parse(partial(orjson.loads, text)))
            if said.get("next") is None:
                return AccessLog(tuple(receipts), head)
            if said["next"] != len(receipts):
                break
        raise self._nonsense()

    def _opened(self, log_key: PrivateKey, receipt: bytes, book: bytes) -> Mapping[str, Any]:
        try:
            opened: Mapping[str, Any] = orjson.loads(
                open_sealed(log_key, receipt, info=LOG_LABEL + book)
            )
        except (OpeningError, ValueError) as exc:
            raise FalseLogError(
                self.address, "shows a receipt that does not open", code="E_LOG_UNOPENED"
            ) from exc
        return opened

    def log_head(self, *, log_domain: Domain) -> LogHead:
        """How long the custodian says that its log is, signed by it."""
        return self._head(self._ask("GET", "/log/head"), log_domain)

    def check_grew(self, size: int, root: bytes, head: LogHead) -> None:
        """Check that the log of `size` lines under `root` grew into that of `head`."""
        if head.size < size:
            raise FalseLogError(
                self.address,
                f"shows a log of {head.size} receipts, and it had {size} before",
                code="E_LOG_SHRANK",
            )
        proof: list[bytes] = []
        if size and head.size > size:
            said = self._ask("GET", f"/log/consistency?earlier={size}&size={head.size}")
            proof = self._parse(lambda: [_hex(part) for part in said["proof"]])
        if size and not head.continues(size, root, proof):
            raise FalseLogError(
                self.address,
                f"shows a log that is not the one which it had at {size} receipts",
                code="E_LOG_FORKED",
            )

    def _head(self, said: Any, log_domain: Domain) -> LogHead:
        head: LogHead = self._parse(
            lambda: LogHead(
                _address(said["custodian"]),
                int(said["size"]),
                _hex(said["root"]),
                _hex(said["signature"]),
            )
        )
        if head.custodian != self.address or not head.is_signed(log_domain):
            raise FalseLogError(
                self.address, "shows a head of its log that it did not sign", code="E_LOG_HEAD"
            )
        return head


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    place: int
    receipt: bytes
    proof: list[bytes]


def _lines(said: Mapping[str, Any]) -> list[_Line]:
    return [
        _Line(
            int(line["number"]),
            int(line["place"]),
            _bytes(line["receipt"]),
            [_hex(part) for part in line["proof"]],
        )
        for line in said["lines"]
    ]


def _told(said: Mapping[str, Any]) -> list[tuple[_Line, bytes, bytes]]:
    """Each line of an order's log with the salt and the text that it commits to."""
    lines = _lines(said)
    return [
        (line, _hex(one["salt"]), _bytes(one["text"]))
        for line, one in zip(lines, said["lines"], strict=True)
    ]


def deposit_message(deposit: Deposit, custodian: str) -> dict[str, Any]:
    """The typed message `RecoveryDeposit`."""
    return {
        "persona": deposit.persona,
        "version": deposit.version,
        "custodian": custodian,
        "deposit": deposit.digest,
    }


def post_message(entry: ListEntry, *, list_key: str, issuer: str) -> dict[str, Any]:
    """The typed message `ListPost`."""
    return {
        "listKey": _address(list_key),
        "recordId": entry.record_id,
        "entry": entry.digest,
        "issuer": _address(issuer),
    }


def _address(value: str) -> str:
    return address(value)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _hex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def _entry(text: str) -> ListEntry:
    # A `FormatError` isn't a ValueError; here it means the same.
    try:
        return ListEntry.from_bytes(_bytes(text))
    except Exception as exc:
        raise ValueError("not an entry") from exc


def _opening(said: Mapping[str, Any]) -> SignedOpening:
    try:
        return SignedOpening(
            Opening.from_message(said["message"]),
            _hex(said["personaSignature"]),
            _hex(said["listSignature"]),
        )
    except Exception as exc:
        raise ValueError("not an opening") from exc


def _sealed_key(said: Mapping[str, Any], asked: Mapping[str, Any]) -> SealedKey:
    return SealedKey(
        list_key=_address(said["listKey"]),
        persona=_address(asked["subject"]),
        grantee=asked["grantee"],
        data_class=int(asked["dataClass"]),
        epoch=int(said["epoch"]),
        receiving_key=_hex(said["receivingKey"]),
        sealed=_bytes(said["sealedKey"]),
        signature=_hex(said["signature"]),
    )
