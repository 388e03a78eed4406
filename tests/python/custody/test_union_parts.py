"""Orders of unions at the custodians: each member's part, and what is attested of all together.

part         taken from a member alone, until parts are over
             given with the proof that it was delivered, as long as its member's consent holds
division     not before everybody delivered, or parts are over; of those who are permitted
             where custodians hold different parts: in the end, what enough of them signed for
told         the buyer which parts were delivered, a member their own, and nobody else
order        a number of more bits than the chain has is refused
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from eth_account import Account

from aceso.chain import (
    Committee as Registered,
)
from aceso.chain import Delivery, Part, Sender, UnionTerms, acts, grantee_of_group, union_acts
from aceso.codes import Reason, Role, Use
from aceso.custody import (
    Attestation,
    Committee,
    DeniedError,
    Division,
    Parts,
    RequestRefusedError,
    leaf_of,
)
from aceso.storage import content_digest
from aceso.vault import ListEntry, PrivateKey, Seed

from .conftest import LABS, Network, Person
from .test_orders import Sale
from .test_study_orders import accredited

_PRICE = 10**6
_PERIOD = 80_000


@dataclass
class Union:
    """A union that was bought of, and each member's part of the order."""

    network: Network
    order: int
    sales: list[Sale]

    @property
    def members(self) -> list[str]:
        return [keeper.keys.address for keeper in self.network.keepers]

    def divide(self, committee: Committee) -> Division:
        return committee.divide(self.order, self.members, 2)

    def deliver(self, found: Division) -> None:
        attested = found.attestation
        self.network.send(
            self.network.suite.unions.deliver_parts(
                Delivery(self.order, found.parts.extract, attested.receiving_key, attested.capsule),
                len(found.parts),
                found.parts.root,
                Registered(tuple(self.members), 2),
                attested.signers,
                list(attested.signatures),
            )
        )

    def advance(self, seconds: int) -> None:
        self.network.chain.advance_time(seconds)
        self.network.chain.mine(2)


@pytest.fixture
def united(network: Network) -> Callable[[int], Union]:
    def make(count: int) -> Union:
        suite, voucher = network.suite, accredited(network, Role.ISSUER)
        buyer, unions = accredited(network, Role.RESEARCHER), network.suite.unions
        terms = UnionTerms(
            keeper=voucher.address,
            price=_PRICE,
            committee=1,
            duration=86_400,
            delivery_period=_PERIOD,
            voucher=voucher.address,
            use=Use.GRU,
            classes=LABS,
        )
        Sender(suite, voucher).send(unions.open(terms))
        number = unions.union_count()
        grantee = grantee_of_group(number, unions.address)
        people = []
        for at in range(count):
            seed = Seed.make()
            person = Person(network, seed, seed.persona(1), seed.keys(suite.chain_id))
            mark = bytes(31) + bytes([at + 1])
            person.grant(grantee, uses=Use.GRU, valid_until=suite.now() + 400 * 86_400)
            network.relayer.send(union_acts.vouch(suite, voucher, person.persona.address, mark))
            network.relayer.send(union_acts.join(suite, person.persona, number, mark))
            people.append(person)
        sender, private = Sender(suite, buyer), PrivateKey.generate()
        sender.send(suite.sale.buy(10**16))
        sender.send(suite.coin.approve(unions.address, _PRICE))
        sender.send(unions.buy(number, content_digest(private.public_key.to_bytes()), 1))
        network.chain.mine(2)
        order, _ = unions.order_of(number, buyer.address)
        assert order == unions.order_number(number, buyer.address, 1)
        sales = [
            Sale(network, person, number, order, buyer, sender, private, "Unions")
            for person in people
        ]
        return Union(network, order, sales)

    return make


