"""The elements of FHIR R4: what type each has, and whether it repeats.

    element("Patient", "name")       # Element(type="HumanName", many=True)
    element("Patient", "nickname")   # None

They are read from `codelists/fhir_elements.txt`, which says where they come from.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

__all__ = ["NUMBERS", "RESOURCE", "XHTML", "Element", "element", "is_name", "is_type"]

NUMBERS = frozenset({"decimal", "integer", "unsignedInt", "positiveInt"})
XHTML = "xhtml"
RESOURCE = "Resource"  # The type of an element that holds a whole resource.


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a type. A type in small letters is a primitive."""

    type: str
    many: bool


def element(type_name: str, name: str) -> Element | None:
    """The element `name` of the type `type_name`; None where R4 has no such type or element."""
    return _types().get(type_name, {}).get(name)


def is_type(type_name: str) -> bool:
    return type_name in _types()


def is_name(name: str) -> bool:
    """Whether R4 has a type, an element or a choice of elements of this name."""
    return name in _names()


@cache
def _names() -> frozenset[str]:
    names = set(_types())
    for elements in _types().values():
        for name, one in elements.items():
            names |= {name, f"_{name}"}
            # valueQuantity is value[x], of which a path may say the first half.
            kind = one.type[:1].upper() + one.type[1:]
            names.add(name.removesuffix(kind))
    return frozenset(names - {""})


@cache
def _types() -> dict[str, dict[str, Element]]:
    package = (__package__ or "").rpartition(".")[0]
    text = resources.files(package).joinpath("codelists", "fhir_elements.txt").read_text("utf-8")
    bases: dict[str, str] = {}
    own: dict[str, dict[str, Element]] = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        head, *cells = line.split()
        name, _, bases[name] = head.partition(":")
        own[name] = dict(_cell(cell) for cell in cells)
    return {name: _inherited(name, bases, own) for name in own}


def _cell(cell: str) -> tuple[str, Element]:
    name, _, kind = cell.partition("=")
    return name, Element(kind.removesuffix("*"), kind.endswith("*"))


def _inherited(
    name: str, bases: dict[str, str], own: dict[str, dict[str, Element]]
) -> dict[str, Element]:
    base = bases[name]
    return (_inherited(base, bases, own) if base else {}) | own[name]
