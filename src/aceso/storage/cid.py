"""Names of content: CIDs, and the 32 bytes of them that go on chain.

A CID that Aceso writes is CIDv1, dag-pb, sha2-256, in base32: `bafybei…`. Only the digest goes on
chain, so there must be one codec: files are always added without raw leaves, whatever their size,
and `cid_from_digest(digest)` is the whole way back. A CIDv0 (`Qm…`) is the same thing in other
letters, and a raw CID (`bafkrei…`) names a single block; both are read, neither is written.

    digest = cid_digest("bafybeif7ztnhq65lumvvtr4ekcwd2ifwgm3awq4zfr3srh462rwyinlb4y")
    cid_from_digest(digest)
"""

from __future__ import annotations

import base64
import binascii
from functools import lru_cache
from typing import Final, Literal

from .errors import InvalidCidError
from .unixfs import MULTIHASH, FileHasher

__all__ = [
    "Codec",
    "cid_codec",
    "cid_digest",
    "cid_from_digest",
    "cid_v0",
    "content_digest",
    "normalise_cid",
]

Codec = Literal["dag-pb", "raw"]

_PREFIX: Final[dict[Codec, bytes]] = {
    "dag-pb": b"\x01\x70" + MULTIHASH,
    "raw": b"\x01\x55" + MULTIHASH,
}
_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_V1_CHARS: Final = 59  # "b" and the base32 of 36 bytes.
_V0_CHARS: Final = 46


def cid_from_digest(digest: bytes, codec: Codec = "dag-pb") -> str:
    """Name the content whose root block has the sha2-256 `digest`."""
    if len(digest) != 32:
        raise ValueError(f"a sha2-256 digest has 32 bytes, not {len(digest)}")
    text = base64.b32encode(_PREFIX[codec] + digest).decode("ascii")
    return "b" + text.rstrip("=").lower()


def cid_digest(cid: str) -> bytes:
    """Return the 32 bytes of `cid` that go on chain, or raise `InvalidCidError`."""
    return _parse(cid)[1]


def content_digest(data: bytes) -> bytes:
    """The digest in the CID that these bytes have on IPFS, worked out here."""
    hasher = FileHasher()
    hasher.update(data)
    return hasher.digest()


def cid_codec(cid: str) -> Codec:
    """Tell how the root block of `cid` is to be read."""
    return _parse(cid)[0]


def normalise_cid(cid: str) -> str:
    """Write `cid` the one way that Aceso writes it: CIDv1 in base32."""
    codec, digest = _parse(cid)
    return cid_from_digest(digest, codec)


def cid_v0(digest: bytes) -> str:
    """Write a dag-pb CID the old way, `Qm…`."""
    number = int.from_bytes(MULTIHASH + digest, "big")
    text = ""
    while number:
        number, rest = divmod(number, 58)
        text = _BASE58[rest] + text
    return text


@lru_cache(maxsize=1 << 16)
def _parse(cid: str) -> tuple[Codec, bytes]:
    # Remembered: a node goes through all its pins whenever it is asked for one.
    if len(cid) == _V1_CHARS and cid[0] == "b":
        try:
            # 58 characters carry 290 bits: 36 bytes and two bits, which must be zero.
            data = base64.b32decode(cid[1:].upper() + "======")
        except binascii.Error:
            raise InvalidCidError(cid) from None
        for codec, prefix in _PREFIX.items():
            digest = data.removeprefix(prefix)
            # Written back and compared, so that one content has one name.
            if len(digest) == 32 and cid_from_digest(digest, codec) == cid:
                return codec, digest
    elif len(cid) == _V0_CHARS and cid.startswith("Qm"):
        number = 0
        for char in cid:
            place = _BASE58.find(char)
            if place < 0:
                raise InvalidCidError(cid)
            number = number * 58 + place
        data = number.to_bytes(35, "big")[-34:]
        if data.startswith(MULTIHASH) and cid_v0(data[2:]) == cid:
            return "dag-pb", data[2:]
    raise InvalidCidError(cid)
