"""Write what becomes of each file of a sample set, or compare it.

    python -m tools.outcomes <folder>           writes docs/import-outcomes.md
    python -m tools.outcomes <folder> --check   changes nothing; ends with 1 and names what differs

Every file is read as `aceso import` reads it. Where a file is about several people and asks which
of them is meant, a second line shows what is read for the first of them. The page holds counts,
places and reasons, and nothing else of a file.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from aceso import formats
from aceso.formats import Kind, Outcome
from tools.compiler import ROOT

__all__ = ["PAGE", "main", "page"]

PAGE = ROOT / "docs" / "import-outcomes.md"
_HEAD = """# What becomes of each file

Made by `python -m tools.outcomes <folder>` from a set of public sample files that nobody here
wrote: FHIR, C-CDA, HL7 v2, DICOM, genomes, exports of phones and watches, broken files on purpose,
and files that hold no health data. A test reads them all again and compares.

*Read as* is what the file was told to be by its contents. *Parts* counts what became of each part
of it. *Records* are what would be sealed, by class. *Not taken* says why, with the first place; the
source file is kept whole in any case. A second line of a file answers the question whose data these
are with the first person found.
"""
_COLUMNS = "| file | read as | parts | records | not taken |\n|---|---|---|---|---|\n"


def page(folder: Path) -> str:
    """The page for all files of `folder`, a section for each folder in it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sections: dict[str, list[str]] = {}
    for path in files:
        inside = path.relative_to(folder)
        rows = sections.setdefault(inside.parent.as_posix(), [])
        rows.extend(_rows(path, inside.name))
        _progress(len(files), sum(map(len, sections.values())))
    text = _HEAD
    for name, rows in sections.items():
        title = name if name != "." else "beside them"
        text += f"\n## {title}\n\n{_COLUMNS}" + "".join(rows)
    return text


def _rows(path: Path, name: str) -> Iterator[str]:
    with formats.import_file(path) as imported:
        yield _row(f"`{name}`", imported)
        asked = bool(imported.people) and any(
            one.code == "several_people" for one in imported.outcomes()
        )
        first = imported.people[0].key if asked else None
    if first is not None:
        with formats.import_file(path, subject_hint=first) as imported:
            yield _row("… as the first", imported)


def _row(name: str, imported: formats.Imported) -> str:
    outcomes = list(imported.outcomes())
    kinds = Counter(one.kind.value for one in outcomes)
    classes = Counter(str(one.data_class.name).lower() for one in imported.records())
    cells = (
        name,
        imported.format.en,
        _counted(kinds),
        _counted(classes),
        "<br>".join(_not_taken(outcomes)),
    )
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


def _not_taken(outcomes: Iterable[Outcome]) -> list[str]:
    left = [one for one in outcomes if one.kind is not Kind.IMPORTED]
    counts = Counter((one.kind.value, one.code, one.reason) for one in left)
    first: dict[tuple[str, str, str], str] = {}
    for one in left:
        first.setdefault((one.kind.value, one.code, one.reason), one.place)
    return [
        f"{kind} {count} `{code}` at {first[kind, code, reason]}: {reason}"
        for (kind, code, reason), count in sorted(counts.items())
    ]


def _progress(files: int, done: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done} of about {files}", end="", file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    options = parser.parse_args(arguments)
    if not options.folder.is_dir():
        parser.error(f"there is no folder {options.folder}")
    text = page(options.folder)
    if not options.check:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    kept = PAGE.read_text("utf-8")
    differ = list(difflib.unified_diff(kept.splitlines(), text.splitlines(), "kept", "now", n=0))
    print("\n".join(differ))
    return 1 if differ else 0


if __name__ == "__main__":
    raise SystemExit(main())
