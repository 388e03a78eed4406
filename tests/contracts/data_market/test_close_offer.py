"""
closeOffer, closeOfferWithSig
├── the subject closes: no more buyers; one event; live orders go on
├── closed twice, or before anybody bought: succeeds
├── by signature: the same, whoever sends it and whenever
├── there is no such offer, or the caller is not its subject: refuses
└── the signature is of another offer or of another person: refuses
"""

import brownie
import pytest

from tests.contracts.trading import DURATION, PRICE, ZERO, terms
from tests.support import typed

pytestmark = pytest.mark.both_chains


@pytest.fixture
def closure(trade):
    def sign(number, signer=None, subject=None):
        message = {"subject": str(subject or trade.subject), "offer": number}
        return trade.sign(signer or trade.subject, "OfferClosure", **message)

    return sign


def test_says_so_and_keeps_the_other_terms(trade, market):
    number = trade.offer()

    tx = market.closeOffer(number, {"from": trade.subject})

    assert tuple(market.getOffer(number)) == tuple(terms(trade.subject, deliveryPeriod=0).values())
    assert len(tx.events) == 1
    assert tx.events["OfferClosed"] == {"number": number}


def test_live_orders_go_on(trade, market, bought):
    market.closeOffer(1, {"from": trade.subject})

    start = trade.deliver(bought).timestamp
    tx = trade.settle(bought, at=start + DURATION)

    assert tx.events["OrderSettled"]["earned"] == PRICE


def test_twice(trade, market):
    number = trade.offer()
    market.closeOffer(number, {"from": trade.subject})

    assert len(market.closeOffer(number, {"from": trade.subject}).events) == 1


def test_by_signature(trade, market, closure):
    number = trade.offer()
    signature = closure(number)
    trade.at(trade.now + 10 * 365 * 86400)

    by = {"from": trade.relayer}
    tx = market.closeOfferWithSig(trade.subject, number, signature, by)

    assert market.getOffer(number)[10] == 0
    assert len(tx.events) == 1
    assert tx.events["OfferClosed"] == {"number": number}


@pytest.mark.parametrize("number", [0, 2])
def test_refuses_what_is_not_there(trade, market, number):
    trade.offer()

    with brownie.reverts(typed("OfferNotSubject", number, trade.subject)):
        market.closeOffer(number, {"from": trade.subject})


def test_refuses_who_is_not_the_subject(trade, market):
    number = trade.offer()

    with brownie.reverts(typed("OfferNotSubject", number, trade.stranger)):
        market.closeOffer(number, {"from": trade.stranger})


def test_refuses_the_signature_of_another_offer(trade, market, closure):
    first, second = trade.offer(), trade.offer()

    with brownie.reverts(typed("MarketInvalidSignature", trade.subject)):
        by = {"from": trade.relayer}
        market.closeOfferWithSig(trade.subject, second, closure(first), by)
    assert market.getOffer(second)[10] != 0


def test_refuses_the_signature_of_another_person(trade, market, closure):
    number = trade.offer()
    by = {"from": trade.relayer}

    with brownie.reverts(typed("MarketInvalidSignature", trade.subject)):
        signature = closure(number, signer=trade.buyer)
        market.closeOfferWithSig(trade.subject, number, signature, by)
    with brownie.reverts(typed("OfferNotSubject", number, trade.buyer)):
        signature = closure(number, signer=trade.buyer, subject=trade.buyer)
        market.closeOfferWithSig(trade.buyer, number, signature, by)


def test_nobody_closes_an_offer_that_is_not_there(trade, market):
    with brownie.reverts(typed("OfferNotSubject", 7, ZERO)):
        market.closeOfferWithSig(ZERO, 7, "0x" + "00" * 65, {"from": trade.relayer})
