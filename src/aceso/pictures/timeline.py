"""How many records of which class there are in which month.

    timeline = Timeline.of([("2024-05-01", DataClass.LABS), …])
    timeline.months         # ("2024-04", "2024-05"): those in which there is something
    timeline.count("2024-05", DataClass.LABS)

A day that is not known, or is known to the year only, is counted beside the months.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from aceso.codes import DataClass

__all__ = ["Timeline"]

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class Timeline:
    """Counts by month and class. `undated` has those without a month."""

    months: tuple[str, ...]
    classes: tuple[DataClass, ...]
    counts: Counter[tuple[str, DataClass]]
    undated: Counter[DataClass]

    @classmethod
    def of(cls, records: Iterable[tuple[str, DataClass]]) -> Timeline:
        """Count records by their day, ISO 8601, and class."""
        counts: Counter[tuple[str, DataClass]] = Counter()
        undated: Counter[DataClass] = Counter()
        for day, data_class in records:
            found = _MONTH.match(day)
            if found is None:
                undated[data_class] += 1
            else:
                counts[found[0], data_class] += 1
        months = tuple(sorted({month for month, _ in counts}))
        classes = {data_class for _, data_class in counts} | set(undated)
        return cls(months, tuple(sorted(classes, key=int)), counts, undated)

    def count(self, month: str, data_class: DataClass) -> int:
        return self.counts[month, data_class]

    def total(self, month: str) -> int:
        return sum(self.counts[month, one] for one in self.classes)

    @property
    def most(self) -> int:
        """The largest number of records of one class in one month."""
        return max(self.counts.values(), default=0)
