"""A person renews the consent that an order runs by.

followed      seen, granted, cut off before the second sighting; the next sync goes on: paid in full
not followed  paid up to the end of the first grant; then nothing is renewed before it is settled
unconfirmed   nothing newer is signed before the chain confirmed that the older one was seen
withdrawn     meanwhile, on another device: a renewal revives nothing; one that was cut off is seen
              before it is withdrawn
refused       not longer, of whom nothing is sold to, of what nothing depends on
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aceso.chain import RefusedError, grantee_of_account
from aceso.codes import DataClass, Use
from aceso.errors import AcesoError, InputError, ServiceError
from aceso.flows import (
    RESEARCH,
    Coverage,
    Network,
    Person,
    Renewing,
    Researcher,
    Seller,
    base_units,
    coverage,
    find_sale,
    part_of_subject,
    renewing,
)

from .conftest import Bundle, World

_DAY = 24 * 60 * 60
_PRICE = base_units("120")
_DURATION = 30 * _DAY


@pytest.fixture
def seller(person: Person) -> Seller:
    return Seller(person)


def _offer(seller: Seller) -> tuple[int, bytes]:
    number, _ = seller.offer(
        classes=DataClass.LABS,
        use=Use.HMB,
        price=_PRICE,
        seconds=_DURATION,
        delivery_seconds=7 * _DAY,
    )
    return number, seller.grantee(number)


@pytest.fixture
def sold(
    world: World, person: Person, seller: Seller, researcher: Researcher, bundle: Bundle
) -> tuple[int, bytes]:
    """An order that was bought twenty days after the grant, and runs thirteen longer than that."""
    person.import_files([bundle()])
    number, grantee = _offer(seller)
    researcher.buy_coin(wei=_PRICE // world.network.suite.sale.rate() + 1)
    world.devnet.chain.advance_time(20 * _DAY)
    order = researcher.buy(number).order
    world.confirm()
    seller.deliver(order)
    return order, grantee


def _once(act: Callable[..., object]) -> Callable[..., object]:
    """Do it once, and fail after that."""
    left = [act]

    def done(*given: object) -> object:
        if not left:
            raise AcesoError("It fails.", code="E_TEST")
        return left.pop()(*given)

    return done


def _coverage(network: Network, order: int) -> Coverage:
    (found,) = coverage(network, [find_sale(network, order)])
    return found


def _word(person: Person, grantee: bytes) -> tuple[int, int, bool]:
    """How often it was granted to, until when, and whether that is in force."""
    network = person.network
    (row,) = network.synced().consents([person.persona(RESEARCH).address], grantee)
    return row.word.grants, row.valid_until, row.is_live(network.suite.now())


def test_an_order_is_paid_in_full_over_a_renewal_that_was_cut_off(
    world: World,
    person: Person,
    researcher: Researcher,
    sold: tuple[int, bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order, grantee = sold
    network, market = world.network, world.network.suite.market
    _, first, _ = _word(person, grantee)
    assert (_coverage(network, order).until, _coverage(network, order).is_whole) == (first, False)

    plan = Renewing(person).plan(grantee)
    seen = []

    def cut_off(*given: object) -> object:
        seen.append(given)
        if len(seen) > 1:
            raise KeyboardInterrupt
        return real(*given)

    real = renewing.see
    monkeypatch.setattr(renewing, "see", cut_off)
    with pytest.raises(KeyboardInterrupt):
        Renewing(person).renew(plan, until=network.suite.now() + plan.seconds, notice=b"\1" * 32)
    between = _coverage(network, order)
    assert (between.see_by, between.is_whole) == (first, True)

    another = Person(network, world.profile("person", person.profile.seed))
    another.sync()

    after = _coverage(network, order)
    assert (after.see_by, after.until) == (0, market.get_order(order)[0].end)
    another.sync()
    assert (
        len(
            [
                one
                for one in network.index.events("ConsentFollowed")
                if one.args["subject"] == person.persona(RESEARCH).address
            ]
        )
        == 2
    )
    world.devnet.chain.advance_time(first - network.suite.now() + _DAY)
    with pytest.raises(RefusedError) as early:
        researcher.settle(order)
    assert early.value.error == "OrderNotOver"
    world.devnet.chain.advance_time(_DURATION)
    researcher.settle(order)
    assert find_sale(network, order).earned == _PRICE
    assert market.credit_of(person.persona(RESEARCH).address) == part_of_subject(_PRICE, 0)


def test_one_that_was_not_followed_is_paid_up_to_the_end_of_the_first_grant(
    world: World,
    person: Person,
    seller: Seller,
    researcher: Researcher,
    sold: tuple[int, bytes],
) -> None:
    order, grantee = sold
    network = world.network
    _, first, _ = _word(person, grantee)
    start = network.suite.market.get_order(order)[0].start

    world.devnet.chain.advance_time(first - network.suite.now())

    with pytest.raises(InputError) as over:
        Renewing(person).plan(grantee)
    assert over.value.code == "E_RENEW_OVER"
    assert _coverage(network, order).until == first
    researcher.settle(order)
    earned = _PRICE * (first - start) // _DURATION
    assert 0 < earned < _PRICE
    assert find_sale(network, order).earned == earned
    # Nothing runs by it any more, so the open offer is granted to anew, as it says.
    plan = Renewing(person).plan(grantee)
    assert (plan.is_new, plan.classes) == (True, DataClass.LABS)
    Renewing(person).renew(plan, until=network.suite.now() + plan.seconds, notice=bytes(32))
    assert _word(person, grantee)[2]
    seller.close(int.from_bytes(grantee[:12], "big"))
    with pytest.raises(InputError) as nothing:
        Renewing(person).plan(grantee)
    assert nothing.value.code == "E_RENEW_NOTHING"


def test_nothing_newer_is_signed_before_the_sighting_is_confirmed(
    person: Person, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, grantee = _offer(seller)
    network, mine = person.network, Renewing(person)
    until = network.suite.now() + 60 * _DAY

    with monkeypatch.context() as patch:
        patch.setattr(network, "wait_for_block", lambda number: False)
        with pytest.raises(ServiceError) as unconfirmed:
            mine.renew(mine.plan(grantee), until=until, notice=bytes(32))
    assert unconfirmed.value.code == "E_RENEW_UNCONFIRMED"
    assert _word(person, grantee)[0] == 1

    # The first sighting is not asked for again.
    done = mine.renew(mine.plan(grantee), until=until, notice=bytes(32))
    assert len(done.receipts) == 2
    assert _word(person, grantee) == (2, until, True)


def test_a_renewal_revives_nothing_and_refuses_what_gains_nothing(
    person: Person, seller: Seller
) -> None:
    _, grantee = _offer(seller)
    mine = Renewing(person)
    plan = mine.plan(grantee)
    with pytest.raises(InputError) as shorter:
        mine.renew(plan, until=plan.terms.valid_until, notice=bytes(32))
    with pytest.raises(InputError) as whom:
        mine.plan(grantee_of_account(person.persona(RESEARCH).address))
    assert (shorter.value.code, whom.value.code) == ("E_RENEW_SHORTER", "E_RENEW_WHOM")

    person.unshare(grantee)
    with pytest.raises(RefusedError):
        mine.renew(plan, until=plan.terms.valid_until + _DAY, notice=bytes(32))
    assert not _word(person, grantee)[2]


def test_a_renewal_that_was_cut_off_is_seen_before_it_is_withdrawn(
    person: Person, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, grantee = _offer(seller)
    mine, subject = Renewing(person), person.persona(RESEARCH).address
    plan = mine.plan(grantee)
    with monkeypatch.context() as patch:
        patch.setattr(renewing, "see", _once(renewing.see))
        mine.renew(plan, until=plan.terms.valid_until + _DAY, notice=bytes(32))
    assert person.network.troubles.pop().code == "E_TEST"

    person.unshare(grantee)

    index = person.network.synced()
    (seen,) = index.sightings([subject], grantee=grantee).values()
    (row,) = index.consents([subject], grantee)
    # Orders that were made under the first grant are paid for the time until the withdrawal.
    assert (seen.since, seen.word.grants, row.word.withdrawals) == (1, 2, 1)
