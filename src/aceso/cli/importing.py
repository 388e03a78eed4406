"""`aceso import`: take in files, and say of every part what became of it."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from aceso.errors import InputError, UsageError
from aceso.formats import Format, Outcome, PersonInFile

from . import _terms
from ._click import command
from ._masked import masked, masked_document
from ._output import private_file, receipts, show, steps, table
from ._session import Session, is_terminal
from ._words import language, outcome, say, sentence

if TYPE_CHECKING:
    from rich.console import Console

    from aceso.flows import FileReport, ImportReport

__all__ = ["is_refused", "report_document", "show_report", "take", "walk"]

_REFUSED = 3
_PEOPLE_SHOWN = 10


@command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--report", "report_file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--whose", metavar="KEY")
@click.option("--keys", multiple=True, type=click.Path(path_type=Path), metavar="FILE")
def take(
    session: Session,
    *,
    paths: Sequence[Path],
    report_file: Path | None,
    whose: str | None,
    keys: Sequence[Path],
) -> int:
    person = session.person()
    files, hidden = walk(paths)
    asker = _Asker(whose)
    _check_there(keys)
    with _report(report_file) as write, steps(session) as progress:
        report = person.import_files(
            files, progress=progress, on_outcome=write, whose=asker.ask, keys=tuple(keys)
        )
    document = report_document(report, hidden)
    show(session, document, lambda console: show_report(console, report, hidden))
    return _REFUSED if any(is_refused(one) for one in report.files) else 0


def _check_there(keys: Iterable[Path]) -> None:
    """A key file that is not there would only make every signature unchecked."""
    for path in keys:
        if not path.exists():
            raise UsageError(
                f"There are no keys at {path}: name a file of JSON Web Keys, or a folder of them.",
                code="E_KEYS_MISSING",
                details={"path": str(path)},
            )


class _Asker:
    """Which of the people in a file this is: as --whose says, or as is answered at a terminal."""

    def __init__(self, key: str | None):
        self._key = key

    def ask(self, path: Path, people: tuple[PersonInFile, ...]) -> str | None:
        keys = [one.key for one in people]
        if self._key is not None:
            # As it is, or as it was shown: a key may be a resident registration number.
            shown = [key for key in keys if masked(key) == self._key]
            return self._key if self._key in keys else shown[0] if len(shown) == 1 else None
        if not is_terminal():
            return None
        click.echo(masked(say("import.people", path=path, count=len(people))), err=True)
        for number, one in enumerate(people, 1):
            click.echo(masked(f"  {number}. {_described(one)}"), err=True)
        asked = click.IntRange(0, len(people))
        number = click.prompt(say("import.which"), type=asked, default=0, err=True)
        return keys[number - 1] if number else None


def _described(person: PersonInFile) -> str:
    said = " · ".join(part for part in (person.name, person.born) if part)
    return f"{said} ({person.key})" if said else person.key


@contextmanager
def _report(path: Path | None) -> Iterator[Callable[[Path, Outcome], None] | None]:
    """Where each outcome is written to as a line of JSON, as soon as it is known."""
    if path is None:
        yield None
        return
    with private_file(path) as file:
        yield lambda source, one: _write_outcome(file, source, one)


def _write_outcome(file: IO[str], source: Path, one: Outcome) -> None:
    line = {
        "file": str(source),
        "place": one.place,
        "kind": one.kind.value,
        "type": one.resource_type or None,
        "class": _terms.class_name(one.data_class),
        "code": one.code or None,
        "reason": outcome(one.code, one.reason),
    }
    file.write(json.dumps(masked_document(line), ensure_ascii=False) + "\n")


def walk(paths: Iterable[Path]) -> tuple[list[Path], int]:
    """The files, those in folders too, each once; and how many hidden ones were passed by."""
    found: dict[Path, None] = {}
    hidden = 0
    for path in paths:
        # Not `Path.is_dir`, which fails where a name is too long.
        if not os.path.isdir(path):
            found[path] = None
            continue
        for folder, folders, names in os.walk(path):
            hidden += sum(name.startswith(".") for name in (*folders, *names))
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                if not name.startswith("."):
                    found[Path(folder, name)] = None
    return list(found), hidden


def is_refused(report: FileReport) -> bool:
    """Whether nothing in the file was understood, nor kept as a kind that we don't know yet."""
    if report.error:
        return True
    kinds = {one.kind.value for one in report.outcomes}
    # `outcomes` holds what was not taken, `counts` all: the same file again is refused again.
    understood = sum(report.counts.values()) - len(report.outcomes)
    return "refused" in kinds and "kept" not in kinds and understood <= 0


