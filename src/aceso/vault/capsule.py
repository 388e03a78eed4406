"""The capsule: a record's data key, locked so that it takes consent to open it.

    context = CapsuleContext(
        chain_id=1, record_id=…, data_class=LABS, epoch=0, list_key=opening.list_key
    )
    capsule = make_capsule(context, RecordKey(dek, body), custodians=[(address, key), …],
                           threshold=2, reader_key=class_public, owner_key=owner_public)

    share = open_share(capsule, address, custodian_private)                # at a custodian
    answer = seal_share(capsule, share, receiving_public, request=digest)  # after `decide`

    share = open_released(capsule, address, answer, receiving_private, request=digest)
    key = join(capsule, [share, another], class_private)                   # at the grantee
    key = open_as_owner(capsule, owner_private)                            # at the subject: alone

The data key K is K1 xor K2, fresh for each record. K1 is split m of n, each share sealed to one
custodian, with a salted commitment to it in the open. K2 is sealed to the class key, or, for an
extract that was sold, to the buyer's receiving key. K itself is sealed to the owner key. So m
custodians alone hold K1 and nothing else, a former grantee holds K2 and nothing else, and the
person needs nobody. Every seal is bound to all that is in the open: chain, record, class, epoch,
list, order, body, committee and commitments.

A record's capsule names the key of the list that it was made for, and custodians take it into no
other list. Else a former grantee who kept it could put it on a list of their own, ask for it as
their own subject, and be given what the person had withdrawn.

The plaintext's length is inside the reader's and the owner's seals, where custodians don't see it.

A share changes its type when it is checked: `join` takes a `VerifiedShare`, which only
`open_share` and `open_released` make, each against the capsule's commitment. A commitment says that
a share is the one that the capsule's maker made; it can't say that the maker made shares that join:
a maker who lies makes a record that its owner opens and others don't, or a body that nobody opens.

Capsules don't go to IPFS. Where every copy of a capsule is deleted, no key in the world opens the
body: neither K, K1 nor K2 can be derived from a seed.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from . import shamir
from ._bytes import ADDRESS_BYTES, Reader, address_bytes, address_text, be, exactly
from .errors import FalseShareError, FormatError, OpeningError
from .hpke import OVERHEAD_BYTES, SUITE, PrivateKey, PublicKey, open_sealed, seal
from .segments import DEK_BYTES, Body

__all__ = [
    "Capsule",
    "CapsuleContext",
    "RecordKey",
    "VerifiedShare",
    "join",
    "make_capsule",
    "open_as_owner",
    "open_released",
    "open_share",
    "seal_share",
]

_MAGIC: Final = b"ACAP"
_VERSION: Final = b"\x01"
_RECORD: Final = 1
_EXTRACT: Final = 2
_MAX_CUSTODIANS: Final = 16
_NO_LIST: Final = bytes(ADDRESS_BYTES)

_CUSTODIAN: Final = 1
_READER: Final = 2
_OWNER: Final = 3

_SALT_BYTES: Final = 32
_SHARE_BYTES: Final = DEK_BYTES + 1
_COMMITMENT_BYTES: Final = 32
_LENGTH_BYTES: Final = 8
_SHARE_SEAL_BYTES: Final = _SALT_BYTES + _SHARE_BYTES + OVERHEAD_BYTES
_KEY_SEAL_BYTES: Final = DEK_BYTES + _LENGTH_BYTES + OVERHEAD_BYTES

_CAPSULE_LABEL: Final = b"aceso/v1/capsule\0"
_COMMITMENT_LABEL: Final = b"aceso/v1/commitment\0"
_RELEASE_LABEL: Final = b"aceso/v1/release\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class CapsuleContext:
    """Which record this is. A record names the key of its list, an extract that was sold its
    order, and neither has the other's."""

    chain_id: int
    record_id: bytes
    data_class: int
    epoch: int
    list_key: str | None = None
    order: int | None = None

    def __post_init__(self) -> None:
        exactly(self.record_id, 32, "a record id")
        be(self.chain_id, 8, "a chain id")
        be(self.data_class, 4, "a data class")
        be(self.epoch, 4, "an epoch")
        if not self.data_class:
            raise ValueError("a record has a class")
        if self.order is None and self.data_class & (self.data_class - 1):
            raise ValueError("a record has one class; only an extract may have several")
        if self.order is not None:
            be(self.order, 32, "an order")
        if (self.list_key is None) is (self.order is None):
            raise ValueError("a record names its list, an extract its order, and none names both")
        if self.list_key is not None:
            raw = address_bytes(self.list_key)
            if raw == _NO_LIST:
                raise ValueError("a list's key is not the zero address")
            # One spelling, so that equal contexts compare equal.
            object.__setattr__(self, "list_key", address_text(raw))


