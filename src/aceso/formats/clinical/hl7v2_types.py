"""The data types of HL7 v2 as FHIR R4 has them, by the published maps of v2-to-FHIR.

Source: HL7 v2-to-FHIR (https://github.com/HL7/v2-to-fhir, ConceptMaps of its data types and
tables). A code that a table doesn't map is not guessed: it stands as a coding of its own v2 table.
A coding system that only the sender knows is `urn:hl7v2:table:NAME`.
"""

from __future__ import annotations

import re
from typing import Any

from ._resource import clean, urn
from .hl7v2_text import Message, look

__all__ = [
    "GENDER",
    "address",
    "coded",
    "concept",
    "contact",
    "identifier",
    "name",
    "person",
    "table",
    "unit",
]

GENDER = {"F": "female", "M": "male", "O": "other", "U": "unknown", "A": "other", "N": "other"}
_NAME_USE = {
    "BAD": "old",
    "D": "usual",
    "L": "official",
    "R": "official",
    "M": "maiden",
    "MSK": "anonymous",
    "N": "nickname",
    "NAV": "temp",
    "TEMP": "temp",
}
_ADDRESS_USE = {
    "BA": "old",
    "BI": "billing",
    "C": "temp",
    "B": "work",
    "H": "home",
    "O": "work",
}
_CONTACT_USE = {"PRN": "home", "ORN": "home", "VHN": "home", "WPN": "work", "PRS": "mobile"}
_CONTACT_SYSTEM = {
    "PH": "phone",
    "CP": "phone",
    "FX": "fax",
    "BP": "pager",
    "INTERNET": "email",
    "X.400": "email",
    "MD": "other",
    "SAT": "other",
    "TDD": "other",
    "TTY": "other",
}
# HL7 v2 table 0396, and the URIs that FHIR R4 names for them (http://hl7.org/fhir/R4/
# terminologies-systems.html). KCD is the name of KR Core.
_SYSTEMS = {
    "LN": "http://loinc.org",
    "LOINC": "http://loinc.org",
    "SCT": "http://snomed.info/sct",
    "SNM": "http://snomed.info/sct",
    "SNOMED-CT": "http://snomed.info/sct",
    "I10": "http://hl7.org/fhir/sid/icd-10",
    "I10C": "http://hl7.org/fhir/sid/icd-10-cm",
    "I10P": "http://www.cms.gov/Medicare/Coding/ICD10",
    "ICD-10": "http://hl7.org/fhir/sid/icd-10",
    "ICD-10-CM": "http://hl7.org/fhir/sid/icd-10-cm",
    "I9": "http://hl7.org/fhir/sid/icd-9-cm",
    "I9C": "http://hl7.org/fhir/sid/icd-9-cm",
    "I9CDX": "http://hl7.org/fhir/sid/icd-9-cm",
    "KCD8": "http://www.hl7korea.or.kr/CodeSystem/kostat-kcd-8",
    "KCD-8": "http://www.hl7korea.or.kr/CodeSystem/kostat-kcd-8",
    "RXNORM": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "CVX": "http://hl7.org/fhir/sid/cvx",
    "MVX": "http://hl7.org/fhir/sid/mvx",
    "NDC": "http://hl7.org/fhir/sid/ndc",
    "C4": "http://www.ama-assn.org/go/cpt",
    "CPT4": "http://www.ama-assn.org/go/cpt",
    "CPT": "http://www.ama-assn.org/go/cpt",
    "UCUM": "http://unitsofmeasure.org",
    "ISO+": "urn:hl7v2:table:ISO%2B",
    "WC": "http://www.whocc.no/atc",
    "ATC": "http://www.whocc.no/atc",
    "CDCREC": "urn:oid:2.16.840.1.113883.6.238",
}
_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+\Z")
_TABLE = re.compile(r"(?:HL7|HL7-?)?0*([0-9]{1,4})\Z")


def system(code_system: str) -> str:
    """The URI of a coding system of table 0396."""
    plain = code_system.strip().upper()
    if not plain:
        return ""
    if plain in _SYSTEMS:
        return _SYSTEMS[plain]
    if plain.startswith("HL7") and (found := _TABLE.match(plain)):
        return f"http://terminology.hl7.org/CodeSystem/v2-{int(found[1]):04}"
    if _OID.match(plain):
        return f"urn:oid:{plain}"
    return urn("hl7v2:table", plain)


def table(number: int, code: str) -> dict[str, Any]:
    """A concept of an HL7 table by its code."""
    uri = f"http://terminology.hl7.org/CodeSystem/v2-{number:04}"
    return {"coding": [{"system": uri, "code": clean(code)}]} if code else {}


def coded(codes: dict[str, str], code: str) -> str:
    """What the published map makes of a code; empty where it maps to nothing."""
    return codes.get(code.strip().upper(), "")


