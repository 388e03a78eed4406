"""The file of a dispute: a case, or one of each part of a union's order, and what was answered.

    data = CaseFile.of(cases).original           # what the dispute begins with, for the panel
    file = CaseFile.read(data).with_answer(answer, domain)      # what a custodian said since
    for case in file.cases:
        replay(case, answers=file.answers_to(case), …)

There is one dispute for an order, which names all parts that don't open; it is upheld only if none
of them does. Answers lie beside the cases and not in them: the chain has the digest of the bytes
that the dispute began with.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from aceso.custody import Answer
from aceso.errors import SPOILT, InputError
from aceso.signing import digest

from .case import Case, CaseShare

__all__ = ["CaseFile"]

_PARTS: Final = "aceso-dispute-parts"
_PARTS_VERSION: Final = 1
_ANSWERED: Final = "aceso-dispute-answered"
_ANSWERED_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class CaseFile:
    """The cases as the dispute began with them, to the byte, and what custodians answered since."""

    original: bytes = field(repr=False)
    cases: tuple[Case, ...]
    answers: tuple[CaseShare, ...] = ()

    @classmethod
    def of(cls, cases: Sequence[Case]) -> CaseFile:
        """A file of one case, or of one for each part."""
        if len(cases) == 1:
            return cls(cases[0].to_bytes(), tuple(cases))
        said = [json.loads(one.to_bytes()) for one in cases]
        document = {"format": _PARTS, "version": _PARTS_VERSION, "cases": said}
        return cls(json.dumps(document).encode(), tuple(cases))

    @property
    def order(self) -> int:
        """The order that all of it is about."""
        return self.cases[0].order

    def to_bytes(self) -> bytes:
        """The original itself, or a JSON document around it where there are answers."""
        if not self.answers:
            return self.original
        said = {
            "format": _ANSWERED,
            "version": _ANSWERED_VERSION,
            "case": base64.b64encode(self.original).decode("ascii"),
            "answers": [one.to_json() for one in self.answers],
        }
        return json.dumps(said, indent=1).encode()

    @classmethod
    def read(cls, data: bytes) -> CaseFile:
        """Read what `to_bytes` wrote, or raise `InputError`."""
        try:
            said: Any = json.loads(data)
            if said["format"] != _ANSWERED:
                return cls(data, _cases_of(said, data))
            if said["version"] != _ANSWERED_VERSION:
                raise ValueError("another version")
            original = base64.b64decode(said["case"], validate=True)
            answers = tuple(CaseShare.from_json(one) for one in said["answers"])
            return cls(original, _cases_of(json.loads(original), original), answers)
        except SPOILT as exc:
            raise InputError(
                "This is no case of a disputed order, or of parts of one, of a version that we "
                "know. Ask the buyer for the file that `aceso dispute case` wrote.",
                code="E_CASE_FORMAT",
            ) from exc

    def answers_to(self, case: Case) -> tuple[CaseShare, ...]:
        """What was answered about this case."""
        return tuple(one for one in self.answers if _is_about(case, one.request))

    def with_answer(self, answer: Answer, domain: Mapping[str, Any]) -> CaseFile:
        """The file with one answer more, which that custodian signed for one of its cases; whether
        the share is the right one is for the verdict. `domain` is the consent registry's."""
        request = answer.request
        about = next((one for one in self.cases if _is_about(one, request)), None)
        if about is None:
            raise _other_answer("it answers a question about another extract, or key of one")
        entry, _ = about.extract()
        capsule, asked = entry.capsule, digest("ReleaseRequest", request, domain)
        if answer.custodian not in capsule.custodians:
            raise _other_answer(f"{answer.custodian} has no share of this extract")
        if request["custodian"] != answer.custodian:
            raise _other_answer("it answers a question to another custodian")
        if not answer.release.is_of(
            answer.custodian, request=asked, capsule=capsule.digest, domain=domain
        ):
            raise _other_answer(f"{answer.custodian} did not sign it")
        share = CaseShare(answer.custodian, request, answer.release)
        return self if share in self.answers else replace(self, answers=(*self.answers, share))


def _cases_of(said: Any, data: bytes) -> tuple[Case, ...]:
    if said["format"] != _PARTS:
        return (Case.read(data),)
    cases = tuple(Case.read(json.dumps(one).encode()) for one in said["cases"])
    members = {one.part.member for one in cases if one.part is not None}
    if said["version"] != _PARTS_VERSION or not cases or len(members) != len(cases):
        raise ValueError("another version, or not a part of another member each")
    if len({one.order for one in cases}) != 1:
        raise ValueError("of several orders")
    return cases


def _is_about(case: Case, request: Mapping[str, Any]) -> bool:
    """Whether a custodian was asked about this case's extract, for its key. Each part of a union's
    order is a record of its own."""
    try:
        entry, private = case.extract()
    except InputError:
        return False
    wanted = ("0x" + entry.record_id.hex(), "0x" + private.public_key.to_bytes().hex())
    return (request.get("recordId"), request.get("receivingKey")) == wanted


def _other_answer(why: str) -> InputError:
    return InputError(
        f"The answer is not taken into the case: {why}. Ask that custodian with the file that "
        "`aceso dispute ask` wrote.",
        code="E_ANSWER_OTHER",
        details={"why": why},
    )
