"""Reading a file that a command was given."""

from __future__ import annotations

from pathlib import Path

from aceso.errors import InputError

__all__ = ["file_bytes", "file_text"]


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


def _unread(path: Path, why: str) -> InputError:
    return InputError(
        f"The file {path} can't be read: {why}. Check the path.",
        code="E_FILE_UNREADABLE",
        details={"path": str(path)},
    )
