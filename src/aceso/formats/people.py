"""Who a file is about, told before anything of it is taken, so that two people are never mixed.

    people = People()
    for item in read(path):
        people.see(*item)
    people.found                    # one PersonInFile for each person, in the order of the file
    people.is_about(subject, key)   # whether a piece about `subject` is about the person `key`

Patients with an identifier in common, or that link to each other, are one person: hospitals write a
person anew in every export. A resource about nobody (a practitioner, a medicine) is anybody's.

Limit: two exports of one person that share no identifier are told as two people when they lie in
one file; the person who imports it says which are theirs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ._model import FHIR_JSON, Outcome, Piece
from .canonical import parse

__all__ = ["People", "PersonInFile"]

_MAX_PEOPLE = 1_000


@dataclass(frozen=True, slots=True)
class PersonInFile:
    """Somebody whom a file is about. `key` is what `subject_hint` takes; name and day of birth are
    for the person at the screen, and go nowhere else."""

    key: str = field(repr=False)
    name: str = field(repr=False, default="")
    born: str = field(repr=False, default="")


class People:
    """The people of one file, as its pieces come."""

    def __init__(self) -> None:
        self._subjects: dict[str, None] = {}  # In the order in which they came.
        self._same: dict[str, str] = {}  # Leads from a key to another one of the same person.
        self._described: dict[str, PersonInFile] = {}

    def see(self, outcome: Outcome, piece: Piece | None) -> None:
        """Learn of whom a part of the file is about."""
        for key in outcome.people:
            self._add(key)
        if piece is None or not piece.subject:
            return
        self._add(piece.subject)
        if piece.resource_type == "Patient" and piece.media_type == FHIR_JSON:
            with piece.body.open() as stream:
                self._describe(piece.subject, parse(stream.read()))

    @property
    def found(self) -> tuple[PersonInFile, ...]:
        """Everybody, each once."""
        people: dict[str, PersonInFile] = {}
        for key in self._subjects:
            root = self._root(key)
            if not people.get(root, _NOBODY).name:
                people[root] = self._described.get(key, people.get(root, PersonInFile(root)))
        return tuple(
            PersonInFile(root, person.name, person.born) for root, person in people.items()
        )

    def is_about(self, subject: str, key: str) -> bool:
        """Whether what is about `subject` is about the person `key`, or about nobody."""
        return not subject or self._root(subject) == self._root(key)

    def knows(self, key: str) -> bool:
        return key in self._subjects

    def _add(self, key: str) -> None:
        if len(self._subjects) < _MAX_PEOPLE:
            self._subjects.setdefault(key)

    def _describe(self, key: str, patient: dict[str, Any]) -> None:
        self._described[key] = PersonInFile(key, _name(patient), _text(patient.get("birthDate")))
        for identifier in _dicts(patient.get("identifier")):
            system, value = identifier.get("system"), identifier.get("value")
            if isinstance(system, str) and isinstance(value, str) and value.strip():
                self._join(key, f"\x00{system}|{value.strip()}")
        for link in _dicts(patient.get("link")):
            other = link.get("other")
            reference = other.get("reference") if isinstance(other, dict) else None
            if isinstance(reference, str):
                self._join(key, reference.removeprefix("urn:uuid:").rpartition("/")[2])

    def _join(self, one: str, other: str) -> None:
        first, second = self._root(one), self._root(other)
        if first == second:
            return
        # A key of the file is shown to people, so it stays the root; an identifier never is.
        if second in self._subjects and first not in self._subjects:
            first, second = second, first
        self._same[second] = first

    def _root(self, key: str) -> str:
        while key in self._same:
            key = self._same[key]
        return key


_NOBODY = PersonInFile("")


def _name(patient: dict[str, Any]) -> str:
    for name in _dicts(patient.get("name")):
        text = _text(name.get("text"))
        if text:
            return text
        given = name.get("given")
        parts = [*(given if isinstance(given, list) else ()), name.get("family")]
        joined = " ".join(part for part in parts if isinstance(part, str))
        if joined:
            return joined
    return ""


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) and not value.startswith("\x00") else ""
