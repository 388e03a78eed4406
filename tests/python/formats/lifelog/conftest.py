"""What the tests of phones and devices share: the Observations that a file becomes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import fhirkit
import pytest

from aceso.formats import Outcome, read
from aceso.formats.lifelog._measure import when


@dataclass
class Taken:
    """What a file gave: its Observations in the order of the file, and all outcomes."""

    observations: list[dict[str, Any]]
    outcomes: list[Outcome]
    classes: list[str]

    @property
    def kinds(self) -> list[str]:
        return [outcome.kind.value for outcome in self.outcomes]

    @property
    def codes(self) -> list[str]:
        return [outcome.code for outcome in self.outcomes if outcome.code]

    @property
    def said(self) -> list[tuple[str, str, str]]:
        """Of each Observation what it measures, when, and its number or word."""
        return [(measure(one), when(one), value(one)) for one in self.observations]


def measure(observation: dict[str, Any]) -> str:
    codings = observation["code"]["coding"]
    return next(one["code"] for one in codings if one["system"] == "urn:aceso:measure")


def value(part: dict[str, Any]) -> str:
    """The number with its unit, as they are written, or the word."""
    quantity = part.get("valueQuantity")
    if quantity is None:
        return str(part.get("valueString", ""))
    sign = quantity.get("comparator", "")
    return f"{sign}{quantity['value']} {quantity.get('code', '')}".strip()


def parts(observation: dict[str, Any]) -> dict[str, str]:
    return {measure(one): value(one) for one in observation.get("component", ())}


@pytest.fixture
def take(write):
    """Read a file, and check that each Observation of it is valid R4."""

    def taken(content: Any) -> Taken:
        path = content if hasattr(content, "read_bytes") else write(content)
        items = list(read(path))
        observations = []
        for _, piece in items:
            if piece is not None:
                data = piece.body.open().read()
                assert not fhirkit.validate(data)
                observations.append(json.loads(data, parse_float=str, parse_int=str))
        pieces = [piece for _, piece in items if piece is not None]
        classes = [str(piece.data_class.name) for piece in pieces]
        return Taken(observations, [outcome for outcome, _ in items], classes)

    return taken
