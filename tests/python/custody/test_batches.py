"""Several acts in one request: each is checked as by its own route, and stands or falls alone.

whole      a list is opened, posted to, given a key, and emptied again, in one request each
refused    an act that is refused changes nothing, and keeps back none of the others
bounds     no act, too many, an unknown one: nothing is done
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from aceso.custody import (
    Act,
    Committee,
    RequestRefusedError,
    TooFewCustodiansError,
    delete_act,
    keys_act,
    open_act,
    post_act,
)
from aceso.signing import sign
from aceso.vault import ListEntry

from .conftest import LABS, Network, Person, Reader


def _post(committee: Committee, person: Person, entry: ListEntry) -> Act:
    key = person.list_key
    signature = committee.sign_post(entry, list_key=key.address, signer=key, issuer=entry.issuer)
    return post_act(entry, list_key=key.address, issuer=entry.issuer, signature=signature)


def _key(committee: Committee, person: Person, doctor: Reader) -> Act:
    sealed = committee.seal_key(
        person.list_key,
        person.persona.address,
        doctor.grantee,
        LABS,
        0,
        person.keys.class_key(LABS, 0),
        doctor.private.public_key,
    )
    terms = person.opening().opening
    return keys_act(sealed, custodians=terms.custodians, threshold=terms.threshold)


def _listed(committee: Committee, person: Person, doctor: Reader) -> tuple[int, int]:
    found = committee.listing(
        actor=doctor.account,
        subject=person.persona.address,
        grantee=doctor.grantee,
        use=2,
        data_class=LABS,
    )
    return len(found.entries), len(found.sealed_keys)


@pytest.fixture
def let_in(person: Person, doctor: Reader) -> Reader:
    person.grant(doctor.grantee, uses=2)
    return doctor


def test_a_list_is_opened_filled_and_emptied_in_a_request_each(
    network: Network, person: Person, committee: Committee, let_in: Reader
) -> None:
    entries = [person.entry()[0] for _ in range(40)]
    acts = [open_act(person.opening()), _key(committee, person, let_in)]
    acts += [_post(committee, person, entry) for entry in entries]
    told: list[tuple[int, int]] = []

    posted = committee.send(acts, on_sent=lambda first, end: told.append((first, end)))

    assert [len(one.taken) for one in posted] == [3] * 42
    assert told == [(0, 32), (32, 42)]
    assert _listed(committee, person, let_in) == (40, 1)

    domain = network.suite.domain("ConsentRegistry")
    gone = []
    for entry in entries[:30]:
        message = {"listKey": person.list_key.address, "recordId": entry.record_id}
        signature = sign(person.list_key, "Deletion", message, domain)
        gone.append(delete_act(message, signature, custodians=entry.capsule.custodians))
    committee.send(gone)

    assert _listed(committee, person, let_in) == (10, 1)


def test_an_act_that_is_refused_keeps_back_no_other(
    person: Person, committee: Committee, let_in: Reader
) -> None:
    good, bad = person.entry()[0], person.entry()[0]
    forged = _post(committee, person, bad)
    forged = replace(forged, body=dict(forged.body) | {"signature": "0x" + "11" * 65})
    acts = [
        open_act(person.opening()),
        _post(committee, person, good),
        forged,
        _key(committee, person, let_in),
    ]
    told: list[tuple[int, int]] = []

    with pytest.raises(RequestRefusedError) as refused:
        committee.send(acts, on_sent=lambda first, end: told.append((first, end)))

    assert refused.value.code == "E_SIGNATURE"
    # What came before it is known to be done; what came after it was done as well.
    assert told == [(0, 2)]
    assert _listed(committee, person, let_in) == (1, 1)


def test_an_act_for_custodians_that_are_not_here_is_too_few(
    person: Person, committee: Committee
) -> None:
    act = open_act(person.opening())
    nowhere = frozenset({"0x" + "22" * 20, "0x" + "33" * 20})
    with pytest.raises(TooFewCustodiansError, match="0 of 2"):
        committee.send([replace(act, among=nowhere)])


@pytest.mark.parametrize("acts", [[], [{"type": "read"}], [{"type": "open"}]])
def test_what_is_no_batch_is_refused(committee: Committee, acts: list[dict[str, str]]) -> None:
    with pytest.raises(RequestRefusedError) as refused:
        committee.custodians[0].take_batch(acts)
    assert refused.value.status == 422


def test_more_than_a_batch_may_hold_is_refused(person: Person, committee: Committee) -> None:
    body = open_act(person.opening()).body
    with pytest.raises(RequestRefusedError) as refused:
        committee.custodians[0].take_batch([body] * 33)
    assert refused.value.status == 422
