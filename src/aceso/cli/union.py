"""`aceso union`: be in a data union, open one, or buy of one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from . import _union_market, _union_person
from ._click import command
from ._session import Session
from ._stray import refuse_stray
from .extracts import MAKING, making

__all__ = ["union"]

_DOING: dict[str, Callable[[Session, dict[str, Any]], int | None]] = {
    "list": _union_person.list_unions,
    "show": _union_person.show_union,
    "join": _union_person.join,
    "leave": _union_person.leave,
    "fulfil": _union_person.fulfil,
    "claim": _union_person.claim,
    "create": _union_market.create,
    "close": _union_market.close_union,
    "vouch": _union_market.vouch,
    "buy": _union_market.buy,
    "download": _union_market.download,
    "deliver": _union_market.deliver,
    "strike": _union_market.strike,
    "status": _union_market.status,
}

# What each action takes of the options that not all do.
_TAKES: dict[str, frozenset[str]] = {
    "show": frozenset({"until"}),
    "join": frozenset({"until", "vouches"}),
    "fulfil": MAKING,
    "create": frozenset(
        {"classes", "use_code", "price", "duration", "delivery", "disease", "conditions"}
        | {"voucher", "institution", "institution_share", "origin"}
    ),
    "vouch": frozenset({"patient_file"}),
    "buy": frozenset({"minimum", "with_ether"}),
    "download": frozenset({"out"}),
}


@command("union")
@click.argument("action", type=click.Choice(list(_DOING)), metavar="ACTION")
@click.argument("what", nargs=-1, metavar="[UNION|ORDER|ACCOUNT]…")
@click.option("--until", metavar="TIME")
@click.option("--classes", metavar="CLASSES")
@click.option("--use", "use_code", metavar="USE")
@click.option("--price", metavar="COIN")
@click.option("--duration", metavar="TIME")
@click.option("--delivery", metavar="TIME")
@click.option("--disease", type=click.IntRange(0, 2**24 - 1), metavar="N")
@click.option("--conditions", metavar="CODES")
@click.option("--voucher", metavar="0x…")
@click.option("--institution", metavar="0x…")
@click.option("--institution-share", type=click.FloatRange(0, 20), metavar="PERCENT")
@click.option("--origin", type=click.Choice(["vouched", "any"]))
@click.option("--vouch", "vouches", multiple=True, type=click.Path(path_type=Path), metavar="FILE")
@click.option("--patient-file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--minimum", type=click.IntRange(1, 2**24 - 1), metavar="N")
@click.option("--with-ether", is_flag=True)
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR")
@making
@click.option("--yes", is_flag=True)
def union(session: Session, *, action: str, **given: Any) -> int | None:
    refuse_stray("union", action, _TAKES, code="E_UNION_STRAY")
    return _DOING[action](session, given)
