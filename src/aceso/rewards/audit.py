"""The audit file of an epoch: all that its rewards were computed from, and what came out.

    audit = Audit.make(facts, rules=RULES)
    audit.to_bytes()                     # canonical JSON (RFC 8785): the same bytes for everybody
    Audit.from_bytes(data).recheck()     # from its own facts, offline
    audit.compare(facts)                 # with what the chain says now
    audit.claim_of(line)                 # the leaf's proof

Its root is posted with its CID, so whoever reads it knows that it is the one meant. `recheck` asks
whether the rewards follow from the facts in it, `compare` whether those are the chain's facts. What
it can't tell is whether an evaluator left out what a person had filed; that person can, and shows
it in a challenge.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import rfc8785

from aceso.chain import RecordStanding, Reward
from aceso.errors import SPOILT
from aceso.ethereum import checksum
from aceso.vault.batch import Batch, standard_leaf, tree_of

from .contribution import Contribution
from .errors import AuditFalseError, AuditFileError
from .formula import Line, Part, Source, Use, compute
from .rules import RULES, Rules

__all__ = ["Audit", "Facts", "rewards_of"]

_FORMAT: Final = "aceso-rewards-audit"
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Facts:
    """What the chain says of an epoch, at the block at which it ended, and what was filed."""

    chain_id: int
    pool: str
    epoch: int
    budget: int
    block: int
    uses: tuple[Use, ...]
    filed: tuple[Contribution, ...]
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Audit:
    """An epoch's facts, rules and rewards."""

    facts: Facts
    rules: Rules
    lines: tuple[Line, ...]

    @classmethod
    def make(cls, facts: Facts, *, rules: Rules = RULES) -> Audit:
        """Compute the rewards of an epoch."""
        lines = compute(facts.epoch, facts.uses, facts.sources, budget=facts.budget, rules=rules)
        return cls(facts, rules, tuple(lines))

    @property
    def total(self) -> int:
        return sum(line.reward.amount for line in self.lines)

    @property
    def institutions(self) -> int:
        """What of it is for institutions."""
        return sum(line.reward.amount for line in self.lines if line.reward.institutional)

    @cached_property
    def tree(self) -> Batch:
        """The tree of the rewards. There has to be one at least."""
        return tree_of(standard_leaf(line.reward.encoded()) for line in self.lines)

    @property
    def root(self) -> bytes:
        """What is posted; zeros where there is nothing to pay."""
        return self.tree.root if self.lines else bytes(32)

    def proof(self, reward: Reward) -> tuple[bytes, ...]:
        """The proof by which a reward is claimed."""
        return self.tree.proof(standard_leaf(reward.encoded()))

    # Checking

    def recheck(self, *, rules: Rules = RULES) -> None:
        """Raise `AuditFalseError` unless the rewards follow from the facts by these rules."""
        if self.rules != rules:
            raise AuditFalseError(
                "The audit file was computed by other rules than this version of Aceso has: "
                "challenge it, or use the version that the evaluators agreed on."
            )
        wanted = Audit.make(self.facts, rules=rules)
        for line, due in zip(self.lines, wanted.lines, strict=False):
            if line != due:
                raise AuditFalseError(
                    f"Reward {due.reward.index} of epoch {self.facts.epoch} is not what its facts "
                    f"give: {line.reward.amount} for {line.reward.account} where "
                    f"{due.reward.amount} for {due.reward.account} is due. Challenge the root."
                )
        if len(self.lines) != len(wanted.lines):
            raise AuditFalseError(
                f"Epoch {self.facts.epoch} has {len(wanted.lines)} rewards by its facts, and the "
                f"audit file {len(self.lines)}. Challenge the root."
            )

    def compare(self, facts: Facts) -> None:
        """Raise `AuditFalseError` unless its facts are those that the chain gives."""
        mine, theirs = self.facts, facts
        for name in ("chain_id", "pool", "epoch", "budget", "block", "uses", "sources"):
            if getattr(mine, name) != getattr(theirs, name):
                raise AuditFalseError(
                    f"The audit file of epoch {mine.epoch} and the chain differ about "
                    f"{name.replace('_', ' ')}: challenge the root."
                )

    # As bytes

    def to_bytes(self) -> bytes:
        """Canonical JSON. Numbers that JSON can't hold exactly are texts."""
        facts = self.facts
        document: Any = {
            "format": _FORMAT,
            "version": _VERSION,
            "chainId": facts.chain_id,
            "pool": facts.pool,
            "epoch": facts.epoch,
            "budget": facts.budget,
            "block": facts.block,
            "rules": self.rules.to_document(),
            "uses": [_use_document(use) for use in facts.uses],
            "filed": [filed.to_document() for filed in facts.filed],
            "sources": [_source_document(source) for source in facts.sources],
            "rewards": [_line_document(line) for line in self.lines],
            "total": self.total,
            "institutions": self.institutions,
            "root": self.root.hex(),
        }
        return rfc8785.dumps(document)

    @classmethod
    def from_bytes(cls, data: bytes) -> Audit:
        """Read an audit file; raise `AuditFileError` for what is none."""
        try:
            said = json.loads(data)
            if (said["format"], said["version"]) != (_FORMAT, _VERSION):
                raise ValueError("another format or version")
            facts = Facts(
                int(said["chainId"]),
                checksum(said["pool"]),
                int(said["epoch"]),
                int(said["budget"]),
                int(said["block"]),
                tuple(_use(one) for one in said["uses"]),
                tuple(Contribution.from_document(one) for one in said["filed"]),
                tuple(_source(one) for one in said["sources"]),
            )
            lines = tuple(_line(facts.epoch, one) for one in said["rewards"])
            audit = cls(facts, Rules.from_document(said["rules"]), lines)
            again = audit.to_bytes()
        except SPOILT as exc:
            raise AuditFileError(
                "This is not an audit file of a version that we know: get the one whose CID was "
                "posted with the root."
            ) from exc
        if again != data:
            raise AuditFalseError(
                "The audit file contradicts itself, or isn't in its canonical form: challenge it."
            )
        return audit


