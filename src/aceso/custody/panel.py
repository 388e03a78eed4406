"""What the panel of a dispute asks a custodian for, and what that answers, as files.

    data = Question(request).to_bytes()              # of a case, by whoever judges it
    answer = Answer.read(data)                       # by whoever operates the custodian

A question is the `ReleaseRequest` that the buyer's client would sign, with the public key of the
order; it shows nothing of the extract. It has no signature: while an order is disputed its buyer is
no member of it, and a custodian answers no request for it. The operator decides by hand, and the
custodian then releases only what `decide` would permit but for the dispute. An answer is a release
as any other: signed, and sealed to the key of the order, which the panel has.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from aceso.errors import SPOILT, InputError

from ._typed import address
from ._wire import ReleaseRequestMessage, to_json
from .proof import Release

__all__ = ["Answer", "Question"]

_QUESTION: Final = "aceso-dispute-question"
_ANSWER: Final = "aceso-dispute-answer"
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Question:
    """A `ReleaseRequest` for one custodian, with its values as they are signed."""

    request: Mapping[str, Any]

    @property
    def custodian(self) -> str:
        """Who is asked."""
        return str(self.request["custodian"])

    def to_bytes(self) -> bytes:
        """A JSON document, which opens nothing."""
        said = {"format": _QUESTION, "version": _VERSION, "request": to_json(self.request)}
        return json.dumps(said, indent=1).encode()

    @classmethod
    def read(cls, data: bytes) -> Question:
        """Read what `to_bytes` wrote, or raise `InputError`."""
        try:
            said = _document(data, _QUESTION)
            return cls(ReleaseRequestMessage(**said["request"]).values_as_signed())
        except (*SPOILT, ValidationError) as exc:
            raise InputError(
                "This is no question about a disputed order, of a version that we know. Ask for "
                "the file that `aceso dispute ask` wrote.",
                code="E_QUESTION_FORMAT",
            ) from exc


@dataclass(frozen=True, slots=True)
class Answer:
    """What a custodian released for a question; `request` as JSON takes it."""

    custodian: str
    request: Mapping[str, Any]
    release: Release

    def to_bytes(self) -> bytes:
        """A JSON document. It opens nothing without the key of the order."""
        return json.dumps(
            {
                "format": _ANSWER,
                "version": _VERSION,
                "custodian": self.custodian,
                "request": dict(self.request),
            }
            | self.release.to_json(),
            indent=1,
        ).encode()

    @classmethod
    def read(cls, data: bytes) -> Answer:
        """Read what `to_bytes` wrote, or raise `InputError`."""
        try:
            said = _document(data, _ANSWER)
            request = ReleaseRequestMessage(**said["request"]).values_as_signed()
            return cls(
                address(str(said["custodian"])),
                to_json(request),
                Release.from_json(said),
            )
        except (*SPOILT, ValidationError) as exc:
            raise InputError(
                "This is no answer of a custodian about a disputed order, of a version that we "
                "know. Ask for the file that `aceso custodian answer` wrote.",
                code="E_ANSWER_FORMAT",
            ) from exc


def _document(data: bytes, name: str) -> dict[str, Any]:
    said: Any = json.loads(data)
    if (said["format"], said["version"]) != (name, _VERSION):
        raise ValueError("another format or version")
    return dict(said)
