"""The will that custodians keep: written by the person's device, and written anew when it has to.

    person.write_will({grantee})       # signs, commits on chain, leaves it with the custodians
    person.renew_will()                # if what was done since isn't in it; the same `keep`
    person.move_will()                 # to the committee that the network names now
    person.delete_will()               # taken back on chain, and deleted at the custodians

What is in a will, and when it isn't enough any more, is in `wills`; the index remembers what the
one that stands covers, and where it lies. It is renewed after each act that may call for it. What
fails of that is in `network.troubles` and is done with the next act or sync.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from eth_account.signers.local import LocalAccount

from aceso.chain import Receipt, grantee_of_account, guardian_acts
from aceso.custody import DepositKind
from aceso.errors import AcesoError
from aceso.vault import WillNote, deposits_of_will

from .deposits import NOBODY, committee_here, delete_parts, former_of, is_here
from .epochs import KeepingEpochs
from .will_text import Plan, covers, plan_of, text_of, will_digest

__all__ = ["KeepingWill"]

_NO_WILL = bytes(32)


class KeepingWill(KeepingEpochs):
    """Keeps the will in step with what the person grants."""

    def write_will(self, keep: Collection[bytes] = ()) -> str:
        """Sign the withdrawal of everything but what is granted to `keep`, commit to it, and leave
        it with the custodians; give the text. Fewer custodians than the threshold are an error."""
        # A persona of its own, which is in the will like the others.
        persona = self._guarded_persona()
        plan = plan_of(self.network, self.personas(), self.persona, frozenset(keep))
        text = text_of(self.network.suite, plan)
        known, at = self.manifest.will, committee_here(self.network)
        version = max(self.network.suite.now(), known.version + 1 if known else 0)
        # Noted first: what is cut off is done again, and who may keep a part of before is known.
        self.manifest.will = note = _note_of(
            plan, digest=will_digest(text), version=version, at=at, former=former_of(known, at)
        )
        self._keep_manifest()
        # Custodians keep and give out none but the will that stands.
        if self.network.suite.guardianship.person(persona.address).will != note.digest:
            self.network.wait_confirmed(self._commit_will(persona, note.digest))
        posted = self.network.committee.leave_deposits(
            persona,
            deposits_of_will(
                text,
                chain_id=self.network.suite.chain_id,
                persona=persona.address,
                version=version,
                custodians=at.custodians,
                threshold=at.threshold,
            ),
        )
        self._note_will(replace(note, is_whole=not posted.missing))
        self._delete_former_wills()
        return text

    def begin_will(self) -> bytes | None:
        """A will that keeps nothing, for whoever has made none and took none back; its digest."""
        standing = self.network.suite.guardianship.person(self._guarded_persona().address).will
        if self.manifest.will is not None or any(standing):
            return None
        return will_digest(self.write_will())

    def renew_will(self) -> bool:
        """Write the will anew where what is granted now isn't in it, or where not all custodians of
        the network keep it; whether that was done. What fails is in `network.troubles`."""
        note = self.manifest.will
        if note is None:
            return False
        try:
            if note.stands and not self._is_current(note):
                self.write_will(note.keep)
                return True
            self._delete_former_wills()
        except AcesoError as exc:
            self.network.troubles.append(exc)
        return False

    def move_will(self) -> Mapping[str, AcesoError]:
        """Bring the will to the committee that the network names now, and have those of before
        delete their part; who doesn't say that it did, with the reason. To be done again where
        there is one."""
        note = self.manifest.will
        if note is not None and note.stands and not self._is_current(note):
            self.write_will(note.keep)
        return self._delete_former_wills()

    def delete_will(self) -> tuple[list[Receipt], Mapping[str, AcesoError]]:
        """Take the commitment back, and have every custodian overwrite its part; who does not say
        that it did, with the reason. Signed withdrawals that somebody else has stay good: they can
        do no more than end what can be granted again."""
        persona = self._guarded_persona()
        is_standing = any(self.network.suite.guardianship.person(persona.address).will)
        receipts = [self._commit_will(persona, _NO_WILL)] if is_standing else []
        return receipts, self.forget_will()

    def forget_will(self) -> Mapping[str, AcesoError]:
        """Have every custodian overwrite its part; who does not say that it did, with the reason.
        To be done again where there is one."""
        note = self.manifest.will
        if note is None:
            return {}
        if note.at != NOBODY:
            self.manifest.will = replace(
                note,
                digest=_NO_WILL,
                version=note.version + 1,
                at=NOBODY,
                former=former_of(note, NOBODY),
            )
            self._keep_manifest()
        return self._delete_former_wills()

    def _is_current(self, note: WillNote) -> bool:
        return (
            note.is_whole
            and is_here(self.network, note)
            and covers(note, self.network, self.personas())
        )

    def _guarded_persona(self) -> LocalAccount:
        """The persona that guardians know, whose will it is."""
        return self.persona_for(grantee_of_account(self.network.suite.guardianship.address))

    def _commit_will(self, persona: LocalAccount, digest: bytes) -> Receipt:
        act = guardian_acts.commit_will(self.network.suite, persona, digest)
        return self.network.relayer.send(act.call)

    def _delete_former_wills(self) -> Mapping[str, AcesoError]:
        note = self.manifest.will
        if note is None or not note.former:
            return {}
        left, why = delete_parts(self.network, DepositKind.WILL, self._guarded_persona(), note)
        self._note_will(replace(note, former=left))
        return why

    def _note_will(self, note: WillNote) -> None:
        """Keep the note on the device; that others hear of it may come later."""
        self.manifest.will = note
        self._try(self._save_manifest)


def _note_of(plan: Plan, **where: object) -> WillNote:
    return WillNote(
        keep=plan.keep,
        until=plan.until,
        keeping=plan.keeping,
        single=frozenset(
            (
                plan.personas[act.message["subject"]],
                act.message["grantee"],
                act.message["withdrawals"],
            )
            for act in plan.single
        ),
        epochs={
            plan.personas[act.message["subject"]]: act.message["epoch"]
            for act in plan.whole
            if act.message["epoch"]
        },
        is_whole=False,
        **where,  # type: ignore[arg-type]
    )
