"""FHIR that is not in UTF-8, as old systems write it, turned into UTF-8 on the way.

XML says its encoding; JSON never does. A JSON file is read as UTF-16 or UTF-32 where its first
bytes can be nothing else, and as CP949 where all of it is CP949 and nearly all that isn't ASCII is
Hangul. Anything else is refused as "not UTF-8". Digits and names of elements are ASCII in all of
them, so nothing but text can change.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import IO

from .._xml import XmlError

__all__ = ["BLOCK", "xml_blocks"]

BLOCK = 1 << 17
_DECLARED = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # Before UTF-16, whose mark it begins with.
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
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
