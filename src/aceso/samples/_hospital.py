"""Four years at one invented hospital, as a FHIR R4 Bundle in the shapes of KR Core."""

from __future__ import annotations

import base64
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from aceso.formats.canonical import canonical_bytes, number

__all__ = ["write_history"]

_PROFILE = "http://www.hl7korea.or.kr/fhir/krcore/StructureDefinition/krcore-"
_KCD = "http://www.hl7korea.or.kr/CodeSystem/kostat-kcd-8"
_LOINC = "http://loinc.org"
_UCUM = "http://unitsofmeasure.org"
_CVX = "http://hl7.org/fhir/sid/cvx"
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_ACT = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_FAMILY = ("가상", "모의", "예제")  # None of these is a family name in Korea.
_GIVEN = ("하늘", "바다", "누리", "가온", "다온")
_FIRST_DAY = date(2022, 3, 8)
_VISITS = 16

# LOINC code, Korean name, unit, first value, change per visit, spread, digits.
_LABS = (
    ("4548-4", "당화혈색소", "%", 7.9, -0.09, 0.15, 1),
    ("1558-6", "공복 혈당", "mg/dL", 158.0, -2.4, 8.0, 0),
    ("2093-3", "총 콜레스테롤", "mg/dL", 231.0, -3.0, 9.0, 0),
    ("13457-7", "LDL 콜레스테롤", "mg/dL", 148.0, -3.4, 7.0, 0),
    ("2085-9", "HDL 콜레스테롤", "mg/dL", 44.0, 0.5, 2.0, 0),
    ("2571-8", "중성지방", "mg/dL", 188.0, -3.0, 14.0, 0),
    ("2160-0", "크레아티닌", "mg/dL", 0.92, 0.0, 0.04, 2),
)
_VITALS = (
    ("8480-6", "수축기 혈압", "mm[Hg]", 142.0, -0.9, 4.0, 0),
    ("8462-4", "이완기 혈압", "mm[Hg]", 90.0, -0.5, 3.0, 0),
    ("8867-4", "심박수", "/min", 78.0, -0.3, 4.0, 0),
    ("29463-7", "체중", "kg", 81.0, -0.35, 0.5, 1),
    ("8302-2", "신장", "cm", 171.0, 0.0, 0.0, 1),
)


def write_history(path: Path, rng: random.Random) -> None:
    """Write the Bundle to `path`."""
    resources = _history(rng)
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "meta": _meta(None),
        "entry": [
            {
                "fullUrl": f"https://hangang.example/fhir/{r['resourceType']}/{r['id']}",
                "resource": r,
            }
            for r in resources
        ],
    }
    path.write_bytes(canonical_bytes(bundle) + b"\n")


def _history(rng: random.Random) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = [_patient(rng), _organization(), _practitioner()]
    for index in range(_VISITS):
        day = _FIRST_DAY + timedelta(days=91 * index + rng.randrange(-6, 7))
        made += _visit(rng, index, day)
    made += _psychiatry(date(2023, 11, 14))
    made += _checkup(date(2024, 5, 21))
    made += [
        _immunization(n, day, code, name)
        for n, (day, code, name) in enumerate(
            (
                (date(2022, 10, 11), "140", "인플루엔자 백신"),
                (date(2023, 10, 17), "140", "인플루엔자 백신"),
                (date(2024, 10, 15), "140", "인플루엔자 백신"),
                (date(2024, 10, 15), "133", "폐렴구균 13가 백신"),
            )
        )
    ]
    made.append(_allergy())
    return made


def _visit(rng: random.Random, index: int, day: date) -> list[dict[str, Any]]:
    visit = f"visit-{index:02d}"
    made = [_encounter(visit, day, "내과 외래")]
    for number_, row in enumerate(_LABS):
        made.append(
            _observation(rng, f"{visit}-lab-{number_}", visit, day, "laboratory", index, row)
        )
    for number_, row in enumerate(_VITALS):
        made.append(
            _observation(rng, f"{visit}-vital-{number_}", visit, day, "vital-signs", index, row)
        )
    if index == 0:
        made.append(
            _condition("diabetes", visit, day, "E11.9", "합병증을 동반하지 않은 2형 당뇨병")
        )
        made.append(_condition("pressure", visit, day, "I10", "본태성(원발성) 고혈압"))
        made.append(_condition("lipids", visit, day, "E78.5", "상세불명의 고지질혈증"))
    if index % 2 == 0:
        made.append(_medication(f"{visit}-drug-0", visit, day, "메트포르민 500mg", "1일 2회"))
        made.append(_medication(f"{visit}-drug-1", visit, day, "암로디핀 5mg", "1일 1회"))
    if index >= 4 and index % 2 == 0:
        made.append(_medication(f"{visit}-drug-2", visit, day, "아토르바스타틴 10mg", "1일 1회"))
    if index % 4 == 0:
        text = "혈당과 혈압을 점검함. 식사와 운동을 권고하고 3개월 뒤 다시 보기로 함."
        made.append(_note(f"{visit}-note", visit, day, "외래 경과 기록", text))
    return made


