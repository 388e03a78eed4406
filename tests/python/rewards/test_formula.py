"""
compute: quality x scarcity x use
├── one order, one record: the commons' part of what it earned, to the person
├── no use: not approved, one's own, nothing earned
├── no quality: no record, another class, retracted
├── a record that was replaced counts half, and the better of two counts
├── classes share an order; copies beside a record add nothing; more persons are worth less
├── caps: the order's, the budget, a patient's, an issuer's; what a cap takes nobody gets
├── the institution's part: of the offer, at most a fifth, only where it issued the record
├── any facts at all: no order yields more than its commons part, nor all more than the budget
└── with the order cap off, the budget is handed out whole
"""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aceso.chain import RecordStanding
from aceso.rewards import RULES, Rules, Source, Use, compute, scarcity
from tests.python.rewards.conftest import (
    COIN,
    HALF,
    HOSPITAL,
    LABS,
    NOBODY,
    OTHER,
    SLEEP,
    address,
)

BUDGET = 10**12


def paid(uses, sources, rules=RULES, budget=BUDGET):
    """What each account gets."""
    found = Counter()
    for line in compute(0, uses, sources, budget=budget, rules=rules):
        assert line.reward.amount == sum(part.amount for part in line.parts)
        found[line.reward.account] += line.reward.amount
    return dict(found)


def test_an_order_earns_its_commons_part(use, source):
    assert paid([use()], [source()]) == {address(1): HALF}


@pytest.mark.parametrize(
    "changed",
    [{"approved": False}, {"buyer": address(1)}, {"earned": 0}, {"earned": 10**12}],
)
def test_what_is_no_use_earns_nothing(use, source, changed):
    assert paid([use(**changed)], [source()]) == {}


@pytest.mark.parametrize(
    "sources",
    [
        [],
        [{"order": 2}],
        [{"data_class": SLEEP}],
        [{"standing": RecordStanding.RETRACTED}],
    ],
)
def test_what_has_no_quality_earns_nothing(use, source, sources):
    assert paid([use()], [source(**changed) for changed in sources]) == {}


