"""The contracts of the suite, a class for each; those of the economy are in `market`.

Methods that read ask the node at once. Methods that write return a `Call`, which a `Sender` sends:
nothing has happened until then. Names are those of the Solidity interfaces, in Python's manner.
"""

from __future__ import annotations

from aceso.codes import Condition, DataClass, Emergency, Reason, Role

from .calls import Call
from .contract import Contract
from .node import BlockTag
from .requests import (
    AnchoredHead,
    Appointment,
    Claim,
    Committee,
    EmergencyOutcome,
    EmergencyStatistics,
    Evidence,
    GuardianPower,
    Institution,
    NewestOpening,
    Opening,
    Person,
    RecordStanding,
    Recovery,
    Request,
    Seat,
    Standing,
    Terms,
)
from .words import GrantWord, HeadWord

__all__ = [
    "Consents",
    "Emergencies",
    "Guardianship",
    "Participants",
    "Records",
]


class Participants(Contract):
    """ParticipantRegistry: accreditations, institutions, keys, committees."""

    def has_roles(self, account: str, roles: Role, *, block: BlockTag = "latest") -> bool:
        return bool(self.read("hasRoles", account, int(roles), block=block)[0])

    def had_roles(self, account: str, roles: Role, time: int) -> bool:
        return bool(self.read("hadRoles", account, int(roles), time)[0])

    def conditions_of(self, account: str, *, block: BlockTag = "latest") -> Condition:
        return Condition(self.read("conditionsOf", account, block=block)[0])

    def institution(self, number: int, *, block: BlockTag = "latest") -> Institution:
        return Institution(*self.read("institution", number, block=block))

    def is_member(
        self, number: int, actor: str, *, block: BlockTag = "latest"
    ) -> tuple[bool, Condition]:
        member, attested = self.read("isMember", number, actor, actor, block=block)
        return member, Condition(attested)

    def key_of(self, account: str, *, block: BlockTag = "latest") -> tuple[bytes, int]:
        """keccak256 of the key that the account published, and its version; zeros if none."""
        digest, version = self.read("keyOf", account, block=block)
        return digest, version

    def committee_digest(self, number: int) -> bytes:
        return bytes(self.read("committeeDigest", number)[0])

    def committee_count(self) -> int:
        return int(self.read("committeeCount")[0])

    def authority(self) -> str:
        return str(self.read("authority")[0])

    def accreditation_delay(self) -> int:
        return int(self.read("accreditationDelay")[0])

    def propose_accreditation(
        self, account: str, roles: Role | int, conditions: Condition | int = 0
    ) -> Call:
        return self.call("proposeAccreditation", account, int(roles), int(conditions))

    def accredit(self, account: str) -> Call:
        return self.call("accredit", account)

    def unaccredit(self, account: str, roles: Role | int, conditions: Condition | int = 0) -> Call:
        return self.call("unaccredit", account, int(roles), int(conditions))

    def open_institution(self, account: str) -> Call:
        return self.call("openInstitution", account)

    def close_institution(self, number: int) -> Call:
        return self.call("closeInstitution", number)

    def set_member(
        self, number: int, member: str, valid_until: int, conditions: Condition | int = 0
    ) -> Call:
        return self.call("setMember", number, member, valid_until, int(conditions))

    def publish_key(self, public_key: bytes) -> Call:
        return self.call("publishKey", public_key)

    def revoke_key(self) -> Call:
        return self.call("revokeKey")

    def register_committee(self, committee: Committee, institutions: list[int]) -> Call:
        return self.call("registerCommittee", committee.astuple(), institutions)


