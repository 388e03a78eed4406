"""The union: people who took part in the study sell together, each paid by their own consent.

What each has to be paid is worked out by plain arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from aceso.chain import Suite
from aceso.codes import DataClass, Reason, Use
from aceso.custody import DeniedError
from aceso.devnet import Devnet
from aceso.flows import (
    Downloaded,
    Issuer,
    Joining,
    Network,
    Person,
    Profile,
    UnionBuyer,
    UnionKeeper,
    UnionPlan,
    base_units,
    coin,
    earnings,
    vouch_for_persona,
)

from .stage import Stage

__all__ = ["show_union"]

_DAY = 24 * 60 * 60
_PRICE = base_units("30")
_DURATION = 30 * _DAY
_FEE_BPS = 500


def show_union(
    stage: Stage,
    devnet: Devnet,
    network: Network,
    hospital: Issuer,
    researcher: Profile,
    people: Sequence[Person],
    folder: Path,
) -> None:
    """`people` have laboratory results; `researcher` is of one who is accredited and has ether."""
    buyer = UnionBuyer(network, researcher)
    members = [Joining(person) for person in people]
    _Union(stage, devnet, network, hospital, buyer, members, folder).tell()


class _Union:
    def __init__(
        self,
        stage: Stage,
        devnet: Devnet,
        network: Network,
        hospital: Issuer,
        buyer: UnionBuyer,
        members: list[Joining],
        folder: Path,
    ):
        self.stage = stage
        self.devnet = devnet
        self.network = network
        self.hospital = hospital
        self.buyer = buyer
        self.members = members
        self.folder = folder
        self.union = 0
        self.order = 0

    @property
    def suite(self) -> Suite:
        return self.network.suite

    def tell(self) -> None:
        self._sell()
        if not self.stage.steps[-1].missed:
            self._pay()

    def _sell(self) -> None:
        stage, count = self.stage, len(self.members)
        with stage.step(
            f"{count} people sell together: a researcher buys once, and opens what each delivered",
            f"{count}명이 함께 팝니다. 연구자는 한 번 사서 각자가 제공한 것을 엽니다",
        ):
            plan = UnionPlan(
                classes=DataClass.LABS,
                use=Use.HMB,
                price=_PRICE,
                duration=_DURATION,
                delivery_period=7 * _DAY,
                voucher=self.hospital.account.address,
            )
            keeper = UnionKeeper(self.network, self.hospital.profile)
            self.union, opened = keeper.open(plan)
            stage.on_chain(opened)
            for number, member in enumerate(self.members):
                vouched = vouch_for_persona(self.hospital, f"chart {number}", member.subject)
                joined = member.join(member.plan(self.union, 90 * _DAY), notice=bytes(32))
                stage.count(vouched, *joined)
            self.buyer.buy_coin(wei=_PRICE // self.suite.sale.rate() + 1)
            bought = self.buyer.buy_of(self.union, minimum=count)
            self.order = bought.order
            stage.on_chain(*bought.receipts)
            self.devnet.chain.mine(self.network.confirmations + 1)
            for member in self.members:
                (made,) = member.fulfil((self.union,))
                if made.error is not None:
                    raise made.error
            # The last who delivered had it divided.
            stage.expect(
                f"the price is divided by the {count} who delivered",
                self.suite.unions.shares_of(self.order)[0],
                count,
            )
            done = self.buyer.download_all(self.order, self.folder / "bought").parts
            stage.expect(
                "each member's extract opens, with a certificate of theirs",
                {who for who, one in done.items() if isinstance(one, Downloaded)},
                {member.subject for member in self.members},
            )

    def _pay(self) -> None:
        stage, leaving = self.stage, self.members[0]
        with stage.step(
            "Ten days on one of them leaves; each is paid for the time that they allowed",
            "열흘 뒤 한 사람이 나갑니다. 각자 자신이 허락한 시간만큼 받습니다",
        ):
            self.devnet.chain.advance_time(10 * _DAY)
            before = [self._balance(member) for member in self.members]
            withdrawn, left = leaving.leave(self.union)
            stage.on_chain(withdrawn, left)
            done = self.buyer.download_all(self.order, self.folder / "again").parts
            refused = done[leaving.subject]
            stage.expect(
                "who left is opened no more, and the others are",
                (
                    refused.reason if isinstance(refused, DeniedError) else refused,
                    sum(isinstance(one, Downloaded) for one in done.values()),
                ),
                (Reason.WITHDRAWN, len(self.members) - 1),
            )
            stopped = self.suite.node.block(withdrawn.block_number).timestamp
            start = self.suite.unions.get_order(self.order)[0].start
            part = _PRICE // len(self.members)
            earned = [part * (stopped - start) // _DURATION] + [part] * (len(self.members) - 1)
            self._claim(leaving)
            self.devnet.chain.advance_time(_DURATION)
            for member in self.members[1:]:
                self._claim(member)
            wanted = [one - 2 * (one * _FEE_BPS // 10_000) for one in earned]
            paid = [
                self._balance(member) - had
                for member, had in zip(self.members, before, strict=True)
            ]
            stage.expect(
                f"{coin(wanted[0])} coin for ten days, {coin(wanted[1])} for all", paid, wanted
            )
            stage.expect(
                "with the reason beside it",
                [self._reason(member) for member in self.members],
                wanted,
            )

    def _claim(self, member: Joining) -> None:
        (claimed,) = member.claim()
        if claimed.error is not None:
            raise claimed.error
        assert claimed.receipt is not None  # noqa: S101 - or there is an error
        self.stage.count(claimed.receipt)

    def _balance(self, member: Joining) -> int:
        return self.suite.coin.balance_of(member.subject)

    def _reason(self, member: Joining) -> int:
        found = earnings(self.network, member.subject).orders
        return sum(one.mine for one in found if one.sale.name == f"union:{self.union}")