def _deposited(sold: Sale, committee: Committee) -> tuple[ListEntry, Part, Attestation]:
    """A member's part, left with these; and once more, which changes nothing."""
    entry, _ = sold.extract()
    made, subject = sold.certified(entry), sold.person.persona
    attested = committee.deposit_extract(sold.order, entry, subject, **made)
    again = committee.deposit_extract(sold.order, entry, subject, **made)
    assert again.leaf == attested.leaf == made["leaf"]
    return entry, Part(subject.address, made["leaf"], entry.capsule.digest), attested


def _one(network: Network, at: int) -> Committee:
    return Committee([network.keepers[at].client()], 1, network.suite)


def _two(network: Network, *places: int) -> Committee:
    return Committee([network.keepers[at].client() for at in places], 2, network.suite)


def test_each_part_opens_by_its_own_member_s_consent(
    united: Callable[[int], Union], network: Network, committee: Committee
) -> None:
    union = united(2)
    first, second = union.sales
    entry, mine, _ = _deposited(first, committee)
    with pytest.raises(RequestRefusedError) as early:
        union.divide(committee)
    assert early.value.code == "E_UNION_EARLY" and " UTC." in early.value.message
    other, theirs, _ = _deposited(second, committee)

    found = union.divide(committee)
    assert found.parts.leaves == Parts([mine, theirs]).published().leaves
    union.deliver(found)
    proofs = {part.member: found.parts.proof(leaf_of(part)) for part in (mine, theirs)}

    def opened(sold: Sale, held: ListEntry, **changes: Any) -> Any:
        proof = proofs[sold.person.persona.address]
        capsule = held.capsule.digest
        got = committee.order_entry(
            sold.order, capsule=capsule, **sold.asks(**{"proof": proof} | changes)
        )
        return committee.open_key(got, **sold.opens(**{"proof": proof} | changes))

    assert opened(first, entry).dek and opened(second, other).dek
    for proof in ((), proofs[theirs.member]):
        with pytest.raises(RequestRefusedError) as unproved:
            opened(first, entry, proof=proof)
        assert unproved.value.code == "E_UNION_PART"
    with pytest.raises(RequestRefusedError) as records:
        committee.listing(**first.asks())
    assert records.value.code == "E_ORDER_ONLY"

    # The parties are told whose parts there are, and nobody else is.
    assert {one.member for one in committee.parts(union.order, first.buyer)} == set(proofs)
    assert set(committee.parts(union.order, first.person.persona)) == {mine}
    with pytest.raises(RequestRefusedError) as stranger:
        committee.parts(union.order, Account.create())
    assert stranger.value.code == "E_RECORD_UNKNOWN"
    log = (
        network.keepers[0]
        .client()
        .order_log(
            union.order,
            first.person.persona,
            domain=network.suite.domain("ConsentRegistry"),
            log_domain=network.suite.domain("AccessLog"),
            now=network.suite.now(),
            is_part=True,
        )
    )
    assert {"list", "release", "log"} >= {one["act"] for one in log.receipts} > {"log"}

    act = acts.withdraw(network.suite, first.person.persona, first.grantee)
    committee.show_withdrawal(act.type_name, act.message, act.signature)
    with pytest.raises(DeniedError) as withdrawn:
        opened(first, entry)
    assert withdrawn.value.reason is Reason.WITHDRAWN
    assert opened(second, other).dek


