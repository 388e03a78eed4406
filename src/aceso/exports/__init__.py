"""Take everything out again, in forms that others read.

    with Resources.of(held) as resources:
        write_bundle(resources, stream)              # FHIR R4, everything, to be imported again
        write_ndjson(resources, stream)
        summary = Summary.of(resources, language="ko", subject=None)
        write_ips(summary, stream, now=now)          # International Patient Summary
    write_pdf(summary, stream, today=today)      # one page to print
    write_data_points(resources, stream)         # Open mHealth
        write_pdf(summary, stream)                   # one page to print
        write_data_points(resources, stream)         # Open mHealth

`held` is any iterable of `Held`: the class, media type, day and contents of a record. Nothing here
knows of vaults or networks.

An exported Bundle, imported again, gives the same records: the same classes and the same bytes.
The summaries are made for people and for other systems, and can't be taken back into records.

Limits: what is a file as it came (a PDF, a DICOM image, a format that nobody understood) is no FHIR
resource, and goes out as the file that it is. A summary is a selection, and says so.
"""

from __future__ import annotations

from ._held import Held
from ._resources import Resources
from .bundle import write_bundle, write_ndjson
from .emergency_page import emergency_page
from .errors import ExportError, NothingToExportError, SeveralPeopleError
from .files import create, write_body
from .ips import write_ips
from .omh import write_data_points
from .pdf import write_pdf
from .summary import Summary

__all__ = [
    "ExportError",
    "Held",
    "NothingToExportError",
    "Resources",
    "SeveralPeopleError",
    "Summary",
    "create",
    "emergency_page",
    "write_body",
    "write_bundle",
    "write_data_points",
    "write_ips",
    "write_ndjson",
    "write_pdf",
]
