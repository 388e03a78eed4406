"""The elements of an XML file that matter, one by one, each let go when it has been read.

    reader = Nodes({"trkpt", "trk"})
    for node in reader.read(stream):        # a trkpt as it ends; a trk, without its trkpts
        node.text("ele"), node.attributes, node.line

A namespace is left out of a name: exporters invent prefixes. Raises XmlError.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from .._xml import Parser, local

__all__ = ["Node", "Nodes"]

_MAX_CHILDREN = 2_000
_MAX_TEXT = 1 << 16


@dataclass(slots=True)
class Node:
    """An element. What is in it and was told of by itself is no child of it."""

    name: str
    attributes: dict[str, str] = field(repr=False)
    line: int
    content: str = field(default="", repr=False)
    children: list[Node] = field(default_factory=list, repr=False)

    def text(self, *names: str) -> str:
        """The text of the first element at this path of names; empty where there is none."""
        found = self
        for name in names:
            inner = [one for one in found.children if one.name == name]
            if not inner:
                return ""
            found = inner[0]
        return found.content.strip()

    def walk(self) -> Iterator[Node]:
        """Every element in it, at any depth."""
        stack = list(reversed(self.children))
        while stack:
            one = stack.pop()
            yield one
            stack.extend(reversed(one.children))


class Nodes:
    """One reading of one file. `root` has the attributes of the root element."""

    def __init__(self, wanted: set[str]):
        self.root: dict[str, str] = {}
        self._wanted = wanted
        self._parser = Parser(self, text=True)
        self._open: list[Node] = []
        self._ready: deque[Node] = deque()

    def read(self, stream: IO[bytes]) -> Iterator[Node]:
        """Each wanted element as it ends."""
        for _ in self._parser.read(stream):
            while self._ready:
                yield self._ready.popleft()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._open:
            self.root = attributes
        self._open.append(Node(local(name), attributes, self._parser.line))

    def end(self, name: str) -> None:
        node = self._open.pop()
        if node.name in self._wanted:
            self._ready.append(node)
        elif len(self._open) > 1 and len(self._open[-1].children) < _MAX_CHILDREN:
            self._open[-1].children.append(node)

    def text(self, data: str) -> None:
        if self._open and len(self._open[-1].content) < _MAX_TEXT:
            self._open[-1].content += data
