"""By which rules an extract is made: what a study asks for, and what a person allows at most."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from aceso.codes import DataClass
from aceso.errors import UsageError
from aceso.vault import EXTRACT_METHOD, EXTRACT_VERSION

from ._dates import Dates
from ._genome import Locus
from ._hierarchies import BIRTH_BANDS, Region
from ._text import Recogniser

__all__ = ["Rules"]

_SHORTEST_KEY: Final = 16


@dataclass(frozen=True, slots=True)
class Rules:
    """The parameters of one extract. `key` is secret: with it every date can be moved back."""

    classes: DataClass
    # Of `shift_key`: one for each subject and study.
    key: bytes = field(repr=False)
    dates: Dates = "shift"
    # The width of the band that a birth year is given by, in years; 0 leaves it out.
    birth_band: int = 5
    region: Region = "none"
    # Diagnoses, procedures and drugs by their parent, one step more general.
    parent_codes: bool = False
    # What of a genome may be in it: a genome is never in an extract as a whole.
    loci: tuple[Locus, ...] = ()
    variants: frozenset[str] = frozenset()
    recogniser: Recogniser | None = None
    # The year in which it is made, or 0: who has the extract knows how old a birth year is by then,
    # however old the records are.
    year: int = 0

    def __post_init__(self) -> None:
        if len(self.key) < _SHORTEST_KEY:
            raise UsageError(
                f"The key of the dates is shorter than {_SHORTEST_KEY} bytes; make it with "
                "`shift_key`.",
                code="E_EXTRACT_KEY",
            )
        if self.birth_band not in BIRTH_BANDS:
            raise UsageError(
                f"A birth year is given in bands of {', '.join(map(str, BIRTH_BANDS[:-1]))} years, "
                f"or left out by 0; {self.birth_band} is none of them.",
                code="E_EXTRACT_BAND",
            )

    def parameters(self) -> dict[str, Any]:
        """What a certificate says of these rules; nothing that moves a date back."""
        return {
            "method": EXTRACT_METHOD,
            "version": EXTRACT_VERSION,
            "source": "45 CFR 164.514(b)(2)",
            "classes": [str(one.name) for one in self.classes],
            "dates": self.dates,
            "birthBand": self.birth_band,
            "region": self.region,
            "codes": "parent" if self.parent_codes else "full",
            "loci": [str(one) for one in sorted(self.loci)],
            "variants": sorted(self.variants),
            "recogniser": self.recogniser.name if self.recogniser else None,
            "year": self.year,
        }
