"""GA4GH phenopackets, version 1 and 2, in JSON or YAML: a person, what they have, what explains it.

| in the packet | in FHIR R4 |
|---|---|
| subject | Patient |
| phenotypicFeatures, diseases | Condition; what is excluded is `refuted` |
| measurements | Observation |
| interpretations, variants | Observation, "Genetic variant assessment" |
| medicalActions | Procedure, MedicationStatement |

Families and cohorts are read packet by packet, and are about several people. What has no place here
(biosamples, files, pedigrees) is kept in the source, with an outcome.

Limits: an age of onset that is no whole number of years, months, weeks or days, and a span of ages,
are words in FHIR. Modifiers and evidence of a feature stay in the source.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .._head import Head
from .._model import Format, Item
from .._reader import Reader, Source
from ..canonical import JsonError, canonical_bytes, parse, plain
from ..clinical._resource import clean, digest_id, kept, made, quantity, skipped, urn
from ..clinical.fhir import refused
from ._ontology import concept, prefixes, times
from ._yaml import parse_yaml

__all__ = ["FORMAT", "READERS"]

FORMAT = Format("phenopacket", "application/json", "GA4GH phenopacket", "GA4GH 표현형 묶음")

_MAX_BYTES = 64 << 20
_KEYS = frozenset(
    ("phenotypicFeatures", "phenotypic_features", "interpretations", "medicalActions",
     "medical_actions", "metaData", "meta_data")
)  # fmt: skip
_YAML = re.compile(rb"^(?:phenotypicFeatures|metaData):", re.MULTILINE)
_YAML_SUBJECT = re.compile(rb"^(?:subject|proband|members):", re.MULTILINE)
_LOINC = "http://loinc.org"
_SEX = {"MALE": "male", "FEMALE": "female", "OTHER_SEX": "other", "UNKNOWN_SEX": "unknown"}
_VERIFIED = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_LABORATORY = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
            "code": "laboratory",
        }
    ]
}
_FRAME = ("id", "metaData", "subject")
# The keys of packets, families and cohorts, of both versions.
_NAMED = frozenset(
    (
        *_FRAME,
        *("phenotypicFeatures", "measurements", "biosamples", "interpretations", "diseases"),
        *("medicalActions", "files", "genes", "variants", "htsFiles"),
        *("proband", "relatives", "pedigree", "consanguinousParents", "description", "members"),
    )
)
_EXPRESSIONS = {
    "hgvs.c": ("48004-6", "DNA change (c.HGVS)"),
    "hgvs.g": ("81290-9", "Genomic DNA change (gHGVS)"),
    "hgvs.p": ("48005-3", "Amino acid change (pHGVS)"),
}


def _is_phenopacket(head: Head) -> bool:
    if head.is_json_list or head.is_gzip or head.is_zip:
        return False
    keys = head.json_keys
    if keys:
        people = keys & {"subject", "proband", "members"}
        return bool(people and keys & _KEYS) and "resourceType" not in keys
    return _YAML.search(head.text) is not None and _YAML_SUBJECT.search(head.text) is not None


@dataclass(frozen=True, slots=True)
class _Packet:
    """One packet, and what its parts need to know of it."""

    path: Path
    place: str
    name: str = field(repr=False)
    person: str = field(repr=False)
    known: dict[str, str] = field(repr=False)
    maker: str = field(repr=False)
    created: str = field(repr=False)

    def resource(self, kind: str, part: Any, **elements: Any) -> dict[str, Any]:
        said = canonical_bytes(part).decode("utf-8")
        own = digest_id("phenopacket", self.name, kind, said)
        resource: dict[str, Any] = {"resourceType": kind, "id": own}
        if self.maker:
            resource["meta"] = {"source": urn("phenopacket", self.maker)}
        if self.person:
            resource["subject"] = {"reference": f"Patient/{self.person}"}
        return resource | elements

    def concept(self, term: Any) -> dict[str, Any]:
        return concept(term, self.known)


def _read(source: Source) -> Iterator[Item]:
    path = source.path
    with path.open("rb") as stream:
        data = stream.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        yield refused(path, "/", "it is larger than 64 MiB; split it", "too_large")
        return
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        value = parse(data) if source.head.text.startswith(b"{") else parse_yaml(data)
        canonical_bytes(value)
    except JsonError as exc:
        yield refused(path, "/", exc.reason, exc.code)
        return
    value = _camel(value)
    if not isinstance(value, dict):
        yield refused(path, "/", "a phenopacket is an object, and this is none", "bad_value")
        return
    if "proband" in value or "members" in value:
        yield from _several(path, value)
    else:
        yield from _packet(path, value, "", _metadata(value))


def _several(path: Path, value: dict[str, Any]) -> Iterator[Item]:
    """The packets of a family or a cohort."""
    around = _metadata(value)
    if "proband" in value:
        yield from _packet(path, value["proband"], "/proband", around)
    for name in ("relatives", "members"):
        packets = value.get(name)
        for index, packet in enumerate(packets if isinstance(packets, list) else ()):
            yield from _packet(path, packet, f"/{name}/{index}", around)
    for name in value:
        if name in ("pedigree", "files", "htsFiles"):
            yield kept(path, f"/{name}", "it has no place in a person's records")
        elif name not in ("proband", "relatives", "members"):
            yield _frame(path, f"/{_safe(name)}")


def _packet(path: Path, value: Any, place: str, around: dict[str, Any]) -> Iterator[Item]:
    if not isinstance(value, dict):
        yield refused(path, place or "/", "a packet is an object, and this is none", "bad_value")
        return
    own = _metadata(value) or around
    subject = value.get("subject")
    subject = subject if isinstance(subject, dict) else {}
    name = _text(subject.get("id"))
    packet = _Packet(
        path,
        place,
        _text(value.get("id")),
        digest_id("phenopacket", "subject", name) if name else "",
        prefixes({"metaData": own}),
        _text(own.get("createdBy")),
        _text(own.get("created")),
    )
    if subject:
        yield _patient(packet, subject, name)
    for key, part in value.items():
        here = f"{place}/{_safe(key)}"
        reader = _PARTS.get(key)
        if reader is None or not isinstance(part, list):
            if key not in _FRAME:
                yield kept(path, here, "it has no place in a person's records")
            elif key != "subject" or not subject:
                yield _frame(path, here)
            continue
        for index, one in enumerate(part):
            yield from _part(packet, reader, one, f"{here}/{index}")


def _part(
    packet: _Packet,
    reader: Callable[[_Packet, dict[str, Any]], Iterator[dict[str, Any]]],
    part: Any,
    place: str,
) -> Iterator[Item]:
    if not isinstance(part, dict):
        yield refused(packet.path, place, "it is no object, as it should be", "bad_value")
        return
    try:
        resources = list(reader(packet, part))
    except ValueError as exc:
        yield refused(packet.path, place, f"{exc}; it is kept in the source file", "bad_value")
        return
    if not resources:
        yield kept(packet.path, place, "it says nothing that has a place in FHIR R4")
    for resource in resources:
        yield made(packet.path, resource, place)


def _patient(packet: _Packet, subject: dict[str, Any], name: str) -> Item:
    born, status = _text(subject.get("dateOfBirth")), subject.get("vitalStatus")
    dead: dict[str, Any] = {}
    if isinstance(status, dict) and status.get("status") == "DECEASED":
        when = times("deceased", status.get("timeOfDeath"))
        dead = {key: when[key] for key in when if key == "deceasedDateTime"}
        dead = dead or {"deceasedBoolean": True}
    resource = {
        "resourceType": "Patient",
        "id": packet.person or digest_id("phenopacket", packet.name),
        "identifier": [{"system": "urn:phenopacket:subject", "value": clean(name)}],
        "gender": _SEX.get(_text(subject.get("sex"))),
        "birthDate": born.partition("T")[0],
        **dead,
    }
    return made(packet.path, resource, f"{packet.place}/subject")


def _feature(packet: _Packet, part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    # Version 1 says `negated` and `ageOfOnset` where version 2 has `excluded` and `onset`.
    onset = part.get("onset") or part.get("classOfOnset") or part.get("ageOfOnset")
    yield packet.resource(
        "Condition",
        part,
        code=packet.concept(part.get("type")),
        severity=packet.concept(part["severity"]) if part.get("severity") else None,
        recordedDate=packet.created,
        **_presence(part.get("excluded") is True or part.get("negated") is True),
        **times("onset", onset),
        **times("abatement", part.get("resolution")),
    )


def _disease(packet: _Packet, part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    onset = part.get("onset") or part.get("classOfOnset") or part.get("ageOfOnset")
    stages = [one for one in part.get("diseaseStage") or [] if isinstance(one, dict)]
    sites = [part[key] for key in ("primarySite", "laterality") if part.get(key)]
    yield packet.resource(
        "Condition",
        part,
        code=packet.concept(part.get("term")),
        stage=[{"summary": packet.concept(one)} for one in stages],
        bodySite=[packet.concept(one) for one in sites],
        recordedDate=packet.created,
        **_presence(part.get("excluded") is True),
        **times("onset", onset),
        **times("abatement", part.get("resolution")),
    )


def _presence(excluded: bool) -> dict[str, Any]:
    status = "refuted" if excluded else "confirmed"
    return {"verificationStatus": {"coding": [{"system": _VERIFIED, "code": status}]}}


def _measurement(packet: _Packet, part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    complex_value = part.get("complexValue")
    typed = complex_value.get("typedQuantities") if isinstance(complex_value, dict) else None
    components = []
    for one in typed if isinstance(typed, list) else ():
        if isinstance(one, dict):
            components.append(
                {"code": packet.concept(one.get("type")), **_quantity(packet, one.get("quantity"))}
            )
    value = part.get("value")
    when = times("effective", part.get("timeObserved"))
    yield packet.resource(
        "Observation",
        part,
        status="final",
        category=[_LABORATORY],
        code=packet.concept(part.get("assay")),
        component=components,
        issued=None,
        **_measured(packet, value),
        **{key: when[key] for key in when if key in ("effectiveDateTime", "effectivePeriod")},
    )


def _measured(packet: _Packet, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {}
    if "ontologyClass" in value:
        return {"valueCodeableConcept": packet.concept(value["ontologyClass"])}
    return _quantity(packet, value.get("quantity"))


def _quantity(packet: _Packet, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {}
    found = _amount(packet, value.get("value"), value.get("unit"))
    if found is None:
        raise ValueError("a quantity has no number")
    span = value.get("referenceRange")
    made_of: dict[str, Any] = {"valueQuantity": found}
    if isinstance(span, dict):
        unit = span.get("unit")
        low, high = (_amount(packet, span.get(key), unit) for key in ("low", "high"))
        made_of["referenceRange"] = [{"low": low, "high": high}]
    return made_of


def _amount(packet: _Packet, value: Any, unit: Any) -> dict[str, Any] | None:
    said = plain(value)
    # Of a number that is zero, protobuf writes nothing.
    text = "0" if said is None else str(said)
    more: dict[str, str] = {}
    if isinstance(unit, dict):
        term = packet.concept(unit)
        coding = term.get("coding", [{}])[0]
        more = {
            "unit": term.get("text", "") or coding.get("code", ""),
            "system": coding.get("system", ""),
            "code": coding.get("code", ""),
        }
    return quantity(text, **more)


def _interpretation(packet: _Packet, part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    diagnosis = part.get("diagnosis")
    if not isinstance(diagnosis, dict):
        return
    disease = diagnosis.get("disease")
    found = diagnosis.get("genomicInterpretations")
    for one in found if isinstance(found, list) else ():
        if not isinstance(one, dict):
            raise ValueError("a genomic interpretation is no object")
        variant = one.get("variantInterpretation")
        if isinstance(variant, dict):
            descriptor = variant.get("variationDescriptor")
            if isinstance(descriptor, dict):
                yield _variant(packet, one, descriptor, disease)
        elif isinstance(one.get("gene"), dict):
            yield _variant(packet, one, {"geneContext": one["gene"]}, disease)


def _variant(
    packet: _Packet, part: dict[str, Any], descriptor: dict[str, Any], disease: Any
) -> dict[str, Any]:
    components = []
    gene = descriptor.get("geneContext")
    if isinstance(gene, dict):
        own = gene.get("valueId") or gene.get("id")
        label = gene.get("symbol")
        components.append(_component("48018-6", "Gene studied [ID]", packet, own, label))
    expressions = descriptor.get("expressions")
    for one in expressions if isinstance(expressions, list) else ():
        code = _EXPRESSIONS.get(_text(one.get("syntax"))) if isinstance(one, dict) else None
        if code is not None:
            said = {"text": clean(_text(one.get("value")))}
            components.append({"code": _loinc(*code), "valueCodeableConcept": said})
    state = descriptor.get("allelicState")
    if isinstance(state, dict):
        components.append(
            _component("53034-5", "Allelic state", packet, state.get("id"), state.get("label"))
        )
    if isinstance(disease, dict):
        components.append(
            _component(
                "81259-4", "Associated phenotype", packet, disease.get("id"), disease.get("label")
            )
        )
    label = _text(descriptor.get("label")) or _text(descriptor.get("id"))
    return packet.resource(
        "Observation",
        {"interpretation": part, "disease": disease},
        status="final",
        code=_loinc("69548-6", "Genetic variant assessment"),
        valueString=clean(label),
        component=components,
    )


def _old_variant(packet: _Packet, part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A variant of version 1: one of several ways to write an allele, and its zygosity."""
    hgvs, vcf = part.get("hgvsAllele"), part.get("vcfAllele")
    said = ""
    if isinstance(hgvs, dict):
        said = _text(hgvs.get("hgvs"))
    elif isinstance(vcf, dict):
        keys = ("genomeAssembly", "chr", "pos", "ref", "alt")
        said = " ".join(str(plain(vcf[key])) for key in keys if key in vcf)
    if not said:
        return
    components = []
    zygosity = part.get("zygosity")
    if isinstance(zygosity, dict):
        own, label = zygosity.get("id"), zygosity.get("label")
        components.append(_component("53034-5", "Allelic state", packet, own, label))
    yield packet.resource(
        "Observation",
        part,
        status="final",
        code=_loinc("69548-6", "Genetic variant assessment"),
        valueString=clean(said),
        component=components,
    )


