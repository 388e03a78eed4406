"""
Disputes.draw, of an order of a union
├── three who have nothing to do with it
└── never one who
    ├── is a member, or was one when it was delivered
    └── belongs with the union's voucher
"""

import pytest
from brownie import project

from aceso.codes import Role
from tests.contracts.actors import employ
from tests.contracts.trading import COIN, DAY, FOREVER, ZERO, mine_blocks
from tests.contracts.uniting import Unity

SAID = "0x" + "5a" * 32
FIRST_INSTITUTION = 6


@pytest.fixture(scope="module")
def unity(accounts):
    """Unions whose deliveries are judged."""
    (loaded,) = project.get_loaded_projects()
    made = Unity(loaded, accounts, 3 * DAY, (60 * COIN, 4 * COIN, 7 * DAY, 14 * DAY))
    made.coin.approve(made.disputes, 1000 * COIN, {"from": made.buyer})
    return made


@pytest.fixture(scope="module")
def evaluators(unity, accounts):
    """Three who can be drawn, of institutions of their own; the first may become a member."""
    found = [unity.people[4], accounts[14], accounts[15]]
    staff = [(each, Role.EVALUATOR, at) for at, each in enumerate(found, FIRST_INSTITUTION)]
    employ(unity.participants, unity.authority, staff, institutions=len(found))
    for place, each in enumerate(found, start=FIRST_INSTITUTION):
        unity.disputes.joinPanel(place, {"from": each})
    return found


@pytest.fixture
def drawn(unity, evaluators):
    """Who is drawn to judge the delivery of an order."""

    def act(order):
        unity.accuse(order, unity.subject)
        tx = unity.disputes.open(unity.unions, order, 0, SAID, {"from": unity.buyer})
        number = int(tx.events["DisputeOpened"]["number"])
        mine_blocks(97)
        unity.disputes.draw(number, unity.committees[1], {"from": unity.stranger})
        return {unity.disputes.seatOf(number, seat)[0] for seat in range(3)}

    return act


def test_draws_three_who_have_nothing_to_do_with_it(unity, evaluators, drawn):
    _number, order, _start = unity.sold(2)

    assert drawn(order) == set(evaluators)


@pytest.mark.parametrize("since", ["still", "left"])
def test_not_a_member(unity, evaluators, drawn, since):
    number = unity.open(2)
    unity.join(number, evaluators[0])
    order = unity.purchase(number)
    unity.deliver_of(order, unity.people[:2])
    if since == "left":
        unity.unions.leave(number, {"from": evaluators[0]})

    assert drawn(order) == {*evaluators[1:], ZERO}


def test_not_of_the_vouchers_institution(unity, evaluators, drawn):
    _number, order, _start = unity.sold(2)
    by = {"from": unity.authority}
    unity.participants.setMember(FIRST_INSTITUTION, unity.voucher, FOREVER, 0, by)

    assert drawn(order) == {*evaluators[1:], ZERO}
