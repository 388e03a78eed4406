"""FHIR that is not in UTF-8, as old systems write it, turned into UTF-8 on the way.

XML says its encoding; JSON never does. A JSON file is read as UTF-16 or UTF-32 where its first
bytes can be nothing else, and as CP949 where all of it is CP949 and nearly all that isn't ASCII is
Hangul. Anything else is refused as "not UTF-8". Digits and names of elements are ASCII in all of
them, so nothing but text can change.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO, cast

from .._xml import XmlError

__all__ = ["BLOCK", "encoding_of", "head_text", "opened", "xml_blocks"]

BLOCK = 1 << 17
_DECLARED = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # Before UTF-16, whose mark it begins with.
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# A JSON text begins with two ASCII characters, so zeros among its first bytes tell the rest.
_ZEROS = (
    (rb"[{\[]\x00\x00\x00", "utf-32-le"),
    (rb"\x00\x00\x00[{\[]", "utf-32-be"),
    (rb"[{\[]\x00[^\x00]", "utf-16-le"),
    (rb"\x00[{\[]\x00", "utf-16-be"),
)
_HANGUL = re.compile("[\uac00-\ud7a3]")
_HANGUL_WORD = re.compile("[\uac00-\ud7a3]{2}")
_NOT_ASCII = re.compile("[^\x00-\x7f]")
_MOST_HANGUL = 0.9
_XML_NAMES = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "iso-8859-1": "latin-1",
    "latin1": "latin-1",
    "windows-1252": "cp1252",
    "euc-kr": "cp949",
    "euckr": "cp949",
    "ks_c_5601-1987": "cp949",
    "ksc5601": "cp949",
    "cp949": "cp949",
    "ms949": "cp949",
    "uhc": "cp949",
    "x-windows-949": "cp949",
}


def encoding_of(path: Path) -> str:
    """The encoding that the JSON file at `path` is in, `utf-8` where it can't be told."""
    with path.open("rb") as stream:
        start = stream.read(8)
        told = _told(start)
        if told:
            return told
        stream.seek(0)
        if _is_utf_8(stream):
            return "utf-8"
        stream.seek(0)
        return "cp949" if _is_korean(stream) else "utf-8"


def opened(path: Path, encoding: str) -> BinaryIO:
    """The file in UTF-8 without a byte order mark, whatever it is in. The caller closes it.

    Reading it raises UnicodeDecodeError where the bytes are not in `encoding`.
    """
    stream = path.open("rb")
    if encoding == "utf-8":
        if stream.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
            stream.seek(0)
        return stream
    return cast(BinaryIO, io.BufferedReader(_Decoded(stream, encoding), BLOCK))


def head_text(raw: bytes, text: bytes) -> bytes:
    """The beginning `raw` of a JSON file in UTF-8; `text` where nothing has to be done for it."""
    encoding = _told(raw[:8])
    if encoding in ("", "utf-8"):
        return text
    _, raw = _marked(raw)
    return raw.decode(encoding, "ignore").encode("utf-8", "ignore").lstrip(b" \t\r\n")


class _Decoded(io.RawIOBase):
    """A file read in another encoding, as UTF-8."""

    def __init__(self, stream: IO[bytes], encoding: str):
        self._stream = stream
        _, block = _marked(stream.read(BLOCK))
        self._blocks = _decoded(stream, block, encoding)
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]
        while not self._left:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._left = block
        part = self._left[: len(target)]
        self._left = self._left[len(part) :]
        target[: len(part)] = part
        return len(part)

    def close(self) -> None:
        self._stream.close()
        super().close()


def _told(start: bytes) -> str:
    """The encoding that the first bytes can't be told otherwise; empty where they say nothing."""
    encoding, _ = _marked(start)
    if encoding:
        return encoding
    return next((name for zeros, name in _ZEROS if re.match(zeros, start, re.DOTALL)), "")


def _is_utf_8(stream: IO[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while block := stream.read(BLOCK):
            decoder.decode(block)
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True


def _is_korean(stream: IO[bytes]) -> bool:
    """Whether all of it is CP949 and what isn't ASCII is Korean words. Latin-1 can't pass: its
    letters beyond ASCII stand alone, and in pairs they are rarely Hangul."""
    decoder = codecs.getincrementaldecoder("cp949")()
    strange = hangul = words = 0
    try:
        while block := stream.read(BLOCK):
            text = decoder.decode(block)
            strange += len(_NOT_ASCII.findall(text))
            hangul += len(_HANGUL.findall(text))
            words += _HANGUL_WORD.search(text) is not None
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    return bool(words) and hangul >= strange * _MOST_HANGUL


def xml_blocks(stream: IO[bytes]) -> Iterator[bytes]:
    """What an XML file holds, in UTF-8, block by block.

    Raises XmlError for an encoding that isn't known here, UnicodeDecodeError where the bytes are
    not in the encoding that they are said to be in.
    """
    block = stream.read(BLOCK)
    encoding, block = _marked(block)
    if not encoding and block.startswith((b"<\x00", b"\x00<")):
        encoding = "utf-16-le" if block[1] == 0 else "utf-16-be"
    elif not encoding and (found := _DECLARED.match(block)):
        known = _XML_NAMES.get(found[1].decode().lower())
        if known is None:
            reason = "it is in an encoding that is not read here; save it as UTF-8 and try again"
            raise XmlError(reason, "not_utf8")
        encoding = known
    yield from _decoded(stream, block, encoding or "utf-8")


def _marked(block: bytes) -> tuple[str, bytes]:
    """The encoding that a byte order mark says, and what follows it."""
    for mark, encoding in _BOMS:
        if block.startswith(mark):
            return encoding, block[len(mark) :]
    return "", block


def _decoded(stream: IO[bytes], block: bytes, encoding: str) -> Iterator[bytes]:
    if encoding == "utf-8":
        while block:
            yield block
            block = stream.read(BLOCK)
        return
    decoder = codecs.getincrementaldecoder(encoding)()
    while block:
        yield decoder.decode(block).encode("utf-8")
        block = stream.read(BLOCK)
    yield decoder.decode(b"", True).encode("utf-8")
