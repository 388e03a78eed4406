"""A stated subset of FHIRPath, with an end to everything.

    expression = parse("Condition.where(code.coding.code = 'E11').exists()")
    Evaluator(budget).truth(expression, resources)

In it are: paths, with a resource type first where it is to be one; `$this`; the functions where,
exists, all, empty, not, count, first, last, ofType, startsWith, endsWith and contains; the
operators `=`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `and`, `or`, `xor`, `implies` and `|`; strings,
numbers, booleans, dates and quantities such as 7 'mmol/L'; brackets. An element of a choice is
named without its type (`value`), as FHIRPath has it. All else is refused when it is read.

There are no regular expressions, no recursion and no variables of outside, so an evaluation ends
after at most as many steps as the budget has. Comparison is of what can be compared: numbers with
numbers, dates as far as both are exact, quantities of one unit; of anything else the answer is
empty, which counts as no. Semantics: HL7 FHIRPath 2.0 (N1), sections 4 to 6.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from aceso.errors import InputError

__all__ = ["Evaluator", "ExpressionError", "Node", "Quantity", "parse"]

MAX_CHARACTERS: Final = 2000
MAX_DEPTH: Final = 24
MAX_PARTS: Final = 300


class ExpressionError(InputError):
    """An expression that is not of the subset, or asks for too much."""

    def __init__(self, why: str, *, code: str = "E_COHORT_EXPRESSION"):
        super().__init__(
            f"The criteria hold an expression that can't be evaluated here: {why}. "
            "docs/research.md says which part of FHIRPath is understood.",
            code=code,
            details={"why": why},
        )


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit."""

    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Node:
    """A part of an expression: what it does, its name or value, and its parts."""

    kind: str
    value: Any = None
    parts: tuple[Node, ...] = ()


# Reading

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>[0-9]{1,12}(?:\.[0-9]{1,12})?)"
    r"|(?P<date>@[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?)"
    r"|(?P<string>'(?:[^'\\]|\\['\\/])*')"
    r"|(?P<name>\$this|[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign><=|>=|!=|[=<>().,|])"
    r"|(?P<other>\S))"
)
_FUNCTIONS: Final[Mapping[str, tuple[int, int]]] = {
    # The fewest and the most arguments.
    "where": (1, 1),
    "exists": (0, 1),
    "all": (1, 1),
    "empty": (0, 0),
    "not": (0, 0),
    "count": (0, 0),
    "first": (0, 0),
    "last": (0, 0),
    "ofType": (1, 1),
    "startsWith": (1, 1),
    "endsWith": (1, 1),
    "contains": (1, 1),
}
# From the loosest to the tightest.
_LEVELS: Final = (
    ("implies",),
    ("or", "xor"),
    ("and",),
    ("in",),
    ("=", "!="),
    ("<", "<=", ">", ">="),
    ("|",),
)
_WORDS: Final = frozenset({"implies", "or", "xor", "and", "in"})


