"""Garmin Connect, the JSON of its account export: days, nights and activities.

    UDSFile_….json                    steps, distance, energy, heart rate, stress of each day
    …_sleepData.json                  a night with its stages in seconds
    …_summarizedActivities.json       an activity: distance in cm, time in ms

Times are GMT; where the local one stands beside it, they are told in the zone that the two make.

Limits: of an activity, energy is told without a unit (kcal in one export, kJ in another), speed is
left, and so is where it began. An export of activities larger than 64 MiB is refused. What nobody
here knows of a record is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .._head import Head
from .._model import Format, Item
from .._reader import Reader, Source
from ..canonical import is_number
from ._json import digits, elements, text
from ._measure import NO_UNIT, Reading, item, refuse, skip, told
from ._series import plain_number
from ._time import epoch, iso

__all__ = ["ACTIVITIES", "DAYS", "NIGHTS", "READERS"]

DAYS = Format("garmin-days", "application/json", "Garmin Connect, days", "가민 커넥트 일별")
NIGHTS = Format("garmin-sleep", "application/json", "Garmin Connect, sleep", "가민 커넥트 수면")
ACTIVITIES = Format(
    "garmin-activities", "application/json", "Garmin Connect, activities", "가민 커넥트 활동"
)

_SYSTEM = "https://connect.garmin.com"
_Read = Callable[[dict[str, Any], set[str]], Iterator[Reading]]
_OF_DAY = (
    ("totalSteps", "step_count", ""),
    ("totalDistanceMeters", "distance", "m"),
    ("totalKilocalories", "calories_burned", ""),
    ("restingHeartRate", "resting_heart_rate", ""),
    ("moderateIntensityMinutes", "active_minutes", ""),
    ("vigorousIntensityMinutes", "active_minutes", ""),
    ("floorsAscendedInMeters", "elevation", "m"),
)
_STAGES = (
    ("deepSleepSeconds", "sleep_deep"),
    ("lightSleepSeconds", "sleep_light"),
    ("remSleepSeconds", "sleep_rem"),
    ("awakeSleepSeconds", "sleep_awake"),
)
_OF_ACTIVITY = (
    ("duration", "duration", "ms"),
    ("distance", "distance", "cm"),
    ("elevationGain", "elevation", "cm"),
    ("calories", "calories_burned", NO_UNIT),
    ("avgHr", "heart_rate", ""),
    ("maxHr", "maximum", "/min"),
    ("steps", "step_count", ""),
)
# Numbers of the account, and what is said twice.
_IGNORED = frozenset(
    {"userProfilePK", "userProfileId", "uuid", "calendarDate", "activityId", "retro",
     "wellnessStartTimeGmt", "wellnessEndTimeGmt", "wellnessStartTimeLocal", "version",
     "wellnessEndTimeLocal", "durationInMilliseconds", "sleepWindowConfirmationType"}
)  # fmt: skip


def _are_days(head: Head) -> bool:
    return head.is_json_list and {"calendarDate", "totalSteps", "uuid"} <= head.json_keys


def _are_nights(head: Head) -> bool:
    keys = head.json_keys
    return head.is_json_list and {"calendarDate", "sleepStartTimestampGMT"} <= keys


def _are_activities(head: Head) -> bool:
    return head.is_json_list and "summarizedActivitiesExport" in head.json_keys


def _each(read: _Read) -> Callable[[Source], Iterator[Item]]:
    def reading(source: Source) -> Iterator[Item]:
        left: set[str] = set()
        for place, value, wrong in elements(source):
            if wrong is not None:
                yield wrong
            else:
                yield from _items(source, place, value, read, left)
        yield from _told_of(source, left)

    return reading


def _read_activities(source: Source) -> Iterator[Item]:
    left: set[str] = set()
    for place, value, wrong in elements(source):
        if wrong is not None:
            yield wrong
            continue
        inner = value.get("summarizedActivitiesExport")
        for index, one in enumerate(inner if isinstance(inner, list) else ()):
            where = f"{place}/summarizedActivitiesExport/{index}"
            yield from _items(source, where, one, _activity, left)
    yield from _told_of(source, left)


def _told_of(source: Source, left: set[str]) -> Iterator[Item]:
    if left:
        reason = f"{len(left)} more kinds of values are not read; the source file holds them"
        yield skip(source.path, "/", reason, "columns_left")


def _items(source: Source, place: str, value: Any, read: _Read, left: set[str]) -> Iterator[Item]:
    known: set[str] = set()
    try:
        if not isinstance(value, dict):
            raise ValueError("no object")
        readings = list(read(value, known))
    except ValueError:
        yield refuse(source.path, place, "its value or its time can't be read", "bad_value")
        return
    left |= {name for name, one in value.items() if one is not None} - known - _IGNORED
    if not readings:
        yield skip(source.path, place, "nothing was measured here", "no_value")
    for reading in readings:
        yield item(source.path, reading, place=place)


def _day(value: dict[str, Any], known: set[str]) -> Iterator[Reading]:
    day = iso(text(value.get("calendarDate")))
    for name, measure, unit in _OF_DAY:
        known.add(name)
        if is_number(value.get(name)):
            native = (_SYSTEM, name)
            yield Reading(measure, day, value=_digits(value[name]), unit=unit, native=native)
    known |= {"minHeartRate", "maxHeartRate", "allDayStress"}
    parts = tuple(
        Reading(measure, day, value=_digits(value[name]), unit="/min")
        for name, measure in (("minHeartRate", "minimum"), ("maxHeartRate", "maximum"))
        if is_number(value.get(name))
    )
    if parts:
        yield Reading("heart_rate", day, parts=parts)
    stress = value.get("allDayStress")
    totals = stress.get("aggregatorList") if isinstance(stress, dict) else None
    for one in totals if isinstance(totals, list) else ():
        # Below zero it says why there is none.
        level = one.get("averageStressLevel") if isinstance(one, dict) else None
        total = text(one.get("type")) == "TOTAL" if isinstance(one, dict) else False
        if total and is_number(level) and not _digits(level).startswith("-"):
            yield Reading("stress", day, value=_digits(level))


def _night(value: dict[str, Any], known: set[str]) -> Iterator[Reading]:
    known |= {"sleepStartTimestampGMT", "sleepEndTimestampGMT", "sleepScores",
              "averageRespiration", "lowestRespiration", "highestRespiration"}  # fmt: skip
    known |= {name for name, _ in _STAGES}
    if not text(value.get("sleepStartTimestampGMT")):
        return
    start = iso(text(value["sleepStartTimestampGMT"]), "Z")
    end = iso(text(value.get("sleepEndTimestampGMT")), "Z")
    stages = {name: _digits(value[name]) for name, _ in _STAGES if is_number(value.get(name))}
    parts = tuple(
        Reading(measure, start, value=stages[name], unit="s")
        for name, measure in _STAGES
        if name in stages
    )
    asleep = [stages.get(name, "") for name, _ in _STAGES[:3]]
    whole = all(one.isdigit() for one in asleep)
    total = str(sum(map(int, asleep))) if whole else ""
    yield Reading("sleep_duration", start, end, value=total, unit="s", parts=parts)
    if is_number(value.get("averageRespiration")):
        limits = tuple(
            Reading(measure, start, value=_digits(value[name]), unit="/min")
            for name, measure in (
                ("lowestRespiration", "minimum"),
                ("highestRespiration", "maximum"),
            )
            if is_number(value.get(name))
        )
        average = _digits(value["averageRespiration"])
        yield Reading("respiratory_rate", start, end, value=average, parts=limits)
    scores = value.get("sleepScores")
    if isinstance(scores, dict) and is_number(scores.get("overallScore")):
        yield Reading("sleep_score", start, end, value=_digits(scores["overallScore"]))


def _activity(value: dict[str, Any], known: set[str]) -> Iterator[Reading]:
    known |= {name for name, _, _ in _OF_ACTIVITY}
    known |= {"beginTimestamp", "startTimeGmt", "startTimeLocal", "activityType", "name"}
    begun = value.get("beginTimestamp", value.get("startTimeGmt"))
    at = _whole(begun)
    start = epoch(str(at), 3, _zone(at, value.get("startTimeLocal")))
    parts = tuple(
        Reading(measure, start, value=_digits(value[name]), unit=unit)
        for name, measure, unit in _OF_ACTIVITY
        if is_number(value.get(name))
    )
    yield Reading(
        "workout",
        start,
        text=text(value.get("activityType")),
        parts=parts,
        note=text(value.get("name")),
    )


def _zone(at: int, local: Any) -> str:
    """The zone that a time in UTC and the same by the clock of the place make."""
    if not is_number(local):
        return ""
    minutes, rest = divmod(_whole(local) - at, 60_000)
    if rest or abs(minutes) > 14 * 60:
        return ""
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _digits(value: Any) -> str:
    return plain_number(digits(value))


def _whole(value: Any) -> int:
    """A count that may be written with a point: 1717107000000.0."""
    whole, _, part = _digits(value).partition(".")
    if part.strip("0"):
        raise ValueError("no whole number")
    return int(whole)


READERS = (
    Reader(DAYS, _are_days, told(_each(_day))),
    Reader(NIGHTS, _are_nights, told(_each(_night))),
    Reader(ACTIVITIES, _are_activities, told(_read_activities)),
)
