"""
decide, rule by rule (how the rules meet is in stateful/test_decisions.py)
├── the actor is the subject: SELF, whatever is asked
├── the period is half-open: NOT_YET at from - 1, permitted at from and until - 1, ENDED at until
├── classes: every one must be covered; none asked is CLASS
├── uses
│   ├── DUO nests: each use is covered by itself and by the wider ones, and by no other
│   └── none, two at once, or an unknown one: USE
├── DS alone: the disease must be equal; with a wider use beside it: any disease
├── the actor is another account than the grantee: NOT_GRANTEE
├── a group
│   ├── with a member: MEMBER; with another, or of another number: NOT_MEMBER
│   ├── without code, silent, reverting, too short, too long, a bool of 2, conditions of 25 bits,
│   │   gas burning, huge, writing: GROUP_SILENT, and no decision is dear by it
│   ├── that answers in just under 50,000 gas: MEMBER
│   └── starved of gas by the caller: only ever a denial
├── conditions: of an account by the authority; of a member by the group, never by the authority
├── never reverts, whatever the words of the request are (G5)
└── costs the same after many grants (G3)
"""

import pytest
from brownie import web3
from eth_abi import encode

from aceso.codes import ALLOWED_BY, DataClass, Reason, Use
from tests.contracts.acting import DAY, grantee_of, group_of, terms

BOTH = pytest.mark.both_chains
DECIDE = "decide((address,address,bytes32,uint16,uint32,uint24))"
REQUEST = "(address,address,bytes32,uint16,uint32,uint24)"


@pytest.fixture
def grant(registry, subject):
    def send(grantee, **changed):
        given = terms(grantee, **changed)
        registry.grant(tuple(given.values()), {"from": subject})
        return given

    return send


@pytest.fixture
def honest(HonestGroup, accounts):
    return HonestGroup.deploy({"from": accounts[0]})


@BOTH
def test_the_subject_is_always_permitted(subject, decide):
    for use, classes in ((0, 0), (0xFFFF, 0xFFFFFFFF), (int(Use.TREAT), int(DataClass.HIV))):
        assert decide(actor=str(subject), use=use, classes=classes) is Reason.SELF


@BOTH
def test_the_period_is_half_open(grant, grantee, decide, at, chain):
    begin, end = chain[-1].timestamp + 1000, chain[-1].timestamp + 2000
    grant(grantee_of(grantee), validFrom=begin, validUntil=end)

    for second, reason in (
        (begin - 1, Reason.NOT_YET),
        (begin, Reason.GRANTED),
        (begin + 1, Reason.GRANTED),
        (end - 1, Reason.GRANTED),
        (end, Reason.ENDED),
        (end + 1, Reason.ENDED),
    ):
        at(second)
        assert decide() is reason


@BOTH
def test_every_class_must_be_covered(grant, grantee, decide):
    grant(grantee_of(grantee), classes=int(DataClass.LABS | DataClass.HIV))

    assert decide(classes=int(DataClass.LABS | DataClass.HIV)) is Reason.GRANTED
    assert decide(classes=int(DataClass.HIV)) is Reason.GRANTED
    assert decide(classes=int(DataClass.LABS | DataClass.NOTES)) is Reason.CLASS
    assert decide(classes=0) is Reason.CLASS
    assert decide(classes=int(DataClass.LABS) | 1 << 31) is Reason.CLASS


@pytest.mark.parametrize("granted", list(Use))
def test_a_use_covers_itself_and_the_narrower_ones(grant, grantee, decide, granted):
    grant(grantee_of(grantee), uses=int(granted), disease=int(granted == Use.DS))

    for asked in Use:
        covered = bool(ALLOWED_BY[asked] & granted)
        assert decide(use=int(asked), disease=1) is (Reason.GRANTED if covered else Reason.USE)


@pytest.mark.parametrize("use", [0, 3, 1 << 11, 1 << 15, 0xFFFF, int(Use.HMB | Use.GRU)])
def test_exactly_one_known_use_is_asked_for(grant, grantee, chain, decide, use):
    grant(
        grantee_of(grantee),
        uses=sum(Use),
        disease=1,
        validUntil=chain[-1].timestamp + DAY,
    )

    assert decide(use=use, disease=1) is Reason.USE


