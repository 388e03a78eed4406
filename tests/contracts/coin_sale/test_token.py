"""
CoinSale, for a token
├── buyWithToken
│   ├── mints what the price says for what arrived, rounded down; what it took is all here
│   ├── a token that keeps a fee: mints for what arrived, not for what was sent
│   ├── a token that answers nothing to a transfer: as any other
│   ├── a token that answers no, too little allowed, or too little held: refuses, moves nothing
│   ├── less than a base unit of coin costs, or nothing: refuses
│   └── a sale that takes no token: refuses
├── buyWithPermit
│   ├── takes the buyer's permit, with nothing allowed before
│   ├── a permit that somebody else sent first: as if nothing had been
│   ├── another's permit, or of another sum: refuses
│   └── a token without permits: what was allowed counts
├── sendTokenProceeds
│   ├── all of the token goes to the commons, whoever calls
│   └── what was sent here without buying: too
└── attacks
    ├── buying again in the midst of a transfer: refused, and no coin of it
    ├── sending the proceeds in the midst of a transfer: refused
    ├── buying for ether in the midst of a transfer: both are paid and counted
    └── thousands of purchases and sendings: coin and token add up to the unit
"""

import random

import brownie
import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from tests.contracts.coin_sale.conftest import ALLOWED, RATE, TOKEN_PRICE
from tests.contracts.reward_coin.test_coin import PERMIT
from tests.contracts.trading import COIN, DAY, NONE
from tests.support import typed


def worth(arrived):
    """Base units of coin, by the price."""
    return arrived * COIN // TOKEN_PRICE


@pytest.mark.both_chains
def test_mints_by_the_price(trade, shop, make, FeeToken):
    found = shop(make(FeeToken, 0))
    paid = 10 * TOKEN_PRICE + 1

    tx = found.sale.buyWithToken(paid, {"from": trade.buyer})

    assert found.coin.balanceOf(trade.buyer) == worth(paid)
    assert found.token.balanceOf(found.sale) == paid
    assert tuple(found.sale.sold()) == (worth(paid), 10**6 * COIN)
    assert tuple(found.sale.token()) == (found.token, TOKEN_PRICE)
    assert [event.name for event in tx.events] == ["Transfer", "CoinSold", "Transfer"]
    assert tx.events["CoinSold"] == {
        "buyer": trade.buyer,
        "token": found.token,
        "paid": paid,
        "amount": worth(paid),
    }


def test_of_a_token_with_a_fee_what_arrived_counts(trade, shop, make, FeeToken):
    found = shop(make(FeeToken, 300))
    paid = 10**9
    arrived = paid - paid * 300 // 10_000

    tx = found.sale.buyWithToken(paid, {"from": trade.buyer})

    assert found.token.balanceOf(found.sale) == arrived
    assert found.coin.balanceOf(trade.buyer) == worth(arrived)
    assert tx.events["CoinSold"]["paid"] == arrived


def test_a_token_that_keeps_all_buys_nothing(trade, shop, make, FeeToken):
    found = shop(make(FeeToken, 10_000))

    by = {"from": trade.deployer}
    found.token.approve(found.sale, ALLOWED, by)

    with brownie.reverts(typed("SaleNothingPaid")):
        found.sale.buyWithToken(10**9, by)
    assert found.coin.totalSupply() == 0


def test_a_token_that_answers_nothing_is_as_any_other(trade, shop, make, SilentToken):
    found = shop(make(SilentToken))

    found.sale.buyWithToken(10**9, {"from": trade.buyer})
    found.sale.sendTokenProceeds({"from": trade.stranger})

    assert found.coin.balanceOf(trade.buyer) == worth(10**9)
    assert found.token.balanceOf(trade.commons) == 10**9


def test_a_token_that_answers_no_is_refused(trade, shop, make, HookToken):
    found = shop(make(HookToken))
    found.token.refuse({"from": trade.stranger})

    with brownie.reverts(typed("SafeERC20FailedOperation", found.token)):
        found.sale.buyWithToken(10**9, {"from": trade.buyer})
    assert found.coin.totalSupply() == 0


