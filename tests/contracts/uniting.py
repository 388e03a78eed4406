"""Unions with everybody who takes part in them: shared by the tests of `Unions`.

As in `trading`, what a test expects of money is written out and never asked of the contract.
"""

from __future__ import annotations

from copy import copy
from typing import Any

import pytest
from brownie import chain, web3

from aceso.codes import Role
from aceso.vault.parts import PartList, part_leaf
from tests.contracts.trading import (
    COIN,
    DAY,
    DURATION,
    HMB,
    KEY,
    LABS,
    NONE,
    PERIOD,
    ZERO,
    Trade,
    grantee_of,
    keyed_account,
)

__all__ = [
    "CLAIM_PERIOD",
    "PRICE",
    "UNION",
    "Unity",
    "leaf_of",
    "mark_of",
    "part_of",
    "steady_clock",
    "unity",
]

UNION = (
    *("keeper", "price", "institution", "committee", "duration", "institutionBps"),
    *("deliveryPeriod", "voucher", "use", "classes", "disease", "conditions"),
    "originShown",
)
# By three it leaves a unit, by two it doesn't.
PRICE = 3 * COIN + 10
CLAIM_PERIOD = 365 * DAY
_VOUCHER_KEY = "0x" + "d5" * 32


def mark_of(person: Any) -> str:
    """What the voucher knows a person by."""
    return web3.to_hex(web3.keccak(text=f"mark {person}"))


def part_of(person: Any) -> tuple[str, str, str]:
    """What a person delivered."""
    return (
        str(person),
        web3.to_hex(web3.keccak(text=f"extract {person}")),
        web3.to_hex(web3.keccak(text=f"capsule {person}")),
    )


def leaf_of(part: tuple[str, str, str]) -> bytes:
    """Where a part is in the tree of a delivery."""
    member, *digests = part
    return part_leaf(member, *(bytes.fromhex(word[2:]) for word in digests))


