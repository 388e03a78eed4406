"""A market with everybody who trades on it: shared by the tests of the market, token and coin.

What a test expects of money is never asked of the market: it is written out in plain integers. The
terms of `terms()` are chosen so that nothing divides evenly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from brownie import accounts as unlocked
from brownie import chain, web3
from eth_account import Account
from eth_account.messages import encode_typed_data

from aceso.codes import DataClass, Role, Use
from aceso.typed_data import TYPES

__all__ = [
    "COIN",
    "DAY",
    "DURATION",
    "EXTRACT",
    "KEY",
    "NONE",
    "PERIOD",
    "PRICE",
    "ZERO",
    "Shares",
    "Trade",
    "grantee_of",
    "keyed_account",
    "mine_blocks",
    "terms",
]

DAY = 24 * 60 * 60
COIN = 10**18
PRICE = 3 * COIN + 7
DURATION = 30 * DAY + 1
PERIOD = 3 * DAY
KEY = "0x" + "4b" * 32
EXTRACT = "0x" + "ec" * 32
CAPSULE = "0x" + "ca" * 32
ZERO = "0x" + "00" * 20
NONE = "0x" + "00" * 32
FOREVER = 2**40 - 1

LABS = int(DataClass.LABS)
HMB = int(Use.HMB)

OFFER = tuple(field["name"] for field in TYPES["Offer"].types["Offer"])[:-2]
# Keys of nobody: they are in this file.
_SUBJECT_KEY = "0x" + "a3" * 32
_BUYER_KEY = "0x" + "b4" * 32
_CUSTODIAN_KEYS = ["0x" + f"c{place}" * 32 for place in range(1, 6)]


def keyed_account(key: str) -> Any:
    account = unlocked.at(unlocked.add(key).address)
    if account.balance() < 10**18:
        unlocked[0].transfer(account, 10 * 10**18)
    return account


def mine_blocks(count: int) -> None:
    """So many blocks go by."""
    if "ganache" in web3.client_version.lower():
        web3.provider.make_request("evm_mine", [{"blocks": count}])
    else:
        web3.provider.make_request("anvil_mine", [hex(count)])


def grantee_of(number: int, contract: Any = None) -> str:
    """Who an account or, with a number, a group is in a grant."""
    return "0x" + number.to_bytes(12, "big").hex() + str(contract)[2:].lower()


def terms(subject: Any, **changed: Any) -> dict[str, Any]:
    """Good terms of an offer, in their order."""
    found = {
        "subject": str(subject),
        "price": PRICE,
        "institution": ZERO,
        "committee": 1,
        "duration": DURATION,
        "institutionBps": 0,
        "use": HMB,
        "classes": LABS,
        "disease": 0,
        "conditions": 0,
        "deliveryPeriod": PERIOD,
        "originShown": False,
    } | changed
    return {name: found[name] for name in OFFER}


@dataclass(frozen=True, slots=True)
class Shares:
    """How what was earned is divided, written out: nothing here is asked of the market."""

    committee: int
    commons: int
    institution: int
    subject: int

    @classmethod
    def of(cls, earned: int, bps: int) -> Shares:
        fee = earned * 5 // 100
        institution = earned * bps // 10_000
        return cls(fee, fee, institution, earned - 2 * fee - institution)


class Trade:
    """The suite, its actors and their acts. Each act may be told at which second it happens.

    `window` is how long a delivered order can be disputed; without it nothing waits for that.
    `judged` gives the terms of a real contract of disputes; without them an account stands for it.
    """

    def __init__(
        self, project: Any, accounts: Any, window: int = 0, judged: tuple[int, ...] = ()
    ) -> None:
        self.deployer, self.authority = accounts[0], accounts[1]
        self.relayer, self.stranger, self.institution = accounts[2], accounts[3], accounts[4]
        self.commons, self.treasury, self.other = accounts[5], accounts[6], accounts[7]
        self.subject = keyed_account(_SUBJECT_KEY)
        self.buyer = keyed_account(_BUYER_KEY)
        self.custodians = [keyed_account(key) for key in _CUSTODIAN_KEYS]
        by = {"from": self.deployer}
        self.participants = project.ParticipantRegistry.deploy(self.authority, 0, by)
        self.consents = project.ConsentRegistry.deploy(self.participants, by)
        sale = self.deployer.get_deployment_address(self.deployer.nonce + 1)
        self.coin = project.RewardCoin.deploy(sale, self.treasury, 10**9 * COIN, by)
        terms = (1000, ZERO, 0, 10**8 * COIN, 10**8 * COIN)
        self.sale = project.CoinSale.deploy(self.participants, self.coin, self.treasury, terms, by)
        assert self.sale.address == sale
        self.disputes = accounts[17]
        if judged:
            self.disputes = project.Disputes.deploy(self.participants, self.coin, *judged, by)
        # The market is linked with the newest of them.
        project.Offers.deploy(by)
        project.Settlement.deploy(by)
        self.market = project.DataMarket.deploy(
            self.consents, self.participants, self.coin, self.commons, self.disputes, window, by
        )
        self._accredit(self.institution, Role.ISSUER)
        for place, custodian in enumerate(self.custodians, start=1):
            self.participants.openInstitution(self.authority, {"from": self.authority})
            self.participants.setMember(place, custodian, FOREVER, 0, {"from": self.authority})
            self._accredit(custodian, Role.CUSTODIAN)
        members = [str(custodian) for custodian in self.custodians]
        self.committees = {1: (members[:3], 2), 2: (members, 3)}
        for committee in self.committees.values():
            places = list(range(1, len(committee[0]) + 1))
            self.participants.registerCommittee(committee, places, {"from": self.stranger})
        for payer in (self.buyer, self.other):
            self.sale.buy({"from": payer, "value": COIN})
            self.coin.approve(self.market, 1000 * COIN, {"from": payer})

    def _accredit(self, who: Any, roles: Role) -> None:
        by = {"from": self.authority}
        self.participants.proposeAccreditation(who, int(roles), 0, by)
        self.participants.accredit(who, by)

    # Time

    @property
    def now(self) -> int:
        return int(chain[-1].timestamp)

    def at(self, second: int) -> None:
        """The next block is of this second."""
        if "ganache" in web3.client_version.lower():
            # To the millisecond: there is a whole second for the transaction.
            web3.provider.make_request("evm_setTime", [int(second) * 1000])
        else:
            web3.provider.make_request("evm_setNextBlockTimestamp", [int(second)])

    def _when(self, at: int | None) -> None:
        if at is not None:
            self.at(at)

    def keep_pace(self) -> None:
        """After a roll-back, the chain's clock still has the time that was rolled back."""
        self.at(self.now + 12)
        chain.mine()

    def mine(self, second: int) -> None:
        """Views answer as of this second."""
        self.at(second)
        chain.mine()
        assert chain[-1].timestamp == second

    # Acts

    def grant(self, number: int, at: int | None = None, by: Any = None, **changed: Any) -> Any:
        """The subject, or who is named, grants to those of an offer or study, for a year."""
        self._when(at)
        now = at or self.now
        found = {
            "grantee": self.group(number),
            "classes": LABS,
            "uses": HMB,
            "conditions": 0,
            "disease": 0,
            "validFrom": now,
            "validUntil": now + 365 * DAY,
            "notice": NONE,
        } | changed
        return self.consents.grant(tuple(found.values()), {"from": by or self.subject})

    def offer(self, *, granted: bool = True, **changed: Any) -> int:
        """An offer of the subject's that is granted to."""
        offered = terms(self.subject, **changed)
        tx = self.market.offer(tuple(offered.values()), {"from": self.subject})
        number = int(tx.events["OfferMade"]["number"])
        if granted:
            self.grant(
                number,
                classes=offered["classes"],
                uses=offered["use"],
                disease=offered["disease"],
                conditions=offered["conditions"],
            )
        return number

    def group(self, number: int) -> str:
        return grantee_of(number, self.market)

    def buy(self, number: int, buyer: Any = None, at: int | None = None) -> int:
        self._when(at)
        tx = self.market.buy(number, KEY, {"from": buyer or self.buyer})
        return int(tx.events["OrderBought"]["order"])

    def delivery(self, order: int, **changed: Any) -> dict[str, Any]:
        return {
            "order": order,
            "extract": EXTRACT,
            "receivingKey": KEY,
            "capsule": CAPSULE,
        } | changed

    def sign(self, signer: Any, kind: str, contract: Any = None, **message: Any) -> str:
        """The signature of a message, for the market."""
        domain = {
            "name": "Aceso",
            "version": "1",
            "chainId": chain.id,
            "verifyingContract": str(contract or self.market),
        }
        signable = encode_typed_data(domain, dict(TYPES[kind].types), message)
        return web3.to_hex(Account.sign_message(signable, signer.private_key).signature)

    def deliver(
        self,
        order: int,
        signers: Sequence[int] = (0, 2),
        committee: int = 1,
        at: int | None = None,
        signed: dict[str, Any] | None = None,
    ) -> Any:
        """Deliver by the signatures of these members; `signed` replaces what they signed."""
        delivery = self.delivery(order)
        message = delivery | (signed or {})
        signatures = [self.sign(self.custodians[at], "Delivery", **message) for at in signers]
        self._when(at)
        return self.market.deliver(
            tuple(delivery.values()),
            self.committees[committee],
            sum(1 << place for place in signers),
            signatures,
            {"from": self.relayer},
        )

    def settle(self, order: int, at: int | None = None, by: Any = None) -> Any:
        self._when(at)
        return self.market.settle(order, {"from": by or self.stranger})

    def withdraw(self, number: int, at: int | None = None) -> Any:
        self._when(at)
        return self.consents.withdraw(self.group(number), {"from": self.subject})

    def withdraw_all(self, at: int | None = None) -> Any:
        self._when(at)
        return self.consents.withdrawAll({"from": self.subject})

    def bar(self, actor: Any, at: int | None = None) -> Any:
        self._when(at)
        return self.consents.bar(actor, {"from": self.subject})

    def unbar(self, actor: Any, at: int | None = None) -> Any:
        self._when(at)
        return self.consents.unbar(actor, {"from": self.subject})

    def fees(self, committee: int, payee: Any) -> tuple[int, int]:
        """What a committee earned, and what of it was paid to `payee`."""
        earned, paid = self.market.feesOf(committee, payee)
        return int(earned), int(paid)

    def state(self, order: int) -> int:
        """0 none, 1 open, 2 delivered, 3 settled: the highest byte of the first word."""
        head, _tail = self.market.getOrder(order)
        return int(head) >> 248


# --- Fixtures: each area's conftest takes them from here. ---


@pytest.fixture(scope="module")
def trade(accounts):
    from brownie import project

    (loaded,) = project.get_loaded_projects()
    return Trade(loaded, accounts)


@pytest.fixture(autouse=True)
def steady_clock(trade, isolation):
    trade.keep_pace()


@pytest.fixture
def market(trade):
    return trade.market


@pytest.fixture
def coin(trade):
    return trade.coin


@pytest.fixture
def bought(trade):
    """An order that was bought and not delivered: its number."""
    return trade.buy(trade.offer())


@pytest.fixture
def delivered(trade, bought):
    """An order that was delivered: its number."""
    trade.deliver(bought)
    return bought
