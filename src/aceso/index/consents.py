"""The consent table that follows from the events alone.

Fed every event of the ConsentRegistry in order, each with the time of its block, it holds the same
words as the contract: a test compares them after random histories. That the events tell all is what
lets anybody find out later who was permitted what, and when.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from aceso.chain import Event, GrantWord, HeadWord, grantee_of_account
from aceso.codes import CLINICAL, Condition, DataClass, Use

__all__ = ["EMPTY_GRANT", "EMPTY_HEAD", "ConsentTable"]

EMPTY_GRANT: Final = GrantWord.parse(0)
EMPTY_HEAD: Final = HeadWord.parse(0)
_COUNT: Final = 1 << 24


class ConsentTable:
    """Words by subject and grantee, and heads by subject."""

    def __init__(self) -> None:
        self.grants: dict[tuple[str, bytes], GrantWord] = {}
        self.heads: dict[str, HeadWord] = {}

    def grant(self, subject: str, grantee: bytes) -> GrantWord:
        return self.grants.get((subject, grantee), EMPTY_GRANT)

    def head(self, subject: str) -> HeadWord:
        return self.heads.get(subject, EMPTY_HEAD)

    def apply(self, event: Event, time: int) -> tuple[str, bytes | None] | None:
        """Take one event in; return what changed: a subject and a grantee, or a subject's head."""
        args = event.args
        subject = args.get("subject", "")
        name = event.name
        if name == "ConsentGranted":
            return self._put(subject, args["grantee"], self._granted(subject, args))
        if name == "ConsentWithdrawn":
            word = self.grant(subject, args["grantee"])
            return self._put(subject, args["grantee"], _stopped(word, min(time, word.valid_until)))
        if name == "AllConsentsWithdrawn":
            self.heads[subject] = replace(self.head(subject), epoch=args["epoch"], stopped_at=time)
            return subject, None
        if name == "PrimaryPhysicianSet":
            return self._physician(subject, args)
        if name in ("ActorBarred", "ActorUnbarred"):
            grantee = grantee_of_account(args["actor"])
            word = self.grant(subject, grantee)
            changed = _barred(word, time) if name == "ActorBarred" else _unbarred(word)
            return self._put(subject, grantee, changed)
        return None

    def _put(self, subject: str, grantee: bytes, word: GrantWord) -> tuple[str, bytes]:
        self.grants[subject, grantee] = word
        return subject, grantee

    def _granted(self, subject: str, args: Mapping[str, Any]) -> GrantWord:
        word = self.grant(subject, args["grantee"])
        return GrantWord(
            classes=DataClass(args["classes"]),
            uses=Use(args["uses"]),
            conditions=Condition(args["conditions"]),
            disease=args["disease"],
            valid_from=args["validFrom"],
            valid_until=args["validUntil"],
            grants=(word.grants + 1) % _COUNT,
            withdrawals=word.withdrawals,
            epoch=self.head(subject).epoch,
            # Nothing is granted to who is barred.
            barred=False,
            primary=False,
            bars=word.bars,
        )

    def _physician(self, subject: str, args: Mapping[str, Any]) -> tuple[str, bytes]:
        grantee = grantee_of_account(args["physician"])
        terms = {"conditions": 0, "disease": 0, "uses": Use.TREAT, "grantee": grantee, **args}
        terms["classes"] = args["classes"] or CLINICAL
        head = self.head(subject)
        changed = replace(self._granted(subject, terms), primary=True)
        self.heads[subject] = replace(
            head, physician=args["physician"], changes=(head.changes + 1) % (1 << 32)
        )
        return self._put(subject, grantee, changed)


def _stopped(word: GrantWord, stop: int) -> GrantWord:
    return replace(
        word,
        classes=DataClass(0),
        uses=Use(0),
        conditions=Condition(0),
        disease=0,
        valid_from=0,
        valid_until=stop,
        withdrawals=(word.withdrawals + 1) % _COUNT,
        primary=False,
    )


def _barred(word: GrantWord, time: int) -> GrantWord:
    if word.barred:
        return _stopped(word, word.valid_until)
    return replace(_stopped(word, time), barred=True, bars=(word.bars + 1) % 64)


def _unbarred(word: GrantWord) -> GrantWord:
    return replace(word, barred=False, grants=(word.grants + 1) % _COUNT)
