"""Whether an attachment is what its document says: size and hash.

    check(attachment)      # None, or a sentence that says what is wrong
    decoded("JVBERi0…", digest="…", algorithm="SHA-256")   # bytes, or AttachmentError

FHIR R4: `Attachment.hash` is the SHA-1 of the bytes before base64, in base64, and `Attachment.size`
their number. CDA: `integrityCheck` is SHA-1 or SHA-256 of the data, in base64 (hexadecimal is met
too). An attachment that fails may have been cut or changed on its way, and is never taken.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Iterator
from typing import Any

__all__ = ["AttachmentError", "check", "decoded", "wrong_attachment"]

_MAX = 64 << 20
_ALGORITHMS = {"SHA-1": "sha1", "SHA1": "sha1", "SHA-256": "sha256", "SHA256": "sha256"}
_NUMBER = "\x00"  # How `canonical.parse` marks a number.


class AttachmentError(Exception):
    """Why an attachment is not taken. The text holds no value."""

    def __init__(self, reason: str, code: str):
        super().__init__(reason)
        self.reason = reason
        self.code = code


def check(attachment: dict[str, Any]) -> str | None:
    """What is wrong with the data of a FHIR Attachment by its own size and hash, if anything."""
    data = attachment.get("data")
    if not isinstance(data, str):
        return None
    size, digest = attachment.get("size"), attachment.get("hash")
    if size is None and not isinstance(digest, str):
        return None
    try:
        whole = base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        return "the data of the attachment are no base64"
    stated = str(size).removeprefix(_NUMBER) if size is not None else ""
    if stated.isdigit() and int(stated[:18]) != len(whole):
        return (
            f"the attachment has {len(whole)} bytes, and its size says another number; it was cut "
            "or changed, ask for it again"
        )
    if isinstance(digest, str) and not _is_digest(whole, digest, "sha1"):
        return "the attachment is not what its hash says; it was changed, ask for it again"
    return None


def wrong_attachment(resource: dict[str, Any]) -> str | None:
    """What is wrong with the first attachment of a parsed FHIR resource that fails its own hash."""
    for attachment in _attachments(resource):
        reason = check(attachment)
        if reason is not None:
            return reason
    return None


def _attachments(value: Any) -> Iterator[dict[str, Any]]:
    stack = [value]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            if "data" in node and ("hash" in node or "size" in node):
                yield node
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)


def decoded(
    encoded: str | None,
    *,
    text: str = "",
    digest: str = "",
    algorithm: str = "SHA-1",
    compression: str = "",
) -> bytes:
    """The bytes of an ED of CDA; AttachmentError if they aren't what it says."""
    if encoded is None:
        data = text.encode("utf-8", "replace")
    else:
        try:
            data = base64.b64decode("".join(encoded.split()), validate=True)
        except (binascii.Error, ValueError) as exc:
            reason = "the attachment is no base64; it was cut or changed, ask for it again"
            raise AttachmentError(reason, "bad_value") from exc
    if digest:
        name = _ALGORITHMS.get(algorithm.upper())
        if name is None:
            raise AttachmentError("the attachment has a hash of a kind unknown here", "wrong_hash")
        if not _is_digest(data, digest, name):
            raise AttachmentError(
                "the attachment is not what its hash says; it was changed, ask for it again",
                "wrong_hash",
            )
    return _unpacked(data, compression.upper()) if compression else data


def _unpacked(data: bytes, compression: str) -> bytes:
    bits = {"DF": -15, "ZL": 15, "GZ": 31}.get(compression)
    if bits is None:
        raise AttachmentError("the attachment is packed in a way unknown here", "bad_value")
    unpacker = zlib.decompressobj(bits)
    try:
        plain = unpacker.decompress(data, _MAX)
    except zlib.error as exc:
        raise AttachmentError("the packed attachment is damaged", "damaged") from exc
    if unpacker.unconsumed_tail:
        raise AttachmentError("the attachment unpacks to more than 64 MiB; it is not read", "bomb")
    return plain


def _is_digest(data: bytes, stated: str, name: str) -> bool:
    digest = hashlib.new(name, data, usedforsecurity=False).digest()
    plain = "".join(stated.split())
    return plain == base64.b64encode(digest).decode() or plain.lower() == digest.hex()
