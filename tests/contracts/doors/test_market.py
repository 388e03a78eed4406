"""
The doors of DataMarket (doors.toml), each of them
├── permitted: its trace holds a `decide` with the same subject, actor, use and classes
└── deployed on a registry that denies: refuses with the reason, and nothing is bought
"""

import tomllib
from pathlib import Path

import brownie
import pytest

from aceso.codes import Reason
from tests.contracts.doors.tracing import decisions
from tests.contracts.trading import HMB, KEY, LABS, terms
from tests.support import typed

ROOT = Path(__file__).resolve().parents[3]
DOORS = ("DataMarket.buy", "DataMarket.buyWithPermit")
OTHER_DOORS = (
    *("Studies.enrol", "Studies.enrolWithSig"),
    *("Unions.join", "Unions.joinWithSig"),
)


def test_these_are_all_doors_of_the_contracts():
    text = (ROOT / "doors.toml").read_text(encoding="utf-8")
    found = [name for name, entry in tomllib.loads(text)["contract"].items() if entry["door"]]

    assert tuple(found) == DOORS + OTHER_DOORS


@pytest.fixture
def enter(trade):
    """Walk through a door of `market` as the buyer."""

    def walk(door, market, number):
        by = {"from": trade.buyer}
        if door == "DataMarket.buy":
            return market.buy(number, KEY, by)
        # A permit that is none: the allowance that is there already counts.
        return market.buyWithPermit(number, KEY, 0, 27, b"\x01" * 32, b"\x01" * 32, by)

    return walk


@pytest.mark.parametrize("door", DOORS)
def test_asks_decide_about_what_it_sells(trade, market, enter, door):
    number = trade.offer()

    tx = enter(door, market, number)

    group = bytes.fromhex(trade.group(number)[2:])
    assert decisions(tx, trade.consents) == [
        (trade.subject.address.lower(), trade.buyer.address.lower(), group, HMB, LABS, 0)
    ]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("reason", [Reason.BARRED, Reason.WITHDRAWN, Reason.GROUP_SILENT])
def test_refuses_with_the_reason(trade, enter, request, door, reason):
    by = {"from": trade.deployer}
    denying = request.getfixturevalue("FixedRegistry").deploy(False, int(reason), by)
    market = request.getfixturevalue("DataMarket").deploy(
        denying, trade.participants, trade.coin, trade.commons, trade.disputes, 0, by
    )
    trade.coin.approve(market, 10**24, {"from": trade.buyer})
    tx = market.offer(tuple(terms(trade.subject).values()), {"from": trade.subject})
    number = int(tx.events["OfferMade"]["number"])
    before = trade.coin.balanceOf(trade.buyer)

    with brownie.reverts(typed("OrderDenied", int(reason))):
        enter(door, market, number)

    assert trade.coin.balanceOf(trade.buyer) == before
    assert trade.coin.balanceOf(market) == 0
