"""Health Connect, Android's own store: the SQLite database of its export.

    steps_record_table                 a count over an interval
    weight_record_table                a value at a time
    heart_rate_record_series_table     values, whose whole is in heart_rate_record_table
    sleep_stages_table                 stages, whose night is in sleep_session_record_table

Times are milliseconds since 1970 in UTC, told in the zone beside them (seconds from UTC). Units are
Android's: grams, metres, (small) calories, mmol/L, litres.

The database is a stranger's: it is opened to be read only, of its schema nothing is run, and a
query that goes on and on is ended. Only tables are read, no views.

Limits: which app wrote a record is given by the name of its package; tables that no list names are
counted, by their number and never by their name.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .._head import Head
from .._model import Format, Item
from .._reader import Reader, Source
from ._measure import Reading, item, keep, refuse, skip, told
from ._series import plain_number
from ._time import epoch

__all__ = ["FORMAT", "READERS"]

FORMAT = Format("health-connect", "application/vnd.sqlite3", "Health Connect", "헬스 커넥트")

_MAGIC = b"SQLite format 3\x00"
_MAX_CELL = 1 << 20
_STEPS = 100_000  # Of SQLite's machine, between two looks at how long it has been at it.
_MAX_STEPS = 10_000  # Times as many, for one table.
_MAX_TABLES = 2_000
_SYSTEM = "https://developer.android.com/health-and-fitness/guides/health-connect"
_APPS = "application_info_table"


@dataclass(frozen=True, slots=True)
class _Kind:
    """What the rows of a table are: its columns with their measures and units. `parts` go with a
    reading that has no value of its own, `parent` has the app and the zone of a series."""

    measure: str = ""
    columns: tuple[tuple[str, str, str], ...] = ()
    parts: tuple[tuple[str, str, str], ...] = ()
    words: str = ""
    note: tuple[str, ...] = ()
    parent: str = ""
    names: dict[str, str] = field(default_factory=dict)


def _value(column: str, measure: str, unit: str = "") -> _Kind:
    return _Kind(columns=((column, measure, unit),))


_STAGES = {"1": "awake", "2": "asleep", "3": "awake, out of bed", "4": "light", "5": "deep",
           "6": "rem", "7": "awake in bed"}  # fmt: skip
_FLOWS = {"1": "light", "2": "medium", "3": "heavy"}
_TABLES = {
    "steps_record_table": _value("count", "step_count"),
    "distance_record_table": _value("distance", "distance", "m"),
    "active_calories_burned_record_table": _value("energy", "calories_burned", "cal"),
    "total_calories_burned_record_table": _value("energy", "calories_burned", "cal"),
    "floors_climbed_record_table": _value("floors", "floors_climbed"),
    "elevation_gained_record_table": _value("elevation", "elevation"),
    "hydration_record_table": _value("volume", "water_intake", "L"),
    "weight_record_table": _value("weight", "body_weight", "g"),
    "height_record_table": _value("height", "body_height", "m"),
    "body_fat_record_table": _value("percentage", "body_fat_percentage"),
    "lean_body_mass_record_table": _value("mass", "lean_body_mass", "g"),
    "bone_mass_record_table": _value("mass", "bone_mass", "g"),
    "body_water_mass_record_table": _value("body_water_mass", "body_water", "g"),
    "body_temperature_record_table": _value("temperature", "body_temperature"),
    "resting_heart_rate_record_table": _value("beats_per_minute", "resting_heart_rate"),
    "heart_rate_variability_rmssd_record_table": _value(
        "heart_rate_variability_millis", "heart_rate_variability"
    ),
    "oxygen_saturation_record_table": _value("percentage", "oxygen_saturation"),
    "respiratory_rate_record_table": _value("rate", "respiratory_rate"),
    "vo2_max_record_table": _value("vo2_milliliters_per_minute_kilogram", "vo2max"),
    "blood_glucose_record_table": _value("level", "blood_glucose", "mmol/L"),
    "blood_pressure_record_table": _Kind(
        "blood_pressure",
        parts=(
            ("systolic", "systolic_blood_pressure", ""),
            ("diastolic", "diastolic_blood_pressure", ""),
        ),
    ),
    "exercise_session_record_table": _Kind(
        "workout", words="exercise_type", note=("title", "notes")
    ),
    "sleep_session_record_table": _Kind("sleep_in_bed", note=("title", "notes")),
    "sleep_stages_table": _Kind(
        "sleep_stage", words="stage_type", parent="sleep_session_record_table", names=_STAGES
    ),
    "menstruation_flow_record_table": _Kind("menstruation", words="flow", names=_FLOWS),
    "heart_rate_record_series_table": _Kind(
        columns=(("beats_per_minute", "heart_rate", ""),), parent="heart_rate_record_table"
    ),
    "speed_record_table": _Kind(columns=(("speed", "speed", ""),), parent="SpeedRecordTable"),
    "power_record_table": _Kind(columns=(("power", "power", ""),), parent="PowerRecordTable"),
}
_PARENTS = frozenset(kind.parent for kind in _TABLES.values() if kind.parent)
# What holds nothing of the person: Android's own books about apps, access and changes.
_BOOKS = ("android_metadata", "sqlite_", "access_log", "change_log", "application_info",
          "device_info", "activity_date", "health_data_category", "migration", "preference",
          "room_master", "priority")  # fmt: skip
# How the columns of times are called: of a moment, an interval, a sample, a stage.
_STARTS = ("start_time", "time", "epoch_millis", "stage_start_time")
_ENDS = ("end_time", "stage_end_time")
_OF_ROW = frozenset(
    {"row_id", "uuid", "app_info_id", "device_info_id", "client_record_id", "dedupe_hash",
     "client_record_version", "last_modified_time", "recording_method", "parent_key",
     "start_zone_offset", "end_zone_offset", "zone_offset"}
)  # fmt: skip
_ZONES = ("start_zone_offset", "zone_offset")


class _TooLong(Exception):
    """A query that doesn't come to its end."""


