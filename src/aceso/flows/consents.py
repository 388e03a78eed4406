"""Whom a person lets in, and how they put them out again.

    person.share(grantee, classes=CLINICAL, uses=Use.TREAT)
    person.unshare(grantee)
    person.who_can_see()

A withdrawal goes to the custodians first and is always sent to the chain; then the classes that
were seen get new keys, which are left for those who may still see them (`epochs`). What fails of
that is done with the next act.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from eth_account.signers.local import LocalAccount

from aceso.chain import Receipt, Request, SignedAct, Studies, Terms, acts, parse_grantee
from aceso.codes import CLINICAL, SENSITIVE, DataClass, Reason, Use
from aceso.errors import AcesoError
from aceso.vault import PublicKey

from .errors import KeysNotLeftError, NothingToOpenError, NotWithdrawnError
from .kept_will import KeepingWill
from .own_vault import HOME, RESEARCH
from .sightings import see_again

__all__ = ["Consenting", "Seer"]

_DAY = 24 * 60 * 60
_NONE = DataClass(0)


@dataclass(frozen=True, slots=True)
class Seer:
    """Somebody who can see something now."""

    persona: str
    grantee: bytes
    classes: DataClass
    uses: Use
    valid_until: int
    primary: bool


class Consenting(KeepingWill):
    """The acts of consent."""

    def share(
        self,
        grantee: bytes,
        *,
        classes: DataClass,
        uses: Use,
        seconds: int = 365 * _DAY,
        notice: bytes = bytes(32),
    ) -> Receipt:
        """Grant, and leave the class keys for the grantee at the custodians."""
        self.settle_keys()
        to = self._sealed_to(grantee)
        persona = self.persona_for(grantee)
        now = self.network.suite.now()
        terms = Terms(
            grantee=grantee,
            classes=classes,
            uses=uses,
            conditions=0,
            disease=0,
            valid_from=now,
            valid_until=now + seconds,
            notice=notice,
        )
        receipt = self.network.relayer.send(acts.grant(self.network.suite, persona, terms))
        self._finish_grant(persona, grantee, classes, to, receipt)
        return receipt

    def _finish_grant(
        self,
        persona: LocalAccount,
        grantee: bytes,
        classes: DataClass,
        to: PublicKey,
        receipt: Receipt,
    ) -> None:
        """What comes after a grant is on chain. Where its keys can't be left, it stands all the
        same, and that is said: they are left with the next act."""
        failed: AcesoError | None = None
        try:
            self._leave_keys(persona, grantee, classes, to, anew=True)
            self._save_manifest()
        except AcesoError as exc:
            failed = exc
        self.network.wait_confirmed(receipt)
        self.renew_will()
        if failed is not None:
            raise KeysNotLeftError(failed) from failed

    def choose_physician(
        self, physician: str, *, sensitive: DataClass = _NONE, seconds: int = 365 * _DAY
    ) -> Receipt:
        """Make `physician` the primary one: all clinical classes, and the sensitive ones named.

        Whoever was it before is withdrawn from: each physician knows a persona of their own, so the
        chain can't tell that the one takes the place of the other.
        """
        grantee = bytes(12) + bytes.fromhex(physician.removeprefix("0x"))
        to = self.network.receiving_key(grantee)
        persona = self.persona_for(grantee)
        classes = CLINICAL | (sensitive & SENSITIVE)
        until = self.network.suite.now() + seconds
        call = acts.primary_physician(self.network.suite, persona, physician, classes, until)
        receipt = self.network.relayer.send(call)
        # Whoever was it before is put out, also where nothing can be left for the new one.
        for row in self.consents():
            if row.primary and row.grantee != grantee:
                self.unshare(row.grantee)
        self._finish_grant(persona, grantee, classes, to, receipt)
        return receipt

    def unshare(self, grantee: bytes) -> Receipt:
        """Withdraw: the custodians hear it first, then the chain, then the classes get new keys.

        The chain is told even when no custodian answers. What else failed is in
        `network.troubles`, and is finished by the next import, sync or share.
        """
        persona = self._persona_facing(grantee)
        act = acts.withdraw(self.network.suite, persona, grantee)
        try:
            # A renewal that nobody saw yet is seen first: else the orders that it was for earned
            # nothing at all.
            receipt = self.network.withdraw(
                act, after=lambda: see_again(self.network, persona.address, grantee)
            )
        finally:
            self._end_mandate(persona, grantee)
        self.settle_keys()
        return receipt

    def _end_mandate(self, persona: LocalAccount, grantee: bytes) -> None:
        """A data station was let in by two personas, and is put out by both."""
        research, now = self.persona(RESEARCH), self.network.suite.now()
        rows = self.network.synced().consents([research.address], grantee)
        if persona.address != research.address and any(row.is_live(now) for row in rows):
            self.network.withdraw(acts.withdraw(self.network.suite, research, grantee))

    def _persona_facing(self, grantee: bytes) -> LocalAccount:
        """The persona that granted to this grantee, who may be unknown to this device."""
        index = self.manifest.relationships.get(grantee)
        if index is not None:
            return self.persona(index)
        now = self.network.suite.now()
        personas = self.personas()
        for row in self.network.synced().consents(list(personas), grantee):
            if row.is_live(now):
                return self.persona(personas[row.subject])
        group = parse_grantee(grantee)
        research = self.persona(RESEARCH)
        if group.number and group.address == self.network.suite.addresses["DataMarket"]:
            mine = self.network.index.offers(open_only=False, subjects=[research.address])
            if any(row.number == group.number for row in mine):
                return research
        if group.number and group.address == self.network.suite.addresses["Studies"]:
            study, _ = Studies.of_group(group.number)
            if self.network.index.enrolments(subjects=[research.address], studies=[study]):
                return research
        if group.number and group.address == self.network.suite.addresses["Unions"]:
            joined = self.network.index.unions_of([research.address])
            if (group.number, research.address) in joined:
                return research
        raise NothingToOpenError(
            "Nothing of yours is shared with them, so there is nothing to withdraw. See "
            "`aceso consents`.",
            code="E_NOT_SHARED",
        )

    def unshare_everything(self) -> list[Receipt]:
        """Withdraw all consents of every persona, the custodians told first.

        Acts that are sent together can be linked by their time and by whoever carries them.
        """
        suite = self.network.suite
        used = {row.subject for row in self.network.synced().consents(list(self.personas()))}
        receipts = self._withdraw_each(used, lambda persona: acts.withdraw_all(suite, persona))
        self.settle_keys()
        return receipts

    def bar(self, actor: str) -> list[Receipt]:
        """Bar an account in every persona that has a consent in force."""
        suite = self.network.suite
        used = {row.subject for row in self.consents()}
        return self._withdraw_each(used, lambda persona: acts.bar(suite, persona, actor))

    def _withdraw_each(
        self, used: set[str], act: Callable[[LocalAccount], SignedAct]
    ) -> list[Receipt]:
        """Send an act of each of these personas; one that fails does not keep back the others."""
        indices = [index for address, index in self.personas().items() if address in used]
        # In their own order, the personas would tell in which order they were made.
        random.SystemRandom().shuffle(indices)
        receipts: list[Receipt] = []
        failed: list[AcesoError] = []
        for index in indices:
            try:
                receipts.append(self.network.withdraw(act(self.persona(index))))
            except AcesoError as exc:
                failed.append(exc)
        if failed:
            raise NotWithdrawnError(len(failed), len(indices), failed) from failed[0]
        return receipts

    def who_can_see(self) -> list[Seer]:
        """Everybody who can see something now, and what."""
        return [
            Seer(row.subject, row.grantee, row.classes, row.uses, row.valid_until, row.primary)
            for row in self.consents()
        ]

    def would_see(self, actor: str, grantee: bytes, classes: DataClass, use: Use) -> Reason:
        """What `decide` would answer this actor now; for `who-can-see --actor`."""
        index = self.manifest.relationships.get(grantee)
        subject = self.persona(HOME if index is None else index).address
        request = Request(
            subject=subject, actor=actor, grantee=grantee, use=use, classes=classes, disease=0
        )
        return self.network.suite.decide(request).reason
