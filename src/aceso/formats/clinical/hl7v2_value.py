"""The value of an OBX as FHIR R4 has it: `value[x]`, or an attachment.

values(message, obx)      # [{"valueQuantity": {"value": 5.40, "unit": "mmol/L"}}]
attachments(message, obx) # of ED: content type and base64, nothing of it is rendered
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from ..canonical import number
from ._resource import clean, clock, moment, quantity
from .hl7v2_text import Message, Segment, look
from .hl7v2_types import concept, unit

__all__ = ["attachments", "reference_range", "values"]

_TEXT = ("ST", "TX", "FT", "")
_CODED = ("CE", "CWE", "CNE", "CF", "IS", "ID")
_NUMBER = r"[+-]?\d*\.?\d+(?:[eE][+-]?\d+)?"
_COMPARED = re.compile(rf"\s*(<=|>=|<|>)\s*({_NUMBER})\s*\Z")
_RANGE = re.compile(rf"\s*({_NUMBER})\s*[-~–]\s*({_NUMBER})\s*\Z")
_SUBTYPES = {
    "PDF": "application/pdf",
    "JPEG": "image/jpeg",
    "JPG": "image/jpeg",
    "PNG": "image/png",
    "TIFF": "image/tiff",
    "TIF": "image/tiff",
    "GIF": "image/gif",
    "RTF": "application/rtf",
    "HTML": "text/html",
    "XML": "application/xml",
    "DICOM": "application/dicom",
    "PLAIN": "text/plain",
    "TEXT": "text/plain",
}
_MIME = re.compile(r"[a-z]+/[a-z0-9.+-]{1,80}\Z")


def values(message: Message, obx: Segment, zone: str) -> list[dict[str, Any]]:
    """The `value[x]` of an OBX, and of each of its repetitions; one of them is empty where it has
    none. ValueError where it is no such value. The repetitions of a text are its lines."""
    kind = obx.get(2).upper()
    repeats = obx.repeats(5)
    if not repeats:
        return [{}]
    if kind in _TEXT:
        return [{"valueString": clean(obx.text(5))}]
    return [_value(message, obx, kind, one, zone) for one in repeats]


def _value(message: Message, obx: Segment, kind: str, text: str, zone: str) -> dict[str, Any]:
    if kind == "NM":
        return _number(message, obx, clean(message.unescaped(text)))
    if kind == "SN":
        return _structured(message, obx, text)
    if kind in _CODED:
        return {"valueCodeableConcept": concept(message, text)}
    plain = clean(message.part(text, 1))
    if kind in ("DT", "TS", "DTM"):
        return moment("valueDateTime", plain, zone)
    if kind == "TM":
        return {"valueTime": clock(plain)}
    if kind == "DR":
        end = clean(message.part(text, 2))
        period = moment("start", plain, zone) if plain else {}
        return {"valuePeriod": period | (moment("end", end, zone) if end else {})}
    if kind == "NR":
        low, high = quantity(plain), quantity(message.part(text, 2))
        return {"valueRange": {"low": low, "high": high}}
    if kind == "CQ":
        look(text, 2)
        units = message.component.join(text.split(message.component)[1:])
        amount = quantity(plain, **unit(message, units))
        if amount is not None:
            return {"valueQuantity": amount}
    return {"valueString": clean(" ".join(filter(None, message.parts(text))))}


def _number(message: Message, obx: Segment, text: str) -> dict[str, Any]:
    units = unit(message, obx.raw(6))
    amount = quantity(text, **units)
    if amount is not None:
        return {"valueQuantity": amount}
    compared = _COMPARED.match(text)
    if compared is not None:
        return {
            "valueQuantity": {**(quantity(compared[2], **units) or {}), "comparator": compared[1]}
        }
    # Laboratories write words where a number can't be given.
    return {"valueString": text}


def _structured(message: Message, obx: Segment, text: str) -> dict[str, Any]:
    comparator = message.part(text, 1)
    first, between, second = (message.part(text, part) for part in (2, 3, 4))
    units = unit(message, obx.raw(6))
    low = quantity(first, **units)
    high = quantity(second, **units) if second else None
    if low is not None and not second and not between:
        if comparator in ("<", "<=", ">", ">="):
            low["comparator"] = comparator
        if comparator in ("", "=", "<", "<=", ">", ">="):
            return {"valueQuantity": low}
    if low is not None and high is not None and comparator in ("", "="):
        if between == "-":
            return {"valueRange": {"low": low, "high": high}}
        if between in (":", "/"):
            return {"valueRatio": {"numerator": low, "denominator": high}}
    shown = " ".join(units.get("unit", "").split())
    return {"valueString": clean(f"{comparator}{first}{between}{second} {shown}")}


def reference_range(message: Message, obx: Segment) -> list[dict[str, Any]]:
    """OBX-7: its text, and its limits where it is plainly two numbers."""
    text = clean(obx.text(7))
    if not text:
        return []
    made: dict[str, Any] = {"text": text}
    units = unit(message, obx.raw(6))
    found = _RANGE.match(text)
    if found is not None:
        made |= {"low": quantity(found[1], **units), "high": quantity(found[2], **units)}
    compared = _COMPARED.match(text)
    if compared is not None:
        side = "high" if compared[1][0] == "<" else "low"
        made[side] = quantity(compared[2], **units)
    return [made]


def attachments(message: Message, obx: Segment) -> list[dict[str, Any]]:
    """ED as Attachments, one for each repetition. ValueError where data aren't what it says."""
    return [_attachment(message, one) for one in obx.repeats(5)]


def _attachment(message: Message, text: str) -> dict[str, Any]:
    kind, subtype, encoding, data = (message.part(text, part) for part in (2, 3, 4, 5))
    plain = "".join(data.split())
    if encoding.lower() == "base64":
        try:
            whole = base64.b64decode(plain, validate=True)
        except (binascii.Error, ValueError) as exc:
            raise ValueError("no base64") from exc
    elif encoding.lower() == "hex":
        whole = bytes.fromhex(plain)
    else:
        whole = data.encode("utf-8", "replace")
    return {
        "contentType": _content_type(kind, subtype, whole),
        "data": base64.b64encode(whole).decode("ascii"),
        "size": _size(whole),
    }


def _size(data: bytes) -> str:
    return number(str(len(data)))


def _content_type(kind: str, subtype: str, data: bytes) -> str:
    for magic, name in ((b"%PDF-", "application/pdf"), (b"\x89PNG", "image/png")):
        if data.startswith(magic):
            return name
    if subtype.upper() in _SUBTYPES:
        return _SUBTYPES[subtype.upper()]
    stated = f"{kind}/{subtype}".lower()
    if _MIME.match(stated):
        return stated
    return "text/plain" if kind.upper() in ("TX", "TEXT", "FT") else "application/octet-stream"
