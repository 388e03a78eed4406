"""Whether one matches what a study looks for, on one's own screen only: `aceso study match`, and
before one enrols."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aceso.errors import InputError, IntegrityError, UsageError

from . import _terms
from ._output import errors, show, table
from ._session import Session
from ._words import say

if TYPE_CHECKING:
    from rich.console import Console

    from aceso.flows import Person
    from aceso.research import Criteria, Criterion, Finding, Match

__all__ = ["match_study", "refuse_other_than_sought"]


def match_study(session: Session, given: dict[str, Any]) -> None:
    """Evaluate the criteria of a study, by its number, its document or the criteria themselves."""
    from aceso.flows import document_of, find_study, own_match, read_criteria

    if len(given["what"]) != 1:
        raise UsageError(
            "Name one study by its number, or its criteria by a file or CID.",
            code="E_STUDY_CRITERIA",
        )
    (named,) = given["what"]
    person, network = session.person(), session.network()
    study = _terms.whole(named, 32)
    if study is not None:
        criteria = document_of(network, find_study(network, study)).criteria
    else:
        criteria = read_criteria(network, named)
    _check(criteria.commitment, given["commitment"])
    found, unopened = own_match(person, criteria)
    said = {
        "matches": found.matches,
        "commitment": "0x" + criteria.commitment.hex(),
        "name": criteria.name,
        "criteria": [
            {
                "kind": one.criterion.kind,
                "exclude": one.criterion.exclude,
                "about": _about(one.criterion),
                "holds": one.holds,
            }
            for one in found.findings
        ],
        "unopened": unopened,
    }

    show(session, said, lambda console: _print_match(console, found, unopened))


def refuse_other_than_sought(person: Person, study: int, criteria: Criteria) -> None:
    """Refuse who isn't whom a study looks for, and show which criteria don't hold on this screen
    only: nothing is sent by then, and neither the error nor what is signed says which."""
    from aceso.flows import own_match

    found, unopened = own_match(person, criteria)
    if found.matches:
        return
    _print_match(errors(), found, unopened)
    raise InputError(
        f"By your records you are not whom study {study} looks for, and nothing was signed or "
        "sent: nobody learns of it. What is not in your records counts as not there; to enrol all "
        "the same, add --anyway.",
        code="E_STUDY_NOT_SOUGHT",
        details={"study": study},
    )


def _print_match(console: Console, found: Match, unopened: int) -> None:
    rows = [[say("word.yes" if one.holds else "word.no"), _sentence(one)] for one in found.findings]
    heads = [say("column.holds"), say("column.criterion")]
    console.print(table(say("study.title"), *heads, rows=rows))
    console.print(say("study.matches" if found.matches else "study.not"), highlight=False)
    if unopened:
        console.print(say("study.unopened", count=unopened), highlight=False)
    console.print(say("study.private"), highlight=False, style="dim")


def _check(found: bytes, wanted: str | None) -> None:
    if wanted is None:
        return
    digits = wanted.removeprefix("0x")
    if len(digits) != 64 or any(one not in "0123456789abcdefABCDEF" for one in digits):
        raise UsageError(
            "A commitment is 0x and 64 hexadecimal digits.", code="E_COMMITMENT_FORMAT"
        )
    if bytes.fromhex(digits) != found:
        raise IntegrityError(
            "The document is not the one that the study committed to. Ask the study for it.",
            code="E_COHORT_OTHER",
        )


def _about(one: Criterion) -> str:
    if one.kind == "expression":
        return one.text
    codes = ", ".join(code for _, code in one.codings)
    return " ".join(part for part in (one.about, codes, _range(one)) if part)


def _range(one: Criterion) -> str:
    low, high = one.low, one.high
    if low is not None and high is not None and low.value == high.value:
        return f"= {low.value} {one.unit}"
    ends = []
    if low is not None:
        ends.append(f"{'≥' if low.closed else '>'} {low.value}")
    if high is not None:
        ends.append(f"{'≤' if high.closed else '<'} {high.value}")
    return " ".join([*ends, one.unit]) if ends else ""


def _sentence(finding: Finding) -> str:
    one = finding.criterion
    key = f"study.{one.kind}_not" if one.exclude else f"study.{one.kind}"
    period = say("study.period", start=one.start or "…", end=one.end or "…")
    return say(key, about=_about(one)) + (f" {period}" if one.start or one.end else "")
