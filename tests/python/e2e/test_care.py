"""What those who care for a person can open, and when they no longer can.

physician    the primary one: everything clinical, sensitive classes only when they are named
change       another physician is chosen: the first is refused, the second opens
member       through the institution's gateway, while employed there
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aceso.codes import CLINICAL, DataClass, Reason, Use
from aceso.custody import DeniedError
from aceso.flows import Gateway, Issuer, Opened, Person, Reader

from .conftest import Bundle, World

LABS = DataClass.LABS
_DAY = 24 * 60 * 60


def _opened(reader: Reader, person: Person, folder: Path, classes: DataClass) -> list[int]:
    persona = person.persona_for(reader.grantee).address
    return sorted(
        one.envelope.data_class for one in reader.open_all(persona, classes=classes, folder=folder)
    )


def _held(person: Person, classes: DataClass) -> list[int]:
    return sorted(
        note.data_class for _, note in person.records() if DataClass(note.data_class) & classes
    )


def _because(reader: Reader, person: Person, data_class: DataClass) -> Reason:
    persona = person.persona_for(reader.grantee).address
    with pytest.raises(DeniedError) as refused:
        reader.listing(persona, data_class=data_class)
    return refused.value.reason


def test_the_primary_physician_opens_everything_clinical(
    person: Person,
    physician: Reader,
    bundle: Bundle,
    sensitive: dict[str, Any],
    image: dict[str, Any],
    tmp_path: Path,
) -> None:
    person.import_files([bundle(sensitive, image)])
    person.choose_physician(physician.account.address)
    opened = _opened(physician, person, tmp_path, CLINICAL)
    assert opened == _held(person, CLINICAL)
    assert {int(LABS), int(DataClass.PROBLEMS), int(DataClass.IMAGING)} <= set(opened)


def test_the_primary_physician_opens_no_sensitive_class(
    person: Person, physician: Reader, bundle: Bundle, sensitive: dict[str, Any]
) -> None:
    """Neither HIV, nor the file as a whole, whose class would give the others away."""
    person.import_files([bundle(sensitive)])
    person.choose_physician(physician.account.address)
    assert _held(person, DataClass.HIV) == [int(DataClass.HIV)]
    for data_class in (DataClass.HIV, DataClass.UNCLASSIFIED):
        assert _because(physician, person, data_class) is Reason.CLASS


def test_a_sensitive_class_opens_when_it_is_named(
    person: Person,
    physician: Reader,
    bundle: Bundle,
    sensitive: dict[str, Any],
    tmp_path: Path,
) -> None:
    person.import_files([bundle(sensitive)])
    person.choose_physician(physician.account.address, sensitive=DataClass.HIV)
    assert _opened(physician, person, tmp_path, DataClass.HIV) == [int(DataClass.HIV)]
    assert _because(physician, person, DataClass.MENTAL_HEALTH) is Reason.CLASS


def test_after_a_change_of_physician_only_the_new_one_opens(
    world: World,
    person: Person,
    physician: Reader,
    stranger: Reader,
    bundle: Bundle,
    tmp_path: Path,
) -> None:
    person.import_files([bundle()])
    person.choose_physician(physician.account.address)
    assert _opened(physician, person, tmp_path, LABS) == [int(LABS)] * 2
    person.choose_physician(stranger.account.address)
    assert _because(physician, person, LABS) in (Reason.WITHDRAWN, Reason.NOT_PRIMARY)
    assert _opened(stranger, person, tmp_path, LABS) == [int(LABS)] * 2


# Through the gateway


def _through(gateway: Gateway, member: Reader, person: Person, folder: Path) -> list[Opened]:
    persona = person.persona_for(gateway.grantee).address
    return gateway.open_for(member.account, persona, classes=LABS, folder=folder)


def test_a_member_opens_while_employed_and_not_after(
    world: World,
    hospital: Issuer,
    gateway: Gateway,
    colleague: Reader,
    person: Person,
    bundle: Bundle,
    tmp_path: Path,
) -> None:
    person.import_files([bundle()])
    person.share(gateway.grantee, classes=LABS, uses=Use.TREAT)
    with pytest.raises(DeniedError) as before:
        _through(gateway, colleague, person, tmp_path)
    member, now = colleague.account.address, world.network.suite.now()
    hospital.add_member(gateway.number, member, until=now + 365 * _DAY)
    world.confirm()
    assert len(_through(gateway, colleague, person, tmp_path)) == 2
    hospital.add_member(gateway.number, member, until=world.network.suite.now())
    with pytest.raises(DeniedError) as after:
        _through(gateway, colleague, person, tmp_path)
    assert (before.value.reason, after.value.reason) == (Reason.NOT_MEMBER, Reason.NOT_MEMBER)


def test_employment_ends_by_itself_at_its_time(
    world: World,
    hospital: Issuer,
    gateway: Gateway,
    colleague: Reader,
    person: Person,
    bundle: Bundle,
    tmp_path: Path,
) -> None:
    person.import_files([bundle()])
    member, now = colleague.account.address, world.network.suite.now()
    hospital.add_member(gateway.number, member, until=now + _DAY)
    person.share(gateway.grantee, classes=LABS, uses=Use.TREAT)
    assert len(_through(gateway, colleague, person, tmp_path)) == 2
    world.devnet.chain.advance_time(_DAY)
    world.confirm()
    with pytest.raises(DeniedError) as refused:
        _through(gateway, colleague, person, tmp_path)
    assert refused.value.reason is Reason.NOT_MEMBER


def test_a_member_alone_is_nobody(
    world: World,
    hospital: Issuer,
    gateway: Gateway,
    colleague: Reader,
    person: Person,
    bundle: Bundle,
) -> None:
    """What was granted to the institution is not granted to those who work there."""
    person.import_files([bundle()])
    member, now = colleague.account.address, world.network.suite.now()
    hospital.add_member(gateway.number, member, until=now + _DAY)
    person.share(gateway.grantee, classes=LABS, uses=Use.TREAT)
    persona = person.persona_for(gateway.grantee).address
    with pytest.raises(DeniedError) as refused:
        colleague.listing(persona, data_class=LABS)
    assert refused.value.reason is Reason.NOT_GRANTED
