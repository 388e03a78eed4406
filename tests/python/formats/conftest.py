"""What the tests of formats share: sample files, and how to write a file and import it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from aceso import formats, samples


@dataclass
class Read:
    """Everything that one import gave."""

    format: formats.Format
    outcomes: list[formats.Outcome]
    records: list[formats.RecordDraft]
    source: formats.SourceFile

    @property
    def kinds(self) -> list[str]:
        return [outcome.kind.value for outcome in self.outcomes]

    @property
    def codes(self) -> set[str]:
        return {outcome.code for outcome in self.outcomes}

    @property
    def classes(self) -> set[str]:
        return {str(record.data_class.name) for record in self.records}


def import_all(path: Path, subject_hint: str | None = None) -> Read:
    with formats.import_file(path, subject_hint=subject_hint) as imported:
        # A body may lie in the workspace, which goes when the import is closed.
        records = [replace(one, body=_held(one.body)) for one in imported.records()]
        return Read(imported.format, list(imported.outcomes()), records, imported.source)


@dataclass(frozen=True)
class _Held:
    """The bytes of a body, with the size and digest that it said it had."""

    data: bytes
    size: int
    sha256: bytes

    def open(self) -> BinaryIO:
        return io.BytesIO(self.data)


def _held(body: formats.Body) -> _Held:
    with body.open() as stream:
        return _Held(stream.read(), body.size, body.sha256)


@pytest.fixture
def importing() -> Callable[..., Read]:
    return import_all


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Any], Path]:
    """Write bytes, text or a value as JSON to a file whose name says nothing."""
    counter: Iterator[int] = iter(range(1000))

    def save(content: Any) -> Path:
        path = tmp_path / f"파일 {next(counter)}"
        if isinstance(content, str):
            content = content.encode()
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    return save


@pytest.fixture(scope="session")
def sample_files(tmp_path_factory: pytest.TempPathFactory) -> list[samples.SampleFile]:
    return samples.generate(tmp_path_factory.mktemp("samples"), seed=7)


def observation(code: str = "4548-4", /, **more: Any) -> dict[str, Any]:
    """A laboratory result of a person who doesn't exist."""
    return {
        "resourceType": "Observation",
        "id": "one",
        "status": "final",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                        "code": "laboratory",
                    }
                ]
            }
        ],
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2024-05-01T10:00:00+09:00",
    } | more


def bundle(*resources: Any) -> dict[str, Any]:
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": resource} for resource in resources],
    }
