"""The stated hierarchies by which a value is made more general, each step coarser than the last.

birth     a year, a band of 5, 10 or 20 years (by its first year), nothing
region    State or province with its country, the country, nothing
codes     ICD-10 and its national editions: by cutting from the right to the three characters of
          the category; ATC: by its levels of 7, 5, 4, 3 and 1 characters. Other systems have no
          parents that can be read off a code, so a rare one of them is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal

__all__ = ["BIRTH_BANDS", "Region", "band", "parent_code", "region_of"]

Region = Literal["none", "country", "state"]

# Widths in years; 0 leaves the birth year out.
BIRTH_BANDS: Final = (1, 5, 10, 20, 0)

_ICD: Final = re.compile(
    r"http://hl7\.org/fhir/sid/icd-10|urn:oid:2\.16\.840\.1\.113883\.6\.(3|90)\Z"
    r"|https?://www\.hl7korea\.or\.kr/(fhir/krcore/)?CodeSystem/.*(kcd|KCD)"
)
_ICD10: Final = re.compile(r"[A-Z][0-9][0-9A-Z](?:\.?[0-9A-Z]{1,4})?\Z")
_ATC: Final = re.compile(r"https?://www\.whocc\.no/atc")
_ATC_LEVELS: Final[Mapping[int, int]] = MappingProxyType({7: 5, 5: 4, 4: 3, 3: 1})

# Safe Harbor lets a State stay, never less. Only what stands here is taken to be one.
_US_TEXT: Final = """
AL Alabama, AK Alaska, AZ Arizona, AR Arkansas, CA California, CO Colorado, CT Connecticut,
DE Delaware, DC District of Columbia, FL Florida, GA Georgia, HI Hawaii, ID Idaho, IL Illinois,
IN Indiana, IA Iowa, KS Kansas, KY Kentucky, LA Louisiana, ME Maine, MD Maryland, MA Massachusetts,
MI Michigan, MN Minnesota, MS Mississippi, MO Missouri, MT Montana, NE Nebraska, NV Nevada,
NH New Hampshire, NJ New Jersey, NM New Mexico, NY New York, NC North Carolina, ND North Dakota,
OH Ohio, OK Oklahoma, OR Oregon, PA Pennsylvania, PR Puerto Rico, RI Rhode Island,
SC South Carolina, SD South Dakota, TN Tennessee, TX Texas, UT Utah, VT Vermont, VA Virginia,
WA Washington, WV West Virginia, WI Wisconsin, WY Wyoming
"""
_US: Final[Mapping[str, str]] = MappingProxyType(
    {
        name: "US-" + one.strip()[:2]
        for one in _US_TEXT.split(",")
        for name in (one.strip()[:2].lower(), one.strip()[3:].lower())
    }
)
_KR: Final[Mapping[str, str]] = MappingProxyType(
    {
        "서울": "KR-11",
        "부산": "KR-26",
        "대구": "KR-27",
        "인천": "KR-28",
        "광주": "KR-29",
        "대전": "KR-30",
        "울산": "KR-31",
        "경기": "KR-41",
        "강원": "KR-42",
        "충북": "KR-43",
        "충남": "KR-44",
        "전북": "KR-45",
        "전남": "KR-46",
        "경북": "KR-47",
        "경남": "KR-48",
        "제주": "KR-49",
        "세종": "KR-50",
        "충청북": "KR-43",
        "충청남": "KR-44",
        "전라북": "KR-45",
        "전라남": "KR-46",
        "경상북": "KR-47",
        "경상남": "KR-48",
    }
)
_KR_END: Final = re.compile(r"(특별시|광역시|특별자치시|특별자치도|시|도)\Z")
_COUNTRIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "us": "US",
        "usa": "US",
        "united states": "US",
        "kr": "KR",
        "kor": "KR",
        "korea": "KR",
        "republic of korea": "KR",
        "대한민국": "KR",
    }
)


def band(year: int, width: int) -> int | None:
    """The first year of the band that `year` lies in."""
    return None if width == 0 else year - year % width


def region_of(address: Mapping[str, Any], level: Region) -> dict[str, str] | None:
    """What may stay of an address: its country, and its State if that is one that we know."""
    if level == "none":
        return None
    state, country = address.get("state"), address.get("country")
    found = _state(state) if isinstance(state, str) else None
    named = _COUNTRIES.get(country.strip().lower()) if isinstance(country, str) else None
    if named is None and found is not None:
        named = found[:2]
    if named is None:
        return None
    if level == "state" and found is not None and found[:2] == named:
        return {"country": named, "state": found}
    return {"country": named}


def _state(text: str) -> str | None:
    word = text.strip()
    return _US.get(word.lower()) or _KR.get(_KR_END.sub("", word))


def parent_code(system: str, code: str) -> str | None:
    """The next more general code of the same system, or None where there is none to be read."""
    if _ICD.match(system) and _ICD10.match(code):
        if len(code) <= 3:
            return None
        return code[:-1].removesuffix(".")
    if _ATC.match(system) and len(code) in _ATC_LEVELS:
        return code[: _ATC_LEVELS[len(code)]]
    return None
