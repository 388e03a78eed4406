"""The rules of consent, in Python: what `ConsentRegistry.decide` must answer, and nothing of how.

It is written from the table below, not from the contract, so that the two can be held against each
other: the tests do so over thousands of random histories. It also answers for the past, which the
contract cannot: replay the events up to a block, and ask.

    book = Book(world)
    book.grant(subject, grantee, classes=..., uses=..., valid_from=..., valid_until=..., now=...)
    book.decide(subject=subject, actor=actor, grantee=grantee, use=Use.TREAT, classes=..., now=...)

THE RULES. The first that applies gives the reason.

     1  SELF               permitted: the actor is the subject
     2  BARRED             the subject barred the actor's account
     3  NOT_GRANTED        nothing is granted to the grantee, and it was never withdrawn from
     4  WITHDRAWN          nothing is granted to the grantee now
     5  WITHDRAWN          what is granted is of an epoch before the subject's
     6  NOT_PRIMARY        granted as to the primary physician, and the subject names another
     7  NOT_YET            now is before the grant's first second
     8  ENDED              now is at or after the grant's end
     9  CLASS              no class is asked for, or one that the grant does not name
    10  USE                not exactly one known use is asked for, or one that is not covered
    11  DISEASE            only DS covers the use, and the disease is not the one named
    12  NOT_GRANTEE        the grantee is an account, and not the actor's
    13  GROUP_SILENT       the grantee is a group, and it gives no proper answer
    14  NOT_MEMBER         the group says that the actor is no member
    15  CONDITION          a condition is not attested: of an account by the authority, of a
                           member by the group
    16  PRIMARY_PHYSICIAN  permitted: granted as to the primary physician
    17  GRANTED            permitted: the grantee is an account
    18  MEMBER             permitted: the grantee is a group

A use is covered by itself and by the wider ones that the vocabulary names (DUO nests). A proper
answer of a group is 64 bytes, a yes or no and 24 bits, out of a contract, for 50,000 gas.

THE ACTS. Each is by the subject alone, and changes nothing of anybody else's.

    grant        takes the place of what was granted to this grantee; refused to a barred account
    withdraw     ends what was granted; the stop is the earlier of its end and now
    withdraw_all raises the epoch; the stop is now
    bar          ends what was granted to the account and remembers when; a second bar moves nothing
    unbar        lifts the bar, and revives nothing
    set_primary_physician
                 a grant for treatment, of all clinical classes unless some are named, from now on

Limits: the counters are whole numbers here, and wrap at 2^24 on the chain; who a group's members
are and what is attested is asked of `World`, whose answers are facts to this module.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from aceso.codes import ALLOWED_BY, CLINICAL, MAX_DAYS, SENSITIVE, DataClass, Reason, Use
from aceso.errors import InputError

__all__ = [
    "Book",
    "Head",
    "RuleError",
    "Word",
    "World",
    "account_grantee",
    "group_grantee",
    "split",
]

_DAY = 24 * 60 * 60
_ALL_CLASSES = sum(DataClass)
_ALL_USES = sum(Use)
_NOBODY = "0x" + "00" * 20


class World(Protocol):
    """What a decision asks of others than the subject."""

    def conditions_of(self, account: str) -> int:
        """The conditions that the authority attests of `account` now."""

    def ask_group(
        self, *, group: str, number: int, subject: str, actor: str
    ) -> tuple[bool, int] | None:
        """Whether `actor` is a member and what is attested; None if there is no proper answer."""


class RuleError(InputError):
    """The rules refuse an act; `name` and `arguments` are those of the contract's error."""

    def __init__(self, name: str, *arguments: Any) -> None:
        super().__init__(
            f"the rules of consent refuse this act: {name}{arguments}", code="E_CONSENT_REFUSED"
        )
        self.name = name
        self.arguments = arguments


