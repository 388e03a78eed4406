"""A summary as one page of PDF, A4, to print and to hand over, in Korean or English.

    write_pdf(summary, stream, today=date.today())

The page says whom it is about, what is chosen (see `summary`), and how much more there is. What
doesn't fit is counted, never cut off in the middle. Resident registration numbers are masked.

The font is embedded, as far as the page needs it, so that it looks the same everywhere. The same
summary on the same day gives the same bytes.

A letter that Noto Sans KR doesn't have is printed as □, but a small raised digit as ^6: without it
10⁶ would be 10.

Limits: one page. The order of letters of Arabic and Hebrew is not turned around.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, BinaryIO

from fpdf import FPDF
from pylopdf_fonts_ko import sans_path

from aceso.formats.korea import mask_json

from ._text import masked, name_of
from .summary import Line, Section, Summary

__all__ = ["write_pdf"]

_FONT = "NotoSansKR"
_MARGIN = 14.0
_WIDTH = 210.0 - 2 * _MARGIN
_GAP = 6.0
_COLUMN = (_WIDTH - _GAP) / 2
_LINE = 4.6
_HEADING = 8.0
_BOTTOM = 297.0 - 18.0
_INK, _GREY, _ACCENT = (25, 28, 33), (105, 110, 118), (16, 94, 118)
_SAID_DIGITS = 160
# An identifier that begins with a day of birth is masked, even where nothing says what it is.
_BIRTH = re.compile(r"(?<!\d)(\d{2}[01]\d[0-3]\d[1-8])\d{6}(?!\d)")

_WORDS = {
    "en": {
        "title": "Health summary",
        "born": "Born",
        "sex": "Sex",
        "id": "Identifier",
        "made": "Made on {day} from the person's own records.",
        "foot": "A selection, made by a program and not by a physician. What is not here may still "
        "be so. Sensitive records are left out unless the person asked for them.",
        "more": "and {count} more",
        "none": "Nothing is known here.",
        "over": "past",
        "problems": "Problems",
        "medications": "Medications",
        "allergies": "Allergies",
        "immunizations": "Immunizations",
        "results": "Latest results",
        "procedures": "Procedures",
        "male": "male",
        "female": "female",
        "other": "other",
        "unknown": "unknown",
    },
    "ko": {
        "title": "건강 요약",
        "born": "생년월일",
        "sex": "성별",
        "id": "식별 번호",
        "made": "{day}, 본인의 기록으로 만들었습니다.",
        "foot": "의사가 아니라 프로그램이 골라 담은 것입니다. 여기에 없다고 해서 없는 것은 "
        "아닙니다. 민감한 기록은 본인이 고른 것만 담습니다.",
        "more": "외 {count}건",
        "none": "알려진 것이 없습니다.",
        "over": "지난 것",
        "problems": "문제",
        "medications": "복용 약",
        "allergies": "알레르기",
        "immunizations": "예방접종",
        "results": "최근 검사",
        "procedures": "시술과 수술",
        "male": "남",
        "female": "여",
        "other": "기타",
        "unknown": "모름",
    },
}
# What FHIR calls the state of a problem.
_STATES = {
    "active": "진행 중",
    "recurrence": "재발",
    "relapse": "재발",
    "inactive": "멈춤",
    "remission": "관해",
    "resolved": "나음",
}
# Left and right of the page, and how many lines each section may take at most.
_LAYOUT = (
    (("allergies", 8), ("problems", 16), ("medications", 14), ("procedures", 8)),
    (("results", 28), ("immunizations", 12)),
)


def write_pdf(summary: Summary, stream: BinaryIO, *, today: date) -> None:
    """Write the page."""
    # The library tells of every table of the font that it leaves out.
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    page = _Page(summary, today)
    page.draw()
    stream.write(bytes(page.pdf.output()))


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of a column, wrapped; `height` in millimetres."""

    what: list[str]
    said: list[str]
    is_over: bool

    @property
    def height(self) -> float:
        return _LINE * (len(self.what) + len(self.said))


