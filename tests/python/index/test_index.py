"""The index.

the tables
+ hold what the events say: records, keys, institutions, which persona came after which
+ hold the same words as the chain after random histories, and so does a replay
+ hold a grant as a desk saw it, whatever number its group has
+ are those of a clean index after a reorganisation, a restart, a node that limits what it tells
a published key
+ is none once revoked
an alarm and nothing written
+ when the node knows less
+ when the file is of another deployment
"""

from __future__ import annotations

import dataclasses
import random
import sqlite3

import pytest
from eth_account import Account

from aceso.chain import (
    Deployed,
    LocalAuthority,
    NodeRefusedError,
    RefusedError,
    Sender,
    Suite,
    Terms,
    acts,
    grantee_of_account,
    grantee_of_group,
    guardian_acts,
)
from aceso.codes import DataClass, Role, Use
from aceso.index import Index, IndexBehindError, IndexChainError
from tests.python.chain.conftest import account

DAY = 86_400


@pytest.fixture
def index(suite, tmp_path):
    with Index(tmp_path / "index.sqlite", suite) as found:
        found.sync()
        yield found


def tables(index: Index) -> dict[str, list[tuple[object, ...]]]:
    names = [
        row[0]
        for row in index._base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        if row[0] not in ("blocks", "facts")
    ]
    ask = index._base.execute
    return {name: sorted(ask("SELECT * FROM " + name), key=repr) for name in names}  # noqa: S608


def terms(now: int, grantee: bytes, **changes: object) -> Terms:
    base = Terms(grantee, DataClass.LABS, Use.TREAT, 0, 0, now, now + 30 * DAY, b"\x01" * 32)
    return dataclasses.replace(base, **changes)


def history(chain, suite, relayer, seed: int, steps: int) -> list[tuple[str, bytes]]:
    """Random acts of three personas on four grantees; return the words that they may touch."""
    rng = random.Random(seed)
    personas = [Account.create() for _ in range(3)]
    actors = [account(at).address for at in (20, 21, 22)]
    grantees = [grantee_of_account(at) for at in actors]
    grantees.append(grantee_of_group(7, suite.market.address))
    for _ in range(steps):
        persona, actor = rng.choice(personas), rng.choice(actors)
        grantee = rng.choice(grantees)
        act = rng.choice(["grant", "grant", "withdraw", "all", "bar", "unbar", "physician", "time"])
        now = suite.now()
        try:
            if act == "grant":
                wanted = terms(now, grantee, valid_until=now + rng.randrange(60, 90 * DAY))
                relayer.send(acts.grant(suite, persona, wanted))
            elif act == "withdraw":
                relayer.send(acts.withdraw(suite, persona, grantee).call)
            elif act == "all":
                relayer.send(acts.withdraw_all(suite, persona).call)
            elif act == "bar":
                relayer.send(acts.bar(suite, persona, actor).call)
            elif act == "unbar":
                relayer.send(acts.unbar(suite, persona, actor).call)
            elif act == "physician":
                classes = rng.choice([0, int(DataClass.LABS)])
                until = now + 30 * DAY
                relayer.send(acts.primary_physician(suite, persona, actor, classes, until))
            else:
                chain.advance_time(rng.randrange(1, 40 * DAY))
        except RefusedError:
            # Barred, not barred: histories have those too, and they leave no trace.
            continue
    return [(persona.address, grantee) for persona in personas for grantee in grantees]


@pytest.mark.parametrize("seed", range(3))
def test_the_words_are_those_of_the_chain(local_chain, suite, relayer, index, seed):
    words = history(local_chain, suite, relayer, seed, 60)
    index.sync()
    replayed = index.replay()
    rows = {(row.subject, row.grantee): row for row in index.consents()}
    for subject, grantee in words:
        standing = suite.standing(subject, grantee, subject)
        assert replayed.grant(subject, grantee) == standing.grant
        assert replayed.head(subject) == standing.head
        if (subject, grantee) in rows:
            row = rows[subject, grantee]
            assert row.word == standing.grant
            assert row.word.pack() == int.from_bytes(row.word.pack().to_bytes(32, "big"), "big")
    assert len(rows) > 4


