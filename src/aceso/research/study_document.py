"""What a study says of itself to those whom it asks: a document on IPFS, which its terms name.

    document = StudyDocument.make(
        criteria_bytes, title="…", summary="…", protocol=cid, origin=Origin.VOUCHED
    )
    document.to_bytes()
    StudyDocument.read(data).criteria              # a FHIR Group, as `Criteria` reads it

The chain has the digest in the document's CID, which commits to all of it, and beside it keccak-256
of the criteria's RFC 8785 bytes. The protocol is a file of its own, under a CID that is in here.
`origin` says whether the study takes only data whose origin is shown. Whatever a researcher wrote
is text for a person to read: it is shown as text, short and printable.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final

from aceso.errors import SPOILT, InputError

from .cohort import Criteria
from .cohort._document import MAX_BYTES
from .origin import Origin

__all__ = ["StudyDocument"]

_FORMAT: Final = "aceso-study"
_VERSION: Final = 1
# One that asks where data come from, which no program of before would show.
_VERSION_OF_ORIGIN: Final = 2
_MOST_TITLE: Final = 120
_MOST_SUMMARY: Final = 2_000
_MOST_CID: Final = 100


@dataclass(frozen=True, slots=True)
class StudyDocument:
    """The criteria, a title, a summary, the CID of the protocol, and what is asked of origin."""

    criteria: Criteria
    title: str
    summary: str
    protocol: str
    _group: Any = field(repr=False)
    origin: Origin = Origin.ANY

    @classmethod
    def make(
        cls,
        criteria: bytes,
        *,
        title: str,
        summary: str,
        protocol: str,
        origin: Origin = Origin.VOUCHED,
    ) -> StudyDocument:
        """From the criteria as a FHIR Group. Raise `CriteriaError` where they can't be evaluated,
        `InputError` for a text that nobody would be shown as it is."""
        for name, text, most in (
            ("title", title, _MOST_TITLE),
            ("summary", summary, _MOST_SUMMARY),
        ):
            if not text or _shown(text, most) != text:
                raise InputError(
                    f"The {name} of a study is 1 to {most} characters that can be seen. Shorten "
                    "it, and take out line breaks and control characters.",
                    code="E_STUDY_TEXT",
                    details={"which": name, "most": most},
                )
        read = Criteria.read(criteria)
        return cls(read, title, summary, protocol, json.loads(criteria), origin)

    def to_bytes(self) -> bytes:
        """The JSON document."""
        asks = self.origin is not Origin.ANY
        said = {
            "format": _FORMAT,
            "version": _VERSION_OF_ORIGIN if asks else _VERSION,
            "title": self.title,
            "summary": self.summary,
            "protocol": self.protocol,
            "criteria": self._group,
        }
        if asks:
            said["origin"] = self.origin.value
        return json.dumps(said, ensure_ascii=False, indent=1).encode()

    def group_bytes(self) -> bytes:
        """The criteria as they stand in it."""
        return json.dumps(self._group, ensure_ascii=False).encode()

    @classmethod
    def read(cls, data: bytes) -> StudyDocument:
        """Read a document of anybody's; raise `InputError` or `CriteriaError`."""
        if len(data) > 2 * MAX_BYTES:
            raise _not_one()
        try:
            said = json.loads(data)
            asks = "origin" in said
            wanted = _VERSION_OF_ORIGIN if asks else _VERSION
            if (said["format"], said["version"]) != (_FORMAT, wanted):
                raise ValueError("another format or version")
            origin = Origin(said["origin"]) if asks else Origin.ANY
            group = said["criteria"]
            title, summary = (str(said[name]) for name in ("title", "summary"))
            protocol = _shown(str(said["protocol"]), _MOST_CID)
            encoded = json.dumps(group, ensure_ascii=False).encode()
        except SPOILT as exc:
            raise _not_one() from exc
        criteria = Criteria.read(encoded)
        return cls(
            criteria,
            _shown(title, _MOST_TITLE),
            _shown(summary, _MOST_SUMMARY),
            protocol,
            group,
            origin,
        )


def _shown(text: str, most: int) -> str:
    return "".join(one for one in text if one.isprintable())[:most]


def _not_one() -> InputError:
    return InputError(
        "This is no document of a study, of a version that we know. Ask the study for it, or "
        "update this program.",
        code="E_STUDY_DOCUMENT",
    )
