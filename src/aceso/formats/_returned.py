"""What an export says so that the records come back as they were.

Most resources say themselves which record they are of: class, issuer, person and encounter or day
can be told from them. Where they do not, the entry of the exported Bundle carries an extension:

    {"extension": [{"url": "urn:aceso:record", "valueString": "BIOSIGNAL/9f86d081"}], "resource": …}

The resource itself stays as it is, byte for byte. The mark says what belongs together, and may
raise the class; it never lowers it, since anybody can write one.

`measured` gives the class of what phones and watches measured, by the code that our readers of
their files wrote beside LOINC.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

from aceso.codes import SENSITIVE, DataClass

from ._classify import healthkit_class, load
from ._model import Item, Kind

__all__ = ["MARK", "mark", "measured", "returned"]

MARK = "urn:aceso:record"
_VALUE = re.compile(r"([A-Z_]{1,32})/([0-9a-f]{8,64})\Z")
_MOST_MARKS = 64
_OWN = "urn:aceso:measure"
_HEALTHKIT = "https://developer.apple.com/documentation/healthkit"
_MOVEMENT = ("HKWorkoutActivityType", "HKActivitySummary")
_HEALTHKIT_PREFIX = re.compile(r"HK(?:Quantity|Category|Correlation)TypeIdentifier")


def mark(data_class: DataClass, name: str) -> dict[str, str]:
    """The extension that puts an entry into the record `name` of this class."""
    return {"url": MARK, "valueString": f"{data_class.name}/{name}"}


def returned(items: Iterable[Item], entry: dict[str, Any]) -> Iterator[Item]:
    """The items of an entry, put into the records that its marks name."""
    marks = list(_marks(entry.get("extension")))
    for outcome, piece in items:
        if piece is None or not marks:
            yield outcome, piece
            continue
        for said, name in marks:
            data_class = _raised(piece.data_class, said)
            yield (
                replace(outcome, kind=Kind.IMPORTED, data_class=data_class),
                replace(piece, data_class=data_class, issuer="", event=f"record {name}"),
            )


def measured(resource: dict[str, Any]) -> DataClass | None:
    """The class of an Observation with a code of `measures.toml` or of HealthKit."""
    code = resource.get("code")
    codings = code.get("coding") if isinstance(code, dict) else None
    for coding in codings if isinstance(codings, list) else ():
        if not isinstance(coding, dict) or not isinstance(coding.get("code"), str):
            continue
        if coding.get("system") == _OWN:
            found = _own().get(coding["code"])
        elif coding.get("system") == _HEALTHKIT:
            found = _healthkit_class(coding["code"])
        else:
            continue
        if found is not None:
            return found
    return None


def _marks(extensions: Any) -> Iterator[tuple[DataClass, str]]:
    for one in extensions[:_MOST_MARKS] if isinstance(extensions, list) else ():
        if not isinstance(one, dict) or one.get("url") != MARK:
            continue
        value = one.get("valueString")
        found = _VALUE.match(value) if isinstance(value, str) else None
        if found is not None and found[1] in DataClass.__members__:
            yield DataClass[found[1]], found[2]


def _raised(judged: DataClass, said: DataClass) -> DataClass:
    if not judged & SENSITIVE:
        return said
    return said if judged == DataClass.UNCLASSIFIED and said & SENSITIVE else judged


@cache
def _own() -> dict[str, DataClass]:
    return {name: DataClass[row["class"]] for name, row in load("measures.toml")["measure"].items()}


def _healthkit_class(code: str) -> DataClass | None:
    if code.startswith(_MOVEMENT):
        return DataClass.ACTIVITY
    return healthkit_class(_HEALTHKIT_PREFIX.sub("", code))
