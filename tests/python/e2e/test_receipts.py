"""
who was given what (`check_logs`)
├── a physician, a colleague through the gateway, the person: who, what, for what, through whom
├── what was refused is nobody's access
├── reading the log is in the log
├── heads
│   ├── signed heads are anchored by whoever has them, and the next log must continue them
│   ├── a log that was put back to an earlier state is told by what is on chain, and by what this
│   │   device saw; its custodian is named
│   └── a log that went another way since then is told too, at whatever length
├── a custodian that keeps a receipt back, skips one, rewrites one or proves nothing is named, and
│   what the others show is still shown
└── a custodian that doesn't answer is no liar
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from aceso.codes import DataClass, Use
from aceso.custody import CustodianDownError, DeniedError, FalseLogError
from aceso.flows import Person, anchor_heads, check_logs

LABS = DataClass.LABS
LYING = str(Path(__file__).with_name("lying_log.py"))


@pytest.fixture
def shared(world, person, physician, bundle):
    """A person whose laboratory results a physician was given."""
    person.import_files([bundle()])
    person.share(physician.grantee, classes=LABS, uses=Use.TREAT, seconds=3600)
    world.confirm()
    return person


def opens(reader, person, grantee, place):
    """Open everything that the grantee's persona shows."""
    subject = person.persona_for(grantee).address
    return list(reader.open_all(subject, classes=LABS, folder=place))


def of(report, actor, act):
    return [one for one in report.accesses if (one.actor, one.act) == (actor, act)]


def codes(report):
    return sorted(one.code for one in report.problems)


def test_who_was_given_what(world, shared, physician, stranger, tmp_path):
    opened = opens(physician, shared, physician.grantee, tmp_path)
    assert len(opened) == 2
    with pytest.raises(DeniedError):
        opens(stranger, shared, physician.grantee, tmp_path)

    report = check_logs(shared)

    assert report.problems == [] and report.liars == []
    (listed,) = of(report, physician.account.address, "list")
    assert (listed.data_class, listed.use, listed.grantee) == (LABS, Use.TREAT, physician.grantee)
    assert listed.count == 1 and len(listed.times) == 3
    released = of(report, physician.account.address, "release")
    held = {key for key, note in shared.records() if note.data_class == LABS}
    assert {one.record_id for one in released} == held and len(held) == 2
    for one in released:
        assert one.is_complete and len(one.times) >= 2 and one.needed == 2
        assert one.first <= one.last <= world.network.suite.now()
    assert not of(report, stranger.account.address, "list")


def test_reading_the_log_is_in_it(shared):
    before = [one for one in check_logs(shared).accesses if one.act == "log"]
    after = [one for one in check_logs(shared).accesses if one.act == "log"]
    assert [one.count + 1 for one in before] == [one.count for one in after]


def test_heads_are_anchored_and_must_be_continued(world, shared):
    first = check_logs(shared)
    sent = anchor_heads(shared.network, first)

    assert len(sent) == 3
    for address, head in first.heads.items():
        anchored = world.network.suite.access_log.head_of(address)
        assert (anchored.size, anchored.root) == (head.size, head.root)
    again = check_logs(shared)
    assert again.problems == []
    assert all(again.heads[one].size > first.heads[one].size for one in first.heads)
    assert all(again.anchored[one].size == first.heads[one].size for one in first.heads)


@pytest.mark.parametrize("noticed", ["on chain", "by this device"])
def test_a_log_that_was_put_back_is_noticed(world, shared, physician, tmp_path, noticed):
    keeper = world.keepers[1]
    backup = tmp_path / "backup"
    keeper.kill()
    shutil.copytree(keeper.folder, backup)
    keeper.start()
    report = check_logs(shared)
    if noticed == "on chain":
        anchor_heads(shared.network, report)
        # Another device of theirs, that saw nothing before.
        shared = Person(world.network, world.profile("person", shared.profile.seed))
        shared.restore()
    opens(physician, shared, physician.grantee, tmp_path / "opened")
    if noticed == "by this device":
        check_logs(shared)

    keeper.kill()
    kept = tmp_path / "kept"
    shutil.copytree(keeper.folder, kept)
    _put(backup, keeper.folder)
    keeper.start()
    try:
        shrunk = check_logs(shared)
        assert shrunk.liars == [keeper.address]
        (code,) = codes(shrunk)
        assert code in ("E_LOG_SHRANK", "E_LOG_WITHHELD", "E_LOG_FORKED")
        # It grows again, to more than it had: the person reads on.
        for _ in range(12):
            forked = check_logs(shared)
        assert forked.liars == [keeper.address]
        assert codes(forked) == ["E_LOG_FORKED"]
        assert of(forked, physician.account.address, "list")
    finally:
        keeper.kill()
        _put(kept, keeper.folder)
        keeper.start()


def _put(source, target):
    shutil.rmtree(target)
    shutil.copytree(source, target)


@pytest.mark.parametrize(
    ("lie", "code"),
    [
        ("keeps-back", "E_LOG_WITHHELD"),
        ("skips", "E_LOG_RECEIPT"),
        ("rewrites", "E_LOG_RECEIPT"),
        ("misproves", "E_LOG_RECEIPT"),
    ],
)
def test_who_lies_about_a_receipt_is_named(world, shared, physician, tmp_path, lie, code):
    opens(physician, shared, physician.grantee, tmp_path)
    assert check_logs(shared).problems == []
    keeper = world.keepers[0]
    keeper.kill()
    keeper.start(LYING, lie)
    try:
        report = check_logs(shared)
    finally:
        keeper.kill()
        keeper.start()

    assert report.liars == [keeper.address]
    (problem,) = report.problems
    assert isinstance(problem, FalseLogError) and problem.code == code
    (listed,) = of(report, physician.account.address, "list")
    assert {world.keepers[1].address, world.keepers[2].address} <= set(listed.times)


def test_who_does_not_answer_is_no_liar(world, shared):
    with world.down(world.keepers[2]):
        report = check_logs(shared)
    (problem,) = report.problems
    assert isinstance(problem, CustodianDownError)
    assert report.liars == [] and len(report.heads) == 2
