"""Terms of phenopackets (`HP:0001945`) as codings of FHIR, and their times."""

from __future__ import annotations

import re
from typing import Any

from ..canonical import number
from ..clinical._resource import clean, urn

__all__ = ["concept", "prefixes", "times"]

_UCUM = "http://unitsofmeasure.org"
# Prefix: the system that FHIR has for it, and whether the prefix is part of the code there.
_SYSTEMS = {
    "HP": ("http://human-phenotype-ontology.org", True),
    "MONDO": ("http://purl.obolibrary.org/obo/mondo.owl", True),
    "GENO": ("http://purl.obolibrary.org/obo/geno.owl", True),
    "SO": ("http://www.sequenceontology.org", True),
    "LOINC": ("http://loinc.org", False),
    "SNOMED": ("http://snomed.info/sct", False),
    "SNOMEDCT": ("http://snomed.info/sct", False),
    "SCTID": ("http://snomed.info/sct", False),
    "NCIT": ("http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl", False),
    "OMIM": ("http://www.omim.org", False),
    "ORPHA": ("http://www.orpha.net", False),
    "HGNC": ("http://www.genenames.org/geneId", True),
    "ICD10": ("http://hl7.org/fhir/sid/icd-10", False),
    "ICD10CM": ("http://hl7.org/fhir/sid/icd-10-cm", False),
    "RXNORM": ("http://www.nlm.nih.gov/research/umls/rxnorm", False),
    "UCUM": (_UCUM, False),
}
_CURIE = re.compile(r"([A-Za-z][A-Za-z0-9_.-]{0,31}):(\S{1,200})\Z")
_AGE = re.compile(r"P([0-9]{1,3})(Y|M|W|D)\Z")
_UNITS = {"Y": "a", "M": "mo", "W": "wk", "D": "d"}


def prefixes(packet: dict[str, Any]) -> dict[str, str]:
    """What the packet itself says its prefixes stand for."""
    found = {}
    data = packet.get("metaData")
    resources = data.get("resources") if isinstance(data, dict) else None
    for one in resources if isinstance(resources, list) else ():
        if isinstance(one, dict):
            prefix, address = one.get("namespacePrefix"), one.get("iriPrefix") or one.get("url")
            if isinstance(prefix, str) and isinstance(address, str) and " " not in address:
                found[prefix] = clean(address)
    return found


def concept(term: Any, known: dict[str, str]) -> dict[str, Any]:
    """A CodeableConcept of {"id": "HP:…", "label": "…"}; ValueError if it has neither."""
    if not isinstance(term, dict):
        raise ValueError("a term is no object")
    own, label = term.get("id"), term.get("label")
    display = clean(label) if isinstance(label, str) else ""
    if not isinstance(own, str) or not own.strip():
        if not display:
            raise ValueError("a term has neither an id nor a label")
        return {"text": display}
    found = _CURIE.match(own.strip())
    if found is None:
        return {"text": display or clean(own)}
    prefix, local = found.groups()
    system, whole = _SYSTEMS.get(prefix.upper(), ("", True))
    system = system or known.get(prefix) or urn("curie", prefix)
    code = clean(own) if whole else local
    coding = {"system": system, "code": code, "display": display}
    return {"coding": [coding], "text": display}


def times(name: str, element: Any) -> dict[str, Any]:
    """The choice `name`[x] of a TimeElement: a date, a period, an age, or what it says in words."""
    if not isinstance(element, dict):
        return {}
    if isinstance(element.get("timestamp"), str):
        return {f"{name}DateTime": element["timestamp"]}
    interval = element.get("interval")
    if isinstance(interval, dict):
        return {f"{name}Period": {key: interval.get(key) for key in ("start", "end")}}
    # The first version of phenopackets has the age itself where the second has an element.
    age = element.get("age", element)
    if isinstance(age, dict):
        age = age.get("iso8601duration") or age.get("age")
    duration = age
    if isinstance(duration, str):
        return _age(name, duration)
    span = element.get("ageRange")
    if isinstance(span, dict):
        said = [_duration(span.get(key)) for key in ("start", "end")]
        return {f"{name}String": " – ".join(one for one in said if one)}
    term = element.get("ontologyClass") or element
    if isinstance(term, dict) and isinstance(term.get("label") or term.get("id"), str):
        words = [clean(str(term[key])) for key in ("label", "id") if term.get(key)]
        return {f"{name}String": words[0] + (f" ({words[1]})" if len(words) > 1 else "")}
    return {}


def _age(name: str, duration: str) -> dict[str, Any]:
    found = _AGE.match(duration)
    if found is None:
        return {f"{name}String": clean(duration)}
    value = {
        "value": number(str(int(found[1]))),
        "system": _UCUM,
        "code": _UNITS[found[2]],
        "unit": _UNITS[found[2]],
    }
    return {f"{name}Age": value}


def _duration(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("iso8601duration") or value.get("age")
    return clean(value) if isinstance(value, str) else ""
