"""
setPrimaryPhysician, setPrimaryPhysicianWithSig (each leaf in both ways)
├── no class is named: opens all clinical ones and no sensitive one, for treatment, from now on
├── classes are named: opens those
├── takes the place of another physician, whose grant is then NOT_PRIMARY
├── the first is chosen anew: counts again
├── a plain grant to the physician: takes the place of the physician's
├── an earlier grant to the physician: is replaced
├── the physician is no account: ConsentInvalidGrantee
├── the physician is barred: ConsentGranteeBarred
├── a class that is not clinical or sensitive, or unknown: ConsentInvalidClasses
└── the end is now, or later than treatment may last: ConsentInvalidPeriod
"""

import brownie
import pytest

from aceso.codes import CLINICAL, SENSITIVE, DataClass, Reason, Use
from tests.contracts.acting import DAY, grantee_of, head, word
from tests.support import typed

BOTH = pytest.mark.both_chains


@pytest.fixture
def until(chain):
    return chain[-1].timestamp + 365 * DAY


@pytest.fixture
def asked(physician):
    return {"actor": str(physician), "grantee": grantee_of(physician)}


@BOTH
def test_opens_the_clinical_record(act, registry, subject, physician, until, decide, asked, chain):
    tx = act("PrimaryPhysician", validUntil=until)

    now = chain[-1].timestamp
    assert len(tx.events) == 1
    assert dict(tx.events["PrimaryPhysicianSet"]) == {
        "subject": subject,
        "physician": physician,
        "classes": int(CLINICAL),
        "validFrom": now,
        "validUntil": until,
    }
    after = word(registry, subject, grantee_of(physician))
    assert after == dict.fromkeys(after, 0) | {
        "classes": int(CLINICAL),
        "uses": int(Use.TREAT),
        "validFrom": now,
        "validUntil": until,
        "grants": 1,
        "primary": 1,
    }
    assert head(registry, subject) == {
        "physician": physician,
        "epoch": 0,
        "stoppedAt": 0,
        "changes": 1,
    }
    assert decide(**asked, classes=int(CLINICAL)) is Reason.PRIMARY_PHYSICIAN
    for closed in (*SENSITIVE, DataClass.ACTIVITY, DataClass.GENOME_WHOLE):
        assert decide(**asked, classes=int(closed)) is Reason.CLASS
    assert decide(**asked, use=int(Use.COC)) is Reason.USE


@BOTH
def test_opens_the_classes_that_are_named(act, until, decide, asked):
    act("PrimaryPhysician", validUntil=until, classes=int(DataClass.HIV | DataClass.LABS))

    assert decide(**asked, classes=int(DataClass.HIV)) is Reason.PRIMARY_PHYSICIAN
    assert decide(**asked, classes=int(DataClass.NOTES)) is Reason.CLASS


@BOTH
def test_takes_the_place_of_another(act, registry, subject, stranger, until, decide, asked):
    act("PrimaryPhysician", validUntil=until)

    act("PrimaryPhysician", validUntil=until, physician=str(stranger))

    assert decide(**asked) is Reason.NOT_PRIMARY
    other = {"actor": str(stranger), "grantee": grantee_of(stranger)}
    assert decide(**other) is Reason.PRIMARY_PHYSICIAN
    assert head(registry, subject)["changes"] == 2


@BOTH
def test_counts_again_when_chosen_anew(act, stranger, until, decide, asked):
    for chosen in ({}, {"physician": str(stranger)}, {}):
        act("PrimaryPhysician", validUntil=until, **chosen)

    assert decide(**asked) is Reason.PRIMARY_PHYSICIAN


@BOTH
def test_is_replaced_by_a_plain_grant(act, stranger, physician, until, decide, asked):
    act("PrimaryPhysician", validUntil=until)

    act("Grant", grantee=grantee_of(physician))
    act("PrimaryPhysician", validUntil=until, physician=str(stranger))

    assert decide(**asked) is Reason.GRANTED


@BOTH
def test_replaces_a_plain_grant(act, physician, until, decide, asked):
    act("Grant", grantee=grantee_of(physician), conditions=1, classes=int(DataClass.DIET))

    act("PrimaryPhysician", validUntil=until)

    assert decide(**asked) is Reason.PRIMARY_PHYSICIAN
    assert decide(**asked, classes=int(DataClass.DIET)) is Reason.CLASS


@BOTH
def test_refuses_no_account(act, until):
    nobody = "0x" + "00" * 20

    with brownie.reverts(typed("ConsentInvalidGrantee", "0x" + "00" * 32)):
        act("PrimaryPhysician", physician=nobody, validUntil=until)


@BOTH
def test_refuses_a_barred_physician(act, physician, until):
    act("Bar", actor=str(physician))

    with brownie.reverts(typed("ConsentGranteeBarred", grantee_of(physician))):
        act("PrimaryPhysician", validUntil=until)


@BOTH
@pytest.mark.parametrize(
    "classes",
    [
        DataClass.GENOME_WHOLE,
        DataClass.ACTIVITY | DataClass.LABS,
        DataClass.RESEARCH_EXTRACT,
        1 << 31,
    ],
)
def test_refuses_what_is_not_clinical(act, until, classes):
    with brownie.reverts(typed("ConsentInvalidClasses", int(classes))):
        act("PrimaryPhysician", validUntil=until, classes=int(classes))


@pytest.mark.parametrize(("days", "extra"), [(0, 0), (1827, 1)])
def test_refuses_an_end_out_of_bounds(act, chain, days, extra):
    now = chain[-1].timestamp + 100
    brownie.web3.provider.make_request("evm_setNextBlockTimestamp", [now])

    until = now + days * DAY + extra
    with brownie.reverts(typed("ConsentInvalidPeriod", now, until, now + 1827 * DAY)):
        act("PrimaryPhysician", validUntil=until)


@pytest.mark.parametrize(("days", "extra"), [(0, 1), (1827, 0)])
def test_takes_an_end_within_bounds(act, chain, days, extra, decide, asked):
    now = chain[-1].timestamp + 100
    brownie.web3.provider.make_request("evm_setNextBlockTimestamp", [now])

    act("PrimaryPhysician", validUntil=now + days * DAY + extra)

    assert decide(**asked) is Reason.PRIMARY_PHYSICIAN
