"""
The simulation of rewards
├── honest people earn; the same seed gives the same outcome
├── no attack earns more than it costs by the rules that evaluators run
├── copies and other people's records bring no reward
├── copies are refused by studies that ask for origin, and paid back: what is left doesn't pay
├── ... and pay where none is asked, so that it can fail; what a dispute costs more than is sold
├── honest people who can't show where their data are from are turned away
├── ... and bring some where nobody looks at whose record is filed, so that it can fail
├── a search over rules and plans finds no attack that pays
├── ... and finds one when the cap of an order is switched off, so that it can fail
├── it ends red for an attack that pays, one that the search finds, and a search that is blind
└── its pictures are drawn
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from aceso.pictures import draw_png
from aceso.rewards import Rules
from bench.economy import World, search, simulate
from bench.economy import __main__ as economy
from bench.economy.__main__ import failures, figures, plots
from bench.economy.simulation import gini

SMALL = World(people=900, hospitals=12, epochs=3, seed=7)


@pytest.fixture(scope="module")
def outcome():
    return simulate(SMALL)


def test_honest_people_earn(outcome):
    honest = outcome.accounts["honest"]

    assert honest.people > 400
    assert honest.sales > 0
    assert honest.rewards > 0
    assert all(emitted <= SMALL.budget / 10**6 for emitted in outcome.emitted)
    # Nobody emits what nobody paid: the commons took in more.
    assert sum(outcome.emitted) <= sum(outcome.commons)


def test_the_same_world_gives_the_same_outcome(outcome):
    assert simulate(SMALL) == outcome


@pytest.mark.parametrize("kind", list(SMALL.attacks))
def test_no_attack_earns_more_than_it_costs(outcome, kind):
    attack = outcome.accounts[kind]

    assert attack.people
    assert attack.cost > 0
    assert attack.gain <= attack.cost


@pytest.fixture(scope="module")
def unasked():
    """The same where no study asks for origin."""
    return simulate(replace(SMALL, asks_origin=False))


@pytest.mark.parametrize("kind", ["duplicate", "copier"])
def test_copies_bring_nothing(unasked, kind):
    """Of rewards, in a world that buys copies."""
    found = unasked.accounts[kind]

    assert found.gain - found.copies == pytest.approx(0, abs=1e-6)


COPYING = replace(SMALL, people=400, demand=(5.0, 5.0), attacks={"copier": SMALL.attacks["copier"]})


def test_copies_are_not_paid_where_origin_is_asked():
    found = simulate(COPYING)
    copier = found.accounts["copier"]

    assert copier.gain < copier.cost
    # An extract of each class that is copied had to be bought.
    assert copier.cost > copier.people * 5 * sum(SMALL.price) / 2
    assert copier.refused and found.accounts["honest"].refused == 0
    assert found.panels == copier.refused * SMALL.panel
    # What is left are orders that cost less than a panel.
    assert simulate(replace(COPYING, panel=0)).accounts["copier"].copies == 0 < copier.copies


def test_copies_pay_where_none_is_asked():
    found = simulate(replace(COPYING, asks_origin=False))
    copier = found.accounts["copier"]

    assert copier.gain > copier.cost
    assert 0 < copier.copies < copier.sales and copier.refused == 0
    assert any("copier gains" in one for one in failures(found, None, {}))


def test_who_can_show_nothing_is_turned_away():
    asked, free = (simulate(replace(COPYING, asks_origin=one)) for one in (True, False))
    honest, before = asked.accounts["honest"], free.accounts["honest"]
    everybody = simulate(replace(COPYING, unshown_bps=10_000)).accounts["honest"]

    assert honest.turned_away > 0 == before.turned_away
    assert honest.sales < before.sales and everybody.sales == 0


def test_a_copier_is_rewarded_where_nobody_looks_whose_record_it_is():
    small = replace(SMALL, asks_origin=False, attacks={"copier": SMALL.attacks["copier"]})

    unseen, seen = (
        simulate(replace(small, checks_tags=one)).accounts["copier"] for one in (False, True)
    )

    assert unseen.gain - unseen.copies > 1
    assert seen.gain - seen.copies == pytest.approx(0, abs=1e-6)


def test_attackers_who_buy_from_themselves_do_get_rewards(outcome):
    """So that the costs above are not compared with nothing."""
    for kind in ("sybil", "self-dealer", "colluders"):
        assert outcome.accounts[kind].gain > 1


def test_a_search_finds_no_attack_that_pays():
    assert search(trials=60, seed=3) is None


def test_a_search_finds_one_when_the_order_cap_is_off():
    found = search(trials=60, seed=3, order_cap=False)

    assert found is not None
    assert found.gain > found.cost
    assert found.rules.order_cap_bps is None


def test_a_search_finds_one_when_no_origin_is_asked():
    found = search(trials=60, seed=3, asks_origin=False)

    assert found is not None and found.attack.foreign
    assert found.gain > found.cost


def test_without_the_order_cap_a_lone_self_dealer_is_paid_the_budget():
    quiet = World(people=30, hospitals=3, epochs=1, demand=(0, 0), seed=1)
    open_rules = Rules(order_cap_bps=None, tag_cap=10**12, issuer_cap_bps=10_000)

    unsafe = simulate(quiet, open_rules)

    assert sum(one.gain for one in unsafe.attacks.values()) == pytest.approx(10**6, rel=1e-3)


@pytest.fixture(scope="module")
def control():
    return search(trials=60, seed=3, order_cap=False)


def test_it_is_green_where_the_rules_hold(outcome, control):
    assert failures(outcome, None, {"a cap off": control}) == []


def test_it_is_red_for_an_attack_that_pays(control):
    quiet = World(people=30, hospitals=3, epochs=1, demand=(0, 0), seed=1)
    unsafe = simulate(quiet, Rules(order_cap_bps=None, tag_cap=10**12, issuer_cap_bps=10_000))

    assert any("gains" in each for each in failures(unsafe, None, {"a cap off": control}))


def test_it_is_red_for_what_the_search_finds(outcome, control):
    (said,) = failures(outcome, control, {"a cap off": control})

    assert "found an attack" in said


def test_it_is_red_where_the_search_is_blind(outcome, control):
    (said,) = failures(outcome, None, {"a cap off": None, "another": control})

    assert "blind" in said and "a cap off" in said


@pytest.mark.parametrize(("trials", "code"), [(60, 0), (0, 1)])
def test_its_exit_code_says_so(tmp_path, capsys, trials, code):
    """Without a trial, the search that has to find an attack finds none."""
    given = ["--people", "300", "--epochs", "1", "--seed", "3", "--trials", str(trials)]

    assert economy.main([*given, "--out", str(tmp_path)]) == code

    assert ("blind" in capsys.readouterr().err) is bool(code)
    assert bool(list(tmp_path.iterdir())) is not bool(code)


def test_its_pictures_are_drawn(outcome, unasked):
    drawn = plots(outcome)
    assert set(drawn) == {"payouts", "attacks", "concentration"}
    for chart in drawn.values():
        assert draw_png(chart).startswith(b"\x89PNG")
    text = figures(SMALL, outcome, unasked, 2, None, {})
    assert "| self-dealer |" in text and "| copier, origin not asked |" in text


@pytest.mark.parametrize(
    ("values", "expected"), [([1, 1, 1, 1], 0), ([0, 0, 0, 1], 0.75), ([0, 0], 0)]
)
def test_gini_is_what_it_is(values, expected):
    assert gini(values) == pytest.approx(expected)
