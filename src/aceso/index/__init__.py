"""The index: what the contracts said, in tables that answer quickly.

    index = Index(folder / "index.sqlite", suite)
    index.sync()
    index.consents([persona]), index.orders(buyers=[account]), index.offers()

A chain answers what holds for a key that one has; it lists nothing. The index reads every event of
the suite once, in order, and keeps what follows from them. It holds nothing that the chain doesn't
say to everybody, so it can be deleted and made again at any time. Decisions are not taken here: ask
`suite.decide`.
"""

from __future__ import annotations

from .consents import ConsentTable
from .errors import IndexBehindError, IndexChainError, ReorgTooDeepError
from .index import Index
from .rows import (
    CommitteeRow,
    ConsentRow,
    EnrolmentRow,
    InstitutionRow,
    OfferRow,
    OrderRow,
    RecordEnd,
    RecordRow,
    StudyRow,
    UnionClaim,
    UnionOrderRow,
    UnionRow,
)

__all__ = [
    "CommitteeRow",
    "ConsentRow",
    "ConsentTable",
    "EnrolmentRow",
    "Index",
    "IndexBehindError",
    "IndexChainError",
    "InstitutionRow",
    "OfferRow",
    "OrderRow",
    "RecordEnd",
    "RecordRow",
    "ReorgTooDeepError",
    "StudyRow",
    "UnionClaim",
    "UnionOrderRow",
    "UnionRow",
]
