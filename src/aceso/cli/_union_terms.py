"""What of a union the commands of all who take part show alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from aceso.codes import Condition
from aceso.errors import UsageError
from aceso.ethereum import NOBODY

from . import _offered, _terms
from ._words import say

if TYPE_CHECKING:
    from aceso.index import UnionOrderRow, UnionRow

__all__ = [
    "number",
    "order_document",
    "order_number",
    "orders",
    "terms_text",
    "union_document",
]


def number(what: Sequence[str]) -> int:
    """The one union that a command is about, of the arguments that it was given."""
    found = _terms.whole(what[0].removeprefix("union:"), 48) if len(what) == 1 else None
    if found is None:
        raise UsageError(
            "Name one union by its number, as in union:2. See `aceso union list`.",
            code="E_UNION_WHAT",
        )
    return found


def orders(what: Sequence[str]) -> tuple[int, ...]:
    """Orders, by their numbers."""
    return tuple(map(_terms.order, what))


def order_number(what: Sequence[str]) -> int:
    """The one order that a command is about."""
    if len(what) != 1:
        raise UsageError(
            "Name one order by its number. See `aceso union status UNION`.", code="E_UNION_ORDER"
        )
    return orders(what)[0]


def terms_text(row: UnionRow) -> str:
    """What a union offers, in plain words."""
    from aceso.flows import coin

    terms = row.terms
    return say(
        "union.terms",
        **_offered.words_of(terms),
        union=row.number,
        members=row.members,
        price=coin(terms.price),
        conditions=_offered.conditions_text(terms.conditions),
        voucher=terms.voucher,
        committee=terms.committee,
        origin=_offered.origin_text(terms),
    )


def union_document(row: UnionRow) -> dict[str, Any]:
    """A union for a program."""
    terms = row.terms
    return {
        "union": row.number,
        "grantee": f"union:{row.number}",
        "keeper": terms.keeper,
        "members": row.members,
        "classes": _terms.class_names(terms.classes),
        "use": terms.use.name,
        "disease": terms.disease,
        "price": str(terms.price),
        "duration": terms.duration,
        "deliveryPeriod": terms.delivery_period,
        "conditions": [one.name for one in Condition if one & terms.conditions],
        "voucher": terms.voucher,
        "institution": None if terms.institution == NOBODY else terms.institution,
        "institutionBps": terms.institution_bps,
        "committee": terms.committee,
        "origin": _offered.origin_name(terms),
        "closed": row.closed_at is not None,
    }


def order_document(row: UnionOrderRow) -> dict[str, Any]:
    """An order of a union for a program."""
    return {
        "order": str(row.order),
        "buyer": row.buyer,
        "state": row.state.name,
        "price": str(row.price),
        "minimum": row.minimum,
        "parts": row.members,
        "claims": len(row.claims),
        "refunded": None if row.refunded is None else str(row.refunded),
    }