def parse(text: str) -> Node:
    """Read an expression, or raise `ExpressionError`."""
    if len(text) > MAX_CHARACTERS:
        raise ExpressionError(f"it is longer than {MAX_CHARACTERS} characters")
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str):
        self._tokens: list[tuple[str, str]] = []
        at, end = 0, len(text.rstrip())
        while at < end:
            found = _TOKEN.match(text, at)
            if found is None or found.lastgroup in (None, "other"):
                raise ExpressionError(f"character {at + 1} begins nothing that is known")
            self._tokens.append((str(found.lastgroup), found[str(found.lastgroup)]))
            at = found.end()
        if len(self._tokens) > MAX_PARTS:
            raise ExpressionError(f"it has more than {MAX_PARTS} parts")
        self._at = 0
        self._depth = 0

    def whole(self) -> Node:
        made = self._level(0)
        if self._at < len(self._tokens):
            raise ExpressionError(f"{self._tokens[self._at][1]!r} stands where nothing can")
        return made

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _take(self, wanted: str = "") -> tuple[str, str]:
        if self._at >= len(self._tokens) or (wanted and self._peek() != wanted):
            raise ExpressionError(f"{wanted or 'something'} is missing at its end or before a part")
        self._at += 1
        return self._tokens[self._at - 1]

    def _level(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._path()
        left = self._level(level + 1)
        while self._peek() in _LEVELS[level] and self._tokens[self._at][0] != "string":
            sign = self._take()[1]
            left = Node("operator", sign, (left, self._level(level + 1)))
        return left

    def _path(self) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ExpressionError(f"it is nested more than {MAX_DEPTH} deep")
        made = self._term()
        while self._peek() == ".":
            self._take()
            kind, name = self._take()
            if kind != "name" or name == "$this":
                raise ExpressionError("a point is followed by no name")
            made = self._named(name, (made,))
        self._depth -= 1
        return made

    def _term(self) -> Node:
        kind, text = self._take()
        if kind == "sign" and text == "(":
            made = self._level(0)
            self._take(")")
            return made
        if kind == "number":
            number = Decimal(text)
            if self._at < len(self._tokens) and self._tokens[self._at][0] == "string":
                unit = _string(self._take()[1])
                return Node("literal", Quantity(number, unit))
            return Node("literal", number)
        if kind == "date":
            return Node("literal", _Date(text[1:]))
        if kind == "string":
            return Node("literal", _string(text))
        if kind == "name" and text in ("true", "false"):
            return Node("literal", text == "true")
        if kind == "name" and text == "$this":
            return Node("this")
        if kind == "name" and text not in _WORDS:
            return self._named(text, (Node("this"),))
        raise ExpressionError(f"{text!r} stands where a value has to")

    def _named(self, name: str, parts: tuple[Node, ...]) -> Node:
        if self._peek() != "(":
            return Node("element", name, parts)
        self._take("(")
        arguments: list[Node] = []
        while self._peek() != ")":
            if arguments:
                self._take(",")
            arguments.append(self._level(0))
        self._take(")")
        known = _FUNCTIONS.get(name)
        if known is None:
            raise ExpressionError(f"there is no function {name} in the subset")
        if not known[0] <= len(arguments) <= known[1]:
            raise ExpressionError(f"{name} has another number of arguments")
        if name == "ofType" and arguments[0].kind != "element":
            raise ExpressionError("ofType takes the name of a type")
        return Node("function", name, (*parts, *arguments))


def _string(quoted: str) -> str:
    return re.sub(r"\\(.)", r"\1", quoted[1:-1])


@dataclass(frozen=True, slots=True)
class _Date:
    text: str


# Evaluating

Items = list[Any]
_DATE: Final = re.compile(r"[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?(?=T|\Z)", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Typed:
    """A value of a choice of types, with the type that its element's name had."""

    value: Any
    type: str


class Evaluator:
    """Evaluates expressions over resources, for at most `steps` steps in all."""

    def __init__(self, steps: int):
        self._left = steps

    def truth(self, expression: Node, resources: Sequence[Mapping[str, Any]]) -> bool:
        """Whether it is true of these resources; what is empty is not."""
        return _is_true(self.values(expression, list(resources)))

    def values(self, node: Node, this: Items) -> Items:
        """The collection that a part of an expression gives."""
        self._step(1)
        if node.kind == "literal":
            return [node.value]
        if node.kind == "this":
            return this
        if node.kind == "element":
            return self._element(node.value, self.values(node.parts[0], this))
        if node.kind == "operator":
            return self._operator(node, this)
        return self._function(node, this)

    def _step(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise ExpressionError(
                "it asks for more work than an evaluation may take", code="E_COHORT_TOO_MUCH"
            )

    def _element(self, name: str, items: Items) -> Items:
        made: Items = []
        for item in map(_plain, items):
            self._step(1)
            if not isinstance(item, Mapping):
                continue
            if name[:1].isupper():
                # A type, which only a resource can be of.
                if item.get("resourceType") == name:
                    made.append(item)
                continue
            if name in item:
                found = item[name]
                made += found if isinstance(found, list) else [found]
                continue
            for key, value in item.items():
                rest = key[len(name) :]
                if key.startswith(name) and rest[:1].isupper():
                    made.append(_Typed(value, rest))
        self._step(len(made))
        return made

    def _function(self, node: Node, this: Items) -> Items:
        items = self.values(node.parts[0], this)
        arguments = node.parts[1:]
        if node.value in ("where", "exists", "all") and arguments:
            kept = [one for one in items if _is_true(self.values(arguments[0], [one]))]
            if node.value == "where":
                return kept
            return [bool(kept)] if node.value == "exists" else [len(kept) == len(items)]
        if node.value == "ofType":
            return [one for one in items if _is_of(one, str(arguments[0].value))]
        if node.value in _SIMPLE:
            return _SIMPLE[node.value](items)
        return self._text(node.value, items, self.values(arguments[0], this))

    def _text(self, name: str, items: Items, wanted: Items) -> Items:
        texts = [_plain(one) for one in (*items, *wanted)]
        if len(items) != 1 or len(wanted) != 1 or not all(isinstance(one, str) for one in texts):
            return []
        text, part = texts
        self._step(len(text) // 64)
        if name == "startsWith":
            return [text.startswith(part)]
        return [text.endswith(part)] if name == "endsWith" else [part in text]

    def _operator(self, node: Node, this: Items) -> Items:
        sign = node.value
        left = self.values(node.parts[0], this)
        if sign in _LOGIC:
            return _LOGIC[sign](_one_truth(left), _one_truth(self.values(node.parts[1], this)))
        right = self.values(node.parts[1], this)
        if sign == "|":
            return [*left, *right]
        if sign == "in":
            self._step(len(right))
            return [] if len(left) != 1 else [any(_equal(left[0], one) for one in right)]
        if not left or not right:
            return []
        if sign in ("=", "!="):
            self._step(min(len(left), len(right)))
            same = len(left) == len(right) and all(map(_equal, left, right))
            return [same == (sign == "=")]
        if len(left) != 1 or len(right) != 1:
            return []
        return _ordered(sign, left[0], right[0])


def _plain(item: Any) -> Any:
    return item.value if isinstance(item, _Typed) else item


def _is_true(items: Items) -> bool:
    return len(items) == 1 and _plain(items[0]) is True


def _one_truth(items: Items) -> bool | None:
    """One truth value; what is there and no boolean counts as true, as in FHIRPath."""
    if not items:
        return None
    if len(items) > 1:
        raise ExpressionError("a part that should be true or false gives several values")
    item = _plain(items[0])
    return item if isinstance(item, bool) else True


_SIMPLE: Final[Mapping[str, Callable[[Items], Items]]] = {
    "exists": lambda items: [bool(items)],
    "empty": lambda items: [not items],
    "count": lambda items: [Decimal(len(items))],
    "first": lambda items: items[:1],
    "last": lambda items: items[-1:],
    "not": lambda items: [] if (found := _one_truth(items)) is None else [not found],
}


def _and(left: bool | None, right: bool | None) -> Items:
    if left is False or right is False:
        return [False]
    return [] if left is None or right is None else [True]


def _or(left: bool | None, right: bool | None) -> Items:
    if left or right:
        return [True]
    return [] if left is None or right is None else [False]


_LOGIC: Final[Mapping[str, Callable[[bool | None, bool | None], Items]]] = {
    "and": _and,
    "or": _or,
    "xor": lambda left, right: [] if left is None or right is None else [left != right],
    "implies": lambda left, right: _or(None if left is None else not left, right),
}


def _is_of(item: Any, name: str) -> bool:
    if isinstance(item, _Typed):
        return item.type == name
    return isinstance(item, Mapping) and item.get("resourceType") == name


def _comparable(item: Any) -> Any:
    """A number, a quantity, a date, a text or a truth value; anything else as it is."""
    typed = item.type if isinstance(item, _Typed) else ""
    item = _plain(item)
    if isinstance(item, bool):
        return item
    if isinstance(item, int | float | Decimal):
        return Decimal(str(item))
    if isinstance(item, Mapping) and "value" in item and typed in ("", "Quantity", "Age"):
        unit = item.get("code") or item.get("unit")
        try:
            return Quantity(Decimal(str(item["value"])), str(unit))
        except InvalidOperation:
            return item
    return item


def _equal(left: Any, right: Any) -> bool:
    left, right = _comparable(left), _comparable(right)
    dates = _two_dates(left, right)
    if dates is not None:
        return dates[0] == dates[1]
    return type(left) is type(right) and bool(left == right)


def _two_dates(left: Any, right: Any) -> tuple[str, str] | None:
    """Both as dates, when one of them is written as one; as exact as the less exact of them."""
    if not isinstance(left, _Date) and not isinstance(right, _Date):
        return None
    texts = [one.text if isinstance(one, _Date) else one for one in (left, right)]
    found = [_DATE.match(one) if isinstance(one, str) else None for one in texts]
    if found[0] is None or found[1] is None:
        return ("", "-")
    length = min(len(found[0][0]), len(found[1][0]))
    return found[0][0][:length], found[1][0][:length]


def _ordered(sign: str, left: Any, right: Any) -> Items:
    left, right = _comparable(left), _comparable(right)
    dates = _two_dates(left, right)
    if dates is not None:
        if "" in dates:
            return []
        left, right = dates
    elif isinstance(left, Quantity) and isinstance(right, Quantity):
        if left.unit != right.unit:
            return []
        left, right = left.value, right.value
    if type(left) is not type(right) or not isinstance(left, Decimal | str):
        return []
    if sign in ("<", ">="):
        return [bool(left < right) == (sign == "<")]
    return [bool(left > right) == (sign == ">")]
