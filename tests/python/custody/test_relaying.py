"""
a custodian that relays carries what it was shown to the chain
├── a withdrawal, a withdrawal of all, and a bar
├── at a time of its own for each, and one at a time
├── again, if a reorganisation took it out; it held here all the while (fault 7)
├── after a restart
├── without ether it says so, goes on serving, and carries it once there is some
└── but only what ends something of a persona that it keeps something for
a withdrawal that is shown
├── is taken while the node is down, if a plain key signed it
├── holds if the chain shows it in no confirmed block yet, and loses it again
└── holds until a grant that was given after it is confirmed
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aceso.chain import SignedAct, acts, sign
from aceso.codes import Reason
from aceso.custody import (
    CustodianDownError,
    DeniedError,
    RequestRefusedError,
)
from aceso.vault import Seed

from .conftest import Keeper, Network, Person, Reader, Shared, ask, share_at, until
from .watching import show, waiting, word

SOON = ("--relay-within", "0", "--follow-every", "0.2")


@pytest.fixture(scope="module")
def keeper(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keeper]:
    """One that relays at once and confirms after four blocks."""
    folder = tmp_path_factory.mktemp("relaying")
    made = network.twin("relaying", folder, more=SOON, confirmations=4)
    fund(network, made, 10**18)
    yield made
    made.process.stop()


def fund(network: Network, keeper: Keeper, wei: int) -> None:
    network.chain.ask("anvil_setBalance", keeper.keys.address, hex(wei))


@pytest.fixture
def shared(network: Network, keeper: Keeper, person: Person, doctor: Reader) -> Shared:
    made = share_at(keeper, person, doctor)
    network.chain.mine(5)
    return made


def reason(keeper: Keeper, shared: Shared) -> Reason:
    with pytest.raises(DeniedError) as denied:
        ask(keeper, shared)
    return denied.value.reason


def sent(network: Network, keeper: Keeper) -> int:
    return int(network.chain.ask("eth_getTransactionCount", keeper.keys.address, "latest"), 16)


def withdrawal(shared: Shared) -> SignedAct:
    suite = shared.person.network.suite
    return acts.withdraw(suite, shared.person.persona, shared.reader.grantee)


def test_a_withdrawal_is_carried_once(network: Network, keeper: Keeper, shared: Shared) -> None:
    before = sent(network, keeper)
    assert show(keeper, withdrawal(shared)) == "pending"
    assert reason(keeper, shared) is Reason.WITHDRAWN
    until(lambda: not word(shared).classes)
    network.chain.mine(5)
    until(lambda: waiting(keeper, shared.person) == [("Withdrawal", None)])
    assert sent(network, keeper) == before + 1


def test_a_withdrawal_of_all_is_carried(network: Network, keeper: Keeper, shared: Shared) -> None:
    persona = shared.person.persona.address
    epoch = network.suite.standing(persona, bytes(32), persona).head.epoch
    show(keeper, acts.withdraw_all(network.suite, shared.person.persona))
    until(lambda: network.suite.standing(persona, bytes(32), persona).head.epoch == epoch + 1)


def test_a_bar_is_carried(network: Network, keeper: Keeper, shared: Shared) -> None:
    show(keeper, acts.bar(network.suite, shared.person.persona, shared.reader.account.address))
    until(lambda: word(shared).barred)


def test_what_a_reorganisation_takes_out_is_carried_again(
    network: Network, keeper: Keeper, shared: Shared
) -> None:
    show(keeper, withdrawal(shared))
    until(lambda: not word(shared).classes)
    (sent_at,) = waiting(keeper, shared.person)
    # The newest block has it, and that is not the end of it.
    until(lambda: waiting(keeper, shared.person) != [sent_at])
    network.chain.ask("anvil_reorg", 2, [])
    assert word(shared).classes
    assert reason(keeper, shared) is Reason.WITHDRAWN
    network.chain.mine(1)
    until(lambda: not word(shared).classes)
    network.chain.mine(5)
    until(lambda: waiting(keeper, shared.person) == [("Withdrawal", None)])


def test_without_ether_it_waits_and_says_so(
    network: Network, keeper: Keeper, shared: Shared
) -> None:
    fund(network, keeper, 0)
    try:
        show(keeper, withdrawal(shared))
        with keeper.client() as client:
            until(lambda: client.health()["relays"] == "E_CHAIN_FUNDS")
        assert reason(keeper, shared) is Reason.WITHDRAWN
        keeper.process.kill()
        network.restart(keeper)
        assert word(shared).classes
        assert reason(keeper, shared) is Reason.WITHDRAWN
    finally:
        fund(network, keeper, 10**18)
    until(lambda: not word(shared).classes)
    with keeper.client() as client:
        until(lambda: client.health()["relays"] == "ok")


def test_what_ends_nothing_is_kept_and_not_paid_for(
    network: Network, keeper: Keeper, shared: Shared, make_person: Callable[[], Person]
) -> None:
    stranger, before = make_person(), sent(network, keeper)
    stranger.grant(shared.reader.grantee)
    show(keeper, acts.withdraw_all(network.suite, stranger.persona))
    show(keeper, acts.withdraw(network.suite, stranger.persona, shared.reader.grantee))
    show(keeper, acts.withdraw(network.suite, shared.person.persona, b"nobody".rjust(32, b"\0")))
    # Of the three that came before, none; of this one, the one.
    show(keeper, withdrawal(shared))
    until(lambda: not word(shared).classes)
    assert sent(network, keeper) == before + 1
    assert len(waiting(keeper, stranger)) == 2


@pytest.fixture
def make_person(network: Network) -> Callable[[], Person]:
    def make() -> Person:
        seed = Seed.make()
        return Person(network, seed, seed.persona(1), seed.keys(network.suite.chain_id))

    return make


def test_each_goes_at_a_time_of_its_own(
    network: Network, make_person: Callable[[], Person], tmp_path: Path
) -> None:
    keeper = network.twin("patient", tmp_path / "patient", more=("--relay-within", "100000"))
    people = [make_person() for _ in range(6)]
    with keeper.process:
        for person in people:
            show(keeper, acts.withdraw_all(network.suite, person.persona))
        times = [at for person in people for _, at in waiting(keeper, person)]
    known = [at for at in times if at is not None]
    assert len(set(known)) == len(people)
    assert 0 < max(known) - min(known) < 100_000


def test_it_is_taken_while_the_node_is_down(
    network: Network, shared: Shared, tmp_path: Path
) -> None:
    keeper = network.twin("cut-off", tmp_path / "cut-off", rpc="http://127.0.0.1:1")
    act = withdrawal(shared)
    with keeper.process:
        assert show(keeper, act) == "pending"
        with keeper.client() as client, pytest.raises(CustodianDownError):
            # Of a key that isn't the subject's only the chain could say that it signed.
            other = bytes([act.signature[-2] ^ 1]) + act.signature[-1:]
            client.withdraw(act.type_name, act.message, act.signature[:-2] + other)
        assert len(waiting(keeper, shared.person)) == 1
        keeper.process.stop()
    found = network.twin("found-again", tmp_path / "cut-off")
    with found.process, found.client() as client:
        client.open_list(shared.person.opening())
        assert reason(found, shared) is Reason.WITHDRAWN


def test_it_holds_though_the_chain_loses_it_again(
    network: Network, keeper: Keeper, shared: Shared
) -> None:
    act = withdrawal(shared)
    block = network.relayer.send(act.call).block_number
    assert show(keeper, act) == "on_chain"
    network.chain.ask("anvil_reorg", network.chain.height - block + 1, [])
    assert word(shared).classes
    assert reason(keeper, shared) is Reason.WITHDRAWN
    network.chain.mine(1)
    until(lambda: not word(shared).classes)


def test_it_holds_until_a_new_grant_is_confirmed(
    network: Network, keeper: Keeper, shared: Shared
) -> None:
    act = withdrawal(shared)
    assert show(keeper, act) == "pending"
    until(lambda: not word(shared).classes)
    # In the confirmed block is the grant of before, and in the newest one the new one.
    shared.person.grant(shared.reader.grantee, blocks=1)
    assert reason(keeper, shared) is Reason.WITHDRAWN
    network.chain.mine(5)
    assert ask(keeper, shared).entries


def test_a_count_from_far_ahead_is_refused(
    network: Network, keeper: Keeper, shared: Shared
) -> None:
    message = {
        "subject": shared.person.persona.address,
        "grantee": shared.reader.grantee,
        "withdrawals": 1_000,
    }
    domain = network.suite.domain("ConsentRegistry")
    signature = sign(shared.person.persona, "Withdrawal", message, domain)
    with keeper.client() as client, pytest.raises(RequestRefusedError) as refused:
        client.withdraw("Withdrawal", message, signature)
    assert refused.value.code == "E_WITHDRAWAL_COUNT"
