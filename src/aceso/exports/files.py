"""Files that only their owner reads, that are whole or not there, and that replace nothing.

    with create(path, replace=False) as stream:
        …

What is written goes to a hidden file beside it, mode 0600, and takes the name at the end. If
something fails on the way, nothing is left.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from ._held import Held
from .errors import ExportError

__all__ = ["create", "exists", "write_body"]

_BLOCK = 1 << 20


@contextmanager
def create(path: Path, *, replace: bool) -> Iterator[BinaryIO]:
    """A stream to a new file at `path`; E_EXPORT_EXISTS if there is one and not `replace`."""
    if path.is_dir():
        raise _cannot_write(path)
    if not replace and (path.exists() or path.is_symlink()):
        raise exists(path)
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as exc:
        raise _cannot_write(path) from exc
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
        _name(draft, path, replace)
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()


def write_body(held: Held, stream: BinaryIO) -> int:
    """Write the record's contents as they are, block by block; return how many bytes."""
    size = 0
    with held.body.open() as source:
        while block := source.read(_BLOCK):
            stream.write(block)
            size += len(block)
    return size


def _name(draft: Path, path: Path, replace: bool) -> None:
    try:
        if replace:
            draft.replace(path)
        else:
            # Unlike a rename, a link fails where somebody was faster.
            os.link(draft, path)
    except FileExistsError as exc:
        raise exists(path) from exc
    except OSError as exc:
        raise _cannot_write(path) from exc


def exists(path: Path) -> ExportError:
    """That a file is there already."""
    return ExportError(
        f"{path} is there already, and is not overwritten. Name another file, or say --force.",
        code="E_EXPORT_EXISTS",
        details={"path": str(path)},
    )


def _cannot_write(path: Path) -> ExportError:
    return ExportError(
        f"{path} can't be written. Name another file.",
        code="E_EXPORT_FILE",
        details={"path": str(path)},
    )
