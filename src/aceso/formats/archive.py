"""Archives: a ZIP, or a gzip of one file. Each member is read as if it had come by itself.

A member is unpacked to a file with a number for a name in the workspace of the import; the name
that the archive gives it is never used as a path. The place of an outcome is `member 3, line 7`.

Limits: what unpacks to more than 16 GiB together or has more than 20,000 members is refused, as are
members that share their bytes, and a member that unpacks to over 1,000 times its size, is locked, a
link, or named so as to leave the folder. Archives in archives are read two deep.
"""

from __future__ import annotations

import gzip
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, cast

from ._head import MAX_DIRECTORY, Head, directory_size, look
from ._model import Format, Item, Kind, Outcome
from ._reader import Budget, Source

__all__ = ["GZIP", "ZIP", "format_of", "read"]

ZIP = Format("zip", "application/zip", "ZIP archive", "ZIP 압축 파일")
GZIP = Format("gzip", "application/gzip", "gzip file", "gzip 압축 파일")

_MAX_MEMBERS = 20_000
_MAX_RATIO = 1_000
_MAX_DEPTH = 2
_BLOCK = 1 << 20
# Below this nothing is a bomb, however well it is packed.
_HARMLESS = 16 << 20
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, gzip.BadGzipFile, NotImplementedError)

Inner = Callable[[Source], Iterator[Item]]


class _Refused(Exception):
    def __init__(self, reason: str, code: str):
        super().__init__(reason)
        self.reason = reason
        self.code = code


def format_of(head: Head) -> Format | None:
    """Which archive begins with `head`, if any."""
    return GZIP if head.is_gzip else ZIP if head.is_zip else None


def read(source: Source, inner: Inner) -> Iterator[Item]:
    """Read every member of an archive with `inner`."""
    if source.depth >= _MAX_DEPTH:
        reason = "an archive in an archive in an archive is not opened; unpack it first"
        yield _outcome(source, Kind.KEPT, "/", reason, "too_deep"), None
    elif source.head.is_gzip:
        yield from _read_gzip(source, inner)
    else:
        yield from _read_zip(source, inner)


def _read_gzip(source: Source, inner: Inner) -> Iterator[Item]:
    target = _target(source, 0)
    try:
        with gzip.open(source.path, "rb") as packed:
            _unpack(cast(BinaryIO, packed), target, source.path.stat().st_size, source.budget)
    except _Refused as exc:
        yield _outcome(source, Kind.REFUSED, "/", exc.reason, exc.code), None
        return
    except _DAMAGED:
        reason = "the gzip file is damaged or cut off; get the whole file and import it again"
        yield _outcome(source, Kind.REFUSED, "/", reason, "truncated"), None
        return
    name = source.name.removesuffix(".gz")
    within = replace(source, path=target, head=look(target), name=name, depth=source.depth + 1)
    yield from _placed(source, "", inner(within), target)


def _read_zip(source: Source, inner: Inner) -> Iterator[Item]:
    if directory_size(source.path) > MAX_DIRECTORY:
        reason = f"the archive has more than {_MAX_MEMBERS} members; split it"
        yield _outcome(source, Kind.REFUSED, "/", reason, "too_large"), None
        return
    try:
        with zipfile.ZipFile(source.path) as archive:
            members = archive.infolist()
            if len(members) > _MAX_MEMBERS:
                reason = f"the archive has more than {_MAX_MEMBERS} members; split it"
                yield _outcome(source, Kind.REFUSED, "/", reason, "too_large"), None
                return
            files = [info for info in members if not _is_folder(info)]
            if not files:
                reason = "the archive is empty; export it again from where it came"
                yield _outcome(source, Kind.REFUSED, "/", reason, "empty_file"), None
                return
            if _overlap(files):
                reason = "members of the archive share their bytes, as a bomb's do; it is not read"
                yield _outcome(source, Kind.REFUSED, "/", reason, "bomb"), None
                return
            for number, info in enumerate(files, 1):
                yield from _read_member(source, archive, number, info, inner)
    except (*_DAMAGED, RuntimeError, ValueError):
        reason = "the ZIP archive is damaged or cut off; export it again"
        yield _outcome(source, Kind.REFUSED, "/", reason, "damaged"), None


def _is_folder(info: zipfile.ZipInfo) -> bool:
    # `ZipInfo.is_dir` asks for the last character, which a member without a name lacks.
    return info.filename.endswith("/")


