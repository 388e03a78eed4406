"""An extract that was sold: deposited, attested, delivered on chain, and opened by its buyer only.

the way     offer, grant, buy, deposit, deliver, ask for the entry, open with the buyer's own key
refused     another subject's deposit, another committee, before delivery, another key, after a
            withdrawal, a second extract, an extract that the delivery does not name
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from aceso.chain import Committee as Registered
from aceso.chain import Delivery, OfferTerms, Sender, acts, grantee_of_group
from aceso.codes import Reason, Use
from aceso.custody import (
    Committee,
    Custodian,
    DeniedError,
    RequestRefusedError,
    SignedRequest,
    TooFewCustodiansError,
)
from aceso.storage import content_digest
from aceso.vault import (
    Body,
    CapsuleContext,
    ListEntry,
    PrivateKey,
    RecordKey,
    make_capsule,
)

from .conftest import LABS, Network, Person

_PRICE = 10**6


@dataclass
class Sale:
    network: Network
    person: Person
    offer: int
    order: int
    buyer: LocalAccount
    sender: Sender
    private: PrivateKey

    @property
    def grantee(self) -> bytes:
        return grantee_of_group(self.offer, self.network.suite.addresses["DataMarket"])

    def extract(self, **changes: Any) -> tuple[ListEntry, RecordKey]:
        key = RecordKey(os.urandom(32), Body(os.urandom(32), 4124, 100))
        context = CapsuleContext(
            chain_id=self.network.suite.chain_id,
            record_id=os.urandom(32),
            data_class=int(LABS),
            epoch=0,
            order=changes.pop("order", self.order),
        )
        values: dict[str, Any] = {
            "custodians": [
                (keeper.keys.address, keeper.keys.private.public_key)
                for keeper in self.network.keepers
            ],
            "threshold": 2,
            "reader_key": self.private.public_key,
            "owner_key": self.person.keys.owner_key().public_key,
        }
        capsule = make_capsule(context, key, **values | changes)
        entry, _ = self.person.entry()
        return replace(entry, capsule=capsule), key

    def asks(self, **changes: Any) -> dict[str, Any]:
        return {
            "actor": self.buyer,
            "subject": self.person.persona.address,
            "grantee": self.grantee,
            "use": Use.GRU,
            "data_class": LABS,
        } | changes

    def opens(self, **changes: Any) -> dict[str, Any]:
        return self.asks(receiving_key=self.private, reader_key=self.private) | changes

    def deliver(self, attestation: Any) -> None:
        members = tuple(keeper.keys.address for keeper in self.network.keepers)
        self.network.send(
            self.network.suite.market.deliver(
                Delivery(
                    attestation.order,
                    attestation.leaf,
                    attestation.receiving_key,
                    attestation.capsule,
                ),
                Registered(members, 2),
                attestation.signers,
                list(attestation.signatures),
            )
        )


@pytest.fixture
def sale(network: Network, person: Person) -> Sale:
    suite = network.suite
    terms = OfferTerms(
        subject=person.persona.address,
        price=_PRICE,
        institution="0x" + "00" * 20,
        committee=1,
        duration=86_400,
        institution_bps=0,
        use=Use.GRU,
        classes=LABS,
        disease=0,
        conditions=0,
        delivery_period=86_400,
    )
    network.send(acts.offer(suite, person.persona, terms))
    offer = suite.market.offer_count()
    person.grant(grantee_of_group(offer, suite.addresses["DataMarket"]), uses=Use.GRU)
    buyer: LocalAccount = Account.create()
    network.chain.ask("anvil_setBalance", buyer.address, hex(10**19))
    sender, private = Sender(suite, buyer), PrivateKey.generate()
    sender.send(suite.sale.buy(10**16))
    sender.send(suite.coin.approve(suite.addresses["DataMarket"], _PRICE))
    name = content_digest(private.public_key.to_bytes())
    sender.send(suite.market.buy(offer, name))
    network.chain.mine(2)
    order, _ = suite.market.order_of(offer, buyer.address)
    return Sale(network, person, offer, order, buyer, sender, private)


def test_an_extract_is_deposited_delivered_and_opened(sale: Sale, committee: Committee) -> None:
    entry, key = sale.extract()
    leaf = os.urandom(32)
    attestation = committee.deposit_extract(sale.order, entry, sale.person.persona, leaf=leaf)
    again = committee.deposit_extract(sale.order, entry, sale.person.persona, leaf=leaf)
    assert again.signers == attestation.signers == 0b111

    # Held ready is not yet delivered: the buyer's time begins on chain.
    with pytest.raises(RequestRefusedError, match="not delivered"):
        committee.open_key(entry, **sale.opens())
    sale.deliver(attestation)

    found = committee.order_entry(sale.order, capsule=entry.capsule.digest, **sale.asks())
    assert found.digest == entry.digest
    opened = committee.open_key(found, **sale.opens())
    assert (opened.dek, opened.body) == (key.dek, key.body)
    with pytest.raises(RequestRefusedError, match="bought with"):
        committee.open_key(found, **sale.opens(receiving_key=PrivateKey.generate()))
    stranger: LocalAccount = Account.create()
    with pytest.raises(RequestRefusedError, match="no extract"):
        committee.open_key(found, **sale.opens(actor=stranger))

    withdrawn = acts.withdraw(sale.network.suite, sale.person.persona, sale.grantee)
    committee.show_withdrawal(withdrawn.type_name, withdrawn.message, withdrawn.signature)
    with pytest.raises(DeniedError) as caught:
        committee.open_key(found, **sale.opens())
    assert caught.value.reason is Reason.WITHDRAWN


def test_a_custodian_with_another_extract_is_passed_over(
    sale: Sale, committee: Committee, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry, _ = sale.extract()
    attestation = committee.deposit_extract(
        sale.order, entry, sale.person.persona, leaf=os.urandom(32)
    )
    sale.deliver(attestation)
    other, _ = sale.extract()
    true, liars = Custodian.order_entry, {committee.custodians[0].address}

    def answer(one: Custodian, order: int, request: SignedRequest) -> ListEntry:
        return other if one.address in liars else true(one, order, request)

    monkeypatch.setattr(Custodian, "order_entry", answer)
    asked = sale.asks(capsule=entry.capsule.digest)
    assert committee.order_entry(sale.order, **asked).digest == entry.digest

    liars |= {one.address for one in committee.custodians}
    with pytest.raises(TooFewCustodiansError, match="another extract"):
        committee.order_entry(sale.order, **asked)


def test_deposits_that_are_refused(sale: Sale, committee: Committee) -> None:
    persona, leaf = sale.person.persona, os.urandom(32)

    def refused(match: str, entry: ListEntry, account: LocalAccount = persona) -> None:
        with pytest.raises(RequestRefusedError, match=match):
            committee.deposit_extract(sale.order, entry, account, leaf=leaf)

    refused("another order's", sale.extract(order=sale.order + 1)[0])
    refused("not 0x", sale.extract()[0], sale.person.seed.persona(7))
    refused("committee", sale.extract(threshold=3)[0])
    stray = PrivateKey.generate().public_key
    members = [(keeper.keys.address, stray) for keeper in sale.network.keepers]
    refused("does not open", sale.extract(custodians=members)[0])
    entry, _ = sale.extract()
    committee.deposit_extract(sale.order, entry, persona, leaf=leaf)
    refused("not replaced", sale.extract()[0])


def test_no_attestation_after_a_withdrawal(sale: Sale, committee: Committee) -> None:
    act = acts.withdraw(sale.network.suite, sale.person.persona, sale.grantee)
    committee.show_withdrawal(act.type_name, act.message, act.signature)
    with pytest.raises(DeniedError) as caught:
        committee.deposit_extract(
            sale.order, sale.extract()[0], sale.person.persona, leaf=os.urandom(32)
        )
    assert caught.value.reason is Reason.WITHDRAWN


def test_nothing_is_deposited_for_no_order(sale: Sale, committee: Committee) -> None:
    entry, _ = sale.extract(order=77)
    with pytest.raises(RequestRefusedError, match="not open"):
        committee.deposit_extract(77, entry, sale.person.persona, leaf=bytes(32))
