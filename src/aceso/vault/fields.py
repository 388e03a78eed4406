"""A record's fields as a tree of salted leaves, so that one can be shown and the rest kept.

    fields = head_fields(record_id=…, data_class=LABS, issued_at=…, lineage=(), holder=persona,
                         digest=sha256) | json_fields(document)
    tree = FieldTree.of(fields, dek=dek, record_id=record_id)
    tree.leaf                                     # goes into a batch, and so on chain
    shown = tree.disclose({"/code/text": fields["/code/text"]})
    shown.check(tree.root)                        # {"/code/text": b'"HbA1c"'}

A field is a path and the bytes of its value. Its leaf is OpenZeppelin's standard leaf of

    abi.encode(keccak256(path), bytes16 salt, keccak256(value))

and the salt is the HMAC of the record's salt key over the path, so a value can't be guessed from
its leaf, and whoever can open the record can show any field of it. The record's own leaf is the
standard leaf of `abi.encode(root of the fields)`. The tree is filled up to a power of two, at
least 16, with leaves that look like any other: a proof says little about how much was kept.

What is shown is shown to be in the record. It says nothing of what was left out.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

import rfc8785
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ._bytes import address_bytes, be, exactly, keccak
from .batch import Batch, check_proof, standard_leaf, tree_of
from .errors import FormatError, OpeningError

__all__ = [
    "DisclosedField",
    "Disclosure",
    "FieldTree",
    "head_fields",
    "json_fields",
    "record_leaf",
]

_SMALLEST: Final = 16
_SALT_BYTES: Final = 16


def head_fields(
    *,
    record_id: bytes,
    data_class: int,
    issued_at: int,
    lineage: Sequence[bytes],
    holder: str,
    digest: bytes,
) -> dict[str, bytes]:
    """The six fields that every record has. `digest` is the SHA-256 of the canonical bytes."""
    return {
        "recordId": exactly(record_id, 32, "a record id"),
        "class": be(data_class, 4, "a data class"),
        "issuedAt": be(issued_at, 8, "a time"),
        "lineage": b"".join(exactly(parent, 32, "a record id") for parent in lineage),
        "holder": address_bytes(holder),
        "digest": exactly(digest, 32, "a SHA-256"),
    }


def json_fields(document: object) -> dict[str, bytes]:
    """The values of a JSON document by their JSON pointers (RFC 6901), each in RFC 8785 bytes."""
    return dict(_walk("", document))


def _walk(path: str, value: object) -> Iterator[tuple[str, bytes]]:
    if isinstance(value, Mapping) and value:
        for name, part in value.items():
            yield from _walk(f"{path}/{str(name).replace('~', '~0').replace('/', '~1')}", part)
    elif isinstance(value, list | tuple) and value:
        for index, part in enumerate(value):
            yield from _walk(f"{path}/{index}", part)
    else:
        yield path or "/", rfc8785.dumps(value)  # type: ignore[arg-type]


def _salt_key(dek: bytes, record_id: bytes) -> bytes:
    hkdf = HKDF(SHA256(), length=32, salt=record_id, info=b"aceso/v1/salt-key")
    return hkdf.derive(dek)


def _path_bytes(path: str) -> bytes:
    if not path or "\0" in path:
        raise ValueError("a field's path has at least one character, and no zero byte")
    return path.encode()


def _path(said: str) -> str:
    """A path that a stranger wrote, if it is one."""
    _path_bytes(said)
    return said


def _field_leaf(path: str, salt: bytes, value_hash: bytes) -> bytes:
    # bytes16 is padded on the right in the ABI.
    padded = exactly(salt, _SALT_BYTES, "a salt") + bytes(32 - _SALT_BYTES)
    return standard_leaf(keccak(_path_bytes(path)) + padded + value_hash)


def record_leaf(fields_root: bytes) -> bytes:
    """The leaf of a record in a batch."""
    return standard_leaf(exactly(fields_root, 32, "a root"))


@dataclass(frozen=True, slots=True)
class FieldTree:
    """The tree of one record."""

    root: bytes
    hashes: Mapping[str, bytes] = field(repr=False)
    _salt_key: bytes = field(repr=False)
    _tree: Batch = field(repr=False)

    @classmethod
    def of(cls, fields: Mapping[str, bytes], *, dek: bytes, record_id: bytes) -> FieldTree:
        """The tree of these values."""
        hashes = {path: keccak(value) for path, value in fields.items()}
        return cls.of_hashes(hashes, dek=dek, record_id=record_id)

    @classmethod
    def of_hashes(cls, hashes: Mapping[str, bytes], *, dek: bytes, record_id: bytes) -> FieldTree:
        """The tree of the values with these keccak-256 hashes."""
        salt_key = _salt_key(dek, exactly(record_id, 32, "a record id"))
        leaves = [
            _field_leaf(path, _salt(salt_key, path), exactly(digest, 32, "a value's hash"))
            for path, digest in hashes.items()
        ]
        size = max(_SMALLEST, 1 << (len(leaves) - 1).bit_length()) if leaves else _SMALLEST
        leaves += [
            hmac.digest(salt_key, b"\0pad" + be(number, 4), sha256)
            for number in range(size - len(leaves))
        ]
        tree = tree_of(leaves)
        return cls(tree.root, dict(hashes), salt_key, tree)

    @property
    def leaf(self) -> bytes:
        """The record's leaf."""
        return record_leaf(self.root)

    def disclose(self, values: Mapping[str, bytes]) -> Disclosure:
        """Show these fields. Their values are asked for, since the tree keeps only hashes."""
        shown = []
        for path, value in values.items():
            if path not in self.hashes:
                raise ValueError(f"the record has no field {path}")
            digest = keccak(value)
            if digest != self.hashes[path]:
                raise OpeningError(f"The value of {path} is not the one in the record.")
            salt = _salt(self._salt_key, path)
            proof = self._tree.proof(_field_leaf(path, salt, digest))
            shown.append(DisclosedField(path, value, salt, proof))
        return Disclosure(tuple(shown))


