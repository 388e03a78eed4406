"""The errors of reading files.

    AcesoError
    + InputError
      x FormatError       a file cannot be read at all

What is wrong with one resource inside a file is never raised: it is an `Outcome`, and the rest of
the file is read. A message names a place (a JSON pointer, a line), never a value: a value may be a
name.
"""

from __future__ import annotations

from aceso.errors import InputError

__all__ = ["FormatError"]


class FormatError(InputError):
    """A file cannot be read at all: it is missing, a folder, or not ours to read."""