@dataclass(frozen=True, slots=True)
class Word:
    """What a subject granted to one grantee. Without classes it permits nothing, and `valid_until`
    is the second at which it stopped."""

    classes: int = 0
    uses: int = 0
    conditions: int = 0
    disease: int = 0
    valid_from: int = 0
    valid_until: int = 0
    grants: int = 0
    withdrawals: int = 0
    epoch: int = 0
    barred: bool = False
    primary: bool = False
    bars: int = 0

    def stopped(self, at: int) -> Word:
        """The same word with nothing granted since `at`."""
        return Word(
            valid_until=at,
            grants=self.grants,
            withdrawals=self.withdrawals + 1,
            epoch=self.epoch,
            barred=self.barred,
            bars=self.bars,
        )


@dataclass(frozen=True, slots=True)
class Head:
    """What a subject holds once."""

    physician: str = _NOBODY
    epoch: int = 0
    stopped_at: int = 0
    changes: int = 0


def account_grantee(account: str) -> bytes:
    """The grantee that is one account."""
    return bytes(12) + _raw(account)


def group_grantee(number: int, contract: str) -> bytes:
    """The grantee that is group `number` (from 1) of `contract`."""
    return number.to_bytes(12, "big") + _raw(contract)


def split(grantee: bytes) -> tuple[int, str]:
    """The number (0 for an account) and the address in a grantee."""
    return int.from_bytes(grantee[:12], "big"), "0x" + grantee[12:].hex()


