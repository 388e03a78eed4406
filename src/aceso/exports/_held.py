"""What an export is made of: records, as whoever holds them hands them in."""

from __future__ import annotations

from dataclasses import dataclass, field

from aceso.codes import DataClass
from aceso.formats import Body

__all__ = ["Held"]


@dataclass(frozen=True, slots=True)
class Held:
    """One record. `is_source` says that the body is a file as it came, not a standardised one."""

    data_class: DataClass
    media_type: str
    body: Body = field(repr=False)
    day: str = ""
    is_source: bool = False
