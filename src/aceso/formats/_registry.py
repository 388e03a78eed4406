"""Which reader reads a file: told by its contents, never by its name."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from aceso.codes import DataClass

from . import archive, clinical, genome, lifelog, unknown
from ._classify import most_sensitive
from ._head import Head, look
from ._model import Format, Item, SourceFile
from ._reader import Reader, Source
from .errors import FormatError

__all__ = ["READERS", "detect", "format_of", "head_of", "read", "reads", "source_file"]

# The order is of no account between the rooms: no file is told as two formats. A test sees to it.
READERS: tuple[Reader, ...] = (*clinical.READERS, *genome.READERS, *lifelog.READERS)


def detect(path: str | os.PathLike[str]) -> Format:
    """Say what `path` holds, by its first 64 KiB, or raise FormatError if it can't be read."""
    return format_of(head_of(path))


def head_of(path: str | os.PathLike[str]) -> Head:
    """The head of a regular file, or FormatError if there is none to be read."""
    checked = _checked(path)
    try:
        return look(checked)
    except OSError as exc:
        raise _unreadable(exc) from exc


def format_of(head: Head) -> Format:
    """Say what begins with `head`."""
    reader = _reader(head)
    if reader is not None:
        return reader.format
    return archive.format_of(head) or unknown.reader(head).format


def read(
    path: str | os.PathLike[str],
    *,
    head: Head | None = None,
    subject_hint: str | None = None,
    workspace: Path | None = None,
    keys: tuple[Path, ...] = (),
) -> Iterator[Item]:
    """Yield an outcome for each part of the file, and with it what was understood.

    `head` is that of the file, where it was looked at already. `subject_hint` says whose data are
    wanted: the id of a Patient, or the name of a VCF sample.
    `workspace` is a folder for what is unpacked; it must stay as long as the bodies are wanted.
    `keys` are files and folders of public keys that the person trusts, to check what is signed.
    Nothing about the contents is ever raised; FormatError says that the file can't be opened.
    """
    return _read(head or head_of(path), subject_hint, workspace, keys)


def source_file(
    path: str | os.PathLike[str], *, classes: DataClass, head: Head | None = None
) -> SourceFile:
    """Describe the file as it is, to be sealed whole; `classes` are those that were found in it,
    and `head` is that of the file, where it was looked at already."""
    head = head or head_of(path)
    digest = hashlib.sha256()
    size = 0
    try:
        with head.path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
                size += len(block)
    except OSError as exc:
        raise _unreadable(exc) from exc
    data_class, why = most_sensitive(classes)
    return SourceFile(head.path, size, digest.digest(), _media_type(head), data_class, why)


def _media_type(head: Head) -> str:
    if head.is_gzip:
        return "application/gzip"
    if head.is_zip:
        return "application/zip"
    return format_of(head).media_type or unknown.guess_kind(head.raw)[1]


def _read(
    head: Head, subject_hint: str | None, workspace: Path | None, keys: tuple[Path, ...]
) -> Iterator[Item]:
    if workspace is None:
        with tempfile.TemporaryDirectory(prefix="aceso-") as own:
            yield from _read(head, subject_hint, Path(own), keys)
        return
    path = head.path
    source = Source(
        path,
        head,
        workspace,
        subject_hint,
        lambda name: _beside(path, name),
        name=path.name,
        keys=keys,
    )
    try:
        yield from _read_source(source)
    except OSError as exc:
        raise _unreadable(exc) from exc


def _read_source(source: Source) -> Iterator[Item]:
    reader = _reader(source.head)
    if reader is None and archive.format_of(source.head) is not None:
        return archive.read(source, _read_source)
    return (reader or unknown.reader(source.head)).read(source)


def _reader(head: Head) -> Reader | None:
    return next((reader for reader in READERS if reads(reader, head)), None)


def reads(reader: Reader, head: Head) -> bool:
    """Whether `reader` is the one for what begins with `head`."""
    # The head of a gzip is unpacked, so it looks like what is in it; the file is not.
    return (reader.unpacks or not head.is_gzip) and reader.recognises(head)


def _beside(path: Path, name: str) -> Path | None:
    """The regular file of this plain name in the folder of `path`: no link, and no way out."""
    if not name or Path(name).name != name:
        return None
    found = path.parent / name
    return found if found.is_file() and not found.is_symlink() else None


def _checked(path: str | os.PathLike[str]) -> Path:
    checked = Path(path)
    try:
        mode = checked.stat().st_mode
    except (OSError, ValueError, RuntimeError) as exc:
        raise _unreadable(exc) from exc
    if stat.S_ISDIR(mode):
        raise FormatError(
            "This is a folder, not a file; name the files in it.", code="E_FORMAT_FOLDER"
        )
    if not stat.S_ISREG(mode):
        raise FormatError(
            "This is a device or a pipe, not a file; save it as a file first.",
            code="E_FORMAT_NOT_A_FILE",
        )
    if not os.access(checked, os.R_OK):
        raise _unreadable(PermissionError())
    return checked


def _unreadable(exc: Exception) -> FormatError:
    # The path is the caller's to show: a file name may hold the name of a person.
    if isinstance(exc, FileNotFoundError):
        return FormatError("There is no such file; check the path.", code="E_FORMAT_MISSING")
    if isinstance(exc, PermissionError):
        return FormatError(
            "The file may not be read by this user; change its permissions.",
            code="E_FORMAT_PERMISSION",
        )
    if isinstance(exc, OSError) and exc.errno == 40:
        return FormatError(
            "The path is a loop of symbolic links; name the file itself.", code="E_FORMAT_LOOP"
        )
    return FormatError(
        "The file can't be read from the disk; check the disk and the path.", code="E_FORMAT_IO"
    )