@dataclass(slots=True)
class Book:
    """All that was granted, and the rules."""

    world: World
    words: dict[tuple[str, bytes], Word] = field(default_factory=dict)
    heads: dict[str, Head] = field(default_factory=dict)

    def word(self, subject: str, grantee: bytes) -> Word:
        return self.words.get((subject.lower(), grantee), Word())

    def head(self, subject: str) -> Head:
        return self.heads.get(subject.lower(), Head())

    def decide(
        self,
        *,
        subject: str,
        actor: str,
        grantee: bytes,
        use: int,
        classes: int,
        disease: int = 0,
        now: int,
    ) -> Reason:
        """The answer at the second `now`, by the table of rules."""
        subject, actor = subject.lower(), actor.lower()
        word, head = self.word(subject, grantee), self.head(subject)
        number, address = split(grantee)

        if actor == subject:
            return Reason.SELF
        if self.word(subject, account_grantee(actor)).barred:
            return Reason.BARRED
        if not word.classes:
            return Reason.WITHDRAWN if word.withdrawals else Reason.NOT_GRANTED
        if word.epoch != head.epoch:
            return Reason.WITHDRAWN
        if word.primary and head.physician != address:
            return Reason.NOT_PRIMARY
        if now < word.valid_from:
            return Reason.NOT_YET
        if now >= word.valid_until:
            return Reason.ENDED
        if classes == 0 or not _covers(word.classes, classes):
            return Reason.CLASS
        covering = _covering(word.uses, use)
        if not covering:
            return Reason.USE
        if covering == Use.DS and disease != word.disease:
            return Reason.DISEASE
        if number == 0:
            if actor != address:
                return Reason.NOT_GRANTEE
            attested = self.world.conditions_of(actor) if word.conditions else 0
        else:
            answer = self.world.ask_group(
                group=address, number=number, subject=subject, actor=actor
            )
            if answer is None:
                return Reason.GROUP_SILENT
            member, attested = answer
            if not member:
                return Reason.NOT_MEMBER
        if not _covers(attested, word.conditions):
            return Reason.CONDITION
        if word.primary:
            return Reason.PRIMARY_PHYSICIAN
        return Reason.GRANTED if number == 0 else Reason.MEMBER

    def grant(
        self,
        subject: str,
        grantee: bytes,
        *,
        classes: int,
        uses: int,
        conditions: int = 0,
        disease: int = 0,
        valid_from: int,
        valid_until: int,
        now: int,
    ) -> None:
        """Grant, or raise `RuleError`."""
        address = split(grantee)[1]
        if address == _NOBODY:
            raise RuleError("ConsentInvalidGrantee", grantee)
        if classes == 0 or classes & ~_ALL_CLASSES:
            raise RuleError("ConsentInvalidClasses", classes)
        if uses == 0 or uses & ~_ALL_USES:
            raise RuleError("ConsentInvalidUses", uses)
        if bool(uses & Use.DS) != (disease != 0):
            raise RuleError("ConsentInvalidDisease", disease)
        latest = now + min(days for use, days in MAX_DAYS.items() if uses & use) * _DAY
        if valid_from >= valid_until or valid_until <= now or valid_until > latest:
            raise RuleError("ConsentInvalidPeriod", valid_from, valid_until, latest)
        word = self.word(subject, grantee)
        if word.barred:
            raise RuleError("ConsentGranteeBarred", grantee)
        self._write(
            subject,
            grantee,
            replace(
                word,
                classes=classes,
                uses=uses,
                conditions=conditions,
                disease=disease,
                valid_from=valid_from,
                valid_until=valid_until,
                grants=word.grants + 1,
                epoch=self.head(subject).epoch,
                primary=False,
            ),
        )

    def set_primary_physician(
        self, subject: str, physician: str, *, classes: int, valid_until: int, now: int
    ) -> None:
        """Choose the primary physician, or raise `RuleError`."""
        if classes & ~(CLINICAL | SENSITIVE):
            raise RuleError("ConsentInvalidClasses", classes)
        grantee = account_grantee(physician)
        self.grant(
            subject,
            grantee,
            classes=classes or CLINICAL,
            uses=Use.TREAT,
            valid_from=now,
            valid_until=valid_until,
            now=now,
        )
        self._write(subject, grantee, replace(self.word(subject, grantee), primary=True))
        head = self.head(subject)
        self.heads[subject.lower()] = replace(
            head, physician=physician.lower(), changes=head.changes + 1
        )

    def withdraw(self, subject: str, grantee: bytes, *, now: int) -> None:
        word = self.word(subject, grantee)
        self._write(subject, grantee, word.stopped(min(word.valid_until, now)))

    def withdraw_all(self, subject: str, *, now: int) -> None:
        head = self.head(subject)
        self.heads[subject.lower()] = replace(head, epoch=head.epoch + 1, stopped_at=now)

    def bar(self, subject: str, actor: str, *, now: int) -> None:
        grantee = account_grantee(actor)
        word = self.word(subject, grantee)
        if word.barred:
            self._write(subject, grantee, word.stopped(word.valid_until))
        else:
            barred = replace(word.stopped(now), barred=True, bars=(word.bars + 1) % 64)
            self._write(subject, grantee, barred)

    def unbar(self, subject: str, actor: str) -> None:
        """Lift a bar, or raise `RuleError`."""
        grantee = account_grantee(actor)
        word = self.word(subject, grantee)
        if not word.barred:
            raise RuleError("ConsentNotBarred", actor)
        self._write(subject, grantee, replace(word, barred=False, grants=word.grants + 1))

    def replay(self, event: str, arguments: dict[str, Any], *, time: int) -> None:
        """Take one event of the registry's, of a block at `time`. Other events change nothing."""
        subject = arguments.get("subject", "")
        match event:
            case "ConsentGranted":
                fields = ("classes", "uses", "conditions", "disease")
                self.grant(
                    subject,
                    bytes(arguments["grantee"]),
                    **{name: arguments[name] for name in fields},
                    valid_from=arguments["validFrom"],
                    valid_until=arguments["validUntil"],
                    now=time,
                )
            case "PrimaryPhysicianSet":
                self.set_primary_physician(
                    subject,
                    arguments["physician"],
                    classes=arguments["classes"],
                    valid_until=arguments["validUntil"],
                    now=time,
                )
            case "ConsentWithdrawn":
                self.withdraw(subject, bytes(arguments["grantee"]), now=time)
            case "AllConsentsWithdrawn":
                self.withdraw_all(subject, now=time)
            case "ActorBarred":
                self.bar(subject, arguments["actor"], now=time)
            case "ActorUnbarred":
                self.unbar(subject, arguments["actor"])

    def _write(self, subject: str, grantee: bytes, word: Word) -> None:
        self.words[subject.lower(), grantee] = word


def _covers(whole: int, part: int) -> bool:
    return whole & part == part


def _covering(granted: int, asked: int) -> int:
    """The uses among `granted` that cover `asked`; 0 unless that is exactly one known use."""
    for use, allowed in ALLOWED_BY.items():
        if use == asked:
            return granted & allowed
    return 0


def _raw(address: str) -> bytes:
    return bytes.fromhex(address.removeprefix("0x"))