def _overlap(files: list[zipfile.ZipInfo]) -> bool:
    """Whether two members claim the same bytes, so that few bytes unpack to any number."""
    # Before the bytes of each lies a header of at least 30 bytes.
    spans = sorted(
        (info.header_offset, info.header_offset + 30 + info.compress_size) for info in files
    )
    return any(end > start for (_, end), (start, _) in pairwise(spans))


def _read_member(
    source: Source,
    archive: zipfile.ZipFile,
    number: int,
    info: zipfile.ZipInfo,
    inner: Inner,
) -> Iterator[Item]:
    place = f"member {number}"
    if PurePosixPath(info.filename).parts[:1] == ("__MACOSX",):
        reason = "what macOS keeps about the file beside it; there is nothing to read in it"
        yield _outcome(source, Kind.SKIPPED, place, reason, "mac_metadata"), None
        return
    try:
        target = _unpacked(source, archive, number, info)
    except _Refused as exc:
        yield _outcome(source, Kind.REFUSED, place, exc.reason, exc.code), None
        return
    except (*_DAMAGED, RuntimeError, ValueError, OSError):
        reason = "this member of the archive is damaged; export it again"
        yield _outcome(source, Kind.REFUSED, place, reason, "damaged"), None
        return

    def sibling(name: str) -> Path | None:
        return _sibling(source, archive, info, name)

    within = replace(
        source,
        path=target,
        head=look(target),
        sibling=sibling,
        name=PurePosixPath(info.filename).name,
        depth=source.depth + 1,
    )
    yield from _placed(source, place, inner(within), target)


def _sibling(
    source: Source,
    archive: zipfile.ZipFile,
    beside: zipfile.ZipInfo,
    name: str,
) -> Path | None:
    if not name or PurePosixPath(name).name != name:
        return None
    try:
        info = archive.getinfo(str(PurePosixPath(beside.filename).with_name(name)))
    except (KeyError, ValueError):
        return None
    number = archive.infolist().index(info) + 1
    try:
        return _unpacked(source, archive, _MAX_MEMBERS + number, info)
    except (_Refused, *_DAMAGED, RuntimeError, ValueError, OSError):
        return None


def _unpacked(
    source: Source,
    archive: zipfile.ZipFile,
    number: int,
    info: zipfile.ZipInfo,
) -> Path:
    name = info.filename.replace("\\", "/")
    if name.startswith("/") or ".." in name.split("/") or name[1:2] == ":" or "\x00" in name:
        raise _Refused(
            "its name leads out of the archive, as no honest export's does; it is not read",
            "unsafe_name",
        )
    if info.flag_bits & 1:
        raise _Refused(
            "it is locked with a password; unpack the archive and import what is in it", "locked"
        )
    if stat.S_ISLNK(info.external_attr >> 16):
        raise _Refused("it is a link to another file, which is never followed", "link")
    target = _target(source, number)
    with archive.open(info) as packed:
        _unpack(packed, target, info.compress_size, source.budget)
    return target


def _unpack(packed: IO[bytes], target: Path, packed_size: int, budget: Budget) -> None:
    size = 0
    with target.open("wb") as out:
        while block := packed.read(_BLOCK):
            size += len(block)
            budget.left -= len(block)
            if size > max(_HARMLESS, packed_size * _MAX_RATIO) or budget.left < 0:
                target.unlink()
                raise _Refused(
                    "it unpacks to far more than it should, as a bomb does; it is not read", "bomb"
                )
            out.write(block)


def _target(source: Source, number: int) -> Path:
    # One name for each place in the tree of archives: what lies deeper has its own.
    return source.workspace / f"{source.path.name if source.depth else 'in'}.{number}"


def _placed(source: Source, place: str, items: Iterator[Item], unpacked: Path) -> Iterator[Item]:
    """The items of a member with their places in the archive; its file goes when none needs it."""
    needed = False
    for outcome, piece in items:
        here = outcome.place if not place else f"{place}, {outcome.place}"
        if piece is not None:
            needed |= piece.alone
            piece.place = here
        outcome.place, outcome.source = here, source.path
        yield outcome, piece
    if not needed:
        unpacked.unlink(missing_ok=True)


def _outcome(source: Source, kind: Kind, place: str, reason: str, code: str) -> Outcome:
    return Outcome(kind, place, "", reason, code, source.path)