def rewards_of(lines: Sequence[Line], account: str) -> list[Line]:
    """Those of one account."""
    return [line for line in lines if line.reward.account == account]


def _use_document(use: Use) -> dict[str, Any]:
    return {
        "order": str(use.order),
        "buyer": use.buyer,
        "subject": use.subject,
        "institution": use.institution,
        "institutionBps": use.institution_bps,
        "classes": use.classes,
        "earned": str(use.earned),
        "approved": use.approved,
    }


def _use(said: Any) -> Use:
    return Use(
        int(said["order"]),
        checksum(said["buyer"]),
        checksum(said["subject"]),
        checksum(said["institution"]),
        int(said["institutionBps"]),
        int(said["classes"]),
        int(said["earned"]),
        bool(said["approved"]),
    )


def _source_document(source: Source) -> dict[str, Any]:
    return {
        "order": str(source.order),
        "class": source.data_class,
        "issuer": source.issuer,
        "tag": source.tag.hex(),
        "record": source.record.hex(),
        "standing": source.standing.name,
    }


def _source(said: Any) -> Source:
    return Source(
        int(said["order"]),
        int(said["class"]),
        checksum(said["issuer"]),
        bytes.fromhex(said["tag"]),
        bytes.fromhex(said["record"]),
        RecordStanding[said["standing"]],
    )


def _line_document(line: Line) -> dict[str, Any]:
    reward = line.reward
    return {
        "index": reward.index,
        "institutional": reward.institutional,
        "amount": reward.amount,
        "account": reward.account,
        "issuer": reward.issuer,
        "record": reward.record.hex(),
        "why": [
            {"order": str(part.order), "class": part.data_class, "amount": part.amount}
            for part in line.parts
        ],
    }


def _line(epoch: int, said: Any) -> Line:
    record = bytes.fromhex(said["record"])
    if len(record) != 32:
        raise ValueError("a leaf has 32 bytes")
    reward = Reward(
        epoch,
        int(said["index"]),
        bool(said["institutional"]),
        int(said["amount"]),
        checksum(said["account"]),
        checksum(said["issuer"]),
        record,
    )
    parts = (Part(int(one["order"]), int(one["class"]), int(one["amount"])) for one in said["why"])
    return Line(reward, tuple(parts))
