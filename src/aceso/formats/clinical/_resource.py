"""What the readers that make FHIR R4 of something else have in common.

    made(path, {"resourceType": "Observation", …}, "line 7")   # the outcome, and the piece
    moment("effectiveDateTime", "20240501103000+0900")          # a v2 or CDA time as FHIR has it

A time keeps its precision. One without a zone is written as its day, with the clock beside it in
the extension `urn:aceso:local-time`, as for a phone's data; a zone is never invented. What FHIR has
no form for (an hour without minutes) stands as the source said it in `urn:aceso:stated-time`.

Ids are digests of what the source says an object is called, so the same object has the same id in
every file, and the id says nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import date, time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aceso.codes import DataClass

from .._model import Item, Kind, Outcome
from ..canonical import NUMBER, JsonError, canonical_bytes, number
from .fhir import first_error, refused, standardise

__all__ = [
    "clean",
    "decimal",
    "digest_id",
    "instant",
    "kept",
    "made",
    "moment",
    "partial_date",
    "pruned",
    "quantity",
    "skipped",
    "urn",
]

LOCAL = "urn:aceso:local-time"
STATED = "urn:aceso:stated-time"
_TIME = re.compile(
    r"(\d{4})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:\.(\d{1,9}))?)?)?)?)?)?"
    r"\s*([+-]\d{2}:?\d{2}|Z)?\Z"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_DECIMAL = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?\Z")
_MAX_DIGITS = 200


def made(
    path: Path, resource: dict[str, Any], place: str, *, data_class: DataClass | None = None
) -> Item:
    """The item of a resource that a reader has made; refused if it is no R4."""
    resource = pruned(resource)
    kind = str(resource["resourceType"])
    try:
        issue = first_error(canonical_bytes(resource))
    except JsonError as exc:
        return refused(path, place, exc.reason, exc.code, kind)
    if issue is not None:
        reason = f"what it says can't be written as FHIR R4: {issue}; it is kept in the source file"
        return refused(path, place, reason, "bad_value", kind)
    piece = standardise(resource, place=place, data_class=data_class)
    outcome = Outcome(Kind.IMPORTED, place, kind, piece.why_class, "", path, piece.data_class)
    return outcome, piece


def kept(path: Path, place: str, reason: str, code: str = "not_understood", kind: str = "") -> Item:
    """A part that nothing here understands."""
    said = f"{reason}; it is kept in the source file"
    return Outcome(Kind.KEPT, place, kind, said, code, path), None


def skipped(path: Path, place: str, reason: str, code: str, kind: str = "") -> Item:
    """A part that is understood and left out."""
    return Outcome(Kind.SKIPPED, place, kind, reason, code, path), None


def pruned(value: Any) -> Any:
    """`value` without what is empty, which FHIR forbids."""
    if isinstance(value, dict):
        inner = ((key, pruned(one)) for key, one in value.items())
        return {key: one for key, one in inner if one not in ("", None, [], {})}
    if isinstance(value, list | tuple):
        return [one for one in map(pruned, value) if one not in ("", None, [], {})]
    return value


def clean(text: str) -> str:
    """`text` without blanks around it, and with a mark for each character that FHIR forbids."""
    return _CONTROL.sub("\ufffd", text).strip()


def digest_id(*parts: str) -> str:
    """A FHIR id that is the same for the same parts, and says nothing of them."""
    joined = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(joined).hexdigest()[:32]


def urn(kind: str, name: str) -> str:
    """A system for names that only their source knows, `urn:hl7v2:authority:HOSP`."""
    return f"urn:{kind}:{quote(clean(name), safe='-._')}"


def decimal(text: str) -> str:
    """`text` as a FHIR decimal with its own digits, or nothing if it is no number.

    The signs and zeros that JSON forbids go: +5, .5, 5. and 007 are 5, 0.5, 5 and 7.
    """
    text = text.strip()
    found = _DECIMAL.match(text)
    if found is None or len(text) > _MAX_DIGITS or not (found[2] or found[3]):
        return ""
    whole = found[2].lstrip("0") or "0"
    said = ("-" if found[1] == "-" else "") + whole
    said += f".{found[3]}" if found[3] else ""
    said += f"e{found[4]}" if found[4] else ""
    return said if NUMBER.match(said) else ""


def quantity(text: str, **more: str) -> dict[str, Any] | None:
    """A Quantity of a number as text, or None if it is none."""
    digits = decimal(text)
    if not digits:
        return None
    return {"value": number(digits), **more}


def moment(name: str, text: str, zone: str = "") -> dict[str, Any]:
    """The dateTime element `name` of a time as HL7 v2 and CDA write it; ValueError if it is none.

    `zone` is what the message says of all its times, "+0900"; a time's own goes first.
    """
    found = _matched(text)
    year, month, day, hour, minute, second, fraction, own = found.groups()
    said = "-".join(part for part in (year, month, day) if part)
    if hour is None:
        return {name: said}
    if minute is None:
        stated = {"extension": [{"url": STATED, "valueString": text.strip()}]}
        return {name: said, f"_{name}": stated}
    clock = f"{hour}:{minute}:{second or '00'}" + (f".{fraction}" if fraction else "")
    offset = _zone(own or zone)
    if offset:
        return {name: f"{said}T{clock}{offset}"}
    local = {"extension": [{"url": LOCAL, "valueTime": clock}]}
    return {name: said, f"_{name}": local}


def instant(name: str, text: str, zone: str = "") -> dict[str, Any]:
    """The instant element `name`: only a time with a zone is one, any other stands beside it."""
    made_of = moment(name, text, zone)
    if "T" in made_of[name]:
        return made_of
    stated = {"extension": [{"url": STATED, "valueString": text.strip()}]}
    return {f"_{name}": stated}


def partial_date(text: str) -> str:
    """The day, month or year of a time; ValueError if it is none."""
    found = _matched(text)
    return "-".join(part for part in (found[1], found[2], found[3]) if part)


def clock(text: str) -> str:
    """A time of day, `HHMM[SS[.S]]`, as FHIR has it; ValueError if it is none."""
    found = re.match(r"(\d{2})(\d{2})(\d{2})?(\.\d{1,9})?\Z", text.strip())
    if found is None:
        raise ValueError("no time of day")
    time(int(found[1]), int(found[2]), int(found[3] or 0))
    return f"{found[1]}:{found[2]}:{found[3] or '00'}{found[4] or ''}"


def _matched(text: str) -> re.Match[str]:
    found = _TIME.match(text.strip())
    if found is None:
        raise ValueError("no time")
    year, month, day, hour, minute, second = found.groups()[:6]
    if not year.strip("0"):
        raise ValueError("no year")
    date(int(year), int(month or 1), int(day or 1))
    time(int(hour or 0), int(minute or 0), min(int(second or 0), 59))
    if int(second or 0) > 60:
        raise ValueError("no second")
    return found


def _zone(text: str) -> str:
    if not text or text == "Z":
        return text
    digits = text[1:].replace(":", "")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 14 or minutes > 59:
        raise ValueError("no offset from UTC")
    return f"{text[0]}{digits[:2]}:{digits[2:]}"


def texts(values: Iterator[str]) -> list[str]:
    """Each text once, in order."""
    return list(dict.fromkeys(one for one in values if one))
