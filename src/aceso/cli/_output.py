"""What a person sees: tables, colours only on a terminal, progress on standard error; or JSON.

    show(session, document, lambda console: console.print(table))

Resident registration numbers are masked in all of it (`_masked`).

With --json the document is all that goes to standard output. Amounts in it are decimal strings of
base units, identifiers are hexadecimal, and times are Unix seconds.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

from aceso.errors import UsageError

from ._masked import masked, masked_document
from ._words import say

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from aceso.chain import Receipt

__all__ = [
    "errors",
    "plain",
    "private_file",
    "private_text",
    "receipts",
    "show",
    "show_text",
    "steps",
    "table",
]


class Asked(Protocol):
    """How a command is to answer; a `Session` knows."""

    as_json: bool


# Where no terminal says how wide it is, nothing should be cut off.
_WIDE = 200


def _console(stream: IO[str]) -> Console:
    from rich.console import Console

    class Masking(Console):
        """Masks the texts that it is given; those in tables are masked when these are made."""

        def print(self, *objects: Any, **options: Any) -> None:
            super().print(*map(_masked_line, objects), **options)

    wide = None if stream.isatty() or os.environ.get("COLUMNS") else _WIDE
    return Masking(file=stream, width=wide, emoji=False)


def _masked_line(line: object) -> object:
    from rich.text import Text

    if isinstance(line, str):
        return masked(line)
    if isinstance(line, Text) and masked(line.plain) != line.plain:
        # As long as before, so its styles stay where they are.
        hidden = line.copy()
        hidden.plain = masked(line.plain)
        return hidden
    return line


def errors() -> Console:
    """Standard error."""
    return _console(sys.stderr)


def plain() -> Console:
    """Standard output."""
    return _console(sys.stdout)


def show(session: Asked, document: object, render: Callable[[Console], None]) -> None:
    """The document for a program, or what `render` prints for a person."""
    if session.as_json:
        plain_document = masked_document(document)
        sys.stdout.write(json.dumps(plain_document, ensure_ascii=False, indent=1) + "\n")
    else:
        render(plain())


def show_text(session: Asked, document: object, text: str) -> None:
    """As `show`, of words that are printed as they are."""
    show(
        session,
        document,
        lambda console: console.print(text, highlight=False, markup=False, soft_wrap=True),
    )


def table(title: str, *columns: str, rows: Sequence[Sequence[object]] = ()) -> Table:
    """A table; cells are text as it is, never markup."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    made = Table(
        title=masked(title),
        box=SIMPLE_HEAD,
        title_justify="left",
        title_style="bold",
        show_header=any(columns),
    )
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        cells = (cell if isinstance(cell, Text) else Text(masked(str(cell))) for cell in row)
        made.add_row(*cells)
    return made


def receipts(sent: Sequence[Receipt]) -> list[dict[str, object]]:
    """Transactions, for a document."""
    return [
        {
            "transaction": one.tx_hash if isinstance(one.tx_hash, str) else one.tx_hash.hex(),
            "block": one.block_number,
            "gasUsed": str(one.gas_used),
        }
        for one in sent
    ]


@contextmanager
def steps(session: Asked) -> Iterator[Callable[[str, int], None]]:
    """A line that counts what was sealed, anchored and posted, while it is done."""
    if session.as_json or not sys.stderr.isatty():
        yield lambda step, count: None
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    counts: dict[str, int] = {}
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=errors(), transient=True) as progress:
        task = progress.add_task(say("import.reading"))

        def tell(step: str, count: int) -> None:
            counts[step] = counts.get(step, 0) + count
            said = " · ".join(f"{say(f'step.{name}')} {n}" for name, n in counts.items())
            progress.update(task, description=said)

        yield tell


@contextmanager
def private_file(path: Path) -> Iterator[IO[str]]:
    """A text file to write what may say something of a person's health: for nobody else to read."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        file = os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8")
    except OSError as exc:
        raise UsageError(
            f"{path} can't be written. Name another file.",
            code="E_OUT",
            details={"path": str(path)},
        ) from exc
    with file:
        yield file


def private_text(path: Path, text: str) -> Path:
    """Write a whole text that nobody else may read."""
    with private_file(path) as file:
        file.write(text)
    return path
