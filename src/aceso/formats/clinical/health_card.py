"""SMART Health Cards: a signed Bundle, as a `.smart-health-card` file, a bare JWS, or `shc:/…`.

    keys = KeyRing.of([path_of_a_jwks, folder_of_them])
    keys.check(jws)      # Signature.RIGHT, WRONG, or UNCHECKED: no key of the issuer is here

A card is signed by its issuer with ES256, and its payload is packed with DEFLATE. The signature is
checked only with keys that the person gives, as a file of JSON Web Keys beside the card
(`jwks.json`) or as `keys` of `import_file`: nothing is fetched, so no issuer learns that a card was
read. Each card has an outcome that says whether it was checked. One whose signature is wrong is
refused whole. A key that came in one archive with the card is not used.

Cards name their resources `resource:0` and so on, each card anew. To keep two people apart, what a
card is about is told by the name and the day of birth of its Patient.

Limits: ES256 alone, as the specification has it. Revocation lists, chains of certificates (`x5c`)
and trust in issuers are not looked at: "right" means by the key that was given. A payload may
unpack to 8 MiB. QR codes in pictures are not read, only their text.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from .._head import Head
from .._model import Format, Item, Kind, Outcome, Piece
from .._reader import Reader, Source
from ..canonical import JsonError, canonical_bytes, parse
from .fhir import refused, value_items

__all__ = ["FORMAT", "READERS", "KeyRing", "Signature"]

FORMAT = Format(
    "health-card", "application/smart-health-card", "SMART Health Card", "SMART 건강 카드"
)

_MAX_FILE = 16 << 20
_MAX_PAYLOAD = 8 << 20
_MAX_CARDS = 100
_MAX_KEYS_FILE = 1 << 20
_MAX_KEYS = 1_000
_JWS = re.compile(rb"[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]{4,}\s*\Z")
_JWS_START = re.compile(rb"eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+")
_CHUNK = re.compile(rb"shc:/(?:(\d{1,2})/(\d{1,2})/)?((?:\d\d)+)\s*", re.IGNORECASE)
_NUMERIC_START = re.compile(rb"shc:/\d", re.IGNORECASE)
_BESIDE = ("jwks.json", "keys.jwks")


class Signature(Enum):
    """What is known of a signature."""

    RIGHT = "right"
    WRONG = "wrong"
    UNCHECKED = "unchecked"


class _CardError(Exception):
    def __init__(self, reason: str, code: str = "health_card"):
        super().__init__(reason)
        self.reason = reason
        self.code = code


@dataclass(frozen=True, slots=True)
class _Jws:
    """The parts of a JWS. `signed` is what the signature is over."""

    header: dict[str, Any]
    payload: bytes = field(repr=False)
    signature: bytes
    signed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Public keys of issuers, by their thumbprint (RFC 7638), which is the `kid` of a card."""

    _keys: dict[str, ec.EllipticCurvePublicKey] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self._keys)

    @classmethod
    def of(cls, paths: Iterable[Path]) -> KeyRing:
        """The keys in files of JSON Web Keys, and in the `.json` and `.jwks` files of folders.

        What is no public ES256 key is passed over, so a folder may hold other things too.
        """
        keys: dict[str, ec.EllipticCurvePublicKey] = {}
        for path in paths:
            files = sorted(path.iterdir()) if path.is_dir() else [path]
            for file in files:
                if path.is_dir() and file.suffix not in (".json", ".jwks"):
                    continue
                if file.is_file() and file.stat().st_size <= _MAX_KEYS_FILE:
                    keys.update(_keys_in(file.read_bytes()))
        return cls(keys)

    def check(self, jws: str) -> Signature:
        """Whether the signature of a compact JWS is right by the key that its header names."""
        try:
            return self._check(_parts(jws.encode("ascii", "replace")))
        except _CardError:
            return Signature.WRONG

    def _check(self, jws: _Jws) -> Signature:
        key = self._keys.get(str(jws.header.get("kid")))
        if key is None:
            return Signature.UNCHECKED
        r, s = (int.from_bytes(part) for part in (jws.signature[:32], jws.signature[32:]))
        try:
            key.verify(encode_dss_signature(r, s), jws.signed, ec.ECDSA(SHA256()))
        except InvalidSignature:
            return Signature.WRONG
        return Signature.RIGHT


