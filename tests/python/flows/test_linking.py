"""
how a record that comes stands to those that are there
├── all of it is there: known, also when it is spread over several records
├── a day of which more comes takes the place of the shorter one, in either order
├── a corrected result takes the place of the first one, in either order
├── two versions of which nothing says which is newer are both current
├── two sources of one fact are linked, and neither takes the other's place
├── records that the vault has no more, or never kept, count for nothing
├── a record of many resources is compared up to a number, and one of a watch up to a smaller one
└── a record of a class and day that this device has not looked into is opened once
"""

from __future__ import annotations

import hashlib
import itertools
from pathlib import Path

import pytest

from aceso.codes import DataClass
from aceso.flows.linking import Linker, most_compared, note_relation
from aceso.flows.store import Store
from aceso.formats import Fact
from aceso.vault import Body, Manifest, RecordNote

LABS = int(DataClass.LABS)
BIOSIGNAL = int(DataClass.BIOSIGNAL)


def note(day="2024-05-01", data_class=LABS):
    return RecordNote(
        data_class=data_class,
        epoch=0,
        cid="bafkrei" + "a" * 52,
        body=Body(bytes(32), 100, 10),
        issuer="0x" + "bb" * 20,
        root=bytes(32),
        day=day,
    )


def fact(name, *, version="", identity="", statement=""):
    def of(text):
        return hashlib.sha256(text.encode()).digest() if text else b""

    return Fact(of(identity), of(statement), version, of(f"{name} {version}"))


class Vault:
    """The index and the store of a device, and what a record holds when it is opened."""

    def __init__(self, path: Path):
        self.store = Store(path)
        self.manifest = Manifest()
        self.closed: dict[bytes, list[Fact]] = {}
        self.opened: list[bytes] = []
        self.linker = Linker(
            self.store, lambda: self.manifest.records, read=self.read, coming=set(), looked=set()
        )

    def read(self, record_id):
        self.opened.append(record_id)
        return self.closed[record_id]

    def take(self, name, *facts, data_class=LABS):
        """Import a record; say whether it was new."""
        record_id = name.encode().ljust(32)
        relation = self.linker.relate(record_id, facts, data_class=data_class, day="2024-05-01")
        if relation.is_known:
            return False
        self.manifest.records[record_id] = note(data_class=data_class)
        note_relation(self.manifest, record_id, relation)
        return True

    @property
    def current(self):
        there = self.manifest.records
        return {
            one.decode().strip() for one in there if self.manifest.superseded.get(one) not in there
        }


@pytest.fixture
def vault(tmp_path):
    return Vault(tmp_path / "store.db")


def test_what_is_there_already_is_known(vault):
    assert vault.take("one", fact("a"), fact("b"))
    assert vault.take("two", fact("c"))
    assert not vault.take("three", fact("b"), fact("a"))
    assert not vault.take("four", fact("a"), fact("c"))
    assert vault.take("five", fact("a"), fact("d"))
    assert vault.take("empty")


@pytest.mark.parametrize("order", itertools.permutations(range(3)))
def test_more_of_a_day_takes_the_place_of_less(tmp_path, order):
    days = {
        "morning": [fact("a")],
        "noon": [fact("a"), fact("b")],
        "night": [fact("a"), fact("b"), fact("c")],
    }
    vault = Vault(tmp_path / "store.db")
    for place in order:
        name = list(days)[place]
        vault.take(name, *days[name])
    assert vault.current == {"night"}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_correction_takes_the_place_of_what_it_corrects(tmp_path, order):
    versions = [
        [fact("glucose", version="1", identity="r1"), fact("sodium")],
        [fact("glucose", version="2", identity="r1"), fact("sodium"), fact("comment")],
    ]
    vault = Vault(tmp_path / "store.db")
    for place in order:
        assert vault.take(f"v{place + 1}", *versions[place])
    assert vault.current == {"v2"}


def test_of_two_versions_without_a_date_both_are_current(vault):
    vault.take("one", fact("x", identity="r1"))
    vault.take("two", fact("y", identity="r1"))
    assert vault.current == {"one", "two"}
    assert not vault.manifest.same


def test_two_sources_of_one_fact_are_linked(vault):
    vault.take("clinic", fact("5.6 %", identity="c1", statement="a1c"), fact("other"))
    vault.take("phone", fact("5.60 %", identity="p9", statement="a1c"))
    vault.take("third", fact("5.7 %", identity="t2", statement="another"))
    assert vault.current == {"clinic", "phone", "third"}
    assert vault.manifest.same == {(b"clinic".ljust(32), b"phone".ljust(32))}


def test_what_is_gone_counts_for_nothing(vault):
    vault.take("one", fact("a"))
    vault.manifest.forget(b"one".ljust(32))
    assert vault.take("two", fact("a"))
    # Compared, and cut off before it was kept.
    lost = vault.linker.relate(b"lost".ljust(32), [fact("b")], data_class=LABS, day="")
    assert not lost.is_known
    assert vault.take("three", fact("b"))


def test_what_another_device_brought_in_is_opened_once(vault):
    for name, day, data_class in (
        ("there", "2024-05-01", LABS),
        ("later", "2024-05-02", LABS),
        ("else", "2024-05-01", LABS * 2),
    ):
        record_id = name.encode().ljust(32)
        vault.manifest.records[record_id] = note(day, data_class)
        vault.closed[record_id] = [fact("a")]

    assert not vault.take("again", fact("a"))
    assert vault.take("new", fact("b"))
    assert vault.opened == [b"there".ljust(32)]


@pytest.mark.parametrize(("data_class", "most"), [(LABS, 1024), (BIOSIGNAL, 64)])
def test_a_record_of_many_is_compared_up_to_so_many(vault, data_class, most):
    assert most_compared(data_class) == most
    many = [fact(str(number)) for number in range(most + 1)]

    assert vault.take("part", *many[: most - 1], data_class=data_class)
    assert vault.take("whole", *many[:most], data_class=data_class)
    assert vault.current == {"whole"}
    assert vault.take("more", *many, data_class=data_class)
    assert vault.take("again", *many, data_class=data_class)
    assert vault.current == {"whole", "more", "again"}


@pytest.mark.parametrize("data_class", [LABS, BIOSIGNAL])
def test_a_record_of_many_is_not_superseded_by_a_part_of_it(vault, data_class):
    most = most_compared(data_class)
    large, many = b"large".ljust(32), [fact(str(number)) for number in range(most + 1)]
    vault.manifest.records[large] = note(data_class=data_class)
    vault.closed[large] = many

    assert vault.take("part", *many[:most], data_class=data_class)
    assert vault.current == {"large", "part"}
    assert vault.opened == [large]