def test_a_disease_must_be_equal_if_only_ds_covers(grant, grantee, decide):
    asked = {"use": int(Use.DS)}
    grant(grantee_of(grantee), uses=int(Use.DS), disease=5148)
    assert decide(**asked, disease=5148) is Reason.GRANTED
    for disease in (0, 5147, 5149, 0xFFFFFF):
        assert decide(**asked, disease=disease) is Reason.DISEASE

    grant(grantee_of(grantee), uses=int(Use.DS | Use.HMB), disease=5148)
    assert decide(**asked, disease=5149) is Reason.GRANTED


@BOTH
def test_another_account_is_not_the_grantee(grant, grantee, stranger, decide):
    grant(grantee_of(grantee))

    assert decide(actor=str(stranger)) is Reason.NOT_GRANTEE


@BOTH
def test_a_member_is_let_in(grant, honest, accounts, grantee, stranger, decide):
    honest.set(7, grantee, True, 0, {"from": accounts[0]})
    for number in (7, 8):
        grant(group_of(number, honest))

    assert decide(grantee=group_of(7, honest)) is Reason.MEMBER
    assert decide(grantee=group_of(8, honest)) is Reason.NOT_MEMBER
    assert decide(grantee=group_of(7, honest), actor=str(stranger)) is Reason.NOT_MEMBER


YES = encode(["bool", "uint24"], [True, 0xFFFFFF])


@pytest.mark.parametrize(
    ("double", "argument"),
    [
        ("BabblingGroup", b""),
        ("BabblingGroup", YES[:32]),
        ("BabblingGroup", YES[:63]),
        ("BabblingGroup", YES + b"\0"),
        ("BabblingGroup", YES + YES),
        ("BabblingGroup", encode(["uint256", "uint256"], [2, 0])),
        ("BabblingGroup", encode(["uint256", "uint256"], [2**256 - 1, 0])),
        ("BabblingGroup", encode(["uint256", "uint256"], [1, 1 << 24])),
        ("BabblingGroup", encode(["uint256", "uint256"], [0, 1 << 255])),
        ("RevertingGroup", None),
        ("BurningGroup", 60_000),
        ("BurningGroup", 10**9),
        ("BombGroup", 10_000),
        ("BombGroup", 100_000),
        ("BombGroup", 10_000_000),
        ("WritingGroup", None),
    ],
)
def test_no_proper_answer_is_silence(grant, decide, accounts, request, double, argument):
    maker = request.getfixturevalue(double)
    group = maker.deploy(*([] if argument is None else [argument]), {"from": accounts[0]})
    grant(group_of(1, group))

    assert decide(grantee=group_of(1, group)) is Reason.GROUP_SILENT


@BOTH
@pytest.mark.parametrize("address", ["0x" + "00" * 19 + "04", "0x" + "12" * 20])
def test_an_address_without_code_is_silent(grant, decide, address):
    grant(group_of(1, address))

    assert decide(grantee=group_of(1, address)) is Reason.GROUP_SILENT


@pytest.mark.parametrize(("member", "reason"), [(1, Reason.MEMBER), (0, Reason.NOT_MEMBER)])
def test_a_proper_answer_counts_whoever_gives_it(
    grant, decide, accounts, BabblingGroup, member, reason
):
    answer = encode(["uint256", "uint256"], [member, 0xFFFFFF])
    group = BabblingGroup.deploy(answer, {"from": accounts[0]})
    grant(group_of(1, group), conditions=0xFFFFFF)

    assert decide(grantee=group_of(1, group)) is reason


def test_a_slow_group_may_take_nearly_50_000_gas(grant, decide, accounts, BurningGroup):
    group = BurningGroup.deploy(48_500, {"from": accounts[0]})
    grant(group_of(1, group))

    assert decide(grantee=group_of(1, group)) is Reason.MEMBER


def ask(registry, request, gas):
    data = web3.keccak(text=DECIDE)[:4] + encode([REQUEST], [request])
    call = {"to": registry.address, "data": web3.to_hex(data), "gas": hex(gas)}
    answer = web3.provider.make_request("eth_call", [call, "latest"])
    if "error" in answer:
        return None
    words = bytes.fromhex(answer["result"][2:])
    return bool(words[31]), Reason(words[63])