def _keys_in(data: bytes) -> Iterator[tuple[str, ec.EllipticCurvePublicKey]]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return
    found = value.get("keys", [value]) if isinstance(value, dict) else value
    for one in found[:_MAX_KEYS] if isinstance(found, list) else ():
        if not isinstance(one, dict) or (one.get("kty"), one.get("crv")) != ("EC", "P-256"):
            continue
        try:
            x, y = (_base64(str(one[name])) for name in ("x", "y"))
            numbers = ec.EllipticCurvePublicNumbers(
                int.from_bytes(x), int.from_bytes(y), ec.SECP256R1()
            )
            key = numbers.public_key()
        except (KeyError, ValueError, _CardError):
            continue
        yield _thumbprint(one), key


def _thumbprint(key: dict[str, Any]) -> str:
    named = {name: key[name] for name in ("crv", "kty", "x", "y")}
    text = json.dumps(named, sort_keys=True, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def _is_card(head: Head) -> bool:
    if "verifiableCredential" in head.json_keys and not head.is_json_list:
        return "resourceType" not in head.json_keys
    return bool(_NUMERIC_START.match(head.text) or _JWS_START.match(head.text))


def _read(source: Source) -> Iterator[Item]:
    """Yield an item for each card, and for each resource in it."""
    path = source.path
    with path.open("rb") as stream:
        data = stream.read(_MAX_FILE + 1)
    if len(data) > _MAX_FILE:
        yield refused(path, "/", "it is larger than 16 MiB, which no card is", "too_large")
        return
    keys = KeyRing.of([*source.keys, *_keys_beside(source)])
    try:
        cards = list(_cards(data.removeprefix(b"\xef\xbb\xbf").strip()))
    except _CardError as exc:
        yield refused(path, "/", exc.reason, exc.code)
        return
    except JsonError as exc:
        yield refused(path, "/", exc.reason, exc.code)
        return
    for place, card in cards[:_MAX_CARDS]:
        yield from _card(path, place, card, keys)
    if len(cards) > _MAX_CARDS:
        reason = f"it holds more than {_MAX_CARDS} cards; the rest are not read"
        yield refused(path, "/", reason, "too_large")


def _keys_beside(source: Source) -> Iterator[Path]:
    # A key that came in the same archive as the card proves nothing: whoever forged the one would
    # have put the other there too.
    if not source.depth:
        for name in _BESIDE:
            found = source.sibling(name)
            if found is not None:
                yield found


def _cards(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The cards in a file, as compact JWS, with their places."""
    if data.startswith(b"{"):
        value = parse(data)
        listed = value.get("verifiableCredential")
        if not isinstance(listed, list) or not listed:
            raise _CardError("the file of cards has no card in it; download it again")
        for index, one in enumerate(listed):
            card = one.encode("utf-8", "replace") if isinstance(one, str) else b""
            yield f"/verifiableCredential/{index}", card
        return
    if not _NUMERIC_START.match(data):
        yield "/", data
        return
    yield from _numeric(data)


def _numeric(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Cards in digits, one a line; a card that was cut for several QR codes is put together."""
    chunks: dict[int, bytes] = {}
    total = 0
    for number, line in enumerate(data.split(), 1):
        found = _CHUNK.fullmatch(line)
        if found is None:
            raise _CardError(f"line {number} is cut, or is not the text of a card's QR code")
        text = bytes(45 + int(found[3][at : at + 2]) for at in range(0, len(found[3]), 2))
        if found[1] is None:
            yield f"line {number}", text
            continue
        chunks[int(found[1])] = text
        total = max(total, int(found[2]))
    if chunks:
        if sorted(chunks) != list(range(1, total + 1)):
            raise _CardError(
                f"the card was cut for {total} QR codes and some of them are missing; scan all",
                "truncated",
            )
        yield "/", b"".join(chunks[at] for at in sorted(chunks))


def _card(path: Path, place: str, card: bytes, keys: KeyRing) -> Iterator[Item]:
    try:
        jws = _parts(card)
        known = keys._check(jws)
        if known is Signature.WRONG:
            raise _CardError(
                "its signature is wrong by the key of its issuer: it was changed or is forged; "
                "nothing of it is taken",
                "signature_wrong",
            )
        bundle = _bundle(_unpacked(jws))
        entries = bundle.get("entry")
        subject = _subject(entries)
    except _CardError as exc:
        yield refused(path, place, exc.reason, exc.code)
        return
    except JsonError as exc:
        yield refused(path, place, exc.reason, exc.code)
        return
    yield _signature(path, place, known)
    within = f"{place}, " if place.startswith("line") else place.rstrip("/")
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        url = entry.get("fullUrl") if isinstance(entry, dict) else None
        below = f"{within}/entry/{index}/resource"
        for outcome, piece in value_items(
            path, resource, below, url if isinstance(url, str) else ""
        ):
            yield outcome, _about(piece, subject)


def _about(piece: Piece | None, subject: str) -> Piece | None:
    if piece is None or not piece.subject or not subject:
        return piece
    return replace(piece, subject=subject)


def _signature(path: Path, place: str, known: Signature) -> Item:
    if known is Signature.RIGHT:
        reason = "the frame of the card; its signature is right, by the key that was given"
        return Outcome(Kind.SKIPPED, place, "", reason, "signature_right", path), None
    reason = (
        "the frame of the card; signature not checked: no key of the issuer was given, put its "
        "jwks.json beside the card to have it checked"
    )
    return Outcome(Kind.SKIPPED, place, "", reason, "signature_unchecked", path), None


def _parts(card: bytes) -> _Jws:
    if not _JWS.match(card):
        raise _CardError("it is no compact JWS, as every card is; it is cut or damaged")
    head, body, tail = card.strip().split(b".")
    header = parse(_base64(head.decode()))
    if not isinstance(header, dict) or header.get("alg") != "ES256":
        raise _CardError("its signature is not ES256, which every card must have")
    signature = _base64(tail.decode())
    if len(signature) != 64:
        raise _CardError("its signature has not 64 bytes; it is cut or damaged")
    return _Jws(header, _base64(body.decode()), signature, head + b"." + body)


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError) as exc:
        raise _CardError("it is not valid base64; it is cut or damaged") from exc


def _unpacked(jws: _Jws) -> bytes:
    if "zip" not in jws.header:
        return jws.payload
    if jws.header["zip"] != "DEF":
        raise _CardError("its payload is packed in a way that no card is")
    unpack = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        data = unpack.decompress(jws.payload, _MAX_PAYLOAD + 1)
    except zlib.error as exc:
        raise _CardError("its payload can't be unpacked; it is damaged", "damaged") from exc
    if len(data) > _MAX_PAYLOAD:
        raise _CardError(
            "its payload unpacks to far more than a card holds, as a bomb does", "bomb"
        )
    if not unpack.eof:
        raise _CardError("its payload is cut off; get the whole card", "truncated")
    return data


def _bundle(data: bytes) -> dict[str, Any]:
    value: Any = parse(data)
    for name in ("vc", "credentialSubject"):
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(value.get("fhirBundle"), dict):
        raise _CardError("it holds no Bundle of FHIR; it is a card of another kind")
    version = value.get("fhirVersion")
    # Where it isn't said, the check of each resource tells.
    if version is not None and not str(version).startswith("4.0"):
        raise _CardError("it is not of FHIR R4; ask for a card that is", "fhir_version")
    bundle: dict[str, Any] = value["fhirBundle"]
    if not bundle.get("entry"):
        raise _CardError("its Bundle has no entries; nothing is in it", "empty_bundle")
    return bundle


def _subject(entries: Any) -> str:
    """A key for whom a card is about: the same person on two cards has the same."""
    for entry in entries if isinstance(entries, list) else ():
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and resource.get("resourceType") == "Patient":
            known = {name: resource.get(name) for name in ("name", "birthDate")}
            return f"card {hashlib.sha256(canonical_bytes(known)).hexdigest()[:16]}"
    return ""


READERS = (Reader(FORMAT, _is_card, _read),)
