"""Dexcom Clarity: the CSV export of a continuous glucose monitor, in any of its languages.

The columns stand in the same order in every language, and the unit is in the name of the eighth:
`Glucose Value (mg/dL)`, `Glukosewert (mmol/L)`. Times are those of the device's clock, without a
zone. `Low` and `High` are what the sensor says below 40 and above 400 mg/dL (2.2 and 22.2 mmol/L);
they become `<` and `>` of that limit, with the word beside it.

Limits: the person's name and birthday and the settings of alerts are left in the source. An event
whose name is in none of the languages listed here is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from .._head import Head
from .._model import Format, Item
from .._reader import Reader, Source
from ._measure import Reading, item, keep, refuse, skip, told
from ._table import Bad, Layout, Row, decimal, find_layout, rows
from ._time import iso

__all__ = ["CLARITY", "READERS"]

CLARITY = Format("dexcom-clarity", "text/csv", "Dexcom Clarity (CSV)", "덱스콤 클래리티 (CSV)")

_STAMP = re.compile(r"[^()]+\([A-Z]{4}-M{2}-[A-Z]{2}T[a-z]{2}:[a-z]{2}:[a-z]{2}\)\Z")
_UNIT = re.compile(r"\(\s*(mg/dL|mmol/L)\s*\)\Z", re.IGNORECASE)
_UNITS = {"mg/dl": "mg/dL", "mmol/l": "mmol/L"}
_FIELDS = ("index", "time", "event", "subtype", "patient", "device", "source", "glucose", "insulin",
           "carbs", "duration", "rate")  # fmt: skip
# How the event of a sensor's value, and of a finger prick, begins in the languages of Clarity.
_SENSOR = re.compile(r"EGV|EGW|Estimated Gluc|Niveles? estimad|Gesch.tzte", re.IGNORECASE)
_PRICK = re.compile(r"Calib|Kalib|.talon|Blood Glucose|보정", re.IGNORECASE)
_ALERT = re.compile(r"Alert|Warn|Avviso|Avis|알림", re.IGNORECASE)
_PERSON = re.compile(
    r"FirstName|LastName|DateOfBirth|Vorname|Nachname|Geburts|Nombre|Apellido|Fecha"
)
_DEVICE = re.compile(r"Device|Ger.t|Dispositiv|Appareil|Apparaat", re.IGNORECASE)
_LOW = frozenset({"low", "niedrig", "bajo", "baja", "bas", "basso", "laag", "låg", "낮음"})
_HIGH = frozenset({"high", "hoch", "alto", "alta", "élevé", "haut", "hoog", "hög", "높음"})
_LIMITS = {"mg/dL": ("40", "400"), "mmol/L": ("2.2", "22.2")}
_HEALTH = {
    "alcohol": "alcohol",
    "stress": "stress",
    "cycle": "menstruation",
    "period": "menstruation",
}
_DURATION = re.compile(r"(\d{1,4}):([0-5]\d):([0-5]\d)\Z")


def _is_header(cells: tuple[str, ...]) -> bool:
    return (
        len(cells) >= 11
        and _STAMP.match(cells[1]) is not None
        and _UNIT.search(cells[7]) is not None
        and "(" not in cells[2]
    )


def _recognises(head: Head) -> bool:
    layout = find_layout(head, _is_header)
    return layout is not None and layout.line == 1


def _read(source: Source) -> Iterator[Item]:
    layout = find_layout(source.head, _is_header)
    if layout is None:
        return
    found = _UNIT.search(layout.columns[7])
    unit = _UNITS[found[1].lower()] if found else ""
    for row in rows(source, layout):
        if isinstance(row, Bad):
            yield refuse(source.path, f"line {row.line}", row.reason, row.code)
        elif not row.is_blank:
            yield from _row(source, _named(row, layout), unit, layout.separator != ",")


def _named(row: Row, layout: Layout) -> Row:
    """The row by the names that its columns have in no language."""
    cells = {name: row[column] for name, column in zip(_FIELDS, layout.columns, strict=False)}
    return replace(row, cells=cells)


def _row(source: Source, row: Row, unit: str, comma: bool) -> Iterator[Item]:
    path, place, event = source.path, f"line {row.line}", row["event"]
    if not row["time"]:
        if _PERSON.match(event) or row["patient"]:
            reason = "the person's name and birthday stay in the source file"
            yield skip(path, place, reason, "me")
        elif _ALERT.match(event) or _DEVICE.match(event):
            reason = "a setting of the device is no measurement; it stays in the source file"
            yield skip(path, place, reason, "setting")
        else:
            yield keep(path, place, "a row without a time is not understood")
        return
    try:
        readings = list(_readings(row, unit, comma))
    except ValueError:
        yield refuse(path, place, "its value or its time can't be read", "bad_value")
        return
    if not readings:
        yield keep(path, place, "an event of this kind is not understood yet")
    for reading in readings:
        yield item(path, reading, place=place)


def _readings(row: Row, unit: str, comma: bool) -> Iterator[Reading]:
    start, event, device = iso(row["time"]), row["event"], row["source"] or row["device"]
    subtype = row["subtype"]
    if row["glucose"] and not _ALERT.match(event):
        if _SENSOR.match(event):
            measure = "interstitial_glucose"
        elif _PRICK.match(event):
            measure = "blood_glucose"
        else:
            return
        yield _glucose(measure, start, row["glucose"], unit, comma, device)
    if row["insulin"]:
        amount = decimal(row["insulin"], comma=comma)
        yield Reading("insulin", start, value=amount, note=subtype, device=device)
    if row["carbs"]:
        amount = decimal(row["carbs"], comma=comma)
        yield Reading("carbohydrate", start, value=amount, device=device)
    if event == "Exercise":
        found = _DURATION.match(row["duration"])
        parts: tuple[Reading, ...] = ()
        if found:
            seconds = int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3])
            parts = (Reading("duration", start, value=str(seconds)),)
        yield Reading("workout", start, text=subtype, device=device, parts=parts)
    elif event in ("Health", "Notes", "Note"):
        measure = _HEALTH.get(subtype.lower(), "health_event")
        yield Reading(measure, start, text=subtype or row["patient"], device=device)


def _glucose(measure: str, start: str, cell: str, unit: str, comma: bool, device: str) -> Reading:
    word = cell.lower()
    if word not in _LOW and word not in _HIGH:
        value = decimal(cell, comma=comma)
        return Reading(measure, start, value=value, unit=unit, device=device)
    low, high = _LIMITS[unit]
    sign, limit = ("<", low) if word in _LOW else (">", high)
    return Reading(
        measure,
        start,
        value=limit,
        comparator=sign,
        unit=unit,
        device=device,
        extra={"interpretation": [{"text": cell}]},
    )


READERS = (Reader(CLARITY, _recognises, told(_read)),)
