"""What people write on the command line, as the values that the flows take.

    classes("clinical,hiv")     uses("TREAT")     Span.parse("30d").seconds(now)
    address("0x…")              amount("1.5")     grantee_text(bytes)

Each refuses with a sentence that lists what there is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aceso.codes import (
    CLINICAL,
    GENOME,
    LIFELOG,
    MAX_DAYS,
    SENSITIVE,
    Condition,
    DataClass,
    Role,
    Use,
)
from aceso.errors import UsageError
from aceso.ethereum import moment_text

from ._words import say

if TYPE_CHECKING:
    from aceso.flows import Network

__all__ = [
    "EMERGENCY",
    "GROUPS",
    "Span",
    "address",
    "class_name",
    "class_names",
    "classes",
    "conditions",
    "day_text",
    "disease_text",
    "grantee",
    "grantee_text",
    "longest",
    "moment_text",
    "order",
    "roles",
    "use_names",
    "uses",
    "whole",
]

# Of a number of 256 bits.
_MOST_DIGITS = 78

GROUPS = {
    "clinical": CLINICAL,
    "sensitive": SENSITIVE,
    "genome": GENOME,
    "lifelog": LIFELOG,
}

_DAY = 86_400
_UNITS = {"m": 60, "h": 3600, "d": _DAY, "w": 7 * _DAY, "y": 365 * _DAY}
_SPAN = re.compile(r"([1-9]\d{0,8})([mhdwy])\Z")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}\Z")
EMERGENCY = "emergency"
_GUARDIAN = "guardian:"
_GROUP = re.compile(r"(institution|offer|union):([1-9]\d{0,18})\Z")
_GROUP_OF = {"institution": "ParticipantRegistry", "offer": "DataMarket", "union": "Unions"}
_STUDY = re.compile(r"study:([1-9]\d{0,8})\.([1-9]\d{0,4})\Z")


def _kebab(name: str | None) -> str:
    return (name or "").lower().replace("_", "-")


_CLASS_NAMES = {_kebab(one.name): one for one in DataClass}


def classes(text: str) -> DataClass:
    """Classes and groups of them, by name and parted by commas."""
    found = DataClass(0)
    for name in _parts(text):
        known = _kebab(name)
        if known in GROUPS:
            found |= GROUPS[known]
        elif known in _CLASS_NAMES:
            found |= _CLASS_NAMES[known]
        else:
            raise UsageError(
                f"There is no class of data {name!r}. There are the groups {', '.join(GROUPS)}, "
                f"and {', '.join(_CLASS_NAMES)}.",
                code="E_CLASS_NAME",
                details={
                    "name": name,
                    "groups": list(GROUPS),
                    "known": list(_CLASS_NAMES),
                },
            )
    if not found:
        raise UsageError(
            "No class of data is named. Name some, as in --classes labs,sleep.",
            code="E_CLASS_NONE",
        )
    return found


def class_names(found: DataClass) -> list[str]:
    """The names of classes, as people write them here."""
    return [name for name, one in _CLASS_NAMES.items() if one & found]


def uses(text: str) -> Use:
    """Codes of uses, parted by commas."""
    found = Use(0)
    for name in _parts(text):
        known = Use.__members__.get(name.upper())
        if known is None:
            raise UsageError(
                f"There is no use {name!r}. There are {', '.join(Use.__members__)}.",
                code="E_USE_CODE",
                details={"name": name, "known": list(Use.__members__)},
            )
        found |= known
    if not found:
        raise UsageError("No use is named, as in --uses TREAT.", code="E_USE_NONE")
    return found


def use_names(found: Use) -> list[str]:
    return [name for name, one in Use.__members__.items() if one & found]


def conditions(text: str) -> Condition:
    """Codes of conditions, parted by commas; none for an empty text."""
    found = Condition(0)
    for name in _parts(text):
        known = Condition.__members__.get(name.upper())
        if known is None:
            raise UsageError(
                f"There is no condition {name!r}. There are {', '.join(Condition.__members__)}.",
                code="E_CONDITION_CODE",
                details={"name": name, "known": list(Condition.__members__)},
            )
        found |= known
    return found


def roles(text: str) -> Role:
    """Names of roles, parted by commas."""
    known = {_kebab(one.name): one for one in Role}
    found = Role(0)
    for name in _parts(text):
        if _kebab(name) not in known:
            raise UsageError(
                f"There is no role {name!r}. There are {', '.join(known)}.",
                code="E_ROLE_NAME",
                details={"name": name, "known": list(known)},
            )
        found |= known[_kebab(name)]
    return found


def longest(found: Use) -> int:
    """The most seconds that a grant for these uses may last."""
    return min(MAX_DAYS[one] for one in Use if one & found) * _DAY


# Nothing here lasts as long, and no calendar reaches to what can be written.
_CENTURY = 100 * 366 * _DAY


@dataclass(frozen=True, slots=True)
class Span:
    """How long: a length from now on, or a moment."""

    length: int = 0
    moment: int = 0

    @classmethod
    def parse(cls, text: str) -> Span:
        """`30d`, `12h`, `2w`, `1y`, or a date such as 2027-01-01 (its first second, UTC)."""
        found = _SPAN.match(text.strip())
        if found:
            return cls(length=int(found[1]) * _UNITS[found[2]])
        try:
            moment = datetime.fromisoformat(text.strip())
        except ValueError as exc:
            raise UsageError(
                f"{text!r} is not a time. Write a length such as 90m, 12h, 30d, 2w or 1y, or a "
                "date such as 2027-01-01.",
                code="E_TIME",
                details={"text": text},
            ) from exc
        return cls(
            moment=int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
        )

    def seconds(self, now: int, *, most: int | None = None) -> int:
        """The seconds from `now`, the chain's time, on."""
        seconds = self.length or self.moment - now
        if seconds <= 0:
            raise UsageError(
                f"{day_text(self.moment)} is over already. Name a time to come.",
                code="E_TIME_PAST",
                details={"moment": day_text(self.moment)},
            )
        if most is not None and seconds > most:
            raise UsageError(
                f"For this use a consent lasts {most // _DAY} days at most. Name a shorter time.",
                code="E_TIME_TOO_LONG",
                details={"days": most // _DAY},
            )
        if seconds > _CENTURY:
            raise UsageError(
                "That is more than a hundred years. Name a shorter time.", code="E_TIME_FAR"
            )
        return seconds


def address(text: str) -> str:
    """An account's address, with the right capitals."""
    from eth_utils.address import is_checksum_address, to_checksum_address

    mixed = text != text.lower() and text[2:] != text[2:].upper()
    if not _ADDRESS.match(text) or (mixed and not is_checksum_address(text)):
        raise UsageError(
            f"{text!r} is not an address. One is 0x and 40 hexadecimal digits; if small and large "
            "letters are mixed, one of them is mistyped.",
            code="E_ADDRESS",
            details={"text": text},
        )
    return str(to_checksum_address(text))


def grantee(network: Network, text: str) -> bytes:
    """`0x…`, `institution:7`, `offer:12`, `study:3.1`, `union:2` or `guardian:0x…` as the 32 bytes
    of the chain."""
    from aceso.chain import Emergencies, grantee_of_account, grantee_of_group

    if text.startswith(_GUARDIAN):
        from aceso.flows import guardian_group

        return guardian_group(network, address(text.removeprefix(_GUARDIAN)))

    if text == EMERGENCY:
        return grantee_of_group(Emergencies.GROUP, network.suite.addresses["EmergencyAccess"])
    found = _GROUP.match(text)
    if found:
        return grantee_of_group(int(found[2]), network.suite.addresses[_GROUP_OF[found[1]]])
    found = _STUDY.match(text)
    if found:
        group = int(found[1]) << 16 | int(found[2])
        return grantee_of_group(group, network.suite.addresses["Studies"])
    if not _ADDRESS.match(text):
        raise UsageError(
            f"{text!r} is nobody that one can share with. Write an address 0x…, institution:7, "
            "offer:12, study:3.1 or union:2.",
            code="E_GRANTEE",
            details={"text": text},
        )
    return grantee_of_account(address(text))


def grantee_text(network: Network, found: bytes) -> str:
    """The way back."""
    from aceso.chain import parse_grantee

    said = parse_grantee(found)
    if not said.number:
        return said.address
    if said.address == network.suite.addresses["DataMarket"]:
        return f"offer:{said.number}"
    if said.address == network.suite.addresses["Unions"]:
        return f"union:{said.number}"
    if said.address == network.suite.addresses["Studies"]:
        return study_text(said.number)
    if said.address == network.suite.addresses["ParticipantRegistry"]:
        return f"institution:{said.number}"
    if said.address == network.suite.addresses["EmergencyAccess"]:
        return EMERGENCY
    if said.address == network.suite.addresses["Guardianship"]:
        return _GUARDIAN + network.guardian_of(said.number)
    return f"{said.number}@{said.address}"


def study_text(group: int) -> str:
    """A revision of a study: `study:3.1`."""
    return f"study:{group >> 16}.{group & 0xFFFF}"


def day_text(seconds: int) -> str:
    """A moment as a day."""
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def length_text(seconds: int) -> str:
    """A length of time in days, or hours where it isn't whole days."""
    days, rest = divmod(seconds, 86_400)
    return say("time.days", count=days) if not rest else say("time.hours", count=seconds // 3600)


def disease_text(disease: int) -> str:
    """The disease that the use is for, by its number."""
    return str(disease) if disease else say("notice.no_disease")


def whole(text: object, bits: int = 256) -> int | None:
    """A number from 1 that a contract keeps in so many bits, or None where it is none."""
    digits = str(text)
    if not digits.isascii() or not digits.isdigit() or len(digits) > _MOST_DIGITS:
        return None
    found = int(digits)
    return found if 0 < found < 1 << bits else None


def order(text: str) -> int:
    """An order, by its number."""
    found = whole(text)
    if found is None:
        raise UsageError(f"{text!r} is not the number of an order.", code="E_ORDER_NUMBER")
    return found


def _parts(text: str) -> list[str]:
    return [part for part in re.split(r"[,\s]+", text.strip()) if part]


def class_name(found: DataClass | None) -> str | None:
    """The names of classes in one word, for a program."""
    return None if found is None else ",".join(class_names(found))