def test_a_live_consent_is_live_until_it_ends(suite, relayer, subject, physician, index):
    now = suite.now()
    grantee = grantee_of_account(physician.address)
    relayer.send(acts.grant(suite, subject, terms(now, grantee)))
    index.sync()
    (row,) = index.consents([subject.address])
    assert row.notice == b"\x01" * 32
    assert row.is_live(now) and not row.is_live(now + 30 * DAY) and not row.is_live(now - 1)
    relayer.send(acts.withdraw_all(suite, subject).call)
    index.sync()
    (row,) = index.consents([subject.address])
    assert not row.is_live(now)
    assert index.consents([]) == []


@pytest.mark.parametrize("group", [0, 7, (1 << 96) - 1])
def test_a_grant_as_a_desk_saw_it(suite, relayer, subject, index, group):
    """Anybody has whatever is granted seen, and stops nobody's index by it."""
    grantee = group.to_bytes(12, "big") + bytes.fromhex(suite.market.address[2:])
    now = suite.now()
    relayer.send(acts.grant(suite, subject, terms(now, grantee)))
    receipt = relayer.send(suite.market.follow_consent(subject.address, group))
    relayer.send(acts.grant(suite, subject, terms(now, grantee, valid_until=now + DAY)))
    index.sync()

    (seen,) = index.sightings([subject.address], grantee=grantee).values()
    (row,) = index.consents([subject.address], grantee)
    assert (seen.since, seen.word.valid_until, seen.block) == (
        (seen.word.grants, now + 30 * DAY, receipt.block_number)
    )
    assert row.word.grants == seen.word.grants + 1
    assert suite.node.block(receipt.block_number).timestamp == seen.seen_at


def test_records_and_what_became_of_them(suite, relayer, subject, index):
    relayer.send(acts.anchor(suite, subject, b"\x11" * 32, b"\x12" * 32))
    relayer.send(acts.supersede(suite, subject, b"\x13" * 32, b"\x14" * 32))
    relayer.send(acts.retract(suite, subject, b"\x13" * 32))
    index.sync()
    (record,) = index.records([subject.address])
    assert (record.root, record.batch) == (b"\x11" * 32, b"\x12" * 32)
    evidence = suite.records.verify(subject.address, record.root, record.root, [])
    assert record.anchored_at == evidence.anchored_at
    (end,) = index.record_ends([subject.address])
    assert end.successor is None


def test_a_published_key_is_whole_until_revoked(suite, researcher, index):
    sender = Sender(suite, researcher)
    key = bytes(range(48)) * 25
    sender.send(suite.participants.publish_key(key))
    with pytest.raises(IndexBehindError):
        index.published_key(researcher.address)
    index.sync()
    assert index.published_key(researcher.address) == key
    sender.send(suite.participants.revoke_key())
    assert index.published_key(researcher.address) is None


def test_institutions_and_members(suite, relayer, owners, institution, physician, index):
    wallet = suite.participants.authority()
    authority = LocalAuthority(suite, wallet, owners)
    receipt = relayer.send(authority.call(suite.participants.open_institution(institution.address)))
    number = next(one for one in receipt.events if one.name == "InstitutionOpened").args["number"]
    proposals = [suite.participants.propose_accreditation(institution.address, Role.ISSUER)]
    relayer.send_all(authority.call_all(proposals))
    relayer.send(suite.participants.accredit(institution.address))
    until = suite.now() + DAY
    Sender(suite, institution).send(suite.participants.set_member(number, physician.address, until))
    index.sync()
    assert index.institutions()[-1].account == institution.address
    assert index.memberships(physician.address, until - 1) == [number]
    assert index.memberships(physician.address, until) == []
    grantee = grantee_of_group(number, suite.participants.address)
    assert suite.key_holder(grantee) == institution.address


