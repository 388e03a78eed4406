"""Everything as one FHIR R4 Bundle, or as NDJSON with one resource a line.

    write_bundle(resources, stream)     # the number of resources
    write_ndjson(resources, stream)

Each resource is there once, byte for byte as it is kept, in the order of type, id and contents; so
two exports of the same vault are the same file. Several people stay several: every resource keeps
the subject that its source gave it.

Who made a resource stays in it (`performer`, `author`, `meta.source`). That an institution anchored
a record is not in a Bundle: `aceso open --evidence` gives that for one record, and what is imported
again is the person's own entry.

The Bundle, imported, gives the same records. NDJSON has no place for a mark (see
`aceso.formats`), so that records which need one may come back grouped otherwise: with the same
resources, and other ids.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import BinaryIO

from aceso.formats._returned import mark

from ._resources import Resource, Resources
from .errors import NothingToExportError

__all__ = ["write_bundle", "write_ndjson"]

_ID = re.compile(rb'"id":"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"')


def _no_progress(done: int) -> None:
    return None


def write_bundle(
    resources: Resources, stream: BinaryIO, *, progress: Callable[[int], None] = _no_progress
) -> int:
    """Write a collection of all resources; return how many there are."""
    _check(resources)
    stream.write(b'{"resourceType":"Bundle","type":"collection","entry":[')
    urls: set[str] = set()
    count = 0
    for resource in resources:
        stream.write(b",\n" if count else b"\n")
        stream.write(_entry(resource, urls))
        count += 1
        progress(count)
    stream.write(b"\n]}\n")
    return count


def write_ndjson(
    resources: Resources, stream: BinaryIO, *, progress: Callable[[int], None] = _no_progress
) -> int:
    """Write one resource a line; return how many there are."""
    _check(resources)
    count = 0
    for resource in resources:
        stream.write(resource.data + b"\n")
        count += 1
        progress(count)
    return count


def _check(resources: Resources) -> None:
    if not len(resources):
        raise NothingToExportError(
            "There is no FHIR resource among these records. Import something first, or name other "
            "classes.",
            code="E_EXPORT_EMPTY",
        )


def _entry(resource: Resource, urls: set[str]) -> bytes:
    parts = []
    if resource.marks:
        marks = [mark(data_class, name) for data_class, name in resource.marks]
        parts.append(b'"extension":' + json.dumps(marks, separators=(",", ":")).encode())
    url = _url(resource)
    # Two versions of one resource can't both have the name.
    if url and url not in urls:
        urls.add(url)
        parts.append(b'"fullUrl":"' + url.encode() + b'"')
    parts.append(b'"resource":' + resource.data)
    return b"{" + b",".join(parts) + b"}"


def _url(resource: Resource) -> str:
    """A name that references in the Bundle lead to, where the id is one that can be a name."""
    if _ID.search(resource.data) is None:
        return ""
    own = resource.parsed().get("id")
    found = _ID.fullmatch(f'"id":"{own}"'.encode()) if isinstance(own, str) else None
    return f"urn:uuid:{own}" if found else ""
