"""The words of a PDF, read by a process of its own that may use little time and memory.

    told = words(path)       # Words(text, pages, complete, encrypted, created)

A PDF is a program as much as a text, and readers of it have been made to loop and to swallow
memory. So pypdf runs in a child with bounds on both, and what goes wrong there ends there. This
file is the child too: it is run by its path, and imports nothing of the package.

The words serve to find the class of the document, nothing more.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Words", "words"]

_SECONDS = 15
_MEMORY = 1 << 30
_MAX_FILE = 64 << 20
_MAX_PAGES = 200
_MAX_TEXT = 2 << 20


@dataclass(frozen=True, slots=True)
class Words:
    """What was read. `complete` is whether every page had words and all were read."""

    text: str = field(default="", repr=False)
    pages: int = 0
    complete: bool = False
    encrypted: bool = False
    broken: bool = False
    created: str = field(default="", repr=False)


def words(path: Path) -> Words:
    """Read the words of the PDF at `path`; whatever it holds, this ends and raises nothing."""
    if path.stat().st_size > _MAX_FILE:
        return Words()
    try:
        done = subprocess.run(
            [sys.executable, "-I", __file__, str(path.absolute())],
            capture_output=True,
            timeout=_SECONDS + 5,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Words()
    if done.returncode:
        return Words(broken=done.returncode == 3)
    try:
        told = json.loads(done.stdout)
    except ValueError:
        return Words()
    return Words(**told)


def _child(path: str) -> int:
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    import logging

    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    logging.disable(logging.CRITICAL)
    try:
        reader = PdfReader(path, strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            told: dict[str, object] = {"encrypted": True}
        else:
            told = _read(reader)
    except (PyPdfError, *_BROKEN):
        return 3
    sys.stdout.buffer.write(json.dumps(told).encode("utf-8", "replace"))
    return 0


# What pypdf raises where a file is not what it says, beside its own errors.
_BROKEN = (
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    OverflowError,
    AssertionError,
    NotImplementedError,
    RecursionError,
    MemoryError,
    ArithmeticError,
    EOFError,
    OSError,
    StopIteration,
)


def _read(reader: object) -> dict[str, object]:
    pages = reader.pages  # type: ignore[attr-defined]
    texts: list[str] = []
    size = 0
    complete = 0 < len(pages) <= _MAX_PAGES
    for number in range(min(len(pages), _MAX_PAGES)):
        try:
            text = pages[number].extract_text() or ""
        except _BROKEN:
            text = ""
        complete = complete and bool(text.strip())
        size += len(text)
        if size > _MAX_TEXT:
            complete = False
            break
        texts.append(text)
    created = ""
    meta = reader.metadata  # type: ignore[attr-defined]
    if meta is not None:
        created = str(meta.get("/CreationDate", ""))[:40]
    return {
        "text": "\n".join(texts),
        "pages": len(pages),
        "complete": complete,
        "created": created,
    }


if __name__ == "__main__":
    sys.exit(_child(sys.argv[1]))