@dataclass(frozen=True, slots=True)
class RecordKey:
    """What opens a record: its data key, and what its body must be."""

    dek: bytes = field(repr=False)
    body: Body

    def __post_init__(self) -> None:
        exactly(self.dek, DEK_BYTES, "a data key")
        be(self.body.length, _LENGTH_BYTES, "a length")


@dataclass(frozen=True, slots=True)
class VerifiedShare:
    """A share that was checked against its commitment in the capsule with this digest."""

    capsule: bytes
    custodian: str
    _salt: bytes = field(repr=False)
    _share: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Capsule:
    """A capsule as it is stored. Compare by `digest`."""

    context: CapsuleContext
    body_sha256: bytes
    sealed_length: int
    threshold: int
    custodians: tuple[str, ...]
    commitments: tuple[bytes, ...]
    share_seals: tuple[bytes, ...] = field(repr=False)
    reader_seal: bytes = field(repr=False)
    owner_seal: bytes = field(repr=False)
    _open: bytes = field(init=False, repr=False)
    _bytes: bytes = field(init=False, repr=False)
    _digest: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        head = _head(
            self.context,
            self.body_sha256,
            self.sealed_length,
            self.threshold,
            self.custodians,
            self.commitments,
        )
        whole = b"".join((head, *self.share_seals, self.reader_seal, self.owner_seal))
        object.__setattr__(self, "_open", head)
        object.__setattr__(self, "_bytes", whole)
        object.__setattr__(self, "_digest", hashlib.sha256(whole).digest())

    @property
    def digest(self) -> bytes:
        """SHA-256 of the bytes: how a signed message names this capsule."""
        return self._digest

    def to_bytes(self) -> bytes:
        """The layout of docs/vault-format.md."""
        return self._bytes

    @classmethod
    def from_bytes(cls, data: bytes) -> Capsule:
        """Read what `to_bytes` wrote; anything else is a `FormatError`."""
        reader = Reader(data, "capsule")
        reader.expect(_MAGIC, "magic")
        reader.expect(_VERSION, "version")
        reader.expect(bytes([SUITE]), "suite")
        kind = reader.number(1, "kind")
        threshold = reader.number(1, "threshold")
        count = reader.number(1, "number of custodians")
        if kind not in (_RECORD, _EXTRACT):
            raise FormatError(f"The capsule has an unknown kind: {kind}.")
        if not 2 <= threshold <= count <= _MAX_CUSTODIANS:
            raise FormatError(f"The capsule has an impossible threshold: {threshold} of {count}.")
        chain_id = reader.number(8, "chain id")
        record_id = reader.take(32, "record id")
        data_class = reader.number(4, "class")
        epoch = reader.number(4, "epoch")
        list_key = reader.take(ADDRESS_BYTES, "list key")
        order = reader.number(32, "order")
        body_sha256 = reader.take(32, "body digest")
        sealed_length = reader.number(8, "body length")
        if kind == _RECORD and order:
            raise FormatError("The capsule of a record names an order.")
        if (kind == _RECORD) is (list_key == _NO_LIST):
            raise FormatError(
                "The capsule of a record names no list."
                if kind == _RECORD
                else "The capsule of an extract names a list."
            )
        pairs = [
            (reader.take(ADDRESS_BYTES, "custodian"), reader.take(_COMMITMENT_BYTES, "commitment"))
            for _ in range(count)
        ]
        if len({address for address, _ in pairs}) != count:
            raise FormatError("The capsule names a custodian twice.")
        share_seals = tuple(reader.take(_SHARE_SEAL_BYTES, "sealed share") for _ in range(count))
        reader_seal = reader.take(_KEY_SEAL_BYTES, "reader's seal")
        owner_seal = reader.take(_KEY_SEAL_BYTES, "owner's seal")
        reader.end()
        try:
            context = CapsuleContext(
                chain_id=chain_id,
                record_id=record_id,
                data_class=data_class,
                epoch=epoch,
                list_key=address_text(list_key) if kind == _RECORD else None,
                order=order if kind == _EXTRACT else None,
            )
        except ValueError as exc:
            raise FormatError(f"The capsule contradicts itself: {exc}.") from exc
        return cls(
            context=context,
            body_sha256=body_sha256,
            sealed_length=sealed_length,
            threshold=threshold,
            custodians=tuple(address_text(address) for address, _ in pairs),
            commitments=tuple(commitment for _, commitment in pairs),
            share_seals=share_seals,
            reader_seal=reader_seal,
            owner_seal=owner_seal,
        )

    def index_of(self, custodian: str) -> int:
        """Where this custodian stands in the committee."""
        wanted = address_text(address_bytes(custodian))
        try:
            return self.custodians.index(wanted)
        except ValueError:
            raise OpeningError(f"{wanted} is no custodian of this record.") from None