class Records(Contract):
    """RecordRegistry: anchored batches, and what became of records."""

    def anchor(self, root: bytes, batch: bytes) -> Call:
        return self.call("anchor", root, batch)

    def anchor_with_sig(
        self, issuer: str, root: bytes, batch: bytes, deadline: int, signature: bytes
    ) -> Call:
        return self.call("anchorWithSig", issuer, root, batch, deadline, signature)

    def supersede(self, leaf: bytes, successor: bytes) -> Call:
        return self.call("supersede", leaf, successor)

    def supersede_with_sig(
        self, issuer: str, leaf: bytes, successor: bytes, deadline: int, signature: bytes
    ) -> Call:
        return self.call("supersedeWithSig", issuer, leaf, successor, deadline, signature)

    def retract(self, leaf: bytes) -> Call:
        return self.call("retract", leaf)

    def retract_with_sig(self, issuer: str, leaf: bytes, deadline: int, signature: bytes) -> Call:
        return self.call("retractWithSig", issuer, leaf, deadline, signature)

    def verify(
        self,
        issuer: str,
        root: bytes,
        leaf: bytes,
        proof: list[bytes],
        *,
        block: BlockTag = "latest",
    ) -> Evidence:
        anchored_at, accredited, standing = self.read(
            "verify", issuer, root, leaf, proof, block=block
        )
        return Evidence(anchored_at, accredited, RecordStanding(standing))

    def is_included(self, issuer: str, root: bytes, leaf: bytes, proof: list[bytes]) -> bool:
        return bool(self.read("isIncluded", issuer, root, leaf, proof)[0])


class AccessLogs(Contract):
    """AccessLog: how long each custodian's log was, and its root."""

    def anchor_log(self, size: int, root: bytes) -> Call:
        return self.call("anchorLog", size, root)

    def anchor_log_with_sig(self, custodian: str, size: int, root: bytes, signature: bytes) -> Call:
        return self.call("anchorLogWithSig", custodian, size, root, signature)

    def head_of(self, custodian: str, *, block: BlockTag = "latest") -> AnchoredHead:
        """The newest anchored head; of size 0 where there is none."""
        size, anchored_at, root = self.read("headOf", custodian, block=block)
        return AnchoredHead(size, anchored_at, root)


class Consents(Contract):
    """ConsentRegistry: whom a person permits to use their data."""

    def grant(self, terms: Terms) -> Call:
        return self.call("grant", terms.astuple())

    def grant_with_sig(self, subject: str, terms: Terms, deadline: int, signature: bytes) -> Call:
        return self.call("grantWithSig", subject, terms.astuple(), deadline, signature)

    def withdraw(self, grantee: bytes) -> Call:
        return self.call("withdraw", grantee)

    def withdraw_with_sig(self, subject: str, grantee: bytes, signature: bytes) -> Call:
        return self.call("withdrawWithSig", subject, grantee, signature)

    def withdraw_all(self) -> Call:
        return self.call("withdrawAll")

    def withdraw_all_with_sig(self, subject: str, signature: bytes) -> Call:
        return self.call("withdrawAllWithSig", subject, signature)

    def bar(self, actor: str) -> Call:
        return self.call("bar", actor)

    def bar_with_sig(self, subject: str, actor: str, signature: bytes) -> Call:
        return self.call("barWithSig", subject, actor, signature)

    def unbar(self, actor: str) -> Call:
        return self.call("unbar", actor)

    def unbar_with_sig(self, subject: str, actor: str, deadline: int, signature: bytes) -> Call:
        return self.call("unbarWithSig", subject, actor, deadline, signature)

    def set_primary_physician(
        self, physician: str, classes: DataClass | int, valid_until: int
    ) -> Call:
        return self.call("setPrimaryPhysician", physician, int(classes), valid_until)

    def set_primary_physician_with_sig(
        self,
        subject: str,
        physician: str,
        classes: DataClass | int,
        valid_until: int,
        deadline: int,
        signature: bytes,
    ) -> Call:
        return self.call(
            "setPrimaryPhysicianWithSig",
            subject,
            physician,
            int(classes),
            valid_until,
            deadline,
            signature,
        )

    def decide(self, request: Request, *, block: BlockTag = "latest") -> tuple[bool, Reason]:
        """The bare answer; `Suite.decide` says at which block."""
        return self.decode_decision(
            self.node.call(self.address, self.encode_decision(request), block=block)
        )

    def encode_decision(self, request: Request) -> bytes:
        """The data of a call of `decide`."""
        return self._functions["decide"].encode(
            (
                request.subject,
                request.actor,
                request.grantee,
                int(request.use),
                int(request.classes),
                request.disease,
            )
        )

    def decode_decision(self, answer: bytes) -> tuple[bool, Reason]:
        permitted, reason = self._functions["decide"].decode(answer)
        return permitted, Reason(reason)

    def standing(
        self, subject: str, grantee: bytes, actor: str, *, block: BlockTag = "latest"
    ) -> Standing:
        grant, of_actor, head = self.read("standing", subject, grantee, actor, block=block)
        return Standing(GrantWord.parse(grant), GrantWord.parse(of_actor), HeadWord.parse(head))


