"""The errors of exports.

AcesoError
+ InputError
  x ExportError              the file can't be written as asked
  x NothingToExportError     nothing of the wanted kind is there
  x SeveralPeopleError       a summary is of one person, and the records are of several
"""

from __future__ import annotations

from aceso.errors import InputError

__all__ = ["ExportError", "NothingToExportError", "SeveralPeopleError"]


class ExportError(InputError):
    """The file can't be written as asked."""


class NothingToExportError(InputError):
    """Nothing of the wanted kind is there."""


class SeveralPeopleError(InputError):
    """A summary is of one person, and the records are of several."""