def _head(
    context: CapsuleContext,
    body_sha256: bytes,
    sealed_length: int,
    threshold: int,
    custodians: Sequence[str],
    commitments: Sequence[bytes],
) -> bytes:
    """All that is in the open, and that every seal is bound to."""
    order = context.order
    return b"".join(
        (
            _MAGIC,
            _VERSION,
            bytes((SUITE, _RECORD if order is None else _EXTRACT, threshold, len(custodians))),
            be(context.chain_id, 8),
            context.record_id,
            be(context.data_class, 4),
            be(context.epoch, 4),
            _NO_LIST if context.list_key is None else address_bytes(context.list_key),
            be(order or 0, 32),
            exactly(body_sha256, 32, "a SHA-256"),
            be(sealed_length, 8, "a sealed length"),
            *(
                address_bytes(custodian) + commitment
                for custodian, commitment in zip(custodians, commitments, strict=True)
            ),
        )
    )


def _info(head: bytes, role: int, index: int = 0) -> bytes:
    return _CAPSULE_LABEL + head + bytes((role, index))


def _commit(salt: bytes, share: bytes) -> bytes:
    """The commitment names the share's x first, so that no two shares can trade places."""
    return hashlib.sha256(_COMMITMENT_LABEL + salt + share[-1:] + share[:-1]).digest()


def _xor(left: bytes, right: bytes) -> bytes:
    return (int.from_bytes(left, "big") ^ int.from_bytes(right, "big")).to_bytes(DEK_BYTES, "big")


def make_capsule(
    context: CapsuleContext,
    key: RecordKey,
    *,
    custodians: Sequence[tuple[str, PublicKey]],
    threshold: int,
    reader_key: PublicKey,
    owner_key: PublicKey,
) -> Capsule:
    """Lock `key`. The reader's key is the class key, or for an extract the buyer's own."""
    addresses = tuple(address_text(address_bytes(address)) for address, _ in custodians)
    if not 2 <= threshold <= len(addresses) <= _MAX_CUSTODIANS:
        raise ValueError(f"{threshold} of {len(addresses)} custodians: 2 <= m <= n <= 16 is needed")
    if len(set(addresses)) != len(addresses):
        raise ValueError("a committee names each custodian once")
    k1 = os.urandom(DEK_BYTES)
    k2 = _xor(key.dek, k1)
    shares = shamir.split(k1, shares=len(addresses), threshold=threshold)
    salts = [os.urandom(_SALT_BYTES) for _ in shares]
    commitments = tuple(map(_commit, salts, shares))
    body = key.body
    head = _head(context, body.sha256, body.sealed_length, threshold, addresses, commitments)
    length = be(body.length, _LENGTH_BYTES)
    return Capsule(
        context=context,
        body_sha256=body.sha256,
        sealed_length=body.sealed_length,
        threshold=threshold,
        custodians=addresses,
        commitments=commitments,
        share_seals=tuple(
            seal(public, salt + share, info=_info(head, _CUSTODIAN, index))
            for index, ((_, public), salt, share) in enumerate(
                zip(custodians, salts, shares, strict=True)
            )
        ),
        reader_seal=seal(reader_key, k2 + length, info=_info(head, _READER)),
        owner_seal=seal(owner_key, key.dek + length, info=_info(head, _OWNER)),
    )


