"""
a custodian that follows the chain deletes the class keys that were left
├── for whom consent was withdrawn, one grant or all of them, and for nobody else
├── for whom the grant ended by its time, and not where it was renewed
├── for whom it was narrowed, in the class that is no longer in it
├── for whom the accreditation was taken back
├── also if it was down meanwhile, or was restored from an older backup (fault 15)
├── but not while the end is unconfirmed, or if a reorganisation took it back (faults 6, 7)
└── and leaves no byte of them
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aceso.chain import acts
from aceso.codes import DataClass, Reason, Role
from aceso.custody import DeniedError

from .conftest import Keeper, Network, Person, Reader, Shared, ask, leave_at, share_at, until
from .watching import caught_up, left

QUICK = ("--no-relay", "--follow-every", "0.1")


@pytest.fixture(scope="module")
def keeper(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keeper]:
    """One that looks ten times a second, and confirms after four blocks."""
    folder = tmp_path_factory.mktemp("following")
    made = network.twin("following", folder, more=QUICK, confirmations=4)
    yield made
    made.process.stop()


@pytest.fixture
def shared(network: Network, keeper: Keeper, person: Person, doctor: Reader) -> Shared:
    made = share_at(keeper, person, doctor)
    network.chain.mine(6)
    return made


def test_of_whom_was_withdrawn_from(
    network: Network,
    keeper: Keeper,
    shared: Shared,
    make_reader: Callable[[], Reader],
) -> None:
    person, other = shared.person, make_reader()
    person.grant(other.grantee)
    leave_at(keeper, person, other)
    (sealed,) = left(keeper, person, shared.reader)
    network.send(acts.withdraw(network.suite, person.persona, shared.reader.grantee).call)
    network.chain.mine(4)
    until(lambda: not left(keeper, person, shared.reader))
    caught_up(network, keeper)
    assert left(keeper, person, other)

    until(lambda: not any(part in _bytes(keeper) for part in _parts(sealed)))


def _parts(data: bytes) -> list[bytes]:
    return [data[at : at + 64] for at in range(0, len(data) - 64, 64)]


def _bytes(keeper: Keeper) -> bytes:
    return b"".join(path.read_bytes() for path in keeper.folder.iterdir() if "sqlite" in path.name)


def test_of_all_if_all_was_withdrawn(network: Network, keeper: Keeper, shared: Shared) -> None:
    network.send(acts.withdraw_all(network.suite, shared.person.persona).call)
    network.chain.mine(4)
    until(lambda: not left(keeper, shared.person, shared.reader))


def test_of_whose_time_is_over(
    network: Network,
    keeper: Keeper,
    shared: Shared,
    make_reader: Callable[[], Reader],
) -> None:
    person, renewed, now = shared.person, make_reader(), network.suite.now()
    person.grant(shared.reader.grantee, valid_until=now + 500)
    for until_ in (now + 500, now + 5_000):
        person.grant(renewed.grantee, valid_until=until_)
    leave_at(keeper, person, renewed)
    network.chain.mine(6)
    caught_up(network, keeper)
    assert left(keeper, person, shared.reader)
    network.chain.advance_time(3_700)
    network.chain.mine(6)
    until(lambda: not left(keeper, person, shared.reader))
    assert left(keeper, person, renewed)


def test_of_a_class_that_is_no_longer_granted(
    network: Network, keeper: Keeper, shared: Shared
) -> None:
    shared.person.grant(shared.reader.grantee, classes=DataClass.VITALS)
    network.chain.mine(4)
    until(lambda: not left(keeper, shared.person, shared.reader))


def test_of_whose_accreditation_was_taken_back(
    network: Network, keeper: Keeper, shared: Shared
) -> None:
    participants, who = network.suite.participants, shared.reader.account.address
    network.relayer.send(
        network.authority.call(participants.propose_accreditation(who, Role.PHYSICIAN))
    )
    network.send(participants.accredit(who))
    network.chain.mine(4)
    caught_up(network, keeper)
    assert left(keeper, shared.person, shared.reader)
    network.send(network.authority.call(participants.unaccredit(who, Role.PHYSICIAN)))
    network.chain.mine(4)
    until(lambda: not left(keeper, shared.person, shared.reader))


def test_what_came_while_it_was_down(network: Network, keeper: Keeper, shared: Shared) -> None:
    keeper.process.kill()
    network.send(acts.withdraw(network.suite, shared.person.persona, shared.reader.grantee).call)
    network.chain.mine(4)
    assert left(keeper, shared.person, shared.reader)
    network.restart(keeper)
    until(lambda: not left(keeper, shared.person, shared.reader))


def test_what_an_older_backup_brought_back(
    network: Network, keeper: Keeper, shared: Shared, tmp_path: Path
) -> None:
    keeper.process.stop()
    shutil.copytree(keeper.folder, tmp_path / "backup")
    network.restart(keeper)
    network.send(acts.withdraw(network.suite, shared.person.persona, shared.reader.grantee).call)
    network.chain.mine(4)
    until(lambda: not left(keeper, shared.person, shared.reader))
    keeper.process.stop()
    shutil.rmtree(keeper.folder)
    shutil.copytree(tmp_path / "backup", keeper.folder)
    assert left(keeper, shared.person, shared.reader)
    network.restart(keeper)

    with pytest.raises(DeniedError) as denied:
        ask(keeper, shared)
    assert denied.value.reason is Reason.WITHDRAWN
    until(lambda: not left(keeper, shared.person, shared.reader))


def test_not_before_it_is_confirmed_nor_if_it_is_undone(
    network: Network, keeper: Keeper, shared: Shared
) -> None:
    person, reader = shared.person, shared.reader
    act = acts.withdraw(network.suite, person.persona, reader.grantee)
    block = network.relayer.send(act.call).block_number
    caught_up(network, keeper)
    assert left(keeper, person, reader)

    network.chain.ask("anvil_reorg", network.chain.height - block + 1, [])
    network.chain.mine(8)
    caught_up(network, keeper)
    assert left(keeper, person, reader)


def test_not_if_it_was_granted_again(network: Network, keeper: Keeper, shared: Shared) -> None:
    person, reader = shared.person, shared.reader
    keeper.process.stop()
    network.send(acts.withdraw(network.suite, person.persona, reader.grantee).call)
    person.grant(reader.grantee)
    network.chain.mine(4)
    network.restart(keeper)
    caught_up(network, keeper)
    assert left(keeper, person, reader)
