"""What of a study the researcher's and the person's commands show alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from aceso.codes import Condition, label
from aceso.errors import UsageError
from aceso.ethereum import NOBODY

from . import _terms
from ._words import language, say

if TYPE_CHECKING:
    from aceso.flows import Conditions
    from aceso.index import StudyRow

__all__ = [
    "attested_text",
    "number",
    "row_document",
]


def number(what: Sequence[str]) -> int:
    """The one study that a command is about, of the arguments that it was given."""
    found = _terms.whole(what[0].removeprefix("study:"), 32) if len(what) == 1 else None
    if found is None:
        raise UsageError(
            "Name one study by its number, as in study:3. See `aceso study list`.",
            code="E_STUDY_WHAT",
        )
    return found


def attested_text(found: Conditions) -> str:
    """Each condition that a study names, and who attested it."""
    if not found.named:
        return say("notice.no_condition")
    lines = []
    for one in Condition:
        if not one & found.named:
            continue
        name = label(one, language())
        if one & found.missing:
            lines.append(say("study.nobody_attested", condition=name))
        elif one is Condition.IRB:
            lines.append(say("study.board_attested", condition=name, board=found.board))
        else:
            lines.append(say("study.accreditor_attested", condition=name))
    return "; ".join(lines)


def row_document(row: StudyRow, found: Conditions | None = None) -> dict[str, Any]:
    """A revision for a program."""
    terms = row.terms
    document = {
        "study": row.study,
        "revision": row.revision,
        "grantee": _terms.study_text(row.group),
        "researcher": terms.researcher,
        "classes": _terms.class_names(terms.classes),
        "use": terms.use.name,
        "disease": terms.disease,
        "price": str(terms.price),
        "cap": terms.cap,
        "deadline": terms.deadline,
        "duration": terms.duration,
        "deliveryPeriod": terms.delivery_period,
        "conditions": [one.name for one in Condition if one & terms.conditions],
        "institution": None if terms.institution == NOBODY else terms.institution,
        "institutionBps": terms.institution_bps,
        "committee": terms.committee,
        "closed": row.closed_at is not None,
    }
    if found is not None:
        document["attested"] = [one.name for one in Condition if one & found.named & found.attested]
        document["board"] = found.board
    return document
