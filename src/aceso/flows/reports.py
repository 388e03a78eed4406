"""What an import did, for a person to read and a program to act on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from aceso.chain import Receipt
from aceso.codes import DataClass
from aceso.formats import Format, Outcome, PersonInFile

from .publishing import Refused

__all__ = ["FileReport", "ImportReport"]


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file: how many resources of each kind, and why some were not taken."""

    path: Path
    format: Format | None  # None where the file could not be opened.
    counts: dict[str, int]
    records: int
    added: int
    source_class: DataClass | None
    why_class: str
    # Those of parts that were not imported: a large file has millions of the others.
    outcomes: tuple[Outcome, ...] = field(repr=False, default=())
    error: str = ""
    code: str = ""
    # Whom a file about several people is about; the one who imports it says which of them they are.
    people: tuple[PersonInFile, ...] = field(repr=False, default=())


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did."""

    files: tuple[FileReport, ...]
    receipts: tuple[Receipt, ...]
    # Records that the custodians never take, of these files and of an import that was cut off.
    refused: tuple[Refused, ...] = ()
    refused_before: tuple[Refused, ...] = ()

    @property
    def added(self) -> int:
        return sum(report.added for report in self.files) - len(self.refused)
