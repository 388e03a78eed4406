"""XML read as a stream, safely: no entity, no network, no file but the one that is read.

    class Handler:
        def start(self, name, attributes): ...
        def end(self, name): ...
        def text(self, data): ...       # where the constructor is told that text is wanted

    with path.open("rb") as stream:
        parser = Parser(Handler(), text=True)
        try:
            for _ in parser.read(stream):
                yield from what the handler has ready
        except XmlError as exc:
            exc.place, exc.reason, exc.code     # a sentence, and the line

`read` gives control back after each block, so that memory stays small whatever the file's size.
A declared entity, of whatever kind, is refused before anything could expand it; so is nesting
deeper than 100. `lenient_doctype` drops the internal subset of a document type unread, for files
whose makers write it wrong (Apple's, of iOS 16); entities are looked for in it before.

Names carry their namespace as `uri name`, parted by a space; `local` gives the name alone.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from typing import IO, Any, Protocol, cast
from xml.parsers import expat

__all__ = ["Handler", "Parser", "XmlError", "local"]

MAX_DEPTH = 100
_BLOCK = 1 << 17
_MAX_BYTES = 16 << 30
_MAX_TOKEN = 16 << 20
# How much of the beginning may be a document type.
_MAX_DOCTYPE = 1 << 18
_DOCTYPE = re.compile(rb"<!DOCTYPE[^\[>]*(\[.*?\]\s*)>", re.DOTALL)
# Expat knows no encoding of more than one byte a letter but UTF-8 and UTF-16.
_DECLARED = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_WIDE = {
    **dict.fromkeys(("euc_kr", "cp949"), "cp949"),
    **dict.fromkeys(("gb2312", "gbk", "gb18030"), "gb18030"),
    **{name: name for name in ("big5", "shift_jis", "cp932", "euc_jp")},
}
_OTHER_NAMES = {"x-windows-949": "cp949", "windows-949": "cp949", "ksc_5601": "cp949"}
# Some programs write blanks before the declaration, which XML forbids and everybody reads.
_BLANKS_FIRST = re.compile(rb"\A(\xef\xbb\xbf)?([ \t\r\n]+)(<\?xml[^>]{0,300}\?>)")
_BEFORE_ROOT = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*)*+", re.DOTALL)
_CUT_OFF = frozenset(
    {
        expat.errors.codes[text]
        for text in (
            expat.errors.XML_ERROR_NO_ELEMENTS,
            expat.errors.XML_ERROR_UNCLOSED_TOKEN,
            expat.errors.XML_ERROR_PARTIAL_CHAR,
            expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
        )
    }
)


class Handler(Protocol):
    """What is told of the elements as they come."""

    def start(self, name: str, attributes: dict[str, str]) -> None: ...

    def end(self, name: str) -> None: ...


class XmlError(Exception):
    """Why a file can't be read on. The text names a line, never a value."""

    def __init__(self, reason: str, code: str, line: int = 0):
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.line = line

    @property
    def place(self) -> str:
        return f"line {max(self.line, 1)}"


