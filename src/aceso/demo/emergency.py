"""The emergency step: a paramedic with the card opens the allergies, in the open, until stopped.

What is expected is read from the hospital's file and worked out by plain arithmetic.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

from aceso.codes import DataClass, Emergency, Reason, Role, Use
from aceso.devnet import Authority
from aceso.exports import emergency_page
from aceso.flows import (
    EmergencyProfile,
    Network,
    Opened,
    Profile,
    Rescuer,
    Reviewer,
    check_logs,
    said,
)
from aceso.vault import EmergencyCard, Seed

from .cast import PASSPHRASE, Cast
from .stage import Stage

__all__ = ["show_emergency"]

_FOREVER = 2**40 - 1
_ETHER = 10**18
_BOND = 50 * 10**18
_WINDOW = 4 * 3600


def show_emergency(
    stage: Stage, network: Network, authority: Authority, cast: Cast, source: Path, folder: Path
) -> None:
    """`source` is the file that the hospital issued from."""
    with stage.step(
        "A paramedic with the card opens the allergies alone, and is seen, stopped and reviewed",
        "구급대원이 응급 카드로 알레르기만 열고, 본인에게 보이며, 중지되고 심사받습니다",
    ):
        folder.mkdir()
        paramedic = Rescuer(network, _profile(folder / "paramedic"))
        reviewers = [Reviewer(network, _profile(folder / f"reviewer-{n}")) for n in (1, 2)]
        place, *others = _admit(network, authority, paramedic, reviewers)
        profile = EmergencyProfile(cast.person)
        page = folder / "card.html"
        page.write_text(
            emergency_page(profile.prepare(DataClass.ALLERGIES), DataClass.ALLERGIES), "utf-8"
        )
        # As it is scanned from the paper.
        scanned = page.read_text("utf-8").split("<p><code>")[1].split("</code>")[0]
        card = EmergencyCard.from_text(scanned)
        clinician = paramedic.account.address
        read = partial(
            paramedic.read, card, classes=DataClass.ALLERGIES, folder=folder / "ambulance"
        )

        stage.refused("the card alone opens nothing", read, Reason.NOT_MEMBER)
        receipt = paramedic.open(card, institution=place, reason=Emergency.UNCONSCIOUS)
        stage.on_chain(receipt)
        opened = said(receipt, "EmergencyOpened")
        begun = network.suite.node.block(receipt.block_number).timestamp
        stage.expect("it lasts four hours", opened["validUntil"], begun + _WINDOW)
        stage.expect(
            "the allergies of the hospital's file open",
            _of_type(
                # Beside what the person brought in, which a folder of files may hold more of.
                [one for one in read() if one.entry.issuer == cast.hospital.account.address],
                "AllergyIntolerance",
            ),
            _allergies(source),
        )
        stage.refused(
            "laboratory results do not",
            partial(paramedic.read, card, classes=DataClass.LABS, folder=folder / "ambulance"),
            Reason.CLASS,
        )
        seen = [one for one in check_logs(cast.person).accesses if one.actor == clinician]
        stage.expect("the person sees each release", {one.use for one in seen}, {Use.ETREAT})
        stage.on_chain(profile.stop(clinician))
        stage.refused("after the person said stop", read, Reason.NOT_MEMBER)
        for reviewer, number in zip(reviewers, others, strict=True):
            stage.on_chain(reviewer.review(opened["number"], institution=number, justified=True))
        stage.expect(
            "two ethics boards found it justified, and the bond goes back",
            network.suite.emergencies.credit_of(clinician)[0],
            _BOND,
        )


def _profile(folder: Path) -> Profile:
    return Profile.create(
        folder, Seed.make(), passphrase=PASSPHRASE, kind="professional", network=""
    )


def _admit(
    network: Network, authority: Authority, paramedic: Rescuer, reviewers: list[Reviewer]
) -> list[int]:
    """Accredit them, each a member of an institution of their own; gives the numbers."""
    everybody = [paramedic, *reviewers]
    authority.fund([one.account.address for one in everybody])
    roles: dict[str, Role] = {one.account.address: Role.ETHICS_BOARD for one in reviewers}
    roles[paramedic.account.address] = Role.EMERGENCY_CLINICIAN
    authority.accredit(roles)
    numbers = []
    for one in everybody:
        number = authority.open_institution(one.account.address)
        member = network.suite.participants.set_member(number, one.account.address, _FOREVER)
        network.sender(one.account).send(member)
        numbers.append(number)
    paramedic.receiving.publish()
    network.sender(paramedic.account).send(network.suite.sale.buy(_ETHER))
    return numbers


def _allergies(source: Path) -> set[str]:
    entries = json.loads(source.read_text("utf-8"))["entry"]
    found = [entry["resource"] for entry in entries]
    return {one["id"] for one in found if one["resourceType"] == "AllergyIntolerance"}


def _of_type(opened: list[Opened], kind: str) -> set[str]:
    """The resources of a type in what was opened; of another type nothing may be there."""
    found = set()
    for one in opened:
        document = json.loads(one.path.read_text("utf-8"))
        inside = [entry["resource"] for entry in document.get("entry", [{"resource": document}])]
        found |= {
            each["id"] if each["resourceType"] == kind else f"another: {each['resourceType']}"
            for each in inside
        }
    return found
