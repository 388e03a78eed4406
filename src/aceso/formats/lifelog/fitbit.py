"""Fitbit: the CSV files of its account archive and of Google Takeout, and series a minute.

Each is told by its own columns. Times are as the file has them: a zone where it writes one, else
the clock of the device.

A day's resting heart rate has the columns of any heart rate: it is told by its file's name, or by
rows that are all of a midnight, which there stands for a day of the person's calendar.

Limits: `Minute SpO2` has the columns `timestamp,value`, which any file may have; it is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from .._head import Head
from .._model import Format, Item
from .._reader import Reader, Source
from ._measure import NO_UNIT, Reading, item, refuse, told
from ._spec import Column, Spec, find_spec, read_spec
from ._table import Bad, Row, decimal, find_layout, rows
from ._time import iso

__all__ = ["ARCHIVE", "MINUTES", "READERS"]

MINUTES = Format("fitbit-minutes", "text/csv", "Fitbit, a minute (CSV)", "핏빗 분 단위 (CSV)")
ARCHIVE = Format("fitbit-archive", "text/csv", "Fitbit archive (CSV)", "핏빗 보관 파일 (CSV)")

_MINUTE_COLUMNS = ("", "time", "value", "type", "date")
_MINUTE_TYPES = {
    "heart rate": "heart_rate",
    "steps": "step_count",
    "calories": "calories_burned",
    "floors": "floors_climbed",
}
_SYSTEM = "https://www.fitbit.com"
_RESTING = re.compile(r"(?:daily_)?resting_heart_rate[_.]", re.ASCII)


def _failed(row: Row) -> str:
    failed = row["CALCULATION_FAILED"].lower() == "true" or row["STATUS"] not in ("", "READY")
    return "no score was made of this day" if failed else ""


_SPECS = (
    Spec(
        "daily-spo2",
        ("timestamp", "average_value", "lower_bound", "upper_bound"),
        "timestamp",
        {
            "average_value": Column(
                "oxygen_saturation",
                parts={
                    "lower_bound": Column("minimum", unit="%"),
                    "upper_bound": Column("maximum", unit="%"),
                },
            )
        },
        only=True,
    ),
    Spec(
        "hrv-daily",
        ("timestamp", "rmssd", "nremhr", "entropy"),
        "timestamp",
        {"rmssd": Column("heart_rate_variability", parts={"nremhr": Column("heart_rate")})},
        only=True,
    ),
    Spec(
        "hrv-details",
        ("timestamp", "rmssd", "coverage", "low_frequency", "high_frequency"),
        "timestamp",
        {"rmssd": Column("heart_rate_variability")},
        only=True,
    ),
    Spec(
        "respiration",
        ("timestamp", "daily_respiratory_rate"),
        "timestamp",
        {"daily_respiratory_rate": Column("respiratory_rate")},
        only=True,
    ),
    Spec(
        "sleep-score",
        ("sleep_log_entry_id", "timestamp", "overall_score", "deep_sleep_in_minutes"),
        "timestamp",
        {
            "overall_score": Column(
                "sleep_score", parts={"deep_sleep_in_minutes": Column("sleep_deep")}
            ),
            "resting_heart_rate": Column("resting_heart_rate"),
        },
        ignore=("sleep_log_entry_id",),
    ),
    Spec(
        "active-zone-minutes",
        ("date_time", "heart_zone_id", "total_minutes"),
        "date_time",
        {"total_minutes": Column("active_zone_minutes", native="heart_zone_id")},
        system=_SYSTEM,
        only=True,
    ),
    Spec(
        "stress",
        ("DATE", "UPDATED_AT", "STRESS_SCORE", "STATUS", "CALCULATION_FAILED"),
        "DATE",
        {"STRESS_SCORE": Column("stress")},
        ignore=("UPDATED_AT", "STATUS", "CALCULATION_FAILED"),
        skip_row=_failed,
    ),
    Spec(
        "temperature",
        ("type", "sleep_start", "sleep_end", "temperature_samples", "nightly_temperature"),
        "sleep_start",
        {"nightly_temperature": Column("skin_temperature")},
        end="sleep_end",
        ignore=("type", "temperature_samples"),
    ),
    Spec(
        "heart-rate",
        ("timestamp", "beats per minute", "data source"),
        "timestamp",
        {"beats per minute": Column("heart_rate")},
        device="data source",
        only=True,
    ),
    Spec(
        "steps",
        ("timestamp", "steps", "data source"),
        "timestamp",
        {"steps": Column("step_count")},
        device="data source",
        only=True,
    ),
    *(
        Spec(
            f"google-{name}",
            ("timestamp", name, "data source"),
            "timestamp",
            {name: Column(measure, unit=unit)},
            device="data source",
            only=True,
        )
        for name, measure, unit in (
            ("distance", "distance", "m"),
            ("calories", "calories_burned", ""),
            ("floors", "floors_climbed", ""),
            ("oxygen saturation percentage", "oxygen_saturation", ""),
            ("breaths per minute", "respiratory_rate", ""),
            ("weight grams", "body_weight", "g"),
            ("body fat percentage", "body_fat_percentage", ""),
        )
    ),
    *(
        Spec(
            "google-variability",
            ("timestamp", f"root mean square of successive differences {unit}", "data source"),
            "timestamp",
            {
                f"root mean square of successive differences {unit}": Column(
                    "heart_rate_variability"
                )
            },
            device="data source",
        )
        for unit in ("milliseconds", "ms")
    ),
    Spec(
        "google-zones",
        ("timestamp", "heart rate zone", "total minutes", "data source"),
        "timestamp",
        {"total minutes": Column("active_zone_minutes", native="heart rate zone")},
        device="data source",
        system=_SYSTEM,
        only=True,
    ),
    Spec(
        "cycles",
        ("id", "cycle_start_date", "cycle_end_date", "ovulation_start_date", "period_start_date"),
        "period_start_date",
        {"period_start_date": Column("menstruation", is_text=True)},
        end="period_end_date",
        ignore=("id", "cycle_start_date", "cycle_end_date"),
    ),
    Spec(
        "cycle-symptoms",
        ("id", "timestamp", "fluids", "flow", "conditions", "sex", "ovulation_test", "mood"),
        "timestamp",
        {
            name: Column("menstruation", is_text=True)
            for name in ("fluids", "flow", "conditions", "sex", "ovulation_test", "mood")
        },
        ignore=("id",),
    ),
)


def _is_archive(head: Head) -> bool:
    return find_spec(head, _SPECS) is not None


def _read_archive(source: Source) -> Iterator[Item]:
    found = find_spec(source.head, _SPECS)
    if found is not None:
        spec, layout = found
        yield from read_spec(source, _daily(source, spec), layout)


def _daily(source: Source, spec: Spec) -> Spec:
    """The same table, where its rows are days."""
    if spec.name == "heart-rate" and (
        _RESTING.match(source.name) or _only_midnights(source.head.text)
    ):
        return replace(spec, columns={"beats per minute": Column("resting_heart_rate")}, clock=_day)
    return replace(spec, clock=_day) if source.name.startswith("daily_") else spec


def _only_midnights(text: bytes) -> bool:
    lines = text.splitlines()[1:]
    # The last line may be cut by the end of the head.
    times = [line.partition(b",")[0].strip(b'"') for line in lines[:1000] if line]
    return len(times) > 1 and all(one.endswith(b"T00:00:00Z") for one in times)


def _day(cell: str, row: Row) -> str:
    moment = iso(cell)
    return moment[:10] if moment.endswith("T00:00:00Z") else moment


def _is_minute_header(cells: tuple[str, ...]) -> bool:
    return cells == _MINUTE_COLUMNS


def _is_minutes(head: Head) -> bool:
    layout = find_layout(head, _is_minute_header)
    return layout is not None and layout.line == 1


def _read_minutes(source: Source) -> Iterator[Item]:
    layout = find_layout(source.head, _is_minute_header)
    if layout is None:
        return
    for row in rows(source, layout):
        place = f"line {row.line}"
        if isinstance(row, Bad):
            yield refuse(source.path, place, row.reason, row.code)
            continue
        try:
            reading = _minute(row)
        except ValueError:
            yield refuse(source.path, place, "its value or its time can't be read", "bad_value")
            continue
        yield item(source.path, reading, place=place)


def _minute(row: Row) -> Reading:
    """A value at so many seconds after midnight of a day, by the clock of the device."""
    seconds = int(decimal(row["time"]))
    if not 0 <= seconds < 86400:
        raise ValueError("no second of a day")
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    kind = row["type"].lower()
    measure = "distance" if kind == "distance" else _MINUTE_TYPES.get(kind)
    if measure is None:
        raise ValueError("no kind that is known")
    # A distance is in the unit that the person chose, and the file doesn't say which.
    unit = NO_UNIT if measure == "distance" else ""
    start = iso(f"{row['date']}T{clock}")
    return Reading(measure, start, value=decimal(row["value"]), unit=unit)


READERS = (
    Reader(MINUTES, _is_minutes, told(_read_minutes)),
    Reader(ARCHIVE, _is_archive, told(_read_archive)),
)
