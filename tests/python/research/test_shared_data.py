"""
extracts of files that nobody here wrote: every FHIR resource and every VCF
├── no identifier of the source is left, in any spelling: as it is, composed and decomposed, upper
│   and lower case, base64 at every alignment, hex; in files, removed paths or parameters
├── no day of the source is left where only years may stay, in any way of writing a date
├── no place of a track is left
├── the search itself finds what is hidden
└── utility is kept: counts, values with their digits and units, and every interval
"""

from __future__ import annotations

import base64
import json
import re
import unicodedata
from collections import Counter
from datetime import date

import pytest

from aceso import formats
from aceso.codes import DataClass
from aceso.formats._classify import classify
from aceso.research import Package, Rules, extract
from aceso.research.deidentify._elements import KEPT
from tests.python.shared_data import needs_shared, shared_files

KEY = b"a key of the dates of one study."
EVERYTHING = DataClass((1 << 24) - 1)
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
# Elements whose text identifies, with how short a word may be to count as one.
_NAMES = {"family", "given", "text", "line", "city", "district", "display"}
_NUMBERS = {"value", "id", "postalCode", "reference", "fullUrl", "url", "serialNumber", "lotNumber"}
_WHERE = {"name", "address", "telecom", "identifier", "contact", "subject", "patient", "performer"}
_WHERE |= {"participant", "asserter", "recorder", "requester", "location", "serviceProvider"}
_WHERE |= {"fullUrl", "id", "serialNumber", "lotNumber", "managingOrganization", "author"}


_PLACE = re.compile(rb"(?:(?:lat|lon)=\"|itudeDegrees>)(-?\d{1,3}\.\d{5,})")
_DATED = (("Observation", "effectiveDateTime"), ("Immunization", "occurrenceDateTime"))


def _files():
    return [path for path in shared_files() if path.suffix in (".json", ".xml", ".hl7")]


def _resources(path):
    """The FHIR resources of a file, as it is or as it is read."""
    try:
        document = json.loads(path.read_bytes())
    except ValueError:
        document = None
    if isinstance(document, dict) and "resourceType" in document:
        return list(_flat(document))
    with formats.import_file(path) as imported:
        bodies = [one.canonical for one in imported.records() if "fhir" in one.media_type]
    return [resource for body in bodies for resource in _flat(json.loads(body))]


def _flat(value):
    if value.get("resourceType") == "Bundle":
        for entry in value.get("entry", []):
            yield from _flat(entry.get("resource", {}))
    else:
        yield value


def _walk(value, path=()):
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _walk(one, (*path, key))
    elif isinstance(value, list):
        for one in value:
            yield from _walk(one, path)
    elif isinstance(value, str):
        yield path, value


def _identifiers(resources):
    """Names, addresses, numbers, ids and telecoms of all people, places and things in them."""
    words, numbers = set(), set()
    for resource in resources:
        for path, text in _walk(resource):
            if path[-1] in ("system", "use", "code", "resourceType", "status", "country", "state"):
                continue
            if not _WHERE & set(path):
                continue
            if path[-1] in _NAMES and "type" not in path and "coding" not in path:
                words |= {word for word in re.findall(r"[^\W\d_]{4,}|[가-힣]{2,}", text)}
            if path[-1] in _NUMBERS and any(one.isdigit() for one in text) and len(text) >= 5:
                numbers.add(text)
    return words, numbers


def _forms(text):
    return {unicodedata.normalize(form, text) for form in ("NFC", "NFD")}