def _verify(capsule: Capsule, index: int, opened: bytes) -> VerifiedShare:
    """The one place where a share is checked."""
    custodian = capsule.custodians[index]
    if len(opened) != _SALT_BYTES + _SHARE_BYTES:
        raise FalseShareError(custodian, f"it has {len(opened)} bytes")
    salt, share = opened[:_SALT_BYTES], opened[_SALT_BYTES:]
    if share[-1] != index + 1:
        raise FalseShareError(custodian, "it is another custodian's")
    if not hmac.compare_digest(_commit(salt, share), capsule.commitments[index]):
        raise FalseShareError(custodian, "it does not match its commitment in the capsule")
    return VerifiedShare(capsule.digest, custodian, salt, share)


def open_share(capsule: Capsule, custodian: str, private: PrivateKey) -> VerifiedShare:
    """A custodian's own share, checked. Whoever takes a capsule into custody does this at once.

    `FalseShareError` here means that the capsule's maker committed to another share.
    """
    index = capsule.index_of(custodian)
    info = _info(capsule._open, _CUSTODIAN, index)
    return _verify(capsule, index, open_sealed(private, capsule.share_seals[index], info=info))


def _release_info(capsule: Capsule, custodian: str, request: bytes) -> bytes:
    return (
        _RELEASE_LABEL
        + capsule.digest
        + address_bytes(custodian)
        + exactly(request, 32, "the digest of a request")
    )


def seal_share(
    capsule: Capsule, share: VerifiedShare, receiving_key: PublicKey, *, request: bytes
) -> bytes:
    """Release `share` to whoever asked. `request` is the EIP-712 digest of the signed request."""
    if share.capsule != capsule.digest:
        raise OpeningError("This share belongs to another capsule.")
    info = _release_info(capsule, share.custodian, request)
    return seal(receiving_key, share._salt + share._share, info=info)


def open_released(
    capsule: Capsule, custodian: str, sealed: bytes, private: PrivateKey, *, request: bytes
) -> VerifiedShare:
    """Open what a custodian released to us for this request, and check it against its commitment.

    Whatever is wrong with it is a `FalseShareError` that names the custodian.
    """
    index = capsule.index_of(custodian)
    info = _release_info(capsule, custodian, request)
    try:
        opened = open_sealed(private, sealed, info=info)
    except OpeningError as exc:
        raise FalseShareError(
            capsule.custodians[index], "it does not open for this record, key and request"
        ) from exc
    return _verify(capsule, index, opened)


def _record_key(capsule: Capsule, dek: bytes, length: bytes) -> RecordKey:
    body = Body(capsule.body_sha256, capsule.sealed_length, int.from_bytes(length, "big"))
    return RecordKey(dek, body)


def join(capsule: Capsule, shares: Iterable[VerifiedShare], reader_key: PrivateKey) -> RecordKey:
    """The record's key, from m checked shares and the class key (or the buyer's receiving key)."""
    mine: dict[str, bytes] = {}
    for share in shares:
        if share.capsule != capsule.digest:
            raise OpeningError(
                f"The share of custodian {share.custodian} belongs to another capsule."
            )
        mine[share.custodian] = share._share
    if len(mine) < capsule.threshold:
        raise OpeningError(
            f"{len(mine)} custodians gave their share, and {capsule.threshold} are needed. "
            "Ask more of them.",
            code="E_VAULT_TOO_FEW_SHARES",
            shares=len(mine),
            threshold=capsule.threshold,
        )
    opened = open_sealed(reader_key, capsule.reader_seal, info=_info(capsule._open, _READER))
    k1 = shamir.join(list(mine.values())[: capsule.threshold])
    return _record_key(capsule, _xor(opened[:DEK_BYTES], k1), opened[DEK_BYTES:])


def open_as_owner(capsule: Capsule, owner_key: PrivateKey) -> RecordKey:
    """The record's key, with the owner key alone."""
    opened = open_sealed(owner_key, capsule.owner_seal, info=_info(capsule._open, _OWNER))
    return _record_key(capsule, opened[:DEK_BYTES], opened[DEK_BYTES:])