class _Page:
    """One page as it is drawn."""

    def __init__(self, summary: Summary, today: date):
        self.pdf = FPDF(format="A4")
        self._summary = summary
        self._words = _WORDS[summary.language]
        self._today = today
        pdf = self.pdf
        pdf.set_creation_date(datetime.combine(today, time(), UTC))
        pdf.set_title(self._words["title"])
        pdf.set_lang(summary.language)
        pdf.set_auto_page_break(False)
        pdf.add_font(_FONT, fname=sans_path())
        self._letters = frozenset(getattr(pdf.fonts[_FONT.lower()], "cmap", ()))
        pdf.add_page()

    def draw(self) -> None:
        top = self._head()
        sections = {section.name: section for section in self._summary.sections}
        for index, names in enumerate(_LAYOUT):
            left = _MARGIN + index * (_COLUMN + _GAP)
            self._column([(sections[name], most) for name, most in names], left, top)
        self._foot()

    def _head(self) -> float:
        patient = self._summary.patient
        words = self._words
        self._text(_MARGIN, 14, words["title"], size=20, colour=_ACCENT)
        name = name_of(patient)
        self._text(_MARGIN, 25, self._fitted(name, 14, _WIDTH), size=14)
        facts = []
        if isinstance(patient.get("birthDate"), str):
            facts.append(f"{words['born']} {patient['birthDate']}")
        if patient.get("gender") in ("male", "female", "other", "unknown"):
            facts.append(f"{words['sex']} {words[patient['gender']]}")
        facts += [f"{words['id']} {one}" for one in _identifiers(patient)][:2]
        self._text(_MARGIN, 33, self._fitted(" · ".join(facts), 9, _WIDTH), size=9, colour=_GREY)
        made = words["made"].format(day=self._today.isoformat())
        self._text(_MARGIN, 38, made, size=9, colour=_GREY)
        self.pdf.set_draw_color(*_ACCENT)
        self.pdf.line(_MARGIN, 45, _MARGIN + _WIDTH, 45)
        return 48.0

    def _foot(self) -> None:
        y = _BOTTOM + 3
        for line in self._wrapped(self._words["foot"], 7.5, _WIDTH):
            self._text(_MARGIN, y, line, size=7.5, colour=_GREY)
            y += 3.6

    def _column(self, sections: list[tuple[Section, int]], left: float, top: float) -> None:
        y = top
        for index, (section, most) in enumerate(sections):
            # Each section after this one keeps room for its heading and a few lines.
            kept = (len(sections) - index - 1) * (_HEADING + 4 * _LINE + 2)
            y = self._section(section, left, y, _BOTTOM - kept, most)

    def _section(
        self, section: Section, left: float, top: float, bottom: float, most: int
    ) -> float:
        words = self._words
        self._text(left, top + 1, words[section.name], size=11, colour=_ACCENT)
        y = top + _HEADING
        if not section.lines:
            self._text(left, y, words["none"], size=8.5, colour=_GREY)
            return y + _LINE + 2
        shown = 0
        for row in self._rows(section):
            last = shown + 1 == len(section.lines)
            needed = row.height + (0 if last else _LINE)
            if y + needed > bottom or shown >= most:
                break
            y = self._row(row, left, y)
            shown += 1
        if shown < len(section.lines):
            more = words["more"].format(count=len(section.lines) - shown)
            self._text(left, y, more, size=8.5, colour=_GREY)
            y += _LINE
        return y + 2

    def _rows(self, section: Section) -> Iterator[_Row]:
        for line in section.lines:
            what = _cut(self._wrapped(masked(line.what), 9, _COLUMN))
            said = _cut(self._wrapped(self._said(line), 8, _COLUMN - 3))
            yield _Row(what, said, line.is_over)

    def _said(self, line: Line) -> str:
        said = masked(line.said)[:_SAID_DIGITS]
        if line.resource["resourceType"] == "Condition" and self._summary.language == "ko":
            said = _STATES.get(said, said)
        parts = [said]
        if line.is_over:
            parts.append(self._words["over"])
        # The day first: a long text is what is cut.
        return " · ".join(part for part in (line.day, *parts) if part)

    def _row(self, row: _Row, left: float, y: float) -> float:
        for text in row.what:
            self._text(left, y, text, size=9, colour=_GREY if row.is_over else _INK)
            y += _LINE
        for text in row.said:
            self._text(left + 3, y, text, size=8, colour=_GREY)
            y += _LINE
        return y

    def _text(
        self, x: float, y: float, text: str, *, size: float, colour: tuple[int, int, int] = _INK
    ) -> None:
        if not text:
            return
        self.pdf.set_font(_FONT, size=size)
        self.pdf.set_text_color(*colour)
        self.pdf.set_xy(x, y)
        self.pdf.cell(text=text)

    def _fitted(self, text: str, size: float, width: float) -> str:
        lines = self._wrapped(text, size, width)
        return lines[0] + ("…" if len(lines) > 1 else "") if lines else ""

    def _printable(self, text: str) -> str:
        """The text in letters that the font has."""
        made = []
        for letter in unicodedata.normalize("NFC", text):
            if ord(letter) in self._letters or letter.isspace():
                made.append(letter)
            elif unicodedata.decomposition(letter).startswith("<super>"):
                made.append("^" + unicodedata.normalize("NFKC", letter))
            elif unicodedata.category(letter) not in ("Cf", "Cc", "Mn"):
                made.append("□")
        return "".join(made)

    def _wrapped(self, text: str, size: float, width: float) -> list[str]:
        """Lines that fit, broken at spaces, and within a word that is longer than a line."""
        self.pdf.set_font(_FONT, size=size)
        # A cell has a small margin inside.
        room = width - 2 * self.pdf.c_margin - 1
        lines: list[str] = []
        line = ""
        for word in self._printable(text).split():
            joined = f"{line} {word}" if line else word
            if self.pdf.get_string_width(joined) <= room:
                line = joined
                continue
            if line:
                lines.append(line)
            line = ""
            for letter in word:
                if line and self.pdf.get_string_width(line + letter) > room:
                    lines.append(line)
                    line = ""
                line += letter
        return [*lines, line] if line else lines


def _cut(lines: list[str]) -> list[str]:
    """Two lines at most."""
    return lines if len(lines) <= 2 else [lines[0], lines[1] + "…"]


def _identifiers(patient: dict[str, Any]) -> list[str]:
    found = mask_json(patient).get("identifier")
    return [
        _BIRTH.sub(r"\1******", masked(one["value"]))
        for one in (found if isinstance(found, list) else ())
        if isinstance(one, dict) and isinstance(one.get("value"), str) and one["value"].strip()
    ]
