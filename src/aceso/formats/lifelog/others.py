"""Tables of other trackers that say themselves what they hold: Zepp, WHOOP, Garmin Connect, Polar
Flow, Fitabase, and the older export of Fitbit's site.

Limits: the distance of Garmin, Fitbit and Fitabase is in the unit that the person chose, which the
files don't say: it is given without one. Fitabase is of studies, with many people in one file; the
person is the source's `Id`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .._head import Head
from .._model import Format, Item
from .._reader import Reader, Source
from ._measure import NO_UNIT, Reading, item, refuse, skip, told
from ._spec import Column, Spec, find_spec, read_spec
from ._table import Bad, Row, decimal, find_layout, rows
from ._time import add_seconds, iso, offset, slashed

__all__ = ["POLAR", "READERS", "TRACKER"]

TRACKER = Format("tracker-csv", "text/csv", "table of a tracker (CSV)", "활동 추적기의 표 (CSV)")
POLAR = Format("polar-csv", "text/csv", "Polar Flow (CSV)", "폴라 플로우 (CSV)")

_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d):([0-5]\d)(?:[.,]\d+)?\Z", re.ASCII)


def _day_and_clock(cell: str, row: Row) -> str:
    return iso(f"{cell}T{row['time']}")


def _american(cell: str, row: Row) -> str:
    return slashed(cell, "mdy")


def _whoop_clock(cell: str, row: Row) -> str:
    """The clock of the person, in the zone that the row says: `UTC+09:00`, `UTCZ`."""
    zone = row["Cycle timezone"].removeprefix("UTC")
    return iso(cell, "Z" if zone in ("", "Z") else offset(zone))


_WHOOP_NIGHT = {
    "Asleep duration (min)": Column(
        "sleep_duration",
        parts={
            "Light sleep duration (min)": Column("sleep_light"),
            "Deep (SWS) duration (min)": Column("sleep_deep"),
            "REM duration (min)": Column("sleep_rem"),
            "Awake duration (min)": Column("sleep_awake"),
            "In bed duration (min)": Column("sleep_in_bed"),
            "Sleep efficiency %": Column("sleep_efficiency"),
        },
    ),
    "Respiratory rate (rpm)": Column("respiratory_rate"),
    "Sleep performance %": Column("sleep_score"),
}


def _no_night(row: Row) -> str:
    # A night that the band did not see is written as one without any minute.
    minutes = [row[name] for name in ("deepSleepTime", "shallowSleepTime", "REMTime")]
    return "no sleep was measured" if not any(one.strip("0") for one in minutes) else ""


_SPECS = (
    Spec(
        "zepp-heart-rate",
        ("date", "time", "heartRate"),
        "date",
        {"heartRate": Column("heart_rate")},
        clock=_day_and_clock,
        ignore=("time",),
        only=True,
    ),
    Spec(
        "zepp-activity",
        ("date", "steps", "distance", "runDistance", "calories"),
        "date",
        {
            "steps": Column("step_count"),
            "distance": Column("distance", unit="m"),
            "calories": Column("calories_burned"),
        },
        ignore=("lastSyncTime",),
    ),
    Spec(
        "zepp-sleep",
        ("date", "deepSleepTime", "shallowSleepTime", "wakeTime", "start", "stop"),
        "start",
        {
            "deepSleepTime": Column(
                "sleep_duration",
                bare=True,
                total=("deepSleepTime", "shallowSleepTime", "REMTime"),
                parts={
                    "deepSleepTime": Column("sleep_deep"),
                    "shallowSleepTime": Column("sleep_light"),
                    "REMTime": Column("sleep_rem"),
                    "wakeTime": Column("sleep_awake"),
                },
            )
        },
        end="stop",
        ignore=("date", "lastSyncTime"),
        skip_row=_no_night,
    ),
    Spec(
        "zepp-minutes",
        ("date", "time", "steps"),
        "date",
        {"steps": Column("step_count")},
        clock=_day_and_clock,
        ignore=("time",),
        only=True,
    ),
    Spec(
        "zepp-body",
        ("time", "weight", "height", "bmi", "fatRate", "bodyWaterRate", "boneMass"),
        "time",
        {
            "weight": Column("body_weight"),
            "height": Column("body_height"),
            "bmi": Column("body_mass_index"),
            "fatRate": Column("body_fat_percentage"),
            "boneMass": Column("bone_mass"),
        },
        zero_is_none=True,
    ),
    Spec(
        "zepp-sport",
        ("type", "startTime", "sportTime(s)", "distance(m)", "calories(kcal)"),
        "startTime",
        {
            "sportTime(s)": Column(
                "workout",
                bare=True,
                native="type",
                parts={
                    "sportTime(s)": Column("duration"),
                    "distance(m)": Column("distance", unit="m"),
                    "calories(kcal)": Column("calories_burned"),
                },
            )
        },
        system="https://www.zepp.com",
    ),
    Spec(
        "whoop-workouts",
        ("Workout start time", "Workout end time", "Cycle timezone", "Activity name"),
        "Workout start time",
        {
            "Activity name": Column(
                "workout",
                is_text=True,
                parts={
                    "Duration (min)": Column("duration", unit="min"),
                    "Energy burned (cal)": Column("calories_burned"),
                    "Average HR (bpm)": Column("heart_rate"),
                    "Max HR (bpm)": Column("maximum", unit="/min"),
                },
            )
        },
        end="Workout end time",
        clock=_whoop_clock,
        ignore=("Cycle start time", "Cycle end time", "Cycle timezone"),
    ),
    Spec(
        "whoop-sleeps",
        ("Sleep onset", "Wake onset", "Cycle timezone", "Sleep performance %", "Nap"),
        "Sleep onset",
        _WHOOP_NIGHT,
        end="Wake onset",
        clock=_whoop_clock,
        ignore=("Cycle start time", "Cycle end time", "Cycle timezone", "Nap"),
    ),
    Spec(
        "whoop-cycles",
        ("Cycle start time", "Cycle timezone", "Recovery score %", "Sleep onset", "Wake onset"),
        "Wake onset",
        {
            "Recovery score %": Column("readiness_score"),
            "Resting heart rate (bpm)": Column("resting_heart_rate"),
            "Heart rate variability (ms)": Column("heart_rate_variability"),
            "Skin temp (celsius)": Column("skin_temperature"),
            "Blood oxygen %": Column("oxygen_saturation"),
        },
        clock=_whoop_clock,
        ignore=("Cycle start time", "Cycle end time", "Cycle timezone", "Sleep onset"),
    ),
    Spec(
        "fitabase-daily",
        ("Id", "ActivityDate", "TotalSteps", "TotalDistance", "Calories"),
        "ActivityDate",
        {
            "TotalSteps": Column("step_count"),
            "TotalDistance": Column("distance", unit=NO_UNIT),
            "Calories": Column("calories_burned"),
            "SedentaryMinutes": Column("sedentary_minutes"),
        },
        clock=_american,
        subject="Id",
    ),
    Spec(
        "fitabase-sleep",
        ("Id", "SleepDay", "TotalSleepRecords", "TotalMinutesAsleep", "TotalTimeInBed"),
        "SleepDay",
        {
            "TotalMinutesAsleep": Column(
                "sleep_duration", parts={"TotalTimeInBed": Column("sleep_in_bed")}
            )
        },
        # The day is written with a midnight, which is no time of the sleep.
        clock=lambda cell, row: slashed(cell, "mdy")[:10],
        ignore=("TotalSleepRecords",),
        subject="Id",
        only=True,
    ),
    Spec(
        "fitabase-weight",
        ("Id", "Date", "WeightKg", "WeightPounds", "BMI", "IsManualReport"),
        "Date",
        {
            "WeightKg": Column("body_weight"),
            "BMI": Column("body_mass_index"),
            "Fat": Column("body_fat_percentage"),
        },
        clock=_american,
        # The same weight again, in another unit.
        ignore=("WeightPounds", "IsManualReport", "LogId"),
        subject="Id",
    ),
    *(
        Spec(
            f"fitabase-{value}",
            ("Id", moment, value),
            moment,
            {value: Column(measure)},
            clock=_american,
            subject="Id",
            only=True,
        )
        for moment, value, measure in (
            ("ActivityMinute", "Steps", "step_count"),
            ("ActivityMinute", "Calories", "calories_burned"),
            ("ActivityHour", "StepTotal", "step_count"),
            ("ActivityHour", "Calories", "calories_burned"),
            ("ActivityDay", "StepTotal", "step_count"),
            ("ActivityDay", "Calories", "calories_burned"),
        )
    ),
)
_GARMIN = ("Activity Type", "Date", "Favorite", "Title", "Distance", "Calories", "Time", "Avg HR")
_POLAR = ("Sample rate", "Time", "HR (bpm)")
_POLAR_FIRST = ("Name", "Sport", "Date", "Start time", "Duration")


def _is_table(head: Head) -> bool:
    return find_spec(head, _SPECS) is not None


def _read_table(source: Source) -> Iterator[Item]:
    found = find_spec(source.head, _SPECS)
    if found is not None:
        yield from read_spec(source, *found)


def _is_garmin_header(cells: tuple[str, ...]) -> bool:
    return cells[:8] == _GARMIN


def _is_garmin(head: Head) -> bool:
    layout = find_layout(head, _is_garmin_header)
    return layout is not None and layout.line == 1


def _read_garmin(source: Source) -> Iterator[Item]:
    layout = find_layout(source.head, _is_garmin_header)
    if layout is None:
        return
    left = len([name for name in layout.columns if name]) - len(_GARMIN) - 1
    if left > 0:
        reason = f"{left} more columns of this table are not read; the source file holds them"
        yield skip(source.path, "line 1", reason, "columns_left")
    for row in rows(source, layout):
        place = f"line {row.line}"
        if isinstance(row, Bad):
            yield refuse(source.path, place, row.reason, row.code)
            continue
        try:
            reading = _activity(row)
        except ValueError:
            yield refuse(source.path, place, "its value or its time can't be read", "bad_value")
            continue
        yield item(source.path, reading, place=place)


def _activity(row: Row) -> Reading:
    start = iso(row["Date"])
    parts = []
    seconds = _CLOCK.match(row["Time"])
    if seconds:
        length = int(seconds[1]) * 3600 + int(seconds[2]) * 60 + int(seconds[3])
        parts.append(Reading("duration", start, value=str(length)))
    for name, measure, unit in (
        ("Distance", "distance", NO_UNIT),
        ("Calories", "calories_burned", ""),
        ("Avg HR", "heart_rate", ""),
        ("Max HR", "maximum", "/min"),
    ):
        cell = row[name]
        if cell and cell != "--":
            parts.append(Reading(measure, start, value=_grouped(cell), unit=unit))
    kind = row["Activity Type"]
    return Reading("workout", start, text=kind, note=row["Title"], parts=tuple(parts))


def _grouped(cell: str) -> str:
    """A number whose thousands may be parted: `1,024` is one thousand and twenty-four, and `7,00`
    is seven in tables that write it so, as no thousand has two digits."""
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+", cell, re.ASCII):
        return decimal(cell.replace(",", ""))
    return decimal(cell, comma=True)


def _is_polar_header(cells: tuple[str, ...]) -> bool:
    return cells[:3] == _POLAR


def _is_polar(head: Head) -> bool:
    layout = find_layout(head, _is_polar_header)
    return layout is not None and any(one[:5] == _POLAR_FIRST for one in layout.preamble)


def _read_polar(source: Source) -> Iterator[Item]:
    layout = find_layout(source.head, _is_polar_header)
    if layout is None:
        return
    said: dict[str, str] = {}
    for names, cells in zip(layout.preamble, layout.preamble[1:], strict=False):
        if names[:5] == _POLAR_FIRST:
            said = dict(zip(names, cells, strict=False))
    try:
        clock = said.get("Start time", "")
        begin = slashed(f"{said.get('Date', '')} {clock}", "dmy")
        yield item(source.path, Reading("workout", begin, text=said["Sport"]), place="line 2")
    except (ValueError, KeyError):
        yield refuse(source.path, "line 2", "the session says no date and time", "bad_value")
        return
    reason = "the person's name, height and weight of the profile stay in the source file"
    yield skip(source.path, "line 2", reason, "me")
    for row in rows(source, layout):
        place = f"line {row.line}"
        if isinstance(row, Bad):
            yield refuse(source.path, place, row.reason, row.code)
            continue
        found = _CLOCK.match(row["Time"])
        if found is None:
            yield refuse(source.path, place, "its time can't be read", "bad_value")
            continue
        if not row["HR (bpm)"]:
            yield skip(source.path, place, "nothing was measured in this row", "no_value")
            continue
        seconds = int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3])
        try:
            start = add_seconds(begin, seconds)
            reading = Reading("heart_rate", start, value=decimal(row["HR (bpm)"]))
        except ValueError:
            yield refuse(source.path, place, "its value or its time can't be read", "bad_value")
            continue
        yield item(source.path, reading, place=place)


READERS = (
    Reader(TRACKER, _is_table, told(_read_table)),
    Reader(TRACKER, _is_garmin, told(_read_garmin)),
    Reader(POLAR, _is_polar, told(_read_polar)),
)
