"""What a picture says of itself: whether all of it is there, and when it was taken.

    whole(path, "image/jpeg")      # False where the end is missing
    taken(head)                    # "2024:05:01 09:30:00", "+09:00" by its Exif data

Nothing is decoded. Where a picture says where it was taken, that is not looked at.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

__all__ = ["taken", "whole"]

_TAIL = 1 << 16
_ENDS = {
    "image/png": b"IEND\xaeB`\x82",
    "image/jpeg": b"\xff\xd9",
    "image/gif": b"\x3b",
}
_DATE, _ORIGINAL, _ZONE, _BELOW = 0x0132, 0x9003, 0x9011, 0x8769
_MOST = 500
# Bytes of a value of each type of TIFF, and the tags that point to pixels.
_WIDTHS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_OFFSETS = (273, 324)


def whole(path: Path, media_type: str) -> bool:
    """Whether the mark of the end is there; true of kinds that have none."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        if media_type in ("image/heic", "image/avif"):
            return _boxes(path, size)
        if media_type == "image/webp":
            return size >= 8 + int.from_bytes(stream.read(8)[4:], "little")
        if media_type == "image/tiff":
            return _directories(stream, size)
        end = _ENDS.get(media_type)
        if end is None:
            return True
        stream.seek(max(0, size - _TAIL))
        return end in stream.read()


def _boxes(path: Path, size: int) -> bool:
    """Whether the boxes of ISO 14496-12 end where the file does."""
    at = 0
    with path.open("rb") as stream:
        for _ in range(_MOST):
            if at == size:
                return True
            stream.seek(at)
            head = stream.read(16)
            if len(head) < 8:
                return False
            (length,) = struct.unpack_from(">I", head)
            if length == 0:
                return True
            if length == 1 and len(head) == 16:
                (length,) = struct.unpack_from(">Q", head, 8)
            if length < 8:
                return False
            at += length
            if at > size:
                return False
    return True


def _directories(stream: BinaryIO, size: int) -> bool:
    """Whether the directories of a TIFF, and the pixels that they point to, lie in the file."""
    head = stream.read(8)
    order = "<" if head[:2] == b"II" else ">"
    seen: set[int] = set()
    try:
        (at,) = struct.unpack_from(f"{order}I", head, 4)
        while at and at not in seen and len(seen) < _MOST:
            seen.add(at)
            stream.seek(at)
            (count,) = struct.unpack(f"{order}H", stream.read(2))
            rows = stream.read(12 * count)
            (following,) = struct.unpack(f"{order}I", stream.read(4))
            if not all(_is_there(row, order, size) for row in _rows(rows)):
                return False
            at = following
    except struct.error:
        return False
    return True


def _rows(data: bytes) -> Iterator[bytes]:
    return (data[at : at + 12] for at in range(0, len(data), 12))


def _is_there(row: bytes, order: str, size: int) -> bool:
    """Whether the values of one entry of a directory lie in the file, and the one strip of pixels
    that it may point to begins there."""
    tag, kind, count, value = struct.unpack(f"{order}HHII", row)
    width = _WIDTHS.get(kind, 1) * count
    if width > 4:
        return bool(value + width <= size)
    return tag not in _OFFSETS or kind != 4 or bool(value < size)


def taken(head: bytes) -> tuple[str, str]:
    """The time and the zone that the Exif data of a JPEG or TIFF give; empty where there are
    none."""
    if head.startswith((b"II*\x00", b"MM\x00*")):
        return _exif(head)
    at = head.find(b"Exif\x00\x00")
    return _exif(head[at + 6 :]) if 0 <= at < 4096 else ("", "")


def _exif(data: bytes) -> tuple[str, str]:
    order = "<" if data[:2] == b"II" else ">"
    found: dict[int, str] = {}
    try:
        todo = [struct.unpack_from(f"{order}I", data, 4)[0]]
        for _ in range(2):
            if not todo:
                break
            _directory(data, order, todo.pop(), found, todo)
    except struct.error:
        return "", ""
    return found.get(_ORIGINAL) or found.get(_DATE, ""), found.get(_ZONE, "")


def _directory(data: bytes, order: str, at: int, found: dict[int, str], todo: list[int]) -> None:
    (count,) = struct.unpack_from(f"{order}H", data, at)
    for number in range(min(count, _MOST)):
        tag, kind, length, value = struct.unpack_from(f"{order}HHII", data, at + 2 + 12 * number)
        if tag == _BELOW:
            todo.append(value)
        elif tag in (_DATE, _ORIGINAL, _ZONE) and kind == 2 and 5 <= length <= 32:
            raw = data[value : value + length]
            found[tag] = raw.split(b"\x00")[0].decode("ascii", "replace").strip()
