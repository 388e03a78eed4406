"""Say which class of data a FHIR resource belongs to, the sensitive ones first.

1. Codes: every coding in the resource (and in what it contains) against `codelists/sensitive.toml`.
2. Words: every text in the resource, narrative and embedded plain-text attachments included.
3. Only then the resource type, category and LOINC code, by `codelists/fhir.toml`.
4. What none of them knows, and a document whose text can't be read, is UNCLASSIFIED, a sensitive
   class.

Where two sensitive classes match, the first in the order of the file is taken and `why` names both.

A word counts whatever is said of it: "HIV negative" and "no history of abuse" tell that somebody
asked, so a denial never lowers the class. Words are looked for as a reader sees them, without
markup, joiners and full-width forms, and with Korean particles behind them.

Limits: words miss what is paraphrased, misspelt or in a third language, and codes miss local
tables. A resource that only refers to a sensitive one is judged by what it says itself. The person
sees the class and the reason, and can raise it.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any, Final

from aceso.codes import DataClass

__all__ = ["Classified", "classify", "classify_text", "most_sensitive", "other_version"]

_MAX_TEXT = 4 << 20  # Of one attachment, decoded.
_MAX_LINE = 200  # Of a line that is remembered.
# Code systems by the OIDs that HL7 registered for them.
_OIDS: Final = {
    "loinc": "2.16.840.1.113883.6.1",
    "snomed": "2.16.840.1.113883.6.96",
    "rxnorm": "2.16.840.1.113883.6.88",
}
# 1.2.410.100110.400.10 is KCD where Korean hospitals name it by its OID.
_ICD_SYSTEM = re.compile(
    r"icd|kcd|10\.3\b|2\.16\.840\.1\.113883\.6\.(3|90)\b|1\.2\.410\.100110\.400\.10\b|질병\s?사인",
    re.IGNORECASE,
)
# As WHO names ATC, by its OID, and where the letters stand alone, as in "ATC코드".
_ATC_SYSTEM = re.compile(
    r"whocc\.no|2\.16\.840\.1\.113883\.6\.73\b|(?<![a-z])atc(?:ddd)?(?![a-z])", re.IGNORECASE
)
_ATC_CODE = re.compile(r"[A-Z][0-9]{2}(?:[A-Z]{1,2}(?:[0-9]{2})?)?\Z")
_SHORTEST_ATC = 4  # Of a code without a system: a shorter one could be of ICD-10.
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_TAG = re.compile(r"<[^<>]{0,1000}>")
_ICD_CODE = re.compile(r"[A-Z][0-9][0-9A-Z](\.?[0-9A-Z]{1,4})?\Z")
_LINGUAL = ("text/", "application/json", "application/xml", "application/fhir", "application/hl7")
_IMAGES = ("image/", "video/", "audio/")
# Keys whose strings are codes, links or base64 and hold no words.
_NO_WORDS = frozenset(
    {"system", "reference", "id", "fullUrl", "data", "profile", "versionId", "hash"}
)


@dataclass(frozen=True, slots=True)
class Classified:
    """A class and, for the person, why: codes and list names only, never a value of the record."""

    data_class: DataClass
    why: str


@dataclass(frozen=True, slots=True)
class _Sensitive:
    data_class: DataClass
    icd: tuple[tuple[str, str], ...]
    icd_prefixes: tuple[str, ...]
    atc: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of a list. `literal` is in every text that it matches, and quick to look for."""

    data_class: DataClass
    literal: str
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _Lists:
    order: tuple[_Sensitive, ...]
    codes: dict[tuple[str, str], DataClass]
    english: tuple[_Word, ...]  # Those that a text of ASCII can hold; none goes over a line's end.
    korean: tuple[_Word, ...]


def load(name: str) -> dict[str, Any]:
    """A code list of this package by its file name."""
    with resources.files(__package__).joinpath("codelists", name).open("rb") as stream:
        return tomllib.load(stream)


@cache
def _sensitive() -> _Lists:
    order = []
    codes: dict[tuple[str, str], DataClass] = {}
    words: list[_Word] = []
    for row in load("sensitive.toml")["class"]:
        data_class = DataClass[row["code"]]
        ranges, prefixes = [], []
        for text in row["icd"]:
            low, _, high = text.partition("-")
            if "." in text and not high:
                prefixes.append(text.replace(".", ""))
            else:
                ranges.append((low.replace(".", ""), (high or low).replace(".", "")))
        groups = []
        for text in row["atc"]:
            low, _, high = text.partition("-")
            groups.append((low, high or low))
        order.append(_Sensitive(data_class, tuple(ranges), tuple(prefixes), tuple(groups)))
        for system in ("loinc", "snomed", "rxnorm"):
            for code in row[system]:
                codes.setdefault((system, code), data_class)
        words.extend(_word(data_class, text) for text in row["words"])
    english = tuple(word for word in words if word.literal.isascii())
    korean = tuple(word for word in words if not word.literal.isascii())
    return _Lists(tuple(order), codes, english, korean)


