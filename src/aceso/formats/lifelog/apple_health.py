"""The Apple Health export, `export.xml`, read element by element.

Each measurement, workout, day, correlation, hearing test and prescription of glasses becomes a FHIR
R4 Observation (see `apple_elements`). They are grouped by class and day. A measurement that repeats
exactly is one: what a correlation holds stands in the export a second time.

A document type is allowed, for the export carries one of its own, and is not read: that of iOS 16
is broken. An entity never is, inside or outside, so there is nothing to expand and nothing to
fetch. Routes, ECG and clinical records lie beside `export.xml` in the archive and are read there as
files of their own.

Limits: an element with more than 20,000 others in it is refused. An element that isn't known here
is kept in the source file.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path

from aceso.codes import DataClass

from .._head import Head
from .._model import FHIR_JSON, BytesBody, Format, Item, Kind, Outcome, Piece
from .._reader import Reader, Source
from .._xml import Parser, XmlError
from . import apple_elements
from ._measure import told
from .apple_elements import SYSTEM, Element, Made, Unreadable

__all__ = ["FORMAT", "READERS", "SYSTEM"]

FORMAT = Format("apple-health", "application/xml", "Apple Health", "Apple 건강")

_ROOT = re.compile(rb"<HealthData[\s>/]|<!DOCTYPE\s+HealthData[\s\[>]")
_MAX_CHILDREN = 20_000
_FRAME = frozenset({"HealthData", "ExportDate"})
_MAKERS: dict[str, Callable[[Element], Made]] = {
    "ActivitySummary": apple_elements.summary,
    "Audiogram": apple_elements.audiogram,
    "Correlation": apple_elements.correlation,
    "VisionPrescription": apple_elements.prescription,
    "Workout": apple_elements.workout,
}

# The elements whose names may be said: any other name could be any word.
_KNOWN = _FRAME | _MAKERS.keys() | {"ClinicalRecord", "Me", "Record"}


def _is_export(head: Head) -> bool:
    return head.text.startswith(b"<") and _ROOT.search(head.text) is not None


def _read(source: Source) -> Iterator[Item]:
    """Yield an item for each measurement, workout and day."""
    reader = _Reader(source.path)
    try:
        with source.path.open("rb") as stream:
            for _ in reader.parser.read(stream):
                while reader.items:
                    yield reader.items.popleft()
    except XmlError as exc:
        yield from reader.items
        yield Outcome(Kind.REFUSED, exc.place, "", exc.reason, exc.code, source.path), None


class _Reader:
    """Turns elements into items as the parser meets their ends."""

    def __init__(self, path: Path):
        self.items: deque[Item] = deque()
        self.parser = Parser(self, namespaces=False, lenient_doctype=True)
        self._path = path
        self._open: list[Element] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._open.append(Element(name, attributes, self.parser.line, []))

    def end(self, name: str) -> None:
        element = self._open.pop()
        depth = len(self._open)
        if depth > 1:
            siblings = self._open[-1].children
            if len(siblings) < _MAX_CHILDREN:
                siblings.append(element)
            else:
                self._open[-1].too_many = True
        if name == "Record":
            self._record(element)
        elif depth == 1:
            self._top(element)

    def _top(self, element: Element) -> None:
        maker = _MAKERS.get(element.name)
        if maker is not None:
            self._made(element, maker)
        elif element.name == "Me":
            reason = "date of birth and the like stay in the source file"
            self._say(Kind.SKIPPED, element, reason, "me")
        elif element.name == "ClinicalRecord":
            reason = (
                "it names a FHIR file beside the export, which is read by itself where it is "
                "handed over, as in the archive"
            )
            self._say(Kind.SKIPPED, element, reason, "beside")
        elif element.name not in _FRAME:
            reason = "an element that is not understood yet; it is kept in the source file"
            self._say(Kind.KEPT, element, reason, "not_understood")

    def _record(self, element: Element) -> None:
        if element.too_many:
            self._too_many(element)
            return
        try:
            made = apple_elements.measurement(element.attributes, element.children)
        except Unreadable as exc:
            self._unreadable(element, exc)
            return
        self._put(element, made)

    def _made(self, element: Element, maker: Callable[[Element], Made]) -> None:
        if element.too_many:
            self._too_many(element)
            return
        try:
            made = maker(element)
        except Unreadable as exc:
            self._unreadable(element, exc)
            return
        self._put(element, made)

    def _put(self, element: Element, made: Made) -> None:
        data_class, why, kind = made.data_class, made.why, made.kind
        place = f"line {element.line}"
        day, event = _day(made.start[:10])
        piece = Piece(
            data_class,
            FHIR_JSON,
            BytesBody(made.data),
            "Observation",
            place,
            why,
            event=event,
            day=day,
            issued_at=made.start,
        )
        # A type that no list knows could be any word; those of workouts begin alike.
        known = element.name != "Workout" or kind.startswith("HKWorkoutActivityType")
        shown = kind if known and data_class is not DataClass.UNCLASSIFIED else "HealthKit"
        outcome = Outcome(Kind.IMPORTED, place, shown, why, "", self._path, data_class)
        self.items.append((outcome, piece))

    def _too_many(self, element: Element) -> None:
        reason = f"more than {_MAX_CHILDREN} elements are in it; it is kept in the source file"
        self._say(Kind.REFUSED, element, reason, "too_large")

    def _unreadable(self, element: Element, exc: Unreadable) -> None:
        reason = f"{exc.args[0]}; it is kept in the source file"
        self._say(Kind.REFUSED, element, reason, "bad_value")

    def _say(self, kind: Kind, element: Element, reason: str, code: str) -> None:
        place = f"line {element.line}"
        known = element.name if element.name in _KNOWN else ""
        self.items.append((Outcome(kind, place, known, reason, code, self._path), None))


@lru_cache(1024)
def _day(text: str) -> tuple[date, str]:
    return date.fromisoformat(text), f"day {text}"


READERS = (Reader(FORMAT, _is_export, told(_read)),)
