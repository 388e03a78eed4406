"""
what a custodian reads from its chain at a block
├── many who ask the same at one moment ask the node once, and once more at the next block
├── what many lack while the node answers is asked in one batch, and each gets their own answer
├── what the node refuses to one is refused to that one alone
├── what makes a batch fail as a whole is refused to whoever asked it, and the others are answered
├── by number, a block that moved is refused to those who asked at it, and no answer of another
│   block of its number is taken for it
├── while no node answers all are refused, and ask anew when there is one
└── releases by a custodian ask a few batches of its node for each block, however many they are
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from aceso.chain import grantee_of_account
from aceso.codes import Reason, Use
from aceso.custody import SignedRequest
from aceso.custody._chain import Addresses, Chain, Heads, Question
from aceso.custody._node import Failure, Nodes, block_of
from aceso.custody._reads import Reads
from aceso.custody._views import Block
from aceso.custody.errors import ChainUnsafeError
from aceso.ethereum import keccak

from .conftest import LABS, Network, Person, Reader, share_at, until
from .crooked import crooked_node

_MANY = 32
_EIP712_DOMAIN = keccak(b"eip712Domain()")[:4]
_T = TypeVar("_T")


class Counting(Nodes):
    """The network's node, and how often it was asked. It may be made to wait."""

    def __init__(self, url: str):
        super().__init__([url])
        self.batches: list[list[str]] = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.is_down = False

    def ask(self, calls: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        self.batches.append([method for method, _ in calls])
        self.may_answer.wait(30)
        if self.is_down:
            raise ChainUnsafeError("The node is down.", code="E_CHAIN_DOWN")
        return super().ask(calls)

    def reads(self) -> list[list[str]]:
        """The batches in which contracts were called."""
        return [batch for batch in self.batches if "eth_call" in batch]


@pytest.fixture
def node(network: Network) -> Iterator[Counting]:
    made = Counting(network.chain.url)
    yield made
    made.may_answer.set()
    made.close()


@pytest.fixture
def chain(network: Network, node: Counting) -> Chain:
    found = network.suite.addresses
    addresses = Addresses(
        consents=found["ConsentRegistry"],
        participants=found["ParticipantRegistry"],
        market=found["DataMarket"],
        access_log=found["AccessLog"],
        since=0,
    )
    return Chain(node, chain_id=network.suite.chain_id, addresses=addresses)


def _question(person: Person, actor: str) -> Question:
    return Question(
        subject=person.persona.address,
        actor=actor,
        grantee=grantee_of_account(actor),
        use=int(Use.TREAT),
        classes=int(LABS),
        disease=0,
    )


def _at_once(act: Callable[[int], _T], waiting: Callable[[], None] = lambda: None) -> list[_T]:
    """Each in a thread of its own, begun at one moment."""
    ready = threading.Barrier(_MANY)

    def begin(number: int) -> _T:
        ready.wait(30)
        return act(number)

    with ThreadPoolExecutor(_MANY) as pool:
        asked = [pool.submit(begin, number) for number in range(_MANY)]
        waiting()
        return [one.result(30) for one in asked]


def test_the_same_question_is_asked_once_for_each_block(
    network: Network, chain: Chain, node: Counting, person: Person, doctor: Reader
) -> None:
    person.grant(doctor.grantee)
    question = _question(person, doctor.account.address)
    for _ in range(2):
        network.chain.mine(2)
        heads, before = chain.heads(), len(node.reads())
        said = _at_once(lambda _, heads=heads: chain.decide(question, heads))
        assert {newest for newest, _ in said} == {Reason.GRANTED}
        assert len(node.reads()) - before == 1


def test_what_many_lack_is_asked_in_one_batch(
    network: Network, chain: Chain, node: Counting, person: Person, doctor: Reader
) -> None:
    person.grant(doctor.grantee)
    actors = [doctor.account.address] + ["0x" + os.urandom(20).hex() for _ in range(_MANY - 1)]
    heads = chain.heads()

    def hold() -> None:
        node.may_answer.clear()
        started.set()
        until(lambda: len(chain._reads._waiting) == _MANY - 1)
        node.may_answer.set()

    started = threading.Event()

    def decide(number: int) -> tuple[Reason, Reason]:
        started.wait(30)
        return chain.decide(_question(person, actors[number]), heads)

    said = _at_once(decide, hold)
    assert [newest.permits for newest, _ in said] == [True] + [False] * (_MANY - 1)
    assert len(node.reads()) == 2


def test_what_the_node_refuses_to_one_is_refused_to_nobody_else(
    network: Network, chain: Chain, node: Counting, person: Person, doctor: Reader
) -> None:
    person.grant(doctor.grantee)
    heads = chain.heads()
    question = _question(person, doctor.account.address)

    def act(number: int, heads: Heads = heads) -> object:
        started.wait(30)
        if number % 2:
            return chain.decide(question, heads)[0]
        with pytest.raises(ChainUnsafeError, match="could not answer"):
            chain.committee_digest((1 << 24) + number, heads.newest)
        return None

    def hold() -> None:
        node.may_answer.clear()
        started.set()
        until(lambda: len(chain._reads._waiting) == _MANY - 1)
        node.may_answer.set()

    started = threading.Event()
    said = _at_once(act, hold)
    assert said == [None, Reason.GRANTED] * (_MANY // 2)


class Disagreeing(Counting):
    """As two nodes, of which one lacks a block: whatever is asked at it fails as a whole."""

    lacking = ""

    def ask(self, calls: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        said = super().ask(calls)
        if any(params[-1] == _at(self.lacking) for _, params in calls):
            raise ChainUnsafeError("They do not say the same.", code="E_CHAIN_DISAGREES")
        return said


def _at(block_hash: str) -> dict[str, Any]:
    return {"blockHash": block_hash, "requireCanonical": True}


def test_one_whose_question_fails_a_whole_batch_keeps_no_other_from_an_answer(
    network: Network,
) -> None:
    node = Disagreeing(network.chain.url)
    reads = Reads(node)
    block, lacking = _blocks(network)
    node.lacking = lacking.hash
    registry = network.suite.addresses["ConsentRegistry"]

    def hold() -> None:
        node.may_answer.clear()
        started.set()
        until(lambda: len(reads._waiting) == _MANY - 1)
        node.may_answer.set()

    def act(number: int) -> str:
        started.wait(30)
        # Each another question: nobody is served by what another was told.
        data = _EIP712_DOMAIN + number.to_bytes(32, "big")
        try:
            (answer,) = reads.call_all([(registry, data, lacking if number == 7 else block)])
        except ChainUnsafeError as error:
            return error.code
        return "answered" if answer else "nothing"

    started = threading.Event()
    try:
        said = _at_once(act, hold)
    finally:
        node.close()
    assert said[7] == "E_CHAIN_DISAGREES"
    assert set(said[:7] + said[8:]) == {"answered"}


class ByNumber(Counting):
    """A node that does not take hashes of blocks."""

    def ask(self, calls: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        if any(isinstance(params[-1], dict) for _, params in calls):
            return [Failure({"code": -32602, "message": "invalid params"}) for _ in calls]
        return super().ask(calls)


def test_a_block_that_moved_is_refused_to_those_alone_who_asked_at_it(network: Network) -> None:
    node = ByNumber(network.chain.url)
    reads = Reads(node)
    block, other = _blocks(network)
    # Of one number with the first, as before and after a reorganisation.
    gone = replace(block, hash="0x" + "ab" * 32)
    unseen = replace(other, number=other.number + (1 << 30))
    registry = network.suite.addresses["ConsentRegistry"]
    wanted = {
        (one.hash, registry, _EIP712_DOMAIN): (registry, _EIP712_DOMAIN, one)
        for one in (block, gone, unseen)
    }
    try:
        said = reads._fetch(wanted)
        true, moved, lacking = said.values()
        assert isinstance(moved, ChainUnsafeError)
        assert isinstance(lacking, ChainUnsafeError)
        assert moved.code == lacking.code == "E_CHAIN_MOVED"
        assert isinstance(true, bytes)
        # And nothing is kept for it.
        with pytest.raises(ChainUnsafeError, match="changed"):
            reads.call_all([(registry, _EIP712_DOMAIN, gone)])
    finally:
        node.close()


def _blocks(network: Network) -> tuple[Block, Block]:
    """The newest block, and the one before."""
    node = Nodes([network.chain.url])
    try:
        (newest,) = node.ask([("eth_getBlockByNumber", ["latest", False])])
        number = hex(int(newest["number"], 16) - 1)
        (before,) = node.ask([("eth_getBlockByNumber", [number, False])])
        return block_of(newest), block_of(before)
    finally:
        node.close()


def test_while_no_node_answers_all_are_refused(
    chain: Chain, node: Counting, person: Person, doctor: Reader
) -> None:
    person.grant(doctor.grantee)
    heads = chain.heads()
    question = _question(person, doctor.account.address)

    def refused(number: int) -> ChainUnsafeError:
        with pytest.raises(ChainUnsafeError) as caught:
            chain.decide(question, heads)
        return caught.value

    node.is_down = True
    errors = _at_once(refused)
    assert {error.code for error in errors} == {"E_CHAIN_DOWN"}
    # Each its own: a traceback is added to when it is raised.
    assert len({id(error) for error in errors}) == _MANY
    node.is_down = False
    assert chain.decide(question, heads)[0] == Reason.GRANTED


def test_releases_ask_a_few_batches_for_each_block(
    network: Network, person: Person, doctor: Reader, tmp_path: Path
) -> None:
    more = ("--no-relay", "--follow-every", "3600")
    with crooked_node(network.chain.url) as node:
        keeper = network.twin("counted", tmp_path / "counted", rpc=node.url, more=more)
        with keeper.process:
            shared = share_at(keeper, person, doctor)
            domain = network.suite.domain("ConsentRegistry")
            requests = [
                SignedRequest.sign(
                    shared.reader.account,
                    "ReleaseRequest",
                    shared.message(keeper, "ReleaseRequest"),
                    domain,
                )
                for _ in range(2 * _MANY)
            ]
            client = keeper.client(deadline=30.0)
            before, height = len(node.reads), network.chain.height
            assert all(_at_once(lambda number: client.release(requests[number])))
            assert all(_at_once(lambda number: client.release(requests[_MANY + number])))
            blocks = network.chain.height - height + 1
            # The decision, and the reader's key; each may be asked while the other is on its way.
            assert len(node.reads) - before <= 4 * blocks
