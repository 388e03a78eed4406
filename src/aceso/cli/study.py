"""`aceso study`: look for many, approve what a study asks for, or take part in one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from . import _study_match, _study_person, _study_researcher
from ._click import command
from ._session import Session
from ._stray import refuse_stray
from .extracts import MAKING, making

__all__ = ["study"]

_DOING: dict[str, Callable[[Session, dict[str, Any]], int | None]] = {
    "list": _study_person.list_studies,
    "show": _study_person.show_study,
    "match": _study_match.match_study,
    "enrol": _study_person.enrol,
    "fulfil": _study_person.fulfil,
    "create": _study_researcher.create,
    "amend": _study_researcher.amend,
    "fund": _study_researcher.fund,
    "attest": _study_researcher.attest,
    "status": _study_researcher.status,
    "close": _study_researcher.close_study,
    "download": _study_researcher.download,
    "dispute": _study_researcher.dispute,
}


_TERMS = frozenset(
    {"protocol", "title", "summary", "classes", "use_code", "price", "cap", "until", "duration"}
    | {"delivery", "disease", "conditions", "institution", "institution_share", "origin"}
)
# What each action takes of the options that not all do.
_TAKES: dict[str, frozenset[str]] = {
    "show": frozenset({"revision"}),
    "match": frozenset({"commitment"}),
    "enrol": frozenset({"revision", "anyway", "vouches"}),
    "fulfil": MAKING | {"vouches"},
    "create": _TERMS | {"budget", "with_ether"},
    "amend": _TERMS,
    "fund": frozenset({"budget", "with_ether"}),
    "attest": frozenset({"institution", "revision", "revoke"}),
    "download": frozenset({"out"}),
    "dispute": frozenset({"ground", "out", "with_ether"}),
}


@command("study")
@click.argument("action", type=click.Choice(list(_DOING)), metavar="ACTION")
@click.argument("what", nargs=-1, metavar="[STUDY|FILE|ORDER]…")
@click.option("--commitment", metavar="0x…")
@click.option("--protocol", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--title", metavar="TEXT")
@click.option("--summary", metavar="TEXT")
@click.option("--classes", metavar="CLASSES")
@click.option("--use", "use_code", metavar="USE")
@click.option("--price", metavar="COIN")
@click.option("--cap", type=click.IntRange(1, 2**32 - 1), metavar="N")
@click.option("--until", metavar="TIME")
@click.option("--duration", metavar="TIME")
@click.option("--delivery", metavar="TIME")
@click.option("--disease", type=click.IntRange(0, 2**24 - 1), metavar="N")
@click.option("--conditions", metavar="CODES")
@click.option("--institution", metavar="0x…|N")
@click.option("--institution-share", type=click.FloatRange(0, 20), metavar="PERCENT")
@click.option("--budget", metavar="COIN")
@click.option("--with-ether", is_flag=True)
@click.option("--revision", type=click.IntRange(1, 2**16 - 1), metavar="N")
@click.option("--revoke", is_flag=True)
@click.option("--anyway", is_flag=True)
@click.option("--origin", type=click.Choice(["vouched", "any"]))
@click.option("--vouch", "vouches", multiple=True, type=click.Path(path_type=Path), metavar="FILE")
@click.option(
    "--ground", type=click.Choice(["cannot-open", "not-as-offered"]), default="cannot-open"
)
@click.option("--out", type=click.Path(path_type=Path), metavar="PATH")
@making
@click.option("--yes", is_flag=True)
def study(session: Session, *, action: str, **given: Any) -> int | None:
    refuse_stray("study", action, _TAKES, code="E_STUDY_STRAY")
    return _DOING[action](session, given)
