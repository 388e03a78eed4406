"""A will ends what was granted, except what was to go on, whoever carries it.

carried   the others are denied by chain and custodians; who was to keep it is still let in
renewed   what was granted again after the will was made ends by it, too
committed the digest of it is on chain, under the persona that guardians know
broken    another file, or one of another chain, is refused
"""

from __future__ import annotations

import json

import pytest

from aceso.chain import Request
from aceso.codes import DataClass, Reason, Use
from aceso.errors import InputError
from aceso.flows import Guarded, Person, Reader, carry_out, make_will
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
    will = make_will(person, keep={physician.grantee})
    # Granted again since, which a signed withdrawal outlives.
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    assert reason(person, stranger) is Reason.GRANTED

    with world.elsewhere() as executor:
        assert len(carry_out(executor, will)) == 1

    assert reason(person, stranger) is Reason.WITHDRAWN
    assert reason(person, physician) is Reason.GRANTED
    guarded = Guarded(person).persona.address
    assert world.network.suite.guardianship.person(guarded).will == will_digest(will)


def test_another_file_is_refused(world: World, person: Person, stranger: Reader) -> None:
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    said = json.loads(make_will(person))
    for text in (
        "",
        "[]",
        "{}",
        json.dumps(said | {"chainId": 1}),
        json.dumps(said | {"version": 2}),
    ):
        with pytest.raises(InputError) as refused:
            carry_out(world.network, text)
        assert refused.value.code == "E_WILL"
    assert reason(person, stranger) is Reason.GRANTED
