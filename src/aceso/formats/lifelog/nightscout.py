"""Nightscout and OpenAPS: lists of glucose entries, of treatments and of a pump's history.

Glucose is in mg/dL there, whatever the screen shows; a treatment says its unit, and without one
its glucose is kept. The zone is that of the text, or `utcOffset`; a count of milliseconds is UTC.

Limits: temporary basal rates, changes of sites, calibrations and what else a pump does are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .._head import Head
from .._model import Format, Item
from .._reader import Reader, Source
from ..canonical import is_number, plain
from ._json import digits, elements, text
from ._measure import Reading, item, keep, refuse, skip, told
from ._time import epoch, iso

__all__ = ["NIGHTSCOUT", "READERS"]

NIGHTSCOUT = Format("nightscout", "application/json", "Nightscout / OpenAPS", "나이트스카우트")

_UNITS = {"mg/dl": "mg/dL", "mgdl": "mg/dL", "mmol": "mmol/L", "mmol/l": "mmol/L"}
# Many programs have events with a type and a time; these say of which kind they are.
_OF_TREATMENTS = frozenset(
    {"enteredBy", "insulin", "carbs", "notes", "glucose", "glucoseType", "pumpId", "absolute"}
)
_PUMP = re.compile(
    rb'"_type"\s*:\s*"(?:Bolus|TempBasal|BasalProfile|Prime|Rewind|CalBG|BGReceived|Pump|Change'
    rb"|Alarm|JournalEntry|Suspend|Resume|LowReservoir)"
)
_WRAPPED = re.compile(rb'"result"\s*:\s*\[\s*\{[^{}\[\]]{0,2000}"(?:sgv|mbg|eventType)"\s*:')
# Below this a Dexcom sensor tells an error, not glucose; Nightscout's own rule.
_LEAST = 39


def _recognises(head: Head) -> bool:
    keys = head.json_keys
    entries = keys & {"sgv", "mbg"} and keys & {"date", "dateString"}
    treatments = {"eventType", "created_at"} <= keys and keys & _OF_TREATMENTS
    history = {"_type", "timestamp"} <= keys and _PUMP.search(head.text)
    return bool(entries or treatments or history or _is_wrapped(head))


def _is_wrapped(head: Head) -> bool:
    """Version 3 of the API answers `{"status": 200, "result": [...]}`."""
    return (
        not head.is_json_list
        and {"status", "result"} <= head.json_keys
        and _WRAPPED.search(head.text) is not None
    )


def _read(source: Source) -> Iterator[Item]:
    key = "result" if _is_wrapped(source.head) else ""
    for place, value, wrong in elements(source, key):
        if wrong is not None:
            yield wrong
            continue
        try:
            items = list(_items(source, place, value))
        except ValueError:
            reason = "its value or its time can't be read"
            items = [refuse(source.path, place, reason, "bad_value")]
        if not items:
            reason = "an event of this kind is not understood yet"
            items = [keep(source.path, place, reason)]
        yield from items


def _items(source: Source, place: str, value: Any) -> Iterator[Item]:
    if not isinstance(value, dict):
        raise ValueError("no object")
    if "eventType" in value:
        found = _treatment(value)
    elif "_type" in value:
        found = _pump(value)
    else:
        if is_number(value.get("sgv")) and float(plain(value["sgv"])) < _LEAST:
            reason = "a number below 39 is a message of the sensor, not glucose"
            yield skip(source.path, place, reason, "sensor_error")
            return
        found = _entry(value)
    for reading in found:
        yield item(source.path, reading, place=place)


def _entry(value: dict[str, Any]) -> Iterator[Reading]:
    kind = text(value.get("type")) or ("mbg" if "mbg" in value else "sgv")
    measure = {"sgv": "interstitial_glucose", "mbg": "blood_glucose"}.get(kind)
    if measure is None or kind not in value:
        return
    direction = text(value.get("direction"))
    start = _time(value, "dateString", "date")
    parts = (Reading("glucose_trend", start, text=direction),) if direction else ()
    yield Reading(
        measure, start, value=digits(value[kind]), device=text(value.get("device")), parts=parts
    )


def _treatment(value: dict[str, Any]) -> Iterator[Reading]:
    start = _time(value, "created_at", "mills")
    event = ("https://nightscout.github.io/eventType", text(value.get("eventType")))
    native = event if event[1] else None
    device = text(value.get("enteredBy")) or text(value.get("device"))
    note = text(value.get("notes"))
    for key, measure in (("insulin", "insulin"), ("carbs", "carbohydrate")):
        amount = text(value.get(key))
        if amount and amount != "0":
            yield Reading(measure, start, value=amount, device=device, native=native, note=note)
    unit = _UNITS.get(text(value.get("units")).lower())
    glucose = text(value.get("glucose"))
    if glucose and unit:
        sensor = text(value.get("glucoseType")).lower() == "sensor"
        measure = "interstitial_glucose" if sensor else "blood_glucose"
        yield Reading(
            measure, start, value=glucose, unit=unit, device=device, native=native, note=note
        )
    if native and event[1] in ("Note", "Announcement", "Question") and note:
        yield Reading("journal_note", start, text=note, device=device, native=native)
    if native and event[1] == "Exercise":
        minutes = text(value.get("duration"))
        parts = (Reading("duration", start, value=minutes, unit="min"),) if minutes else ()
        yield Reading("workout", start, device=device, native=native, note=note, parts=parts)


def _pump(value: dict[str, Any]) -> Iterator[Reading]:
    kind = text(value.get("_type"))
    if kind == "Bolus" and "amount" in value:
        start = _time(value, "timestamp", "")
        native = ("https://github.com/openaps/decocare", kind)
        yield Reading("insulin", start, value=digits(value["amount"]), native=native)


def _time(value: dict[str, Any], name: str, counted: str) -> str:
    said = text(value.get(name))
    zone = ""
    minutes = text(value.get("utcOffset"))
    if minutes.lstrip("-").isdigit() and abs(int(minutes)) <= 14 * 60 and minutes != "0":
        hours, rest = divmod(abs(int(minutes)), 60)
        zone = f"{'-' if minutes.startswith('-') else '+'}{hours:02}:{rest:02}"
    try:
        written = iso(said)
    except ValueError:
        written = ""
    if written and not (written.endswith("Z") and zone) and len(written) > 19:
        return written
    if is_number(value.get(counted)):
        return epoch(digits(value[counted]), 3, zone)
    if not written:
        raise ValueError("no time")
    return written


READERS = (Reader(NIGHTSCOUT, _recognises, told(_read)),)
