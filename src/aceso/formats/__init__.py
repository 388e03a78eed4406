"""Read the files that a hospital, a laboratory or a phone gives a person, and lose nothing in
silence.

    from aceso import formats

    with formats.import_file("history.json") as imported:
        for outcome in imported.outcomes():     # one for each resource: imported, refused and why,
        …
            print(outcome.place, outcome.kind.value, outcome.reason)
        for record in imported.records():       # one class, one issuer, one encounter or day
            seal(record.body.open(), record.data_class, record.fields)
        seal(imported.source.open(), imported.source.data_class)  # the file as it came

What a file is, is told by its contents. FHIR R4 JSON (a Bundle, NDJSON, one resource), VCF (plain,
gzip, bgzip) and the Apple Health export (XML, or the zip around it) are understood; anything else
is kept whole.

The same resource gives the same canonical bytes whenever it is read, decimals digit for digit, so a
file that is imported twice adds nothing. An outcome names a place and a reason, never a value: a
value may be a name.

A file about several people gives nothing until `subject_hint` names one of `imported.people`.

Limits: FHIR is checked against the structure of R4, not against profiles or terminology. The class
of a record is judged from codes and words; a person should look at it, and can raise it.
"""

from __future__ import annotations

from ._model import (
    FHIR_JSON,
    VCF,
    Body,
    BytesBody,
    Format,
    Item,
    Kind,
    Outcome,
    Piece,
    RecordDraft,
    SourceFile,
)
from ._records import Imported, group, import_file
from ._registry import READERS, detect, read, source_file
from .canonical import canonical_bytes
from .errors import FormatError
from .facts import Fact, facts_of
from .people import PersonInFile

__all__ = [
    "FHIR_JSON",
    "READERS",
    "VCF",
    "Body",
    "BytesBody",
    "Fact",
    "Format",
    "FormatError",
    "Imported",
    "Item",
    "Kind",
    "Outcome",
    "PersonInFile",
    "Piece",
    "RecordDraft",
    "SourceFile",
    "canonical_bytes",
    "detect",
    "facts_of",
    "group",
    "import_file",
    "read",
    "source_file",
]
