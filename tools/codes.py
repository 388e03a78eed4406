"""From vocabulary.toml to Solidity and Python."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Code", "Vocabulary", "VocabularyError", "load", "python", "solidity"]

GROUPS = ("clinical", "sensitive", "genome", "lifelog", "research")
_WIDTHS = {"class": 32, "use": 16, "condition": 24, "role": 32}
_PLURALS = {"class": "CLASSES", "use": "USES", "condition": "CONDITIONS", "role": "ROLES"}


class VocabularyError(ValueError):
    """The vocabulary contradicts itself."""


@dataclass(frozen=True, slots=True)
class Code:
    """One entry: a bit of a class, use, condition or role; or the number of a reason."""

    name: str
    number: int
    en: str
    ko: str
    system: str = ""
    group: str = ""
    allowed_by: tuple[str, ...] = ()
    max_days: int = 0
    permit: bool = False

    @property
    def bit(self) -> int:
        return 1 << self.number


@dataclass(frozen=True, slots=True)
class Vocabulary:
    classes: tuple[Code, ...]
    uses: tuple[Code, ...]
    conditions: tuple[Code, ...]
    roles: tuple[Code, ...]
    reasons: tuple[Code, ...]
    emergencies: tuple[Code, ...]

    def kinds(self) -> Iterable[tuple[str, tuple[Code, ...]]]:
        """The kinds that are bits of a word."""
        return (
            ("class", self.classes),
            ("use", self.uses),
            ("condition", self.conditions),
            ("role", self.roles),
        )

    def group(self, name: str) -> int:
        return _mask(code for code in self.classes if code.group == name)

    def covering(self, use: Code) -> int:
        """The uses of a grant that cover a request for `use`."""
        return _mask(other for other in self.uses if other.name in use.allowed_by)


def load(path: Path) -> Vocabulary:
    """Read the vocabulary, or raise `VocabularyError` at the first contradiction."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    vocabulary = Vocabulary(
        classes=_codes(document["class"]),
        uses=_codes(document["use"]),
        conditions=_codes(document["condition"]),
        roles=_codes(document["role"]),
        reasons=_codes(document["reason"]),
        emergencies=_codes(document["emergency"]),
    )
    _verify(vocabulary)
    return vocabulary


def _codes(entries: list[dict[str, Any]]) -> tuple[Code, ...]:
    return tuple(
        Code(
            name=entry["code"],
            number=entry["bit"] if "bit" in entry else entry["number"],
            en=entry["en"],
            ko=entry["ko"],
            system=entry.get("system", ""),
            group=entry.get("group", ""),
            allowed_by=tuple(entry.get("allowed_by", ())),
            max_days=entry.get("max_days", 0),
            permit=entry.get("permit", False),
        )
        for entry in entries
    )


def _mask(codes: Iterable[Code]) -> int:
    mask = 0
    for code in codes:
        mask |= code.bit
    return mask


def _verify(vocabulary: Vocabulary) -> None:
    reserved = {group.upper() for group in GROUPS} | {f"ALL_{name}" for name in _PLURALS.values()}
    seen: set[str] = set(reserved)
    for kind, codes in vocabulary.kinds():
        numbers = [code.number for code in codes]
        if numbers != sorted(set(numbers)):
            raise VocabularyError(f"the bits of [[{kind}]] must rise, each used once")
        if numbers[-1] >= _WIDTHS[kind]:
            raise VocabularyError(f"[[{kind}]] has {_WIDTHS[kind]} bits, not {numbers[-1] + 1}")
        for code in codes:
            if code.name in seen:
                raise VocabularyError(f"{code.name} is used twice")
            seen.add(code.name)
    for kind, counted in (("reason", vocabulary.reasons), ("emergency", vocabulary.emergencies)):
        if [code.number for code in counted] != list(range(len(counted))):
            raise VocabularyError(f"the numbers of [[{kind}]] must count up from 0")
    for code in vocabulary.classes:
        if code.group not in GROUPS:
            raise VocabularyError(f"{code.name} has no group of {', '.join(GROUPS)}")
    names = {use.name for use in vocabulary.uses}
    for use in vocabulary.uses:
        if use.name not in use.allowed_by or not names.issuperset(use.allowed_by):
            raise VocabularyError(f"allowed_by of {use.name} must name itself and known uses")
        if use.max_days <= 0:
            raise VocabularyError(f"{use.name} needs max_days: every consent ends")


# --- Solidity ---------------------------------------------------------------------------------


