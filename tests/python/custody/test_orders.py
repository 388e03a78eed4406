"""An extract that was sold: deposited, attested, delivered on chain, and opened by its buyer only.

receipts    buyer and subject read who was given it, proved; nobody else does
the way     offer, grant, buy, deposit, deliver, ask for the entry, open with the buyer's own key
refused     another subject's deposit, another committee, before delivery, another key, after a
            withdrawal, a second extract, an extract that the delivery does not name, one of fewer
            or more classes than were sold
certificate without one, of another order, record or leaf, of an unknown method, signed by another
station     attests only what an accredited station made, that the subject granted the classes
"""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass, replace
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from aceso.chain import Committee as Registered
from aceso.chain import (
    Delivery,
    OfferTerms,
    Sender,
    acts,
    grantee_of_account,
    grantee_of_group,
)
from aceso.codes import DataClass, Reason, Role, Use
from aceso.custody import (
    Committee,
    Custodian,
    DeniedError,
    FalseLogError,
    RequestRefusedError,
    SignedRequest,
    TooFewCustodiansError,
)
from aceso.storage import ShownItem, content_digest
from aceso.vault import (
    CERTIFICATE_FIELD,
    EXTRACT_METHOD,
    EXTRACT_VERSION,
    Body,
    CapsuleContext,
    Certificate,
    FieldTree,
    ListEntry,
    PrivateKey,
    RecordKey,
    ShownCertificate,
    SignedCertificate,
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
    desk: str = "DataMarket"
    keys: ShownItem | None = None

    @property
    def grantee(self) -> bytes:
        return grantee_of_group(self.offer, self.network.suite.addresses[self.desk])

    def extract(self, **changes: Any) -> tuple[ListEntry, RecordKey]:
        key = RecordKey(os.urandom(32), Body(os.urandom(32), 4124, 100))
        context = CapsuleContext(
            chain_id=self.network.suite.chain_id,
            record_id=os.urandom(32),
            data_class=int(changes.pop("classes", LABS)),
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

    def certified(
        self, entry: ListEntry, account: LocalAccount | None = None, **changes: Any
    ) -> dict[str, Any]:
        """The leaf and the certificate of a record that was made by `account` for this order."""
        maker = account or self.person.persona
        values: dict[str, Any] = {
            "order": self.order,
            "subject": self.person.persona.address,
            "maker": maker.address,
            "record_id": entry.record_id,
            "contents": bytes(32),
            "lineage": bytes(32),
            "method": EXTRACT_METHOD,
            "version": EXTRACT_VERSION,
            "parameters": bytes(32),
            "removed": bytes(32),
        }
        domain = self.network.suite.domain(self.desk)
        certificate = Certificate(**values | changes)
        signed = SignedCertificate.sign(certificate, maker, domain)
        tree = FieldTree.of(
            {
                "recordId": certificate.record_id,
                CERTIFICATE_FIELD: signed.digest(domain),
            },
            dek=os.urandom(32),
            record_id=certificate.record_id,
        )
        shown = ShownCertificate.of(tree, certificate.record_id, signed, domain)
        return {"leaf": tree.leaf, "certificate": shown, "desk": self.desk, "keys": self.keys}

    def deposit(
        self, committee: Committee, entry: ListEntry, account: LocalAccount | None = None
    ) -> Any:
        """Deposit it as its maker, with a certificate that fits."""
        maker = account or self.person.persona
        made = self.certified(entry, maker, subject=maker.address)
        return committee.deposit_extract(self.order, entry, maker, **made)

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
        suite = self.network.suite
        desk = suite.studies if self.desk == "Studies" else suite.market
        self.network.send(
            desk.deliver(
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
    return _sell(network, person, LABS)


def _sell(network: Network, person: Person, classes: DataClass) -> Sale:
    suite = network.suite
    terms = OfferTerms(
        subject=person.persona.address,
        price=_PRICE,
        institution="0x" + "00" * 20,
        committee=1,
        duration=86_400,
        institution_bps=0,
        use=Use.GRU,
        classes=classes,
        disease=0,
        conditions=0,
        delivery_period=86_400,
    )
    network.send(acts.offer(suite, person.persona, terms))
    offer = suite.market.offer_count()
    grantee = grantee_of_group(offer, suite.addresses["DataMarket"])
    person.grant(grantee, classes=classes, uses=Use.GRU)
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
    made = sale.certified(entry)
    attestation = committee.deposit_extract(sale.order, entry, sale.person.persona, **made)
    again = committee.deposit_extract(sale.order, entry, sale.person.persona, **made)
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


def test_its_parties_read_who_was_given_it_and_nobody_else_does(
    sale: Sale, committee: Committee, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry, _ = sale.extract()
    given = committee.deposit_extract(
        sale.order, entry, sale.person.persona, **sale.certified(entry)
    )
    sale.deliver(given)
    found = committee.order_entry(sale.order, capsule=entry.capsule.digest, **sale.asks())
    committee.open_key(found, **sale.opens())
    suite = sale.network.suite
    common = {
        "domain": suite.domain("ConsentRegistry"),
        "log_domain": suite.domain("AccessLog"),
        "now": suite.now(),
    }

    for party in (sale.buyer, sale.person.persona):
        acts_: list[str] = []
        for custodian in committee.custodians:
            log = custodian.order_log(sale.order, party, **common)
            acts_ += [one["act"] for one in log.receipts]
            asked = [one for one in log.receipts if one["act"] != "log"]
            assert {(one["actor"], one["grantee"]) for one in asked} <= {
                (sale.buyer.address, "0x" + sale.grantee.hex())
            }
        assert acts_.count("release") >= 2
        assert acts_.count("list") >= 1
    custodian = committee.custodians[0]
    with pytest.raises(RequestRefusedError) as refused:
        custodian.order_log(sale.order, Account.create(), **common)
    assert refused.value.code == "E_RECORD_UNKNOWN"

    # A custodian that tells a party another text than it wrote down.
    asked_truly = custodian._ask

    def ask(*given: Any, **more: Any) -> Any:
        said = asked_truly(*given, **more)
        for line in said.get("lines", ()):
            line["text"] = base64.b64encode(
                base64.b64decode(line["text"]).replace(b'"use":', b'"Use":')
            ).decode()
        return said

    monkeypatch.setattr(custodian, "_ask", ask)
    with pytest.raises(FalseLogError) as lied:
        custodian.order_log(sale.order, sale.buyer, **common)
    assert lied.value.code == "E_LOG_UNOPENED"


def test_a_custodian_with_another_extract_is_passed_over(
    sale: Sale, committee: Committee, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry, _ = sale.extract()
    attestation = sale.deposit(committee, entry)
    sale.deliver(attestation)
    other, _ = sale.extract()
    true, liars = Custodian.order_entry, {committee.custodians[0].address}

    def answer(
        one: Custodian, order: int, request: SignedRequest, proof: tuple[bytes, ...]
    ) -> ListEntry:
        return other if one.address in liars else true(one, order, request, proof)

    monkeypatch.setattr(Custodian, "order_entry", answer)
    asked = sale.asks(capsule=entry.capsule.digest)
    assert committee.order_entry(sale.order, **asked).digest == entry.digest

    liars |= {one.address for one in committee.custodians}
    with pytest.raises(TooFewCustodiansError, match="another extract"):
        committee.order_entry(sale.order, **asked)


def test_deposits_that_are_refused(sale: Sale, committee: Committee) -> None:
    def refused(match: str, entry: ListEntry, account: LocalAccount | None = None) -> None:
        with pytest.raises(RequestRefusedError, match=match):
            sale.deposit(committee, entry, account)

    refused("another order's", sale.extract(order=sale.order + 1)[0])
    refused("not of 0x", sale.extract()[0], sale.person.seed.persona(7))
    refused("committee", sale.extract(threshold=3)[0])
    stray = PrivateKey.generate().public_key
    members = [(keeper.keys.address, stray) for keeper in sale.network.keepers]
    refused("does not open", sale.extract(custodians=members)[0])
    entry, _ = sale.extract()
    sale.deposit(committee, entry)
    refused("not replaced", sale.extract()[0])


def test_an_extract_is_of_just_the_classes_that_were_sold(
    network: Network, person: Person, committee: Committee
) -> None:
    """What is of fewer, its buyer could neither open nor dispute."""
    sold = LABS | DataClass.ACTIVITY
    sale = _sell(network, person, sold)
    for classes in (LABS, sold | DataClass.VITALS):
        with pytest.raises(RequestRefusedError) as caught:
            sale.deposit(committee, sale.extract(classes=classes)[0])
        assert caught.value.code == "E_ENTRY_CLASS"

    entry, key = sale.extract(classes=sold)
    sale.deliver(sale.deposit(committee, entry))
    assert committee.open_key(entry, **sale.opens(data_class=sold)).dek == key.dek


def test_no_attestation_after_a_withdrawal(sale: Sale, committee: Committee) -> None:
    act = acts.withdraw(sale.network.suite, sale.person.persona, sale.grantee)
    committee.show_withdrawal(act.type_name, act.message, act.signature)
    with pytest.raises(DeniedError) as caught:
        sale.deposit(committee, sale.extract()[0])
    assert caught.value.reason is Reason.WITHDRAWN


def test_nothing_is_deposited_for_no_order(sale: Sale, committee: Committee) -> None:
    entry, _ = sale.extract(order=77)
    with pytest.raises(RequestRefusedError, match="not open"):
        committee.deposit_extract(77, entry, sale.person.persona, **sale.certified(entry, order=77))


# The certificate


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("E_CERTIFICATE_OTHER", {"order": 5}),
        ("E_CERTIFICATE_OTHER", {"record_id": bytes(32)}),
        ("E_CERTIFICATE_OTHER", {"subject": "0x" + "11" * 20}),
        ("E_CERTIFICATE_METHOD", {"version": "1"}),
        ("E_CERTIFICATE_METHOD", {"method": "none"}),
    ],
)
def test_a_certificate_of_something_else_is_refused(
    sale: Sale, committee: Committee, code: str, changes: dict[str, Any]
) -> None:
    entry, _ = sale.extract()
    with pytest.raises(RequestRefusedError) as caught:
        committee.deposit_extract(
            sale.order, entry, sale.person.persona, **sale.certified(entry, **changes)
        )
    assert caught.value.code == code


def test_a_certificate_is_of_the_leaf_that_is_attested(sale: Sale, committee: Committee) -> None:
    entry, _ = sale.extract()
    made, other = sale.certified(entry), sale.certified(entry)
    for leaf in (os.urandom(32), other["leaf"]):
        with pytest.raises(RequestRefusedError) as caught:
            committee.deposit_extract(
                sale.order, entry, sale.person.persona, **made | {"leaf": leaf}
            )
        assert caught.value.code == "E_CERTIFICATE_OTHER"


def test_a_certificate_whose_signature_is_another_s_is_refused(
    sale: Sale, committee: Committee
) -> None:
    entry, _ = sale.extract()
    made = sale.certified(entry)
    shown = made["certificate"]
    forged = replace(shown, signed=replace(shown.signed, signature=b"\1" * 64 + b"\x1b"))
    with pytest.raises(RequestRefusedError) as caught:
        committee.deposit_extract(
            sale.order, entry, sale.person.persona, **made | {"certificate": forged}
        )
    assert caught.value.code == "E_CERTIFICATE_SIGNATURE"


@pytest.mark.parametrize(
    ("shown", "code"),
    [
        (None, "E_CERTIFICATE_MISSING"),
        (b"{}", "E_CERTIFICATE_FORMAT"),
        (b"\xff", "E_CERTIFICATE_FORMAT"),
    ],
)
def test_without_a_certificate_nothing_is_attested(
    sale: Sale,
    committee: Committee,
    monkeypatch: pytest.MonkeyPatch,
    shown: bytes | None,
    code: str,
) -> None:
    entry, _ = sale.extract()
    ask = Custodian._ask

    def bare(one: Custodian, method: str, path: str, body: Any = None, **more: Any) -> Any:
        body = {key: value for key, value in body.items() if key != "certificate"}
        if shown is not None:
            body["certificate"] = base64.b64encode(shown).decode()
        return ask(one, method, path, body, **more)

    monkeypatch.setattr(Custodian, "_ask", bare)
    with pytest.raises(RequestRefusedError) as caught:
        sale.deposit(committee, entry)
    assert caught.value.code == code


# A data station


@pytest.fixture
def station(network: Network) -> LocalAccount:
    account: LocalAccount = Account.create()
    return account


def _accredit(network: Network, account: LocalAccount) -> None:
    participants = network.suite.participants
    network.relayer.send(
        network.authority.call(participants.propose_accreditation(account.address, Role.STATION))
    )
    network.send(participants.accredit(account.address))


def _by_station(sale: Sale, committee: Committee, station: LocalAccount) -> Any:
    entry, _ = sale.extract()
    return committee.deposit_extract(
        sale.order,
        entry,
        station,
        subject=sale.person.persona.address,
        **sale.certified(entry, station),
    )


def test_a_station_that_was_granted_the_classes_makes_extracts(
    sale: Sale, committee: Committee, station: LocalAccount
) -> None:
    grantee = grantee_of_account(station.address)
    sale.person.grant(grantee, uses=Use.GRU)
    with pytest.raises(RequestRefusedError) as caught:
        _by_station(sale, committee, station)
    assert caught.value.code == "E_NOT_STATION"

    _accredit(sale.network, station)
    assert _by_station(sale, committee, station).signers == 0b111


def test_a_station_without_a_grant_makes_none(
    sale: Sale, committee: Committee, station: LocalAccount
) -> None:
    _accredit(sale.network, station)
    with pytest.raises(DeniedError) as caught:
        _by_station(sale, committee, station)
    assert caught.value.reason is Reason.NOT_GRANTED

    grantee = grantee_of_account(station.address)
    sale.person.grant(grantee, uses=Use.GRU)
    act = acts.withdraw(sale.network.suite, sale.person.persona, grantee)
    committee.show_withdrawal(act.type_name, act.message, act.signature)
    with pytest.raises(DeniedError) as withdrawn:
        _by_station(sale, committee, station)
    assert withdrawn.value.reason is Reason.WITHDRAWN
