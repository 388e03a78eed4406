"""
resident registration numbers in what the command shows
├── a text, a cell, a title, a styled line and a document have them masked
├── a record's id, an amount and a moment are left as they are
├── `aceso import`: paths, names, keys, reasons and the report, for a person and for a program
├── a key that was shown masked is understood
└── an error that names a file
"""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.text import Text

from aceso.cli import _session
from aceso.cli._masked import masked, masked_document
from aceso.cli._output import plain, show, table
from aceso.flows.reports import FileReport, ImportReport
from aceso.formats import Kind, Outcome, PersonInFile

NUMBER = "900101-1234568"
HIDDEN = "900101-1******"
SECRET = "234568"


def test_everything_that_is_printed_is_masked(capsys):
    console = plain()
    console.print(f"환자 {NUMBER}")
    console.print(Text(f"style {NUMBER}", style="bold"))
    console.print(table(f"title {NUMBER}", "name", rows=[[f"cell {NUMBER}"], [Path(f"/{NUMBER}")]]))

    out = capsys.readouterr().out
    assert SECRET not in out
    assert out.count(HIDDEN) == 5


@pytest.mark.parametrize("as_json", [True, False])
def test_a_document_is_masked(as_json, capsys):
    document = {f"key {NUMBER}": [{"name": f"김 {NUMBER}"}, ("x", f"{NUMBER}.pdf")], "n": 1}

    show(SimpleNamespace(as_json=as_json), document, lambda console: console.print(str(document)))

    out = capsys.readouterr().out
    assert SECRET not in out and out.count(HIDDEN) == 3


@pytest.mark.parametrize(
    "text",
    [
        "9001011234568" + "ab" * 10,  # A part of an identifier in hexadecimal.
        "0x" + "9001011234568" * 4,
        "1714525800123",
        "2024-05-01 09:30",
    ],
)
def test_what_is_no_such_number_is_left(text):
    assert masked(text) == text
    assert masked_document({"amount": "9001011234568"}) == {"amount": "9001011234568"}


@pytest.fixture
def importing(monkeypatch):
    """A person whose import says what it is made to say, and asks whose the file is."""
    people = tuple(PersonInFile(key, f"김 {key}", "1990-01-01") for key in (NUMBER, "p2"))
    asked = []

    def import_files(files, *, on_outcome, whose, **_):
        asked.append(whose(files[0], people))
        wrong = Outcome(Kind.REFUSED, f"member {NUMBER}", "", f"wrong {NUMBER}", "bad_value")
        if on_outcome:
            on_outcome(files[0], wrong)
        report = FileReport(files[0], None, {"refused": 1}, 0, 0, None, "", (wrong,), people=people)
        return ImportReport((report,), ())

    person = SimpleNamespace(import_files=import_files)
    monkeypatch.setattr(_session.Session, "person", lambda session: person)
    return asked


@pytest.mark.parametrize("flags", [("--json",), ()])
def test_an_import_shows_no_number(flags, aceso, importing, tmp_path):
    path = tmp_path / f"{NUMBER}.json"
    path.touch()
    report = tmp_path / "report"

    run = aceso(*flags, "import", path, "--report", report)

    shown = run.out + run.err + report.read_text()
    assert SECRET not in shown
    assert shown.count(HIDDEN) >= 6
    assert json.loads(report.read_text())["place"] == f"member {HIDDEN}"


@pytest.mark.parametrize("key", [NUMBER, HIDDEN])
def test_a_key_is_understood_as_it_was_shown(key, aceso, importing, tmp_path):
    (tmp_path / "file").touch()
    aceso("import", tmp_path / "file", "--whose", key)

    assert importing == [NUMBER]


def test_the_question_shows_no_number(aceso, importing, tmp_path, monkeypatch):
    monkeypatch.setattr("aceso.cli.importing.is_terminal", lambda: True)
    (tmp_path / f"{NUMBER}").touch()

    run = aceso("import", tmp_path / NUMBER, typed="1\n")

    assert SECRET not in run.err and HIDDEN in run.err
    assert importing == [NUMBER]


@pytest.mark.parametrize("flags", [("--json",), ()])
def test_an_error_shows_no_number(flags, aceso, importing, tmp_path):
    run = aceso(*flags, "import", "file", "--keys", tmp_path / f"{NUMBER}.jwks")

    assert run.code != 0
    assert SECRET not in run.out + run.err and HIDDEN in run.out + run.err