def solidity(vocabulary: Vocabulary) -> str:
    """The library `Codes` and the enumerations `Reason` and `Emergency`."""
    blocks = []
    for kind, codes in vocabulary.kinds():
        width = _WIDTHS[kind]
        lines = [f"    /* {_PLURALS[kind]} */", ""]
        for code in codes:
            lines.append(f"    /// @dev {code.en}{_origin(code)}")
            lines.append(f"    uint{width} internal constant {code.name} = 1 << {code.number};")
        lines.append("    /// @dev Every bit that has a meaning.")
        everything = _mask(codes)
        lines.append(
            f"    uint{width} internal constant ALL_{_PLURALS[kind]} = {_hex(everything, width)};"
        )
        if kind == "class":
            lines.append("")
            for group in GROUPS:
                mask = _hex(vocabulary.group(group), width)
                lines.append(f"    uint32 internal constant {group.upper()} = {mask};")
        blocks.append("\n".join(lines))
    reasons = "\n".join(
        f"    {reason.name}{',' if reason is not vocabulary.reasons[-1] else ''}"
        f" // {'permitted' if reason.permit else 'denied'}: {reason.en}"
        for reason in vocabulary.reasons
    )
    emergencies = "\n".join(
        f"    {code.name}{',' if code is not vocabulary.emergencies[-1] else ''} // {code.en}"
        for code in vocabulary.emergencies
    )
    return _SOLIDITY.format(
        reasons=reasons,
        emergencies=emergencies,
        codes="\n\n".join(blocks),
        allowed_by=_allowed_by(vocabulary),
        max_duration=_max_duration(vocabulary),
    )


def _origin(code: Code) -> str:
    return f" ({code.system})" if code.system else ""


def _hex(mask: int, width: int) -> str:
    return f"0x{mask:0{width // 4}x}"


def _allowed_by(vocabulary: Vocabulary) -> str:
    """Care first, asked most; then the uses that others cover; then those that stand alone."""
    first, *rest = vocabulary.uses
    wider = [use for use in rest if len(use.allowed_by) > 1]
    alone = [use for use in rest if len(use.allowed_by) == 1]
    lines = [f"        if (use == {first.name}) return {_covering(vocabulary, first)};"]
    lines += [
        f"        if (use == {use.name}) return {_covering(vocabulary, use)};"
        for use in sorted(wider, key=lambda use: (use.name != "HMB", use.number))
    ]
    names = " | ".join(use.name for use in alone)
    lines += [
        f"        // One bit of those that only they themselves cover: {names}.",
        "        unchecked {",
        f"            if (use & {_hex(0xFFFF & ~_mask(alone), 16)} == 0 && use & (use - 1) == 0)"
        " return use;",
        "        }",
        "        return 0;",
    ]
    return "\n".join(lines)


def _covering(vocabulary: Vocabulary, use: Code) -> str:
    return " | ".join(use.allowed_by) if len(use.allowed_by) > 1 else use.name


def _max_duration(vocabulary: Vocabulary) -> str:
    lines = [
        f"        if (uses & {_hex(0xFFFF & ~_mask(vocabulary.uses), 16)} != 0) return 0;",
    ]
    for days in sorted({use.max_days for use in vocabulary.uses}):
        uses = [use for use in vocabulary.uses if use.max_days == days]
        lines += [
            f"        // {' | '.join(use.name for use in uses)}",
            f"        if (uses & {_hex(_mask(uses), 16)} != 0) return {days} days;",
        ]
    lines.append("        return 0;")
    return "\n".join(lines)


_SOLIDITY = """\
// SPDX-License-Identifier: Apache-2.0
// Generated from vocabulary.toml by `make generate`. Do not edit.
pragma solidity ^0.8.20;

/// @dev Why a request is permitted or denied, as `decide` answers it.
enum Reason {{
{reasons}
}}

/// @dev Why a clinician breaks the glass of a person who can't be asked.
enum Emergency {{
{emergencies}
}}

/// @title Codes
/// @notice The vocabulary: a bit for each class, use, condition and role.
/// @dev A bit keeps its meaning for ever.
library Codes {{
{codes}

    /* RULES */

    /// @notice The uses of a grant that cover a request for exactly the one use `use`.
    /// @dev 0 for anything that is not exactly one known use, so that it matches no grant.
    function allowedBy(uint16 use) internal pure returns (uint16) {{
{allowed_by}
    }}

    /// @notice The longest time, in seconds, for which `uses` may be granted together.
    /// @dev That of the strictest; 0 when no use is named, or an unknown one.
    function maxDuration(uint16 uses) internal pure returns (uint40) {{
{max_duration}
    }}
}}
"""


# --- Python -----------------------------------------------------------------------------------


