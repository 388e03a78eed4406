"""The sale: an extract is offered, bought, delivered, withdrawn from and paid, to the unit.

What is expected is read from the hospital's file and worked out by plain arithmetic.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

from aceso.chain import Request
from aceso.codes import DataClass, Reason, Use, label
from aceso.devnet import Devnet
from aceso.flows import RESEARCH, Network, Purchase, Seller, base_units, coin
from aceso.research import Package

from .cast import Cast
from .stage import Stage

__all__ = ["show_sale"]

_DAY = 24 * 60 * 60
_PRICE = base_units("120")
_DURATION = 30 * _DAY
_INSTITUTION_BPS = 1_000
_FEE_BPS = 500
_ON_OFFER = DataClass.LABS | DataClass.ACTIVITY


def show_sale(
    stage: Stage, devnet: Devnet, network: Network, cast: Cast, source: Path, folder: Path
) -> None:
    """`source` is the file that the hospital issued from."""
    folder.mkdir()
    sale = _Sale(stage, devnet, network, cast, source, folder)
    purchase = sale.sell()
    if purchase is not None:
        sale.deliver(purchase)
        sale.withdraw_and_settle(purchase)


class _Sale:
    def __init__(
        self,
        stage: Stage,
        devnet: Devnet,
        network: Network,
        cast: Cast,
        source: Path,
        folder: Path,
    ):
        self.stage = stage
        self.devnet = devnet
        self.network = network
        self.cast = cast
        self.source = source
        self.folder = folder

    def sell(self) -> Purchase | None:
        """What was bought, or None where that went wrong."""
        bought = None
        stage, cast = self.stage, self.cast
        seller, researcher, suite = Seller(cast.person), cast.researcher, self.network.suite
        with stage.step(
            "The person offers an extract of labs and activity; a researcher buys 30 days of it",
            "본인이 검사와 활동 자료의 추출본을 내놓고, 연구자가 30일 이용권을 삽니다",
        ):
            number, receipts = seller.offer(
                classes=_ON_OFFER,
                use=Use.HMB,
                price=_PRICE,
                seconds=_DURATION,
                institution=cast.hospital.account.address,
                institution_bps=_INSTITUTION_BPS,
            )
            stage.on_chain(*receipts)
            wei = _PRICE // suite.sale.rate() + 1
            stage.on_chain(researcher.buy_coin(wei=wei))
            purchase = researcher.buy(number)
            stage.on_chain(*purchase.receipts)
            stage.expect(
                "the price is locked in the market",
                suite.coin.balance_of(suite.addresses["DataMarket"]),
                _PRICE,
            )
            bought = purchase
        return bought

    def deliver(self, purchase: Purchase) -> None:
        stage, cast = self.stage, self.cast
        seller, researcher = Seller(cast.person), cast.researcher
        with stage.step(
            "The extract is made, left with the committee, delivered and opened",
            "추출본을 만들어 수탁자들에게 맡기고, 전달하고, 엽니다",
        ):
            delivered = seller.deliver(purchase.order)
            stage.on_chain(*delivered.receipts)
            path = self.folder / "extract.json"
            researcher.open(purchase.order, path)
            text = path.read_text()
            package = Package.read(path.read_bytes())
            stage.expect("it holds resources", len(package.files["Observation.ndjson"]) > 0, True)
            stage.expect(
                "its certificate is of these files, signed by the person",
                package.check().maker,
                cast.person.persona(RESEARCH).address,
            )
            stage.expect(
                "no name, number, address or telephone of the source is left in it",
                [name for name in self._identifiers() if name in text],
                [],
            )
            genome = self._as_buyer(purchase.offer, DataClass.GENOME_PANEL)
            stage.expect(
                "`decide` denies the genome to the buyer",
                self.network.suite.decide(genome).reason,
                Reason.CLASS,
            )
            for data_class in (DataClass.GENOME_PANEL, DataClass.LABS):
                stage.refused(
                    f"no original for the buyer: {label(data_class, 'en')}",
                    partial(self._ask_as_buyer, purchase.offer, data_class),
                    "E_ORDER_ONLY",
                )

    def withdraw_and_settle(self, purchase: Purchase) -> None:
        stage, cast, suite = self.stage, self.cast, self.network.suite
        seller, researcher = Seller(cast.person), cast.researcher
        with stage.step(
            "Ten days on the person withdraws; the next request is refused",
            "열흘 뒤 본인이 동의를 철회하고, 다음 요청은 거절됩니다",
        ):
            self.devnet.chain.advance_time(10 * _DAY)
            head, _ = suite.market.get_order(purchase.order)
            receipt = seller.withdraw(purchase.offer)
            stage.on_chain(receipt)
            stopped = suite.node.block(receipt.block_number).timestamp
            stage.refused(
                "the researcher",
                lambda: researcher.open(purchase.order, self.folder / "again.json"),
                Reason.WITHDRAWN,
            )
        with stage.step(
            "The order pays for the time that was allowed, to the unit",
            "주문은 허락된 시간만큼만, 한 단위까지 정확히 지급합니다",
        ):
            subject = cast.person.persona(RESEARCH).address
            hospital, buyer = cast.hospital.account.address, researcher.account.address
            before = suite.coin.balance_of(buyer)
            stage.on_chain(researcher.settle(purchase.order))
            payees = (subject, hospital, buyer)
            for payee in payees:
                stage.on_chain(self.network.relayer.send(suite.market.pay_credit(payee)))
            # The price is for 30 days; allowed were the seconds from the delivery to the stop.
            earned = _PRICE * (stopped - head.start) // _DURATION
            fee = earned * _FEE_BPS // 10_000
            to_hospital = earned * _INSTITUTION_BPS // 10_000
            stage.say(
                f"allowed {stopped - head.start:,} of {_DURATION:,} seconds: "
                f"{coin(earned)} of {coin(_PRICE)} coin"
            )
            stage.expect(
                f"the person has {coin(earned - 2 * fee - to_hospital)}",
                suite.coin.balance_of(subject),
                earned - 2 * fee - to_hospital,
            )
            stage.expect(
                f"the hospital has {coin(to_hospital)}",
                suite.coin.balance_of(hospital),
                to_hospital,
            )
            stage.expect(
                f"the researcher has {coin(_PRICE - earned)} back",
                suite.coin.balance_of(buyer) - before,
                _PRICE - earned,
            )
            stage.expect(
                "what is left in the market is the committee's and the commons' part",
                suite.coin.balance_of(suite.addresses["DataMarket"]),
                2 * fee,
            )

    def _identifiers(self) -> list[str]:
        """Names, numbers and addresses of the person in the hospital's file."""
        found: set[str] = set()
        for entry in json.loads(self.source.read_text())["entry"]:
            resource = entry["resource"]
            if resource["resourceType"] != "Patient":
                continue
            for name in resource.get("name", ()):
                found |= {name.get("text", ""), name.get("family", ""), *name.get("given", ())}
            for key in ("identifier", "telecom"):
                found |= {one.get("value", "") for one in resource.get(key, ())}
            for address in resource.get("address", ()):
                found |= {address.get("text", ""), *address.get("line", ())}
        return sorted(word for word in found if len(word) > 1)

    def _as_buyer(self, offer: int, classes: DataClass) -> Request:
        return Request(
            subject=self.cast.person.persona(RESEARCH).address,
            actor=self.cast.researcher.account.address,
            grantee=Seller(self.cast.person).grantee(offer),
            use=Use.HMB,
            classes=classes,
        )

    def _ask_as_buyer(self, offer: int, data_class: DataClass) -> object:
        asked = self._as_buyer(offer, data_class)
        return self.network.committee.listing(
            actor=self.cast.researcher.account,
            subject=asked.subject,
            grantee=asked.grantee,
            use=asked.use,
            data_class=data_class,
        )
