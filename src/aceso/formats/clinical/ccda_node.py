"""CDA as it is parsed: one entry at a time, so that a document of any size is read.

    for part in parts(stream):
        part.header          # a Node: all of the document beside its body, once, before the entries
        part.entry           # a Node: one entry of a section
        part.section         # what is known of the section: number, code, title, words by their ID

Narrative is taken as words alone. It is markup of the sender's, and nothing here renders it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from .._xml import Parser, XmlError, local

__all__ = ["Node", "Part", "Section", "parts"]

_SDTC = "urn:hl7-org:sdtc "
_XSI_TYPE = "http://www.w3.org/2001/XMLSchema-instance type"
# Attributes that tell something of a person; the others say of which kind a part is.
_TELLING = ("code", "displayName", "extension", "unit", "value")
_OF_A_SECTION = frozenset(
    {"id", "code", "title", "text", "templateId", "languageCode", "confidentialityCode"}
    | {"entry", "component", "realmCode", "typeId"}
)
_MAX_TEXT = 64 << 20
_MAX_NODES = 200_000
_MAX_WORDS = 4 << 20
_BLOCKS = frozenset({"br", "tr", "paragraph", "item", "caption", "table", "list", "title"})


class Node:
    """One element. `text` is what stands in it directly.

    `seen` says that something looked at what it says, `used` that a statement was taken in whole.
    """

    __slots__ = ("_text", "attributes", "children", "line", "name", "seen", "used")

    def __init__(self, name: str, attributes: dict[str, str], line: int):
        self.name = name
        self.attributes = attributes
        self.line = line
        self.children: list[Node] = []
        self._text: list[str] = []
        self.used = False
        self.seen = False

    @property
    def text(self) -> str:
        self.seen = True
        return self.own_text

    def add_text(self, data: str) -> None:
        self._text.append(data)

    def get(self, attribute: str) -> str:
        self.seen = True
        return self.attributes.get(attribute, "").strip()

    @property
    def type(self) -> str:
        """xsi:type without its prefix."""
        return self.attributes.get(_XSI_TYPE, "").strip().rpartition(":")[2]

    @property
    def null(self) -> str:
        return self.attributes.get("nullFlavor", "").strip()

    @property
    def says(self) -> bool:
        """Whether it says something by itself, beside what it holds."""
        return bool(self.own_text) or any(self.attributes.get(one, "").strip() for one in _TELLING)

    @property
    def own_text(self) -> str:
        """What stands in it directly, without a note that it was looked at."""
        return "".join(self._text).strip()

    def all(self, *path: str) -> Iterator[Node]:
        """The descendants along `path`."""
        if not path:
            yield self
            return
        for child in self.children:
            if child.name == path[0]:
                yield from child.all(*path[1:])

    def first(self, *path: str) -> Node:
        """The first along `path`, or an empty one."""
        return next(self.all(*path), Node("", {}, self.line))

    def __bool__(self) -> bool:
        return bool(self.name)

    def templates(self) -> frozenset[str]:
        return frozenset(one.get("root") for one in self.all("templateId"))


@dataclass(slots=True)
class Section:
    """One section of a body. Its narrative comes before its entries."""

    number: int
    line: int
    codes: list[str] = field(default_factory=list)
    code: Node | None = None
    title: str = field(default="", repr=False)
    words: list[str] = field(default_factory=list, repr=False)
    by_id: dict[str, str] = field(default_factory=dict, repr=False)
    entries: int = 0
    others: list[Node] = field(default_factory=list, repr=False)  # Beside all of these.


@dataclass(frozen=True, slots=True)
class Part:
    """The header, an entry, the end of a section, or a body that is no XML."""

    header: Node | None = None
    entry: Node | None = None
    section: Section | None = None
    unstructured: Node | None = None
    number: int = 0  # Of the entry in its section.


def parts(stream: IO[bytes]) -> Iterator[Part]:
    """Parse a document. Raises XmlError; what came before it was read."""
    builder = _Builder()
    builder.parser = Parser(builder, text=True)
    blocks = builder.parser.read(stream)
    while True:
        try:
            next(blocks)
        except StopIteration:
            return
        except XmlError:
            yield from builder.take()
            raise
        yield from builder.take()


class _Builder:
    def __init__(self) -> None:
        self.parser: Parser | None = None
        self._ready: list[Part] = []
        self._stack: list[Node] = []
        self._sections: list[Section] = []
        self._count = 0
        self._nodes = 0
        self._size = 0
        self._narrative = 0  # How deep in a narrative.
        self._open_ids: list[tuple[int, str, list[str]]] = []
        self._words = 0

    def take(self) -> list[Part]:
        ready, self._ready = self._ready, []
        return ready

    def start(self, name: str, attributes: dict[str, str]) -> None:
        plain = f"sdtc:{local(name)}" if name.startswith(_SDTC) else local(name)
        if self._narrative:
            self._narrative += 1
            self._narrated(plain, attributes)
            return
        above = self._stack[-1] if self._stack else None
        if plain == "text" and above is not None and above.name == "section":
            self._narrative = 1
            return
        line = self.parser.line if self.parser else 0
        node = Node(plain, attributes, line)
        self._nodes += 1
        if self._nodes > _MAX_NODES:
            raise XmlError(
                "one part of it holds more elements than can be read at once", "too_large", line
            )
        if above is not None:
            above.children.append(node)
        self._stack.append(node)
        if plain == "section":
            self._count += 1
            self._sections.append(Section(self._count, line))
        if plain in ("structuredBody", "nonXMLBody"):
            self._ready.append(Part(header=self._stack[0]))

    def end(self, name: str) -> None:
        if self._narrative:
            self._narrative -= 1
            while self._open_ids and self._open_ids[-1][0] > self._narrative:
                self._close_id()
            if local(name) in _BLOCKS and self._sections:
                self._sections[-1].words.append("\n")
            return
        node = self._stack.pop()
        if node.name == "entry" and self._sections:
            section = self._sections[-1]
            section.entries += 1
            known = self._known(section)
            self._ready.append(Part(entry=node, section=known, number=section.entries))
            self._drop(node)
        elif node.name == "section":
            section = self._sections.pop()
            _describe(section, node)
            section.others = [one for one in node.children if one.name not in _OF_A_SECTION]
            self._ready.append(Part(section=section))
            self._drop(node)
        elif node.name == "nonXMLBody":
            self._ready.append(Part(unstructured=node))
            self._drop(node)
        elif not self._stack and not self._count:
            self._ready.append(Part(header=node))

    def text(self, data: str) -> None:
        if self._narrative:
            self._words += len(data)
            if self._sections and self._words <= _MAX_WORDS:
                self._sections[-1].words.append(data)
                for _, _, words in self._open_ids[-4:]:
                    words.append(data)
            return
        self._size += len(data)
        if self._size > _MAX_TEXT:
            line = self.parser.line if self.parser else 0
            raise XmlError("one part of it is larger than 64 MiB", "too_large", line)
        if self._stack:
            self._stack[-1].add_text(data)

    def _known(self, section: Section) -> Section:
        """Code and title come before the entries, and are in the tree by now."""
        found = next((one for one in reversed(self._stack) if one.name == "section"), None)
        if found is not None:
            _describe(section, found)
        return section

    def _drop(self, node: Node) -> None:
        """What was told of is held no longer."""
        if self._stack and self._stack[-1].children and self._stack[-1].children[-1] is node:
            self._stack[-1].children.pop()
        self._nodes = len(self._stack) + 100
        self._size = 0

    def _narrated(self, name: str, attributes: dict[str, str]) -> None:
        marked = attributes.get("ID")
        if marked and self._words <= _MAX_WORDS:
            self._open_ids.append((self._narrative, marked, []))
        if name in ("td", "th") and self._sections:
            self._sections[-1].words.append(" ")

    def _close_id(self) -> None:
        _, marked, words = self._open_ids.pop()
        if self._sections:
            joined = " ".join("".join(words).split())
            self._sections[-1].by_id.setdefault(marked, joined[:100_000])


def _describe(section: Section, node: Node) -> None:
    if section.code is None and (code := node.first("code")):
        section.code = code
        section.codes = [one.get("code") for one in (code, *code.all("translation"))]
    section.title = section.title or node.first("title").text
