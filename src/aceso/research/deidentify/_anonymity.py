"""k-anonymity over a cohort: measured, and reached by generalising and suppressing.

The quasi-identifiers of a subject are what a neighbour or a register could know of them: the band
of the birth year, gender and region, as the Patient resource of their extract says them. Beside
these, a diagnosis, drug or procedure that fewer than k of the cohort have is made more general by
the stated hierarchy (`_hierarchies`) until k have it, and left out where it has no parent.

    measured(extracts)                    # k: the size of the smallest class
    anonymised = anonymise(extracts, k=5)
    anonymised.k >= 5

First the whole cohort is generalised, step by step, to the first step at which at most one subject
in ten stands in a class smaller than k; then these few lose their quasi-identifiers, and so do the
next smallest classes, until those without are k as well (suppression). Nothing is invented, and no
value but these is changed.

Limits: k-anonymity says nothing of a class whose members all have the same diagnosis, nor of what
laboratory values or dates tell whoever knows some of them. It holds for the cohort it was measured
over, on the day that it was.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from aceso.errors import UsageError

from ._extract import Extract
from ._fhir import CONCEPTS
from ._hierarchies import band, parent_code

__all__ = ["Anonymised", "anonymise", "classes_of", "measured", "quasi_identifiers"]

QuasiIdentifiers = tuple[str, str, str]

_NONE: Final[QuasiIdentifiers] = ("", "", "")
# One in so many may lose all quasi-identifiers; where more would, the whole is generalised.
_MOST_SUPPRESSED: Final = 10
# Each step: width of the birth band (0: none), level of the region, whether gender stays.
_STEPS: Final = (
    (1, "state", True),
    (5, "state", True),
    (10, "state", True),
    (10, "country", True),
    (20, "country", True),
    (20, "none", True),
    (0, "none", True),
    (0, "none", False),
)


@dataclass(frozen=True, slots=True)
class Anonymised:
    """A cohort whose smallest class has `k` subjects, in the order in which it was given."""

    extracts: tuple[Extract, ...]
    k: int
    step: str
    suppressed: int
    codes: int


def quasi_identifiers(extract: Extract) -> QuasiIdentifiers:
    """Birth, gender and region, empty where an extract has none; several that differ are one."""
    found: list[QuasiIdentifiers] = []
    for one in extract.resources:
        if one["resourceType"] == "Patient":
            place = (one.get("address") or [{}])[0]
            region = place.get("state") or place.get("country") or ""
            found.append((str(one.get("birthDate", "")), str(one.get("gender", "")), str(region)))
    if not found:
        return _NONE
    births, genders, regions = (_joined(values) for values in zip(*found, strict=True))
    return births, genders, regions


def _joined(values: Sequence[str]) -> str:
    return "|".join(sorted(set(values)))


def classes_of(rows: Sequence[QuasiIdentifiers]) -> Counter[QuasiIdentifiers]:
    """How many subjects share each combination."""
    return Counter(rows)


def measured(extracts: Sequence[Extract]) -> int:
    """k: how many subjects the smallest class has; 0 of an empty cohort."""
    return min(classes_of([quasi_identifiers(one) for one in extracts]).values(), default=0)


def anonymise(extracts: Sequence[Extract], k: int) -> Anonymised:
    """The cohort with at least `k` subjects in every class."""
    if k < 2 or len(extracts) < k:
        raise UsageError(
            f"A cohort of {len(extracts)} can't be made {k}-anonymous: k is at least 2, and at "
            "most the number of subjects.",
            code="E_EXTRACT_COHORT",
            details={"subjects": len(extracts), "k": k},
        )
    common = _common_codes(extracts, k)
    coded = [_recoded(one, common) for one in extracts]
    changed = sum(one is not other for one, other in zip(extracts, coded, strict=True))
    for step in _STEPS:
        made = [_generalised(one, *step) for one in coded]
        small = _small(made, k)
        if len(small) * _MOST_SUPPRESSED <= len(made) or step == _STEPS[-1]:
            break
    done = tuple(
        _generalised(one, 0, "none", False) if index in small else one
        for index, one in enumerate(made)
    )
    width, region, gender = step
    said = f"birth {width or 'none'}, region {region}, gender {'kept' if gender else 'none'}"
    return Anonymised(done, measured(done), said, len(small), changed)


def _small(extracts: Sequence[Extract], k: int) -> frozenset[int]:
    """Whose quasi-identifiers have to go, so that no class is smaller than `k`."""
    members: dict[QuasiIdentifiers, list[int]] = defaultdict(list)
    for index, one in enumerate(extracts):
        members[quasi_identifiers(one)].append(index)
    bare = members.pop(_NONE, [])
    gone = [index for them in members.values() if len(them) < k for index in them]
    large = sorted((them for them in members.values() if len(them) >= k), key=len)
    while gone and 0 < len(gone) + len(bare) < k and large:
        gone += large.pop(0)
    while bare and not gone and len(bare) < k and large:
        gone += large.pop(0)
    return frozenset(gone)


def _generalised(extract: Extract, width: int, region: str, gender: bool) -> Extract:
    made = []
    for one in extract.resources:
        if one["resourceType"] != "Patient":
            made.append(one)
            continue
        patient = {key: value for key, value in one.items() if key not in ("birthDate", "address")}
        birth = one.get("birthDate")
        first = band(int(birth), width) if isinstance(birth, str) else None
        if first is not None:
            patient["birthDate"] = f"{first:04d}"
        places = (
            [_place(place, region) for place in one.get("address", ())] if region != "none" else []
        )
        if places:
            patient["address"] = places[:1]
        if not gender:
            patient.pop("gender", None)
        if len(patient) > 1:
            made.append(patient)
    return replace(extract, resources=tuple(made))


def _place(place: Mapping[str, str], region: str) -> dict[str, str]:
    return dict(place) if region == "state" else {"country": place["country"]}


Coding = tuple[str, str]


def _codings(resource: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """The codings of a resource that say what a person has."""
    kind = resource["resourceType"]
    for key, value in resource.items():
        if f"{kind}.{key}" in CONCEPTS:
            for concept in value if isinstance(value, list) else [value]:
                yield from concept["coding"]


def _common_codes(extracts: Sequence[Extract], k: int) -> dict[Coding, Coding | None]:
    """What becomes of each code: itself, a parent that k of the cohort have, or nothing."""
    holders: dict[Coding, set[int]] = defaultdict(set)
    for index, one in enumerate(extracts):
        for resource in one.resources:
            for coding in _codings(resource):
                code: Coding | None = (coding["system"], coding["code"])
                while code is not None:
                    holders[code].add(index)
                    code = _parent(code)
    made: dict[Coding, Coding | None] = {}
    for code in holders:
        kept: Coding | None = code
        while kept is not None and len(holders[kept]) < k:
            kept = _parent(kept)
        made[code] = kept
    return made


def _parent(code: Coding) -> Coding | None:
    found = parent_code(*code)
    return None if found is None else (code[0], found)


def _recoded(extract: Extract, common: Mapping[Coding, Coding | None]) -> Extract:
    made = [_resource_of(one, common) for one in extract.resources]
    if all(one is other for one, other in zip(made, extract.resources, strict=True)):
        return extract
    return replace(extract, resources=tuple(one for one in made if one is not None))


def _resource_of(
    resource: dict[str, Any], common: Mapping[Coding, Coding | None]
) -> dict[str, Any] | None:
    """The resource with common codes only; None where what it is about is gone."""
    codings = [(one["system"], one["code"]) for one in _codings(resource)]
    if all(common[one] == one for one in codings):
        return resource
    kind, made = resource["resourceType"], {}
    for key, value in resource.items():
        if f"{kind}.{key}" not in CONCEPTS:
            made[key] = value
            continue
        concepts = [
            kept
            for one in (value if isinstance(value, list) else [value])
            if (kept := _concept(one, common))
        ]
        if concepts:
            made[key] = concepts if isinstance(value, list) else concepts[0]
        elif key in ("code", "medicationCodeableConcept"):
            return None
    return made


def _concept(
    concept: Mapping[str, Any], common: Mapping[Coding, Coding | None]
) -> dict[str, Any] | None:
    kept: list[dict[str, str]] = []
    for one in concept["coding"]:
        found = common[one["system"], one["code"]]
        if found is not None:
            made = {"system": found[0], "code": found[1]}
            if made not in kept:
                kept.append(made)
    return {"coding": kept} if kept else None
