"""
What people write
├── classes: names, groups, both; unknown or none is refused with what there is
├── uses, conditions and roles: codes in any case; unknown is refused with what there is
├── times: lengths and dates; past, too long and nonsense are refused
├── addresses: any one case, or the right mixture
└── numbers: of as many bits as a contract keeps; others, however long, are refused in a sentence
"""

import pytest

from aceso.cli import _terms
from aceso.codes import CLINICAL, LIFELOG, DataClass, Role, Use
from aceso.errors import UsageError

NOW = 1_800_000_000
ADDRESS = "0xBcd4042DE499D14e55001CcbB24a551F3b954096"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("labs", DataClass.LABS),
        ("labs, mental-health", DataClass.LABS | DataClass.MENTAL_HEALTH),
        ("CLINICAL,hiv", CLINICAL | DataClass.HIV),
        ("lifelog", LIFELOG),
        ("genome_whole", DataClass.GENOME_WHOLE),
    ],
)
def test_classes_are_names_and_groups(text, wanted):
    assert _terms.classes(text) == wanted


def test_classes_round_trip():
    assert _terms.classes(",".join(_terms.class_names(CLINICAL))) == CLINICAL


@pytest.mark.parametrize(
    ("read", "text", "code", "known"),
    [
        (_terms.classes, "blood", "E_CLASS_NAME", "labs"),
        (_terms.uses, "FUN", "E_USE_CODE", "TREAT"),
        (_terms.conditions, "FUN", "E_CONDITION_CODE", "IRB"),
        (_terms.roles, "king", "E_ROLE_NAME", "physician"),
    ],
)
def test_unknown_names_are_refused_with_what_there_is(read, text, code, known):
    with pytest.raises(UsageError) as refused:
        read(text)

    assert refused.value.code == code
    assert known in refused.value.message


@pytest.mark.parametrize(
    ("read", "code"), [(_terms.classes, "E_CLASS_NONE"), (_terms.uses, "E_USE_NONE")]
)
def test_nothing_is_refused(read, code):
    with pytest.raises(UsageError) as refused:
        read(" , ")

    assert refused.value.code == code


def test_codes_are_taken_in_any_case():
    assert _terms.uses("treat,hmb") == Use.TREAT | Use.HMB
    assert _terms.roles("physician,Issuer") == Role.PHYSICIAN | Role.ISSUER


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90m", 5400), ("12h", 43_200), ("30d", 2_592_000), ("2w", 1_209_600), ("1y", 31_536_000)],
)
def test_lengths(text, seconds):
    assert _terms.Span.parse(text).seconds(NOW) == seconds


def test_dates_are_their_first_second_in_utc():
    assert _terms.Span.parse("2027-01-16").seconds(NOW) == 1_800_057_600 - NOW


@pytest.mark.parametrize("text", ["", "soon", "0d", "-3d", "30", "2027-13-01"])
def test_nonsense_times_are_refused(text):
    with pytest.raises(UsageError) as refused:
        _terms.Span.parse(text)

    assert refused.value.code == "E_TIME"


def test_a_time_that_is_over_is_refused():
    with pytest.raises(UsageError) as refused:
        _terms.Span.parse("2020-01-01").seconds(NOW)

    assert refused.value.code == "E_TIME_PAST"


def test_a_time_beyond_the_limit_of_its_use_is_refused():
    with pytest.raises(UsageError) as refused:
        _terms.Span.parse("2y").seconds(NOW, most=_terms.longest(Use.COC))

    assert refused.value.code == "E_TIME_TOO_LONG"
    assert refused.value.details["days"] == 366


@pytest.mark.parametrize("text", ["999999y", "99999999d", "9999-12-31"])
def test_a_time_beyond_any_calendar_is_refused(text):
    with pytest.raises(UsageError) as refused:
        _terms.Span.parse(text).seconds(NOW)
    assert refused.value.code == "E_TIME_FAR"


@pytest.mark.parametrize("text", [ADDRESS, ADDRESS.lower(), "0x" + ADDRESS[2:].upper()])
def test_addresses(text):
    assert _terms.address(text) == ADDRESS


@pytest.mark.parametrize(
    "text", ["", "0x12", ADDRESS[:-1], ADDRESS.replace("B", "b", 1), "institution:1", "김철수"]
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(UsageError) as refused:
        _terms.address(text)

    assert refused.value.code == "E_ADDRESS"


@pytest.mark.parametrize(
    ("text", "bits", "found"),
    [
        ("1", 32, 1),
        (str(2**32 - 1), 32, 2**32 - 1),
        (str(2**32), 32, None),
        (str(2**256 - 1), 256, 2**256 - 1),
        (str(2**256), 256, None),
        ("9" * 5000, 256, None),
        *((text, 256, None) for text in ("0", "-1", "1.5", "²", "１", "", "abc", "0x10")),
        (None, 256, None),
    ],
)
def test_a_number_is_one_that_a_contract_keeps(text, bits, found):
    assert _terms.whole(text, bits) == found


@pytest.mark.parametrize("number", [str(2**256), "9" * 5000, "²"])
@pytest.mark.parametrize(
    "command",
    [
        *(f"study {act} N" for act in ("close", "download")),
        *(f"union {act} N" for act in ("show", "close", "strike", "leave", "join", "claim")),
        *(f"dispute {act} N" for act in ("show", "draw", "end", "join")),
        *("study dispute N --out case", "study show 1 --revision N", "buy N", "settle N"),
        *("rewards show N", "rewards end N", "offer --classes labs --price N"),
    ],
)
def test_a_number_that_none_keeps_is_refused_in_a_sentence(aceso, command, number):
    done = aceso(*(number if one == "N" else one for one in command.split()), "--json")

    assert (done.code, "Traceback" in done.err) == (2, False)
    code = done.document["error"]["code"]
    assert code in {
        "E_USAGE_VALUE",
        "E_AMOUNT",
        "E_ADDRESS",
        "E_ORDER_NUMBER",
        "E_OFFER_NUMBER",
    } | {
        f"E_{one}"
        for one in ("STUDY_WHAT", "STUDY_OPTIONS", "UNION_WHAT", "DISPUTE_WHAT", "REWARDS_WHICH")
    }
