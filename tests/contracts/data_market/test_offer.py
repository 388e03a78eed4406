"""
offer, offerWithSig
├── terms within bounds
│   ├── numbers the offer, keeps its terms, says so in one event
│   ├── also at every bound
│   └── by signature: the same, whoever sends it; the nonce rises
├── a term is empty, unknown or out of bounds: refuses, names the term
├── the subject is not the sender: refuses
└── the signature
    ├── at its deadline: accepted; a second later: refused
    ├── without one: refused, but to the subject itself
    ├── is used twice: refused
    ├── is of something else, or of somebody else: refused
    └── is a contract wallet's: asked of the wallet
"""

import brownie
import pytest

from aceso.codes import Use
from tests.contracts.trading import DAY, LABS, ZERO, terms
from tests.support import typed

pytestmark = pytest.mark.both_chains

YEARS = 1827 * DAY
PLACES = list(terms(ZERO))


@pytest.fixture
def signed(trade, market):
    """Make an offer by signature; `signed` replaces what was signed."""

    def offer(deadline, changed=None, nonce=None, signer=None, **terms_):
        offered = terms(trade.subject, **terms_)
        nonce = market.nonces(trade.subject) if nonce is None else nonce
        message = offered | {"nonce": nonce, "deadline": deadline} | (changed or {})
        signature = trade.sign(signer or trade.subject, "Offer", **message)
        by = {"from": trade.relayer}
        return market.offerWithSig(tuple(offered.values()), deadline, signature, by)

    return offer


def test_numbers_and_keeps_it(trade, market):
    offered = terms(trade.subject, institution=str(trade.institution), institutionBps=1000)

    tx = market.offer(tuple(offered.values()), {"from": trade.subject})

    assert market.offerCount() == 1
    assert tuple(market.getOffer(1)) == tuple(offered.values())
    assert len(tx.events) == 1
    made = tx.events["OfferMade"]
    assert (made["number"], made["subject"]) == (1, trade.subject)
    assert tuple(made["terms"]) == tuple(offered.values())


def test_numbers_rise_by_one(trade):
    assert [trade.offer() for _ in range(3)] == [1, 2, 3]


@pytest.mark.parametrize(
    "changed",
    [
        {"price": 1},
        {"price": 2**96 - 1},
        {"duration": 1},
        {"duration": YEARS},
        {"deliveryPeriod": 1},
        {"deliveryPeriod": 30 * DAY},
        {"classes": 0x01FFFFFF},
        {"use": int(Use.DS), "disease": 1},
        {"conditions": 2**24 - 1},
        {"committee": 2},
        {"originShown": True},
    ],
)
def test_takes_every_bound(trade, market, changed):
    offered = terms(trade.subject, **changed)

    market.offer(tuple(offered.values()), {"from": trade.subject})

    assert tuple(market.getOffer(1)) == tuple(offered.values())


@pytest.mark.parametrize("bps", [1, 2000])
def test_takes_every_bound_of_a_share(trade, market, bps):
    offered = terms(trade.subject, institution=str(trade.institution), institutionBps=bps)

    market.offer(tuple(offered.values()), {"from": trade.subject})

    assert market.getOffer(1)[5] == bps


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("price", {"price": 0}),
        ("committee", {"committee": 0}),
        ("committee", {"committee": 3}),
        ("duration", {"duration": 0}),
        ("duration", {"duration": YEARS + 1}),
        ("institutionBps", {"institutionBps": 1}),
        ("use", {"use": 0}),
        ("use", {"use": int(Use.HMB | Use.GRU)}),
        ("use", {"use": 1 << 11}),
        ("classes", {"classes": 0}),
        ("classes", {"classes": LABS | 1 << 25}),
        ("disease", {"disease": 1}),
        ("disease", {"use": int(Use.DS)}),
        ("deliveryPeriod", {"deliveryPeriod": 0}),
        ("deliveryPeriod", {"deliveryPeriod": 30 * DAY + 1}),
    ],
)
def test_refuses_a_bad_term(trade, market, name, changed):
    offered = terms(trade.subject, **changed)

    with brownie.reverts(typed("OfferInvalidTerm", PLACES.index(name))):
        market.offer(tuple(offered.values()), {"from": trade.subject})

    assert market.offerCount() == 0


