"""Who is refused, and why (P6).

decide says no            each main reason, at listing and at release
withdrawn                 on chain; shown signed to the custodians only; all of it; a bar
a request of another sort signature, replay, deadline, custodian, chain, receiving key
lists and posts           a stranger's persona, another committee, conflicting records, a kept entry
                          on a former grantee's own list
orders                    a buyer gets no records
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from eth_account import Account

from aceso.chain import Sender, acts, grantee_of_account, grantee_of_group
from aceso.codes import DataClass, Reason, Role, Use
from aceso.custody import Committee, CustodianKeys, DeniedError, RequestRefusedError, SignedRequest
from aceso.vault import CapsuleContext, ListEntry, PrivateKey, Seed, SignedOpening

from .conftest import LABS, Network, Person, Reader, Shared


def _denied(act: Callable[[], object]) -> DeniedError:
    with pytest.raises(DeniedError) as caught:
        act()
    return caught.value


def _code(act: Callable[[], object]) -> str:
    with pytest.raises(RequestRefusedError) as caught:
        act()
    assert 400 <= caught.value.status < 500
    return caught.value.code


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"data_class": DataClass.GENOME_WHOLE}, Reason.CLASS),
        ({"use": Use.GRU}, Reason.USE),
        ({"grantee": bytes(31) + b"\1"}, Reason.NOT_GRANTED),
    ],
)
def test_what_was_not_granted(
    shared: Shared, committee: Committee, changes: dict[str, Any], reason: Reason
) -> None:
    assert _denied(lambda: committee.listing(**shared.asks(**changes))).reason is reason
    found = _denied(lambda: committee.open_key(shared.entry, **shared.opens(**changes)))
    assert found.reason is reason


def test_somebody_else(
    shared: Shared, committee: Committee, make_reader: Callable[[], Reader]
) -> None:
    other = make_reader()
    asked = shared.asks(actor=other.account)
    assert _denied(lambda: committee.listing(**asked)).reason is Reason.NOT_GRANTEE
    asked = shared.asks(actor=other.account, grantee=other.grantee)
    assert _denied(lambda: committee.listing(**asked)).reason is Reason.NOT_GRANTED


def test_before_and_after_its_time(network: Network, shared: Shared, committee: Committee) -> None:
    now = network.suite.now()
    shared.person.grant(shared.reader.grantee, valid_from=now + 500, valid_until=now + 1000)
    assert _denied(lambda: committee.listing(**shared.asks())).reason is Reason.NOT_YET
    network.chain.advance_time(600)
    network.chain.mine(2)
    assert committee.listing(**shared.asks()).entries
    network.chain.advance_time(600)
    assert _denied(lambda: committee.listing(**shared.asks())).reason is Reason.ENDED


def test_a_grant_that_is_not_confirmed_waits(
    network: Network, shared: Shared, make_reader: Callable[[], Reader]
) -> None:
    # A custodian that waits for more confirmations sees the old state longer, of grants too.
    network.chain.mine(60)
    doctor = make_reader()
    shared.person.grant(doctor.grantee)
    place = network.folder / f"patient-{os.urandom(4).hex()}"
    CustodianKeys.make(place)
    keeper = network.serve("patient", place, confirmations=50)
    with keeper.process:
        message = shared.message(keeper, actor=doctor.account.address, grantee=doctor.grantee)
        request = SignedRequest.sign(
            doctor.account, "ListRequest", message, network.suite.domain("ConsentRegistry")
        )
        found = _denied(lambda: keeper.client().list(request))
        assert found.is_pending and found.reason is Reason.NOT_GRANTED


def test_withdrawn_between_listing_and_release(
    network: Network, shared: Shared, committee: Committee
) -> None:
    assert committee.listing(**shared.asks()).entries
    act = acts.withdraw(network.suite, shared.person.persona, shared.reader.grantee)
    network.relayer.send(act.call)
    found = _denied(lambda: committee.open_key(shared.entry, **shared.opens()))
    assert found.reason is Reason.WITHDRAWN


@pytest.mark.parametrize("kind", ["Withdrawal", "WithdrawalOfAll", "Bar"])
def test_a_withdrawal_that_is_shown_holds_before_the_chain_has_it(
    network: Network, shared: Shared, committee: Committee, kind: str
) -> None:
    persona = shared.person.persona
    act = {
        "Withdrawal": lambda: acts.withdraw(network.suite, persona, shared.reader.grantee),
        "WithdrawalOfAll": lambda: acts.withdraw_all(network.suite, persona),
        "Bar": lambda: acts.bar(network.suite, persona, shared.reader.account.address),
    }[kind]()
    shown = committee.show_withdrawal(act.type_name, act.message, act.signature)
    assert len(shown.taken) == 3
    for one in (
        lambda: committee.listing(**shared.asks()),
        lambda: committee.open_key(shared.entry, **shared.opens()),
    ):
        assert _denied(one).reason is Reason.WITHDRAWN
    keeper = network.keepers[0]
    keeper.process.kill()
    network.restart(keeper)
    assert _denied(lambda: committee.listing(**shared.asks())).reason is Reason.WITHDRAWN
    network.send(act.call)
    if kind == "Bar":
        assert _denied(lambda: committee.listing(**shared.asks())).reason is Reason.BARRED
        return
    # Carried, and granted anew: what was shown is spent.
    shared.person.grant(shared.reader.grantee)
    assert committee.listing(**shared.asks()).entries


@pytest.mark.parametrize("before", [0, 63])
def test_a_bar_that_is_shown_outlives_a_withdrawal_and_ends_with_its_lifting(
    network: Network, shared: Shared, committee: Committee, before: int
) -> None:
    persona, actor = shared.person.persona, shared.reader.account.address
    for _ in range(before):
        network.send(acts.bar(network.suite, persona, actor).call)
        network.send(acts.unbar(network.suite, persona, actor).call)
    barring = acts.bar(network.suite, persona, actor)
    committee.show_withdrawal(barring.type_name, barring.message, barring.signature)

    network.send(acts.withdraw(network.suite, persona, shared.reader.grantee).call)
    shared.person.grant(shared.reader.grantee)
    assert _denied(lambda: committee.listing(**shared.asks())).reason is Reason.WITHDRAWN

    network.send(barring.call)
    assert _denied(lambda: committee.listing(**shared.asks())).reason is Reason.BARRED
    network.send(acts.unbar(network.suite, persona, actor).call)
    shared.person.grant(shared.reader.grantee)
    assert committee.listing(**shared.asks()).entries
    again = committee.custodians[0].withdraw(barring.type_name, barring.message, barring.signature)
    assert again == "on_chain"


def test_a_withdrawal_of_somebody_else_is_refused(
    network: Network, shared: Shared, committee: Committee
) -> None:
    act = acts.withdraw(network.suite, Seed.make().persona(0), shared.reader.grantee)
    message = dict(act.message) | {"subject": shared.person.persona.address}
    custodian = committee.custodians[0]
    refused = lambda: custodian.withdraw(act.type_name, message, act.signature)  # noqa: E731
    assert _code(refused) == "E_SIGNATURE"
    assert committee.listing(**shared.asks()).entries


def _signed(shared: Shared, kind: str, message: dict[str, Any], **domain: Any) -> SignedRequest:
    network = shared.person.network
    return SignedRequest.sign(
        shared.reader.account, kind, message, network.suite.domain("ConsentRegistry") | domain
    )


def test_requests_of_another_sort(network: Network, shared: Shared, committee: Committee) -> None:
    keeper, custodian = network.keepers[0], committee.custodians[0]

    def ask(**changes: Any) -> Callable[[], object]:
        domain = changes.pop("domain", {})
        message = shared.message(keeper, **changes)
        return lambda: custodian.list(_signed(shared, "ListRequest", message, **domain))

    now = network.suite.now()
    assert _code(ask(domain={"chainId": 1})) == "E_SIGNATURE"
    assert _code(ask(domain={"verifyingContract": "0x" + "11" * 20})) == "E_SIGNATURE"
    assert _code(ask(actor=Account.create().address)) == "E_SIGNATURE"
    assert _code(ask(custodian=network.keepers[1].keys.address)) == "E_OTHER_CUSTODIAN"
    assert _code(ask(deadline=now - 1)) == "E_DEADLINE"
    assert _code(ask(deadline=now + 10_000)) == "E_DEADLINE_FAR"


@pytest.mark.parametrize("kind", ["ListRequest", "ReleaseRequest"])
def test_a_request_holds_once(
    network: Network, shared: Shared, committee: Committee, kind: str
) -> None:
    keeper, custodian = network.keepers[0], committee.custodians[0]
    request = _signed(shared, kind, shared.message(keeper, kind))
    ask = custodian.list if kind == "ListRequest" else custodian.release
    ask(request)
    assert _code(lambda: ask(request)) == "E_REPLAYED"
    keeper.process.kill()
    network.restart(keeper)
    assert _code(lambda: ask(request)) == "E_REPLAYED"


def test_a_share_goes_only_to_the_published_key(shared: Shared, committee: Committee) -> None:
    other = PrivateKey.generate()
    opening = lambda: committee.open_key(shared.entry, **shared.opens(receiving_key=other))  # noqa: E731
    with pytest.raises(Exception, match="has published"):
        opening()


def test_a_member_receives_by_the_institution(
    network: Network, shared: Shared, committee: Committee, make_reader: Callable[[], Reader]
) -> None:
    gateway, member = make_reader(), make_reader()
    suite = network.suite
    network.send(
        network.authority.call(suite.participants.open_institution(gateway.account.address))
    )
    number = 4
    while suite.participants.institution(number).account != gateway.account.address:
        number += 1
    Sender(suite, gateway.account).send(
        suite.participants.set_member(number, member.account.address, (1 << 40) - 1, 0)
    )
    group = grantee_of_group(number, suite.addresses["ParticipantRegistry"])
    shared.person.grant(group)
    asked = shared.opens(actor=member.account, grantee=group)
    with pytest.raises(Exception, match="has published"):
        committee.open_key(shared.entry, **asked | {"receiving_key": member.private})
    opened = committee.open_key(shared.entry, **asked | {"receiving_key": gateway.private})
    assert opened.dek == shared.key.dek


def test_nobody_claims_a_list_for_another_persona(
    network: Network, shared: Shared, committee: Committee
) -> None:
    person, thief = shared.person, Seed.make()
    genuine = person.opening()
    custodian = committee.custodians[0]
    # A stranger can't sign as the list key, nor a list key as the persona.
    stranger = Person(network, thief, thief.persona(1), thief.keys(network.suite.chain_id))
    mine = stranger.opening()
    claimed = SignedOpening(
        replace(genuine.opening, persona=stranger.persona.address),
        mine.persona_signature,
        genuine.list_signature,
    )
    assert _code(lambda: custodian.open_list(claimed)) == "E_SIGNATURE"
    victim = SignedOpening(
        replace(mine.opening, persona=person.persona.address),
        genuine.persona_signature,
        mine.list_signature,
    )
    assert _code(lambda: custodian.open_list(victim)) == "E_SIGNATURE"


def test_a_list_keeps_its_terms(shared: Shared, committee: Committee) -> None:
    custodian, person = committee.custodians[0], shared.person
    custodian.open_list(person.opening())
    assert _code(lambda: custodian.open_list(person.opening(threshold=3))) == "E_LIST_CONFLICT"
    assert _code(lambda: custodian.open_list(person.opening(epoch=7))) == "E_LIST_CONFLICT"
    other = person.opening(registry="0x" + "22" * 20)
    assert _code(lambda: custodian.open_list(other)) == "E_OTHER_REGISTRY"
    second = person.seed.persona(2)
    first, person.persona = person.persona, second
    custodian.open_list(person.opening())
    person.persona = first


def test_posts(network: Network, shared: Shared, committee: Committee) -> None:
    person = shared.person
    list_key = person.list_key

    def post(entry: Any, signer: Any = None) -> Callable[[], object]:
        return lambda: committee.post(
            entry, list_key=list_key.address, signer=signer or list_key, issuer=entry.issuer
        )

    post(shared.entry)()
    assert _code(post(person.entry(record_id=shared.entry.record_id)[0])) == "E_ENTRY_CONFLICT"
    assert _code(post(person.entry()[0], Account.create())) == "E_SIGNATURE"
    assert _code(post(person.entry()[0], person.persona)) == "E_NOT_ISSUER"
    usual = CapsuleContext(
        chain_id=network.suite.chain_id,
        record_id=os.urandom(32),
        data_class=int(LABS),
        epoch=0,
        list_key=list_key.address,
    )
    wrong = replace(usual, chain_id=1)
    assert _code(post(person.entry(context=wrong)[0])) == "E_ENTRY_CHAIN"
    assert _code(post(person.entry(context=replace(usual, epoch=1))[0])) == "E_ENTRY_CLASS"
    strange = replace(usual, list_key=person.keys.list_key(LABS, 1).address)
    assert _code(post(person.entry(context=strange)[0])) == "E_ENTRY_LIST"
    assert _code(post(person.entry(threshold=3)[0])) == "E_ENTRY_COMMITTEE"
    stray = PrivateKey.generate().public_key
    unopened = [(keeper.keys.address, stray) for keeper in network.keepers]
    assert _code(post(person.entry(custodians=unopened)[0])) == "E_SHARE_UNOPENED"


def test_a_kept_entry_moves_to_no_list_of_a_former_grantee(
    network: Network, shared: Shared, committee: Committee
) -> None:
    # While permitted, the reader keeps the entry and the class key. Then the person withdraws.
    (entry,) = committee.listing(**shared.asks()).entries
    class_key = shared.person.keys.class_key(LABS, 0)
    act = acts.withdraw(network.suite, shared.person.persona, shared.reader.grantee)
    network.send(act.call)
    # A list of the former grantee's own, of the same class, epoch and committee.
    seed = Seed.make()
    former = Person(network, seed, seed.persona(1), seed.keys(network.suite.chain_id))
    committee.open_list(former.opening())
    own = former.list_key.address

    def post(moved: ListEntry) -> Callable[[], object]:
        return lambda: committee.post(
            moved, list_key=own, signer=former.list_key, issuer=moved.issuer
        )

    assert _code(post(entry)) == "E_ENTRY_LIST"
    # With the other list's name in the head, no share opens.
    capsule = entry.capsule
    forged = replace(capsule, context=replace(capsule.context, list_key=own))
    assert _code(post(replace(entry, capsule=forged))) == "E_SHARE_UNOPENED"
    asked = shared.opens(
        actor=former.persona,
        subject=former.persona.address,
        grantee=grantee_of_account(former.persona.address),
        use=Use.PATRQT,
        reader_key=class_key,
    )
    for wanted in (entry, replace(entry, capsule=forged)):
        assert _code(lambda wanted=wanted: committee.open_key(wanted, **asked)) == (
            "E_RECORD_UNKNOWN"
        )


def test_an_accredited_issuer_posts(network: Network, shared: Shared, committee: Committee) -> None:
    lab = Account.create()
    entry = replace(shared.person.entry()[0], issuer=lab.address)

    def post() -> object:
        return committee.post(
            entry,
            list_key=shared.person.list_key.address,
            signer=lab,
            issuer=lab.address,
        )

    assert _code(post) == "E_NOT_ISSUER"
    participants = network.suite.participants
    network.send(
        network.authority.call(participants.propose_accreditation(lab.address, Role.ISSUER))
    )
    network.send(participants.accredit(lab.address))
    post()
    network.send(network.authority.call(participants.unaccredit(lab.address, Role.ISSUER)))
    entry = replace(shared.person.entry()[0], issuer=lab.address)
    assert _code(post) == "E_NOT_ISSUER"


def test_the_person_is_always_permitted(shared: Shared, committee: Committee) -> None:
    own = shared.opens(actor=shared.person.persona, grantee=grantee_of_account("0x" + "33" * 20))
    assert committee.open_key(shared.entry, **own).dek == shared.key.dek


def test_a_buyer_gets_no_records(network: Network, shared: Shared, committee: Committee) -> None:
    group = grantee_of_group(1, network.suite.addresses["DataMarket"])
    assert _code(lambda: committee.listing(**shared.asks(grantee=group))) == "E_ORDER_ONLY"
