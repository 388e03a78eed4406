"""What custodians list, what they keep back, and what any one of them is enough for.

restored     from the seed and any one custodian, with the others dead and the device gone
lacking      what a custodian missed while it was down is given to it by the next sync
withheld     a record, or a whole list, that a custodian keeps back is found at others, and named
rolled back  an index older than the one that a custodian took is noticed, and its custodian named
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from aceso.codes import DataClass, Use
from aceso.custody import (
    Custodian,
    HeadRollbackError,
    Listing,
    SignedRequest,
    UnlistedError,
    WithheldError,
)
from aceso.flows import Network, Person, Reader
from aceso.flows.healing import own_listing

from .conftest import Bundle, Keeper, World

LABS = DataClass.LABS
_WITHHOLDING = str(Path(__file__).with_name("withholding.py"))


@pytest.fixture
def withholding(world: World) -> Iterator[Keeper]:
    """The first custodian, which lists nothing of what it has from now on."""
    keeper = world.keepers[0]
    keeper.kill()
    keeper.start(_WITHHOLDING)
    yield keeper
    keeper.kill()
    keeper.start()


def _listed(world: World, person: Person, keeper: Keeper) -> int:
    persona = person._personas_of(LABS)[0]
    return len(own_listing(person, persona, LABS, among=[keeper.address]).entries)


@pytest.mark.parametrize("place", [0, 2])
def test_the_seed_and_any_one_custodian_bring_the_vault_back(
    world: World, person: Person, stranger: Reader, bundle: Bundle, place: int, tmp_path: Path
) -> None:
    path = bundle()
    person.import_files([path])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    seed = person.profile.seed
    person.profile.close()
    shutil.rmtree(person.profile.folder)

    others = [keeper for at, keeper in enumerate(world.keepers) if at != place]
    with world.down(*others), Network.read(world.devnet.folder) as network:
        fresh = Person(network, world.profile("person", seed))
        assert fresh.restore() == 5
        bodies = []
        for record_id, _ in fresh.records():
            fresh.open_record(record_id, tmp_path / "body")
            bodies.append((tmp_path / "body").read_bytes())
        assert path.read_bytes() in bodies
        assert stranger.grantee in fresh.manifest.relationships
        # It says who did not answer: what only they hold would be missing.
        silent = {error.details.get("custodian") for error in network.troubles}
        assert silent >= {keeper.address for keeper in others}
    # With all of them back the device goes on.
    again = Person(world.network, fresh.profile)
    again.sync()
    assert again.import_files([bundle(name="later.json", start=20)]).added
    assert {_listed(world, again, keeper) for keeper in world.keepers} == {4}


def test_what_a_custodian_missed_is_given_to_it_by_the_next_sync(
    world: World, person: Person, bundle: Bundle
) -> None:
    missing = world.keepers[1]
    with world.down(missing):
        person.import_files([bundle()])
        version = person.manifest.version
    assert _listed(world, person, missing) == 0
    person.network.troubles.clear()
    person.sync()
    assert not [one for one in person.network.troubles if isinstance(one, WithheldError)]
    assert _listed(world, person, missing) == 2
    heads = person.network.heads(person.keys.head_key().address)
    head = heads[missing.address]
    assert head is not None and head.head.version >= version


def test_a_custodian_that_withholds_is_named_and_nothing_is_lost(
    world: World,
    person: Person,
    stranger: Reader,
    bundle: Bundle,
    withholding: Keeper,
    tmp_path: Path,
) -> None:
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    person.network.troubles.clear()
    person.sync()
    named = [one for one in person.network.troubles if isinstance(one, WithheldError)]
    assert {one.custodian for one in named} == {withholding.address}
    assert sum(one.count for one in named) == 5
    # A reader can't know whether it has them, and says that it does not list them.
    persona = person.persona_for(stranger.grantee).address
    stranger.network.troubles.clear()
    assert len(stranger.open_all(persona, classes=LABS, folder=tmp_path)) == 2
    (told,) = [one for one in stranger.network.troubles if isinstance(one, UnlistedError)]
    assert (told.custodian, told.count) == (withholding.address, 2)


def test_what_came_while_a_custodian_was_asked_accuses_nobody(
    world: World, person: Person, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.import_files([bundle()])
    plain = Custodian.list
    first: set[str] = set()

    def late(self: Custodian, request: SignedRequest, **more: object) -> Listing:
        found = plain(self, request, **more)  # type: ignore[arg-type]
        if self.address == world.keepers[0].address and found.entries and not first:
            first.add(self.address)
            return Listing((), found.sealed_keys, found.openings)
        return found

    monkeypatch.setattr(Custodian, "list", late)
    person.network.troubles.clear()
    person.sync()
    assert first
    assert not [one for one in person.network.troubles if isinstance(one, WithheldError)]


def test_a_custodian_that_shows_an_older_index_is_named(
    world: World, person: Person, bundle: Bundle, tmp_path: Path
) -> None:
    keeper = world.keepers[2]
    person.import_files([bundle()])
    version = person.manifest.version
    keeper.kill()
    shutil.copytree(keeper.folder, tmp_path / "backup")
    keeper.start()
    person.import_files([bundle(name="later.json", start=20)])
    newer = person.manifest.version
    keeper.kill()
    shutil.rmtree(keeper.folder)
    shutil.copytree(tmp_path / "backup", keeper.folder)
    keeper.start()

    person.network.troubles.clear()
    again = Person(world.network, person.profile)

    told = [one for one in again.network.troubles if isinstance(one, HeadRollbackError)]
    assert [(one.custodian, one.shown, one.taken) for one in told] == [
        (keeper.address, version, newer)
    ]
    assert again.manifest.version == newer
    # The next sync gives it the index, and the records, that it lost.
    again.sync()
    heads = again.network.heads(again.keys.head_key().address)
    head = heads[keeper.address]
    assert head is not None and head.head.version >= newer
    assert _listed(world, again, keeper) == 4
