"""`aceso export` and `aceso trends`: everything out again, and pictures of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aceso.codes import SENSITIVE, DataClass, label
from aceso.errors import UsageError

from . import _terms
from ._click import command
from ._output import errors, show, table
from ._session import Session
from ._words import language, say, sentence

if TYPE_CHECKING:
    from rich.console import Console

    from aceso.exports import Held, Resources
    from aceso.flows.exporting import OpenedRecords
    from aceso.pictures import Chart, Timeline
    from aceso.vault import RecordNote

__all__ = ["export", "show_timeline", "trends"]

_ALL = DataClass(sum(int(one) for one in DataClass))
_MEASURED = (
    DataClass.LABS
    | DataClass.VITALS
    | DataClass.BIOSIGNAL
    | DataClass.ACTIVITY
    | DataClass.SLEEP
    | DataClass.DIET
)
# What each kind is called where no name is given: nothing about the person.
_NAMES = {
    "fhir": "aceso-fhir.json",
    "ndjson": "aceso-fhir.ndjson",
    "ips": "aceso-ips.json",
    "omh": "aceso-open-mhealth.json",
    "pdf": "aceso-summary.pdf",
    "vcf": "aceso-genome",
    "files": "aceso-files",
}
_SUMMARIES = ("ips", "pdf")
_FOLDERS = ("vcf", "files")
_SHOWN_IN_TERMINAL = 24
_MONTHS_BAR = 12
_INCOMPLETE = 6


# Export


@command("export")
@click.option("--format", "kind", type=click.Choice(list(_NAMES)), default="fhir")
@click.option("--out", type=click.Path(path_type=Path), metavar="PATH")
@click.option("--class", "classes", metavar="CLASSES")
@click.option("--subject", metavar="ID")
@click.option("--force", is_flag=True)
def export(
    session: Session,
    *,
    kind: str,
    out: Path | None,
    classes: str | None,
    subject: str | None,
    force: bool,
) -> int:
    from aceso.flows.exporting import OpenedRecords

    target = out or Path(_NAMES[kind])
    wanted = _classes(kind, classes)
    if kind not in _FOLDERS and target.exists() and not force:
        # Before anything is opened; `create` looks again at the end.
        from aceso.exports.files import exists

        raise exists(target)
    person = session.person()
    with _counting(session) as progress:
        opening = OpenedRecords(person, wanted, progress=progress)
        if kind in _FOLDERS:
            document = _to_folder(opening, kind, target, force)
        else:
            document = _to_file(opening, kind, target, force, subject, wanted)
    document["failed"] = [
        {"record": record_id.hex(), "code": error.code, "reason": sentence(error)}
        for record_id, error in opening.failed
    ]
    show(session, document, lambda console: _say_exported(console, document))
    return _INCOMPLETE if opening.failed else 0


def _classes(kind: str, named: str | None) -> DataClass:
    """A summary is handed around, so sensitive classes are in it only where they are named."""
    if named is not None:
        return _terms.classes(named)
    return _ALL & ~SENSITIVE if kind in _SUMMARIES else _ALL


def _to_file(
    opening: OpenedRecords,
    kind: str,
    target: Path,
    force: bool,
    subject: str | None,
    wanted: DataClass,
) -> dict[str, Any]:
    from aceso.exports import Resources, create

    with Resources.of(opening) as resources, create(target, replace=force) as stream:
        return {
            "format": kind,
            "files": [str(target)],
            "records": resources.records,
            "notFhir": resources.others,
            "unreadable": resources.unreadable,
            **_write(resources, kind, stream, subject, wanted),
        }


def _write(
    resources: Resources, kind: str, stream: Any, subject: str | None, wanted: DataClass
) -> dict[str, Any]:
    from aceso import exports

    if kind == "fhir":
        return {"resources": exports.write_bundle(resources, stream)}
    if kind == "ndjson":
        return {"resources": exports.write_ndjson(resources, stream)}
    if kind == "omh":
        written, left_out = exports.write_data_points(resources, stream)
        return {"resources": written, "leftOut": left_out}
    now = datetime.now(UTC)
    summary = exports.Summary.of(
        resources, language=language(), subject=subject, sensitive=wanted & SENSITIVE
    )
    if kind == "ips":
        exports.write_ips(summary, stream, now=now)
    else:
        exports.write_pdf(summary, stream, today=now.date())
    return {"resources": sum(len(section.lines) for section in summary.sections)}


def _to_folder(opening: OpenedRecords, kind: str, target: Path, force: bool) -> dict[str, Any]:
    from aceso.exports import NothingToExportError, create, write_body

    files: list[str] = []
    for held in opening:
        if not _is_wanted(held, kind):
            continue
        # A number says nothing of what is in it; the order is that of the days.
        name = "genome" if kind == "vcf" else "file"
        path = target / f"{name}-{len(files) + 1:03}{_ending(held)}"
        with create(path, replace=force) as stream:
            write_body(held, stream)
        files.append(str(path))
    if not files:
        raise NothingToExportError(
            "There is nothing of this kind among these records. Name other classes, or another "
            "--format.",
            code="E_EXPORT_NONE",
        )
    return {"format": kind, "files": files, "records": len(files)}


def _is_wanted(held: Held, kind: str) -> bool:
    from aceso.formats import VCF

    return held.is_source if kind == "files" else held.media_type == VCF and not held.is_source


def _ending(held: Held) -> str:
    from aceso.flows.reader import ending_of

    return ending_of(held.media_type)


def _say_exported(console: Console, document: dict[str, Any]) -> None:
    for path in document["files"]:
        console.print(path, markup=False, highlight=False, soft_wrap=True)
    counts = {"records": document["records"], "resources": document.get("resources")}
    if counts["resources"] is None:
        console.print(say("export.files", records=counts["records"]), highlight=False)
    else:
        console.print(say("export.done", **counts), highlight=False)
    if document.get("leftOut"):
        console.print(say("export.left_out", count=document["leftOut"]), highlight=False)
    others = document.get("notFhir", 0) + document.get("unreadable", 0)
    if others:
        console.print(say("export.not_fhir", count=others), highlight=False)
    for one in document["failed"]:
        line = say("open.failed", record=one["record"][:16], why=one["reason"])
        console.print(line, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def _counting(session: Session) -> Iterator[Callable[[int, int], None]]:
    """A line that counts the records that are opened, on a terminal."""
    if session.as_json or not sys.stderr.isatty():
        yield lambda done, of: None
        return
    from rich.progress import Progress

    with Progress(console=errors(), transient=True) as progress:
        task = progress.add_task(say("export.opening"), total=None)
        yield lambda done, of: progress.update(task, completed=done, total=of)


# Timeline


def show_timeline(session: Session, notes: list[RecordNote]) -> None:
    """How many records of which class there are in which month."""
    from aceso.pictures import Timeline

    timeline = Timeline.of((note.day, DataClass(note.data_class)) for note in notes)
    document = {
        "months": [
            {
                "month": month,
                "classes": {
                    _terms.class_names(one)[0]: timeline.count(month, one)
                    for one in timeline.classes
                    if timeline.count(month, one)
                },
            }
            for month in timeline.months
        ],
        "undated": sum(timeline.undated.values()),
    }
    show(session, document, lambda console: _say_timeline(console, timeline))


def _say_timeline(console: Console, timeline: Timeline) -> None:
    if not timeline.classes:
        console.print(say("records.none"))
        return
    rows = []
    largest = max((timeline.total(month) for month in timeline.months), default=1)
    for month in timeline.months:
        total = timeline.total(month)
        said = " · ".join(
            f"{label(one, language())} {timeline.count(month, one):,}"
            for one in timeline.classes
            if timeline.count(month, one)
        )
        bar = "█" * max(1, round(total / largest * _MONTHS_BAR))
        rows.append([month, f"{total:,}", bar, said])
    columns = ("month", "records", "amount", "classes")
    console.print(
        table(say("timeline.title"), *(say(f"column.{one}") for one in columns), rows=rows)
    )
    undated = sum(timeline.undated.values())
    if undated:
        console.print(say("timeline.undated", count=undated), highlight=False)


# Trends


@command("trends")
@click.option("--class", "classes", metavar="CLASSES")
@click.option("--code", "codes", multiple=True, metavar="LOINC")
@click.option("--subject", metavar="ID")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--svg", is_flag=True)
@click.option("--force", is_flag=True)
def trends(
    session: Session,
    *,
    classes: str | None,
    codes: tuple[str, ...],
    subject: str | None,
    out: Path | None,
    svg: bool,
    force: bool,
) -> int:
    from aceso.exports import Resources
    from aceso.flows.exporting import OpenedRecords

    if svg and out is None:
        raise UsageError(
            "--svg says how pictures are written. Name a folder for them with --out.",
            code="E_TRENDS_OUT",
        )
    wanted = _terms.classes(classes) if classes else _MEASURED
    person = session.person()
    with _counting(session) as progress:
        opening = OpenedRecords(person, wanted, progress=progress)
        with Resources.of(opening) as resources:
            charts = _charts(resources, subject, set(codes))
    if not charts:
        from aceso.exports import NothingToExportError

        raise NothingToExportError(
            "There is no series of numbers among these records. Import some, or name other classes "
            "or codes.",
            code="E_TRENDS_NONE",
        )
    files = [] if out is None else _draw(charts, out, svg, force)
    document = {
        "charts": [
            {
                "title": chart.title,
                "unit": chart.unit,
                "values": chart.dots,
                "file": str(files[index]) if files else None,
            }
            for index, chart in enumerate(charts)
        ],
        "failed": [
            {"record": record_id.hex(), "code": error.code, "reason": sentence(error)}
            for record_id, error in opening.failed
        ],
    }
    show(session, document, lambda console: _say_trends(console, charts, files))
    return _INCOMPLETE if opening.failed else 0


def _charts(resources: Resources, subject: str | None, codes: set[str]) -> list[Chart]:
    """Nights first, then each series with more than one value; one value alone where it is asked
    for by its code."""
    from aceso.pictures import nights, read_series, sleep_chart, trend

    about = resources.about(subject)
    # What is parsed of a watch's year is large: read twice, held never.
    series = read_series(_observations(resources, about), language=language())
    charts = [
        trend(one)
        for one in series
        if one.loinc in codes or (not codes and len(one.points) > 1 and one.loinc != _SLEEP)
    ]
    if not codes or _SLEEP in codes:
        found = nights(_observations(resources, about))
        if found:
            charts.insert(
                0, sleep_chart(found, title=say("trends.sleep"), unit=say("trends.hours"))
            )
    return charts


_SLEEP = "93832-4"


def _observations(resources: Resources, about: Callable[[Any], bool]) -> Iterator[dict[str, Any]]:
    return (one.parsed() for one in resources.of_type("Observation") if about(one))


def _draw(charts: list[Chart], folder: Path, svg: bool, force: bool) -> list[Path]:
    """A file for each; a name says neither whose it is nor what is in it."""
    from aceso.exports import create
    from aceso.pictures import draw_png, draw_svg

    digits = max(2, len(str(len(charts))))
    files = []
    for number, chart in enumerate(charts, 1):
        path = folder / f"trend-{number:0{digits}}.{'svg' if svg else 'png'}"
        data = draw_svg(chart).encode() if svg else draw_png(chart)
        with create(path, replace=force) as stream:
            stream.write(data)
        files.append(path)
    return files


def _say_trends(console: Console, charts: list[Chart], files: list[Path]) -> None:
    from aceso.pictures import draw_text

    if files:
        for chart, path in zip(charts, files, strict=True):
            line = say("trends.written", title=chart.title, count=chart.dots, file=path)
            console.print(line, markup=False, highlight=False, soft_wrap=True)
        return
    width = min(100, console.width)
    for chart in charts[:_SHOWN_IN_TERMINAL]:
        for line in draw_text(chart, width=width):
            console.print(line, markup=False, highlight=False, no_wrap=True)
        console.print()
    if len(charts) > _SHOWN_IN_TERMINAL:
        more = len(charts) - _SHOWN_IN_TERMINAL
        console.print(say("trends.more", count=more), highlight=False)
