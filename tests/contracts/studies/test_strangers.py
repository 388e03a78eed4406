"""
Every function of Studies that changes state, called by a stranger
└── moves nothing of a study, a revision, an order, a credit, an allowance or a balance of others
    (R4)
"""

import pytest

from tests.contracts.doors.test_strangers import call_as_a_stranger
from tests.contracts.stateful.test_strangers import functions


@pytest.fixture
def order(research):
    """A study with two orders, one delivered; and an approved one that nobody is enrolled in."""
    group = research.open()
    research.deliver(research.enrol(group))
    found = research.enrol(group, research.other)
    second = research.open()
    assert second == 2 << 16 | 1
    research.studies.approveStudy(second, 6, {"from": research.board})
    return found


@pytest.fixture
def picture(research, order):
    def take():
        studies, coin = research.studies, research.coin
        found = [tuple(studies.stateOf(number)) for number in (1, 2)]
        for group in (1 << 16 | 1, 2 << 16 | 1):
            found += [tuple(studies.getStudy(group)), studies.boardOf(group)]
        for subject in (research.subject, research.other):
            token = studies.orderOf(1, subject)[0]
            found += [tuple(studies.getOrder(token)), studies.ownerOf(token)]
        people = (research.subject, research.other, research.researcher, research.custodians[0])
        for account in (*people, studies):
            found += [
                coin.balanceOf(account),
                coin.allowance(account, studies),
                studies.creditOf(account),
            ]
        return [*found, coin.totalSupply(), research.fees(1, research.commons)]

    return take


@pytest.mark.parametrize("name", functions("Studies"))
def test_moves_nothing_of_another(research, order, picture, name):
    before = picture()

    call_as_a_stranger(research, order, "Studies", name, research.studies)

    assert picture() == before