def python(vocabulary: Vocabulary) -> str:
    """The module `aceso.codes`."""
    flags = "\n\n\n".join(
        _flag(name, doc, codes)
        for name, doc, codes in (
            ("DataClass", "A kind of data. A record is of exactly one.", vocabulary.classes),
            (
                "Use",
                "What data may be used for: HL7 v3 PurposeOfUse and GA4GH DUO.",
                vocabulary.uses,
            ),
            (
                "Condition",
                "What else must hold, attested by an accreditor and never by the one who asks.",
                vocabulary.conditions,
            ),
            ("Role", "What an account is accredited for.", vocabulary.roles),
        )
    )
    reasons = "\n".join(f"    {reason.name} = {reason.number}" for reason in vocabulary.reasons)
    emergencies = "\n".join(f"    {code.name} = {code.number}" for code in vocabulary.emergencies)
    permits = ", ".join(f"Reason.{reason.name}" for reason in vocabulary.reasons if reason.permit)
    groups = "\n".join(
        f"{group.upper()} = "
        + _wrapped([f"DataClass.{c.name}" for c in vocabulary.classes if c.group == group])
        for group in GROUPS
    )
    allowed = "\n".join(
        f"    Use.{use.name}: " + " | ".join(f"Use.{name}" for name in use.allowed_by) + ","
        for use in vocabulary.uses
    )
    days = "\n".join(f"    Use.{use.name}: {use.max_days}," for use in vocabulary.uses)
    labels = "\n".join(
        f"    ({kind}, {kind}.{code.name}): ({_quoted(code.en)}, {_quoted(code.ko)}),"
        for kind, codes in (
            ("DataClass", vocabulary.classes),
            ("Use", vocabulary.uses),
            ("Condition", vocabulary.conditions),
            ("Role", vocabulary.roles),
            ("Reason", vocabulary.reasons),
            ("Emergency", vocabulary.emergencies),
        )
        for code in codes
    )
    return _PYTHON.format(
        flags=flags,
        reasons=reasons,
        emergencies=emergencies,
        permits=permits,
        groups=groups,
        allowed_by=allowed,
        max_days=days,
        labels=labels,
    )


def _flag(name: str, doc: str, codes: tuple[Code, ...]) -> str:
    lines = [f"class {name}(IntFlag):", f'    """{doc}"""', ""]
    lines += [f"    {code.name} = 1 << {code.number}" for code in codes]
    return "\n".join(lines)


def _wrapped(names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    line = "(" + " | ".join(names) + ")"
    if len(line) <= 80:
        return line.strip("()")
    return "(\n    " + "\n    | ".join(names) + "\n)"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


_PYTHON = '''\
"""The vocabulary: data classes, uses, conditions, roles, and the reasons of a decision.

Generated from vocabulary.toml by `make generate`. Do not edit.

    label(DataClass.LABS | DataClass.SLEEP, "ko")   # "검사 결과, 수면"
    Use.GRU in ALLOWED_BY[Use.HMB]                  # True: a grant for GRU covers a request for HMB

A sensitive class is never part of `CLINICAL`: a person names it, or it stays shut.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, IntFlag
from types import MappingProxyType

__all__ = [
    "ALLOWED_BY",
    "CLINICAL",
    "GENOME",
    "LIFELOG",
    "MAX_DAYS",
    "RESEARCH",
    "SENSITIVE",
    "Condition",
    "DataClass",
    "Emergency",
    "Reason",
    "Role",
    "Use",
    "label",
]


{flags}


class Reason(IntEnum):
    """Why a request is permitted or denied."""

{reasons}

    @property
    def permits(self) -> bool:
        """Whether the answer that goes with this reason is yes."""
        return self in _PERMITS


_PERMITS = frozenset({{{permits}}})


class Emergency(IntEnum):
    """Why a clinician breaks the glass of a person who can't be asked."""

{emergencies}


{groups}

# The uses of a grant that cover a request for one use.
ALLOWED_BY: Mapping[Use, Use] = MappingProxyType(
    {{
{allowed_by}
    }}
)

# The longest window, in days, of a grant that names the use.
MAX_DAYS: Mapping[Use, int] = MappingProxyType(
    {{
{max_days}
    }}
)

# Bits of two kinds are equal as numbers, so the kind is part of the key.
_LABELS: Mapping[tuple[type, int], tuple[str, str]] = {{
{labels}
}}


def label(code: DataClass | Use | Condition | Role | Reason | Emergency, lang: str = "en") -> str:
    """Say `code` in English or Korean; several bits together as a list.

    `lang` is a locale such as "ko_KR.UTF-8": what begins with "ko" is Korean, all else English.
    A bit that has no meaning here, as of a newer version, is shown as a number.
    """
    column = 1 if lang.lower().startswith("ko") else 0
    if isinstance(code, IntEnum):
        return _label(code, column)
    return ", ".join(_label(bit, column) for bit in _bits(code))


def _bits(code: IntFlag) -> list[IntFlag]:
    return [type(code)(1 << place) for place in range(code.bit_length()) if code >> place & 1]


def _label(code: IntFlag | IntEnum, column: int) -> str:
    names = _LABELS.get((type(code), code))
    return names[column] if names else f"0x{{int(code):x}}"
'''