class Unity(Trade):
    """A trade whose market is the desk of unions. `people` are vouched for, each as one person.

    The buyer is that of `Trade`; what is delivered are the parts of those named to `deliver_of`.
    """

    def __init__(
        self, project: Any, accounts: Any, window: int = 0, judged: tuple[int, ...] = ()
    ) -> None:
        super().__init__(project, accounts, window, judged)
        project.UnionBook.deploy({"from": self.deployer})
        project.UnionShares.deploy({"from": self.deployer})
        self.keeper, self.voucher = accounts[8], keyed_account(_VOUCHER_KEY)
        self.people = [self.subject, *accounts[9:14]]
        self._accredit(self.voucher, Role.ISSUER)
        self._project = project
        self._open_desk(window)
        self.tree: PartList | None = None

    def _open_desk(self, window: int) -> None:
        self.unions = self.market = self._project.Unions.deploy(
            *(self.consents, self.participants, self.coin, self.commons, self.disputes, window),
            {"from": self.deployer},
        )
        for person in self.people:
            self.vouch(person)
        for payer in (self.buyer, self.other):
            self.coin.approve(self.unions, 1000 * COIN, {"from": payer})

    def at_a_desk(self, window: int) -> Unity:
        """The same people at a desk of their own, without a union yet."""
        found = copy(self)
        found._open_desk(window)
        return found

    # --- Unions and members ---

    def union(self, **changed: Any) -> dict[str, Any]:
        """Good terms of a union, in their order."""
        found = {
            "keeper": str(self.keeper),
            "price": PRICE,
            "institution": ZERO,
            "committee": 1,
            "duration": DURATION,
            "institutionBps": 0,
            "deliveryPeriod": PERIOD,
            "voucher": str(self.voucher),
            "use": HMB,
            "classes": LABS,
            "disease": 0,
            "conditions": 0,
            "originShown": False,
        } | changed
        return {name: found[name] for name in UNION}

    def open(self, members: int = 0, **changed: Any) -> int:
        """The number of a union, which as many of `people` have joined."""
        tx = self.unions.open(tuple(self.union(**changed).values()), {"from": self.keeper})
        number = int(tx.events["UnionOpened"]["number"])
        for person in self.people[:members]:
            self.join(number, person)
        return number

    def vouch(self, person: Any, mark: str | None = None, **said: Any) -> Any:
        mark = mark or mark_of(person)
        message = {"voucher": str(self.voucher), "account": str(person), "mark": mark} | said
        signature = self.sign(self.voucher, "PersonaVouch", **message)
        return self.unions.vouch(self.voucher, person, mark, signature, {"from": self.relayer})

    def consent(self, number: int, person: Any = None, **changed: Any) -> Any:
        """A person grants to a union, for a year."""
        found = {
            "grantee": grantee_of(number, self.unions),
            "classes": LABS,
            "uses": HMB,
            "conditions": 0,
            "disease": 0,
            "validFrom": self.now,
            "validUntil": self.now + 365 * DAY,
            "notice": NONE,
        } | changed
        return self.consents.grant(tuple(found.values()), {"from": person or self.subject})

    def join(self, number: int, person: Any = None, **changed: Any) -> Any:
        """A person consents and joins."""
        person = person or self.subject
        self.consent(number, person, **changed)
        return self.unions.join(number, mark_of(person), {"from": person})

    def revoke(self, number: int, person: Any, at: int | None = None) -> Any:
        """A person withdraws what they granted to the union."""
        self._when(at)
        return self.consents.withdraw(grantee_of(number, self.unions), {"from": person})

    def members(self, number: int) -> int:
        return int(self.unions.rollOf(number)[0])

    # --- Orders ---

    def purchase(self, number: int, minimum: int = 1, buyer: Any = None) -> int:
        tx = self.unions.buy(number, KEY, minimum, {"from": buyer or self.buyer})
        return int(tx.events["UnionBought"]["order"])

    def delivery(self, order: int, **changed: Any) -> dict[str, Any]:
        if self.tree is not None:
            changed = {"extract": web3.to_hex(self.tree.extract)} | changed
        return super().delivery(order, **changed)

    def hand_over(
        self,
        order: int,
        count: int | None = None,
        at: int | None = None,
        sent_count: int | None = None,
        sent_root: str | None = None,
    ) -> Any:
        """Deliver `tree`. The committee signs its count, or `count`; sent may be others."""
        assert self.tree is not None
        root, count = self.tree.root, len(self.tree) if count is None else count
        extract = web3.to_hex(web3.keccak(count.to_bytes(32, "big") + root))
        delivery = self.delivery(order, extract=extract)
        signatures = [self.sign(self.custodians[at], "Delivery", **delivery) for at in (0, 2)]
        self._when(at)
        return self.unions.deliverParts(
            tuple(delivery.values()),
            count if sent_count is None else sent_count,
            sent_root or web3.to_hex(root),
            *(self.committees[1], 0b101, signatures, {"from": self.relayer}),
        )

    def deliver_of(
        self, order: int, people: Any, at: int | None = None, count: int | None = None
    ) -> int:
        """Deliver the parts of these people: the second at which it was."""
        self.tree = PartList.of(leaf_of(part_of(person)) for person in people)
        return int(self.hand_over(order, count, at).timestamp)

    def sold(self, members: int = 3, **changed: Any) -> tuple[int, int, int]:
        """A union whose members all delivered to its first buyer: it, the order, and its start."""
        number = self.open(members, **changed)
        order = self.purchase(number)
        return number, order, self.deliver_of(order, self.people[:members])

    def proof(self, person: Any) -> tuple[tuple[str, str, str], list[str]]:
        """A person's part of the newest delivery, and its proof."""
        assert self.tree is not None
        part = part_of(person)
        return part, [web3.to_hex(node) for node in self.tree.proof(leaf_of(part))]

    def claim(self, order: int, person: Any, at: int | None = None, **sent: Any) -> Any:
        part, proof = self.proof(person)
        self._when(at)
        return self.unions.claim(order, sent.get("part", part), proof, {"from": self.stranger})

    def accuse(self, order: int, *people: Any, at: int | None = None) -> None:
        """The buyer says of the parts of these people that they don't open."""
        self._when(at)
        for person in people:
            self.unions.accuse(order, *self.proof(person), {"from": self.buyer})

    def dispute(self, order: int, *people: Any) -> None:
        """The buyer accuses the parts of these people, and a dispute is opened."""
        self.accuse(order, *people)
        self.unions.dispute(order, {"from": self.disputes})

    def resolve(self, order: int, *, upheld: bool) -> Any:
        return self.unions.resolve(order, upheld, {"from": self.disputes})

    def credit(self, account: Any) -> int:
        return int(self.unions.creditOf(account))

    # --- Signed acts ---

    def joining(self, number: int, **changed: Any) -> dict[str, Any]:
        """What the subject signs to join."""
        return {
            "subject": str(self.subject),
            "union": number,
            "mark": mark_of(self.subject),
            "joins": 0,
            "leavings": 0,
            "deadline": self.now + DAY,
        } | changed


@pytest.fixture(scope="module")
def unity(accounts):
    from brownie import project

    (loaded,) = project.get_loaded_projects()
    return Unity(loaded, accounts)


@pytest.fixture(autouse=True)
def steady_clock(unity, isolation):
    """After a roll-back, the chain's clock still has the time that was rolled back."""
    unity.at(unity.now + 12)
    chain.mine()
