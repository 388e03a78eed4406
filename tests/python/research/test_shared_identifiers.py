"""
extracts of every kind of file that nobody here wrote: clinical, of phones and watches, genomes
├── no name, address, number or id of the source is left, as its own format writes them: in columns,
│   attributes, keys, headers, tracks and devices; short names too
├── no day and no instant of the source is left, in any spelling: 20240131, 31.01.2024,
│   Jan 31, 2024, seconds and milliseconds since 1970; each day that is left is one that was moved
└── the search finds each of these where it is planted
"""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from aceso import formats
from aceso.codes import DataClass
from aceso.formats import FHIR_JSON, FormatError
from aceso.research import QUALITATIVE_RESULTS, Locus, Package, Rules, extract
from aceso.research.deidentify._dates import Calendar
from aceso.research.deidentify._words import is_plain_code, is_unit
from tests.python.shared_data import needs_shared, shared_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = b"a key of the dates of one study."
EVERYTHING = DataClass((1 << 24) - 1)
CHROMOSOMES = (*map(str, range(1, 23)), "X", "Y", "M")
# Wherever a vendor's own format or FHIR says who, with what and where.
_WHO = re.compile(
    r"(?i)(?:.*[ _.:/]|)(?:(?:given|first|last|family|middle|full|source|user|display)? ?_?name|"
    r"sourcename|firstname|lastname|family|given|line|city|district|postalcode|telecom|email|phone|"
    r"author|creator|link|device|deviceid|hash_deviceid|serial.*|.*serialnumber|.*uuid|_?id|userid|"
    r"user_id|enteredby|patient ?_?id(?:entifier)?|birthplace|unitid|productid|text|display|"
    r"reference|fullurl|lotnumber|athlete.*|nickname|model|manufacturer)\Z"
)
_DAY = re.compile(r"(?<![\d-])((?:19|20)\d{2})-(\d{2})-(\d{2})(?!\d)")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})")
_EPOCH = re.compile(r"(?<![\d.])(1[0-9]{9}(?:[0-9]{3})?)(?![\d.])")
_LONGEST = 2_000
_MANY = 1_500
# Larger ones say no other kinds of things; those of FHIR are searched in test_shared_data.py.
_LARGEST = 500 << 10
_LINES = 300
_TERM = re.compile(r"[A-Z]{2,12}:[0-9]{7}\Z")
_MONTHS = "January February March April May June July August September October November December"
_VENDORS = (
    *("urn:aceso:measure", "https://developer.apple.com/", "https://developers.google.com/"),
    *("http://dicom.nema.org/", "https://developer.withings.com/", "https://www.openmhealth.org/"),
)


@dataclass
class _File:
    """What a file says of who it is about, and its extracts by how they treat dates."""

    words: set[str] = field(default_factory=set)
    short: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    days: set[date] = field(default_factory=set)
    instants: set[str] = field(default_factory=set)
    made: dict[str, Any] = field(default_factory=dict)
    text: dict[str, str] = field(default_factory=dict)

    def take(self, text: str) -> None:
        """A text that stands where somebody or something is named; not a whole file within."""
        if len(text) > _LONGEST:
            return
        for word in re.findall(r"[^\W\d_]+", text):
            korean = bool(re.match(r"[가-힣]", word))
            if len(word) >= 4 or (korean and len(word) >= 2):
                self.words.add(word)
            elif len(word) >= 2 and word[0].isupper():
                self.short.add(word)
        for one in re.findall(r"[\w.@:/-]*\d[\w.@:/-]*", text):
            if len(one) >= 6 and not _DAY.match(one) and not _TERM.match(one):
                self.numbers.add(one)

    def dates(self, text: str) -> None:
        for found in _DAY.finditer(text):
            try:
                self.days.add(date(*map(int, found.groups())))
            except ValueError:
                continue
        for found in _INSTANT.finditer(text):
            moment = datetime.fromisoformat(found[0].replace("Z", "+00:00")).timestamp()
            self.instants |= {str(int(moment)), str(int(moment * 1000))}
        self.instants |= set(_EPOCH.findall(text))


