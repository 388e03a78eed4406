"""Withings: the tables of its export, and answers of its API.

A measure of the API is `value` times ten to the power of `unit`; it is written with exactly these
digits: 118003 and -3 are 118.003. Times are seconds in UTC, told by the clock of the place that the
answer names. Units are those that Withings documents: kg, m, mm[Hg], Cel, m/s, seconds.

Limits: a group that may be another's (`attrib` 1) is kept and not taken; a goal (`category` 2) is
no measurement. `raw_*.csv` and `aggregates_*.csv` say only in their names what they hold; kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .._head import Head
from .._model import Format, Item
from .._reader import Reader, Source
from ..canonical import is_number
from ._json import digits, document, elements, text
from ._measure import Reading, item, keep, refuse, skip, told
from ._spec import Column, Spec, find_spec, read_spec
from ._time import epoch_at, iso

__all__ = ["API", "READERS", "TABLE"]

API = Format("withings-api", "application/json", "Withings API", "위딩스 API")
TABLE = Format("withings-csv", "text/csv", "Withings (CSV)", "위딩스 (CSV)")

_Read = Callable[[Source, str, dict[str, Any], str], Iterator[Item]]
_SYSTEM = "https://developer.withings.com/api-reference"
_TYPES = {
    "1": ("body_weight", ""),
    "4": ("body_height", "m"),
    "5": ("lean_body_mass", ""),
    "6": ("body_fat_percentage", ""),
    "8": ("fat_mass", ""),
    "9": ("diastolic_blood_pressure", ""),
    "10": ("systolic_blood_pressure", ""),
    "11": ("heart_rate", ""),
    "12": ("body_temperature", ""),
    "54": ("oxygen_saturation", ""),
    "71": ("body_temperature", ""),
    "73": ("skin_temperature", ""),
    "76": ("muscle_mass", ""),
    "77": ("body_water", ""),
    "88": ("bone_mass", ""),
    "91": ("pulse_wave_velocity", ""),
    "123": ("vo2max", ""),
}
# Of these there is one of the whole body and one of each limb.
_OF_BODY = frozenset({"5", "6", "8", "76", "77", "88"})
_WHOLE_BODY = "7"
_STATES = {"0": "awake", "1": "light", "2": "deep", "3": "rem", "4": "manual", "5": "unspecified"}
_MAX_SHIFT = 12
_SUMMARY = (
    ("deepsleepduration", "sleep_deep"),
    ("lightsleepduration", "sleep_light"),
    ("remsleepduration", "sleep_rem"),
    ("wakeupduration", "sleep_awake"),
    ("total_timeinbed", "sleep_in_bed"),
    ("sleep_latency", "sleep_latency"),
)
_DAY = (
    ("steps", "step_count", ""),
    ("distance", "distance", "m"),
    ("elevation", "floors_climbed", ""),
    ("calories", "calories_burned", ""),
    ("active", "active_minutes", "s"),
)
_WORKOUT = (
    ("steps", "step_count", ""),
    ("distance", "distance", "m"),
    ("calories", "calories_burned", ""),
    ("hr_average", "heart_rate", ""),
    ("hr_min", "minimum", "/min"),
    ("hr_max", "maximum", "/min"),
)


def _masses(unit: str, ucum: str) -> Spec:
    return Spec(
        f"weight-{unit}",
        ("Date", f"Weight ({unit})", f"Fat mass ({unit})"),
        "Date",
        {
            f"Weight ({unit})": Column("body_weight", unit=ucum),
            f"Fat mass ({unit})": Column("fat_mass", unit=ucum),
            f"Bone mass ({unit})": Column("bone_mass", unit=ucum),
            f"Muscle mass ({unit})": Column("muscle_mass", unit=ucum),
            f"Hydration ({unit})": Column("body_water", unit=ucum),
        },
        note="Comments",
    )


_SPECS = (
    _masses("kg", "kg"),
    _masses("lb", "[lb_av]"),
    Spec(
        "height",
        ("Date", "Height (m)", "Comments"),
        "Date",
        {"Height (m)": Column("body_height", unit="m")},
        note="Comments",
        only=True,
    ),
    Spec(
        "blood-pressure",
        ("Date", "Heart rate", "Systolic", "Diastolic", "Comments"),
        "Date",
        {
            "Systolic": Column(
                "blood_pressure",
                bare=True,
                parts={
                    "Systolic": Column("systolic_blood_pressure"),
                    "Diastolic": Column("diastolic_blood_pressure"),
                    "Heart rate": Column("heart_rate"),
                },
            )
        },
        note="Comments",
        only=True,
    ),
    Spec(
        "sleep",
        ("from", "to", "light (s)", "deep (s)", "rem (s)", "awake (s)"),
        "from",
        {
            "light (s)": Column(
                "sleep_duration",
                unit="s",
                bare=True,
                total=("light (s)", "deep (s)", "rem (s)"),
                parts={
                    "light (s)": Column("sleep_light", unit="s"),
                    "deep (s)": Column("sleep_deep", unit="s"),
                    "rem (s)": Column("sleep_rem", unit="s"),
                    "awake (s)": Column("sleep_awake", unit="s"),
                    "Duration to sleep (s)": Column("sleep_latency", unit="s"),
                    "Snoring (s)": Column("snoring", unit="s"),
                    "Average heart rate": Column("heart_rate"),
                    "Heart rate (min)": Column("minimum", unit="/min"),
                    "Heart rate (max)": Column("maximum", unit="/min"),
                },
            )
        },
        end="to",
    ),
)


def _is_table(head: Head) -> bool:
    return find_spec(head, _SPECS) is not None


def _read_table(source: Source) -> Iterator[Item]:
    found = find_spec(source.head, _SPECS)
    if found is not None:
        yield from read_spec(source, *found)


def _is_api(head: Head) -> bool:
    if head.is_json_list:
        # The groups alone, as programs save them.
        return {"grpid", "attrib", "date", "measures"} <= head.json_keys
    if not {"status", "body"} <= head.json_keys:
        return False
    return b'"measuregrps"' in head.text or b'"activities"' in head.text or b'"startdate"' in (
        head.text
    )  # fmt: skip


def _read_api(source: Source) -> Iterator[Item]:
    if source.head.is_json_list:
        for place, part, wrong in elements(source):
            if wrong is not None:
                yield wrong
            else:
                yield from _part(source, place, part, "", _group)
        return
    value, wrong = document(source)
    if wrong is not None:
        yield wrong
        return
    body = value.get("body") if isinstance(value, dict) else None
    body = body if isinstance(body, dict) else {}
    for name, read in (("measuregrps", _group), ("activities", _day), ("series", _series)):
        parts = body.get(name)
        for index, part in enumerate(parts if isinstance(parts, list) else ()):
            place = f"/body/{name}/{index}"
            yield from _part(source, place, part, text(body.get("timezone")), read)


def _part(source: Source, place: str, part: Any, where: str, read: _Read) -> Iterator[Item]:
    try:
        if not isinstance(part, dict):
            raise ValueError("no object")
        yield from list(read(source, place, part, where))
    except ValueError:
        yield refuse(source.path, place, "its value or its time can't be read", "bad_value")


def _group(source: Source, place: str, group: dict[str, Any], where: str) -> Iterator[Item]:
    if text(group.get("category")) == "2":
        yield skip(source.path, place, "a goal is no measurement", "setting")
        return
    attribution = text(group.get("attrib"))
    if attribution == "1":
        reason = "the scale was not sure whose measurement this is, so it is not taken"
        yield keep(source.path, place, reason, "whose")
        return
    measures = group.get("measures")
    start = epoch_at(digits(group.get("date")), where or text(group.get("timezone")))
    device = text(group.get("model"))
    for index, one in enumerate(measures if isinstance(measures, list) else ()):
        here = f"{place}/measures/{index}"
        kind = text(one.get("type")) if isinstance(one, dict) else ""
        if kind not in _TYPES:
            yield keep(source.path, here, "a measure of this type is not understood yet")
            continue
        if kind in _OF_BODY and text(one.get("position")) not in ("", _WHOLE_BODY):
            yield keep(source.path, here, "a measure of one part of the body is not understood yet")
            continue
        measure, unit = _TYPES[kind]
        try:
            value = _shifted(digits(one.get("value")), digits(one.get("unit")))
        except ValueError:
            yield refuse(source.path, here, "its value can't be read", "bad_value")
            continue
        reading = Reading(
            measure, start, value=value, unit=unit, device=device, native=(_SYSTEM, kind),
            self_reported=attribution in ("2", "4"), note=text(group.get("comment")),
        )  # fmt: skip
        yield item(source.path, reading, place=here)


def _shifted(value: str, power: str) -> str:
    """`value` times ten to the power of `power`, in decimal digits and with every one of them."""
    sign, whole = ("-", value[1:]) if value.startswith("-") else ("", value)
    shift = int(power) if len(power) < 4 else _MAX_SHIFT + 1
    if not whole.isdigit() or abs(shift) > _MAX_SHIFT:
        raise ValueError("no number of this form")
    if shift >= 0:
        return sign + (whole if whole == "0" else whole + "0" * shift)
    whole = whole.rjust(1 - shift, "0")
    return f"{sign}{whole[:shift]}.{whole[shift:]}"


def _day(source: Source, place: str, day: dict[str, Any], where: str) -> Iterator[Item]:
    start, device = iso(text(day.get("date"))), text(day.get("model"))
    for name, measure, unit in _DAY:
        if is_number(day.get(name)):
            value = digits(day[name])
            yield item(
                source.path,
                Reading(measure, start, value=value, unit=unit, device=device),
                place=f"{place}/{name}",
            )
    if is_number(day.get("hr_average")):
        parts = tuple(
            Reading(part, start, value=digits(day[name]), unit="/min")
            for name, part in (("hr_min", "minimum"), ("hr_max", "maximum"))
            if is_number(day.get(name))
        )
        reading = Reading(
            "heart_rate", start, value=digits(day["hr_average"]), device=device, parts=parts
        )
        yield item(source.path, reading, place=f"{place}/hr_average")


def _series(source: Source, place: str, part: dict[str, Any], where: str) -> Iterator[Item]:
    """A stage of sleep, a night's summary, or a workout: each has its own keys."""
    where = text(part.get("timezone")) or where
    start = epoch_at(digits(part.get("startdate")), where)
    end = epoch_at(digits(part.get("enddate")), where)
    device = text(part.get("model")) if not is_number(part.get("model")) else ""
    data = part.get("data")
    if "state" in part:
        state = digits(part["state"])
        stage = _STATES.get(state)
        if stage is None:
            yield keep(source.path, place, "a state of sleep of this number is not understood yet")
        else:
            reading = Reading(
                "sleep_stage", start, end, text=stage, device=device, native=(_SYSTEM, state)
            )
            yield item(source.path, reading, place=place)
        yield from _counted(source, place, part, where, device)
    elif isinstance(data, dict) and is_number(data.get("total_sleep_time")):
        parts = tuple(
            Reading(measure, start, value=digits(data[name]), unit="s")
            for name, measure in _SUMMARY
            if is_number(data.get(name))
        )
        value = digits(data["total_sleep_time"])
        reading = Reading(
            "sleep_duration", start, end, value=value, unit="s", device=device, parts=parts
        )
        yield item(source.path, reading, place=place)
    elif isinstance(data, dict) and "category" in part:
        parts = tuple(
            Reading(measure, start, value=digits(data[name]), unit=unit)
            for name, measure, unit in _WORKOUT
            if is_number(data.get(name))
        )
        native = (_SYSTEM, f"category {digits(part['category'])}")
        reading = Reading("workout", start, end, device=device, native=native, parts=parts)
        yield item(source.path, reading, place=place)
    else:
        yield keep(source.path, place, "a part of this kind is not understood yet")


def _counted(
    source: Source, place: str, part: dict[str, Any], where: str, device: str
) -> Iterator[Item]:
    """Values by their second: `{"1618691453": 70}`."""
    for name, measure, unit in (
        ("hr", "heart_rate", ""),
        ("rr", "respiratory_rate", ""),
        ("snoring", "snoring", "s"),
        ("sdnn_1", "heart_rate_variability", ""),
    ):
        values = part.get(name)
        for second, value in values.items() if isinstance(values, dict) else ():
            here = f"{place}/{name}/{second}" if second.isdigit() and len(second) < 13 else place
            try:
                reading = Reading(
                    measure,
                    epoch_at(second, where),
                    value=digits(value),
                    unit=unit,
                    device=device,
                )
            except ValueError:
                reason = "its value or its time can't be read"
                yield refuse(source.path, here, reason, "bad_value")
                continue
            yield item(source.path, reading, place=here)


READERS = (
    Reader(API, _is_api, told(_read_api)),
    Reader(TABLE, _is_table, told(_read_table)),
)
