"""GA4GH VRS 1.3 and 2.0: variations as objects, in JSON or YAML; one, or a list of them.

An identifier that is computed (`ga4gh:VA.…`) is computed again, wherever it stands: one that
doesn't fit means that the object was changed, and it is refused. Each variation is a record of its
own (`application/vnd.ga4gh.vrs+json`), in canonical bytes.

Limits: a variation isn't normalised, which needs the reference sequence, and isn't compared with
the sequence that it names. A Genotype of 1.3 has an identifier that isn't checked.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aceso.codes import DataClass

from .._head import Head
from .._model import BytesBody, Format, Item, Kind, Outcome, Piece
from .._reader import Reader, Source
from ..canonical import JsonError, canonical_bytes, is_number, parse, plain
from ..clinical.fhir import refused
from ._vrs_digest import TYPES, Incomplete, identify
from ._yaml import parse_yaml

__all__ = ["FORMAT", "READERS", "VRS"]

FORMAT = Format("vrs", "application/json", "GA4GH VRS", "GA4GH 변이 표현")
VRS = "application/vnd.ga4gh.vrs+json"

_MAX_BYTES = 64 << 20
_KINDS = TYPES | {"Genotype"}
_NAMES = "|".join(sorted(_KINDS))
_JSON_TYPE = re.compile(rb'"type"\s*:\s*"(?:' + _NAMES.encode() + rb')"')
_YAML_TYPE = re.compile(rb"^type:[ \t]*[\"']?(?:" + _NAMES.encode() + rb")[\"']?[ \t]*\r?$", re.M)
# What an object of a type has beside its type, in 2.0 or in 1.3: one of each group.
_NEEDS: dict[str, tuple[frozenset[str], ...]] = {
    "Adjacency": (frozenset({"adjoinedSequences"}),),
    "Allele": (frozenset({"location", "location_id"}), frozenset({"state"})),
    "ChromosomeLocation": (frozenset({"chr"}),),
    "CisPhasedBlock": (frozenset({"members"}),),
    "CopyNumberChange": (
        frozenset({"copyChange", "copy_change"}),
        frozenset({"location", "subject"}),
    ),
    "CopyNumberCount": (frozenset({"copies"}), frozenset({"location", "subject"})),
    "DerivativeMolecule": (frozenset({"components"}),),
    "Genotype": (frozenset({"members"}),),
    "Haplotype": (frozenset({"members"}),),
    "SequenceLocation": (frozenset({"start", "end", "interval"}),),
    "Terminus": (frozenset({"location"}),),
    "Text": (frozenset({"definition"}),),
    "VariationSet": (frozenset({"members"}),),
}
_ALL_KEYS = frozenset().union(*(group for needs in _NEEDS.values() for group in needs))
_SEQUENCE = re.compile(r"[A-Z*-]*\Z")


@dataclass(slots=True)
class _Checked:
    """How many identifiers of an object were computed again, or couldn't be."""

    right: int = 0
    unknown: int = 0


class _Wrong(Exception):
    def __init__(self, reason: str, code: str = "bad_value"):
        super().__init__(reason)
        self.reason = reason
        self.code = code


def _is_vrs(head: Head) -> bool:
    if head.is_gzip or head.is_zip:
        return False
    keys = head.json_keys
    if keys:
        if "resourceType" in keys or "type" not in keys or not keys & _ALL_KEYS:
            return False
        return _JSON_TYPE.search(head.text) is not None
    return _YAML_TYPE.search(head.text) is not None


def _read(source: Source) -> Iterator[Item]:
    path = source.path
    with path.open("rb") as stream:
        data = stream.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        yield refused(path, "/", "it is larger than 64 MiB; split it", "too_large")
        return
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        value = parse(data) if source.head.text[:1] in (b"{", b"[") else parse_yaml(data)
    except JsonError as exc:
        yield refused(path, "/", exc.reason, exc.code)
        return
    if isinstance(value, list):
        for index, one in enumerate(value):
            yield _variation(path, one, f"/{index}")
    else:
        yield _variation(path, value, "/")


