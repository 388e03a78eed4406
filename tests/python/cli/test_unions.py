"""
what a union says, in both languages
├── joining: the disease, the voucher, the share and until when, which are signed
│   └── who was in before: what would be given up
└── opening: the disease and the price for all
options
├── each action refuses what it would pass over
└── bad inputs: a sentence, a code, exit code 2
download
└── how many are alike is the least that anybody measured; nothing, where one did not
dispute
├── a case of several parts is told part by part, and upheld only as a whole; or not decided
└── parts of several orders, or twice the same, are no case
on a real local network
└── opened, vouched for, joined, bought, fulfilled, downloaded, left, claimed
"""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from aceso.chain import Membership, UnionTerms
from aceso.cli import _union_market, _union_person, _words, dispute
from aceso.cli._session import Session
from aceso.cli._union_terms import terms_text
from aceso.codes import Condition, DataClass, Use
from aceso.errors import InputError
from aceso.flows import Downloaded, JoinPlan, Judgement, UnionDownload, base_units
from aceso.index import UnionRow
from aceso.research import Case, CaseFile, CasePart, Step, Verdict

DISEASE = 4_711
INSTITUTION, VOUCHER = "0x" + "11" * 20, "0x" + "44" * 20
DAY = 86_400
TERMS = UnionTerms(
    keeper="0x" + "22" * 20,
    price=base_units("4"),
    committee=1,
    duration=5 * DAY,
    delivery_period=2 * DAY,
    voucher=VOUCHER,
    use=Use.DS,
    classes=DataClass.LABS,
    institution=INSTITUTION,
    institution_bps=750,
    disease=DISEASE,
    conditions=Condition.NPU,
)
ROW = UnionRow(3, TERMS, 12, 1, None)
OUTSIDE = Membership(0, 0, 0, 0, 0, 0, 0)


@pytest.fixture(params=_words.LANGUAGES)
def spoken(request):
    _words.use(request.param)
    yield request.param
    _words.use("en")


def _missing(said, *words):
    return [one for one in words if one not in said]


def test_joining_says_what_is_signed(spoken):
    plan = JoinPlan(ROW, base_units("0.3"), 2_000_000_000, OUTSIDE, b"\x01" * 32, ())

    said = _union_person._notice(plan)

    words = ("union:3", str(DISEASE), VOUCHER, INSTITUTION, "7.5 %", "0.3", "2033-05-18 03:33 UTC")
    assert _missing(said, *words, "aceso union leave 3") == []
    assert "aceso union claim" not in said


def test_joining_anew_says_what_is_given_up(spoken):
    plan = JoinPlan(ROW, 1, 2_000_000_000, OUTSIDE, b"\x01" * 32, (5, 6))

    assert "aceso union claim" in _union_person._notice(plan)


def test_what_is_offered_is_told_to_buyers(spoken):
    assert _missing(terms_text(ROW), str(DISEASE), VOUCHER, INSTITUTION, "12", "4") == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("list", "--until", "30d"),
        ("join", "3", "--price", "1"),
        ("leave", "3", "--until", "30d"),
        ("claim", "--out", "folder"),
        ("create", "--minimum", "2"),
        ("buy", "3", "--dates", "year"),
        ("download", "3", "--with-ether"),
        ("status", "3", "--classes", "labs"),
    ],
)
def test_an_action_refuses_what_it_would_pass_over(aceso, arguments):
    done = aceso("union", *arguments, "--json")

    error = done.document["error"]
    assert (done.code, error["code"]) == (2, "E_UNION_STRAY")
    (option,) = error["details"]["options"]
    assert option in arguments


class _Session:
    """Whoever asks, before any network is."""

    def network(self):
        return SimpleNamespace(suite=SimpleNamespace(now=lambda: 0))


NOTHING = dict.fromkeys(
    (*_union_market._NEEDED, "institution", "institution_share", "patient_file", "out", "minimum")
)


@pytest.mark.parametrize(
    ("act", "what", "given", "code"),
    [
        (_union_person.list_unions, ("3",), {}, "E_UNION_LIST_ALL"),
        (_union_person.show_union, (), {}, "E_UNION_WHAT"),
        (_union_person.leave, ("offer:3",), {}, "E_UNION_WHAT"),
        (_union_person.join, ("0",), {}, "E_UNION_WHAT"),
        (_union_person.claim, ("third",), {}, "E_ORDER_NUMBER"),
        (_union_market.create, (), {}, "E_UNION_OPTIONS"),
        (_union_market.create, ("3",), {}, "E_UNION_WHAT"),
        (_union_market.vouch, (VOUCHER,), {}, "E_UNION_OPTIONS"),
        (_union_market.download, ("3",), {}, "E_UNION_OPTIONS"),
        (_union_market.deliver, (), {}, "E_UNION_ORDER"),
        (_union_market.buy, ("-1",), {}, "E_UNION_WHAT"),
        (
            _union_market.create,
            (),
            {"classes": "labs", "price": "1", "voucher": VOUCHER, "institution_share": 5.0},
            "E_UNION_OPTIONS",
        ),
    ],
)
def test_bad_inputs_have_a_sentence(act, what, given, code):
    with pytest.raises(Exception) as caught:
        act(_Session(), NOTHING | {"what": what} | given)

    assert (caught.value.code, caught.value.exit_code) == (code, 2)
    _words.use("ko")
    try:
        assert any("가" <= letter <= "힣" for letter in _words.sentence(caught.value))
    finally:
        _words.use("en")


