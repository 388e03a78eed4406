"""What a file says about itself in its first 64 KiB: what detection looks at, and nothing else.

    head = look(path)
    head.xml_root        # "{http://www.topografix.com/GPX/1/1}gpx"
    head.json_keys       # the keys of the top-level object, or of the first object of a list
    head.columns         # the cells of the first line of a table

A file's name is never looked at: people rename files, and phones name them anything.
"""

from __future__ import annotations

import codecs
import gzip
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

__all__ = ["HEAD_BYTES", "MAX_DIRECTORY", "Head", "directory_size", "look"]

HEAD_BYTES = 1 << 16
MAX_DIRECTORY = 8 << 20
_TAIL = 1 << 17
_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_BLANKS = b" \t\r\n"
_XML_SKIP = re.compile(rb"\s*(?:<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>)", re.DOTALL)
_XML_ROOT = re.compile(rb"\s*<(?:([A-Za-z_][\w.-]*):)?([A-Za-z_][\w.-]{0,127})([^>]*)", re.DOTALL)
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[{}\[\]:]', re.DOTALL)
_SEPARATORS = (b"\t", b";", b",")


@dataclass(frozen=True, eq=False)
class Head:
    """The beginning of a file. `raw` is as it lies there; `text` is unpacked if it was gzip, in
    UTF-8 if it was UTF-16, and without byte order mark and leading blanks."""

    path: Path = field(repr=False)
    raw: bytes = field(repr=False)
    text: bytes = field(repr=False)
    members: tuple[str, ...] = field(default=(), repr=False)  # Names in a ZIP archive.

    @property
    def is_gzip(self) -> bool:
        return self.raw.startswith(_GZIP)

    @property
    def is_zip(self) -> bool:
        return self.raw.startswith(_ZIP)

    @property
    def is_whole(self) -> bool:
        """Whether `raw` is the whole file."""
        return len(self.raw) < HEAD_BYTES

    @cached_property
    def xml_root(self) -> str:
        """The root element as `{namespace}name`; empty where there is no XML."""
        if not self.text.startswith(b"<"):
            return ""
        at = 0
        while found := _XML_SKIP.match(self.text, at):
            at = found.end()
        root = _XML_ROOT.match(self.text, at)
        if root is None:
            return ""
        prefix, name, attributes = root[1], root[2], root[3]
        key = rb"xmlns:" + re.escape(prefix) if prefix else rb"xmlns"
        space = re.search(rb"(?<![\w:.-])" + key + rb"\s*=\s*[\"']([^\"'<>]*)[\"']", attributes)
        uri = space[1].decode("utf-8", "replace") if space else ""
        return f"{{{uri}}}{name.decode()}"

    @cached_property
    def json_keys(self) -> frozenset[str]:
        """The keys of the top-level JSON object, or of the first object of a top-level list, as
        far as the head goes; empty where there is no JSON."""
        if self.text[:1] not in (b"{", b"["):
            return frozenset()
        wanted = 1 if self.text.startswith(b"{") else 2
        keys: set[str] = set()
        depth = 0
        last = b""
        for match in _TOKEN.finditer(self.text):
            token = match[0]
            if token in (b"{", b"["):
                depth += 1
                if depth == 2 and wanted == 2 and token != b"{":
                    break
            elif token in (b"}", b"]"):
                depth -= 1
                if depth < wanted:
                    break
            elif token == b":" and depth == wanted and last:
                keys.add(last[1:-1].decode("utf-8", "replace"))
            last = token if token.startswith(b'"') else b""
        return frozenset(keys)

    @property
    def is_json_list(self) -> bool:
        return self.text.startswith(b"[")

    @cached_property
    def first_line(self) -> str:
        """The first line, in UTF-8 or CP949; empty where it is neither, or holds a zero byte."""
        line = self.text.partition(b"\n")[0].rstrip(b"\r")
        if b"\x00" in line:
            return ""
        for encoding in ("utf-8", "cp949"):
            try:
                return line.decode(encoding)
            except UnicodeDecodeError:
                continue
        return ""

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The cells of the first line, parted by tab, semicolon or comma, without quotes."""
        line = self.first_line
        if not line:
            return ()
        separator = max(_SEPARATORS, key=lambda one: line.count(one.decode())).decode()
        return tuple(cell.strip().strip('"').strip() for cell in line.split(separator))


def look(path: Path) -> Head:
    """Read the head of `path`. Raises OSError where it can't be read."""
    with path.open("rb") as stream:
        raw = stream.read(HEAD_BYTES)
    text = raw
    members: tuple[str, ...] = ()
    if raw.startswith(_GZIP):
        text = _gunzipped(path)
    elif raw.startswith(_ZIP):
        members = _member_names(path)
    return Head(path, raw, _plain(text), members)


def _plain(text: bytes) -> bytes:
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if text.startswith(mark):
            even = text[2 : 2 + (len(text) - 2) // 2 * 2]
            text = even.decode(encoding, "replace").encode("utf-8", "replace")
    return text.removeprefix(codecs.BOM_UTF8).lstrip(_BLANKS)


def _gunzipped(path: Path) -> bytes:
    try:
        with gzip.open(path, "rb") as stream:
            return stream.read(HEAD_BYTES)
    except (OSError, EOFError, zlib.error):
        # Cut or broken within the first block: what can be had of it says what it was to be.
        try:
            with path.open("rb") as raw:
                return zlib.decompressobj(31).decompress(raw.read(HEAD_BYTES), HEAD_BYTES)
        except zlib.error:
            return b""


def directory_size(path: Path) -> int:
    """How many bytes the directory at the end of a ZIP says it has; 0 where there is none.

    The library reads all of it at once, and holds some 20 times as much: a small file may say that
    it has millions of members."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - _TAIL))
        tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        return 0
    (size,) = struct.unpack_from("<I", tail, at + 12)
    far = tail.rfind(b"PK\x06\x06")
    if size == 0xFFFFFFFF and 0 <= far <= len(tail) - 56:
        (size,) = struct.unpack_from("<Q", tail, far + 40)
    return int(size)


def _member_names(path: Path) -> tuple[str, ...]:
    if directory_size(path) > MAX_DIRECTORY:
        return ()
    try:
        with zipfile.ZipFile(path) as archive:
            return tuple(archive.namelist())
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError):
        return ()