def report_document(report: ImportReport, hidden: int) -> dict[str, Any]:
    """What an import did, for a program."""
    return {
        "added": report.added,
        "hiddenSkipped": hidden,
        "files": [
            {
                "path": str(one.path),
                "format": one.format.name if one.format else "",
                "refused": is_refused(one),
                "error": _error_of(one) or None,
                "outcomes": one.counts,
                "records": one.records,
                "added": one.added,
                "class": _terms.class_name(one.source_class),
                "people": [
                    {"key": who.key, "name": who.name, "born": who.born} for who in one.people
                ],
                "notTaken": [
                    {
                        "kind": kind,
                        "code": code,
                        "reason": reason,
                        "count": count,
                        "places": places,
                    }
                    for kind, code, reason, count, places in _not_taken(one)
                ],
            }
            for one in report.files
        ],
        "refused": [
            {"record": one.record_id.hex(), "code": one.error.code, "reason": sentence(one.error)}
            for one in (*report.refused_before, *report.refused)
        ],
        "transactions": receipts(report.receipts),
    }


def show_report(console: Console, report: ImportReport, hidden: int) -> None:
    rows = []
    for one in report.files:
        counts = " · ".join(f"{say(f'kind.{kind}')} {n}" for kind, n in one.counts.items() if n)
        added = one.added if one.added or is_refused(one) else say("import.nothing_new")
        rows.append([one.path, _format(one.format), counts, one.records, added])
    columns = ("path", "format", "resources", "records", "added")
    console.print(table(say("import.title"), *(say(f"column.{c}") for c in columns), rows=rows))
    for one in report.files:
        wrong = _error_of(one)
        if wrong:
            console.print(f"{one.path}: {wrong}", markup=False, highlight=False, soft_wrap=True)
        for kind, _, reason, count, places in _not_taken(one):
            if kind == "skipped" and count == 1 and places == ["/"]:
                continue
            where = f" ({', '.join(places)}{' …' if count > len(places) else ''})"
            line = f"{one.path}: {say(f'kind.{kind}')} {count}{where}: {reason}"
            console.print(line, markup=False, highlight=False, soft_wrap=True)
        if one.people and is_refused(one):
            console.print(say("import.choose"), highlight=False)
            for who in one.people[:_PEOPLE_SHOWN]:
                console.print(f"  --whose {who.key}  {who.name} {who.born}", markup=False)
    gone = Counter(sentence(one.error) for one in (*report.refused_before, *report.refused))
    for reason, count in gone.items():
        line = say("import.refused", count=count, why=reason)
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if hidden:
        console.print(say("import.hidden", count=hidden), highlight=False)
    summary = say("import.added", count=report.added) if report.added else say("import.nothing_new")
    console.print(summary, style="bold", highlight=False)


def _error_of(report: FileReport) -> str:
    code = getattr(report, "code", "")
    if not report.error:
        return ""
    return sentence(InputError(report.error, code=code)) if code else report.error


def _not_taken(report: FileReport) -> list[tuple[str, str, str, int, list[str]]]:
    """Reasons why parts were not taken, the most frequent first, with the first places of each."""
    groups: Counter[tuple[str, str, str]] = Counter()
    places: dict[tuple[str, str, str], list[str]] = {}
    for one in report.outcomes:
        kind = one.kind.value
        if kind not in {"refused", "kept", "skipped"}:
            continue
        key = (kind, one.code, outcome(one.code, one.reason))
        groups[key] += 1
        if len(places.setdefault(key, [])) < 3:
            places[key].append(one.place)
    return [(*key, count, places[key]) for key, count in groups.most_common()]


def _format(found: Format | None) -> str:
    if found is None:
        return "-"
    return found.ko if language() == "ko" else found.en