def test_how_many_are_alike_is_the_least_that_was_measured():
    def measured(k):
        return Downloaded(None, (), SimpleNamespace(k=k))

    failed = InputError("", code="E_ORDER_STATE")

    assert UnionDownload({"a": measured(5), "b": measured(3), "c": failed}, 0).k == 3
    assert UnionDownload({"a": measured(5), "b": measured(0)}, 0).k == 0
    assert UnionDownload({"c": failed}, 0).k == 0


@pytest.mark.parametrize(
    ("last", "upholds", "decided", "code"),
    [
        (Verdict(Step.BODY), True, True, 6),
        (Verdict(None), False, True, 0),
        (Verdict(Step.SHARES, is_decided=False), False, False, 6),
    ],
)
def test_a_case_of_several_parts_is_told_part_by_part(
    monkeypatch, tmp_path, capsys, last, upholds, decided, code
):
    parts = [CasePart("0x" + one * 20, b"\x01" * 32, ()) for one in ("55", "66")]
    cases = tuple(Case(7, b"", b"", (), {}, part) for part in parts)
    path = tmp_path / "case.json"
    path.write_bytes(CaseFile.of(cases).original)
    found = Judgement((Verdict(Step.BODY, "gone"), last))
    monkeypatch.setattr("aceso.flows.judge_file", lambda network, file: found)
    session = Session()
    session.as_json = True
    monkeypatch.setattr(session, "network", lambda: None)

    done = dispute._replay(session, {"what": str(path), "action": "replay", "number": None})

    said = json.loads(capsys.readouterr().out)
    assert (done, said["upholds"], said["decided"]) == (code, upholds, decided)
    assert [one["member"] for one in said["parts"]] == [part.member for part in parts]
    assert said["parts"][0]["step"] == "body"


def test_parts_of_several_orders_are_no_case():
    part = CasePart("0x" + "55" * 20, b"\x01" * 32, ())
    other = replace(part, member="0x" + "66" * 20)
    spelt = [replace(part, member=one) for one in ("0x" + "ab" * 20, "0X" + "aB" * 20)]
    for cases in (
        (Case(7, b"", b"", (), {}, part), Case(8, b"", b"", (), {}, other)),
        (Case(7, b"", b"", (), {}, part), Case(7, b"", b"", (), {}, part)),
        # Else the part of a friend, spelt twice, were that of somebody else who is accused.
        tuple(Case(7, b"", b"", (), {}, one) for one in spelt),
    ):
        with pytest.raises(InputError) as caught:
            CaseFile.read(CaseFile.of(cases).original)
        assert caught.value.code == "E_CASE_FORMAT"


def test_a_union_from_both_sides(network, actors, person, researcher, tmp_path):
    hospital = actors("institution")
    assert hospital("accredit", hospital.account, "--role", "issuer").code == 0
    create = (
        *("union", "create", "--classes", "labs", "--price", "2", "--voucher", hospital.account),
        *("--duration", "5d", "--delivery", "2d", "--yes"),
    )
    union = hospital(*create).document["union"]
    alone = person("union", "join", union, "--yes")
    assert (alone.code, alone.document["error"]["code"]) == (3, "E_UNION_NOT_VOUCHED")
    assert person.account in person.says("union", "show", union).out
    chart = tmp_path / "patient"
    chart.write_text("chart 7")
    vouch = ("union", "vouch", person.account, "--patient-file", chart)
    assert hospital(*vouch).code != 0
    assert hospital(*vouch, "--yes").code == 0

    # Nothing is signed without a yes, and what is signed was said in either language.
    assert person("union", "join", union).code != 0
    said = person.says("union", "show", union, "--lang", "ko").out
    words = (f"union:{union}", "1.8 코인", hospital.account, "5일", "aceso union leave")
    assert [one for one in words if one not in said] == []
    joined = person("union", "join", union, "--until", "90d", "--yes")
    assert (joined.code, joined.document["member"]) == (0, True)
    (listed,) = person("union", "list").document["unions"]
    assert (listed["union"], listed["you"], listed["members"]) == (union, "member", 1)

    many = researcher("union", "buy", union, "--minimum", "2", "--with-ether", "--yes")
    assert (many.code, many.document["error"]["code"]) == (3, "E_UNION_TOO_SMALL")
    bought = researcher("union", "buy", union, "--with-ether", "--yes")
    order = bought.document["order"]
    assert person("union", "fulfil", "--yes").document["orders"][0]["order"] == order
    # It is told before anybody is asked for a yes.
    twice = researcher("union", "deliver", order)
    assert (twice.code, twice.document["error"]["code"]) == (3, "E_UNION_NOT_OPEN_ORDER")
    got = researcher("union", "download", order, "--out", tmp_path / "union").document
    (part,) = got["parts"]
    assert (part["member"], got["untold"], got["k"]) == (person.account, 0, 0)
    text = (tmp_path / "union" / part["member"] / "Observation.ndjson").read_text()
    assert "김" not in text

    # Who leaves in the very second of the delivery has nothing to claim.
    network.chain.advance_time(1)
    assert person("union", "leave", union, "--yes").code == 0
    assert researcher("union", "download", order, "--out", tmp_path / "late").code == 4
    soon = person("union", "claim", order)
    assert (soon.code, soon.document["claims"][0]["error"]) == (5, "E_REFUSED_ORDER_NOT_OVER")
    network.chain.advance_time(4 * 24 * 3600)
    assert person("union", "claim").document["claims"][0]["order"] == order
    assert researcher("settle", order).code == 0
    status = researcher("union", "status", union).document
    assert (status["members"], status["orders"][0]["state"]) == (0, "SETTLED")
    assert "SETTLED" not in researcher.says("union", "status", union).out
    earned = person("earnings").document["orders"]
    assert f"union:{union}" in [one["sold"] for one in earned]
    assert hospital("union", "close", union, "--yes").code == 0