@pytest.mark.parametrize("bps", [0, 2001])
def test_refuses_a_bad_share(trade, market, bps):
    offered = terms(trade.subject, institution=str(trade.institution), institutionBps=bps)

    with brownie.reverts(typed("OfferInvalidTerm", PLACES.index("institutionBps"))):
        market.offer(tuple(offered.values()), {"from": trade.subject})


def test_refuses_an_institution_that_is_no_issuer(trade, market):
    offered = terms(trade.subject, institution=str(trade.stranger), institutionBps=100)

    with brownie.reverts(typed("OfferInvalidTerm", PLACES.index("institution"))):
        market.offer(tuple(offered.values()), {"from": trade.subject})


def test_refuses_somebody_elses_data(trade, market):
    with brownie.reverts(typed("OfferInvalidTerm", PLACES.index("subject"))):
        market.offer(tuple(terms(trade.subject).values()), {"from": trade.stranger})


def test_by_signature_is_the_same(trade, market, signed):
    tx = signed(trade.now + DAY)

    assert tuple(market.getOffer(1)) == tuple(terms(trade.subject).values())
    assert market.nonces(trade.subject) == 1
    assert len(tx.events) == 1
    assert tx.events["OfferMade"]["subject"] == trade.subject


def test_a_signature_ends_after_its_deadline(trade, market, signed):
    deadline = trade.now + DAY
    trade.at(deadline)
    signed(deadline)

    trade.at(deadline + 1)
    with brownie.reverts(typed("MarketExpiredSignature", deadline)):
        signed(deadline)
    assert market.offerCount() == 1


def test_without_a_deadline_nobody_but_the_subject_makes_it(trade, market, signed):
    with brownie.reverts(typed("OfferInvalidTerm", 0)):
        signed(0)
    assert market.offerCount() == 0


def test_what_is_shown_of_origin_is_signed(trade, market, signed):
    with brownie.reverts(typed("MarketInvalidSignature", trade.subject)):
        signed(trade.now + DAY, changed={"originShown": True})
    signed(trade.now + DAY, originShown=True)
    assert market.getOffer(1)["originShown"] is True


def test_a_signature_is_used_once(trade, market, signed):
    deadline = trade.now + DAY
    signed(deadline)

    with brownie.reverts(typed("MarketInvalidSignature", trade.subject)):
        signed(deadline, nonce=0)
    signed(deadline, nonce=1)
    assert market.offerCount() == 2


@pytest.mark.parametrize("name", [*PLACES, "nonce", "deadline"])
def test_every_field_is_signed(trade, signed, name):
    deadline = trade.now + DAY
    good = terms(trade.subject) | {"nonce": 0, "deadline": deadline}
    other = str(trade.stranger) if isinstance(good[name], str) else good[name] + 1

    with brownie.reverts(typed("MarketInvalidSignature", trade.subject)):
        signed(deadline, changed={name: other})


def test_refuses_the_signature_of_another(trade, signed):
    with brownie.reverts(typed("MarketInvalidSignature", trade.subject)):
        signed(trade.now + DAY, signer=trade.buyer)


def test_refuses_an_offer_of_nobody(trade, market):
    """A signature that recovers to nothing is nobody's."""
    offered = terms(ZERO)

    with brownie.reverts(typed("OfferInvalidTerm", PLACES.index("subject"))):
        by = {"from": trade.relayer}
        market.offerWithSig(tuple(offered.values()), trade.now + DAY, "0x" + "00" * 65, by)
