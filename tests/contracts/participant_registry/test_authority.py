"""
An authority that is a wallet of several, as it is deployed: two of three owners act
├── one owner's signature does nothing, nor two of one owner, nor one of somebody else beside it
├── two propose; the delay of the registry holds for them, too, and they skip none of it
├── two take an accreditation away at once
├── what two signed is done once, and for nothing but what they signed
├── an owner by themselves, as an account, is nobody
└── an owner who was replaced signs in vain, whoever replaces them signs
"""

import brownie
import pytest
from brownie import ParticipantRegistry, RotatingWallet, web3
from eth_account import Account

from aceso.codes import Role
from tests.contracts.acting import DAY
from tests.support import typed

ISSUER = int(Role.ISSUER)
# Keys of nobody: they are in this file.
KEYS = ["0x" + f"{place:02x}" * 32 for place in (0x51, 0x52, 0x53, 0x54)]


@pytest.fixture(scope="module")
def owners():
    """Three owners in the order of their addresses, and one who is none."""
    found = [Account.from_key(key) for key in KEYS]
    return [*sorted(found[:3], key=lambda each: each.address.lower()), found[3]]


@pytest.fixture(scope="module")
def wallet(owners, relayer):
    return RotatingWallet.deploy([each.address for each in owners[:3]], 2, {"from": relayer})


@pytest.fixture(scope="module")
def governed(wallet, relayer):
    """A registry whose authority is the wallet."""
    return ParticipantRegistry.deploy(wallet, 2 * DAY, {"from": relayer})


@pytest.fixture
def acts(wallet, owners, relayer):
    """Send a call of the wallet's, signed by these owners."""

    def send(to, data, *signers, nonce=None):
        nonce = wallet.nonce() if nonce is None else nonce
        digest = wallet.digestOf(to, 0, data, nonce)
        signatures = [
            web3.to_hex(Account.unsafe_sign_hash(digest, owners[each].key).signature)
            for each in signers
        ]
        return wallet.execute(to, 0, data, signatures, {"from": relayer})

    return send


@pytest.fixture
def proposed(governed, grantee):
    return governed.proposeAccreditation.encode_input(grantee, ISSUER, 0)


@pytest.fixture
def accredited(governed, acts, proposed, grantee, stranger, chain, at):
    acts(governed, proposed, 0, 2)
    at(chain[-1].timestamp + 2 * DAY)
    governed.accredit(grantee, {"from": stranger})
    return grantee


@pytest.mark.parametrize("signers", [(), (0,), (1,), (0, 0), (1, 3)])
def test_one_owner_does_nothing(governed, acts, proposed, grantee, stranger, chain, at, signers):
    signed = len(set(signers) - {3})
    with brownie.reverts(typed("WalletNotSigned", signed, 2)):
        acts(governed, proposed, *signers)

    at(chain[-1].timestamp + 3 * DAY)
    with brownie.reverts(typed("ParticipantNotReady", grantee, 0)):
        governed.accredit(grantee, {"from": stranger})


@pytest.mark.parametrize("signers", [(0, 1), (0, 2), (1, 2)])
def test_two_accredit_after_the_delay(
    governed, acts, proposed, grantee, stranger, chain, at, signers
):
    acts(governed, proposed, *signers)
    ready = chain[-1].timestamp + 2 * DAY
    with brownie.reverts(typed("ParticipantNotReady", grantee, ready)):
        governed.accredit(grantee, {"from": stranger})
    at(ready)

    governed.accredit(grantee, {"from": stranger})

    assert governed.hasRoles(grantee, ISSUER)


def test_two_take_it_away_at_once(governed, acts, accredited):
    acts(governed, governed.unaccredit.encode_input(accredited, ISSUER, 0), 1, 2)

    assert not governed.hasRoles(accredited, ISSUER)


def test_what_two_signed_is_done_once(wallet, governed, acts, accredited):
    """Taken away and given again, what took it away is worth nothing any more."""
    taken = governed.unaccredit.encode_input(accredited, ISSUER, 0)
    before = wallet.nonce()
    acts(governed, taken, 0, 1)

    # Over the digest of before: two signatures of somebody.
    with brownie.reverts(typed("WalletNotSigned", 0, 2)):
        acts(governed, taken, 0, 1, nonce=before)


def test_an_owner_as_an_account_is_nobody(governed, owners, relayer, grantee):
    owner = brownie.accounts.add(owners[0].key)
    relayer.transfer(owner, "1 ether")

    with brownie.reverts(typed("ParticipantNotAuthority", owner)):
        governed.proposeAccreditation(grantee, ISSUER, 0, {"from": owner})


def test_a_replaced_owner_signs_in_vain(wallet, governed, acts, owners, proposed):
    acts(wallet, wallet.replace.encode_input(0, owners[3].address), 0, 1)

    with brownie.reverts(typed("WalletNotSigned", 0, 2)):
        acts(governed, proposed, 0)
    with brownie.reverts(typed("WalletNotSigned", 1, 2)):
        acts(governed, proposed, 1, 0)
    acts(governed, proposed, 3, 1)


def test_nobody_replaces_an_owner_but_the_owners(wallet, owners, relayer):
    with brownie.reverts(typed("WalletNotItself", relayer)):
        wallet.replace(0, owners[3].address, {"from": relayer})