def concept(message: Message, text: str, default_system: str = "") -> dict[str, Any]:
    """CE, CWE, CNE, IS or ID as a CodeableConcept: both codes, and the text."""
    parts = [clean(one) for one in message.parts(text, 1, 2, 3, 4, 5, 6, 9)] + [""] * 9
    codings = []
    for code, display, where in (parts[0:3], parts[3:6]):
        if code and not _is_words(code):
            uri = system(where) or default_system
            codings.append({"system": uri, "code": _code(code), "display": display})
    words = parts[8] or parts[1] or parts[4]
    if not words and parts[0] and (not codings or _is_words(parts[0])):
        words = parts[0]
    return {"coding": codings, "text": words}


def _is_words(code: str) -> bool:
    """Whether what stands for a code is a sentence, as some senders write it."""
    return "\n" in code or len(code.split()) > 3


def _code(code: str) -> str:
    return " ".join(code.split())


def unit(message: Message, text: str) -> dict[str, str]:
    """The unit of a Quantity: UCUM where the sender says so."""
    parts = [clean(one) for one in message.parts(text, 1, 2, 3, 4, 5, 6)] + [""] * 6
    for code, shown, where in (parts[0:3], parts[3:6]):
        if where.upper() == "UCUM" and code:
            uri = "http://unitsofmeasure.org"
            return {"unit": shown or code, "system": uri, "code": "".join(code.split())}
    return {"unit": parts[0] or parts[1]} if parts[0] or parts[1] else {}


def authority(message: Message, text: str, facility: str) -> str:
    """The system of an identifier by its assigning authority (HD), or by who sent it."""
    parts = [message.unescaped(one).strip() for one in text.split(message.sub)] + ["", ""]
    if parts[1] and parts[2].upper() == "ISO" and _OID.match(parts[1]):
        return f"urn:oid:{parts[1]}"
    if parts[1] and parts[2].upper() in ("UUID", "GUID"):
        return f"urn:uuid:{parts[1].lower()}"
    if parts[0] or parts[1]:
        return urn("hl7v2:authority", parts[0] or parts[1])
    return urn("hl7v2:facility", facility) if facility else ""


def identifier(message: Message, text: str, facility: str, kind: str = "") -> dict[str, Any]:
    """CX as an Identifier."""
    parts = text.split(message.component)
    value = clean(message.part(text, 1))
    if not value:
        return {}
    where = parts[3] if len(parts) > 3 else ""
    look(text, 4)
    kind = clean(message.part(text, 5)) or kind
    return {
        "system": authority(message, where, facility),
        "type": table(203, kind),
        "value": value,
    }


def entity(message: Message, text: str, facility: str, kind: str) -> dict[str, Any]:
    """EI as an Identifier."""
    value = clean(message.part(text, 1))
    parts = text.split(message.component)
    if not value:
        return {}
    where = message.sub.join(parts[1:4])
    look(text, 2, 3, 4)
    return {
        "system": authority(message, where, facility),
        "type": table(203, kind),
        "value": value,
    }


def name(message: Message, text: str) -> dict[str, Any]:
    """XPN as a HumanName. The order of family and given is that of the components."""
    given = [message.part(text, 2), *message.part(text, 3).split()]
    return {
        "use": _NAME_USE.get(message.part(text, 7).upper(), ""),
        "family": clean(message.part(text, 1)),
        "given": [clean(one) for one in given if one],
        "suffix": [clean(message.part(text, 4)), clean(message.part(text, 6))],
        "prefix": [clean(message.part(text, 5))],
    }


def person(message: Message, text: str) -> str:
    """XCN, XPN or CN as the words that show somebody."""
    parts = [clean(one) for one in message.parts(text, 2, 3, 4, 5, 6)] + [""] * 6
    number, family, given, middle, suffix, prefix = parts[:6]
    words = " ".join(one for one in (prefix, given, middle, family, suffix) if one)
    if not words:
        look(text, 1)
    return words or number


def address(message: Message, text: str) -> dict[str, Any]:
    """XAD as an Address."""
    return {
        "use": _ADDRESS_USE.get(message.part(text, 7).upper(), ""),
        "line": [clean(one) for one in message.parts(text, 1, 2)[:2]],
        "city": clean(message.part(text, 3)),
        "state": clean(message.part(text, 4)),
        "postalCode": clean(message.part(text, 5)),
        "country": clean(message.part(text, 6)),
        "district": clean(message.part(text, 9)),
    }


def contact(message: Message, text: str, use: str) -> dict[str, Any]:
    """XTN as a ContactPoint."""
    kind = message.part(text, 3).upper()
    email = message.part(text, 4)
    number = message.part(text, 1) or message.part(text, 12)
    if not number and not email:
        digits = [message.part(text, one) for one in (5, 6, 7)]
        number = " ".join(one for one in digits if one)
    told = message.part(text, 2).upper()
    return {
        "system": "email" if email and not number else _CONTACT_SYSTEM.get(kind, "phone"),
        "value": clean(number or email),
        "use": "mobile" if kind == "CP" else _CONTACT_USE.get(told, use),
    }
