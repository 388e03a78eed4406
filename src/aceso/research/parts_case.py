"""A case about several parts of a union's order: a case of each, in one file.

    data = PartsCase(cases).to_bytes()          # what one dispute of the order is about
    for case in cases_of(data): …               # of this file, or of one that is a case alone

There is one dispute for an order, which names all parts that don't open; it is upheld only if none
of them does.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from aceso.errors import InputError

from .case import Case, CaseFile

__all__ = ["PartsCase", "cases_of"]

_FORMAT: Final = "aceso-dispute-parts"
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class PartsCase:
    """A case of each part, all of one order."""

    cases: tuple[Case, ...]

    def to_bytes(self) -> bytes:
        """A JSON document, or the case itself where there is one."""
        if len(self.cases) == 1:
            return self.cases[0].to_bytes()
        cases = [json.loads(one.to_bytes()) for one in self.cases]
        return json.dumps({"format": _FORMAT, "version": _VERSION, "cases": cases}).encode()

    @classmethod
    def read(cls, data: bytes) -> PartsCase:
        """Read what `to_bytes` wrote, or raise `InputError`."""
        try:
            said: Any = json.loads(data)
            if said["format"] != _FORMAT:
                return cls((CaseFile.read(data).case,))
            cases = tuple(Case.read(json.dumps(one).encode()) for one in said["cases"])
            members = {one.part.member for one in cases if one.part is not None}
            if said["version"] != _VERSION or not cases or len(members) != len(cases):
                raise ValueError("another version, or not a part of another member each")
            if len({one.order for one in cases}) != 1:
                raise ValueError("of several orders")
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as exc:
            raise InputError(
                "This is no case of parts of a disputed order, of a version that we know. Ask the "
                "buyer for the file that `aceso dispute case` wrote.",
                code="E_CASE_FORMAT",
            ) from exc
        return cls(cases)


def cases_of(data: bytes) -> tuple[Case, ...]:
    """The cases in a file: of each part of a union's order, or the one that it is."""
    return PartsCase.read(data).cases