def test_too_little_allowed_or_held_is_refused(trade, shop, make, FeeToken):
    found = shop(make(FeeToken, 0))
    held = found.token.balanceOf(trade.buyer)

    with brownie.reverts(typed("ERC20InsufficientBalance", trade.buyer, held, held + 1)):
        found.sale.buyWithToken(held + 1, {"from": trade.buyer})
    with brownie.reverts(typed("ERC20InsufficientAllowance", found.sale, 0, 5)):
        found.sale.buyWithToken(5, {"from": trade.stranger})
    assert found.coin.totalSupply() == 0
    assert found.token.balanceOf(found.sale) == 0


def test_too_little_for_one_unit_is_refused(trade, shop, make, FeeToken):
    # A coin costs more than 10^18 units, so one of them buys less than one of coin.
    found = shop(make(FeeToken, 0), price=2 * COIN)

    for paid in (0, 1):
        with brownie.reverts(typed("SaleNothingPaid")):
            found.sale.buyWithToken(paid, {"from": trade.buyer})
    found.sale.buyWithToken(2, {"from": trade.buyer})
    assert found.coin.balanceOf(trade.buyer) == 1


def test_a_sale_for_ether_alone_takes_no_token(trade):
    acts = [
        (trade.sale.buyWithToken, (1,)),
        (trade.sale.buyWithPermit, (1, trade.now + DAY, 27, NONE, NONE)),
        (trade.sale.sendTokenProceeds, ()),
    ]

    for act, arguments in acts:
        with brownie.reverts(typed("SaleNoToken")):
            act(*arguments, {"from": trade.buyer})


def permit(trade, found, value, deadline, signer=None):
    """The buyer's permit to the sale."""
    message = {
        "owner": str(trade.buyer),
        "spender": str(found.sale),
        "value": value,
        "nonce": found.token.nonces(trade.buyer),
        "deadline": deadline,
    }
    domain = {
        "name": found.token.name(),
        "version": "1",
        "chainId": brownie.chain.id,
        "verifyingContract": str(found.token),
    }
    key = (signer or trade.buyer).private_key
    signed = Account.sign_message(encode_typed_data(domain, PERMIT, message), key)
    return signed.v, *(number.to_bytes(32, "big") for number in (signed.r, signed.s))


@pytest.fixture
def unallowed(trade, shop, make, FeeToken):
    """A shop of a token with permits, to which the buyer allowed nothing; and a deadline."""
    found = shop(make(FeeToken, 0))
    found.token.approve(found.sale, 0, {"from": trade.buyer})
    return found, trade.now + DAY


def test_takes_the_buyers_permit(trade, unallowed):
    found, deadline = unallowed
    signature = permit(trade, found, 10**9, deadline)

    found.sale.buyWithPermit(10**9, deadline, *signature, {"from": trade.buyer})

    assert found.coin.balanceOf(trade.buyer) == worth(10**9)
    assert found.token.allowance(trade.buyer, found.sale) == 0


def test_a_permit_that_was_sent_first_is_as_good(trade, unallowed):
    found, deadline = unallowed
    signature = permit(trade, found, 10**9, deadline)
    by = {"from": trade.stranger}
    found.token.permit(trade.buyer, found.sale, 10**9, deadline, *signature, by)

    found.sale.buyWithPermit(10**9, deadline, *signature, {"from": trade.buyer})

    assert found.coin.balanceOf(trade.buyer) == worth(10**9)


def test_anothers_permit_or_sum_is_refused(trade, unallowed):
    found, deadline = unallowed
    foreign = permit(trade, found, 10**9, deadline, signer=trade.subject)
    other = permit(trade, found, 10**9 - 1, deadline)

    for signature in (foreign, other):
        with brownie.reverts(typed("ERC20InsufficientAllowance", found.sale, 0, 10**9)):
            found.sale.buyWithPermit(10**9, deadline, *signature, {"from": trade.buyer})


