"""What a person takes out of their vault, and takes in again.

a Bundle     imported by the same person: no record is new but the file itself
             imported into another vault: the same classes and contents, the source file apart
the others   the source file goes out as it came in
a broken one is named, and the rest goes out
"""

from __future__ import annotations

from pathlib import Path

from aceso.codes import DataClass
from aceso.exports import Resources, create, write_body, write_bundle
from aceso.flows import Person
from aceso.flows.exporting import OpenedRecords

from .conftest import Bundle, World

ALL = DataClass(sum(int(one) for one in DataClass))


def _contents(person: Person) -> set[tuple[DataClass, bytes]]:
    return {
        (one.data_class, one.body.sha256) for one in OpenedRecords(person, ALL) if not one.is_source
    }


def _exported(person: Person, path: Path) -> Path:
    with Resources.of(OpenedRecords(person, ALL)) as found, create(path, replace=False) as stream:
        write_bundle(found, stream)
    return path


def test_an_export_adds_nothing_but_itself(person: Person, bundle: Bundle, tmp_path: Path) -> None:
    person.import_files([bundle()])
    before, held = _contents(person), len(person.records())
    report = person.import_files([_exported(person, tmp_path / "out.json")])
    assert report.added == 1
    assert len(person.records()) == held + 1
    assert _contents(person) == before
    assert len(before) >= 2


def test_another_vault_gets_the_same_records(
    person: Person, world: World, bundle: Bundle, sensitive: dict[str, object], tmp_path: Path
) -> None:
    person.import_files([bundle(sensitive)])
    other = Person(world.network, world.profile("person"))
    other.import_files([_exported(person, tmp_path / "out.json")])
    assert _contents(other) == _contents(person)


def test_the_file_goes_out_as_it_came(person: Person, bundle: Bundle, tmp_path: Path) -> None:
    path = bundle()
    person.import_files([path])
    opening = OpenedRecords(person, ALL)
    for held in opening:
        if held.is_source:
            with create(tmp_path / "back.json", replace=False) as stream:
                write_body(held, stream)
    assert (tmp_path / "back.json").read_bytes() == path.read_bytes()
    assert opening.failed == []


def test_a_record_that_does_not_open_is_named(person: Person, bundle: Bundle) -> None:
    person.import_files([bundle()])
    lost, note = person.records()[0]
    held = len(person.records())
    person.profile.store.delete(lost)
    opening = OpenedRecords(person, ALL)
    found = list(opening)
    assert len(found) == held - 1
    assert [record_id for record_id, _ in opening.failed] == [lost]
    assert note.day
