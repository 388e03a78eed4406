"""
aceso coin, on a real chain, with a sale for ether and for a token
├── sale: prices, what is left today and in all, in both languages; for anybody
├── buy
│   ├── for ether: at least what was asked for, not a wei more than it costs
│   ├── for the token: by a permit in one transaction, or by what was allowed, also in part
│   │   └── of a token without permits: allowed first, from nothing
│   ├── without a yes, as a person, or without an amount: nothing is sent
│   └── more than is left today, or too little of the token: refused, and nothing is sent
├── proceeds: all of it to the commons, for anybody; nothing the second time
└── an end: announced by the authority; shown, and refused in both languages
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from aceso.chain import (
    Call,
    Deployment,
    LocalAuthority,
    Node,
    Sender,
    Suite,
    Token,
    deploy_local_authority,
    deploy_suite,
)
from aceso.chain.abi import artifact
from aceso.flows import Profile
from aceso.vault import Seed
from tests.python.chain.conftest import account, local_chain

from .conftest import PASSPHRASE

__all__ = ["local_chain"]

COIN = 10**18
DAY = 86_400
# Of the token's base units for a coin, so that nothing divides evenly.
PRICE = 3 * COIN // 7
DAY_CAP = 1_000 * COIN


@dataclass
class Shop:
    """A chain with a sale, and who buys there."""

    chain: Any
    suite: Suite
    deployment: Deployment
    token: Token
    buyer: LocalAccount
    seed: Seed

    def held(self) -> int:
        return self.suite.coin.balance_of(self.buyer.address)

    def sent(self) -> int:
        return self.suite.node.nonce(self.buyer.address)

    def tomorrow(self) -> None:
        self.chain.advance_time(DAY)

    def rule(self, call: Call) -> None:
        authority = self.suite.participants.authority()
        wallet = LocalAuthority(self.suite, authority, [account(at) for at in (1, 2, 3)])
        Sender(self.suite, account(5)).send(wallet.call(call))


@pytest.fixture(scope="module")
def shop(local_chain: Any) -> Iterator[Shop]:
    owner = account(0)
    wallet = deploy_local_authority(local_chain.url, owner, [account(at) for at in (1, 2, 3)])
    # The coin's own code is a token with permits; its owner mints.
    code = bytes.fromhex(artifact("RewardCoin").bytecode[2:])
    code += artifact("RewardCoin").constructor.encode([owner.address, owner.address, 10**30])
    node = Node(local_chain.url)
    at = Sender(node, owner).deploy(code, name="RewardCoin").contract_address
    assert at is not None
    deployment = deploy_suite(
        local_chain.url,
        owner,
        network="local",
        authority=wallet,
        commons=account(4).address,
        accreditation_delay=3 * DAY,
        coin_rate=10_000,
        sale_cap=10**26,
        sale_day_cap=DAY_CAP,
        sale_token=(at, PRICE),
        coin_cap=10**27,
    )
    suite, seed = Suite.connect(local_chain.url, deployment), Seed.make()
    buyer, token = seed.persona(0), Token(suite.node, at)
    local_chain.ask("anvil_setBalance", buyer.address, hex(10**19))
    Sender(suite, owner).send(token.call("mint", buyer.address, 1_000 * COIN))
    yield Shop(local_chain, suite, deployment, token, buyer, seed)
    suite.close()
    node.close()


@pytest.fixture
def command(shop: Shop, aceso: Any, tmp_path: Any) -> Callable[..., Any]:
    """Run `aceso coin` as the buyer, or as somebody of another kind."""
    path = tmp_path / "network.json"
    facts = {
        "chain": {"url": shop.chain.url, "chainId": shop.suite.chain_id},
        "ipfs": {"url": "http://127.0.0.1:1"},
        "deployment": shop.deployment.to_json(),
        "custodians": [],
        "committee": {"number": 1, "threshold": 2},
        "relayerKey": "0x" + account(5).key.hex().removeprefix("0x"),
    }
    path.write_text(json.dumps(facts))

    def run(*arguments: Any, code: int = 0, kind: Any = "researcher") -> Any:
        home = tmp_path / kind
        if not home.exists():
            made = Profile.create(
                home, shop.seed, passphrase=PASSPHRASE, kind=kind, network=str(path)
            )
            made.close()
        done = aceso("coin", *arguments, "--home", home, "--network", path)
        assert done.code == code, (done.out, done.err)
        return done

    shop.tomorrow()
    return run


def test_the_sale_is_shown_to_anybody(shop: Shop, command: Callable[..., Any]) -> None:
    said = command("sale", "--json").document

    assert (said["rate"], said["token"]) == ("10000", shop.token.address)
    assert (said["tokenPrice"], said["leftToday"], said["over"]) == (
        str(PRICE),
        str(DAY_CAP),
        False,
    )
    assert "0.428571428571428571" in command("sale").out
    assert "오늘 남은" in command("sale", "--lang", "ko").out


def test_buying_for_ether_gives_what_was_asked_for(shop: Shop, command: Callable[..., Any]) -> None:
    before = shop.held()

    said = command("buy", "1.000000000000000001", "--yes", "--json").document

    # One unit above a whole number of wei takes a whole wei more.
    assert (said["paid"], said["token"]) == (str(10**14 + 1), None)
    assert shop.held() - before == int(said["amount"]) == COIN + 10_000
    assert "1 코인" in command("buy", "1", "--yes", "--lang", "ko").out


def test_buying_for_the_token_takes_one_transaction(
    shop: Shop, command: Callable[..., Any]
) -> None:
    before, sent = shop.held(), shop.sent()

    said = command("buy", "10", "--with-token", "--yes", "--json").document

    assert said["paid"] == str(-(-10 * COIN * PRICE // COIN))
    assert 10 * COIN <= shop.held() - before == int(said["amount"]) < 10 * COIN + 10
    assert shop.sent() == sent + 1
    assert shop.token.allowance(shop.buyer.address, shop.suite.sale.address) == 0


def test_what_was_allowed_before_is_used(shop: Shop, command: Callable[..., Any]) -> None:
    sender, sale = Sender(shop.suite, shop.buyer), shop.suite.sale.address
    sender.send(shop.token.approve(sale, 2 * COIN))

    command("buy", "1", "--with-token", "--yes", "--json")

    assert shop.token.allowance(shop.buyer.address, sale) == 2 * COIN - PRICE
    sender.send(shop.token.approve(sale, 0))


def test_a_token_without_permits_is_allowed_first(
    shop: Shop, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Token, "permit", lambda *_, **__: None)
    sender, sale = Sender(shop.suite, shop.buyer), shop.suite.sale.address
    sender.send(shop.token.approve(sale, 1))

    done = command("buy", "1", "--with-token", "--yes", "--json").document

    # To nothing, to what it costs, and the purchase.
    assert len(done["transactions"]) == 1 + 2
    assert shop.token.allowance(shop.buyer.address, sale) == 0


def test_a_permit_is_only_made_where_it_works(shop: Shop) -> None:
    sale, deadline = shop.suite.sale.address, shop.suite.now() + DAY
    assert shop.token.permit(shop.buyer, sale, 5, deadline) is not None
    # One whose time is over, and what is no token.
    assert shop.token.permit(shop.buyer, sale, 5, 1) is None
    stranger = Token(shop.suite.node, shop.suite.sale.address)
    assert stranger.permit(shop.buyer, sale, 5, deadline) is None
    assert (stranger.decimals(), shop.token.decimals()) == (0, 18)


@pytest.mark.parametrize(
    ("arguments", "kind", "code"),
    [
        (("buy", "1"), "researcher", 2),
        (("buy", "--yes"), "researcher", 2),
        (("buy", "1", "--yes"), "person", 2),
        (("buy", "1000.5", "--yes"), "researcher", 3),
        (("buy", "0", "--yes"), "researcher", 5),
    ],
)
def test_nothing_is_sent_where_it_is_refused(
    shop: Shop, command: Callable[..., Any], arguments: Any, kind: str, code: int
) -> None:
    sent, held = shop.sent(), shop.held()

    said = command(*arguments, "--json", code=code, kind=kind).document

    assert said["error"]["code"].startswith("E_")
    assert (shop.sent(), shop.held()) == (sent, held)


def test_too_little_of_the_token_is_refused(shop: Shop, command: Callable[..., Any]) -> None:
    owner, all_of_it = account(0).address, shop.token.balance_of(shop.buyer.address)
    sender = Sender(shop.suite, shop.buyer)
    sender.send(shop.token.call("transfer", owner, all_of_it - 5))

    done = command("buy", "1", "--with-token", "--yes", "--lang", "ko", "--json", code=5).document

    assert done["error"]["code"] == "E_REFUSED_ERC20_INSUFFICIENT_BALANCE"
    Sender(shop.suite, account(0)).send(
        shop.token.call("transfer", shop.buyer.address, all_of_it - 5)
    )


def test_the_proceeds_go_to_the_commons(shop: Shop, command: Callable[..., Any]) -> None:
    command("buy", "3", "--yes")
    command("buy", "3", "--with-token", "--yes")
    node, sale, commons = shop.suite.node, shop.suite.sale.address, account(4).address
    ether, tokens = node.balance(sale), shop.token.balance_of(sale)
    before = node.balance(commons), shop.token.balance_of(commons)

    assert len(command("proceeds", "--json").document["transactions"]) == 2

    assert node.balance(commons) == before[0] + ether > before[0]
    assert shop.token.balance_of(commons) == before[1] + tokens > before[1]
    assert command("proceeds", "--json").document["transactions"] == []
    assert "보낼 것이 없습니다" in command("proceeds", "--lang", "ko").out


def test_an_end_is_shown_and_refused(shop: Shop, command: Callable[..., Any]) -> None:
    shop.rule(shop.suite.sale.announce_end())
    ends = shop.suite.sale.ends_at()
    assert command("sale", "--json").document["endsAt"] == ends
    command("buy", "1", "--yes")

    shop.chain.advance_time(3 * DAY)

    said = command("sale", "--json").document
    assert (said["over"], said["leftToday"]) == (True, "0")
    assert "over since" in command("sale").out
    sent = shop.sent()
    for lang, word in (("en", "over for good"), ("ko", "끝났습니다")):
        done = command("buy", "1", "--yes", "--json", "--lang", lang, code=3).document
        assert done["error"]["code"] == "E_SALE_OVER"
        assert word in done["error"]["message"]
    assert shop.sent() == sent
