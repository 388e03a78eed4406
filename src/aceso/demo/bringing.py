"""A person brings in the phone's export and, where one is named, a folder of files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from aceso.flows import HOME, FileReport, Person
from aceso.formats import Kind

from .stage import Stage

__all__ = ["show_bringing"]

# Of a folder of thousands, so many files are told of one by one.
_REASONS_SHOWN = 20


def show_bringing(
    stage: Stage, person: Person, export: Path, data: Path | None, folder: Path
) -> None:
    """Import `export` and all of `data`; what is opened again to compare it lies in `folder`."""
    with stage.step(
        "The person brings in the phone's export" + (" and a folder of files" * bool(data)),
        "본인이 휴대폰 자료" + ("와 폴더의 파일들" * bool(data)) + "을 가져옵니다",
    ):
        paths = [export, *_files(data)]
        report = person.import_files(paths)
        stage.on_chain(*report.receipts[:3])
        stage.count(*report.receipts[3:])
        stage.console.print(_table(report.files))
        for line in _reasons(report.files):
            stage.say(f"[dim]{escape(line)}[/]")
        asked = {one.path for one in report.files if one.people}
        if asked:
            stage.say(f"{len(asked)} files are about several people: nothing of them is taken")
        wanted = {
            hashlib.sha256(path.read_bytes()).digest()
            for path in paths
            if path.stat().st_size and path not in asked
        }
        stage.expect(
            f"each of {len(wanted)} other files is kept, byte for byte",
            wanted - _kept(person, folder),
            set(),
        )
        again = person.import_files(paths[:20])
        stage.expect("the same files once more add nothing", again.added, 0)


def _kept(person: Person, folder: Path) -> set[bytes]:
    """The SHA-256 of everything that the person brought in, as it is opened again."""
    home = person.persona(HOME).address
    path = folder / "source"
    found = set()
    for record_id, note in person.records(superseded=True):
        if note.issuer == home:
            person.open_record(record_id, path)
            found.add(hashlib.sha256(path.read_bytes()).digest())
    return found


def _files(folder: Path | None) -> list[Path]:
    if folder is None:
        return []
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _reasons(reports: Iterable[FileReport]) -> list[str]:
    """Why files, or parts of them, were not understood: the first reason of each file."""
    found = []
    for report in reports:
        told = [one.reason for one in report.outcomes if one.kind in (Kind.REFUSED, Kind.KEPT)]
        why = report.error or (told[0] if told else "")
        if why:
            more = f" (and {len(told) - 1} more)" if len(told) > 1 else ""
            found.append(f"{report.path.name}: {why}{more}")
    left = len(found) - _REASONS_SHOWN
    return found[:_REASONS_SHOWN] + [f"and {left} more files"] * (left > 0)


def _table(reports: Iterable[FileReport]) -> Table:
    table = Table(show_edge=False, pad_edge=False)
    for heading in ("file · 파일", "format · 형식"):
        table.add_column(heading)
    for heading in ("imported", "kept", "refused", "records"):
        table.add_column(heading, justify="right")
    for report in reports:
        counts = report.counts
        table.add_row(
            report.path.name,
            report.format.en if report.format else "-",
            str(counts.get("imported", 0)),
            str(counts.get("kept", 0)),
            str(counts.get("refused", 0)),
            str(report.records),
        )
    return table
