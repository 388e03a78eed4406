"""Whether a person matches what a study looks for: computed on their device, told to nobody.

    asked = read_criteria(network, "criteria.json")       # or a CID
    found = own_match(person, asked)

The document is fetched, the person's own records are opened by the owner key as at any reading,
and that is all that anybody can see: nothing is sent, whether they match or not.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from aceso.codes import GENOME
from aceso.errors import IntegrityError, StorageError
from aceso.formats import FHIR_JSON
from aceso.research import Criteria, CriteriaError, Match, match
from aceso.storage import IpfsDownError

from .errors import NothingToOpenError
from .network import Network
from .person import Person

__all__ = ["own_match", "read_criteria"]

_MOST_BYTES = 64 << 10
_MOST_IN_RECORD = 8 << 20


def read_criteria(network: Network | None, where: str) -> Criteria:
    """Read criteria from a file, or from IPFS by their CID."""
    path = Path(where)
    if path.is_file():
        with path.open("rb") as stream:
            return Criteria.read(stream.read(_MOST_BYTES + 1))
    if network is None or not where.startswith(("b", "Q")) or "/" in where or "." in where:
        raise CriteriaError(f"there is no file {path.name!r}, and it is no CID")
    return Criteria.read(network.ipfs.read(where, limit=_MOST_BYTES + 1))


def own_match(person: Person, criteria: Criteria) -> tuple[Match, int]:
    """Evaluate over all FHIR records of the vault, at the chain's day; and say how many records
    were not looked at: they did not open, or are too long."""
    today = datetime.fromtimestamp(person.network.suite.now(), UTC).date()
    unopened: list[bytes] = []
    found = match(criteria, _resources(person, unopened), today=today)
    return found, len(unopened)


def _resources(person: Person, unopened: list[bytes]) -> Iterator[Mapping[str, Any]]:
    with tempfile.TemporaryDirectory(dir=person.profile.folder) as folder:
        for record_id, note in person.records():
            if note.body.length > _MOST_IN_RECORD:
                # No resource is so long, but for a bundle that was kept whole.
                if not note.data_class & GENOME:
                    unopened.append(record_id)
                continue
            path = Path(folder) / "body"
            try:
                envelope = person.open_record(record_id, path)
            except IpfsDownError:
                raise
            except (IntegrityError, NothingToOpenError, StorageError):
                unopened.append(record_id)
                continue
            if envelope.media_type == FHIR_JSON and "/sha256" not in envelope.hashes:
                yield from _flat(json.loads(path.read_bytes(), parse_float=Decimal))


def _flat(value: Any) -> Iterator[Mapping[str, Any]]:
    if not isinstance(value, dict):
        return
    if value.get("resourceType") == "Bundle":
        for entry in value.get("entry", ()):
            yield from _flat(entry.get("resource"))
    else:
        yield value
