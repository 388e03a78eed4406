"""
The contract against the model of the rules (aceso.chain.rules), over random histories
├── every act is refused by both or by neither, also held, stale and replayed signatures (C3, C5-C8)
├── after each act the whole table is the model's: one word moved, or none (C4, R4)
├── every decision is the model's, for the same reason, also at the edges of periods (C1, C2)
│   └── at least 2,000 decisions, 30 % permits, each reason 20 times
└── the events, replayed in order, give the chain's table (C12)
"""

from collections import Counter
from contextlib import closing

import pytest
from brownie import web3

from aceso.chain.rules import Book
from aceso.codes import Reason
from tests.contracts.stateful.driver import History

SEEDS = (20, 26, 1123)
STEPS, QUESTIONS = 200, 10


@pytest.fixture
def begin(ParticipantRegistry, ConsentRegistry, HonestGroup, BabblingGroup, authority, accounts):
    """A history on a suite of its own; without a delay, as time is the history's."""

    def history(seed):
        by = {"from": accounts[0]}
        participants = ParticipantRegistry.deploy(authority, 0, by)
        participants.openInstitution(accounts[6], {"from": authority})
        registry = ConsentRegistry.deploy(participants, by)
        return registry, History(
            url=web3.provider.endpoint_uri,
            seed=seed,
            registry=registry,
            participants=participants,
            honest=HonestGroup.deploy(by),
            silent=BabblingGroup.deploy(b"", by),
            authority=authority.address,
            gateway=accounts[6].address,
        )

    return history


@pytest.fixture(scope="module")
def lived():
    """What each seed's history was answered; a history that a test needs and that none has lived
    yet is lived then."""
    return {}


@pytest.fixture
def live(begin, lived):
    def once(seed):
        if seed not in lived:
            registry, history = begin(seed)
            with closing(history.rpc):
                lived[seed] = _live(registry, history)
        return lived[seed]

    return once


def _live(registry, history):
    """Live through a history, compare all of it, and count the reasons."""
    seen: Counter[Reason] = Counter()
    first = web3.eth.block_number + 1
    for _ in range(STEPS):
        history.step()
        history.check()
        questions = [history.question() for _ in range(QUESTIONS)]
        for (request, now), found in zip(questions, history.decide(questions), strict=True):
            assert found is history.answer(request, now), (request, now)
            seen[found] += 1

    # C12: the events alone give the table.
    told = Book(history.facts)
    filters = {"address": registry.address, "fromBlock": first, "toBlock": "latest"}
    contract = web3.eth.contract(address=registry.address, abi=registry.abi)
    events = {
        "0x" + contract.events[name]().topic[-64:]: contract.events[name]() for name in EVENTS
    }
    for log in web3.eth.get_logs(filters):
        event = events[web3.to_hex(log["topics"][0])].process_log(log)
        time = web3.eth.get_block(log["blockNumber"])["timestamp"]
        told.replay(event["event"], dict(event["args"]), time=time)
    assert told.words == history.book.words
    assert told.heads == history.book.heads
    return seen


EVENTS = (
    "ConsentGranted",
    "ConsentWithdrawn",
    "AllConsentsWithdrawn",
    "ActorBarred",
    "ActorUnbarred",
    "PrimaryPhysicianSet",
)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_contract_decides_as_the_rules_say(live, seed):
    assert sum(live(seed).values()) == STEPS * QUESTIONS


def test_enough_was_asked(live):
    seen = sum((live(seed) for seed in SEEDS), Counter())
    total = sum(seen.values())
    permits = sum(count for reason, count in seen.items() if reason.permits)

    assert total == len(SEEDS) * STEPS * QUESTIONS >= 2_000
    assert permits >= 0.3 * total, seen
    assert {reason: seen[reason] for reason in Reason if seen[reason] < 20} == {}
