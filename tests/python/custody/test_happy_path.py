"""What happens on a good day.

open, post, grant, leave keys -> list, release, join
+-- the list's log tells the person who was given what
+-- another persona's list key opens nothing here
"""

from __future__ import annotations

from aceso.codes import Use
from aceso.custody import Committee
from aceso.vault import KeyBinding, open_class_key

from .conftest import LABS, Network, Person, Reader


def test_a_physician_opens_what_was_granted(
    network: Network, person: Person, committee: Committee, doctor: Reader
) -> None:
    assert len(committee.open_list(person.opening()).taken) == 3
    entry, key = person.post(committee)
    person.grant(doctor.grantee)
    committee.leave_keys(
        person.list_key,
        person.persona.address,
        doctor.grantee,
        LABS,
        0,
        person.keys.class_key(LABS, 0),
        doctor.private.public_key,
    )

    found = committee.listing(
        actor=doctor.account,
        subject=person.persona.address,
        grantee=doctor.grantee,
        use=Use.TREAT,
        data_class=LABS,
    )
    assert [item.digest for item in found.entries] == [entry.digest]
    (left,) = found.sealed_keys
    assert left.receiving_key == doctor.private.public_key.digest
    class_key = open_class_key(
        left.sealed,
        doctor.private,
        binding=KeyBinding(
            chain_id=network.suite.chain_id,
            list_key=left.list_key,
            persona=person.persona.address,
            grantee=doctor.grantee,
            data_class=int(LABS),
            epoch=left.epoch,
        ),
    )
    opened = committee.open_key(
        found.entries[0],
        actor=doctor.account,
        subject=person.persona.address,
        grantee=doctor.grantee,
        use=Use.TREAT,
        data_class=LABS,
        receiving_key=doctor.private,
        reader_key=class_key,
    )
    assert (opened.dek, opened.body) == (key.dek, key.body)
    committee.wait_for_late(5.0)
    assert not committee.complaints

    acts: list[str] = []
    for custodian in committee.custodians:
        log = custodian.log(
            person.list_key,
            person.keys.log_key(LABS, 0),
            domain=network.suite.domain("ConsentRegistry"),
            log_domain=network.suite.domain("AccessLog"),
            now=network.suite.now(),
        )
        *given, reading = log.receipts
        acts += [str(receipt["act"]) for receipt in given]
        assert {receipt["actor"] for receipt in given} == {doctor.account.address}
        assert (reading["act"], reading["actor"]) == ("log", person.list_key.address)
    # Two are needed, and a quarter more are asked; whoever was not reached yet is let go.
    assert acts.count("list") == 3
    assert 2 <= acts.count("release") <= 3
