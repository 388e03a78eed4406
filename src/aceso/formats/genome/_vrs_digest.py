"""Computed identifiers of GA4GH VRS 1.3 and 2.0: the digest of what a variation says.

    identify({"type": "Allele", "location": …, "state": …})   # "ga4gh:VA.0AePZIWZUNsUlQTamyLrjm2…"

The object is written as JSON without blanks, keys in order; only what defines it (2.0), or all that
doesn't begin with `_` (1.3). What has an identifier of its own stands there as its digest, and what
has no order is put in order. The digest is the first 24 bytes of SHA-512, in base64url.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

from ..canonical import canonical_bytes

__all__ = ["TYPES", "Incomplete", "identify", "sha512t24u"]

# VRS 2.0: prefix of the identifier, if there is one, and the keys that define an object.
_KEYS: dict[str, tuple[str, tuple[str, ...]]] = {
    "Adjacency": ("AJ", ("adjoinedSequences", "linker")),
    "Allele": ("VA", ("location", "state")),
    "CisPhasedBlock": ("CPB", ("members",)),
    "CopyNumberChange": ("CX", ("copyChange", "location")),
    "CopyNumberCount": ("CN", ("copies", "location")),
    "DerivativeMolecule": ("DM", ("components",)),
    "SequenceLocation": ("SL", ("end", "sequenceReference", "start")),
    "Terminus": ("TM", ("location",)),
    "LengthExpression": ("", ("length",)),
    "LiteralSequenceExpression": ("", ("sequence",)),
    "ReferenceLengthExpression": ("", ("length", "repeatSubunitLength")),
    "SequenceReference": ("", ("refgetAccession",)),
    "TraversalBlock": ("", ("component", "orientation")),
}
# Where only one type can stand, some leave it out.
_IMPLIED = {"sequenceReference": "SequenceReference", "location": "SequenceLocation"}
# VRS 1.3: the types that have identifiers, by prefix.
_PREFIXES_1_3 = {
    "Allele": "VA",
    "ChromosomeLocation": "VCL",
    "CopyNumberChange": "CX",
    "CopyNumberCount": "CN",
    "Haplotype": "VH",
    "SequenceLocation": "VSL",
    "Text": "VT",
    "VariationSet": "VS",
}
TYPES = frozenset(_PREFIXES_1_3) | {kind for kind, (prefix, _) in _KEYS.items() if prefix}
_ONLY_1_3 = frozenset(_PREFIXES_1_3) - set(_KEYS)
_OLD_KEYS = frozenset(("sequence_id", "interval", "copy_change", "subject"))
_OLD_STATES = ("SequenceState", "Number", "DerivedSequenceExpression", "RepeatedSequenceExpression")
_IDENTIFIER = re.compile(r"ga4gh:[A-Z]{1,3}\.([A-Za-z0-9_-]{32})\Z")


class Incomplete(ValueError):
    """The object doesn't say all that its digest is made of."""


def sha512t24u(data: bytes) -> str:
    """The truncated digest of GA4GH."""
    return base64.urlsafe_b64encode(hashlib.sha512(data).digest()[:24]).decode("ascii")


def identify(value: dict[str, Any]) -> str:
    """The computed identifier of an object of VRS; Incomplete if there is none."""
    kind = str(value.get("type"))
    old = _is_old(value)
    prefix = _PREFIXES_1_3.get(kind, "") if old else _KEYS.get(kind, ("", ()))[0]
    if not prefix:
        raise Incomplete("its type has no computed identifier")
    written = _old(value) if old else _new(value)
    return f"ga4gh:{prefix}.{sha512t24u(canonical_bytes(written))}"


def _is_old(value: Any) -> bool:
    """Whether an object is of VRS 1.3: by what only 1.3 has, wherever it stands."""
    if isinstance(value, dict):
        kind = value.get("type")
        if kind in _ONLY_1_3 or kind in _OLD_STATES or _OLD_KEYS & value.keys():
            return True
        return any(map(_is_old, value.values()))
    return isinstance(value, list) and any(map(_is_old, value))


def _new(value: dict[str, Any]) -> dict[str, Any]:
    kind = str(value.get("type"))
    if kind not in _KEYS:
        raise Incomplete("a part of it is of a type that VRS 2.0 doesn't have")
    found: dict[str, Any] = {"type": kind}
    for key in _KEYS[kind][1]:
        # What isn't said of an object with an identifier is said to be nothing.
        if key in value or _KEYS[kind][0]:
            found[key] = _new_part(value.get(key), _IMPLIED.get(key))
    if kind == "CisPhasedBlock":
        members = found.get("members")
        if not isinstance(members, list) or not all(isinstance(one, str) for one in members):
            raise Incomplete("its members are no list of variations")
        found["members"] = sorted(members)
    return found


def _new_part(value: Any, implied: str | None = None) -> Any:
    if isinstance(value, dict):
        if "type" not in value:
            if implied is None:
                return value  # A Coding, which stands as it is.
            value = value | {"type": implied}
        written = _new(value)
        if _KEYS[str(value["type"])][0]:
            return sha512t24u(canonical_bytes(written))
        return written
    if isinstance(value, list):
        return [_new_part(one) for one in value]
    return _digest_of(value)


def _old(value: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _old_part(one)
        for key, one in value.items()
        if not key.startswith("_") and one is not None
    }


def _old_part(value: Any) -> Any:
    if isinstance(value, dict):
        written = _old(value)
        if value.get("type") in _PREFIXES_1_3:
            return sha512t24u(canonical_bytes(written))
        return written
    if isinstance(value, list):
        parts = [_old_part(one) for one in value]
        # Digests have no order; the parts of an expression have.
        return sorted(parts) if all(isinstance(one, str) for one in parts) else parts
    return _digest_of(value)


def _digest_of(value: Any) -> Any:
    """The digest of an identifier, which stands for what it identifies."""
    if isinstance(value, str) and (found := _IDENTIFIER.match(value)):
        return found[1]
    return value
