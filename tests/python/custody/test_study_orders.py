"""Orders of studies at the custodians, and orders of one desk shown as the other's.

deposit      sealed to the key of its place, attested for its desk, opened by the researcher
             refused: without the list of keys, with another page; withdrawn; not approved
desk         an order of a study shown as the market's, and back; a desk that nobody named
revision     asked for by another revision than the order's: there is none
records      the researcher gets none of the subject's records
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from aceso.chain import (
    Protocol,
    RefusedError,
    Sender,
    StudyTerms,
    acts,
    grantee_of_group,
    study_acts,
)
from aceso.codes import Condition, Reason, Role, Use
from aceso.custody import Committee, DeniedError, RequestRefusedError
from aceso.storage import ShownItem, content_digest, paged
from aceso.vault import PrivateKey, SignedCertificate

from .conftest import LABS, Network, Person
from .test_orders import Sale, sale  # noqa: F401 - `sale` is a fixture

_PRICE = 10**6
_NONE = Condition(0)
_DAY = 86_400


def accredited(network: Network, role: Role) -> LocalAccount:
    account: LocalAccount = Account.create()
    participants = network.suite.participants
    network.chain.ask("anvil_setBalance", account.address, hex(10**19))
    network.relayer.send(
        network.authority.call(participants.propose_accreditation(account.address, role))
    )
    network.send(participants.accredit(account.address))
    return account


@pytest.fixture
def enrolled(network: Network, person: Person) -> Callable[..., Sale]:
    """A study of two places, and its second, which the person enrolled in."""

    def make(*, conditions: Condition = _NONE, board: Any = None) -> Sale:
        suite, researcher = network.suite, accredited(network, Role.RESEARCHER)
        sender, studies = Sender(suite, researcher), suite.studies
        privates = [PrivateKey.generate() for _ in range(20)]
        publics = [one.public_key.to_bytes() for one in privates]
        root, pages = paged(publics, label=os.urandom(32))
        terms = StudyTerms(
            researcher=researcher.address,
            price=_PRICE,
            committee=1,
            duration=_DAY,
            use=Use.GRU,
            classes=LABS,
            delivery_period=_DAY,
            deadline=suite.now() + 30 * _DAY,
            cap=20,
            conditions=conditions,
        )
        sender.send(suite.sale.buy(10**16))
        sender.send(suite.coin.approve(studies.address, 5 * _PRICE))
        sender.send(studies.open(terms, Protocol(b"\1" * 32, b"\2" * 32, content_digest(root))))
        study = studies.study_count()
        group = studies.group_of(study, 1)
        sender.send(studies.fund(study, 5 * _PRICE))
        if board is not None:
            board(group)
        # Somebody else has the first place.
        for who in (person.seed.persona(5), person.persona):
            other = replace(person, persona=who)
            other.grant(
                grantee_of_group(group, studies.address), uses=Use.GRU, conditions=conditions
            )
            network.send(study_acts.enrol(suite, who, group))
        order, _ = studies.order_of(study, person.persona.address)
        shown = ShownItem(root, pages[0])
        return Sale(
            network, person, group, order, researcher, sender, privates[1], "Studies", shown
        )

    return make


def test_a_study_order_is_attested_for_its_desk_and_opened_by_the_researcher(
    enrolled: Callable[..., Sale], committee: Committee
) -> None:
    sold = enrolled()
    entry, key = sold.extract()
    made, subject = sold.certified(entry), sold.person.persona
    attestation = committee.deposit_extract(sold.order, entry, subject, **made)
    again = committee.deposit_extract(sold.order, entry, subject, **made)
    assert again.signers == attestation.signers == 0b111
    # One who was attested before is not attested for a desk that has no such order.
    with pytest.raises(RequestRefusedError) as elsewhere:
        committee.deposit_extract(sold.order, entry, subject, **made | {"desk": "DataMarket"})
    assert elsewhere.value.code == "E_ORDER_STATE"
    sold.deliver(attestation)

    found = committee.order_entry(sold.order, capsule=entry.capsule.digest, **sold.asks())
    opened = committee.open_key(found, **sold.opens())
    assert (opened.dek, opened.body) == (key.dek, key.body)
    with pytest.raises(RequestRefusedError) as records:
        committee.listing(**sold.asks())
    assert records.value.code == "E_ORDER_ONLY"
    # Newer terms are another group: nothing was sold under them.
    newer = grantee_of_group(sold.offer + 1, sold.network.suite.studies.address)
    with pytest.raises(RequestRefusedError) as unknown:
        committee.open_key(found, **sold.opens(grantee=newer))
    assert unknown.value.code == "E_RECORD_UNKNOWN"

    act = acts.withdraw(sold.network.suite, subject, sold.grantee)
    committee.show_withdrawal(act.type_name, act.message, act.signature)
    with pytest.raises(DeniedError) as withdrawn:
        committee.open_key(found, **sold.opens())
    assert withdrawn.value.reason is Reason.WITHDRAWN


def test_what_is_shown_as_another_desk_s_is_refused(
    enrolled: Callable[..., Sale],
    sale: Sale,  # noqa: F811
    committee: Committee,
) -> None:
    def refused(sold: Sale, **changes: Any) -> str:
        entry, _ = sold.extract()
        made = sold.certified(entry) | changes
        if "signed_for" in made:
            made["certificate"] = _signed_for(sold, made.pop("signed_for"), made["certificate"])
        with pytest.raises(RequestRefusedError) as caught:
            committee.deposit_extract(sold.order, entry, sold.person.persona, **made)
        return caught.value.code

    for sold, other in ((enrolled(), "DataMarket"), (sale, "Studies")):
        assert refused(replace(sold, desk=other)) == "E_ORDER_STATE"
        assert refused(sold, signed_for=other) == "E_CERTIFICATE_SIGNATURE"
        # A contract of the network that is no desk.
        assert refused(sold, desk="ConsentRegistry") == "E_ORDER_DESK"


def _signed_for(sold: Sale, desk: str, shown: Any) -> Any:
    domain = sold.network.suite.domain(desk)
    signed = SignedCertificate.sign(shown.signed.certificate, sold.person.persona, domain)
    return replace(shown, signed=signed)


def test_the_receiving_key_is_that_of_the_place(
    enrolled: Callable[..., Sale], committee: Committee
) -> None:
    study = enrolled()
    shown = study.keys
    assert shown is not None
    strange = os.urandom(32) + shown.root[32:]
    cut = shown.page[: len(shown.page) // 2]
    for keys, code in (
        (None, "E_STUDY_KEY"),
        (replace(shown, root=strange), "E_LIST_ITEM"),
        (replace(shown, page=cut), "E_LIST_ITEM"),
    ):
        entry, _ = study.extract()
        made = study.certified(entry) | {"keys": keys}
        with pytest.raises(RequestRefusedError) as caught:
            committee.deposit_extract(study.order, entry, study.person.persona, **made)
        assert caught.value.code == code


def test_nothing_is_attested_of_who_withdrew(
    enrolled: Callable[..., Sale], committee: Committee
) -> None:
    study = enrolled()
    act = acts.withdraw(study.network.suite, study.person.persona, study.grantee)
    committee.show_withdrawal(act.type_name, act.message, act.signature)
    with pytest.raises(DeniedError) as caught:
        study.deposit(committee, study.extract()[0])
    assert caught.value.reason is Reason.WITHDRAWN


def test_a_study_needs_the_approval_that_people_asked_for(
    network: Network, enrolled: Callable[..., Sale], committee: Committee
) -> None:
    with pytest.raises(RefusedError) as never:
        enrolled(conditions=Condition.IRB)
    assert never.value.error == "OrderDenied"

    board = accredited(network, Role.ETHICS_BOARD)
    people, sender = network.suite.participants, Sender(network.suite, board)
    opened = network.relayer.send(network.authority.call(people.open_institution(board.address)))
    number = next(one for one in opened.events if one.name == "InstitutionOpened").args["number"]
    sender.send(people.set_member(number, board.address, (1 << 40) - 1, 0))

    def approve(group: int) -> None:
        sender.send(network.suite.studies.approve_study(group, number))

    study = enrolled(conditions=Condition.IRB, board=approve)
    sender.send(network.suite.studies.approve_study(study.offer, 0))
    network.chain.mine(2)
    with pytest.raises(DeniedError) as taken_back:
        study.deposit(committee, study.extract()[0])
    assert taken_back.value.reason is Reason.CONDITION
