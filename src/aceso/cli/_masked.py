"""Resident registration numbers, masked in whatever the command shows.

    masked("환자 900101-1234568.pdf")      # "환자 900101-1******.pdf"
    masked_document({"path": …})           # the same in every text of a document

A person's number may stand in the name of a file, in a name or a code of a hospital: whoever looks
over their shoulder, or reads the log of a program, needn't see it. What is written to a record or
an export is not changed by it.

Limits: identifiers in hexadecimal and amounts, which are digits alone, are no such numbers.
"""

from __future__ import annotations

import re
from typing import Any

__all__ = ["masked", "masked_document"]

_MAYBE = re.compile(r"[0-9０-９]{6}[^0-9０-９]{0,5}[0-9０-９]{7}")
_HEXADECIMAL = re.compile(r"(?<![0-9A-Za-z])((?:0x)?[0-9a-fA-F]{16,})(?![0-9A-Za-z])")


def masked(text: str) -> str:
    """`text` with the last six digits of each resident registration number as asterisks."""
    if not _MAYBE.search(text):
        return text
    from aceso.formats.korea import mask

    # What is matched stands at the odd places.
    parts = _HEXADECIMAL.split(text)
    return "".join(part if at % 2 else mask(part) for at, part in enumerate(parts))


def masked_document(value: Any) -> Any:
    """`value` with every text in it masked, keys too; digits alone are an amount."""
    if isinstance(value, dict):
        return {masked(str(key)): masked_document(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [masked_document(one) for one in value]
    if isinstance(value, str):
        return value if value.isdigit() else masked(value)
    return value
