"""
withdrawAll, withdrawAllWithSig (each leaf in both ways)
├── nothing was granted: succeeds, and raises the epoch
├── grants are active
│   ├── all end in the same block, and that is said in one event with the new epoch
│   ├── the stop is now; the words themselves, and other subjects, stay as they were
│   └── the primary physician stays named, without a grant
├── a grant is signed but not yet sent: is void
└── a grant of the new epoch: counts; those of the old one stay ended
"""

import brownie
import pytest

from aceso.codes import Reason
from tests.contracts.acting import ACTS, DAY, domain_of, grantee_of, head, sign, word
from tests.support import typed

pytestmark = pytest.mark.both_chains


def test_succeeds_if_nothing_was_granted(act, registry, subject, decide, chain):
    tx = act("WithdrawalOfAll")

    assert len(tx.events) == 1
    assert dict(tx.events["AllConsentsWithdrawn"]) == {"subject": subject, "epoch": 1}
    assert head(registry, subject) == {
        "physician": "0x" + "00" * 20,
        "epoch": 1,
        "stoppedAt": chain[-1].timestamp,
        "changes": 0,
    }
    assert decide() is Reason.NOT_GRANTED


def test_ends_every_grant_in_the_same_block(act, stranger, decide):
    other = {"actor": str(stranger), "grantee": grantee_of(stranger)}
    act("Grant")
    act("Grant", grantee=grantee_of(stranger))
    assert [decide(), decide(**other)] == [Reason.GRANTED] * 2

    act("WithdrawalOfAll")

    assert [decide(), decide(**other)] == [Reason.WITHDRAWN] * 2


def test_moves_nothing_but_the_subjects_head(act, registry, subject, other_subject, grantee):
    act("Grant")
    before = word(registry, subject, grantee_of(grantee)), head(registry, other_subject)

    act("WithdrawalOfAll")

    assert (word(registry, subject, grantee_of(grantee)), head(registry, other_subject)) == before


def test_leaves_the_physician_named_without_a_grant(
    act, registry, subject, physician, decide, chain
):
    act("PrimaryPhysician", validUntil=chain[-1].timestamp + DAY)

    act("WithdrawalOfAll")

    assert head(registry, subject)["physician"] == physician
    asked = {"actor": str(physician), "grantee": grantee_of(physician)}
    assert decide(**asked) is Reason.WITHDRAWN


@pytest.mark.parametrize("type_name", ["Grant", "PrimaryPhysician", "Unbar"])
def test_voids_what_is_signed_and_not_sent(act, registry, subject, relayer, message_of, type_name):
    if type_name == "Unbar":
        act("Bar")
    held = message_of(type_name, validUntil=brownie.chain[-1].timestamp + DAY)
    signature = sign(subject.private_key, type_name, held, domain_of(registry))
    act("WithdrawalOfAll")

    kind = ACTS[type_name]
    with brownie.reverts(typed("ConsentInvalidSignature", subject)):
        getattr(registry, kind.signed)(*kind.arguments(held), signature, {"from": relayer})


def test_lets_grants_of_the_new_epoch_count(act, stranger, decide):
    other = {"actor": str(stranger), "grantee": grantee_of(stranger)}
    act("Grant")
    act("Grant", grantee=grantee_of(stranger))
    act("WithdrawalOfAll")

    act("Grant")

    assert decide() is Reason.GRANTED
    assert decide(**other) is Reason.WITHDRAWN
