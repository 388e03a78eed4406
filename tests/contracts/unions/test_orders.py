"""
buy, deliver, claim, settle: an order of many
├── buy
│   ├── locks the price once, whoever many they are; another while it lasts: refuses
│   └── too few members, none asked for, no key, unmet conditions: refuses
├── deliverParts
│   ├── the price is divided by the parts that the committee counted, whoever joins besides
│   ├── by the members, where some left since the parts were made
│   ├── fewer than the buyer asked for: refuses, and all goes back at the deadline, not before
│   └── another count or root than was signed, no parts, in one piece: refuses
├── claim
│   ├── each has an equal part, whoever comes last; what can't be divided goes back
│   ├── who withdrew, left, granted anew or barred the buyer is paid until then, the others whole
│   ├── who renewed without a gap is paid as if nothing had been, also before that is seen
│   ├── before its end what is earned by now, and the rest later; in one second once
│   ├── what was paid of it stays paid, whatever comes; what was not claimed to its end goes back
│   ├── before the window is over, twice, of what was not delivered, by who came later: refuses
│   └── more than the committee counted: refuses
├── settle: not before a year is over, once; then what was not claimed is the buyer's
├── accuse
│   ├── by another, of what was not delivered, by who came later, twice, more than are paid: refuses
│   └── after the window, and once there was a dispute: refuses
├── dispute
│   ├── of nobody, or a second one: refuses
│   ├── holds all parts; upheld, the accused parts' shares go back, and the others are paid
│   ├── of all parts, upheld: all goes back
│   ├── dismissed, the accused are paid as well
│   ├── one that lapsed is over by the first claim, and can't be upheld after it
│   └── while one can be opened, the buyer buys nothing more
├── isMember
│   ├── who may ask a custodian, person by person
│   └── at its dearest, it answers within what `decide` gives it
└── what came in is what is held and what went out
"""

import brownie
import pytest

from aceso.codes import Condition, Reason, Role
from aceso.vault import PartList
from tests.contracts.trading import (
    DAY,
    DURATION,
    HMB,
    KEY,
    LABS,
    NONE,
    PERIOD,
    Shares,
    grantee_of,
)
from tests.contracts.uniting import CLAIM_PERIOD, PRICE, leaf_of, mark_of, part_of
from tests.support import typed

SETTLED = 3
SHARE = PRICE // 3


def member(unity, number, person, buyer=None):
    return unity.unions.isMember(number, person, buyer or unity.buyer)[0]


@pytest.mark.both_chains
def test_a_purchase_locks_the_price_once(unity):
    number = unity.open(3)
    before = unity.coin.balanceOf(unity.buyer)

    order = unity.purchase(number, minimum=3)

    assert unity.coin.balanceOf(unity.buyer) == before - PRICE
    assert unity.coin.balanceOf(unity.unions) == PRICE
    assert tuple(unity.unions.orderOf(number, unity.buyer)) == (order, True)
    assert unity.unions.ownerOf(order) == unity.buyer
    assert tuple(unity.unions.sharesOf(order)) == (3, 0, NONE)
    with brownie.reverts(typed("OrderLive", order)):
        unity.purchase(number)


def test_refuses_a_purchase_of_too_little(unity):
    number, empty = unity.open(1, conditions=int(Condition.IRB)), unity.open()

    with brownie.reverts(typed("UnionTooSmall", number, 1, 2)):
        unity.purchase(number, minimum=2)
    with brownie.reverts(typed("UnionTooSmall", empty, 0, 0)):
        unity.purchase(empty, minimum=0)
    with brownie.reverts(typed("OrderInvalidKey")):
        unity.unions.buy(number, NONE, 1, {"from": unity.buyer})
    with brownie.reverts(typed("OrderDenied", int(Reason.CONDITION))):
        unity.purchase(number)
    with brownie.reverts(typed("UnionNotOpen", empty + 1)):
        unity.purchase(empty + 1)


