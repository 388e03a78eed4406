"""A study's whole way, by the bindings, and what the index then says.

opened, approved, enrolled in by signature, amended, settled, closed
+ each step is found: by the researcher, by the subject, by the study
+ a study that takes people is told by its newest revision; one that is closed or over is not
+ what was read again is the same
"""

from __future__ import annotations

import dataclasses

import pytest

from aceso.chain import (
    Committee,
    LocalAuthority,
    OrderState,
    Protocol,
    RefusedError,
    Sender,
    StudyTerms,
    Terms,
    acts,
    grantee_of_group,
    study_acts,
)
from aceso.codes import DataClass, Role, Use
from aceso.index import Index
from tests.python.chain.conftest import account

DAY = 86_400
PRICE = 3 * 10**18
PROTOCOL = Protocol(b"\x0c" * 32, b"\x0d" * 32, b"\x0e" * 32)


@pytest.fixture
def committee(suite, relayer, owners):
    """Two custodians of two institutions, registered: its number, and the board's institution."""
    authority = LocalAuthority(suite, suite.participants.authority(), owners)
    people = suite.participants
    members = tuple(account(place).address for place in (31, 32))
    board = account(33)
    numbers = []
    for _ in range(3):
        receipt = relayer.send(authority.call(people.open_institution(relayer.address)))
        found = (one for one in receipt.events if one.name == "InstitutionOpened")
        numbers.append(next(found).args["number"])
    roles = [(who, Role.CUSTODIAN) for who in members] + [(board.address, Role.ETHICS_BOARD)]
    until = suite.now() + 900 * DAY
    for number, (who, role) in zip(numbers, roles, strict=True):
        relayer.send(people.set_member(number, who, until))
        relayer.send_all(authority.call_all([people.propose_accreditation(who, role)]))
        relayer.send(people.accredit(who))
    receipt = relayer.send(people.register_committee(Committee(members, 2), numbers[:2]))
    number = next(one for one in receipt.events if one.name == "CommitteeRegistered").args["number"]
    return number, numbers[2], board


def test_a_study_and_who_enrolled_in_it(
    local_chain, suite, relayer, owners, researcher, subject, committee, tmp_path
):
    number, institution, board = committee
    authority = LocalAuthority(suite, suite.participants.authority(), owners)
    proposed = [suite.participants.propose_accreditation(researcher.address, Role.RESEARCHER)]
    relayer.send_all(authority.call_all(proposed))
    relayer.send(suite.participants.accredit(researcher.address))
    sender, studies = Sender(suite, researcher), suite.studies
    terms = StudyTerms(
        researcher=researcher.address,
        price=PRICE,
        committee=number,
        duration=30 * DAY,
        use=Use.HMB,
        classes=DataClass.LABS,
        delivery_period=DAY,
        deadline=suite.now() + 90 * DAY,
        cap=5,
    )
    sender.send(suite.sale.buy(10**16))
    sender.send(suite.coin.approve(studies.address, 2 * PRICE))
    sender.send(studies.open(terms, PROTOCOL))
    study = studies.study_count()
    group = studies.group_of(study, 1)
    sender.send(studies.fund(study, 2 * PRICE))
    Sender(suite, board).send(studies.approve_study(group, institution))
    assert studies.board_of(group) == board.address
    assert studies.get_study(group) == terms

    grantee = grantee_of_group(group, studies.address)
    now = suite.now()
    granted = Terms(grantee, DataClass.LABS, Use.HMB, 0, 0, now, now + 90 * DAY, bytes(32))
    relayer.send(acts.grant(suite, subject, granted))
    relayer.send(study_acts.enrol(suite, subject, group))
    newer = dataclasses.replace(terms, price=PRICE - 1)
    sender.send(studies.amend(study, newer, PROTOCOL))
    with pytest.raises(RefusedError) as refusal:
        relayer.send(study_acts.enrol(suite, subject, group))
    assert refusal.value.error == "StudyRevisedSince"

    with Index(tmp_path / "index.sqlite", suite) as index:
        index.sync()
        first, second = index.studies(researchers=[researcher.address])[-2:]
        assert (first.group, first.terms, first.board) == (group, terms, board.address)
        assert (second.group, second.terms, second.board) == (group + 1, newer, None)
        assert first.protocol == PROTOCOL
        assert index.studies(suite.now())[-1] == second
        assert study not in {row.study for row in index.studies(terms.deadline)}
        (row,) = index.enrolments(subjects=[subject.address])
        assert (row.study, row.revision, row.place, row.state) == (study, 1, 1, OrderState.OPEN)
        assert (row.price, row.researcher) == (PRICE, researcher.address)
        assert index.enrolments([researcher.address]) == index.enrolments(studies=[study]) == [row]
        assert index.orders(subjects=[subject.address]) == []

        local_chain.advance_time(2 * DAY)
        relayer.send(studies.settle(row.order))
        sender.send(studies.close(study))
        index.sync()
        (row,) = index.enrolments(subjects=[subject.address])
        assert (row.state, row.earned, row.refunded) == (OrderState.SETTLED, 0, PRICE)
        assert study not in {row.study for row in index.studies(suite.now())}
        assert studies.state_of(study).is_closed
        assert studies.credit_of(researcher.address) == 2 * PRICE
        with Index(":memory:", suite) as again:
            again.sync()
            assert again.enrolments() == index.enrolments()
            assert again.studies() == index.studies()