def test_without_permits_what_was_allowed_counts(trade, shop, make, SilentToken):
    found = shop(make(SilentToken))

    found.sale.buyWithPermit(10**9, trade.now + DAY, 27, NONE, NONE, {"from": trade.buyer})

    assert found.coin.balanceOf(trade.buyer) == worth(10**9)


def test_all_of_the_token_goes_to_the_commons(trade, shop, make, FeeToken):
    found = shop(make(FeeToken, 0))
    found.sale.buyWithToken(10**9, {"from": trade.buyer})
    # And what is here without having bought.
    found.token.transfer(found.sale, 5, {"from": trade.buyer})

    tx = found.sale.sendTokenProceeds({"from": trade.stranger})

    assert found.token.balanceOf(found.sale) == 0
    assert found.token.balanceOf(trade.commons) == 10**9 + 5
    assert tx.events["ProceedsSent"] == {
        "commons": trade.commons,
        "token": found.token,
        "amount": 10**9 + 5,
    }


@pytest.fixture
def hooked(trade, shop, make, HookToken):
    """A shop of a token that calls in the midst of a transfer, and can buy in its own name."""
    found = shop(make(HookToken))
    by = {"from": trade.deployer}
    found.token.transfer(found.token, 10**12, by)
    allow = found.token.approve.encode_input(found.sale, ALLOWED)
    found.token.act(found.token, allow, by)
    return found


@pytest.mark.parametrize("act", ["buyWithToken", "sendTokenProceeds"])
def test_nothing_is_counted_twice_in_the_midst_of_a_transfer(trade, hooked, act):
    arguments = (10**9,) if act == "buyWithToken" else ()
    again = getattr(hooked.sale, act).encode_input(*arguments)
    hooked.token.hook(hooked.sale, again, {"from": trade.stranger})

    hooked.sale.buyWithToken(10**9, {"from": trade.buyer})

    assert not hooked.token.succeeded()
    refused = brownie.web3.keccak(text="ReentrancyGuardReentrantCall()")[:4]
    assert hooked.token.answer() == "0x" + refused.hex().removeprefix("0x")
    assert hooked.coin.totalSupply() == hooked.coin.balanceOf(trade.buyer) == worth(10**9)
    assert hooked.token.balanceOf(hooked.sale) == 10**9


def test_ether_proceeds_in_the_midst_of_a_transfer_harm_nothing(trade, hooked):
    hooked.sale.buy({"from": trade.stranger, "value": 3})
    hooked.token.hook(
        hooked.sale, hooked.sale.sendProceeds.encode_input(), {"from": trade.stranger}
    )

    hooked.sale.buyWithToken(10**9, {"from": trade.buyer})

    assert hooked.token.succeeded()
    assert hooked.sale.balance() == 0
    assert hooked.coin.totalSupply() == worth(10**9) + 3 * RATE


def test_coin_and_token_add_up_over_a_history(trade, shop, make, FeeToken):
    found = shop(make(FeeToken, 37))
    draw = random.Random(7)
    expected, arrived, sent = 0, 0, 0

    for _ in range(60):
        kind = draw.choice(("ether", "token", "token", "sent"))
        if kind == "ether":
            wei = draw.randint(1, 10**12)
            found.sale.buy({"from": trade.stranger, "value": wei})
            expected += wei * RATE
        elif kind == "token":
            paid = draw.randint(1, 10**9)
            came = paid - paid * 37 // 10_000
            found.sale.buyWithToken(paid, {"from": trade.buyer})
            expected, arrived = expected + worth(came), arrived + came
        else:
            found.sale.sendTokenProceeds({"from": trade.other})
            sent = arrived

    assert found.sale.sold()[0] == found.coin.totalSupply() == expected
    assert found.token.balanceOf(found.sale) == arrived - sent
    held = found.token.balanceOf(trade.commons)
    # The fee is taken once more, of each sending.
    assert sent * 9_963 // 10_000 <= held <= sent
