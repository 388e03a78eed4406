"""What guardians, recoveries and successors cost: the scenario of `gas_scenarios`."""

from __future__ import annotations

from typing import Any

from eth_account.signers.local import LocalAccount

from aceso.codes import Role
from aceso.typed_data import TYPES
from tools.gas_scene import DAY, FOREVER, LABS, TREAT, Scene, ask, check_permitted, group, keccak

__all__ = ["guardians", "resignation"]


def guardians(scene: Scene) -> None:
    """A minor's guardian, from the appointment to the end; a recovery, an attestation, a successor.

    It comes last and touches nothing of the others.
    """
    contract = scene.deploy("Guardianship", scene.participants.address, DAY, DAY)
    scene.guardianship = contract
    persona, call = scene.persona, contract.functions
    # The persona has used the contract before, and the minor is known to be one.
    majority = scene.now + 900 * DAY
    majority -= majority % 7_889_400
    first, second, third = scene.custodians[:3]
    until = majority

    def appointment(guardian: str, threshold: int = 0) -> tuple[Any, ...]:
        return (guardian, 7, scene.now, until, majority, threshold)

    ask(scene.web3, "anvil_impersonateAccount", persona.address)
    scene.send(call.nameGuardian(appointment(first.address, 2)), persona.address)
    scene.send(call.nameGuardian(appointment(second.address)), persona.address, "guardian_name")

    fields = [each["name"] for each in TYPES["Appointment"].types["Appointment"]]
    deadline = scene.now + DAY
    terms = appointment(third.address)
    values = (persona.address, *terms, 0, 0, deadline)
    signature = scene.sign(
        persona, contract, "Appointment", **dict(zip(fields, values, strict=True))
    )
    named = call.nameGuardianWithSig(persona.address, terms, deadline, signature)
    scene.send(named, scene.relayer, "guardian_name_signed")

    def accept(guardian: LocalAccount, name: str | None = None) -> None:
        message = {"appointments": 1, "removals": 0, "deadline": scene.now + DAY}
        people = {"subject": persona.address, "guardian": guardian.address}
        signature = scene.sign(guardian, contract, "GuardianAcceptance", **people, **message)
        accepted = call.acceptGuardianshipWithSig(
            persona.address, guardian.address, message["deadline"], signature
        )
        scene.send(accepted, scene.relayer, name)

    accept(first)
    accept(second, "guardian_accept")
    accept(third)

    people = {"subject": persona.address, "guardian": first.address}
    actor = scene.colleague
    message = {"actor": actor, "validUntil": until, "ends": 0, "deadline": scene.now + DAY}
    signature = scene.sign(first, contract, "GuardianShare", **people, **message)
    shared = call.shareWithSig(
        persona.address, first.address, actor, until, message["deadline"], signature
    )
    scene.send(shared, scene.relayer, "guardian_share")
    ours = group(int(first.address, 16) & (2**96 - 1), contract.address)
    scene.send(scene.consents.functions.grant(scene.terms(ours)), persona.address)
    question = (persona.address, actor, ours, TREAT, LABS, 0)
    check_permitted(scene.consents.functions.decide(question))
    scene.view(scene.consents.functions.decide(question), "decide_ward")
    scene.view(call.isGuardian(persona.address, first.address, 2), "guardian_check")
    signature = scene.sign(first, contract, "GuardianUnshare", **people, actor=actor, ends=0)
    ended = call.unshareWithSig(persona.address, first.address, actor, signature)
    scene.send(ended, scene.relayer, "guardian_unshare")

    _claims(scene)
    _recoveries(scene, [first, second])

    signature = scene.sign(
        persona,
        contract,
        "GuardianRemoval",
        subject=persona.address,
        guardian=third.address,
        removals=0,
    )
    removed = call.removeGuardianWithSig(persona.address, third.address, signature)
    scene.send(removed, scene.relayer, "guardian_remove_signed")
    scene.send(call.removeGuardian(second.address), persona.address, "guardian_remove")

    message = {"subject": persona.address, "will": keccak(text="a will"), "wills": 0}
    deadline = scene.now + DAY
    signature = scene.sign(persona, contract, "Will", **message, deadline=deadline)
    committed = call.commitWillWithSig(persona.address, message["will"], deadline, signature)
    scene.send(committed, scene.relayer, "will_commit")

    successor = scene.payer
    message = {"subject": persona.address, "successor": successor.address, "deadline": deadline}
    own = scene.sign(persona, contract, "Succession", **message)
    other = scene.sign(successor, contract, "Succession", **message)
    scene.send(call.succeed(*message.values(), own, other), scene.relayer, "persona_succeed")


def _claims(scene: Scene) -> None:
    """Two physicians of two institutions find the persona incapable, and the persona objects."""
    call, persona = scene.guardianship.functions, scene.persona
    doctors = (scene.physician, scene.institution)
    for place, doctor in enumerate(doctors, start=1):
        scene.accredit(doctor, Role.PHYSICIAN)
        member = scene.participants.functions.setMember(place, doctor, FOREVER, 0)
        scene.send(member, scene.authority)
    names = ("claim_attest", "claim_confirm")
    for place, (doctor, name) in enumerate(zip(doctors, names, strict=True), start=1):
        scene.send(call.attest(persona.address, place, 0), doctor, name)
    signature = scene.sign(
        persona, scene.guardianship, "Objection", subject=persona.address, claim=0, objections=0
    )
    scene.send(
        call.contestWithSig(persona.address, 0, signature), scene.relayer, "claim_contest_signed"
    )
    scene.send(call.contest(0), persona.address, "claim_contest")


def _recoveries(scene: Scene, guardians: list[LocalAccount]) -> None:
    """Two guardians of three start a recovery, and the persona ends it by a veto."""
    call, persona = scene.guardianship.functions, scene.persona
    ordered = sorted(guardians, key=lambda one: int(one.address, 16))
    deadline = scene.now + DAY
    signatures = [
        scene.sign(
            one,
            scene.guardianship,
            "RecoverySupport",
            subject=persona.address,
            guardian=one.address,
            requester=scene.stranger,
            objections=0,
            deadline=deadline,
        )
        for one in ordered
    ]
    addresses = [one.address for one in ordered]
    started = call.startRecovery(persona.address, scene.stranger, addresses, deadline, signatures)
    scene.send(started, scene.relayer, "recovery_start_2of3")
    signature = scene.sign(
        persona, scene.guardianship, "Objection", subject=persona.address, claim=3, objections=0
    )
    scene.send(call.contestWithSig(persona.address, 3, signature), scene.relayer, "recovery_veto")


def resignation(scene: Scene) -> None:
    """A guardian who was accepted gives it up. It touches nothing of the others."""
    call, guardian = scene.guardianship.functions, scene.custodians[0].address
    ask(scene.web3, "anvil_impersonateAccount", guardian)
    scene.send(call.resign(scene.persona.address), guardian, "guardian_resign")