def _psychiatry(day: date) -> list[dict[str, Any]]:
    visit = "visit-mind"
    encounter = _encounter(visit, day, "정신건강의학과 외래")
    score = _with_number(
        "mind-phq9", visit, day, "survey", "44261-6", "PHQ-9 총점", "11", "{score}"
    )
    condition = _condition("mind", visit, day, "F32.0", "경도 우울에피소드")
    note = _note("mind-note", visit, day, "정신건강의학과 기록", "수면과 우울감을 상담함.")
    return [encounter, score, condition, note]


def _checkup(day: date) -> list[dict[str, Any]]:
    visit = "visit-checkup"
    test = _resource(
        "Observation",
        "checkup-hiv",
        visit,
        {
            "status": "final",
            "category": [_coding(_CATEGORY, "laboratory")],
            "code": _coding(_LOINC, "75622-1", "HIV 1과 2 항체·항원 선별검사"),
            "effectiveDateTime": _noon(day),
            "issued": _noon(day + timedelta(days=1)),
            "performer": [{"reference": "Organization/hangang"}],
            "valueCodeableConcept": {
                "coding": [
                    {"system": "http://snomed.info/sct", "code": "260385009", "display": "Negative"}
                ],
                "text": "음성",
            },
        },
    )
    return [_encounter(visit, day, "건강검진센터"), test]


def _patient(rng: random.Random) -> dict[str, Any]:
    family, given = rng.choice(_FAMILY), rng.choice(_GIVEN)
    born = date(1974, 1, 1) + timedelta(days=rng.randrange(365 * 8))
    return {
        "resourceType": "Patient",
        "id": "sample-person",
        "meta": _meta("patient"),
        "identifier": [
            {
                "type": _coding("http://terminology.hl7.org/CodeSystem/v2-0203", "MR"),
                "system": "https://hangang.example/mrn",
                "value": f"SAMPLE-{rng.randrange(10**6):06d}",
            }
        ],
        "name": [{"use": "official", "text": family + given, "family": family, "given": [given]}],
        "telecom": [{"system": "phone", "value": "010-0000-0000"}],
        "gender": rng.choice(("female", "male")),
        "birthDate": born.isoformat(),
        "address": [{"text": "서울특별시 없는구 가상로 0", "city": "서울특별시", "country": "KR"}],
        "managingOrganization": {"reference": "Organization/hangang"},
    }


def _organization() -> dict[str, Any]:
    name = "한강가상병원 (있지 않은 병원, 시험 자료)"
    return {
        "resourceType": "Organization",
        "id": "hangang",
        "meta": _meta("organization"),
        "name": name,
    }


def _practitioner() -> dict[str, Any]:
    return {
        "resourceType": "Practitioner",
        "id": "doctor",
        "meta": _meta("practitioner"),
        "name": [{"text": "모의사"}],
    }


def _encounter(visit: str, day: date, name: str) -> dict[str, Any]:
    made = _resource(
        "Encounter",
        visit,
        None,
        {
            "status": "finished",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
            "type": [{"text": name}],
            "period": {"start": _noon(day), "end": _noon(day, minute=20)},
            "serviceProvider": {"reference": "Organization/hangang"},
            "participant": [{"individual": {"reference": "Practitioner/doctor"}}],
        },
    )
    return made


def _condition(name: str, visit: str, day: date, code: str, text: str) -> dict[str, Any]:
    clinical = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    made = _resource(
        "Condition",
        f"condition-{name}",
        visit,
        {
            "clinicalStatus": _coding(clinical, "active"),
            "code": {"coding": [{"system": _KCD, "code": code, "display": text}], "text": text},
            "onsetDateTime": day.isoformat(),
            "recordedDate": day.isoformat(),
            "asserter": {"reference": "Practitioner/doctor"},
        },
    )
    return made


