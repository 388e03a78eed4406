"""Narrative in what others will render: a sender's markup goes out only where FHIR allows it.

    plain_narratives(resource)     # without each `text` that holds more than words and tables

FHIR forbids scripts, forms, frames, styles from elsewhere, and attributes that act. A record keeps
what the sender wrote, byte for byte, and its own way out gives just that back; a summary is made to
be read by other programs, some of which render what they get. What is coded isn't touched.
"""

from __future__ import annotations

import re
from typing import Any

__all__ = ["plain_narratives"]

# https://hl7.org/fhir/R4/narrative.html#xhtml: the elements of chapters 7-11 and 15 of HTML 4.0.
_ELEMENTS = frozenset(
    {
        *("a", "abbr", "acronym", "address", "b", "big", "blockquote", "br", "caption"),
        *("cite", "code", "col", "colgroup", "dd", "dfn", "div", "dl", "dt"),
        *("em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i"),
        *("img", "ins", "del", "kbd", "li", "ol", "p", "pre", "q"),
        *("samp", "small", "span", "strike", "strong", "sub", "sup", "table", "tbody"),
        *("td", "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var"),
    }
)
_ELEMENT = re.compile(r"<\s*/?\s*(?:[\w.-]+:)?([^\s/>]*)")
_ACTS = re.compile(r"[\s\"'/]on[a-z]+\s*=|<!|<\?|javascript|expression\s*\(", re.IGNORECASE)
_POINTER = re.compile(r"(?:src|href|background|style)\s*=\s*([\"']?)\s*([^\"'>\s]*)", re.IGNORECASE)
_STYLE = re.compile(r"style\s*=[^>]*(?:url\s*\(|@import|\\)", re.IGNORECASE)


def plain_narratives(value: Any) -> Any:
    """`value` without narratives that could do more than show words, in all that it contains."""
    if isinstance(value, dict):
        return {
            key: plain_narratives(one)
            for key, one in value.items()
            if not (key == "text" and isinstance(one, dict) and not _is_plain(one))
        }
    if isinstance(value, list):
        return [plain_narratives(one) for one in value]
    return value


def _is_plain(narrative: dict[str, Any]) -> bool:
    div = narrative.get("div")
    if not isinstance(div, str):
        return "div" not in narrative
    if _ACTS.search(div) or _STYLE.search(div):
        return False
    if any(name.lower() not in _ELEMENTS for name in _ELEMENT.findall(div)):
        return False
    return all(
        found[0].lower().startswith("style") or found[2].startswith("#") or not found[2]
        for found in _POINTER.finditer(div)
    )