@pytest.mark.parametrize("appetite", [0, 5_000, 30_000, 48_000])
def test_starving_the_group_only_denies(
    grant, registry, subject, grantee, accounts, BurningGroup, appetite
):
    group = BurningGroup.deploy(appetite, {"from": accounts[0]})
    grant(group_of(1, group))
    request = (
        subject.address,
        grantee.address,
        bytes.fromhex(group_of(1, group)[2:]),
        int(Use.TREAT),
        int(DataClass.LABS),
        0,
    )

    answers = [ask(registry, request, gas) for gas in range(22_000, 110_000, 500)]

    assert answers[0] is None and answers[-1] == (True, Reason.MEMBER)
    assert set(answers) <= {None, (False, Reason.GROUP_SILENT), (True, Reason.MEMBER)}
    # Once there is enough, more gas changes nothing.
    enough = answers.index((True, Reason.MEMBER))
    assert set(answers[enough:]) == {(True, Reason.MEMBER)}


@pytest.mark.parametrize("double", ["BombGroup", "BurningGroup"])
def test_no_group_makes_a_decision_dear(
    grant, registry, subject, grantee, accounts, request, double
):
    size = 10**9 if double == "BurningGroup" else 100_000
    group = request.getfixturevalue(double).deploy(size, {"from": accounts[0]})
    grant(group_of(1, group))
    asked = (
        subject.address,
        grantee.address,
        bytes.fromhex(group_of(1, group)[2:]),
        int(Use.TREAT),
        int(DataClass.LABS),
        0,
    )

    assert ask(registry, asked, 150_000) == (False, Reason.GROUP_SILENT)


@BOTH
def test_the_authority_attests_conditions_of_an_account(
    grant, grantee, decide, participants, authority, chain, at
):
    grant(grantee_of(grantee), conditions=0b101)
    assert decide() is Reason.CONDITION
    participants.proposeAccreditation(grantee, 0, 0b001, {"from": authority})
    at(chain[-1].timestamp + 2 * DAY + 60)
    participants.accredit(grantee, {"from": authority})
    assert decide() is Reason.CONDITION

    participants.proposeAccreditation(grantee, 0, 0b100, {"from": authority})
    at(chain[-1].timestamp + 2 * DAY + 60)
    participants.accredit(grantee, {"from": authority})
    assert decide() is Reason.GRANTED

    participants.unaccredit(grantee, 0, 0b001, {"from": authority})
    assert decide() is Reason.CONDITION


def test_the_group_attests_conditions_of_a_member(
    grant, honest, grantee, decide, accounts, participants, authority, chain, at
):
    grant(group_of(1, honest), conditions=0b101)
    participants.proposeAccreditation(grantee, 0, 0xFFFFFF, {"from": authority})
    at(chain[-1].timestamp + 2 * DAY + 60)
    participants.accredit(grantee, {"from": authority})

    for attested, reason in ((0b001, Reason.CONDITION), (0b111, Reason.MEMBER)):
        honest.set(1, grantee, True, attested, {"from": accounts[0]})
        assert decide(grantee=group_of(1, honest)) is reason


@pytest.mark.parametrize("fill", ["00", "ff"])
def test_never_reverts(registry, grantee, fill):
    address = "0x" + fill * 20
    for actor in (address, grantee.address):
        for group in (bytes.fromhex(fill * 32), bytes(11) + b"\x01" + bytes.fromhex(fill * 20)):
            number = int(fill, 16)
            request = (
                address,
                actor,
                group,
                number * 0x101,
                number * 0x1010101,
                number * 0x10101,
            )
            permitted, reason = registry.decide(request)
            assert permitted is Reason(reason).permits


def test_costs_the_same_after_many_grants(registry, grant, subject, grantee, stranger):
    grant(grantee_of(grantee))
    request = (str(subject), str(grantee), grantee_of(grantee), 1, 1 << 4, 0)
    before = registry.decide.estimate_gas(request, {"from": stranger})
    for number in range(1, 41):
        grant(group_of(number, stranger))

    after = registry.decide.estimate_gas(request, {"from": stranger})

    assert abs(after - before) < 0.05 * before
