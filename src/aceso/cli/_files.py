"""Reading a file that a command was given."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from aceso.errors import InputError

if TYPE_CHECKING:
    from aceso.flows import Vouch

__all__ = ["file_bytes", "file_text", "vouches_of"]


def file_bytes(path: Path) -> bytes:
    """All of it, or an `InputError`."""
    try:
        return path.read_bytes()
    except OSError as exc:
        raise _unread(path, exc.strerror or "it is no file") from exc


def file_text(path: Path) -> str:
    """All of it, as UTF-8, or an `InputError`."""
    try:
        return file_bytes(path).decode("utf-8")
    except UnicodeDecodeError as exc:
        raise _unread(path, "it is no text in UTF-8") from exc


def vouches_of(paths: Iterable[Path]) -> tuple[Vouch, ...]:
    """Issuers' words for a person, a file each."""
    from aceso.flows import Vouch

    return tuple(Vouch.from_json(file_text(path)) for path in paths)


def _unread(path: Path, why: str) -> InputError:
    return InputError(
        f"The file {path} can't be read: {why}. Check the path.",
        code="E_FILE_UNREADABLE",
        details={"path": str(path)},
    )
