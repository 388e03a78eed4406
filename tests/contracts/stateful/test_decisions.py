"""
The contract against the model of the rules (aceso.chain.rules), over random histories
├── every act is refused by both or by neither, also held, stale and replayed signatures (C3, C5-C8)
├── after each act the whole table is the model's: one word moved, or none (C4, R4)
├── every decision is the model's, for the same reason, also at the edges of periods (C1, C2)
│   └── at least 2,000 decisions, 30 % permits, each reason 20 times
└── the events, replayed in order, give the chain's table (C12)
"""

from collections import Counter

import pytest
from brownie import web3

from aceso.chain.rules import Book
from aceso.codes import Reason
from tests.contracts.stateful.driver import History

SEEDS = (20, 26, 1123)
STEPS, QUESTIONS = 200, 10


@pytest.fixture(scope="module")
def participants(ParticipantRegistry, accounts, authority):
    """Without a delay: time is the histories'."""
    return ParticipantRegistry.deploy(authority, 0, {"from": accounts[0]})


@pytest.fixture
def begin(registry, participants, authority, accounts, HonestGroup, BabblingGroup):
    def history(seed):
        participants.openInstitution(accounts[6], {"from": authority})
        return History(
            url=web3.provider.endpoint_uri,
            seed=seed,
            registry=registry,
            participants=participants,
            honest=HonestGroup.deploy({"from": accounts[0]}),
            silent=BabblingGroup.deploy(b"", {"from": accounts[0]}),
            authority=authority.address,
            gateway=accounts[6].address,
        )

    return history


SEEN: Counter[Reason] = Counter()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_contract_decides_as_the_rules_say(begin, registry, seed):
    history = begin(seed)
    first = web3.eth.block_number + 1
    for _ in range(STEPS):
        history.step()
        history.check()
        questions = [history.question() for _ in range(QUESTIONS)]
        for (request, now), found in zip(questions, history.decide(questions), strict=True):
            assert found is history.answer(request, now), (request, now)
            SEEN[found] += 1

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


EVENTS = (
    "ConsentGranted",
    "ConsentWithdrawn",
    "AllConsentsWithdrawn",
    "ActorBarred",
    "ActorUnbarred",
    "PrimaryPhysicianSet",
)


def test_enough_was_asked():
    """Run after the histories, in this file's order."""
    total = sum(SEEN.values())
    permits = sum(count for reason, count in SEEN.items() if reason.permits)

    assert total == len(SEEDS) * STEPS * QUESTIONS >= 2_000
    assert permits >= 0.3 * total, SEEN
    assert {reason: SEEN[reason] for reason in Reason if SEEN[reason] < 20} == {}
