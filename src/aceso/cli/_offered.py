"""What an offer, a study and a union have in common on the command line: options, and words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from aceso.codes import Condition, DataClass, Use, label
from aceso.errors import UsageError
from aceso.ethereum import NOBODY

from . import _terms
from ._words import language, say

__all__ = [
    "basis_points",
    "check_needed",
    "conditions_text",
    "institution_of",
    "institution_text",
    "origin_name",
    "origin_text",
    "words_of",
]


_BASIS_POINTS = 10_000


class _Offered(Protocol):
    @property
    def classes(self) -> DataClass | int: ...

    @property
    def use(self) -> Use | int: ...

    @property
    def disease(self) -> int: ...

    @property
    def duration(self) -> int: ...

    @property
    def delivery_period(self) -> int: ...

    @property
    def institution(self) -> str: ...

    @property
    def institution_bps(self) -> int: ...


def check_needed(given: Mapping[str, Any], names: Iterable[str], what: str) -> None:
    """Refuse where one of these options is missing for a new study or union (`what`)."""
    missing = [f"--{name}" for name in names if given[name] is None]
    if missing:
        raise UsageError(
            f"A {what} also takes {', '.join(missing)}. See `aceso {what} --help`.",
            code=f"E_{what.upper()}_OPTIONS",
            details={"missing": missing},
        )


def institution_of(given: Mapping[str, Any], what: str) -> tuple[str, int]:
    """Which institution has a part of the price, and how many basis points; nobody and 0."""
    share = given["institution_share"] or 0.0
    if given["institution"]:
        return _terms.address(given["institution"]), basis_points(share)
    if share:
        raise UsageError(
            "A share is that of an institution: add --institution 0x….",
            code=f"E_{what.upper()}_OPTIONS",
        )
    return NOBODY, 0


def basis_points(percent: float) -> int:
    return round(percent * _BASIS_POINTS / 100)


def words_of(offered: _Offered) -> dict[str, str]:
    """What the words of every notice about it are filled with."""
    return {
        "classes": label(DataClass(offered.classes), language()),
        "use": label(Use(offered.use), language()),
        "disease": _terms.disease_text(offered.disease),
        "duration": _terms.length_text(offered.duration),
        "delivery": _terms.length_text(offered.delivery_period),
        "institution": institution_text(offered.institution, offered.institution_bps),
    }


def institution_text(account: str, bps: int) -> str:
    """Which institution has what part of the price."""
    if account == NOBODY:
        return say("notice.no_institution")
    return say("notice.institution", share=f"{bps / 100:g}", account=account)


class _Shown(Protocol):
    @property
    def origin_shown(self) -> bool: ...


def origin_name(shown: _Shown) -> str:
    """What an option or a document calls it."""
    return "vouched" if shown.origin_shown else "any"


def origin_text(shown: _Shown) -> str:
    """Whether the buyer is shown where the records are from."""
    return say("notice.origin_shown" if shown.origin_shown else "notice.origin_unshown")


def conditions_text(conditions: Condition) -> str:
    """What has to be attested of whoever buys."""
    return label(conditions, language()) if conditions else say("notice.no_condition")
