"""
Every function of the market, the coin and its sale that changes state, called by a stranger
└── moves nothing of an offer, an order, a credit, an allowance or a balance of others (R4)
"""

import pytest
from brownie import web3
from eth_abi import encode
from eth_account import Account
from eth_account.messages import encode_defunct

from tests.contracts.stateful.test_strangers import functions, type_of
from tests.contracts.trading import DAY

PLACES = {"DataMarket": "market", "RewardCoin": "coin", "CoinSale": "sale"}
CALLS = [(contract, name) for contract in PLACES for name in functions(contract)]


@pytest.fixture
def order(trade):
    """An open offer, bought and paid, with nothing delivered; and one that was delivered."""
    trade.deliver(trade.buy(trade.offer()))
    return trade.buy(trade.offer())


@pytest.fixture
def picture(trade, order):
    others = [trade.subject, trade.buyer, trade.other, trade.institution, trade.custodians[0]]

    def take():
        found = [tuple(trade.market.getOffer(number)) for number in (1, 2)]
        for number in (1, 2):
            token = trade.market.orderOf(number, trade.buyer)[0]
            found += [tuple(trade.market.getOrder(token)), trade.market.ownerOf(token)]
        for account in (*others, trade.market, trade.sale):
            found += [
                trade.coin.balanceOf(account),
                trade.coin.allowance(account, trade.market),
                trade.coin.allowance(account, trade.stranger),
                trade.market.creditOf(account),
            ]
        return [*found, trade.coin.totalSupply(), trade.fees(1, trade.commons)]

    return take


def value(parameter, trade, order, signature):
    """A plausible value that names the subject, the open order or an offer, where it can."""
    kind, name = parameter["type"], parameter["name"]
    if kind == "tuple":
        return tuple(value(part, trade, order, signature) for part in parameter["components"])
    if kind.endswith("[]"):
        return [value(parameter | {"type": kind[:-2]}, trade, order, signature)] * 3
    return {
        "address": str(trade.buyer if name in ("from", "owner") else trade.subject),
        "bytes32": b"\x4b" * 32,
        "bytes": signature,
        "bool": True,
        "bytes[]": [signature] * 3,
    }.get(
        kind,
        {
            "order": order,
            "deadline": trade.now + DAY,
            "v": 27,
            "signers": 7,
            # The first study, and the first revision of it.
            "study": 1,
            "group": 1 << 16 | 1,
        }.get(name, 2),
    )


def call_as_a_stranger(trade, order, contract, name, place):
    """Call a function with plausible values and three signatures, none of which is right."""
    item = functions(contract)[name]
    types = [type_of(parameter) for parameter in item["inputs"]]
    selector = web3.keccak(text=f"{name}({','.join(types)})")[:4]
    own = Account.sign_message(encode_defunct(text="mine"), "0x" + "d4" * 32).signature
    for signature in (b"", bytes(65), bytes(own)):
        values = [value(parameter, trade, order, signature) for parameter in item["inputs"]]
        call = {
            "from": trade.stranger.address,
            "to": str(place),
            "data": web3.to_hex(selector + encode(types, values)),
            "gas": hex(1_000_000),
        }
        answer = web3.provider.make_request("eth_sendTransaction", [call])
        web3.eth.wait_for_transaction_receipt(answer["result"], timeout=10)


@pytest.mark.parametrize(("contract", "name"), CALLS)
def test_moves_nothing_of_another(trade, order, picture, contract, name):
    before = picture()

    call_as_a_stranger(trade, order, contract, name, getattr(trade, PLACES[contract]))

    assert picture() == before
