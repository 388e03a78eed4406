"""What of a CDA document nothing looked at, by the names that the standard has for it.

    list(unread(node))      # ["performer/assignedEntity/addr", "value/translation"]

A part is named where it says something by itself: a code, a value, a text. Only names that CDA has
are ever told, for any other could be the name of a person.
"""

from __future__ import annotations

from collections.abc import Iterator

from .ccda_node import Node
from .ccda_types import tables

__all__ = ["safe_name", "unread"]

# Which kind a part is of, and where its words stand in the narrative, which has its own outcome.
_QUIET = frozenset({"templateId", "typeId", "realmCode"})
_POINTERS = frozenset({"text", "originalText"})
# What every statement of a kind says.
_FIXED = {"code": frozenset({"CONC", "ASSERTION"}), "statusCode": frozenset({"completed"})}


def safe_name(node: Node) -> str:
    """The name of an element of CDA; `element` for any other."""
    name = node.name.removeprefix("sdtc:")
    return node.name if name in tables()["elements"]["names"] else "element"


def unread(node: Node, before: str = "") -> Iterator[str]:
    """The paths of the parts of `node` that nobody looked at, the shortest that say it."""
    if node.used or node.name in _QUIET or not _tells(node):
        return
    path = before + safe_name(node)
    if not _is_seen(node):
        yield path
        return
    if node.says and not node.seen:
        yield path
    for child in node.children:
        yield from unread(child, f"{path}/")


def _tells(node: Node) -> bool:
    """Whether a part or one in it says something."""
    if node.name in _POINTERS and not node.own_text:
        return False
    if node.attributes.get("code") in _FIXED.get(node.name, ()):
        return False
    return node.says or any(_tells(child) for child in node.children)


def _is_seen(node: Node) -> bool:
    return node.seen or any(_is_seen(child) for child in node.children)
