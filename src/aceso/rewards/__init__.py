"""Rewards: what contributors earn beside the price, computed so that anybody can compute it again.

    facts = gather(suite, index.timed_events(), epoch, filed)
    audit = Audit.make(facts)
    suite.reward_board.post_root(epoch, 3, audit.root, audit.total, audit.institutions, cid)

    audit = Audit.from_bytes(data)
    audit.recheck(), audit.compare(facts)

The rules and their reasons: docs/economy.md. The formula: `formula.compute`.
"""

from __future__ import annotations

from .audit import Audit, Facts, rewards_of
from .contribution import TAG_FIELD, Contribution, is_vouched, patient_tag, vouch_for
from .errors import AuditFalseError, AuditFileError, ContributionError
from .facts import Approved, Bought, gather, settled_in, with_ethics_approval
from .formula import MICROCOIN, Line, Part, Source, Use, compute, scarcity
from .rules import COMMONS_BPS, RULES, Rules

__all__ = [
    "COMMONS_BPS",
    "MICROCOIN",
    "RULES",
    "TAG_FIELD",
    "Approved",
    "Audit",
    "AuditFalseError",
    "AuditFileError",
    "Bought",
    "Contribution",
    "ContributionError",
    "Facts",
    "Line",
    "Part",
    "Rules",
    "Source",
    "Use",
    "compute",
    "gather",
    "is_vouched",
    "patient_tag",
    "rewards_of",
    "scarcity",
    "settled_in",
    "vouch_for",
    "with_ethics_approval",
]
