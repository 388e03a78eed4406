"""
what a study says
├── enrolling, in both languages: the disease, and what its buyer learns, which is signed
├── opening, in both languages: the disease, the institution and its share
└── too little coin: the same sentence for an offer, a budget and a bond
options
├── each action refuses what it would pass over
└── a share of nobody
top_up
├── enough: nothing is bought
├── too little: refused, unless it may be bought
└── a sale for a token alone: refused in a sentence
create
└── opened, then not funded: its number is told, and why
"""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from aceso.chain import Protocol, StudyTerms
from aceso.cli import _paying, _study_person, _study_researcher, _words
from aceso.cli._session import Session
from aceso.codes import Condition, DataClass, Use
from aceso.errors import InputError, UsageError
from aceso.flows import Conditions, EnrolmentPlan, StudyMade, StudyPlan, base_units
from aceso.flows import coins as sales
from aceso.index import StudyRow
from aceso.research import Origin

DISEASE = 4_711
INSTITUTION = "0x" + "11" * 20
DAY = 86_400
COIN = 10**18
PLAN = StudyPlan(
    criteria=b"",
    title="Sugar",
    summary="Sugar over time.",
    protocol="",
    classes=DataClass.LABS,
    use=Use.DS,
    price=base_units("4"),
    cap=3,
    deadline=2_000_000_000,
    duration=5 * DAY,
    delivery_period=2 * DAY,
    disease=DISEASE,
    institution=INSTITUTION,
    institution_bps=750,
)


@pytest.fixture(params=_words.LANGUAGES)
def spoken(request):
    _words.use(request.param)
    yield request.param
    _words.use("en")


def test_enrolling_says_the_disease(spoken):
    terms = StudyTerms(
        researcher="0x" + "22" * 20,
        price=PLAN.price,
        committee=1,
        duration=PLAN.duration,
        use=PLAN.use,
        classes=PLAN.classes,
        delivery_period=PLAN.delivery_period,
        deadline=PLAN.deadline,
        cap=PLAN.cap,
        institution=INSTITUTION,
        institution_bps=750,
        disease=DISEASE,
        conditions=Condition(0),
    )
    row = StudyRow(3, 1, terms, Protocol(bytes(32), bytes(32), bytes(32)), None, None, 1)
    found = Conditions(Condition(0), Condition(0), None)
    about = SimpleNamespace(title="Sugar", summary="Sugar over time.", origin=Origin.VOUCHED)
    plan = EnrolmentPlan(row, about, found, PLAN.price, PLAN.deadline, None, ())
    shown = _words.say("notice.enrol_origin")

    said = _study_person._notice(None, plan)
    assert str(DISEASE) in said and shown in said
    about.origin = Origin.ANY
    assert shown not in _study_person._notice(None, plan)


def test_opening_says_the_disease_and_the_share(spoken):
    said = _study_researcher._terms_text(PLAN)

    assert [one for one in (str(DISEASE), INSTITUTION, "7.5 %") if one not in said] == []


def test_too_little_coin_is_not_always_of_an_offer():
    _words.use("ko")
    try:
        said = _words.sentence(
            InputError("", code="E_NO_COIN", details={"price": "8", "balance": "1"})
        )
    finally:
        _words.use("en")

    assert "8 코인" in said and "제안" not in said


@pytest.mark.parametrize(
    "arguments",
    [
        ("amend", "3", "--budget", "100"),
        ("attest", "3", "--revision", "1", "--budget", "1"),
        ("close", "3", "--revision", "1"),
        ("download", "3", "--with-ether"),
        ("enrol", "3", "--out", "folder"),
        ("fulfil", "--title", "Sugar"),
        ("list", "--dates", "year"),
    ],
)
def test_an_action_refuses_what_it_would_pass_over(aceso, arguments):
    done = aceso("study", *arguments, "--json")

    error = done.document["error"]
    assert (done.code, error["code"]) == (2, "E_STUDY_STRAY")
    (option,) = error["details"]["options"]
    assert option in arguments


def test_a_share_of_nobody_is_refused():
    network = SimpleNamespace(suite=SimpleNamespace(now=lambda: 0))
    given = dict.fromkeys(_study_researcher._NEEDED, "1") | {
        "institution_share": 5.0,
        "institution": None,
    }

    with pytest.raises(UsageError) as caught:
        _study_researcher._plan(network, given, b"")

    assert caught.value.code == "E_STUDY_OPTIONS"


def _sale(monkeypatch, rate):
    state = sales.SaleState(
        rate=rate, token="0x" + "33" * 20, token_price=1, decimals=6, sold=0, cap=100 * COIN,
        sold_today=0, day_cap=50 * COIN, ends_at=0, is_over=False,
    )  # fmt: skip
    monkeypatch.setattr("aceso.flows.read_sale", lambda network: state)


def test_enough_coin_buys_nothing():
    assert _paying.top_up(None, 5, 5, with_ether=True) == _paying.TopUp(0, 0)
    assert _paying.TopUp(0, 0).added_to("words") == "words"


def test_too_little_coin_is_refused_unless_it_may_be_bought(monkeypatch):
    _sale(monkeypatch, 1_000)

    with pytest.raises(InputError) as caught:
        _paying.top_up(None, 5 * COIN, COIN, with_ether=False)
    lacking = _paying.top_up(None, 5 * COIN, COIN, with_ether=True)

    assert caught.value.code == "E_NO_COIN"
    assert (lacking.missing, lacking.wei) == (4 * COIN, 4 * COIN // 1_000)
    assert "4 coin" in lacking.added_to("") and "0.004 ether" in lacking.added_to("")


def test_a_sale_for_a_token_alone_takes_no_ether(monkeypatch):
    _sale(monkeypatch, 0)

    with pytest.raises(InputError) as caught:
        _paying.top_up(None, 5 * COIN, COIN, with_ether=True)

    assert caught.value.code == "E_SALE_ETHER"


class _Poor:
    """A researcher whose study is opened, and whose budget is refused."""

    network = None

    def balance(self):
        return 100 * COIN

    def create(self, plan):
        return StudyMade(9, 1, ())

    def fund(self, study, amount):
        raise InputError("The node is away.", code="E_CHAIN_DOWN")


def test_a_study_that_is_not_funded_is_told(monkeypatch, tmp_path, capsys):
    path = tmp_path / "criteria.json"
    path.write_text("{}")
    session = Session()
    session.as_json = True
    disputes = SimpleNamespace(terms=lambda: SimpleNamespace(fee=5 * COIN))
    network = SimpleNamespace(suite=SimpleNamespace(disputes=disputes))
    monkeypatch.setattr(session, "network", lambda: network)
    monkeypatch.setattr(_study_researcher, "_lead", lambda session: _Poor())
    monkeypatch.setattr(_study_researcher, "_plan", lambda *given: PLAN)
    given = {"what": (str(path),), "budget": "8", "with_ether": False, "yes": True}

    code = _study_researcher.create(session, given)

    out = capsys.readouterr()
    assert code == InputError.exit_code
    assert '"study": 9' in out.out and '"unfunded": "E_CHAIN_DOWN"' in out.out
    assert "Study 9 is on chain" in out.err