def _word(data_class: DataClass, text: str) -> _Word:
    head = re.match(r"(?:\\b|\(\?<![^)]*\))?([^\\()\[\]?*+|.]*)([?*]?)", text)
    literal = head[1][:-1] if head and head[2] else head[1] if head else ""
    # A word in capitals is matched as it stands: AIDS is not hearing aids. ASCII, so that a word
    # ends where a Korean particle begins.
    flags = re.NOFLAG if re.search(r"[A-Z]{3}", text) else re.IGNORECASE
    return _Word(data_class, literal.lower(), re.compile(text, flags | re.ASCII))


@cache
def _plain() -> tuple[dict[str, DataClass], ...]:
    lists = load("fhir.toml")
    names = ("resource_types", "observation_categories", "report_categories", "loinc")
    return tuple(
        {code: DataClass[name] for name, codes in lists[part].items() for code in codes}
        for part in names
    )


def healthkit_class(short: str) -> DataClass | None:
    """The class of a HealthKit type, named without its prefix; None where no list has it."""
    exact, prefixes = _healthkit()
    found = exact.get(short)
    if found is not None:
        return found
    return next((one for prefix, one in prefixes if short.startswith(prefix)), None)


@cache
def _healthkit() -> tuple[dict[str, DataClass], tuple[tuple[str, DataClass], ...]]:
    lists = load("healthkit.toml")
    exact = {name: DataClass[key] for key, names in lists["classes"].items() for name in names}
    prefixes = tuple(
        (name, DataClass[key]) for key, names in lists["prefixes"].items() for name in names
    )
    return exact, prefixes


@cache
def _versions() -> dict[str, str]:
    table = load("fhir.toml")["other_versions"]
    return {kind: version for version, kinds in table.items() for kind in kinds}


def other_version(resource_type: str) -> str | None:
    """The version of FHIR that has `resource_type`, if R4 has it no more or not yet."""
    return _versions().get(resource_type)


def most_sensitive(classes: DataClass) -> tuple[DataClass, str]:
    """The class under which a file that holds all of `classes` may be sealed whole, and why."""
    found = [one for one in DataClass if one & classes]
    if len(found) == 1:
        return found[0], f"all that is in it is {found[0].name}"
    if not found:
        return DataClass.UNCLASSIFIED, "nothing in it was understood"
    return DataClass.UNCLASSIFIED, (
        f"it holds {len(found)} classes, and under any one of them it would give the others away"
    )


def classify_text(text: str) -> Classified | None:
    """The sensitive class that words of `text` point to, or None."""
    found = _words(text)
    return _first(found, "a word") if found else None


def classify(resource: dict[str, Any]) -> Classified:
    """The class of one FHIR R4 resource."""
    found = DataClass(0)
    texts: list[str] = []
    unreadable = False
    for kind, value in _walk(resource):
        if kind == "coding":
            one = _coding(value)
            # IntFlag arithmetic is slow, and nearly every code and line is of no list.
            if one:
                found |= one
        elif kind == "text":
            texts.append(value)
        elif kind == "attachment":
            text = _attached_text(value)
            if text is None:
                unreadable = True
            else:
                texts.append(text)
    by_code = bool(found)
    found |= _words("\n".join(texts))
    if found:
        return _first(found, "a code" if by_code else "a word")
    if unreadable and resource.get("resourceType") not in ("ImagingStudy", "Media", "Patient"):
        return Classified(
            DataClass.UNCLASSIFIED, "it holds an attachment whose text can't be read here"
        )
    return _ordinary(resource)


def _first(found: DataClass, by: str) -> Classified:
    names = [row.data_class for row in _sensitive().order if row.data_class & found]
    also = ", ".join(str(one.name) for one in names[1:])
    why = f"{by} of the {names[0].name} list is in it"
    return Classified(names[0], f"{why}, and of {also}" if also else why)


def _terminology(system: str) -> str:
    """Which of the lists a code system is of, by its URL or its OID, however it is spelt; or ""."""
    known = system.casefold()
    return next(
        (name for name, oid in _OIDS.items() if name in known or known.endswith(oid)),
        "",
    )


def _coding(coding: dict[str, Any]) -> DataClass:
    code = coding.get("code")
    if not isinstance(code, str):
        return DataClass(0)
    system = coding.get("system")
    return _code(system if isinstance(system, str) else "", code)


@lru_cache(4096)  # The same codes come again and again.
def _code(system: str, code: str) -> DataClass:
    lists = _sensitive()
    key = _terminology(system)
    if key:
        return lists.codes.get((key, code), DataClass(0))
    if _ATC_SYSTEM.search(system):
        return atc_class(code)
    # A code without a system is looked up too: better too sensitive than not.
    found = DataClass(0)
    if not system:
        if len(code) >= _SHORTEST_ATC:
            found |= atc_class(code)
        for name in ("loinc", "snomed"):
            found |= lists.codes.get((name, code), DataClass(0))
    if (not system or _ICD_SYSTEM.search(system)) and _ICD_CODE.match(code.upper()):
        found |= icd_class(code)
    return found


