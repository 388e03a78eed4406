"""What a hospital, a laboratory or a device maker does: issue records into a person's vault.

    issuer = Issuer(network, profile)
    issuer.issue(card, [Path("visit.json")])      # the card is the one that the person gave it
    issuer.retract(issuer.issued_from([Path("visit.json")]))      # it was another patient's
    issuer.replace(replacements(issuer.issued_from(before), issuer.issued_from(corrected)))

The issuer seals to the keys on the card, anchors under its own account, and posts to the lists: the
person need not be there, and the primary physician can open the new result at once. The issuer
keeps nothing that opens a record: of each its leaf, by which it is ended (`issued`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from eth_account.signers.local import LocalAccount

from aceso.chain import Call, Receipt, RefusedError, acts
from aceso.codes import DataClass
from aceso.errors import InputError
from aceso.formats import Imported, Kind, import_file
from aceso.rewards import TAG_FIELD, patient_tag, vouch_for
from aceso.vault import Card, ListEntry

from .issued import Issued, Replacements
from .network import Network
from .profile import Profile
from .publishing import Draft, Progress, Publisher, Sealed, random_record_id, seconds_of
from .receiving import ReceivingKeys
from .reports import FileReport, ImportReport

__all__ = ["ACCOUNT", "Holder", "Issuer"]

ACCOUNT = 0
_TAKEN = (Kind.IMPORTED, Kind.UNCHANGED)


class Holder:
    """An account that is known by its address: an institution, a physician, a researcher."""

    def __init__(self, network: Network, profile: Profile):
        self.network = network
        self.profile = profile
        self.account: LocalAccount = profile.seed.persona(ACCOUNT)
        keys = profile.seed.keys(network.suite.chain_id)
        self.receiving = ReceivingKeys(network, self.account, keys.receiving_key)

    def allow(self, spender: str, amount: int) -> list[Receipt]:
        """Allow a contract to take so much coin of the account, unless it may already."""
        coin = self.network.suite.coin
        if coin.allowance(self.account.address, spender) >= amount:
            return []
        return [self.network.sender(self.account).send(coin.approve(spender, amount))]


class Issuer(Holder):
    """An institution that issues records."""

    def issue(
        self,
        card: Card,
        paths: Iterable[Path],
        *,
        patient: str = "",
        progress: Progress | None = None,
    ) -> ImportReport:
        """Issue the records in these files to the person of the card.

        With `patient`, the issuer's own name for them, each record has their tag as a field, so
        that the person can show whose it is for a reward.
        """
        self.network.check_cards(card.custodians)
        reports: list[FileReport] = []
        receipts: list[Receipt] = []
        for path in paths:
            try:
                with import_file(path) as imported:
                    noted = self._noted(path)
                    lineages: dict[bytes, bytes] = {}
                    publisher = Publisher(
                        self.network,
                        self.profile.store,
                        self.profile.folder,
                        card,
                        issuer=self.account,
                        on_kept=partial(self._note, noted, card.persona, lineages),
                    )
                    drafts = self._drafts(imported, patient, lineages)
                    published = publisher.publish(drafts, progress=progress)
                    receipts += published.receipts
                    reports.append(
                        FileReport(
                            path,
                            imported.format,
                            {kind.value: count for kind, count in imported.counts.items()},
                            len(published.entries),
                            len(published.entries),
                            None,
                            "",
                            tuple(one for one in imported.outcomes() if one.kind not in _TAKEN),
                        )
                    )
            except InputError as exc:
                counts = {Kind.REFUSED.value: 1}
                refused = FileReport(path, None, counts, 0, 0, None, "", (), exc.message, exc.code)
                reports.append(refused)
        return ImportReport(tuple(reports), tuple(receipts))

    def issued_from(self, paths: Iterable[Path]) -> list[Issued]:
        """All that this device issued from these files, to whomever."""
        store, found = self.profile.store, []
        for path in paths:
            noted = self._noted(path)
            for name in store.names(noted):
                leaf = bytes.fromhex(name.removeprefix(noted))
                found.append(Issued.from_note(leaf, store.get(name) or b""))
        return list(dict.fromkeys(found))

    def retract(self, issued: Iterable[Issued]) -> tuple[list[Receipt], int]:
        """Take records back on chain: whoever checks one from now on finds that it was wrong. Also
        says how many had been retracted before. They are not deleted: that is the person's to do.
        """
        suite = self.network.suite
        return self._end(acts.retract(suite, self.account, one.leaf) for one in issued)

    def replace(self, found: Replacements) -> tuple[list[Receipt], int]:
        """Say on chain which record took the place of which: whoever checks the earlier one from
        now on finds that there is a newer. Also says how many had been ended before."""
        suite = self.network.suite
        return self._end(
            acts.supersede(suite, self.account, old.leaf, new.leaf) for old, new in found.pairs
        )

    def _end(self, calls: Iterable[Call]) -> tuple[list[Receipt], int]:
        sent: list[Receipt] = []
        before = 0
        for call in calls:
            try:
                sent.append(self.network.relayer.send(call))
            except RefusedError as exc:
                if exc.error != "RecordAlreadyEnded":
                    raise
                before += 1
        return sent, before

    def _note(
        self,
        noted: str,
        persona: str,
        lineages: Mapping[bytes, bytes],
        entry: ListEntry,
        sealed: Sealed,
    ) -> None:
        leaf, lineage = sealed.tree.leaf, lineages[sealed.record_id]
        issued = Issued(leaf, persona, sealed.data_class, lineage)
        self.profile.store.put(noted + leaf.hex(), issued.note())

    def _noted(self, path: Path) -> str:
        """Under what the leaves of a file's records are kept, which tells nobody else of it."""
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").digest()
        keys = self.profile.seed.keys(self.network.suite.chain_id)
        return f"issued/{keys.record_id(digest, 0).hex()}/"

    def classes_of(self, paths: Iterable[Path]) -> DataClass:
        """The classes of the records in these files: those that a card has to have."""
        found = DataClass(0)
        for path in paths:
            with import_file(path) as imported:
                for record in imported.records():
                    found |= record.data_class
        return found

    def tag_of(self, patient: str) -> bytes:
        """The issuer's salted name of a patient: the same in each record, and nobody's to guess."""
        keys = self.profile.seed.keys(self.network.suite.chain_id)
        return patient_tag(keys.derive("patient-tags", 32), patient)

    def mark_of(self, patient: str) -> bytes:
        """What this issuer knows a patient by in unions. It is no tag, so that it joins with no
        record and no reward."""
        keys = self.profile.seed.keys(self.network.suite.chain_id)
        return patient_tag(keys.derive("union-marks", 32), patient)

    def vouch(self, patient: str, account: str) -> bytes:
        """Sign that `account` is the one research persona of this patient."""
        domain = self.network.suite.domain("RewardPool")
        return vouch_for(self.account, domain, account=account, tag=self.tag_of(patient))

    def _drafts(
        self, imported: Imported, patient: str, lineages: dict[bytes, bytes]
    ) -> Iterator[Draft]:
        # An issuer's own file stays with the issuer: what it issues are the records in it.
        now = self.network.suite.now()
        tag = {TAG_FIELD: self.tag_of(patient)} if patient else {}
        for record in imported.records():
            record_id = random_record_id()
            lineages[record_id] = record.lineage
            yield Draft(
                record_id=record_id,
                data_class=record.data_class,
                source=record.body,
                media_type=record.media_type,
                issued_at=seconds_of(record.issued_at, record.day, now),
                day=record.day.isoformat() if record.day else "",
                fields={**record.fields, **tag},
            )

    def add_member(self, number: int, member: str, *, until: int) -> Receipt:
        """Make an account a member of this institution until a time; now or earlier ends it."""
        call = self.network.suite.participants.set_member(number, member, until, 0)
        return self.network.sender(self.account).send(call)
