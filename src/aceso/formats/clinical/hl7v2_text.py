"""HL7 v2 as text: lines, separators, character sets and escapes.

    for message in messages(stream):        # or a Stray line that belongs to none
        for segment in message.segments:
            segment.get(5, 1, 2)            # PID-5.2 of the first repetition, unescaped

The separators are those that the message states. Lines may end in CR, LF, CRLF or a mixture, and
lie in MLLP frames. A line that begins with no segment name goes on with the text before it, where
that is a text (OBX, NTE), for senders that break lines inside a field.

Limits: a message may have 64 MiB. Character sets are switched for a whole message only; the escapes
`\\C…\\` and `\\M…\\` that switch within a field stay as they are.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

__all__ = ["Message", "Segment", "Stray", "look", "messages"]

MAX_MESSAGE = 64 << 20
_BLOCK = 1 << 20
_HEADER = re.compile(rb"(?:MSH|BHS|FHS)([!-/:-@\[-`{-~])[!-/:-@\[-`{-~]{0,6}(?:\1|\s*\Z)")
_NAME = re.compile(rb"[A-Z][A-Z0-9]{2}\Z")
_FRAMING = b"\x0b\x1c\x1a\x00 \t\xef\xbb\xbf"
_LINE = re.compile(rb"\r\n|\r|\n")
_TEXTUAL = ("OBX", "NTE")
_CHARSETS = {
    "UNICODE UTF-8": "utf-8",
    "UNICODE": "utf-8",
    "UTF-8": "utf-8",
    "UTF8": "utf-8",
    "KS X 1001": "cp949",
    "KSX1001": "cp949",
    "KS C 5601": "cp949",
    "KSC5601": "cp949",
    "EUC-KR": "cp949",
    "CP949": "cp949",
    "MS949": "cp949",
    "ISO IR149": "cp949",
    "ISO IR 149": "cp949",
    "ISO 2022 IR 149": "cp949",
    "ISO IR14": "iso2022_jp",
    "ISO IR87": "iso2022_jp",
    "ISO IR159": "iso2022_jp_1",
    "GB 18030-2000": "gb18030",
    "BIG-5": "big5",
    **{f"8859/{part}": f"iso8859_{part}" for part in (*range(1, 12), 13, 14, 15, 16)},
}
_BREAKS = {".br": "\n", ".sp": "\n", ".ce": "\n", ".in": "", ".ti": "", ".fi": "", ".nf": ""}


@dataclass(frozen=True, slots=True)
class Stray:
    """A line outside of any message, or a message that is too large to be read."""

    line: int
    name: str
    too_large: bool = False
    fields: tuple[str, ...] = field(default=(), repr=False)


class Cell(str):
    """A field or one repetition of it, which knows which of its components somebody looked at."""

    looked_at: set[int]

    def __new__(cls, text: str) -> Cell:
        made = super().__new__(cls, text)
        made.looked_at = set()
        return made

    def look(self, *components: int) -> None:
        self.looked_at.update(components)


_ALL = 0  # Stands for every component.


class Segment:
    """One segment. Fields are numbered as HL7 numbers them, repetitions and components from 1."""

    __slots__ = ("_cells", "_fields", "_message", "line", "name", "used")

    def __init__(self, message: Message, line: int, text: str):
        self._message = message
        self.line = line
        self._fields = text.split(message.field)
        self.name = self._fields[0][:3]
        if self.name in ("MSH", "BHS", "FHS"):
            # MSH-1 is the separator itself.
            self._fields.insert(1, message.field)
        self.used: set[int] = set()
        # By field and repetition; the whole field under -1.
        self._cells: dict[tuple[int, int], list[Cell]] = {}

    def raw(self, number: int) -> str:
        """A field as it stands; empty where there is none, and for the null `""`."""
        text = self._text(number)
        return self._cell(number, -1, text) if text else ""

    def repeats(self, number: int) -> list[str]:
        """The repetitions of a field that hold something, as they stand."""
        parts = self._text(number).split(self._message.repetition)
        return [self._cell(number, at, one) for at, one in enumerate(parts) if one]

    def get(self, number: int, component: int = 1, sub: int = 1) -> str:
        """One component of the first repetition."""
        first = self._text(number).partition(self._message.repetition)[0]
        if not first:
            return ""
        return self._message.part(self._cell(number, 0, first), component, sub)

    def peek(self, number: int) -> str:
        """A field as it stands, for a look that tells nothing of it."""
        text = self._fields[number] if number < len(self._fields) else ""
        return "" if text == '""' else text

    def _text(self, number: int) -> str:
        self.used.add(number)
        return self.peek(number)

    def _cell(self, number: int, repetition: int, text: str) -> Cell:
        made = Cell(text)
        self._cells.setdefault((number, repetition), []).append(made)
        return made

    def text(self, number: int) -> str:
        """A whole field as text, its repetitions on lines of their own."""
        return "\n".join(self._message.unescaped(one) for one in self.repeats(number))

    def plain(self, number: int) -> str:
        """A field without its separators: the same whatever these are."""
        repeats = self._text(number).split(self._message.repetition)
        parts = (self._message.parts(one) for one in repeats if one)
        return "\x1e".join("\x1d".join(one) for one in parts)

    @property
    def unused(self) -> Iterator[str]:
        """What holds something and nobody asked for: `12` a field, `5[2]` its second repetition,
        `3.6` a component."""
        for number, text in enumerate(self._fields):
            if not number or text.strip() in ("", '""'):
                continue
            if number not in self.used:
                yield str(number)
            elif any(
                at[0] == number and any(map(_looked_at, self._cells[at])) for at in self._cells
            ):
                yield from self._unused_parts(number, text)

    def _unused_parts(self, number: int, text: str) -> Iterator[str]:
        whole = self._cells.get((number, -1), [])
        for at, one in enumerate(text.split(self._message.repetition)):
            cells = whole + self._cells.get((number, at), [])
            looked = {component for cell in cells for component in cell.looked_at}
            if _ALL in looked:
                continue
            if one.strip() and not looked:
                yield f"{number}[{at + 1}]"
                continue
            for component, part in enumerate(one.split(self._message.component), 1):
                if component not in looked and part.strip(self._message.sub + " ") not in (
                    "",
                    '""',
                ):
                    yield f"{number}.{component}"


def _looked_at(cell: Cell) -> bool:
    return bool(cell.looked_at)


class Message:
    """One message: its separators, character set and segments."""

    def __init__(self, lines: list[tuple[int, bytearray]]):
        self.line = lines[0][0]
        self._separators(lines[0][1].decode("latin-1"))
        self.charset = _charset(lines, self.field)
        self.unreadable: list[int] = []
        self.segments: list[Segment] = []
        for number, line in lines:
            try:
                text = line.decode(self.charset)
            except UnicodeDecodeError:
                self.unreadable.append(number)
                continue
            self.segments.append(Segment(self, number, text))

    def _separators(self, header: str) -> None:
        self.field = header[3]
        stated = header[4:].partition(self.field)[0]
        chars = list(dict.fromkeys(stated))  # Some writers double the escape character.
        given = [*chars, *"^~\\&"[len(chars) :]]
        self.component, self.repetition, self.escape, self.sub = given[:4]

    def part(self, text: str, component: int, sub: int = 1) -> str:
        """A component of a repetition, unescaped."""
        look(text, component)
        components = text.split(self.component)
        if component > len(components):
            return ""
        subs = components[component - 1].split(self.sub)
        if sub > len(subs):
            return ""
        found = self.unescaped(subs[sub - 1]).strip()
        return "" if found == '""' else found

    def parts(self, text: str, *wanted: int) -> list[str]:
        """All components of a repetition, unescaped, those within them parted by blanks.

        `wanted` says which of them are told of, if not all."""
        look(text, *(wanted or (_ALL,)))
        return [
            " ".join(filter(None, (self.unescaped(sub).strip() for sub in one.split(self.sub))))
            for one in text.split(self.component)
        ]

    def unescaped(self, text: str) -> str:
        """`text` without its escapes; what is no escape that HL7 knows stays as it is."""
        look(text, _ALL)
        mark = self.escape
        if mark not in text:
            return text
        out = []
        at = 0
        while (start := text.find(mark, at)) >= 0:
            end = text.find(mark, start + 1)
            if end < 0:
                break
            plain = self._escape(text[start + 1 : end])
            out.append(text[at:start])
            if plain is None:
                # Not an escape: the second mark may be the first of one.
                out.append(text[start:end])
                at = end
            else:
                out.append(plain)
                at = end + 1
        out.append(text[at:])
        return "".join(out)

    def _escape(self, code: str) -> str | None:
        known: str | None = {
            "F": self.field,
            "S": self.component,
            "R": self.repetition,
            "T": self.sub,
            "E": self.escape,
            "P": "#",
            "H": "",
            "N": "",
        }.get(code)
        if known is not None:
            return known
        if code[:3] in _BREAKS and re.fullmatch(r"\.[a-z]{2}\s?[+-]?\d{0,3}", code):
            return _BREAKS[code[:3]]
        if re.fullmatch(r"\.sk\s?\d{0,2}", code):
            return " " * int(code[3:].strip() or 1)
        if re.fullmatch(r"X(?:[0-9A-Fa-f]{2}){1,500}", code):
            try:
                plain: str = bytes.fromhex(code[1:]).decode(self.charset)
            except UnicodeDecodeError:
                return None
            return plain.replace("\r\n", "\n").replace("\r", "\n")
        return None


def look(text: str, *components: int) -> None:
    """Note that these components of a field are told of."""
    if isinstance(text, Cell):
        text.look(*components)


def messages(stream: IO[bytes]) -> Iterator[Message | Stray]:
    """The messages of a stream, and the lines that belong to none, in their order."""
    lines: list[tuple[int, bytearray]] = []
    size = 0
    dropped = 0
    for number, line in _lines(_as_utf8(stream)):
        line = line.strip(_FRAMING) if len(line) < _BLOCK else line
        if not line:
            continue
        if _HEADER.match(line) or line[:3] in (b"BTS", b"FTS"):
            if lines:
                yield Message(lines)
            lines, size, dropped = [], 0, 0
            if line[:3] != b"MSH":
                yield _batch_line(number, line)
                continue
        elif not lines:
            if not dropped:
                yield Stray(number, "")
            continue
        elif not _is_segment(line, bytes(lines[0][1][3:4])):
            if lines[-1][1][:3].decode("latin-1") in _TEXTUAL:
                lines[-1][1].extend(b"\n" + line)
                size += len(line)
            else:
                yield Stray(number, "")
            continue
        size += len(line)
        lines.append((number, bytearray(line)))
        if size > MAX_MESSAGE:
            yield Stray(lines[0][0], "MSH", too_large=True)
            lines, dropped = [], 1
    if lines:
        yield Message(lines)


def _is_segment(line: bytes, separator: bytes) -> bool:
    return _NAME.match(line[:3]) is not None and line[3:4] in (separator, b"")


def _batch_line(number: int, line: bytes) -> Stray:
    separator = line[3:4] or b"|"
    cells = tuple(cell.decode("latin-1") for cell in line.split(separator))
    return Stray(number, line[:3].decode("latin-1"), fields=cells)


def _lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers, whatever they end in. One line may be as long as a message."""
    number = 1
    rest = b""
    while block := stream.read(_BLOCK):
        if rest.endswith(b"\r"):
            # Whether this ends a line by itself is told by what follows.
            block = rest + block
            rest = b""
            parts = _LINE.split(block)
        else:
            parts = _LINE.split(block)
            parts[0] = rest + parts[0]
        held = b""
        if block.endswith(b"\r"):
            parts.pop()
            held = b"\r"
        rest = parts.pop() + held
        for line in parts:
            yield number, line
            number += 1
        if len(rest) > MAX_MESSAGE:
            yield number, rest
            rest = b""
    if rest.rstrip(b"\r"):
        yield number, rest.rstrip(b"\r")


def _as_utf8(stream: IO[bytes]) -> IO[bytes]:
    start = stream.read(2)
    stream.seek(0)
    if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        reader: IO[bytes] = codecs.EncodedFile(stream, "utf-8", "utf-16", "replace")
        return reader
    return stream


def _charset(lines: list[tuple[int, bytearray]], separator: str) -> str:
    """The character set that the message states, if it is in it; else one that it can be in."""
    cells = lines[0][1].split(separator.encode("latin-1"))
    stated = cells[17].decode("latin-1") if len(cells) > 17 else ""
    names = [name.strip().upper() for name in re.split(r"[~\\]", stated)]
    known = [_CHARSETS[name] for name in names if name in _CHARSETS]
    data = b"\n".join(line for _, line in lines)
    for charset in (*known, "utf-8", "cp949"):
        try:
            data.decode(charset)
        except UnicodeDecodeError:
            continue
        return charset
    return known[0] if known else "utf-8"
