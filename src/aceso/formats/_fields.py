"""The fields of a record: what can be shown or withheld as one, by its JSON pointer.

Canonical bytes have one form, so the elements of a resource are found in them without parsing: by a
pattern that knows strings and brackets as deep as FHIR commonly goes. What lies deeper, or has an
escape in a key, is parsed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from .canonical import canonical_bytes, number, parse

__all__ = ["record_fields", "resource_fields"]

# Up to here every element of every resource can be shown by itself.
_MAX_RESOURCES = 64
_BLOCK_RESOURCES = 256

_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_PLAIN_STRING = rb'"[^"]*+"'
_DEPTH = 8


def _nested(string: bytes, depth: int) -> bytes:
    deeper = rb"" if depth == 0 else rb"|[\[{]" + _nested(string, depth - 1) + rb"[\]}]"
    plain = rb'[^"\[\]{}]*+'
    return plain + rb"(?:(?:" + string + deeper + rb")" + plain + rb")*+"


def _field(string: bytes) -> re.Pattern[bytes]:
    value = string + rb'|[^"\[\]{},]++|[\[{]' + _nested(string, _DEPTH) + rb"[\]}]"
    return re.compile(rb'"([^"\\]*+)":(' + value + rb")[,}]", re.DOTALL)


_FIELD = _field(_STRING)
# Where nothing is escaped, as nearly everywhere, a string ends at the next quote.
_PLAIN_FIELD = _field(_PLAIN_STRING)


def resource_fields(body: bytes, prefix: str) -> dict[str, bytes]:
    """One field for each element of a resource: its JSON pointer and its canonical bytes.

    An element is what can be shown or withheld as one: a code, a value with its unit, a date.
    """
    return dict(_elements(body, prefix))


def record_fields(bodies: Sequence[bytes]) -> dict[str, bytes]:
    """Each element of each resource; in a record of many resources, a digest of every 256 of them.

    The fields travel in the envelope of the record, so they must stay small beside the body.
    """
    fields: dict[str, bytes] = {"/resourceType": b'"Bundle"', "/type": b'"collection"'}
    if len(bodies) <= _MAX_RESOURCES:
        for index, body in enumerate(bodies):
            fields.update(_elements(body, f"/entry/{index}/resource"))
        return fields
    for start in range(0, len(bodies), _BLOCK_RESOURCES):
        block = bodies[start : start + _BLOCK_RESOURCES]
        joined = b",".join(block)
        fields[f"/entry/{start}-{start + len(block) - 1}"] = canonical_bytes(
            {
                "length": number(str(len(joined))),
                "resources": number(str(len(block))),
                "sha256": hashlib.sha256(joined).hexdigest(),
            }
        )
    return fields


def _elements(body: bytes, prefix: str) -> Iterable[tuple[str, bytes]]:
    # By columns, and the names of a resource's elements once for all that have the same ones, for
    # speed: a phone's export has millions of resources.
    found = (_FIELD if b"\\" in body else _PLAIN_FIELD).findall(body, 1)
    if found:
        keys, values = zip(*found, strict=True)
        names, size = _names(prefix, keys)
        if size + sum(map(len, values)) == len(body):
            return zip(names, values, strict=True)
    return [(prefix + _pointer(key), canonical_bytes(value)) for key, value in parse(body).items()]


@lru_cache(4096)
def _names(prefix: str, keys: tuple[bytes, ...]) -> tuple[tuple[str, ...], int]:
    """The pointers of elements, and how many bytes of the body are not their values."""
    names = tuple(prefix + _pointer(key.decode()) for key in keys)
    return names, 1 + 4 * len(keys) + sum(map(len, keys))


def _pointer(key: str) -> str:
    return "/" + key.replace("~", "~0").replace("/", "~1")