def _component(code: str, display: str, packet: _Packet, own: Any, label: Any) -> dict[str, Any]:
    value = packet.concept({"id": own, "label": label})
    return {"code": _loinc(code, display), "valueCodeableConcept": value}


def _loinc(code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": _LOINC, "code": code, "display": display}]}


def _action(packet: _Packet, part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    procedure, treatment = part.get("procedure"), part.get("treatment")
    if isinstance(procedure, dict):
        site = procedure.get("bodySite")
        yield packet.resource(
            "Procedure",
            part,
            status="completed",
            code=packet.concept(procedure.get("code")),
            bodySite=[packet.concept(site)] if site else None,
            **times("performed", procedure.get("performed")),
        )
    elif isinstance(treatment, dict):
        route = treatment.get("routeOfAdministration")
        yield packet.resource(
            "MedicationStatement",
            part,
            status="unknown",
            medicationCodeableConcept=packet.concept(treatment.get("agent")),
            effectivePeriod=_span(treatment),
            dosage=_doses(packet, treatment, route),
        )


def _span(treatment: dict[str, Any]) -> dict[str, str]:
    """From the first day of any dose to the last."""
    intervals = [one["interval"] for one in _intervals(treatment) if "interval" in one]
    starts = [one["start"] for one in intervals if isinstance(one, dict) and "start" in one]
    ends = [one["end"] for one in intervals if isinstance(one, dict) and "end" in one]
    return {"start": min(starts, default=""), "end": max(ends, default="")}


def _intervals(treatment: dict[str, Any]) -> list[dict[str, Any]]:
    found = treatment.get("doseIntervals")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _doses(packet: _Packet, treatment: dict[str, Any], route: Any) -> list[dict[str, Any]]:
    doses = []
    for one in _intervals(treatment):
        amount = one.get("quantity")
        dose: dict[str, Any] = {"route": packet.concept(route) if route else None}
        if isinstance(amount, dict):
            found = _amount(packet, amount.get("value"), amount.get("unit"))
            dose["doseAndRate"] = [{"doseQuantity": found}]
        often = one.get("scheduleFrequency")
        if isinstance(often, dict):
            dose["timing"] = {"code": packet.concept(often)}
        doses.append(dose)
    return doses


_PARTS: dict[str, Callable[[_Packet, dict[str, Any]], Iterator[dict[str, Any]]]] = {
    "phenotypicFeatures": _feature,
    "diseases": _disease,
    "measurements": _measurement,
    "interpretations": _interpretation,
    "variants": _old_variant,
    "medicalActions": _action,
}


def _frame(path: Path, place: str) -> Item:
    reason = "the frame of the packet; its parts have outcomes of their own"
    return skipped(path, place, reason, "bundle_frame")


def _metadata(value: Any) -> dict[str, Any]:
    found = value.get("metaData") if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) and not value.startswith("\x00") else ""


def _safe(key: str) -> str:
    """A key of the standard; any other could be a person's name."""
    return key if key in _NAMED else "…"


def _camel(value: Any) -> Any:
    """Keys as protobuf's JSON has them; some programs write those of its fields."""
    if isinstance(value, dict):
        return {re.sub(r"_([a-z])", lambda m: m[1].upper(), k): _camel(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_camel(one) for one in value]
    return value


READERS = (Reader(FORMAT, _is_phenopacket, _read),)