def _walk(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _walk(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from _walk(one, key)
    elif isinstance(value, str):
        yield key, value


def _raw(path: Path, found: _File) -> None:
    """What stands in the file as it is, by the manner of its format."""
    data = path.read_bytes()
    text = data.decode("utf-8", "replace")
    if path.suffix == ".json":
        for key, value in _walk(json.loads(text)):
            if _WHO.match(key):
                found.take(value)
    elif path.suffix in (".xml", ".gpx", ".tcx"):
        for key, value in re.findall(r'([\w:]+)="([^"]*)"', text):
            if _WHO.match(key):
                found.take(value)
        for key, value in re.findall(r"<([\w:]+)[^<>]*>([^<>]+)</", text):
            if _WHO.match(key):
                found.take(value)
    elif path.suffix == ".csv":
        rows = list(csv.reader(text.splitlines()))
        heads = rows[0] if rows else []
        for row in rows[1:]:
            for head, cell in zip(heads, row, strict=False):
                if _WHO.match(head):
                    found.take(cell)
            # Dexcom names a person in rows of their own: an event, then the value.
            for name, value in pairwise(row):
                if _WHO.match(name):
                    found.take(value)
    elif path.suffix == ".vcf":
        for line in text.splitlines():
            if line.startswith("#CHROM"):
                for sample in line.split("\t")[9:]:
                    found.take(sample)
            elif line.startswith("##") and re.search(r"(?i)command|source|path|/", line):
                found.numbers |= {one for one in re.findall(r"(?:/[\w.-]+){2,}", line)}
    found.dates(text)


def _read(path: Path, folder: Path) -> _File | None:
    """What a file names, and its extracts; None where nothing of it may be in one. Of a long table
    the first lines are read."""
    if path.stat().st_size > _LARGEST:
        return None
    if path.suffix == ".csv":
        lines = path.read_bytes().splitlines(keepends=True)[:_LINES]
        path = folder / path.name
        path.write_bytes(b"".join(lines))
    try:
        with formats.import_file(path) as imported:
            records = list(imported.records())
            loci = tuple(
                Locus(assembly, one, 1, 10**9 - 1)
                for assembly in ("GRCh37", "GRCh38")
                for one in CHROMOSOMES
            )
            made = {}
            for dates in ("shift", "year"):
                rules = Rules(
                    classes=EVERYTHING,
                    key=KEY,
                    dates=dates,
                    birth_band=1,
                    region="state",
                    loci=loci,
                    recogniser=QUALITATIVE_RESULTS,
                )
                # The years of thousands of alike measurements tell no more than those of some.
                if dates == "shift" or made["shift"].count < _MANY:
                    made[dates] = extract(records, rules)
            bodies = [one.canonical for one in records if one.media_type == FHIR_JSON]
    except FormatError:
        return None
    if not made["shift"].count:
        return None
    found = _File(made=made, text={dates: _text(one) for dates, one in made.items()})
    _raw(path, found)
    for body in bodies:
        for key, value in _walk(json.loads(body)):
            found.dates(value)
            if _WHO.match(key):
                found.take(value)
    return found


def _text(made: Any) -> str:
    about = json.dumps(dict(Package.make(made, blind=bytes(32)).about), ensure_ascii=False)
    return b"\n".join(made.files().values()).decode() + "\n" + about


def _has(text: str, needles: set[str]) -> set[str]:
    """Which of these stand in the text as words of their own."""
    folded = text.casefold()
    tokens = set(re.findall(r"[^\W_]+", folded))
    hits = set()
    for one in needles:
        low = one.casefold()
        parts = re.findall(r"[^\W_]+", low)
        if all(part in tokens for part in parts) and (
            len(parts) == 1 or re.search(rf"(?<!\w){re.escape(low)}(?!\w)", folded)
        ):
            hits.add(one)
    return hits


def _values(made: Any) -> Iterator[str]:
    """The texts of an extract that are not of a list which is kept here: of units, of statuses, of
    the codes of HL7, of what phones and watches measure."""
    for resource in made.resources:
        for system, key, value in _said(resource):
            listed = system.startswith(("http://terminology.hl7.org/", *_VENDORS))
            listed |= key == "code" and "hl7.org/fhir/uv/ips" in system
            listed |= _TERM.match(value) is not None
            if not (listed or is_unit(value) or is_plain_code(value) or _DAY.match(value)):
                yield value
    for genome in made.genomes:
        yield from genome.decode().split()


def _said(value: Any) -> Iterator[tuple[str, str, str]]:
    """Texts with their key, and the system of the coding that they stand in."""
    if isinstance(value, dict):
        system = str(value.get("system", ""))
        for key, one in value.items():
            if isinstance(one, str) and one[:1] != "\0":
                if key not in ("system", "resourceType", "data"):
                    yield system, key, one
            else:
                yield from _said(one)
    elif isinstance(value, list):
        for one in value:
            yield from _said(one)


def _spelt(day: date) -> set[str]:
    """A day as people and programs write it, but for the way of ISO."""
    y, m, d = day.year, day.month, day.day
    month = _MONTHS.split()[m - 1]
    return {
        f"{y}{m:02}{d:02}",
        *(f"{a}.{b}.{y}" for a, b in ((f"{d:02}", f"{m:02}"), (d, m))),
        *(f"{a}/{b}/{y}" for a, b in ((f"{m:02}", f"{d:02}"), (m, d), (f"{d:02}", f"{m:02}"))),
        *(f"{name} {d}, {y}" for name in (month, month[:3])),
        *(f"{d} {name} {y}" for name in (month, month[:3])),
        f"{y}/{m:02}/{d:02}",
        f"{y}년 {m}월 {d}일",
    }


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, _File]:
    folder = tmp_path_factory.mktemp("cut")
    read = {path.name: _read(path, folder) for path in shared_files()}
    return {name: one for name, one in read.items() if one is not None}


@needs_shared
def test_no_name_or_number_of_any_format_is_left(files: dict[str, _File]) -> None:
    searched = 0
    for name, one in files.items():
        values = " ".join(_values(one.made["shift"]))
        assert _has(values, one.words | one.short) == set(), name
        assert _has(one.text["shift"], one.numbers) == set(), name
        searched += len(one.words) + len(one.numbers) + len(one.short)
    assert len(files) > 50 and searched > 2500


@needs_shared
def test_no_day_or_instant_is_left_in_any_spelling(files: dict[str, _File]) -> None:
    searched = 0
    for name, one in files.items():
        calendar = Calendar(KEY, "shift", max((day.year for day in one.days), default=2000))
        moved = {calendar.date(day.isoformat()) for day in one.days}
        for dates in one.made:
            text = one.text[dates]
            left = {"-".join(found.groups()) for found in _DAY.finditer(text)}
            assert left <= (moved if dates == "shift" else set()), (name, dates)
            spelt = {spelling for day in one.days for spelling in _spelt(day)}
            assert {word for word in spelt if word in text} == set(), (name, dates)
            assert _has(text, one.instants) == set(), (name, dates)
        searched += len(one.days) + len(one.instants)
    assert searched > 2500


def test_the_search_finds_what_is_planted() -> None:
    found = _File()
    found.take("김하늘, Ng")
    found.take("sn-889-xk21")
    found.dates("2024-01-31T08:15:00Z, 1706659200123")
    assert _has('{"text":"by 김하늘"}', found.words) == {"김하늘"}
    assert _has('{"unit":"SN-889-XK21"}', found.numbers) == {"sn-889-xk21"}
    assert found.short == {"Ng"} and _WHO.match("sourceName") and _WHO.match("Patient ID")
    assert found.instants == {"1706688900", "1706688900000", "1706659200123"}
    for text in ("20240131", "31.01.2024", "Jan 31, 2024", "31 January 2024", "2024년 1월 31일"):
        assert text in _spelt(date(2024, 1, 31))
    assert date(2024, 1, 31) - timedelta(days=1) not in found.days
    assert datetime.fromtimestamp(1706688900, UTC).date() in found.days