def test_who_may_not_be_given_is_left_out(
    united: Callable[[int], Union], network: Network, committee: Committee
) -> None:
    union = united(2)
    staying, leaving = union.sales
    _, mine, _ = _deposited(staying, committee)
    _deposited(leaving, committee)
    # Nobody who is not in it, and no part as another desk's.
    with pytest.raises(DeniedError) as outside:
        stranger = replace(staying, person=_stranger(network))
        stranger.deposit(committee, stranger.extract()[0])
    assert outside.value.reason in (Reason.NOT_GRANTED, Reason.NOT_MEMBER)
    with pytest.raises(RequestRefusedError) as market:
        elsewhere = replace(staying, desk="DataMarket")
        elsewhere.deposit(committee, elsewhere.extract()[0])
    assert market.value.code == "E_ORDER_STATE"

    # Told to the custodians, and not yet on chain.
    act = acts.withdraw(network.suite, leaving.person.persona, leaving.grantee)
    committee.show_withdrawal(act.type_name, act.message, act.signature)
    with pytest.raises(RequestRefusedError) as early:
        union.divide(committee)
    assert early.value.code == "E_UNION_EARLY"
    union.advance(_PERIOD * 3 // 4)
    with pytest.raises(RequestRefusedError) as over:
        late = _somebody_else_s(staying)
        late.deposit(committee, late.extract()[0])
    assert over.value.code == "E_UNION_PARTS_OVER"
    found = union.divide(committee)
    assert found.parts.leaves == (leaf_of(mine),)
    # What was signed is there for who would prove their part, whoever published it.
    assert found.parts in committee.lists(union.order)


def _somebody_else_s(sold: Sale) -> Sale:
    """The same order, of somebody else who is in nothing."""
    return replace(sold, person=_stranger(sold.network))


def _stranger(network: Network) -> Person:
    seed = Seed.make()
    return Person(network, seed, seed.persona(1), seed.keys(network.suite.chain_id))


def test_parts_that_lie_at_some_custodians_keep_nobody_from_being_paid(
    united: Callable[[int], Union], network: Network, committee: Committee
) -> None:
    union = united(2)
    first, second = union.sales
    _, mine, attested = _deposited(first, _two(network, 0, 2))
    _, theirs, also = _deposited(second, _two(network, 1, 2))
    union.advance(_PERIOD * 3 // 4)
    with pytest.raises(RequestRefusedError) as differ:
        union.divide(committee)
    assert differ.value.code == "E_UNION_PARTS_DIFFER"
    union.advance(_PERIOD // 8)
    # In the end nothing counts but what enough custodians signed for.
    with pytest.raises(RequestRefusedError) as nothing:
        union.divide(committee)
    assert nothing.value.code == "E_UNION_NO_PARTS"
    alone = replace(attested, signers=1, signatures=attested.signatures[:1])
    twice = replace(attested, signatures=attested.signatures[:1] * 2)
    strange = replace(attested, threshold=1)
    for wrong, code in (
        (alone, "E_UNION_NOT_HELD"),
        (twice, "E_UNION_NOT_HELD"),
        (strange, "E_ENTRY_COMMITTEE"),
    ):
        with pytest.raises(RequestRefusedError) as caught:
            committee.confirm_part(union.order, mine.member, wrong)
        assert caught.value.code == code

    # Shown to one custodian each: it is passed on, and nobody is left out.
    _one(network, 0).confirm_part(union.order, mine.member, attested)
    _one(network, 1).confirm_part(union.order, theirs.member, also)
    found = union.divide(committee)

    assert set(found.parts.leaves) == {leaf_of(mine), leaf_of(theirs)}
    union.deliver(found)
    assert network.suite.unions.shares_of(union.order)[0] == 2


def test_a_buyer_is_told_of_nothing_that_is_not_delivered(
    united: Callable[[int], Union], committee: Committee
) -> None:
    union = united(1)
    (only,) = union.sales
    _, mine, _ = _deposited(only, committee)
    with pytest.raises(RequestRefusedError) as early:
        committee.parts(union.order, only.buyer)
    assert early.value.code == "E_RECORD_UNKNOWN"
    assert set(committee.parts(union.order, only.person.persona)) == {mine}


def test_a_number_that_no_order_can_have(network: Network) -> None:
    with httpx.Client(base_url=network.keepers[0].url, trust_env=False) as http:
        for path in ("division", "held", "parts", "extract", "entry", "log"):
            assert http.post(f"/orders/{1 << 256}/{path}", json={}).status_code == 422
        assert http.get(f"/orders/{1 << 256}/lists").status_code == 422