def _observation(
    rng: random.Random,
    own_id: str,
    visit: str,
    day: date,
    category: str,
    index: int,
    row: tuple[str, str, str, float, float, float, int],
) -> dict[str, Any]:
    code, name, unit, first, change, spread, digits = row
    value = f"{first + change * index + rng.uniform(-spread, spread):.{digits}f}"
    return _with_number(own_id, visit, day, category, code, name, value, unit)


def _with_number(
    own_id: str, visit: str, day: date, category: str, code: str, name: str, value: str, unit: str
) -> dict[str, Any]:
    return _resource(
        "Observation",
        own_id,
        visit,
        {
            "status": "final",
            "category": [_coding(_CATEGORY, category)],
            "code": _coding(_LOINC, code, name),
            "effectiveDateTime": _noon(day),
            "performer": [{"reference": "Organization/hangang"}],
            "valueQuantity": {"value": number(value), "unit": unit, "system": _UCUM, "code": unit},
        },
    )


def _medication(own_id: str, visit: str, day: date, name: str, dose: str) -> dict[str, Any]:
    return _resource(
        "MedicationRequest",
        own_id,
        visit,
        {
            "status": "completed",
            "intent": "order",
            "medicationCodeableConcept": {"text": name},
            "authoredOn": day.isoformat(),
            "requester": {"reference": "Practitioner/doctor"},
            "dosageInstruction": [{"text": dose}],
        },
    )


def _immunization(index: int, day: date, code: str, name: str) -> dict[str, Any]:
    return {
        "resourceType": "Immunization",
        "id": f"immunization-{index}",
        "meta": _meta("immunization"),
        "status": "completed",
        "vaccineCode": _coding(_CVX, code, name),
        "patient": {"reference": "Patient/sample-person"},
        "occurrenceDateTime": day.isoformat(),
        "performer": [{"actor": {"reference": "Organization/hangang"}}],
    }


def _allergy() -> dict[str, Any]:
    clinical = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
    return {
        "resourceType": "AllergyIntolerance",
        "id": "allergy-penicillin",
        "meta": _meta("allergyintolerance"),
        "clinicalStatus": _coding(clinical, "active"),
        "code": _coding("http://snomed.info/sct", "91936005", "페니실린 알레르기"),
        "patient": {"reference": "Patient/sample-person"},
        "recordedDate": _FIRST_DAY.isoformat(),
    }


def _note(own_id: str, visit: str, day: date, title: str, text: str) -> dict[str, Any]:
    data = base64.b64encode(text.encode()).decode()
    attachment = {"contentType": "text/plain; charset=utf-8", "title": title, "data": data}
    made = _resource(
        "DocumentReference",
        own_id,
        None,
        {
            "status": "current",
            "type": _coding(_LOINC, "11506-3", "경과 기록"),
            "date": f"{_noon(day)}",
            "custodian": {"reference": "Organization/hangang"},
            "content": [{"attachment": attachment}],
            "context": {"encounter": [{"reference": f"Encounter/{visit}"}]},
        },
    )
    return made


def _resource(kind: str, own_id: str, visit: str | None, values: dict[str, Any]) -> dict[str, Any]:
    made = {"resourceType": kind, "id": own_id, "meta": _meta(kind.lower())}
    made["subject"] = {"reference": "Patient/sample-person"}
    if visit is not None:
        made["encounter"] = {"reference": f"Encounter/{visit}"}
    return made | values


def _meta(profile: str | None) -> dict[str, Any]:
    tag = {"system": _ACT, "code": "HTEST", "display": "test health data: nobody in it exists"}
    meta: dict[str, Any] = {"tag": [tag]}
    if profile is not None:
        meta["profile"] = [_PROFILE + profile]
    return meta


def _coding(system: str, code: str, display: str | None = None) -> dict[str, Any]:
    coding = {"system": system, "code": code}
    return (
        {"coding": [coding | {"display": display}], "text": display}
        if display
        else {"coding": [coding]}
    )


def _noon(day: date, *, minute: int = 0) -> str:
    return f"{day.isoformat()}T10:{minute:02d}:00+09:00"
