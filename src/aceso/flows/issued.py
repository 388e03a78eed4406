"""What an issuer keeps of the records that it issued: enough to end each, nothing to open one.

issued = Issued(leaf, persona=card.persona, data_class=4, lineage=record.lineage)
found = replacements(earlier, later)
found.pairs             # each earlier record with the later one that takes its place
found.left              # the earlier records that none of the later takes the place of
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from aceso.errors import SPOILT

__all__ = ["Issued", "Replacements", "replacements"]


@dataclass(frozen=True, slots=True)
class Issued:
    """One record: its leaf, to whom and of which class it was issued, and what stays the same when
    it is issued again (`RecordDraft.lineage`)."""

    leaf: bytes
    persona: str = ""
    data_class: int = 0
    lineage: bytes = field(default=b"", repr=False)

    def note(self) -> bytes:
        """As it is kept, under its leaf."""
        said = {
            "persona": self.persona,
            "class": self.data_class,
            "lineage": self.lineage.hex(),
        }
        return json.dumps(said, separators=(",", ":")).encode()

    @classmethod
    def from_note(cls, leaf: bytes, note: bytes) -> Issued:
        """What was kept. Of a record that was issued before more was kept, the leaf alone."""
        try:
            said = json.loads(note)
            lineage = bytes.fromhex(said["lineage"])
            return cls(leaf, str(said["persona"]), int(said["class"]), lineage)
        except SPOILT:
            return cls(leaf)


@dataclass(frozen=True, slots=True)
class Replacements:
    """Which record takes the place of which, and what nothing takes the place of."""

    pairs: tuple[tuple[Issued, Issued], ...]
    left: tuple[Issued, ...]


def replacements(earlier: Sequence[Issued], later: Sequence[Issued]) -> Replacements:
    """Find the later record for each earlier one: of the same person, and of the same lineage.

    Where that has changed with what was corrected, such as the day: the only one of its class that
    the person was issued each time.
    """
    pairs, left = [], []
    new = [one for one in later if one.leaf not in {old.leaf for old in earlier}]
    for old in earlier:
        found = [one for one in new if _is_same(one, old) and one.lineage == old.lineage]
        if not found and sum(_is_same(one, old) for one in earlier) == 1:
            found = [one for one in new if _is_same(one, old)]
            found = found if len(found) == 1 else []
        if old.persona and found:
            pairs.append((old, min(found, key=lambda one: one.leaf)))
        else:
            left.append(old)
    return Replacements(tuple(pairs), tuple(left))


def _is_same(one: Issued, other: Issued) -> bool:
    """Whether both are of one person and class."""
    return (one.persona, one.data_class) == (other.persona, other.data_class)
