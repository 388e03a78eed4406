"""
standing
├── nothing was done: three words of zero
├── answers with the word of the grantee, of the actor's account, and the head
└── never reverts (G5)
eip712Domain
└── says by what the registry verifies; every type names the subject first
"""

import pytest

from aceso.typed_data import TYPES
from tests.contracts.acting import CONSENT_ACTS, domain_of, grantee_of


@pytest.mark.both_chains
def test_is_zero_at_first(registry, subject, grantee):
    words = registry.standing(subject, grantee_of(grantee), grantee)

    assert [int(word) for word in words] == [0, 0, 0]


@pytest.mark.both_chains
def test_shows_the_three_words(act, registry, subject, grantee, stranger):
    act("Bar", actor=str(stranger))
    act("Grant")
    act("WithdrawalOfAll")

    of_grantee, of_actor, above = registry.standing(subject, grantee_of(grantee), stranger)

    assert of_grantee & 0xFFFFFFFF != 0 and (of_grantee >> 176) & 0xFFFFFF == 1
    assert of_actor >> 248 == 0b101 and of_actor & 0xFFFFFFFF == 0
    assert (above >> 160) & 0xFFFFFF == 1


def test_never_reverts(registry):
    full = "0x" + "ff" * 20

    words = registry.standing(full, "0x" + "ff" * 32, full)

    assert [int(word) for word in words] == [0, 0, 0]


@pytest.mark.both_chains
def test_says_its_domain(registry, web3):
    assert domain_of(registry) == {
        "name": "Aceso",
        "version": "1",
        "chainId": web3.eth.chain_id,
        "verifyingContract": registry.address,
    }


@pytest.mark.parametrize("kind", CONSENT_ACTS, ids=str)
def test_every_type_names_the_subject_first(kind):
    assert TYPES[kind.type_name].types[kind.type_name][0] == {"name": "subject", "type": "address"}
    assert TYPES[kind.type_name].verifier == "ConsentRegistry"