class Guardianship(Contract):
    """Guardianship: guardians, incapacity and death, recovery, succession."""

    def name_guardian(self, appointment: Appointment) -> Call:
        return self.call("nameGuardian", appointment.astuple())

    def name_guardian_with_sig(
        self, subject: str, appointment: Appointment, deadline: int, signature: bytes
    ) -> Call:
        return self.call("nameGuardianWithSig", subject, appointment.astuple(), deadline, signature)

    def remove_guardian(self, guardian: str) -> Call:
        return self.call("removeGuardian", guardian)

    def remove_guardian_with_sig(self, subject: str, guardian: str, signature: bytes) -> Call:
        return self.call("removeGuardianWithSig", subject, guardian, signature)

    def accept_with_sig(self, subject: str, guardian: str, deadline: int, signature: bytes) -> Call:
        return self.call("acceptGuardianshipWithSig", subject, guardian, deadline, signature)

    def resign(self, subject: str) -> Call:
        return self.call("resign", subject)

    def share_with_sig(
        self,
        subject: str,
        guardian: str,
        actor: str,
        valid_until: int,
        deadline: int,
        signature: bytes,
    ) -> Call:
        return self.call("shareWithSig", subject, guardian, actor, valid_until, deadline, signature)

    def unshare_with_sig(self, subject: str, guardian: str, actor: str, signature: bytes) -> Call:
        return self.call("unshareWithSig", subject, guardian, actor, signature)

    def attest(self, subject: str, institution: int, claim: Claim) -> Call:
        return self.call("attest", subject, institution, int(claim))

    def contest(self, claim: Claim) -> Call:
        return self.call("contest", int(claim))

    def contest_with_sig(self, subject: str, claim: Claim, signature: bytes) -> Call:
        return self.call("contestWithSig", subject, int(claim), signature)

    def start_recovery(
        self,
        subject: str,
        requester: str,
        guardians: list[str],
        deadline: int,
        signatures: list[bytes],
    ) -> Call:
        return self.call("startRecovery", subject, requester, guardians, deadline, signatures)

    def succeed(
        self,
        subject: str,
        successor: str,
        deadline: int,
        subject_signature: bytes,
        successor_signature: bytes,
    ) -> Call:
        return self.call(
            "succeed", subject, successor, deadline, subject_signature, successor_signature
        )

    def commit_will_with_sig(
        self, subject: str, will: bytes, deadline: int, signature: bytes
    ) -> Call:
        return self.call("commitWillWithSig", subject, will, deadline, signature)

    def is_guardian(
        self, subject: str, guardian: str, powers: GuardianPower, *, block: BlockTag = "latest"
    ) -> bool:
        return bool(self.read("isGuardian", subject, guardian, int(powers), block=block)[0])

    def is_member(
        self, number: int, subject: str, actor: str, *, block: BlockTag = "latest"
    ) -> bool:
        return bool(self.read("isMember", number, subject, actor, block=block)[0])

    def seat(self, subject: str, guardian: str, *, block: BlockTag = "latest") -> Seat:
        powers, *rest = self.read("appointmentOf", subject, guardian, block=block)
        return Seat(GuardianPower(powers), *rest)

    def share_of(self, subject: str, guardian: str, actor: str) -> tuple[int, int]:
        """Until when the guardian let the actor in (0 if not), and how often that was ended."""
        valid_until, ends = self.read("shareOf", subject, guardian, actor)
        return valid_until, ends

    def person(self, subject: str, *, block: BlockTag = "latest") -> Person:
        return Person(*self.read("personOf", subject, block=block))

    def claim(self, subject: str, claim: Claim, *, block: BlockTag = "latest") -> tuple[int, int]:
        """From when the claim is in force (0: not confirmed), and how often it was contested."""
        in_force_from, objections = self.read("claimOf", subject, int(claim), block=block)
        return in_force_from, objections

    def recovery(self, subject: str, *, block: BlockTag = "latest") -> Recovery:
        return Recovery(*self.read("recoveryOf", subject, block=block))

    def may_recover(self, subject: str, requester: str, *, block: BlockTag = "latest") -> bool:
        return bool(self.read("mayRecover", subject, requester, block=block)[0])

    def attestation_delay(self) -> int:
        return int(self.read("attestationDelay")[0])

    def recovery_delay(self) -> int:
        return int(self.read("recoveryDelay")[0])