def _is_export(head: Head) -> bool:
    return head.raw.startswith(_MAGIC) and b"_record_table" in head.raw


def _read(source: Source) -> Iterator[Item]:
    path = source.path
    try:
        with closing(_opened(path)) as database:
            yield from _tables(path, database)
    except (sqlite3.Error, OverflowError, UnicodeError):
        reason = "the database is damaged; what came before was read, export it again"
        yield refuse(path, "/", reason, "damaged")


def _opened(path: Path) -> sqlite3.Connection:
    # `immutable` keeps SQLite from looking for a journal beside it, which a stranger may have made.
    uri = f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1"
    database = sqlite3.connect(uri, uri=True)
    database.execute("PRAGMA trusted_schema = OFF")
    database.execute("PRAGMA cell_size_check = ON")
    database.execute("PRAGMA query_only = ON")
    database.execute("PRAGMA cache_size = -8192")
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_CELL)
    database.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    return database


def _tables(path: Path, database: sqlite3.Connection) -> Iterator[Item]:
    found = database.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name LIMIT ?",
        (_MAX_TABLES,),
    ).fetchall()
    # A virtual table would run code of SQLite's over what the file says.
    names = [name for name, sql in found if str(sql).upper().startswith("CREATE TABLE ")]
    apps = _apps(database) if _APPS in names else {}
    for number, name in enumerate(names, 1):
        if (name in _PARENTS and name not in _TABLES) or name.startswith(_BOOKS):
            continue
        place = f"table {number}" if name not in _TABLES else name
        try:
            if name in _TABLES:
                yield from _rows(path, database, name, apps, set(names))
            elif _count(database, name):
                reason = "a table of this kind is not understood yet"
                yield keep(path, place, reason)
        except _TooLong:
            reason = "reading this table doesn't come to an end; it is left"
            yield refuse(path, place, reason, "too_large")
        except (sqlite3.Error, OverflowError, UnicodeError):
            reason = "this table is damaged; what came before was read, export it again"
            yield refuse(path, place, reason, "damaged")


def _apps(database: sqlite3.Connection) -> dict[int, str]:
    try:
        rows = database.execute(
            f"SELECT row_id, package_name FROM {_APPS} LIMIT 10000"  # noqa: S608
        ).fetchall()
    except sqlite3.Error:
        return {}
    return {
        number: name
        for number, name in rows
        if isinstance(number, int) and isinstance(name, str) and len(name) < 200
    }


def _count(database: sqlite3.Connection, name: str) -> bool:
    query = f"SELECT 1 FROM {_quoted(name)} LIMIT 1"  # noqa: S608, it is quoted
    return bool(list(_stepped(database, query)))


def _columns(database: sqlite3.Connection, table: str) -> set[str]:
    return {str(row[1]) for row in database.execute(f"PRAGMA table_info({_quoted(table)})")}


