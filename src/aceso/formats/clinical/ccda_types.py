"""The data types of CDA as FHIR R4 has them: II, CD, PQ, TS, IVL, PN, AD, TEL.

A value that is absent keeps why (nullFlavor) as `dataAbsentReason`. Original text that only points
into the narrative is looked up there.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from .._classify import load
from ._resource import clean, moment, quantity
from .ccda_node import Node

__all__ = [
    "absent",
    "address",
    "concept",
    "human_name",
    "identifiers",
    "name_of",
    "period",
    "physical",
    "tables",
    "telecom",
    "time_of",
    "value",
]

_UCUM = "http://unitsofmeasure.org"
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+\Z")
_NAME_USE = {"L": "official", "C": "usual", "P": "nickname", "ABC": "", "IDE": "", "SYL": ""}
_PLACE_USE = {
    "H": "home",
    "HP": "home",
    "HV": "home",
    "WP": "work",
    "DIR": "work",
    "PUB": "work",
    "TMP": "temp",
    "BAD": "old",
    "MC": "mobile",
}
# http://hl7.org/fhir/R4/cm-v3 data-absent-reason, and its definitions.
_ABSENT = {
    "UNK": "unknown",
    "NI": "unknown",
    "ASKU": "asked-unknown",
    "NAV": "temp-unknown",
    "NASK": "not-asked",
    "NA": "not-applicable",
    "MSK": "masked",
    "OTH": "unsupported",
    "NINF": "negative-infinity",
    "PINF": "positive-infinity",
}


@cache
def tables() -> dict[str, Any]:
    return load("cda.toml")


def system(oid: str, shown: str = "") -> str:
    """The URI of a code system by its OID; by its name only for KCD, which has many OIDs."""
    known = tables()["systems"].get(oid)
    if known:
        return str(known)
    if "KCD" in shown.upper():
        return "http://www.hl7korea.or.kr/CodeSystem/kostat-kcd-8"
    if _OID.match(oid):
        return f"urn:oid:{oid}"
    return f"urn:uuid:{oid.lower()}" if _UUID.match(oid) else ""


def concept(node: Node, words: dict[str, str] | None = None) -> dict[str, Any]:
    """CD, CE, CO or CV as a CodeableConcept, with its translations."""
    codings = []
    for one in (node, *node.all("translation")):
        code = " ".join(one.get("code").split())
        if code:
            uri = system(one.get("codeSystem"), one.get("codeSystemName"))
            codings.append({"system": uri, "code": code, "display": clean(one.get("displayName"))})
    text = original(node, words)
    if not text:
        text = clean(node.get("displayName"))
    return {"coding": codings, "text": text}


def original(node: Node, words: dict[str, str] | None) -> str:
    """The original text, looked up in the narrative where it points there."""
    found = node.first("originalText")
    reference = found.first("reference").get("value")
    if reference.startswith("#") and words:
        told = words.get(reference[1:], "")
        if told:
            return clean(told)
    return clean(found.text)


def identifiers(node: Node, name: str = "id") -> list[dict[str, Any]]:
    """II as Identifiers."""
    found = []
    for one in node.all(name):
        root, extension = one.get("root"), clean(one.get("extension"))
        if not root or one.null:
            continue
        where = tables()["identifiers"].get(root) or _uri(root)
        if extension:
            found.append({"system": where, "value": extension})
        elif where:
            found.append({"system": "urn:ietf:rfc:3986", "value": where})
    return found


def _uri(root: str) -> str:
    if _OID.match(root):
        return f"urn:oid:{root}"
    return f"urn:uuid:{root.lower()}" if _UUID.match(root) else ""


def physical(node: Node) -> dict[str, Any] | None:
    """PQ as a Quantity with its own digits."""
    unit = node.get("unit")
    code = {"unit": unit, "system": _UCUM, "code": unit} if unit and " " not in unit else {}
    if unit and not code:
        code = {"unit": clean(unit)}
    return quantity(node.get("value"), **code)


def absent(node: Node) -> dict[str, Any]:
    code = _ABSENT.get(node.null, "unknown")
    uri = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
    return {"coding": [{"system": uri, "code": code}]}


def time_of(element: str, node: Node) -> dict[str, Any]:
    """TS, or the start of IVL_TS, as one dateTime. ValueError if it is no time."""
    text = node.get("value") or node.first("low").get("value") or node.first("center").get("value")
    return moment(element, text) if text else {}


def period(node: Node) -> dict[str, Any]:
    """IVL_TS as a Period; a single time is its start."""
    made: dict[str, Any] = {}
    for side, name in (("start", "low"), ("end", "high")):
        text = node.first(name).get("value")
        if text:
            made |= moment(side, text)
    return made


def value(node: Node, words: dict[str, str] | None) -> dict[str, Any]:
    """The `value[x]` of an observation; ValueError where it is no such value."""
    kind = node.type
    if node.null and not node.get("code") and not node.first("translation"):
        text = original(node, words)
        if text:
            return {"valueCodeableConcept": {"text": text}}
        return {"dataAbsentReason": absent(node)}
    if kind in ("CD", "CE", "CO", "CV", "CS") or (not kind and node.get("code")):
        return {"valueCodeableConcept": concept(node, words)}
    if kind in ("PQ", "REAL", "MO") or (not kind and node.get("unit")):
        amount = physical(node)
        if amount is None:
            raise ValueError("no number")
        return {"valueQuantity": amount}
    if kind == "INT":
        amount = quantity(node.get("value"))
        if amount is None:
            raise ValueError("no number")
        return {"valueQuantity": amount}
    if kind == "IVL_PQ":
        return _range(node)
    if kind == "RTO" or kind.startswith("RTO_"):
        ratio = {
            "numerator": physical(node.first("numerator")),
            "denominator": physical(node.first("denominator")),
        }
        return {"valueRatio": ratio}
    if kind == "TS":
        return time_of("valueDateTime", node)
    if kind == "IVL_TS":
        return {"valuePeriod": period(node)}
    if kind == "BL":
        return {"valueBoolean": node.get("value") == "true"} if node.get("value") else {}
    text = clean(node.text) or clean(node.get("value"))
    if not text and words:
        text = clean(words.get(node.first("reference").get("value")[1:], ""))
    return {"valueString": text}


def _range(node: Node) -> dict[str, Any]:
    low, high = physical(node.first("low")), physical(node.first("high"))
    if low is not None and high is not None:
        return {"valueRange": {"low": low, "high": high}}
    one = low if low is not None else high
    if one is None:
        raise ValueError("no number")
    side = node.first("low" if low is not None else "high")
    sign = ">" if low is not None else "<"
    one["comparator"] = sign if side.get("inclusive") == "false" else f"{sign}="
    return {"valueQuantity": one}


def human_name(node: Node) -> dict[str, Any]:
    """PN as a HumanName."""

    def parts(name: str) -> list[str]:
        return [clean(one.text) for one in node.all(name) if one.text]

    use = next((_NAME_USE[one] for one in node.get("use").split() if _NAME_USE.get(one)), "")
    family = " ".join(parts("family"))
    given = parts("given")
    return {
        "use": use,
        "text": "" if family or given else clean(node.text),
        "family": family,
        "given": given,
        "prefix": parts("prefix"),
        "suffix": parts("suffix"),
    }


def name_of(node: Node) -> str:
    """The words that show a person or an organisation."""
    for path in (("assignedPerson", "name"), ("playingEntity", "name"), ("name",)):
        found = node.first(*path)
        if found:
            name = human_name(found)
            parts = [*name["prefix"], *name["given"], name["family"], *name["suffix"]]
            words = name["text"] or " ".join(one for one in parts if one)
            if words:
                return words
    organisation = node.first("representedOrganization", "name").text
    return clean(organisation)


def address(node: Node) -> dict[str, Any]:
    """AD as an Address."""

    def one(name: str) -> str:
        return clean(node.first(name).text)

    use = next((_PLACE_USE[word] for word in node.get("use").split() if word in _PLACE_USE), "")
    return {
        "use": "" if use == "mobile" else use,
        "line": [clean(line.text) for line in node.all("streetAddressLine")],
        "text": clean(node.text),
        "city": one("city"),
        "district": one("county"),
        "state": one("state"),
        "postalCode": one("postalCode"),
        "country": one("country"),
    }


def telecom(node: Node) -> dict[str, Any]:
    """TEL as a ContactPoint."""
    scheme, colon, rest = node.get("value").partition(":")
    known = {"tel": "phone", "mailto": "email", "fax": "fax", "http": "url", "https": "url"}
    kind = known.get(scheme.lower(), "") if colon else "phone"
    use = next((_PLACE_USE[word] for word in node.get("use").split() if word in _PLACE_USE), "")
    whole = node.get("value")
    said = whole if kind == "url" or not kind else rest if colon else whole
    return {"system": kind or "other", "value": clean(said), "use": use}