class Emergencies(Contract):
    """EmergencyAccess: break-glass, its bonds and its reviews."""

    # The number of its one group.
    GROUP = 1

    def open(self, subject: str, institution: int, reason: Emergency, window: int = 0) -> Call:
        """`window` in seconds; 0 is four hours."""
        return self.call("open", subject, institution, int(reason), window)

    def stop(self, subject: str, clinician: str) -> Call:
        return self.call("stop", subject, clinician)

    def stop_with_sig(self, subject: str, by: str, clinician: str, signature: bytes) -> Call:
        return self.call("stopWithSig", subject, by, clinician, signature)

    def close(self, subject: str) -> Call:
        return self.call("close", subject)

    def review(self, number: int, institution: int, justified: bool) -> Call:
        return self.call("review", number, institution, justified)

    def end_review(self, number: int) -> Call:
        return self.call("endReview", number)

    def take_credit(self, to: str) -> Call:
        return self.call("takeCredit", to)

    def take_credit_with_sig(self, subject: str, to: str, deadline: int, signature: bytes) -> Call:
        return self.call("takeCreditWithSig", subject, to, deadline, signature)

    def is_member(
        self, number: int, subject: str, actor: str, *, block: BlockTag = "latest"
    ) -> bool:
        return bool(self.read("isMember", number, subject, actor, block=block)[0])

    def opening_of(self, subject: str, clinician: str, *, block: BlockTag = "latest") -> int:
        """The number of the open glass, or 0."""
        return int(self.read("openingOf", subject, clinician, block=block)[0])

    def newest_of(self, subject: str, clinician: str) -> NewestOpening:
        return NewestOpening(*self.read("newestOf", subject, clinician))

    def opening(self, number: int, *, block: BlockTag = "latest") -> Opening:
        subject, clinician, place, reason, until, outcome = self.read(
            "opening", number, block=block
        )
        return Opening(
            subject, clinician, place, Emergency(reason), until, EmergencyOutcome(outcome)
        )

    def credit_of(self, account: str) -> tuple[int, int]:
        """How much coin is credited, and how often credit was taken."""
        amount, taken = self.read("creditOf", account)
        return amount, taken

    def statistics(self, institution: int = 0) -> EmergencyStatistics:
        """Of one institution, or (0) in all."""
        return EmergencyStatistics(*self.read("statistics", institution))

    def bond(self) -> int:
        return int(self.read("bond")[0])

    def review_period(self) -> int:
        return int(self.read("reviewPeriod")[0])