class Parser:
    """One parse of one stream."""

    def __init__(
        self,
        handler: Handler,
        *,
        text: bool = False,
        namespaces: bool = True,
        lenient_doctype: bool = False,
    ):
        self._handler = handler
        self._lenient = lenient_doctype
        parser = expat.ParserCreate(namespace_separator=" " if namespaces else None)
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        if text:
            parser.CharacterDataHandler = getattr(handler, "text")  # noqa: B009
        parser.EntityDeclHandler = self._entity
        parser.ExternalEntityRefHandler = self._entity
        parser.SkippedEntityHandler = self._entity
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self._parser = parser
        self._depth = 0
        self._tell_start = handler.start
        self._tell_end = handler.end

    @property
    def line(self) -> int:
        """The line of the element that is being told of."""
        return self._parser.CurrentLineNumber

    def read(self, stream: IO[bytes]) -> Iterator[None]:
        """Parse to the end, and stop after each block. Raises XmlError."""
        try:
            stream = _known_encoding(stream)
            block = stream.read(_MAX_DOCTYPE)
            # Changing places leaves every line what it was.
            block = _BLANKS_FIRST.sub(rb"\1\3\2", block, count=1)
            size = 0
            if self._lenient:
                block = _without_subset(block)
            while block:
                size += len(block)
                if size > _MAX_BYTES:
                    raise self._error("it unpacks to more than 16 GiB; split it", "too_large")
                self._parser.Parse(block, False)
                yield
                block = stream.read(self._next(size))
            self._parser.Parse(b"", True)
            yield
        except expat.ExpatError as exc:
            raise _told(exc) from exc
        except XmlError:
            raise
        except (ValueError, LookupError) as exc:
            reason = "the data are damaged here, or in an encoding that can't be read"
            raise self._error(f"{reason}; export it again", "damaged") from exc

    def _next(self, fed: int) -> int:
        """How much to read next. Expat looks at a tag or a comment that goes on from its beginning
        each time, so one that is long is given to it in ever larger blocks: else it would take the
        square of its length."""
        pending = fed - max(0, self._parser.CurrentByteIndex)
        if pending > _MAX_TOKEN:
            raise self._error(
                "a single tag or comment in it is larger than 16 MiB; it is not read", "too_large"
            )
        return max(_BLOCK, pending)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(f"it is nested more than {MAX_DEPTH} deep", "too_deep")
        self._tell_start(name, attributes)

    def _end(self, name: str) -> None:
        self._depth -= 1
        self._tell_end(name)

    def _entity(self, *_: Any) -> int:
        raise _entity_error(self._parser.CurrentLineNumber)

    def _error(self, reason: str, code: str) -> XmlError:
        return XmlError(reason, code, self._parser.CurrentLineNumber)


def local(name: str) -> str:
    """The name of an element without its namespace."""
    return name.rpartition(" ")[2]


def _known_encoding(stream: IO[bytes]) -> IO[bytes]:
    """The stream itself, or in UTF-8 what it holds in an encoding of East Asia."""
    start = stream.read(_BLOCK)
    stream.seek(0)
    found = _DECLARED.match(start)
    if found is None:
        return stream
    name = found[1].decode().lower()
    try:
        known = _WIDE.get(codecs.lookup(_OTHER_NAMES.get(name, name)).name)
    except LookupError:
        return stream
    return stream if known is None else cast(IO[bytes], _Recoded(stream, known, found.span(1)))


class _Recoded(io.RawIOBase):
    """A stream in UTF-8 of one in `encoding`, which its declaration names at `span`."""

    def __init__(self, stream: IO[bytes], encoding: str, span: tuple[int, int]):
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._span: tuple[int, int] | None = span

    def read(self, size: int = -1) -> bytes:
        while block := self._stream.read(size):
            if self._span is not None:
                start, end = self._span
                block, self._span = block[:start] + b"UTF-8" + block[end:], None
            text = self._decoder.decode(block)
            if text:
                return text.encode("utf-8")
        return self._decoder.decode(b"", True).encode("utf-8")


def _told(exc: expat.ExpatError) -> XmlError:
    if exc.code in _CUT_OFF:
        reason = (
            f"the file breaks off at line {exc.lineno}; what came before was read, get the whole "
            "file for the rest"
        )
        return XmlError(reason, "truncated", exc.lineno)
    reason = (
        f"the XML is wrong at line {exc.lineno}, column {exc.offset + 1}; what came before was "
        "read, export it again for the rest"
    )
    return XmlError(reason, "broken_xml", exc.lineno)


def _entity_error(line: int) -> XmlError:
    reason = "it declares or uses an XML entity, which no export of this kind does"
    return XmlError(f"{reason}; it is not read", "xml_entity", line)


def _without_subset(block: bytes) -> bytes:
    """`block` with the internal subset of its document type blanked, line ends kept."""
    before = _BEFORE_ROOT.match(block)
    found = _DOCTYPE.match(block, before.end() if before else 0)
    if found is None:
        return block
    subset = found[1]
    at = subset.find(b"<!ENTITY")
    if at >= 0 or b"%" in subset:
        line = block.count(b"\n", 0, found.start(1) + max(at, 0)) + 1
        raise _entity_error(line)
    start, end = found.span(1)
    return block[:start] + b"\n" * subset.count(b"\n") + block[end:]