def test_the_price_is_divided_by_the_parts_whoever_joins_besides(unity):
    """A buyer who lets people of theirs join makes nobody's part smaller."""
    number = unity.open(2)
    order = unity.purchase(number)
    for late in unity.people[2:]:
        unity.join(number, late)

    start = unity.deliver_of(order, unity.people[:2])

    members, claims, root = unity.unions.sharesOf(order)
    assert (members, claims) == (2, 0)
    assert bytes(root) == unity.tree.root
    for person in unity.people[:2]:
        unity.claim(order, person, at=max(unity.now + 1, start + DURATION))
    unity.settle(order)
    assert unity.credit(unity.buyer) == 0


def test_the_price_is_divided_by_the_members_where_some_left_since(unity):
    number = unity.open(3)
    order = unity.purchase(number)
    unity.unions.leave(number, {"from": unity.people[2]})

    start = unity.deliver_of(order, unity.people[:3])

    assert unity.unions.sharesOf(order)[0] == 2
    for person in unity.people[:2]:
        unity.claim(order, person, at=max(unity.now + 1, start + DURATION))
        assert unity.credit(person) == Shares.of(PRICE // 2, 0).subject
    with brownie.reverts(typed("UnionNotMember", number, unity.people[2])):
        unity.claim(order, unity.people[2])


def test_refuses_a_delivery_of_another_count_or_root(unity):
    number = unity.open(2)
    order = unity.purchase(number)
    unity.tree = PartList.of(leaf_of(part_of(person)) for person in unity.people[:2])
    root = "0x" + unity.tree.root.hex()

    with brownie.reverts(typed("UnionInvalidParts", 1, root)):
        unity.hand_over(order, 2, sent_count=1)
    with brownie.reverts(typed("UnionInvalidParts", 2, KEY)):
        unity.hand_over(order, 2, sent_root=KEY)
    with brownie.reverts(typed("UnionTooSmall", number, 0, 1)):
        unity.hand_over(order, 0)
    with brownie.reverts(typed("UnionHasParts", order)):
        unity.deliver(order)


def test_claims_end_where_the_committee_counted(unity):
    """Though more parts are under the root: the price isn't paid twice."""
    number = unity.open(3)
    order = unity.purchase(number)
    start = unity.deliver_of(order, unity.people[:3], count=2)
    unity.claim(order, unity.people[0], at=start + DURATION)
    unity.claim(order, unity.people[1])

    with brownie.reverts(typed("UnionAllClaimed", order)):
        unity.claim(order, unity.people[2])
    with brownie.reverts(typed("UnionClaimedBefore", order, unity.people[1])):
        unity.claim(order, unity.people[1])

    unity.settle(order)
    assert unity.credit(unity.buyer) == 0


def test_fewer_than_were_asked_for_deliver_nothing(unity):
    number = unity.open(2)
    order = unity.purchase(number, minimum=2)
    deadline = unity.now + PERIOD
    unity.unions.leave(number, {"from": unity.subject})

    with brownie.reverts(typed("UnionTooSmall", number, 1, 2)):
        unity.deliver_of(order, unity.people[:2])
    unity.join(number, unity.people[2])
    with brownie.reverts(typed("UnionTooSmall", number, 1, 2)):
        unity.deliver_of(order, unity.people[1:2])
    with brownie.reverts(typed("OrderNotOver", order, deadline)):
        unity.settle(order, at=deadline - 1)
    unity.settle(order, at=deadline)

    assert unity.credit(unity.buyer) == PRICE
    assert unity.state(order) == SETTLED


def test_each_has_an_equal_part_whoever_comes_last(unity):
    bps = {"institution": str(unity.institution), "institutionBps": 777}
    _number, order, start = unity.sold(**bps)

    for person in (unity.people[2], unity.people[0], unity.people[1]):
        unity.claim(order, person, at=max(unity.now + 1, start + DURATION))
    unity.settle(order)

    part = Shares.of(SHARE, 777)
    assert [unity.credit(person) for person in unity.people[:3]] == [part.subject] * 3
    assert unity.credit(unity.institution) == 3 * part.institution
    assert unity.fees(1, unity.commons)[0] == 3 * part.committee
    assert unity.credit(unity.buyer) == PRICE - 3 * SHARE == 1


@pytest.mark.parametrize("how", ["withdraw", "withdraw_all", "leave", "bar"])
@pytest.mark.both_chains
def test_who_stops_is_paid_until_then_and_the_others_whole(unity, how):
    number, order, start = unity.sold()
    by = {"from": unity.subject}
    unity.at(start + DAY)
    if how == "withdraw":
        unity.revoke(number, unity.subject)
    elif how == "withdraw_all":
        unity.consents.withdrawAll(by)
    elif how == "leave":
        unity.unions.leave(number, by)
    else:
        unity.consents.bar(unity.buyer, by)

    assert member(unity, number, unity.people[1])
    if how in ("leave", "bar"):
        assert not member(unity, number, unity.subject)
    tx = unity.claim(order, unity.subject)
    earned = SHARE * DAY // DURATION
    assert tx.events["UnionClaimed"]["earned"] == earned
    assert unity.credit(unity.subject) == Shares.of(earned, 0).subject
    assert unity.credit(unity.buyer) == SHARE - earned
    unity.claim(order, unity.people[1], at=start + DURATION)
    assert unity.credit(unity.people[1]) == Shares.of(SHARE, 0).subject


@pytest.mark.parametrize("how", ["granted_anew", "unbarred", "withdrew_before"])
def test_what_can_not_be_told_is_not_paid_and_not_opened(unity, how):
    number = unity.open(2)
    order = unity.purchase(number)
    by = {"from": unity.subject}
    if how == "withdrew_before":
        unity.revoke(number, unity.subject)
    start = unity.deliver_of(order, unity.people[:2])
    if how == "granted_anew":
        unity.revoke(number, unity.subject)
        unity.consent(number)
    elif how == "unbarred":
        unity.consents.bar(unity.buyer, by)
        unity.consents.unbar(unity.buyer, by)

    assert how == "withdrew_before" or not member(unity, number, unity.subject)
    unity.claim(order, unity.subject, at=start + DURATION)
    unity.claim(order, unity.people[1])

    assert unity.credit(unity.subject) == 0
    assert unity.credit(unity.people[1]) == Shares.of(PRICE // 2, 0).subject
    assert unity.credit(unity.buyer) == PRICE // 2


def test_a_member_renews_without_a_gap(unity):
    number, order, start = unity.sold(2)
    by = {"from": unity.stranger}
    unity.unions.followConsent(unity.subject, number, by)
    unity.consent(number, validFrom=start - DAY)
    assert member(unity, number, unity.subject)
    with brownie.reverts(typed("UnionConsentStands", number, unity.subject)):
        unity.unions.strike(number, unity.subject, by)
    # Not over: it is paid by now.
    assert "UnionPartPaid" in unity.claim(order, unity.subject, at=start + DAY).events

    unity.unions.followConsent(unity.subject, number, by)

    assert member(unity, number, unity.subject)
    tx = unity.claim(order, unity.subject, at=start + DURATION)
    assert tx.events["UnionClaimed"]["earned"] == PRICE // 2
    assert unity.credit(unity.buyer) == 0


def test_who_joins_anew_gives_up_the_orders_there_are(unity):
    number, order, start = unity.sold(2)
    unity.join(number)

    assert not member(unity, number, unity.subject)
    with brownie.reverts(typed("UnionNotMember", number, unity.subject)):
        unity.claim(order, unity.subject, at=start + DURATION)


def test_refuses_claims_of_what_is_not_owed(unity):
    number, order, start = unity.sold(2)
    late = unity.people[2]
    unity.join(number, late)
    unity.at(start + DURATION)
    unity.claim(order, unity.subject)

    with brownie.reverts(typed("UnionClaimedBefore", order, unity.subject)):
        unity.claim(order, unity.subject)
    with brownie.reverts(typed("UnionNotMember", number, late)):
        unity.claim(order, unity.people[1], part=part_of(late))
    forged = (*part_of(unity.people[1])[:2], KEY)
    with brownie.reverts(typed("UnionNotDelivered", order, unity.people[1])):
        unity.claim(order, unity.people[1], part=forged)
    with brownie.reverts(typed("OrderWrongState", order + 1, 0)):
        unity.claim(order + 1, unity.people[1])
    with brownie.reverts(typed("UnionHasParts", order)):
        unity.unions.settlePart(order, {"from": unity.stranger})
    assert unity.unions.isClaimed(order, 1)
    assert not unity.unions.isClaimed(order, 2)
    # Whatever place they have later.
    unity.unions.leave(number, {"from": unity.subject})
    unity.unions.join(number, mark_of(unity.subject), {"from": unity.subject})
    assert unity.unions.isClaimed(order, 1)


def test_a_part_that_runs_is_paid_as_it_is_earned(unity):
    _number, order, start = unity.sold()
    half, whole = start + DURATION // 2, start + DURATION
    first = unity.claim(order, unity.subject, at=start + DAY)
    second = unity.claim(order, unity.subject, at=half)
    paid = [tx.events["UnionPartPaid"]["earned"] for tx in (first, second)]
    assert paid == [SHARE * DAY // DURATION, SHARE * (DURATION // 2) // DURATION]
    parts = (paid[0], paid[1] - paid[0])
    assert unity.credit(unity.subject) == sum(Shares.of(one, 0).subject for one in parts)
    assert unity.fees(1, unity.commons)[0] == sum(Shares.of(one, 0).committee for one in parts)
    assert unity.credit(unity.buyer) == 0
    assert unity.unions.sharesOf(order)[1] == 1
    assert not unity.unions.isClaimed(order, 1)

    last = unity.claim(order, unity.subject, at=whole)

    assert dict(last.events["UnionClaimed"]) == {
        "order": order,
        "member": unity.subject,
        "earned": SHARE,
        "refunded": 0,
    }
    assert unity.unions.isClaimed(order, 1)
    with brownie.reverts(typed("UnionClaimedBefore", order, unity.subject)):
        unity.claim(order, unity.subject)
    for person in unity.people[1:3]:
        unity.claim(order, person)
    unity.settle(order)
    assert unity.credit(unity.buyer) == PRICE - 3 * SHARE


def test_who_stops_after_a_part_was_paid_is_paid_until_then(unity):
    number, order, start = unity.sold()
    unity.claim(order, unity.subject, at=start + 2 * DAY)
    unity.at(start + 3 * DAY)
    unity.revoke(number, unity.subject)

    tx = unity.claim(order, unity.subject)

    earned = SHARE * 3 * DAY // DURATION
    assert tx.events["UnionClaimed"]["earned"] == earned
    assert unity.credit(unity.buyer) == SHARE - earned


def test_what_was_paid_stays_paid_where_the_stop_can_not_be_told(unity):
    number, order, start = unity.sold()
    unity.claim(order, unity.subject, at=start + 2 * DAY)
    unity.at(start + 3 * DAY)
    unity.revoke(number, unity.subject)
    unity.consent(number, unity.subject)

    tx = unity.claim(order, unity.subject)

    earned = SHARE * 2 * DAY // DURATION
    assert tx.events["UnionClaimed"]["earned"] == earned
    assert unity.credit(unity.subject) == Shares.of(earned, 0).subject
    assert unity.credit(unity.buyer) == SHARE - earned


def test_nothing_is_paid_twice_in_a_second(unity):
    _number, order, start = unity.sold()
    unity.claim(order, unity.subject, at=start + 2 * DAY)
    attack = (order, *unity.proof(unity.subject))

    # Asked in the second of the block that paid.
    with brownie.reverts(typed("OrderNotOver", order, start + DURATION)):
        unity.unions.claim.call(*attack, {"from": unity.stranger}, block_identifier="latest")


def test_no_more_are_paid_of_parts_that_run_than_the_committee_counted(unity):
    number = unity.open(3)
    order = unity.purchase(number)
    start = unity.deliver_of(order, unity.people[:3], count=2)
    for person in unity.people[:2]:
        unity.claim(order, person, at=max(unity.now + 1, start + 2 * DAY))

    with brownie.reverts(typed("UnionAllClaimed", order)):
        unity.claim(order, unity.people[2])
    # Who was paid of theirs before is paid the rest.
    unity.claim(order, unity.people[0], at=start + DURATION)
    assert unity.credit(unity.people[0]) >= Shares.of(PRICE // 2, 0).subject


def test_a_part_that_was_not_claimed_to_its_end_is_the_buyers_after_a_year(unity):
    _number, order, start = unity.sold()
    unity.claim(order, unity.subject, at=start + 2 * DAY)
    for person in unity.people[1:3]:
        unity.claim(order, person, at=max(unity.now + 1, start + DURATION))
    over = start + DURATION + CLAIM_PERIOD
    with brownie.reverts(typed("OrderNotOver", order, over)):
        unity.settle(order)
    unity.settle(order, at=over)

    assert unity.credit(unity.buyer) == PRICE - 2 * SHARE - SHARE * 2 * DAY // DURATION
    assert (
        unity.coin.balanceOf(unity.unions)
        == sum(unity.credit(one) for one in (*unity.people[:3], unity.buyer))
        + 2 * unity.fees(1, unity.commons)[0]
    )


def test_who_joined_after_the_count_can_not_claim(unity):
    """Though a part of theirs was attested: else more could claim than divided the price."""
    number = unity.open(2)
    order = unity.purchase(number)
    person = unity.people[2]
    unity.consent(number, person)
    start = unity.deliver_of(order, unity.people[:3], at=unity.now + 30)
    unity.unions.join(number, mark_of(person), {"from": person})

    with brownie.reverts(typed("UnionNotMember", number, person)):
        unity.claim(order, person, at=start + DURATION)
    assert not member(unity, number, person)


def test_what_nobody_claims_is_the_buyers_after_a_year(unity):
    _number, order, start = unity.sold()
    over = start + DURATION + CLAIM_PERIOD
    unity.claim(order, unity.people[0], at=start + DURATION)

    with brownie.reverts(typed("OrderNotOver", order, over)):
        unity.settle(order, at=over - 1)
    unity.settle(order, at=over)

    assert unity.credit(unity.buyer) == PRICE - SHARE
    with brownie.reverts(typed("OrderWrongState", order, SETTLED)):
        unity.claim(order, unity.people[1])
    with brownie.reverts(typed("OrderWrongState", order, SETTLED)):
        unity.settle(order)


def test_a_next_order_is_one_of_its_own(unity):
    """While parts of the last are claimed still."""
    number, first, start = unity.sold(2)
    tree = unity.tree
    unity.at(start + DURATION)
    second = unity.purchase(number)
    assert second != first
    unity.deliver_of(second, unity.people[:2])
    unity.tree = tree

    unity.claim(first, unity.subject)

    assert unity.credit(unity.subject) == Shares.of(PRICE // 2, 0).subject
    assert not unity.unions.isClaimed(second, 1)
    assert unity.unions.ownerOf(first) == unity.unions.ownerOf(second) == unity.buyer


def test_who_may_ask_person_by_person(unity):
    number = unity.open(2)
    assert not member(unity, number, unity.subject)
    order = unity.purchase(number)
    late = unity.people[2]
    unity.join(number, late)

    assert member(unity, number, unity.subject)
    assert not member(unity, number, unity.subject, unity.other)
    start = unity.deliver_of(order, unity.people[:2], at=unity.now + 60)
    unity.join(number, unity.people[3])
    assert [member(unity, number, person) for person in unity.people[:4]] == [True] * 3 + [False]
    unity.mine(start + DURATION)
    assert not member(unity, number, unity.subject)


def test_the_dearest_answer_is_within_what_decide_gives(unity):
    """Of a union with conditions, under a consent that was renewed and not seen yet."""
    by, irb = {"from": unity.authority}, int(Condition.IRB)
    unity.participants.proposeAccreditation(unity.buyer, int(Role.RESEARCHER), irb, by)
    unity.participants.accredit(unity.buyer, by)
    number = unity.open(conditions=irb)
    for person in unity.people[:2]:
        unity.join(number, person, conditions=irb)
    order = unity.purchase(number)
    start = unity.deliver_of(order, unity.people[:2])
    unity.unions.followConsent(unity.subject, number, {"from": unity.stranger})
    unity.consent(number, conditions=irb, validFrom=start - DAY)

    asked = (unity.subject, unity.buyer, grantee_of(number, unity.unions), HMB, LABS, 0)
    assert unity.consents.decide(asked)[0]
    alone = unity.unions.isMember.estimate_gas(number, unity.subject, unity.buyer)
    # The call's own 21,000 and its words are not of the 50,000.
    assert alone - 21_000 < 45_000


@pytest.fixture
def judged(unity):
    """As `unity`, at a desk whose deliveries can be disputed for a day."""
    return unity.at_a_desk(window=DAY)


def test_an_upheld_dispute_gives_back_the_accused_parts_and_no_others(judged):
    """Whose part doesn't open can be the buyer's own: that must not make the others' data free."""
    number, order, start = judged.sold(3)
    share = PRICE // 3
    judged.dispute(order, judged.people[1])
    assert not member(judged, number, judged.people[2])
    with brownie.reverts(typed("OrderLive", order)):
        judged.purchase(number)
    with brownie.reverts(typed("OrderWrongState", order, 4)):
        judged.claim(order, judged.subject)

    judged.resolve(order, upheld=True)

    assert judged.credit(judged.buyer) == share
    assert tuple(judged.unions.accusationsOf(order)) == (1, True, True)
    with brownie.reverts(typed("UnionPartRefused", order, judged.people[1])):
        judged.claim(order, judged.people[1], at=start + DURATION)
    for person in (judged.subject, judged.people[2]):
        judged.claim(order, person)
        assert judged.credit(person) == Shares.of(share, 0).subject
    judged.settle(order)
    assert judged.credit(judged.buyer) == share + PRICE % 3


def test_a_dispute_of_all_parts_gives_all_back(judged):
    _number, order, start = judged.sold(2)
    judged.dispute(order, *judged.people[:2])
    judged.resolve(order, upheld=True)

    assert judged.credit(judged.buyer) == PRICE == judged.coin.balanceOf(judged.unions)
    with brownie.reverts(typed("UnionPartRefused", order, judged.subject)):
        judged.claim(order, judged.subject, at=start + DURATION)
    judged.settle(order)
    assert judged.credit(judged.buyer) == PRICE


def test_a_part_that_runs_waits_for_the_window(judged):
    _number, order, start = judged.sold()
    with brownie.reverts(typed("OrderNotOver", order, start + DURATION)):
        judged.claim(order, judged.subject, at=start + DAY - 1)

    judged.claim(order, judged.subject, at=start + DAY)

    earned = SHARE * DAY // DURATION
    assert judged.credit(judged.subject) == Shares.of(earned, 0).subject


def test_a_dismissed_dispute_costs_nobody_their_share(judged):
    _number, order, start = judged.sold(2)
    judged.dispute(order, judged.subject)
    judged.resolve(order, upheld=False)

    assert tuple(judged.unions.accusationsOf(order)) == (1, True, False)
    judged.claim(order, judged.subject, at=start + DURATION)
    assert judged.credit(judged.subject) == Shares.of(PRICE // 2, 0).subject


def test_accuse_refuses_what_is_no_part_of_the_order(judged):
    number, order, _start = judged.sold(2)
    part, proof = judged.proof(judged.subject)
    by = {"from": judged.buyer}
    with brownie.reverts(typed("UnionNotBuyer", order, judged.stranger)):
        judged.unions.accuse(order, part, proof, {"from": judged.stranger})
    with brownie.reverts(typed("UnionNotDelivered", order, judged.subject)):
        judged.unions.accuse(order, (part[0], part[2], part[1]), proof, by)
    with brownie.reverts(typed("UnionNotMember", number, judged.people[2])):
        judged.join(number, judged.people[2])
        judged.unions.accuse(order, (str(judged.people[2]), *part[1:]), proof, by)


def test_accuse_refuses_a_part_twice_and_more_parts_than_are_paid(judged):
    number = judged.open(3)
    order = judged.purchase(number)
    judged.deliver_of(order, judged.people[:3], count=2)
    judged.accuse(order, judged.subject)
    assert [judged.unions.isAccused(order, place) for place in range(4)].count(True) == 1
    with brownie.reverts(typed("UnionAccusedBefore", order, judged.subject)):
        judged.accuse(order, judged.subject)
    judged.accuse(order, judged.people[1])
    with brownie.reverts(typed("UnionAllClaimed", order)):
        judged.accuse(order, judged.people[2])


def test_accuse_refuses_after_the_window(judged):
    _number, order, start = judged.sold(2)
    with brownie.reverts(typed("OrderPastChallenge", order, start + DAY)):
        judged.accuse(order, judged.subject, at=start + DAY)


def test_there_is_one_dispute_and_of_somebody(judged):
    _number, order, start = judged.sold(2)
    with brownie.reverts(typed("UnionNobodyAccused", order)):
        judged.unions.dispute(order, {"from": judged.disputes})
    judged.accuse(order, judged.subject, at=start + DAY - 2)
    with brownie.reverts(typed("OrderPastChallenge", order, start + DAY)):
        judged.at(start + DAY)
        judged.unions.dispute(order, {"from": judged.disputes})


def test_a_second_dispute_is_refused(judged):
    _number, order, _start = judged.sold(2)
    judged.dispute(order, judged.subject)
    judged.resolve(order, upheld=False)
    for act in (lambda: judged.accuse(order, judged.people[1]), lambda: judged.dispute(order)):
        with brownie.reverts(typed("UnionDisputedBefore", order)):
            act()


def test_nothing_more_is_bought_while_the_last_can_be_disputed(judged):
    """Custodians answer for the newest order, a panel too."""
    number, order, start = judged.sold(2, duration=DAY // 2)
    judged.mine(start + DAY - 2)
    with brownie.reverts(typed("OrderLive", order)):
        judged.purchase(number)
    judged.at(start + DAY)
    judged.purchase(number)


@pytest.mark.parametrize("how", ["barred", "withdrew"])
def test_a_part_that_earned_nothing_is_not_given_back_twice(judged, how):
    """By a claim within the window, and then by the dispute."""
    number = judged.open(2)
    order = judged.purchase(number)
    by = {"from": judged.subject}
    if how == "barred":
        judged.consents.bar(judged.buyer, by)
    else:
        judged.revoke(number, judged.subject)
    start = judged.deliver_of(order, judged.people[:2])

    with brownie.reverts(typed("OrderNotOver", order, start + DAY)):
        judged.claim(order, judged.subject)
    judged.dispute(order, *judged.people[:2])
    judged.resolve(order, upheld=True)

    assert judged.credit(judged.buyer) == PRICE == judged.coin.balanceOf(judged.unions)


def test_a_dispute_that_lapsed_is_not_upheld_once_somebody_was_paid(judged):
    _number, order, start = judged.sold(2)
    judged.dispute(order, judged.people[1])
    with brownie.reverts(typed("OrderWrongState", order, 4)):
        judged.claim(order, judged.subject, at=start + DAY + 180 * DAY - 1)

    judged.claim(order, judged.subject, at=start + DAY + 180 * DAY)

    assert judged.credit(judged.subject) == Shares.of(PRICE // 2, 0).subject
    with brownie.reverts(typed("OrderWrongState", order, 2)):
        judged.resolve(order, upheld=True)
