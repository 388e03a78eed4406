"""What the tests of exports share: records of real files, and what an import gives back."""

from __future__ import annotations

import hashlib

import pytest

from aceso import formats
from aceso.exports import Held, Resources


def held_of(path, subject_hint=None):
    """The records of a file, as a vault would hold them."""
    with formats.import_file(path, subject_hint=subject_hint) as imported:
        return [
            Held(
                record.data_class,
                record.media_type,
                formats.BytesBody(record.canonical),
                record.day.isoformat() if record.day else "",
            )
            for record in imported.records()
        ]


def ids(held):
    """What a record's id is made of."""
    return {(one.data_class, one.body.sha256) for one in held}


def fhir_record(data_class, *resources):
    """A record of these resources of one type, written by hand, in the order of docs/formats.md."""
    resources = sorted(resources, key=lambda one: hashlib.sha256(one.encode()).digest())
    body = ",".join('{"resource":' + one + "}" for one in resources)
    text = '{"entry":[' + body + '],"resourceType":"Bundle","type":"collection"}'
    return Held(data_class, formats.FHIR_JSON, formats.BytesBody(text.encode()))


@pytest.fixture
def reading(tmp_path):
    """Resources, closed at the end."""
    opened = []

    def make(held):
        opened.append(Resources.of(held))
        return opened[-1]

    yield make
    for one in opened:
        one.close()
