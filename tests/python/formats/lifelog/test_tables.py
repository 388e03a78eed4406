"""
tables of phones and devices
├── separator, encoding, mark and line ends are found with the header
├── a decimal comma is one only where the separator leaves it free
├── what is no row is refused by its line: ragged, unclosed, cut, endless, no text
├── two columns of one name are refused, whatever is in them
└── times: with a zone, without one, in another zone, as counts, and what is no time
"""

from __future__ import annotations

import pytest

from aceso.formats._head import look
from aceso.formats._reader import Source
from aceso.formats.lifelog import _time
from aceso.formats.lifelog._table import Bad, decimal, find_layout, rows

HEADER = "when,what,how much"


@pytest.fixture
def table(write, tmp_path):
    def read(content, name="what"):
        path = write(content)
        source = Source(path, look(path), tmp_path)
        layout = find_layout(source.head, lambda cells: name in cells)
        assert layout is not None
        return list(rows(source, layout))

    return read


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_how_a_table_is_written_is_found(table, encoding, separator, end):
    lines = [["when", "측정", "값"], ["오늘", '"a""b"', "1"], ["", "x", ""]]
    text = end.join(separator.join(line) for line in lines) + end

    first, second = table(text.encode(encoding), "측정")

    assert (first["when"], first["측정"], first["값"], first.line) == ("오늘", 'a"b', "1", 2)
    assert (second["측정"], second["값"], second.line) == ("x", "", 3)


def test_a_quoted_cell_may_hold_a_line_end(table):
    (row, after) = table(f'{HEADER}\n1,"a\nb",2\n3,c,4\n')

    assert row["what"] == "a\nb" and row.line == 2
    assert after.line == 4


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("1,2", "ragged_row"),
        ("1,2,3,4", "ragged_row"),
        ("1,2,3,,", "ragged_row"),
        ('1,"2"x,3', "broken_row"),
        ("1," + "x" * (2 << 20) + ",3", "too_large"),
        ("1," + "x" * (1 << 18) + ",3", "broken_row"),
        ("1,\x00,3", "not_text"),
    ],
)
def test_what_is_no_row_is_refused_by_its_line(table, line, code):
    bad, good = table(f"{HEADER}\n{line}\n4,5,6\n")

    assert isinstance(bad, Bad)
    assert (bad.code, bad.line) == (code, 2)
    assert good["how much"] == "6"


def test_bytes_that_are_no_text_are_refused_by_their_line(table):
    korean = "1,걸음,3\n"
    content = f"{HEADER}\n{korean}{korean}".encode() + b"1,\xff,3\n4,5,6\n"
    first, _, bad, last = table(content)

    assert (bad.code, bad.line) == ("not_text", 4)
    assert first["what"] == "걸음" and last["what"] == "5"


def test_western_text_is_read_as_such(table):
    (row,) = table(f"{HEADER}\n1,Glukose für später,3\n".encode("cp1252"))

    assert row["what"] == "Glukose für später"


@pytest.mark.parametrize("tail", ['4,"5', "4,5"])
def test_a_cut_file_says_so(table, tail):
    good, bad = table(f"{HEADER}\n1,2,3\n{tail}")

    assert good["what"] == "2"
    assert bad.code == "truncated"


def test_a_comma_at_the_end_is_no_cell(table):
    (row,) = table(f"{HEADER},\n1,2,3,\n")

    assert row["how much"] == "3"


def test_two_columns_of_one_name_are_refused(table):
    (bad,) = table("what,when,what\n1,2,3\n")

    assert (bad.code, bad.line) == ("duplicate_column", 1)


@pytest.mark.parametrize(
    ("cell", "comma", "number"),
    [
        ("72.50", False, "72.50"),
        (" 7 ", False, "7"),
        ("-0.0", False, "-0.0"),
        (".5", False, "0.5"),
        ("007", False, "7"),
        ("5,80", True, "5.80"),
        ("1e3", False, "1e3"),
    ],
)
def test_numbers_keep_their_digits(cell, comma, number):
    assert decimal(cell, comma=comma) == number


@pytest.mark.parametrize("cell", ["", "5,8", "1.2.3", "NaN", "Infinity", "0x10", "٣", "1" * 65])
def test_what_is_no_number_is_refused(cell):
    with pytest.raises(ValueError):
        decimal(cell)


@pytest.mark.parametrize(
    ("made", "moment"),
    [
        (lambda: _time.iso("2024-05-01 07:30:00.000"), "2024-05-01T07:30:00"),
        (lambda: _time.iso("2024-05-01T07:30:00.120+0900"), "2024-05-01T07:30:00.120+09:00"),
        (lambda: _time.iso("2024-05-01T07:30"), "2024-05-01T07:30:00"),
        (lambda: _time.iso("2024-05-01"), "2024-05-01"),
        (
            lambda: _time.utc_to_local("2024-05-01 22:30:00.250", "+09:00"),
            "2024-05-02T07:30:00.250+09:00",
        ),
        (lambda: _time.slashed("05/31/24 12:05:00 AM", "mdy"), "2024-05-31T00:05:00"),
        (lambda: _time.slashed("31.5.2024 17:05", "dmy"), "2024-05-31T17:05:00"),
        # date -u -d @1515913323 says 2018-01-14 07:02:03.
        (lambda: _time.epoch("1515913323392740449", 9), "2018-01-14T07:02:03.392740449Z"),
        (lambda: _time.epoch("1515913323", 0, "+09:00"), "2018-01-14T16:02:03+09:00"),
        (lambda: _time.add_seconds("2024-02-28T23:59:30", 60), "2024-02-29T00:00:30"),
    ],
)
def test_times_are_what_the_source_says(made, moment):
    assert made() == moment


@pytest.mark.parametrize(
    "made",
    [
        lambda: _time.iso("2024-02-30"),
        lambda: _time.iso("2024-05-01T25:00"),
        lambda: _time.slashed("13/13/24", "mdy"),
        lambda: _time.slashed("05/31/24 13:05 PM", "mdy"),
        lambda: _time.epoch("9" * 20, 0),
        lambda: _time.epoch("1e9", 0),
        lambda: _time.offset("UTC+2500"),
    ],
)
def test_what_is_no_time_is_refused(made):
    with pytest.raises(ValueError):
        made()


def test_an_order_is_proven_by_a_day_over_twelve():
    assert [_time.day_order(text) for text in ("31-05-2024", "05-31-2024", "05-06-2024")] == [
        "dmy",
        "mdy",
        "",
    ]