def _encoded(text):
    for plain in _forms(text):
        raw = plain.encode()
        yield raw.hex()
        for start in range(3):
            encoded = base64.b64encode(b"\0" * start + raw).decode()
            # Only the part that no neighbour changes.
            yield encoded[-(-start * 8 // 6) : (start + len(raw)) * 8 // 6]


def _found(text, needles):
    """Which of these stand in the text as words, or hidden in what could be an encoding."""
    folded = text.casefold()
    blobs = " ".join(one for one in re.findall(r"[a-z0-9+/=]{7,}", folded))
    found = set()
    for needle in needles:
        for form in _forms(needle):
            low = form.casefold()
            if low in folded and re.search(rf"(?<![\w.]){re.escape(low)}(?![\w.])", folded):
                found.add(needle)
        if any(len(one) >= 7 and one.casefold() in blobs for one in _encoded(needle)):
            found.add(needle)
    return found


def _all_text(made):
    package = Package.make(made, blind=bytes(32))
    files = b"\n".join(made.files().values()).decode()
    return files + "\n" + json.dumps(dict(package.about), ensure_ascii=False)


def _rules(**more):
    return Rules(classes=EVERYTHING, key=KEY, birth_band=1, region="state", **more)


@pytest.fixture(scope="module")
def histories():
    """The resources of each file that has any."""
    read = {path.name: _resources(path) for path in _files()}
    return {name: them for name, them in read.items() if them}


@needs_shared
def test_no_identifier_of_the_source_is_left(histories):
    searched = 0
    for name, resources in histories.items():
        words, numbers = _identifiers(resources)
        text = _all_text(extract(resources, _rules()))
        # Words of FHIR and of the parameters, which somebody in the files is called by too.
        own = {"state"} | {kind.casefold() for kind in KEPT}
        assert {word.casefold() for word in _found(text, words)} <= own, name
        assert _found(text, numbers) == set(), name
        searched += len(words) + len(numbers)
    assert len(histories) > 25 and searched > 2000


@needs_shared
def test_where_only_years_may_stay_no_day_does(histories):
    for name, resources in histories.items():
        texts = [text for one in resources for _, text in _walk(one)]
        days = {found.groups() for text in texts for found in _DAY.finditer(text)}
        text = _all_text(extract(resources, _rules(dates="year")))
        written = {
            spelling
            for year, month, day in days
            for spelling in (
                f"{year}-{month}-{day}",
                f"{year}-{month}",
                f"{year}{month}{day}",
                f"{day}.{month}.{year}",
                f"{month}/{day}/{year}",
                f"{year}/{month}/{day}",
                f"{year}년 {int(month)}월",
            )
        }
        assert not _DAY.search(text), name
        assert _found(text, written) == set(), name


@needs_shared
def test_no_place_of_a_track_is_left():
    seen = 0
    number = re.compile(rb"-?\d{1,3}\.\d{5,}")
    for path in shared_files():
        if path.suffix not in (".gpx", ".tcx"):
            continue
        places = set(_PLACE.findall(path.read_bytes()))
        with formats.import_file(path) as imported:
            text = _all_text(extract(imported.records(), _rules()))
        assert not places & set(number.findall(text.encode())), path.name
        seen += len(places)
    assert seen > 1000


def test_the_search_finds_what_is_hidden():
    hidden = ["Godínez", "산골짜기"]
    for needle in hidden:
        for form in ("NFC", "NFD"):
            raw = unicodedata.normalize(form, needle).encode()
            for start in range(3):
                text = base64.b64encode(b"x" * start + raw + b"yz").decode()
                assert _found(f"ab {text} cd", [needle]), (needle, form, start)
            assert _found(f"ab {raw.hex().upper()} cd", [needle])
        assert _found(f"({needle.upper()})", [needle])


def _is_named(observation):
    """Whether a published system says what was observed; all but the local ones have a web name.
    One of the files puts codes of another dictionary, which end in AAAA, under LOINC's name."""
    coding = observation.get("code", {}).get("coding", [])
    return any(
        str(one.get("system", "")).startswith("http") and not one["code"].endswith("AAAA")
        for one in coding
    )


def _lab(resource):
    """A code and value as both source and extract have it, or None."""
    quantity = resource.get("valueQuantity")
    if resource["resourceType"] != "Observation" or not isinstance(quantity, dict):
        return None
    codes = [one.get("code") for one in resource.get("code", {}).get("coding", [])]
    return (codes[0] if codes else None, str(quantity.get("value")), quantity.get("code"))


@needs_shared
def test_counts_values_and_intervals_are_kept(histories):
    compared = Counter()
    for name, resources in histories.items():
        made = extract(resources, _rules())
        kept = [json.loads(line) for data in made.files().values() for line in data.splitlines()]
        wanted = [
            one
            for one in resources
            if one.get("resourceType") in KEPT
            and (one["resourceType"] != "Observation" or _is_named(one))
            and classify(one).data_class & EVERYTHING & ~DataClass.UNCLASSIFIED
        ]
        counts = Counter(one["resourceType"] for one in wanted)
        lost = counts - Counter(one["resourceType"] for one in kept)
        # A resource of which nothing may stay is not in it; an Encounter of nothing but references.
        assert sum(lost.values()) <= sum(counts.values()) // 50, (name, lost)

        before = Counter(filter(None, map(_lab, wanted)))
        after = Counter(filter(None, map(_lab, kept)))
        missing = {one for one in before - after if one[0] is not None and one[2] != "a"}
        assert not {one for one in missing if one[0] and re.fullmatch(r"\d+-\d", one[0])}, name
        compared["values"] += sum(after.values())

        for kind, key in _DATED:
            true = _days(wanted, kind, key)
            moved = _days(kept, kind, key)
            gaps = {one - other for one, other in zip(true, moved, strict=False)}
            if len(true) == len(moved):
                assert len(gaps) <= 1, (name, kind)
                compared["dates"] += len(moved)
    assert compared["values"] > 900 and compared["dates"] > 800


def _days(resources, kind, key):
    texts = [str(one.get(key, "")) for one in resources if one.get("resourceType") == kind]
    return sorted(date(*map(int, found.groups())) for text in texts if (found := _DAY.match(text)))
