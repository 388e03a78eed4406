"""
RewardCoin
├── mint
│   ├── by either of the two minters: exactly the amount, in one event
│   ├── by anybody else, also its deployer: refuses
│   └── up to the cap, not one unit beyond
├── transfer: exactly the amount; on failure nothing moves
└── permit
    ├── sets the allowance by the owner's signature, once, until its deadline
    └── is of another owner, amount or coin: refuses
"""

import brownie
import pytest
from brownie import ZERO_ADDRESS
from eth_account import Account
from eth_account.messages import encode_typed_data

from tests.contracts.trading import COIN, DAY
from tests.support import typed

pytestmark = pytest.mark.both_chains

CAP = 10**9 * COIN
PERMIT = {
    "Permit": [
        {"name": "owner", "type": "address"},
        {"name": "spender", "type": "address"},
        {"name": "value", "type": "uint256"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ]
}


def test_is_what_it_says(trade, coin):
    assert (coin.name(), coin.symbol(), coin.decimals()) == ("Aceso", "ACE", 18)
    assert coin.cap() == CAP
    # The treasury stands for the pool.
    assert tuple(coin.minters()) == (trade.sale, trade.treasury)


def test_a_minter_mints_exactly(trade, coin):
    supply = coin.totalSupply()

    tx = coin.mint(trade.stranger, 5, {"from": trade.treasury})

    assert coin.balanceOf(trade.stranger) == 5
    assert coin.totalSupply() == supply + 5
    assert len(tx.events) == 1
    assert tx.events["Transfer"] == {"from": ZERO_ADDRESS, "to": trade.stranger, "value": 5}


@pytest.mark.parametrize("who", ["deployer", "authority", "commons", "stranger", "buyer"])
def test_nobody_else_mints(trade, coin, who):
    caller = getattr(trade, who)

    with brownie.reverts(typed("CoinNotMinter", caller)):
        coin.mint(caller, 1, {"from": caller})


def test_up_to_the_cap(trade, coin):
    left = CAP - coin.totalSupply()

    with brownie.reverts(typed("CoinCapExceeded", CAP + 1, CAP)):
        coin.mint(trade.stranger, left + 1, {"from": trade.treasury})
    coin.mint(trade.stranger, left, {"from": trade.treasury})
    assert coin.totalSupply() == CAP
    with brownie.reverts(typed("CoinCapExceeded", CAP + 1, CAP)):
        coin.mint(trade.stranger, 1, {"from": trade.treasury})


def test_a_transfer_moves_exactly(trade, coin):
    held = {who: coin.balanceOf(who) for who in (trade.buyer, trade.other, trade.stranger)}
    supply = coin.totalSupply()

    coin.transfer(trade.stranger, 7, {"from": trade.buyer})

    assert coin.balanceOf(trade.buyer) == held[trade.buyer] - 7
    assert coin.balanceOf(trade.stranger) == held[trade.stranger] + 7
    assert coin.balanceOf(trade.other) == held[trade.other]
    assert coin.totalSupply() == supply


def test_a_transfer_to_oneself_changes_nothing(trade, coin):
    held = coin.balanceOf(trade.buyer)

    coin.transfer(trade.buyer, held, {"from": trade.buyer})

    assert coin.balanceOf(trade.buyer) == held


def test_a_failed_transfer_moves_nothing(trade, coin):
    held = coin.balanceOf(trade.buyer)

    with brownie.reverts(typed("ERC20InsufficientBalance", trade.buyer, held, held + 1)):
        coin.transfer(trade.stranger, held + 1, {"from": trade.buyer})
    with brownie.reverts(typed("ERC20InsufficientAllowance", trade.stranger, 0, 1)):
        coin.transferFrom(trade.buyer, trade.stranger, 1, {"from": trade.stranger})
    assert coin.balanceOf(trade.buyer) == held
    assert coin.balanceOf(trade.stranger) == 0


@pytest.fixture
def permit(trade, coin):
    """The buyer's permit to a stranger; `given` replaces what is signed."""

    def sign(deadline, **given):
        message = {
            "owner": str(trade.buyer),
            "spender": str(trade.stranger),
            "value": 5,
            "nonce": coin.nonces(trade.buyer),
            "deadline": deadline,
        } | given
        domain = {
            "name": "Aceso",
            "version": "1",
            "chainId": brownie.chain.id,
            "verifyingContract": str(coin),
        }
        signable = encode_typed_data(domain, PERMIT, message)
        signed = Account.sign_message(signable, trade.buyer.private_key)
        return signed.v, *(number.to_bytes(32, "big") for number in (signed.r, signed.s))

    return sign


def submit(trade, coin, deadline, signature):
    by = {"from": trade.relayer}
    return coin.permit(trade.buyer, trade.stranger, 5, deadline, *signature, by)


def test_a_permit_allows_once(trade, coin, permit):
    deadline = trade.now + DAY
    signature = permit(deadline)
    submit(trade, coin, deadline, signature)

    assert coin.allowance(trade.buyer, trade.stranger) == 5
    assert coin.nonces(trade.buyer) == 1
    with pytest.raises(brownie.exceptions.VirtualMachineError, match="ERC2612InvalidSigner"):
        submit(trade, coin, deadline, signature)


def test_a_permit_ends_after_its_deadline(trade, coin, permit):
    deadline = trade.now + DAY
    signature = permit(deadline)
    trade.at(deadline + 1)

    with brownie.reverts(typed("ERC2612ExpiredSignature", deadline)):
        submit(trade, coin, deadline, signature)


@pytest.mark.parametrize("given", [{"value": 6}, {"nonce": 1}, {"spender": "0x" + "11" * 20}])
def test_every_field_of_a_permit_is_signed(trade, coin, permit, given):
    deadline = trade.now + DAY

    with pytest.raises(brownie.exceptions.VirtualMachineError, match="ERC2612InvalidSigner"):
        submit(trade, coin, deadline, permit(deadline, **given))
    assert coin.allowance(trade.buyer, trade.stranger) == 0
