"""
a reorganisation
├── takes out a grant that isn't confirmed yet: it is refused, and no longer as one that is pending
├── replaces a block that was confirmed, and with it a grant by which was released
│  ├── nothing is listed or released until the chain has grown beyond it, nor after a restart
│  ├── a withdrawal is taken meanwhile, and the health and the figures say what is the matter
│  └── then it goes on by itself: what the chain has lost is refused, and what it still has is given
├── takes out a withdrawal that was confirmed: who was shown it refuses, and carries it again
└── moves a withdrawal: the class keys are deleted all the same
   ├── to a later block
   ├── to a block below the one at which the key was left
   └── to a block below the one to which the chain was read
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from aceso.chain import Call, SignedAct, acts
from aceso.codes import Reason
from aceso.custody import CustodianDownError, DeniedError, SignedRequest, look
from aceso.errors import ServiceError

from .conftest import (
    Keeper,
    Network,
    Person,
    Reader,
    Shared,
    ask,
    funded,
    leave_at,
    share_at,
    until,
)
from .watching import caught_up, figures, left, show, waiting, word

CONFIRMATIONS = 8
MORE = ("--relay-within", "0", "--follow-every", "0.1")


@pytest.fixture(scope="module")
def keeper(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keeper]:
    """One that believes another chain only after 17 blocks, which is longer than a test looks."""
    folder = tmp_path_factory.mktemp("reorganised")
    made = network.twin("reorganised", folder, more=MORE, confirmations=CONFIRMATIONS)
    network.chain.ask("anvil_setBalance", made.keys.address, hex(10**18))
    network.chain.mine(3 * CONFIRMATIONS)
    yield made
    made.process.stop()
    grow(network)


@pytest.fixture
def shared(network: Network, keeper: Keeper, person: Person, doctor: Reader) -> Shared:
    grow(network)
    made = share_at(keeper, person, doctor)
    network.chain.mine(CONFIRMATIONS)
    return made


def grow(network: Network) -> None:
    """Beyond all that any custodian had confirmed."""
    network.chain.mine(2 * CONFIRMATIONS + 2)


def replace(network: Network, block: int, *calls: tuple[Call, int]) -> None:
    """All blocks from this one on by as many others, with these calls in the nth of them."""
    sender = funded(30).address
    moved = [
        [{"from": sender, "to": call.to, "data": "0x" + call.data.hex(), "gas": hex(10**6)}, nth]
        for call, nth in calls
    ]
    network.chain.ask("anvil_reorg", network.chain.height - block + 1, moved)


def withdrawal(shared: Shared) -> SignedAct:
    suite = shared.person.network.suite
    return acts.withdraw(suite, shared.person.persona, shared.reader.grantee)


def denied(keeper: Keeper, shared: Shared) -> tuple[Reason, bool]:
    """Why, and whether it is only because the grant is new."""
    with pytest.raises(DeniedError) as refused:
        ask(keeper, shared)
    return refused.value.reason, refused.value.is_pending


def release(keeper: Keeper, shared: Shared) -> None:
    domain = shared.person.network.suite.domain("ConsentRegistry")
    message = shared.message(keeper, "ReleaseRequest")
    keeper.client().release(
        SignedRequest.sign(shared.reader.account, "ReleaseRequest", message, domain)
    )


def assert_gives_nothing(keeper: Keeper, shared: Shared) -> None:
    for act in (ask, release):
        with pytest.raises(CustodianDownError, match="shows another block"):
            act(keeper, shared)


def test_a_grant_that_was_taken_out(
    network: Network, keeper: Keeper, shared: Shared, make_reader: Callable[[], Reader]
) -> None:
    other = Shared(shared.person, make_reader(), shared.entry, shared.key)
    block = network.chain.height + 1
    shared.person.grant(other.reader.grantee)
    assert denied(keeper, other) == (Reason.NOT_GRANTED, True)
    replace(network, block)
    assert denied(keeper, other) == (Reason.NOT_GRANTED, False)
    grow(network)
    assert denied(keeper, other) == (Reason.NOT_GRANTED, False)
    assert ask(keeper, shared).entries


def test_a_confirmed_block_that_was_replaced(
    network: Network, keeper: Keeper, shared: Shared, make_reader: Callable[[], Reader]
) -> None:
    lost = Shared(shared.person, make_reader(), shared.entry, shared.key)
    block = network.chain.height + 1
    shared.person.grant(lost.reader.grantee)
    network.chain.mine(CONFIRMATIONS)
    for one in (shared, lost):
        release(keeper, one)

    replace(network, block)
    for one in (shared, lost):
        assert_gives_nothing(keeper, one)
    with pytest.raises(ServiceError) as told:
        look(keeper.url)
    assert told.value.code == "E_CHAIN_FORKED"
    assert figures(keeper)['aceso_custodian_refusals_total{code="E_CHAIN_FORKED"}'] >= 5
    keeper.process.kill()
    network.restart(keeper)
    assert_gives_nothing(keeper, shared)
    act = acts.withdraw(network.suite, shared.person.persona, b"another".rjust(32, b"\0"))
    assert show(keeper, act) == "pending"

    grow(network)
    assert denied(keeper, lost) == (Reason.NOT_GRANTED, False)
    release(keeper, shared)
    assert look(keeper.url)["confirmed"] > block
    assert len(waiting(keeper, shared.person)) == 1


def test_a_confirmed_withdrawal_that_was_taken_out(
    network: Network, keeper: Keeper, shared: Shared
) -> None:
    block = network.chain.height + 1
    show(keeper, withdrawal(shared))
    until(lambda: not word(shared).classes)
    network.chain.mine(CONFIRMATIONS)
    until(lambda: waiting(keeper, shared.person) == [("Withdrawal", None)])

    replace(network, block)
    assert word(shared).classes
    assert_gives_nothing(keeper, shared)
    grow(network)
    assert denied(keeper, shared) == (Reason.WITHDRAWN, False)
    until(lambda: not word(shared).classes)
    network.chain.mine(CONFIRMATIONS)
    until(lambda: waiting(keeper, shared.person) == [("Withdrawal", None)])


def test_a_withdrawal_that_was_moved_to_a_later_block(
    network: Network, keeper: Keeper, shared: Shared
) -> None:
    act, block = withdrawal(shared), network.chain.height + 1
    network.relayer.send(act.call)
    network.chain.mine(2)
    replace(network, block, (act.call, 2))
    assert not word(shared).classes
    assert left(keeper, shared.person, shared.reader)
    network.chain.mine(CONFIRMATIONS)
    until(lambda: not left(keeper, shared.person, shared.reader))


def test_a_withdrawal_that_was_moved_below_where_the_key_was_left(
    network: Network, keeper: Keeper, shared: Shared
) -> None:
    block = network.chain.height + 1
    network.chain.mine(2)
    leave_at(keeper, shared.person, shared.reader)
    act = withdrawal(shared)
    network.relayer.send(act.call)
    replace(network, block, (act.call, 0))
    assert left(keeper, shared.person, shared.reader)
    network.chain.mine(CONFIRMATIONS)
    until(lambda: not left(keeper, shared.person, shared.reader))


def test_a_withdrawal_that_was_moved_below_what_was_read(
    network: Network, keeper: Keeper, shared: Shared
) -> None:
    act, block = withdrawal(shared), network.chain.height + 1
    network.chain.mine(CONFIRMATIONS + 3)
    caught_up(network, keeper)
    network.relayer.send(act.call)
    assert left(keeper, shared.person, shared.reader)
    replace(network, block, (act.call, 0))
    assert_gives_nothing(keeper, shared)
    grow(network)
    until(lambda: not left(keeper, shared.person, shared.reader))