def test_earlier_personas_are_followed(suite, relayer, subject, index):
    second, third, stranger = (Account.create() for _ in range(3))
    index.sync()
    assert index.earlier([third.address]) == {}
    relayer.send(guardian_acts.succeed(suite, subject, second))
    relayer.send(guardian_acts.succeed(suite, second, third))
    index.sync()

    both = {subject.address: third.address, second.address: third.address}
    assert index.earlier([third.address]) == both
    assert index.earlier([second.address]) == {subject.address: second.address}
    assert index.earlier([subject.address, stranger.address]) == {}
    assert index.earlier([]) == {}


@pytest.mark.parametrize("depth", [1, 5, 40])
def test_a_reorganisation_leaves_what_a_clean_index_has(
    local_chain, suite, relayer, subject, index, depth, tmp_path
):
    for at in range(depth + 2):
        root = bytes([depth, at + 1]) + bytes(30)
        relayer.send(acts.anchor(suite, subject, root, bytes(32)))
    index.sync()
    before = index.block
    local_chain.ask("anvil_reorg", depth, [])
    local_chain.mine()
    index.sync()
    with Index(":memory:", suite) as clean:
        clean.sync()
        assert tables(index) == tables(clean)
        assert len(index.records([subject.address])) <= 3
    assert index.block != before


def test_it_goes_on_after_a_restart(suite, relayer, subject, tmp_path):
    path = tmp_path / "index.sqlite"
    with Index(path, suite) as first:
        assert first.sync() > 0
    relayer.send(acts.anchor(suite, subject, b"\x21" * 32, bytes(32)))
    with Index(path, suite) as second:
        assert second.sync() >= 1
        assert second.sync() == 0
        with Index(":memory:", suite) as clean:
            clean.sync()
            assert tables(second) == tables(clean)


def test_a_failure_inside_a_chunk_writes_nothing(suite, relayer, subject, index, monkeypatch):
    relayer.send(acts.anchor(suite, subject, b"\x22" * 32, bytes(32)))
    before, at = tables(index), index.block

    def fails(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patched:
        patched.setattr("aceso.index._fold.Fold.apply", fails)
        with pytest.raises(sqlite3.OperationalError):
            index.sync()
    assert (tables(index), index.block) == (before, at)
    assert index.sync() >= 1


def test_a_node_that_limits_what_it_tells_is_asked_for_less(suite, monkeypatch):
    ask = suite.node.logs

    def limited(addresses, *, first, last, topics=()):
        if last - first >= 5:
            raise NodeRefusedError("eth_getLogs", "query returned more than 10000 results")
        return ask(addresses, first=first, last=last, topics=topics)

    with Index(":memory:", suite) as clean, Index(":memory:", suite) as index:
        clean.sync()
        monkeypatch.setattr(suite.node, "logs", limited)
        index.sync()
        monkeypatch.undo()
        clean.sync()
        index.sync()
        assert tables(index) == tables(clean)


def test_a_node_that_knows_less_is_an_alarm(suite, index, monkeypatch):
    monkeypatch.setattr(suite.node, "height", lambda: index.block[0] - 1)
    before = tables(index)
    with pytest.raises(IndexBehindError):
        index.sync()
    assert tables(index) == before


def test_a_file_of_another_deployment_is_refused(suite, tmp_path):
    path = tmp_path / "index.sqlite"
    Index(path, suite).close()
    moved = Deployed("0x" + "44" * 20, 1, [])
    contracts = suite.deployment.contracts | {"ConsentRegistry": moved}
    other = Suite(suite.node, dataclasses.replace(suite.deployment, contracts=contracts))
    with pytest.raises(IndexChainError):
        Index(path, other)
