"""What did not open of what somebody let us see: records, and classes that were denied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from aceso.codes import DataClass, label
from aceso.errors import AcesoError

from . import _terms
from ._words import language, say, sentence

if TYPE_CHECKING:
    from aceso.flows import Unopened

__all__ = ["unopened_document", "unopened_lines"]

_ID_DIGITS = 16


def unopened_document(
    records: Iterable[Unopened], classes: Mapping[DataClass, AcesoError]
) -> dict[str, list[dict[str, Any]]]:
    """For a program."""
    return {
        "notOpened": [
            {
                "record": one.entry.record_id.hex(),
                "code": one.error.code,
                "reason": sentence(one.error),
            }
            for one in records
        ],
        "notListed": [
            {"class": _terms.class_name(one), "code": exc.code, "reason": sentence(exc)}
            for one, exc in classes.items()
        ],
    }


def unopened_lines(
    records: Iterable[Unopened], classes: Mapping[DataClass, AcesoError]
) -> list[str]:
    """For a person: a line of each."""
    failed = [(one.entry.record_id.hex()[:_ID_DIGITS], one.error) for one in records]
    failed += [(label(one, language()), exc) for one, exc in classes.items()]
    return [say("open.failed", record=name, why=sentence(exc)) for name, exc in failed]
