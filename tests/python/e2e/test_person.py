"""What a person does with their own vault.

import       records open again, byte by byte; the same file adds nothing; a broken one is reported
alone        the seed, the entry and IPFS are enough to open, with every custodian stopped
share        the grantee opens; after unshare, and after unshare_everything, not any more
bar          an account is kept out, whatever was granted
consents     what stands, and who can see what
restore      a new device brings the vault back from the seed
forget       a record goes, and its body is not kept
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aceso.codes import CLINICAL, DataClass, Reason, Use
from aceso.custody import DeniedError
from aceso.flows import Issuer, NothingToOpenError, Person, Reader
from aceso.vault import ListEntry, RecordKey, Seed

from .conftest import Bundle, World

LABS = DataClass.LABS


def _bodies(person: Person, folder: Path) -> list[bytes]:
    found = []
    for record_id, _ in person.records():
        person.open_record(record_id, folder / "body")
        found.append((folder / "body").read_bytes())
    return found


def _labs(reader: Reader, persona: str, folder: Path) -> int:
    return len(reader.open_all(persona, classes=LABS, folder=folder))


def _because(reader: Reader, persona: str, data_class: DataClass = LABS) -> Reason:
    with pytest.raises(DeniedError) as refused:
        reader.listing(persona, data_class=data_class)
    return refused.value.reason


# Import


def test_what_is_imported_opens_again(person: Person, bundle: Bundle, tmp_path: Path) -> None:
    path = bundle()
    report = person.import_files([path])
    bodies = _bodies(person, tmp_path)
    assert report.added == len(bodies)
    assert path.read_bytes() in bodies
    ids = {
        entry["resource"]["id"] for body in bodies for entry in json.loads(body).get("entry", [])
    }
    assert ids >= {"patient-1", "observation-1", "observation-2", "condition-1"}
    assert len(report.receipts) == 1


def test_the_same_file_twice_adds_nothing(person: Person, bundle: Bundle) -> None:
    path = bundle()
    first = person.import_files([path])
    held = person.records()
    again = person.import_files([path])
    assert (first.added > 0, again.added, again.receipts) == (True, 0, ())
    assert person.records() == held


def test_a_sync_opens_nothing_that_was_read_before(
    person: Person, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.import_files([bundle()])
    opened: list[ListEntry] = []
    key_of = Person.key_of

    def counted(self: Person, entry: ListEntry) -> RecordKey:
        opened.append(entry)
        return key_of(self, entry)

    monkeypatch.setattr(Person, "key_of", counted)

    assert person.sync() == 0
    assert not opened


def test_a_copy_under_another_name_adds_nothing(person: Person, bundle: Bundle) -> None:
    person.import_files([bundle()])
    assert person.import_files([bundle(name="copy.json")]).added == 0


def test_a_file_that_cannot_be_read_is_reported_and_the_others_go_on(
    person: Person, bundle: Bundle, tmp_path: Path
) -> None:
    report = person.import_files([tmp_path / "gone.json", bundle()])
    gone, taken = report.files
    assert gone.error and gone.added == 0
    assert not taken.error and taken.added > 0


def test_a_broken_file_is_kept_whole_and_says_why(person: Person, tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(b'{"resourceType": "Bundle", "entry": [')
    report = person.import_files([path])
    (outcome,) = report.files
    assert _bodies(person, tmp_path) == [path.read_bytes()]
    assert any(one.reason for one in outcome.outcomes)


# Alone


def test_the_owner_opens_with_every_custodian_stopped(
    world: World, person: Person, bundle: Bundle, tmp_path: Path
) -> None:
    """P11: the seed, the entry on the device and IPFS; nobody is asked."""
    path = bundle()
    person.import_files([path])
    with world.down(*world.keepers):
        bodies = _bodies(person, tmp_path)
    assert path.read_bytes() in bodies
    assert len(bodies) == len(person.records())


# Share


def test_a_grantee_opens_what_was_shared_and_nothing_else(
    world: World, person: Person, stranger: Reader, bundle: Bundle, tmp_path: Path
) -> None:
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    persona = person.persona_for(stranger.grantee).address
    assert _labs(stranger, persona, tmp_path) == 2
    assert _because(stranger, persona, DataClass.PROBLEMS) is Reason.CLASS
    with pytest.raises(DeniedError) as refused:
        stranger.listing(persona, data_class=LABS, use=Use.HPAYMT)
    assert refused.value.reason is Reason.USE


def test_what_is_imported_later_opens_too(
    person: Person, stranger: Reader, bundle: Bundle, tmp_path: Path
) -> None:
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    person.import_files([bundle(name="later.json", start=20)])
    persona = person.persona_for(stranger.grantee).address
    assert _labs(stranger, persona, tmp_path) == 4


def test_after_unshare_nothing_opens(
    person: Person, stranger: Reader, bundle: Bundle, tmp_path: Path
) -> None:
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    persona = person.persona_for(stranger.grantee).address
    assert _labs(stranger, persona, tmp_path) == 2
    person.unshare(stranger.grantee)
    assert _because(stranger, persona) is Reason.WITHDRAWN
    assert person.who_can_see() == []


def test_one_unshared_the_other_goes_on(
    person: Person, stranger: Reader, physician: Reader, bundle: Bundle, tmp_path: Path
) -> None:
    """Also with the new keys of the classes, and with what is imported under them."""
    person.import_files([bundle()])
    for reader in (stranger, physician):
        person.share(reader.grantee, classes=LABS, uses=Use.TREAT)
    person.unshare(stranger.grantee)
    person.import_files([bundle(name="later.json", start=20)])
    persona = person.persona_for(physician.grantee).address
    assert _labs(physician, persona, tmp_path) == 4
    assert _because(stranger, person.persona_for(stranger.grantee).address) is Reason.WITHDRAWN


def test_shared_again_after_unshare_everything_opens(
    person: Person, stranger: Reader, bundle: Bundle, tmp_path: Path
) -> None:
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    person.unshare(stranger.grantee)
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    persona = person.persona_for(stranger.grantee).address
    assert _labs(stranger, persona, tmp_path) == 2


def test_unshare_everything_ends_every_consent(
    person: Person, stranger: Reader, physician: Reader, bundle: Bundle, tmp_path: Path
) -> None:
    path = bundle()
    person.import_files([path])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    person.choose_physician(physician.account.address)
    assert len(person.who_can_see()) == 2
    person.unshare_everything()
    for reader in (stranger, physician):
        persona = person.persona_for(reader.grantee).address
        with pytest.raises(DeniedError):
            reader.listing(persona, data_class=LABS)
    assert person.who_can_see() == []
    assert path.read_bytes() in _bodies(person, tmp_path)


def test_a_barred_account_is_kept_out(
    world: World, person: Person, stranger: Reader, bundle: Bundle, tmp_path: Path
) -> None:
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    persona = person.persona_for(stranger.grantee).address
    assert _labs(stranger, persona, tmp_path) == 2
    person.bar(stranger.account.address)
    world.confirm()
    assert _because(stranger, persona) is Reason.BARRED
    assert person.would_see(stranger.account.address, stranger.grantee, LABS, Use.TREAT) is (
        Reason.BARRED
    )


def test_who_can_see_says_who_and_what(
    person: Person, stranger: Reader, physician: Reader, bundle: Bundle
) -> None:
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT, seconds=3600)
    person.choose_physician(physician.account.address, sensitive=DataClass.HIV)
    seen = {one.grantee: one for one in person.who_can_see()}
    assert set(seen) == {stranger.grantee, physician.grantee}
    assert (seen[stranger.grantee].classes, seen[stranger.grantee].primary) == (LABS, False)
    assert seen[physician.grantee].classes == CLINICAL | DataClass.HIV
    assert seen[physician.grantee].primary
    assert seen[stranger.grantee].persona != seen[physician.grantee].persona


def test_a_consent_ends_at_its_time(
    world: World, person: Person, stranger: Reader, bundle: Bundle, tmp_path: Path
) -> None:
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT, seconds=3600)
    persona = person.persona_for(stranger.grantee).address
    assert _labs(stranger, persona, tmp_path) == 2
    world.devnet.chain.advance_time(3600)
    world.confirm()
    assert _because(stranger, persona) is Reason.ENDED
    assert (person.consents(), len(person.consents(live=False))) == ([], 1)


# Restore


def test_a_new_device_brings_everything_back_from_the_seed(
    world: World, person: Person, stranger: Reader, bundle: Bundle, tmp_path: Path
) -> None:
    path = bundle()
    person.import_files([path])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    seed = Seed.from_mnemonic(person.profile.seed.mnemonic)
    fresh = Person(world.network, world.profile("person", seed))
    assert fresh.restore() == len(person.records())
    assert _bodies(fresh, tmp_path / "fresh") == _bodies(person, tmp_path / "own")
    assert fresh.persona_for(stranger.grantee).address == (
        person.persona_for(stranger.grantee).address
    )
    fresh.unshare(stranger.grantee)
    persona = fresh.persona_for(stranger.grantee).address
    assert _because(stranger, persona) is Reason.WITHDRAWN
    assert fresh.import_files([path]).added == 0


def test_records_of_an_earlier_epoch_are_restored(
    world: World, person: Person, stranger: Reader, bundle: Bundle, tmp_path: Path
) -> None:
    """A class whose key was changed has lists of two epochs; both come back."""
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    person.unshare(stranger.grantee)
    person.import_files([bundle(name="later.json", start=20)])
    fresh = Person(world.network, world.profile("person", person.profile.seed))
    fresh.restore()
    assert _bodies(fresh, tmp_path / "fresh") == _bodies(person, tmp_path / "own")


def test_a_seed_without_a_vault_is_told_so(world: World) -> None:
    nobody = Person(world.network, world.profile("person"))
    with pytest.raises(NothingToOpenError, match="No custodian keeps a vault of this seed") as told:
        nobody.restore()
    assert told.value.exit_code == 4


# Forget


def test_a_forgotten_record_is_gone_everywhere(
    person: Person, stranger: Reader, bundle: Bundle, tmp_path: Path
) -> None:
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    record_id, note = next(item for item in person.records() if item[1].data_class == LABS)
    assert len(person.forget(record_id)) == 3
    assert record_id not in dict(person.records())
    assert not person.network.ipfs.is_pinned(note.cid)
    persona = person.persona_for(stranger.grantee).address
    assert _labs(stranger, persona, tmp_path) == 1
    assert person.sync() == 0


def test_what_was_issued_while_the_device_was_lost_is_restored(
    world: World, person: Person, laboratory: Issuer, bundle: Bundle
) -> None:
    """The vault is empty but for the card that was handed out."""
    path = bundle()
    grantee = bytes(12) + bytes.fromhex(laboratory.account.address[2:])
    card = person.card(person.persona_for(grantee), laboratory.classes_of([path]))
    report = laboratory.issue(card, [path])
    fresh = Person(world.network, world.profile("person", person.profile.seed))
    assert fresh.restore() == report.added


def test_what_is_issued_with_an_old_card_is_found(
    person: Person, laboratory: Issuer, stranger: Reader, bundle: Bundle, tmp_path: Path
) -> None:
    """The card names the lists of its day; the classes have had new keys since."""
    path = bundle()
    grantee = bytes(12) + bytes.fromhex(laboratory.account.address[2:])
    card = person.card(person.persona_for(grantee), laboratory.classes_of([path]))
    person.share(stranger.grantee, classes=CLINICAL, uses=Use.TREAT)
    person.unshare(stranger.grantee)
    report = laboratory.issue(card, [path])
    assert person.sync() == report.added


def test_somebody_new_opens_also_what_is_older_than_the_newest_key(
    person: Person, stranger: Reader, physician: Reader, bundle: Bundle, tmp_path: Path
) -> None:
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    person.unshare(stranger.grantee)
    person.import_files([bundle(name="later.json", start=20)])
    person.share(physician.grantee, classes=LABS, uses=Use.TREAT)
    persona = person.persona_for(physician.grantee).address
    assert _labs(physician, persona, tmp_path) == 4


def test_what_was_shared_before_the_first_record_gets_a_new_key_too(
    person: Person, stranger: Reader, bundle: Bundle
) -> None:
    """A key that somebody was given is not the key of what comes after they left."""
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    person.unshare(stranger.grantee)
    person.import_files([bundle()])
    epochs = {note.epoch for _, note in person.records() if note.data_class == LABS}
    assert epochs == {1}
