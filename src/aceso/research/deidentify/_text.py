"""Free text is dropped, unless a stated recogniser says of a whole text that it may stay.

A recogniser never cuts text: it lets a text stay as a whole, or not at all, and its name with its
version is in the certificate.
"""

from __future__ import annotations

import re
from typing import Final, Protocol

__all__ = ["QUALITATIVE_RESULTS", "Recogniser"]


_RESULT_TEXT: Final = """
negative, positive, neg, pos, trace, nil, none, few, moderate, many, normal, abnormal, detected,
not detected, reactive, nonreactive, non-reactive, weakly positive, indeterminate, equivocal,
borderline, +, ++, +++, ++++, +/-, -, 음성, 양성, 약양성, 정상, 비정상, 미량, 없음, 검출, 불검출
"""
_RESULTS: Final = frozenset(one.strip() for one in _RESULT_TEXT.split(","))


class Recogniser(Protocol):
    """Says which texts hold no identifier."""

    @property
    def name(self) -> str:
        """Its name and version, as the certificate says them."""
        ...

    def keeps(self, text: str) -> bool:
        """Whether this text may stay, all of it."""
        ...


class _ClosedList:
    """Keeps a text that is a word of a closed list, or a titre."""

    _TITRE: Final = re.compile(r"[<>]?=?\s?1\s?:\s?[0-9]{1,5}\Z", re.ASCII)

    @property
    def name(self) -> str:
        return "qualitative-results/1"

    def keeps(self, text: str) -> bool:
        word = " ".join(text.split()).lower()
        return word in _RESULTS or bool(self._TITRE.match(word))


QUALITATIVE_RESULTS: Final[Recogniser] = _ClosedList()
