"""A union's whole way, by the bindings and signed acts, and what the index then says.

opened, vouched for, joined by signature, bought, delivered, left, claimed, settled
+ each step is found: the union with its members, who is in it, the order with its claims
+ what was read again is the same
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from aceso.chain import (
    Committee,
    LocalAuthority,
    OrderState,
    Part,
    Request,
    Sender,
    Terms,
    UnionTerms,
    acts,
    grantee_of_group,
    sign,
    union_acts,
)
from aceso.codes import DataClass, Reason, Role, Use
from aceso.flows.unions import claim, delivery_of, leaf_of
from aceso.index import Index, UnionClaim
from aceso.vault import PartList
from tests.python.chain.conftest import account

DAY = 86_400
PRICE = 2 * 10**18 + 1
MARKS = (b"\x01" * 32, b"\x02" * 32)
KEY = b"\x4b" * 32
CUSTODIANS = (account(41), account(42))


@pytest.fixture
def committee(suite, relayer, owners):
    """Two custodians of two institutions, and an accredited hospital that vouches."""
    authority = LocalAuthority(suite, suite.participants.authority(), owners)
    people = suite.participants
    roles = [(one.address, Role.CUSTODIAN) for one in CUSTODIANS] + [
        (account(43).address, Role.ISSUER)
    ]
    numbers, until = [], suite.now() + 900 * DAY
    for who, role in roles:
        relayer.send_all(authority.call_all([people.propose_accreditation(who, role)]))
        relayer.send(people.accredit(who))
        if role is Role.CUSTODIAN:
            receipt = relayer.send(authority.call(people.open_institution(relayer.address)))
            found = (one for one in receipt.events if one.name == "InstitutionOpened")
            numbers.append(next(found).args["number"])
            relayer.send(people.set_member(numbers[-1], who, until))
    members = tuple(one.address for one in CUSTODIANS)
    receipt = relayer.send(people.register_committee(Committee(members, 2), numbers))
    events = (one for one in receipt.events if one.name == "CommitteeRegistered")
    return next(events).args["number"], Committee(members, 2)


def test_a_union_and_who_sold_by_it(
    local_chain, suite, relayer, researcher, subject, committee, tmp_path
):
    number, members = committee
    voucher, other = account(43), account(44)
    sender, unions = Sender(suite, researcher), suite.unions
    terms = UnionTerms(
        keeper=relayer.address,
        price=PRICE,
        committee=number,
        duration=30 * DAY,
        delivery_period=DAY,
        voucher=voucher.address,
        use=Use.HMB,
        classes=DataClass.LABS,
    )
    relayer.send(unions.open(terms))
    union = unions.union_count()
    assert unions.get_union(union) == terms
    grantee = grantee_of_group(union, unions.address)
    now = suite.now()
    granted = Terms(grantee, DataClass.LABS, Use.HMB, 0, 0, now, now + 90 * DAY, bytes(32))
    for person, mark in zip((subject, other), MARKS, strict=True):
        relayer.send(union_acts.vouch(suite, voucher, person.address, mark))
        relayer.send(acts.grant(suite, person, granted))
        relayer.send(union_acts.join(suite, person, union, mark))
        assert unions.persona_of(voucher.address, mark) == person.address
    assert unions.roll_of(union) == (2, True)
    assert unions.membership_of(union, other.address).is_in

    sender.send(suite.sale.buy(10**16))
    sender.send(suite.coin.approve(unions.address, PRICE))
    sender.send(unions.buy(union, KEY, 2))
    order, exists = unions.order_of(union, researcher.address)
    assert exists
    request = Request(subject.address, researcher.address, grantee, Use.HMB, DataClass.LABS, 0)
    assert suite.decide(request).permitted
    first, second = (Part(one.address, b"\xec" * 32, b"\xca" * 32) for one in (subject, other))
    parts = PartList.of([leaf_of(first), leaf_of(second)])
    delivery = delivery_of(order, parts, KEY)
    words = ("order", "extract", "receivingKey", "capsule")
    message = dict(zip(words, delivery.astuple(), strict=True))
    domain = suite.domain("Unions")
    signatures = [sign(one, "Delivery", message, domain) for one in CUSTODIANS]
    relayer.send(unions.deliver_parts(delivery, 2, parts.root, members, 0b11, signatures))
    assert unions.shares_of(order) == (2, 0, parts.root)

    window, _ = unions.challenge()
    local_chain.advance_time(window + DAY)
    relayer.send(union_acts.leave(suite, subject, union))
    assert suite.decide(request).reason is Reason.NOT_MEMBER
    # From what is published, whoever put it together.
    published = PartList.parse(parts.to_bytes())
    relayer.send(claim(suite, order, published, first))
    assert unions.is_claimed(order, unions.membership_of(union, subject.address).place)
    assert not unions.is_claimed(order, unions.membership_of(union, other.address).place)
    # To leave once more changes nothing but what was signed before to join.
    left = unions.membership_of(union, subject.address)
    relayer.send(union_acts.leave(suite, subject, union))
    assert unions.membership_of(union, subject.address) == replace(left, leavings=2)

    with Index(tmp_path / "index.sqlite", suite) as index:
        index.sync()
        (row,) = index.unions(union)
        assert (row.terms, row.members, row.closed_at) == (terms, 1, None)
        found = index.unions_of([subject.address, other.address])
        assert found[union, other.address][1] is None
        assert found[union, subject.address][1] is not None
        (sold,) = index.union_orders([union])
        assert (sold.order, sold.members, sold.extract) == (order, 2, parts.extract)
        paid = sold.claims[subject.address]
        assert paid.refunded is not None and sold.state is OrderState.DELIVERED
        assert paid.earned + paid.refunded == PRICE // 2
        relayer.send(claim(suite, order, published, second))
        index.sync()
        (sold,) = index.union_orders([union])
        running = sold.claims[other.address]
        assert running.refunded is None and 0 < running.earned < PRICE // 2

        local_chain.advance_time(31 * DAY)
        relayer.send(claim(suite, order, published, second))
        relayer.send(unions.settle(order))
        relayer.send(unions.close(union))
        index.sync()
        (sold,) = index.union_orders(buyers=[researcher.address])
        assert (sold.state, sold.refunded) == (OrderState.SETTLED, 1)
        assert sold.claims[other.address] == UnionClaim(PRICE // 2, 0)
        assert index.unions(union)[0].closed_at is not None
        with Index(":memory:", suite) as again:
            again.sync()
            assert again.union_orders() == index.union_orders()
            assert again.unions() == index.unions()
