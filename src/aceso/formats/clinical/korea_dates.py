"""Birthdays that are told by the Korean lunar calendar (음력), turned into days of ours.

    solar_date("음력 1956년 1월 21일")     # date(1956, 3, 3)
    solar_date("2017-05-01 (음, 윤달)")    # date(2017, 6, 24)
    solar_date("1956-01-21")              # None: nothing says that it is lunar

Only where the source marks a date as lunar, for a day of birth by the moon looks like any other.
The text as it came stays beside the date in the extension `urn:aceso:lunar-date`.

Limits: years 1000 to 2050, by the tables of `korean-lunar-calendar`. A date without its day is left
alone, for a month of the moon has no equal.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Any

from korean_lunar_calendar import KoreanLunarCalendar

__all__ = ["solar_date", "with_solar_birthday"]

LUNAR = "urn:aceso:lunar-date"
_MARK = re.compile(
    r"음력|\(\s*음|(?:^|\s)음\s*[.)]?\s*\d|\d\s*음\s*\Z|陰曆|\blunar\b", re.IGNORECASE
)
_NOT_LUNAR = re.compile(r"양력|陽曆|\(\s*양")
_LEAP = re.compile(r"윤\s*달|윤\s*\d{1,2}\s*월|윤월|閏|\bleap\b", re.IGNORECASE)
_DATE = re.compile(
    r"(?<!\d)(\d{4})\s*(?:년|[-./])\s*윤?\s*(\d{1,2})\s*(?:월|[-./])\s*(\d{1,2})(?!\d)"
)
_PACKED = re.compile(r"(?<!\d)(\d{4})(\d{2})(\d{2})(?!\d)")
_PEOPLE = ("Patient", "Person", "RelatedPerson", "Practitioner")
_MAX_TEXT = 100


def solar_date(text: str) -> date | None:
    """The day that a date marked as lunar is in the calendar of today; None if it is none."""
    text = unicodedata.normalize("NFKC", text[:_MAX_TEXT])
    if not _MARK.search(text) or _NOT_LUNAR.search(text):
        return None
    found = _DATE.search(text) or _PACKED.search(text)
    if found is None:
        return None
    lunar = (int(found[1]), int(found[2]), int(found[3]))
    leap = _LEAP.search(text) is not None
    calendar = KoreanLunarCalendar()
    if not calendar.setLunarDate(*lunar, leap):
        return None
    solar = date.fromisoformat(calendar.SolarIsoFormat())
    # Back again, for the tables take a thirtieth day of a month of twenty-nine, and a leap month
    # where there is none.
    calendar.setSolarDate(solar.year, solar.month, solar.day)
    there = (calendar.lunarYear, calendar.lunarMonth, calendar.lunarDay)
    return solar if there == lunar and bool(calendar.isIntercalation) == leap else None


def with_solar_birthday(resource: dict[str, Any]) -> dict[str, Any] | None:
    """A resource about a person with its lunar day of birth turned; None if it has none."""
    text = resource.get("birthDate")
    beside = resource.get("_birthDate")
    if resource.get("resourceType") not in _PEOPLE or not isinstance(text, str):
        return None
    solar = solar_date(text)
    if solar is None or not isinstance(beside, dict | None):
        return None
    extensions = (beside or {}).get("extension", [])
    if not isinstance(extensions, list):
        return None
    kept = {**(beside or {}), "extension": [*extensions, {"url": LUNAR, "valueString": text}]}
    return {**resource, "birthDate": solar.isoformat(), "_birthDate": kept}
