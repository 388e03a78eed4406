"""What openings in an emergency cost: the scenario of `gas_scenarios`."""

from __future__ import annotations

from aceso.codes import Role, Use
from tools.gas_scene import COIN, DAY, FOREVER, LABS, Scene, check_permitted, group

__all__ = ["emergencies"]


def emergencies(scene: Scene) -> None:
    """A clinician's second openings of all kinds: stopped, closed, reviewed, left unreviewed.

    It comes last: it deploys a coin, guardians and consents' group of its own.
    """
    coin = scene.deploy("RewardCoin", scene.authority, scene.authority, 10**9 * COIN)
    guardianship = scene.deploy("Guardianship", scene.participants.address, DAY, DAY)
    contract = scene.deploy(
        "EmergencyAccess", scene.participants.address, guardianship.address, coin.address, COIN, DAY
    )
    call, clinician, persona = contract.functions, scene.colleague, scene.persona
    scene.accredit(clinician, Role.EMERGENCY_CLINICIAN)
    reviewers = (scene.physician, scene.institution)
    for place, (member, role) in enumerate(
        (
            (clinician, Role.EMERGENCY_CLINICIAN),
            (reviewers[0], Role.ETHICS_BOARD),
            (reviewers[1], Role.ETHICS_BOARD),
        ),
        start=1,
    ):
        scene.accredit(member, role)
        # They may belong to others' institutions by what came before.
        for other in (1, 2, 3):
            until = FOREVER if other == place else 0
            joined = scene.participants.functions.setMember(other, member, until, 0)
            scene.send(joined, scene.authority)
    scene.send(coin.functions.mint(clinician, 100 * COIN), scene.authority)
    scene.send(coin.functions.approve(contract.address, 100 * COIN), clinician)

    def opened(name: str | None = None, window: int = 0, subject: str = "") -> int:
        scene.send(call.open(subject or persona.address, 1, 0, window), clinician, name)
        return int(call.statistics(0).call()[0])

    def reviewed(number: int, *names: str | None) -> None:
        for place, (reviewer, name) in enumerate(zip(reviewers, names, strict=True), start=2):
            scene.send(call.review(number, place, True), reviewer, name)

    first = opened()
    scene.send(call.close(persona.address), clinician)
    reviewed(first, None, None)
    # Of another person: the slot of their glass is fresh.
    second = opened("emergency_open", subject=scene.subject)
    ours = group(1, contract.address)
    terms = list(scene.terms(ours))
    terms[2] = int(Use.ETREAT)
    scene.send(scene.consents.functions.grant(tuple(terms)), scene.subject)
    question = (scene.subject, clinician, ours, int(Use.ETREAT), LABS, 0)
    check_permitted(scene.consents.functions.decide(question))
    scene.view(scene.consents.functions.decide(question), "decide_emergency")
    scene.send(call.close(scene.subject), clinician, "emergency_close")
    reviewed(second, "emergency_review", "emergency_review_decides")
    third = opened(subject=scene.subject)
    scene.send(call.stop(scene.subject, clinician), scene.subject, "emergency_stop")
    reviewed(third, None, None)
    fourth = opened()
    message = {"subject": persona.address, "by": persona.address, "clinician": clinician}
    signature = scene.sign(persona, contract, "EmergencyStop", **message, number=fourth)
    scene.send(
        call.stopWithSig(*message.values(), signature), scene.relayer, "emergency_stop_signed"
    )
    reviewed(fourth, None, None)
    fifth = opened(window=1)
    scene.wait(2 * DAY)
    scene.send(call.endReview(fifth), scene.stranger, "emergency_end_review")
    deadline = scene.now + DAY
    signature = scene.sign(
        persona,
        contract,
        "EmergencyCredit",
        subject=persona.address,
        to=scene.stranger,
        taken=0,
        deadline=deadline,
    )
    taken = call.takeCreditWithSig(persona.address, scene.stranger, deadline, signature)
    scene.send(taken, scene.relayer, "emergency_credit_signed")
    scene.send(call.takeCredit(clinician), clinician, "emergency_credit")