def _rows(
    path: Path, database: sqlite3.Connection, table: str, apps: dict[int, str], names: set[str]
) -> Iterator[Item]:
    kind = _TABLES[table]
    held = _columns(database, table)
    start = next((one for one in _STARTS if one in held), "")
    wanted = [one for one, _, _ in (*kind.columns, *kind.parts)]
    wanted += [kind.words] if kind.words else []
    if not start or not set(wanted) <= held:
        if _count(database, table):
            yield keep(path, table, "its columns are not those that this table has")
        return
    end = next((one for one in _ENDS if one in held), "")
    wanted += [one for one in kind.note if one in held]
    left = held - {*wanted, *_STARTS, *_ENDS, *_OF_ROW}
    left = {one for one in left if not one.startswith("local_date")}
    if left:
        reason = f"{len(left)} more columns of this table are not read; the source file holds them"
        yield skip(path, table, reason, "columns_left")
    own = [f"own.{_quoted(one)}" for one in (start, end or start, *wanted)]
    holder, join, beside = "own", "", held
    if kind.parent and kind.parent in names and "parent_key" in held:
        beside = _columns(database, kind.parent)
        join = f" LEFT JOIN {_quoted(kind.parent)} AS whole ON whole.row_id = own.parent_key"
        holder = "whole" if "row_id" in beside else "own"
        join = join if holder == "whole" else ""
    zone = next((f"{holder}.{one}" for one in _ZONES if one in beside), "NULL")
    app = f"{holder}.app_info_id" if "app_info_id" in beside else "NULL"
    columns = ", ".join(("own.rowid", zone, app, *own))
    query = f"SELECT {columns} FROM {_quoted(table)} AS own{join}"  # noqa: S608, all are ours
    for number, offset, owner, begin, finish, *cells in _stepped(database, query):
        place = f"{table}, row {number}" if isinstance(number, int) else table
        try:
            zoned = _zone(offset)
            first, last = _moment(begin, zoned), _moment(finish, zoned) if end else ""
            told_as = dict(zip(wanted, cells, strict=True))
            device = apps.get(owner, "") if isinstance(owner, int) else ""
            readings = list(_readings(kind, first, last, told_as, device))
        except (ValueError, OverflowError):
            yield refuse(path, place, "its value or its time can't be read", "bad_value")
            continue
        for reading in readings:
            yield item(path, reading, place=place)


def _readings(
    kind: _Kind, start: str, end: str, cells: dict[str, Any], device: str
) -> Iterator[Reading]:
    for column, measure, unit in kind.columns:
        value = _number(cells[column])
        yield Reading(measure, start, end, value=value, unit=unit, device=device)
    if not kind.measure:
        return
    parts = tuple(
        Reading(measure, start, value=_number(cells[column]), unit=unit)
        for column, measure, unit in kind.parts
    )
    note = " ".join(_words(cells[one]) for one in kind.note if one in cells).strip()
    native, text = None, ""
    if kind.words:
        code = _number(cells[kind.words])
        native = (_SYSTEM, f"{kind.words} {code}")
        text = kind.names.get(code, "")
    yield Reading(
        kind.measure, start, end, text=text, device=device, native=native, parts=parts, note=note
    )


def _number(cell: Any) -> str:
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        raise ValueError("no number")
    return plain_number(repr(cell))


def _words(cell: Any) -> str:
    return cell.strip() if isinstance(cell, str) else ""


def _moment(cell: Any, zone: str) -> str:
    if not isinstance(cell, int):
        raise ValueError("no time")
    return epoch(str(cell), 3, zone)


def _zone(cell: Any) -> str:
    """Seconds from UTC as `+09:00`; empty where there are none, or not in minutes."""
    if not isinstance(cell, int) or cell % 60 or abs(cell) > 14 * 3600:
        return ""
    minutes = abs(cell) // 60
    return f"{'-' if cell < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"


def _stepped(database: sqlite3.Connection, query: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a query, as long as it comes to an end."""
    looks = 0

    def look() -> int:
        nonlocal looks
        looks += 1
        return looks > _MAX_STEPS

    database.set_progress_handler(look, _STEPS)
    try:
        yield from database.execute(query)
    except sqlite3.OperationalError as exc:
        if looks > _MAX_STEPS:
            raise _TooLong from exc
        raise
    finally:
        database.set_progress_handler(None, 0)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


READERS = (Reader(FORMAT, _is_export, told(_read)),)