def icd_class(code: str) -> DataClass:
    """The sensitive classes that an ICD-10 or KCD code belongs to."""
    plain = code.upper().replace(".", "")
    found = DataClass(0)
    for row in _sensitive().order:
        if any(low <= plain[: len(low)] and plain[: len(high)] <= high for low, high in row.icd):
            found |= row.data_class
        if plain.startswith(row.icd_prefixes):
            found |= row.data_class
    return found


def atc_class(code: str) -> DataClass:
    """The sensitive classes that a medicine's ATC code belongs to."""
    plain = code.strip().upper()
    found = DataClass(0)
    if not _ATC_CODE.match(plain):
        return found
    for row in _sensitive().order:
        if any(
            plain == low[:-1] if low.endswith("=") else low <= plain[: len(low)] <= high
            for low, high in row.atc
        ):
            found |= row.data_class
    return found


def _words(text: str) -> DataClass:
    if not text:
        return DataClass(0)
    text = _as_read(text)
    lists = _sensitive()
    found = DataClass(0)
    for line in set(text.split("\n")):
        one = _line(line) if len(line) <= _MAX_LINE else _matched(lists.english, line)
        if one:
            found |= one
    return found if text.isascii() else found | _matched(lists.korean, text)


@lru_cache(8192)  # What resources say of a status, a unit or a test, they say word for word alike.
def _line(text: str) -> DataClass:
    return _matched(_sensitive().english, text)


def _matched(words: tuple[_Word, ...], text: str) -> DataClass:
    lowered = text.lower()
    found = DataClass(0)
    for word in words:
        if word.literal in lowered and word.pattern.search(text):
            found |= word.data_class
    return found


def _as_read(text: str) -> str:
    """The text as a reader sees it, with and without the markup in it."""
    if "&#" in text:
        text = html.unescape(text)
    if not text.isascii():
        text = _UNSEEN.sub("", unicodedata.normalize("NFKC", text))
    return f"{text}\n{_TAG.sub('', text)}" if "<" in text else text


def _walk(value: Any) -> Iterator[tuple[str, Any]]:
    stack: list[tuple[str, Any]] = [("", value)]
    while stack:
        key, node = stack.pop()
        if isinstance(node, dict):
            if "code" in node:
                yield "coding", node
            if isinstance(node.get("data"), str) and node["data"][:1] != "\x00":
                yield "attachment", node
            stack.extend(node.items())
        elif isinstance(node, list):
            stack.extend((key, one) for one in node)
        elif isinstance(node, str) and key not in _NO_WORDS and node[:1] != "\x00":
            yield "text", node


def _attached_text(node: dict[str, Any]) -> str | None:
    """The words of an attachment; empty for a picture or a signal, None if they can't be read."""
    kind = node.get("contentType")
    kind = kind.lower() if isinstance(kind, str) else ""
    if "origin" in node or "sigFormat" in node or "who" in node:
        return ""  # SampledData holds numbers, and a signature is no text.
    if kind.startswith(_IMAGES):
        return ""
    if not kind.startswith(_LINGUAL):
        return None
    if len(node["data"]) > _MAX_TEXT * 4 // 3:
        return None
    try:
        return base64.b64decode(node["data"], validate=False).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None


def _ordinary(resource: dict[str, Any]) -> Classified:
    types, observations, reports, loinc = _plain()
    kind = resource.get("resourceType")
    kind = kind if isinstance(kind, str) else ""
    if kind in ("Observation", "DiagnosticReport", "QuestionnaireResponse"):
        for coding in _codings(resource.get("code")):
            if "loinc" in str(coding.get("system", "")):
                known = loinc.get(str(coding.get("code")))
                if known is not None:
                    return Classified(known, f"its LOINC code is of the {known.name} list")
        table = observations if kind == "Observation" else reports
        for coding in _codings(resource.get("category")):
            known = table.get(str(coding.get("code")))
            if known is not None:
                return Classified(known, f"its category is of the {known.name} list")
        if kind == "DiagnosticReport" and not resource.get("category"):
            return Classified(
                DataClass.LABS, "a report without a category is taken for a laboratory's"
            )
        if kind == "Observation" and not resource.get("category"):
            codes = [
                c for c in _codings(resource.get("code")) if "loinc" in str(c.get("system", ""))
            ]
            if codes and ("valueQuantity" in resource or "component" in resource):
                return Classified(DataClass.LABS, "a measurement with a LOINC code and no category")
    else:
        known = types.get(kind)
        if known is not None:
            return Classified(known, f"a {kind} is {known.name}")
    return Classified(DataClass.UNCLASSIFIED, "no list says what class it is of")


def _codings(value: Any) -> Iterator[dict[str, Any]]:
    for concept in value if isinstance(value, list) else [value]:
        if isinstance(concept, dict):
            codings = concept.get("coding")
            for coding in codings if isinstance(codings, list) else ():
                if isinstance(coding, dict):
                    yield coding