def _salt(salt_key: bytes, path: str) -> bytes:
    return hmac.digest(salt_key, _path_bytes(path), sha256)[:_SALT_BYTES]


@dataclass(frozen=True, slots=True)
class DisclosedField:
    """A field that is shown, and how it hangs on the root."""

    path: str
    value: bytes
    salt: bytes
    proof: tuple[bytes, ...]

    @property
    def leaf(self) -> bytes:
        """The field's leaf."""
        return _field_leaf(self.path, self.salt, keccak(self.value))


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Some fields of one record. They mean nothing before `check`."""

    fields: tuple[DisclosedField, ...]

    def check(self, fields_root: bytes) -> dict[str, bytes]:
        """The values by path, when each is under `fields_root`; else an `OpeningError`."""
        for shown in self.fields:
            check_proof(fields_root, shown.leaf, shown.proof)
        return {shown.path: shown.value for shown in self.fields}

    def to_json(self) -> str:
        """For a file or a message."""
        return json.dumps(
            [
                {
                    "path": shown.path,
                    "value": shown.value.hex(),
                    "salt": shown.salt.hex(),
                    "proof": [step.hex() for step in shown.proof],
                }
                for shown in self.fields
            ],
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, text: str) -> Disclosure:
        """Read what `to_json` wrote."""
        try:
            return cls(
                tuple(
                    DisclosedField(
                        _path(shown["path"]),
                        bytes.fromhex(shown["value"]),
                        exactly(bytes.fromhex(shown["salt"]), _SALT_BYTES, "a salt"),
                        tuple(
                            exactly(bytes.fromhex(step), 32, "a step") for step in shown["proof"]
                        ),
                    )
                    for shown in json.loads(text)
                )
            )
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise FormatError("This is not a disclosure. Ask for it again.") from exc