def _variation(path: Path, value: Any, place: str) -> Item:
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in _KINDS:
        return refused(path, place, "it is no variation of VRS 1.3 or 2.0", "bad_value")
    checked = _Checked()
    try:
        _check(value, checked)
        body = canonical_bytes(value)
    except _Wrong as exc:
        return refused(path, place, exc.reason, exc.code, kind)
    except JsonError as exc:
        return refused(path, place, exc.reason, exc.code, kind)
    try:
        own = identify(value)
    except (Incomplete, JsonError):
        own = hashlib.sha256(body).hexdigest()
    why = f"a {kind} is a variation of the genome"
    if checked.right:
        why += f"; {checked.right} computed identifiers are right"
    if checked.unknown:
        why += f"; {checked.unknown} couldn't be computed"
    piece = Piece(
        data_class=DataClass.GENOME_PANEL,
        media_type=VRS,
        body=BytesBody(body),
        resource_type=kind,
        place=place,
        why_class=why,
        event=f"variation {own}",
        alone=True,
    )
    return Outcome(Kind.IMPORTED, place, kind, why, "", path, DataClass.GENOME_PANEL), piece


def _check(value: Any, checked: _Checked) -> None:
    """What an object must have, and that its identifiers fit what it says, all the way down."""
    if isinstance(value, list):
        for one in value:
            _check(one, checked)
        return
    if not isinstance(value, dict):
        return
    kind = value.get("type")
    if isinstance(kind, (dict, list)):
        raise _Wrong("the type of a part of it is no word")
    for needed in _NEEDS.get(str(kind), ()):
        if not needed & value.keys():
            raise _Wrong(f"a {kind} has not all that the specification requires of it")
    for key in ("start", "end", "length", "repeatSubunitLength", "copies", "copyNumber"):
        _check_number(value.get(key), key)
    sequence = value.get("sequence")
    if sequence is not None and (not isinstance(sequence, str) or not _SEQUENCE.match(sequence)):
        raise _Wrong("a sequence has other signs than those of residues")
    start, end = value.get("start"), value.get("end")
    if kind == "SequenceLocation" and is_number(start) and is_number(end):
        reference = value.get("sequenceReference")
        circular = isinstance(reference, dict) and reference.get("circular") is True
        if int(plain(start)) > int(plain(end)) and not circular:
            raise _Wrong("a location ends before it starts")
    for one in value.values():
        _check(one, checked)
    _check_identifier(value, checked)


def _check_number(value: Any, key: str) -> None:
    for one in value if isinstance(value, list) else [value]:
        if is_number(one) and not re.fullmatch(r"[0-9]{1,18}", str(plain(one))):
            raise _Wrong(f"{key} is no whole number from 0 up")
        if isinstance(one, str) and not is_number(one) and key in ("length", "copies"):
            raise _Wrong(f"{key} is no number")


def _check_identifier(value: dict[str, Any], checked: _Checked) -> None:
    """`id` (2.0), `_id` (1.3) and `digest`, where they are computed ones."""
    said = value.get("id", value.get("_id"))
    said = said if isinstance(said, str) and said.startswith("ga4gh:") else ""
    digest = value.get("digest")
    digest = digest if isinstance(digest, str) and value.get("type") in TYPES else ""
    if not said and not digest:
        return
    try:
        computed = identify(value)
    except (Incomplete, JsonError):
        checked.unknown += 1
        return
    if (said and said != computed) or (digest and digest != computed.rpartition(".")[2]):
        raise _Wrong(
            "its computed identifier doesn't fit what it says, so it was changed after it was "
            "named; get it anew from where it came",
            "wrong_identifier",
        )
    checked.right += 1


READERS = (Reader(FORMAT, _is_vrs, _read),)
