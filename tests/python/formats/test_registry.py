"""
the registry
├── no file of the samples, of the seeds and of the shared data is told as two formats
├── every reader is told by a seed of its own, and every seed as its own format
├── what is in a gzip or a ZIP gives what it gives alone
└── every format has names in English and Korean, and a name that no other has
"""

from __future__ import annotations

import gzip
import re

import pytest

from aceso.formats import READERS, detect
from aceso.formats._head import look
from aceso.formats._registry import reads
from aceso.formats.archive import GZIP, ZIP
from aceso.formats.unknown import EMPTY, UNKNOWN
from tests.python.shared_data import shared_files

from .conftest import import_all
from .fuzz.seeds import SEEDS, zip_of

FORMATS = {id(one): one for one in (*(r.format for r in READERS), GZIP, ZIP, EMPTY, UNKNOWN)}
CASES = [
    pytest.param(name, seed, id=f"{name}-{number}")
    for name, seeds in SEEDS.items()
    for number, seed in enumerate(seeds)
]
# What a gzip or ZIP around it doesn't leave as it is: archives, and nothing at all.
PLAIN = [case for case in CASES if case.values[0] not in ("zip", "gzip", "empty", "unknown")]


def told(path):
    head = look(path)
    return [reader.format.name for reader in READERS if reads(reader, head)]


@pytest.mark.parametrize(("name", "seed"), CASES)
def test_a_seed_is_told_as_its_own_format_alone(name, seed, write):
    path = write(seed)

    assert detect(path).name == name
    assert len(set(told(path))) == (0 if name in ("zip", "gzip", "empty", "unknown") else 1)


def test_every_reader_is_told_by_a_seed(write):
    heads = [look(write(seed)) for seeds in SEEDS.values() for seed in seeds]
    blind = [
        reader.format.name for reader in READERS if not any(reads(reader, head) for head in heads)
    ]

    assert blind == []


def test_no_file_of_others_is_told_as_two_formats(sample_files):
    paths = [*shared_files(), *(sample.path for sample in sample_files)]
    twice = {path.name: told(path) for path in paths if len(set(told(path))) > 1}

    assert twice == {}


@pytest.mark.parametrize("pack", [gzip.compress, lambda seed: zip_of(member=seed)])
@pytest.mark.parametrize(("name", "seed"), PLAIN)
def test_what_is_packed_gives_what_it_gives_alone(name, seed, pack, write):
    alone, packed = import_all(write(seed)), import_all(write(pack(seed)))

    assert sorted(packed.kinds) == sorted(alone.kinds)
    assert packed.codes == alone.codes
    digests = [{record.body.sha256 for record in read.records} for read in (alone, packed)]
    assert digests[0] == digests[1]


def test_every_format_has_its_own_name():
    names = [one.name for one in FORMATS.values()]

    assert sorted(names) == sorted(set(names))
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in names)


@pytest.mark.parametrize("one", FORMATS.values(), ids=lambda one: one.name)
def test_every_format_has_names_for_people(one):
    assert one.en and one.ko
    assert one.en.isascii()
    # An abbreviation of Latin letters is the same in Korean; words are not.
    if re.search(r"[a-z]{4,}", one.en):
        assert re.search("[가-힣]", one.ko) or one.ko.upper() == one.ko, one.ko


@pytest.mark.parametrize(
    "content", [b"[Header]\nversion = 1\n", b"{\x00\x01\x02 not text", b"[notes] of a walk\n"]
)
def test_what_only_begins_with_a_bracket_is_no_json(content, write):
    (outcome,) = import_all(write(content)).outcomes
    assert (outcome.kind.value, outcome.code) == ("kept", "not_understood")


@pytest.mark.parametrize("content", [b'{"a": 1', b"[1, 2", b'[{"a": NaN}]', b"[true,"])
def test_what_begins_like_json_and_is_none_is_refused(content, write):
    (outcome,) = import_all(write(content)).outcomes
    assert outcome.kind.value == "refused"
