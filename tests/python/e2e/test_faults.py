"""Custodians, IPFS or the chain fail. What is done is done, and what isn't is said in a sentence.

custodians   one down or hanging: everything works; two: "k of n", soon; one restarted: goes on
IPFS         down in the middle of an import; nothing lost, and it goes on
chain        down; of another number; without our contracts
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from aceso.chain import acts
from aceso.codes import DataClass, Use
from aceso.custody import TooFewCustodiansError
from aceso.devnet import LocalChain, free_port
from aceso.devnet.chain import start_chain
from aceso.errors import AcesoError, ChainError, StorageError
from aceso.flows import HOME, Person, Reader
from aceso.storage import ReplicatedIpfs
from aceso.vault import CardError

from .conftest import Bundle, World

LABS = DataClass.LABS
# What the person waits at most, with the hedges and the deadlines of all.
_SOON = 20.0


def _labs(reader: Reader, person: Person, folder: Path) -> int:
    persona = person.persona_for(reader.grantee).address
    return len(reader.open_all(persona, classes=LABS, folder=folder))


@pytest.mark.parametrize("place", [0, 2])
def test_with_one_custodian_down_everything_works(
    world: World, person: Person, stranger: Reader, bundle: Bundle, tmp_path: Path, place: int
) -> None:
    with world.down(world.keepers[place]):
        person.import_files([bundle()])
        person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
        assert _labs(stranger, person, tmp_path) == 2
        person.unshare(stranger.grantee)
        fresh = Person(world.network, world.profile("person", person.profile.seed))
        assert fresh.restore() == len(person.records())
    # The one that was away finds on chain that it has to refuse.
    with pytest.raises(AcesoError) as refused:
        _labs(stranger, person, tmp_path)
    assert refused.value.exit_code == 4


def test_a_custodian_that_hangs_is_not_waited_for(
    world: World, person: Person, stranger: Reader, bundle: Bundle, tmp_path: Path
) -> None:
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    keeper = world.keepers[0]
    keeper.hang()
    try:
        started = time.monotonic()
        assert _labs(stranger, person, tmp_path) == 2
        assert time.monotonic() - started < _SOON
    finally:
        keeper.hang(go_on=True)


def test_with_two_custodians_down_it_is_said_so_soon(
    world: World, person: Person, stranger: Reader, bundle: Bundle, tmp_path: Path
) -> None:
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    with world.down(*world.keepers[:2]):
        started = time.monotonic()
        with pytest.raises(TooFewCustodiansError) as few:
            _labs(stranger, person, tmp_path)
        assert time.monotonic() - started < _SOON
        assert few.value.exit_code == 5
        assert few.value.message.startswith("1 of 2 needed custodians answered, out of 3")
        for keeper in world.keepers[:2]:
            assert keeper.address in few.value.message
        started = time.monotonic()
        with pytest.raises(TooFewCustodiansError):
            person.import_files([bundle(name="later.json", start=20)])
        assert time.monotonic() - started < _SOON
        # Withdrawing takes no quorum: one that hears it is one more that refuses.
        persona = person.persona(person.manifest.relationships[stranger.grantee])
        withdrawal = acts.withdraw(person.network.suite, persona, stranger.grantee)
        person.network.tell_custodians(withdrawal)
    # Nothing was lost: the import that failed goes on.
    person.import_files([bundle(name="later.json", start=20)])
    labs = [note for _, note in person.records() if note.data_class == LABS]
    assert len(labs) == 4


def test_a_custodian_that_was_restarted_goes_on(
    world: World, person: Person, stranger: Reader, bundle: Bundle, tmp_path: Path
) -> None:
    """With the two others down in turn, each restarted one is needed."""
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    first, second, third = world.keepers
    with world.down(first):
        pass
    with world.down(third):
        assert _labs(stranger, person, tmp_path) == 2
    with world.down(second):
        assert _labs(stranger, person, tmp_path) == 2


def test_without_ipfs_an_import_says_so_and_goes_on_later(
    world: World, person: Person, bundle: Bundle, tmp_path: Path
) -> None:
    path = bundle()
    with world.elsewhere(ipfs={"url": f"http://127.0.0.1:{free_port()}"}) as lonely:
        cut_off = Person(lonely, person.profile)
        with pytest.raises(StorageError) as down:
            cut_off.import_files([path])
        assert (down.value.code, down.value.exit_code) == ("E_IPFS_DOWN", 5)
    assert person.profile.store.entries() == []
    again = Person(world.network, person.profile)
    assert again.import_files([path]).added == len(again.records()) == 5


@pytest.mark.parametrize("down", [0, 1])
def test_nothing_is_anchored_until_both_ipfs_nodes_keep_it(
    world: World, person: Person, bundle: Bundle, down: int
) -> None:
    """P8: with either node down nothing is on chain, nor promised to the custodians."""
    urls = list(world.devnet.ipfs_urls)
    urls[down] = f"http://127.0.0.1:{free_port()}"
    with (
        world.elsewhere(ipfs={"url": urls[0], "also": urls[1:]}) as half,
        pytest.raises(StorageError) as refused,
    ):
        Person(half, person.profile).import_files([bundle()])
    assert refused.value.code == "E_IPFS_DOWN"
    assert urls[down] in refused.value.message
    assert world.network.synced().records([person.persona(HOME).address]) == []
    assert person.profile.store.entries() == []
    assert Person(world.network, person.profile).import_files([bundle()]).added == 5


@pytest.mark.parametrize("down", [0, 1])
def test_who_loses_an_ipfs_node_loses_nothing(
    world: World, person: Person, stranger: Reader, bundle: Bundle, tmp_path: Path, down: int
) -> None:
    """P8: what is anchored is read from either node alone, by the person, on a new device, and by
    whom they let in."""
    path = bundle()
    person.import_files([path])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    world.confirm()
    urls = list(world.devnet.ipfs_urls)
    urls[down] = f"http://127.0.0.1:{free_port()}"
    with world.elsewhere(ipfs={"url": urls[0], "also": urls[1:]}) as half:
        assert _labs(Reader(half, stranger.profile), person, tmp_path) == 2
        fresh = Person(half, world.profile("person", person.profile.seed))
        assert fresh.restore() == 5
        found = []
        for record_id, _ in fresh.records():
            fresh.open_record(record_id, tmp_path / "body")
            found.append((tmp_path / "body").read_bytes())
    assert len(found) == 5
    assert path.read_bytes() in found


def test_ipfs_that_goes_away_in_the_middle_loses_nothing(
    world: World, person: Person, bundle: Bundle, tmp_path: Path
) -> None:
    """Two bodies are there, and then the node is another that does not answer."""
    path = bundle()
    nowhere = ReplicatedIpfs([f"http://127.0.0.1:{free_port()}"])
    sealed = 0

    def progress(step: str, count: int) -> None:
        nonlocal sealed
        sealed += step == "sealed"
        if sealed == 2:
            going.ipfs = nowhere

    with world.elsewhere() as going:
        there = going.ipfs
        with pytest.raises(StorageError) as down:
            Person(going, person.profile).import_files([path], progress=progress)
        there.close()
        assert (down.value.code, sealed) == ("E_IPFS_DOWN", 2)
    assert len(person.profile.store.left_behind()) == 2
    again = Person(world.network, person.profile)
    assert again.import_files([path]).added == 5
    found = []
    for record_id, _ in again.records():
        again.open_record(record_id, tmp_path / "body")
        found.append((tmp_path / "body").read_bytes())
    assert path.read_bytes() in found


def test_without_ipfs_a_record_does_not_open_and_leaves_nothing(
    world: World, person: Person, bundle: Bundle, tmp_path: Path
) -> None:
    person.import_files([bundle()])
    with world.elsewhere(ipfs={"url": f"http://127.0.0.1:{free_port()}"}) as lonely:
        cut_off = Person(lonely, person.profile)
        with pytest.raises(StorageError):
            cut_off.open_record(person.records()[0][0], tmp_path / "out" / "body")
    assert list((tmp_path / "out").iterdir()) == []


def test_without_the_chain_it_is_said_so(world: World, person: Person, bundle: Bundle) -> None:
    path = bundle()
    nowhere = {"url": f"http://127.0.0.1:{free_port()}", "chainId": 31337}
    with world.elsewhere(chain=nowhere) as lonely:
        started = time.monotonic()
        with pytest.raises(ChainError) as down:
            Person(lonely, person.profile).import_files([path])
        assert time.monotonic() - started < _SOON
        assert (down.value.code, down.value.exit_code) == ("E_CHAIN_DOWN", 5)
    assert Person(world.network, person.profile).import_files([path]).added == 5


# Another chain


@pytest.fixture
def other_chain(tmp_path: Path) -> Iterator[LocalChain]:
    process, chain = start_chain("anvil", folder=tmp_path / "logs", chain_id=4242)
    with process, chain:
        yield chain


def test_another_chain_is_refused(world: World, person: Person, other_chain: LocalChain) -> None:
    with (
        world.elsewhere(chain={"url": other_chain.url, "chainId": 4242}) as wrong,
        pytest.raises(ChainError) as refused,
    ):
        Person(wrong, person.profile)
    assert "4242" in refused.value.message and "31337" in refused.value.message


def test_a_chain_of_our_number_without_our_contracts_is_refused(
    world: World, person: Person, tmp_path: Path
) -> None:
    process, chain = start_chain("anvil", folder=tmp_path / "logs")
    with (
        process,
        chain,
        world.elsewhere(chain={"url": chain.url, "chainId": 31337}) as wrong,
        pytest.raises(AcesoError) as refused,
    ):
        Person(wrong, person.profile)
    assert refused.value.message.endswith(".")


def test_a_card_for_another_chain_is_refused(
    person: Person,
) -> None:
    card = person.card(person.persona(HOME), LABS)
    assert card.check() == card
    with pytest.raises(CardError):
        replace(card, chain_id=4242).check()