def test_a_replaced_record_counts_half_and_the_better_one_counts(use, source):
    old = source(standing=RecordStanding.SUPERSEDED, record=bytes(32))

    assert paid([use()], [old]) == {address(1): HALF // 2}
    assert paid([use()], [old, source()]) == {address(1): HALF}


def test_classes_share_an_order(use, source):
    both = use(classes=LABS | SLEEP)
    night = source(data_class=SLEEP, record=b"n" * 32)

    assert paid([both], [source()]) == {address(1): HALF // 2}
    assert paid([both], [source(), night]) == {address(1): HALF // 2 * 2}


def test_copies_add_nothing(use, source):
    copies = [source(record=bytes([at]) * 32) for at in range(20)]

    assert paid([use()], copies) == {address(1): HALF}


def test_scarcity_falls_with_each_person():
    common = RULES.common
    values = [scarcity(persons, common) for persons in (1, 2, common, 3 * common + 1, 10**6)]
    assert values[0] == 1_000_000
    assert values == sorted(values, reverse=True)
    # Four times as many are worth half as much each.
    assert values[3] == 500_000


def test_more_persons_of_a_class_are_worth_less_each(use, source):
    orders = range(1, 11)
    found = paid([use(order) for order in orders], [source(order) for order in orders])

    share = scarcity(10, RULES.common)
    assert set(found.values()) == {HALF * share // 1_000_000}


def test_one_patient_with_many_accounts_is_one(use, source):
    """Two accounts, one tag: the class has one person, and the patient one cap."""
    rules = Rules(tag_cap=HALF)
    sources = [source(1), source(2, tag=source(1).tag)]

    assert paid([use(1), use(2)], sources) == {address(1): HALF, address(2): HALF}
    assert sum(paid([use(1), use(2)], sources, rules).values()) == HALF


def test_the_budget_cuts_all_alike(use, source):
    found = paid([use(1), use(2)], [source(1), source(2)], budget=HALF)

    assert set(found.values()) == {HALF * RULES.issuer_cap_bps // 10_000 // 2}


def test_an_issuer_has_a_part_of_the_budget(use, source):
    rules = Rules(issuer_cap_bps=5_000)
    sources = [source(1), source(2, issuer=OTHER)]

    found = paid([use(1), use(2)], sources, rules, budget=HALF)

    assert sum(found.values()) <= HALF
    assert max(found.values()) <= HALF // 2


@pytest.mark.parametrize(("bps", "part"), [(1000, HALF // 10), (2000, HALF // 5), (0, 0)])
def test_the_institution_that_issued_it_has_its_part(use, source, bps, part):
    order = use(institution=HOSPITAL, institution_bps=bps)

    found = paid([order], [source()])

    assert found.get(HOSPITAL, 0) == part
    assert found[address(1)] == HALF - part


def test_an_institution_that_issued_nothing_has_none(use, source):
    assert paid([use(institution=OTHER, institution_bps=2000)], [source()]) == {address(1): HALF}


def test_one_reward_for_a_record_however_many_orders(use, source):
    again = use(2, subject=address(1))
    lines = compute(
        5, [use(), again], [source(), source(2, record=source().record, tag=source().tag)],
        budget=BUDGET, rules=RULES,
    )  # fmt: skip

    assert [line.reward.amount for line in lines] == [2 * HALF]
    assert [part.order for part in lines[0].parts] == [1, 2]
    assert (lines[0].reward.epoch, lines[0].reward.index) == (5, 0)


def test_with_the_order_cap_off_the_budget_is_handed_out(use, source):
    rules = Rules(order_cap_bps=None, tag_cap=BUDGET, issuer_cap_bps=10_000)

    assert paid([use()], [source()], rules) == {address(1): BUDGET}


@pytest.mark.parametrize(
    "wrong",
    [
        {"order_cap_bps": 10_001},
        {"order_cap_bps": 0},
        {"common": 0},
        {"superseded": 1_000_001},
        {"tag_cap": 0},
        {"issuer_cap_bps": 10_001},
        {"institution_bps": 2_001},
    ],
)
def test_rules_out_of_bounds_are_refused(wrong):
    with pytest.raises(ValueError, match="bounds"):
        Rules(**wrong)


CLASSES = st.integers(1, 7)
USES = st.builds(
    Use,
    st.integers(1, 12),
    st.sampled_from([address(900), address(1)]),
    st.integers(1, 4).map(address),
    st.sampled_from([NOBODY, HOSPITAL]),
    st.integers(0, 10_000),
    CLASSES,
    st.integers(0, 100 * COIN),
    st.booleans(),
)
SOURCES = st.builds(
    Source,
    st.integers(1, 12),
    st.sampled_from([1, 2, 4]),
    st.sampled_from([HOSPITAL, OTHER]),
    st.integers(0, 3).map(lambda tag: bytes([tag]) * 32),
    st.integers(0, 5).map(lambda leaf: bytes([leaf]) * 32),
    st.sampled_from(RecordStanding),
)
RULE_SETS = st.builds(
    Rules,
    order_cap_bps=st.integers(1, 10_000),
    common=st.integers(1, 10**6),
    superseded=st.integers(0, 1_000_000),
    tag_cap=st.integers(1, 10**9),
    issuer_cap_bps=st.integers(1, 10_000),
    institution_bps=st.integers(0, 2_000),
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(USES, max_size=12, unique_by=lambda use: use.order),
    st.lists(SOURCES, max_size=20),
    RULE_SETS,
    st.integers(0, 10**8),
)
def test_whatever_is_declared_no_order_yields_more_than_was_paid_away(uses, sources, rules, budget):
    lines = compute(0, uses, sources, budget=budget, rules=rules)

    of_orders = Counter()
    for line in lines:
        for part in line.parts:
            of_orders[part.order] += part.amount
    for use in uses:
        paid_away = use.earned // 20 // 10**12
        assert of_orders[use.order] <= paid_away
        assert of_orders[use.order] == 0 or use.approved
    total = sum(line.reward.amount for line in lines)
    assert total <= budget
    institutional = sum(line.reward.amount for line in lines if line.reward.institutional)
    # What the pool asks of a root.
    assert institutional * 10_000 <= total * 2_000
    assert lines == compute(0, uses[::-1], sources[::-1], budget=budget, rules=rules)
