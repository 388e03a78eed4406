"""The parameters of the reward formula, with the reasons of their defaults.

    RULES.order_cap_bps     # how much of an order's commons part its reward may be, of 10,000

Rules are part of every audit file. Evaluators take no others than these, so changing one is a new
version of the package that all of them run.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from .errors import AuditFileError

__all__ = ["COMMONS_BPS", "RULES", "WHOLE_BPS", "Rules"]

WHOLE_BPS: Final = 10_000
# What the market gives the commons of all that an order earns (DataMarket, FEE_BPS).
COMMONS_BPS: Final = 500
# What the pool leaves institutions of an epoch at most (RewardPool, MAX_INSTITUTIONS_BPS).
_INSTITUTIONS_BPS: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How rewards are computed. Amounts are in millionths of a coin, parts of 10,000 or 1,000,000.

    order_cap_bps     What all parties of an order may get by it, of the commons' part of what it
                      earned. At 10,000 or less nobody can win by buying from themselves: they paid
                      that part away. None switches it off, for simulations alone.
    common            From so many persons of a class in an epoch on, one more is worth half as much
                      to research as the first (in the square): see `formula.scarcity`.
    superseded        What a record counts that its issuer replaced since, of 1,000,000.
    tag_cap           The most for one patient of one issuer in an epoch: fifty sales of ten coins.
    issuer_cap_bps    The most for all patients of one issuer, of an epoch's budget.
    institution_bps   The most for the institution that issued the record, of a reward.
    """

    order_cap_bps: int | None = 10_000
    common: int = 400
    superseded: int = 500_000
    tag_cap: int = 25_000_000
    issuer_cap_bps: int = 2_000
    institution_bps: int = 2_000

    def __post_init__(self) -> None:
        cap = self.order_cap_bps
        fits = (
            (cap is None or 0 < cap <= WHOLE_BPS)
            and self.common > 0
            and 0 <= self.superseded <= 1_000_000
            and self.tag_cap > 0
            and 0 < self.issuer_cap_bps <= WHOLE_BPS
            and 0 <= self.institution_bps <= _INSTITUTIONS_BPS
        )
        if not fits:
            raise ValueError("a parameter of the rules is out of its bounds")

    def to_document(self) -> dict[str, Any]:
        """As an audit file has it."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Any) -> Rules:
        """Read what `to_document` wrote."""
        try:
            return cls(**document)
        except (TypeError, ValueError) as exc:
            raise AuditFileError("The rules of the audit file are of no version we know.") from exc


RULES: Final = Rules()
