"""A will ends what was granted, except what was to go on, whoever carries it.

carried   the others are denied by chain and custodians; who was to keep it is still let in
renewed   what was granted again after the will was made ends by it, too
later     so does what was granted to somebody who was met only afterwards, and what the one persona
          for research granted; what was to go on does
earlier   a will of single grants alone, as they were before, is still carried out
committed the digest of it is on chain, under the persona that guardians know
broken    another file, or one of another chain, is refused
"""

from __future__ import annotations

import json

import pytest

from aceso.chain import Request, acts
from aceso.codes import DataClass, Reason, Use
from aceso.errors import InputError
from aceso.flows import Guarded, Person, Reader, Seller, carry_out, read_will
from aceso.flows.wills import will_digest

from .conftest import World

LABS = DataClass.LABS


def reason(person: Person, reader: Reader) -> Reason:
    persona = person.persona_for(reader.grantee).address
    question = Request(persona, reader.account.address, reader.grantee, Use.TREAT, LABS)
    return person.network.suite.decide(question).reason


def test_it_ends_what_was_not_to_go_on(
    world: World, person: Person, stranger: Reader, physician: Reader
) -> None:
    for reader in (stranger, physician):
        person.share(reader.grantee, classes=LABS, uses=Use.TREAT)
    will = person.write_will({physician.grantee})
    # Granted again since, which a signed withdrawal outlives.
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    assert reason(person, stranger) is Reason.GRANTED

    with world.elsewhere() as executor:
        assert len(carry_out(executor, will)) == 1

    assert reason(person, stranger) is Reason.WITHDRAWN
    assert reason(person, physician) is Reason.GRANTED
    guarded = Guarded(person).persona.address
    assert world.network.suite.guardianship.person(guarded).will == will_digest(will)


def test_it_ends_what_was_granted_later(
    world: World, person: Person, stranger: Reader, physician: Reader, colleague: Reader
) -> None:
    world.authority.fund([colleague.account.address])
    colleague.receiving.publish()
    person.share(physician.grantee, classes=LABS, uses=Use.TREAT)
    will = person.write_will({physician.grantee})
    for reader in (stranger, colleague):
        person.share(reader.grantee, classes=LABS, uses=Use.TREAT)
    Seller(person).offer(classes=LABS, use=Use.GRU, price=10**18, seconds=86_400)
    with world.elsewhere() as executor:
        assert len(read_will(executor, will).ends) == 3

        assert len(carry_out(executor, will)) == 3
        # What ends nothing is not sent.
        assert carry_out(executor, will) == []

    assert [reason(person, one) for one in (stranger, colleague)] == [Reason.WITHDRAWN] * 2
    assert reason(person, physician) is Reason.GRANTED
    assert [row.grantee for row in person.consents()] == [physician.grantee]


def test_a_will_of_single_grants_is_carried_out(
    world: World, person: Person, stranger: Reader
) -> None:
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    suite, persona = world.network.suite, person.persona_for(stranger.grantee)
    act = acts.withdraw(suite, persona, stranger.grantee)
    said = {
        "subject": persona.address,
        "grantee": "0x" + stranger.grantee.hex(),
        "withdrawals": act.message["withdrawals"],
        "signature": "0x" + act.signature.hex(),
    }
    will = {"format": "aceso-will", "version": 1, "chainId": suite.chain_id, "withdrawals": [said]}

    carry_out(world.network, json.dumps(will))

    assert reason(person, stranger) is Reason.WITHDRAWN


def test_another_file_is_refused(world: World, person: Person, stranger: Reader) -> None:
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    said = json.loads(person.write_will())
    for text in (
        "",
        "[]",
        "{}",
        json.dumps(said | {"chainId": 1}),
        json.dumps(said | {"version": 3}),
        json.dumps(said | {"ofAll": [{}]}),
    ):
        with pytest.raises(InputError) as refused:
            carry_out(world.network, text)
        assert refused.value.code == "E_WILL"
    assert reason(person, stranger) is Reason.GRANTED
