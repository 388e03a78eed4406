"""A vault in its owner's hands: personas, the lists of every class, and the index of it all.

Each relationship has a persona of its own: an account that nobody can tell from another person's.
Persona 0 anchors what the person brings in themself, and does nothing else. Persona 1 is the one
for research and money. Every grantee gets the next free one.

What the vault holds is in its manifest, sealed on IPFS, whose head the custodians keep: the seed
brings everything back. Two devices of one person merge what each of them added.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property

from eth_account.signers.local import LocalAccount

from aceso.codes import DataClass
from aceso.custody import Committee, HeadRollbackError, RequestRefusedError, newest_of
from aceso.errors import AcesoError
from aceso.storage import NodeKeeps
from aceso.vault import (
    Card,
    CommitteeNote,
    Head,
    Manifest,
    Opening,
    PrivateKey,
    SignedHead,
    SignedOpening,
    VaultKeys,
)

from .errors import NothingToOpenError
from .network import Network
from .profile import Profile

__all__ = ["FIRST_RELATIONSHIP", "HOME", "RESEARCH", "OwnVault"]

HOME = 0
RESEARCH = 1
FIRST_RELATIONSHIP = 2

# How often a save meets another device's before it gives up.
_SAVES = 5
_HEAD_SECONDS = 2.0


class OwnVault:
    """What every act of a person starts from."""

    def __init__(self, network: Network, profile: Profile):
        self.network = network
        self.profile = profile
        self.keys: VaultKeys = profile.seed.keys(network.suite.chain_id)
        self.manifest = self._load_manifest()
        self._list_keys: dict[str, LocalAccount] = {}
        self._openings: dict[tuple[str, int, int], SignedOpening] = {}
        # How many custodians must open a list, where that isn't its own threshold.
        self._needed: int | None = None
        self._catch_up()

    @cached_property
    def _owner_key(self) -> PrivateKey:
        """Made once: a vault that moves opens every record with it."""
        return self.keys.owner_key()

    # Personas

    def persona(self, index: int) -> LocalAccount:
        return self.profile.seed.persona(index)

    def persona_for(self, grantee: bytes) -> LocalAccount:
        """The persona that this grantee knows; a new one at the first meeting."""
        index = self.manifest.relationships.get(grantee)
        if index is None:
            taken = self.manifest.relationships.values()
            index = max([FIRST_RELATIONSHIP - 1, *taken]) + 1
            self.manifest.relationships[grantee] = index
            self._save_manifest()
        return self.persona(index)

    def forget_relationship(self, grantee: bytes) -> None:
        """Meet this grantee as somebody new from now on: the next persona is another one."""
        taken = self.manifest.relationships.values()
        self.manifest.relationships[grantee] = max([FIRST_RELATIONSHIP - 1, *taken]) + 1
        self._save_manifest()

    def personas(self) -> dict[str, int]:
        """Every persona that is in use, by its address."""
        indices = {HOME, RESEARCH, *self.manifest.relationships.values()}
        return {self.persona(index).address: index for index in sorted(indices)}

    # Cards and lists

    def opening(
        self, persona: LocalAccount, data_class: DataClass, epoch: int | None = None
    ) -> SignedOpening:
        """The list of a class, opened at the custodians for this persona; of the newest epoch
        unless another is named."""
        number = int(data_class)
        if epoch is None:
            epoch = self.manifest.epochs.get(number, 0)
        known = self._openings.get((persona.address, number, epoch))
        if known is not None:
            return known
        (signed,) = self._openings_of([(persona, data_class, epoch)])
        is_half = self._is_half_opened(signed)
        if is_half or not self._is_opened(signed):
            place = self.manifest.lists[signed.opening.list_key]
            posted = self._committee_at(place).open_list(signed, needed=self._needed)
            self._note_opened(signed)
            is_half = len(posted.taken) < signed.opening.threshold
            self._note_half_opened(signed, is_half)
        if not is_half:
            self._openings[persona.address, number, epoch] = signed
        return signed

    def _openings_of(
        self, places: Sequence[tuple[LocalAccount, DataClass, int]]
    ) -> list[SignedOpening]:
        """The signed openings of lists, which are noted by it; nobody is told yet."""
        # Custodians whose keys are not theirs get no list: records would be sealed to those keys.
        _ = self.network.sealing_cards
        owner_key = self._owner_key.public_key
        found = []
        for persona, data_class, epoch in places:
            number = int(data_class)
            list_key = self.keys.list_key(number, epoch)
            place = self.manifest.lists.setdefault(list_key.address, self._committee_index())
            # A list stays with the custodians that it was first opened at.
            committee = self.manifest.committees[place]
            opening = Opening(
                persona=persona.address,
                list_key=list_key.address,
                data_class=number,
                epoch=epoch,
                class_key=self.keys.class_key(number, epoch).public_key,
                owner_key=owner_key,
                custodians=committee.custodians,
                threshold=committee.threshold,
                registry=self.network.suite.addresses["ConsentRegistry"],
                log_key=self.keys.log_key(number, epoch).public_key,
            )
            found.append(
                opening.sign(
                    persona=persona, list_key=list_key, chain_id=self.network.suite.chain_id
                )
            )
        return found

    def _is_opened(self, signed: SignedOpening) -> bool:
        terms = signed.opening
        return self.profile.store.is_opened(terms.list_key, terms.persona)

    def _note_opened(self, *signed: SignedOpening) -> None:
        self.profile.store.opened(*((one.opening.list_key, one.opening.persona) for one in signed))

    # Lists that were opened at too few custodians, by a restore that found no more of them.

    def _is_half_opened(self, signed: SignedOpening) -> bool:
        kept = self.profile.store.get("half-opened")
        return bool(kept) and _half_name(signed) in json.loads(kept or b"[]")

    def _note_half_opened(self, signed: SignedOpening, is_half: bool) -> None:
        names = set(json.loads(self.profile.store.get("half-opened") or b"[]"))
        changed = names | {_half_name(signed)} if is_half else names - {_half_name(signed)}
        if changed != names:
            self.profile.store.put("half-opened", json.dumps(sorted(changed)).encode())

    def _committee_at(self, place: int) -> Committee:
        """The custodians of one of the committees that the manifest notes."""
        note = self.manifest.committees[place]
        return self.network.committee_of(note.custodians, note.urls, note.threshold)

    def _committee_of(self, list_key: str) -> Committee:
        """The custodians that a list was opened at."""
        place = self.manifest.lists.get(list_key)
        return self.network.committee if place is None else self._committee_at(place)

    def _members_of(self, list_key: str) -> tuple[str, ...]:
        place = self.manifest.lists.get(list_key)
        if place is None:
            return self.network.facts.members
        return self.manifest.committees[place].custodians

    def card(self, persona: LocalAccount, classes: DataClass) -> Card:
        """What an issuer needs to send records of these classes to the vault."""
        with self._noting_lists():
            return Card(
                chain_id=self.network.suite.chain_id,
                persona=persona.address,
                custodians=self.network.sealing_cards,
                openings=tuple(self.opening(persona, one) for one in classes),
            )

    @contextmanager
    def _noting_lists(self) -> Iterator[None]:
        """Lists that are opened in here are noted before anything is posted to them: a device that
        is restored from the seed finds by them what came since."""
        known = len(self.manifest.lists)
        yield
        if len(self.manifest.lists) > known or self.profile.store.get("manifest-unsaved"):
            self._save_manifest()

    def _committee_index(self) -> int:
        note = CommitteeNote(
            self.network.facts.members,
            tuple(card.url for card in self.network.member_cards),
            self.network.facts.threshold,
        )
        if note not in self.manifest.committees:
            self.manifest.committees.append(note)
        return self.manifest.committees.index(note)

    def _list_key(self, address: str) -> LocalAccount:
        """The list key with this address, among all classes and the epochs that they have had."""
        known = self._list_keys.get(address)
        if known is not None:
            return known
        for data_class in DataClass:
            for epoch in range(self.manifest.epochs.get(int(data_class), 0) + 1):
                key = self.keys.list_key(int(data_class), epoch)
                self._list_keys[key.address] = key
                if key.address == address:
                    return key
        raise NothingToOpenError(f"The list {address} is not of this vault.", code="E_STRANGE_LIST")

    # The manifest

    def _save_manifest(self) -> None:
        """Save the index after the newest one that there is, with what another device added."""
        self._keep_manifest()
        for attempt in range(_SAVES):
            self._catch_up()
            try:
                if self._put_manifest():
                    return
            except RequestRefusedError as exc:
                if exc.code != "E_HEAD_ROLLBACK" or attempt == _SAVES - 1:
                    raise

    def _try(self, act: Callable[[], object]) -> None:
        """Do what may come later: what fails of it is in `network.troubles`."""
        try:
            act()
        except AcesoError as exc:
            self.network.troubles.append(exc)

    def _keep_manifest(self) -> None:
        """Keep the index on the device, as it is. Its version stays that of the last one that was
        saved: a save that fails is not a version that was seen."""
        version = self.manifest.version.to_bytes(8, "big")
        self.profile.store.put("manifest", version + self.manifest.seal(self.keys))
        self.profile.store.put("manifest-unsaved", b"1")

    def _put_manifest(self) -> bool:
        """Save the next version; say whether every custodian that answers took it as the newest."""
        manifest = self.manifest.next()
        sealed = manifest.seal(self.keys)
        cid = self.network.ipfs.add(sealed)
        head_key = self.keys.head_key()
        head = Head(head_key.address, manifest.version, cid)
        posted = self.network.committee.put_head(
            head.sign(
                head_key,
                chain_id=self.network.suite.chain_id,
                registry=self.network.suite.addresses["ConsentRegistry"],
            )
        )
        self._note_taken(dict.fromkeys(posted.taken, manifest.version))
        before = self.profile.store.get("manifest-cid")
        self.profile.store.put("manifest", manifest.version.to_bytes(8, "big") + sealed)
        self.profile.store.put("manifest-cid", cid.encode())
        self.profile.store.put("manifest-unsaved", b"")
        if before is not None and before.decode() != cid:
            self.network.ipfs.unpin(before.decode())
        self.manifest = manifest
        return not any(error.code == "E_HEAD_ROLLBACK" for error in posted.missing.values())

    def pin_everywhere(
        self, *, on_given: Callable[[int], object] = lambda count: None
    ) -> tuple[NodeKeeps, ...]:
        """Have every IPFS node of the network keep the sealed bodies and the index: one that was
        named later, a person's own at home for one, is given what the others have."""
        bodies = [note.cid for note in self.manifest.records.values()]
        index = self.profile.store.get("manifest-cid")
        cids = bodies if index is None else [*bodies, index.decode()]
        return self.network.ipfs.spread(cids, on_given=on_given)

    def _catch_up(self) -> None:
        """Take in what another device saved since. Where nobody answers soon, what this device
        holds is enough: a save over a newer index is refused."""
        try:
            heads = self.network.heads(self.keys.head_key().address)
            self._look_for_rollback(heads)
            signed = newest_of(heads.values())
            if signed is None:
                return
            head = signed.head
            seen = (self.profile.store.get("manifest-cid") or b"").decode()
            if (head.version, head.cid) <= (self.manifest.version, seen):
                return
            sealed = self.network.ipfs.read(head.cid, deadline=_HEAD_SECONDS)
            newest = Manifest.open(sealed, self.keys, version=head.version)
        except AcesoError as exc:
            self.network.troubles.append(exc)
            return
        merged = self.manifest.merged(newest)
        self.manifest = merged
        self._keep_manifest()
        self.profile.store.put("manifest-cid", head.cid.encode())
        if merged == newest:
            self.profile.store.put("manifest-unsaved", b"")

    # What each custodian once had: one that shows less was put back, or lies.

    def _taken(self) -> dict[str, int]:
        kept: dict[str, int] = json.loads(self.profile.store.get("heads-taken") or b"{}")
        return kept

    def _note_taken(self, versions: Mapping[str, int]) -> None:
        taken = self._taken()
        for who, version in versions.items():
            taken[who] = max(version, taken.get(who, 0))
        self.profile.store.put("heads-taken", json.dumps(taken).encode())

    def _look_for_rollback(self, heads: Mapping[str, SignedHead | None]) -> None:
        shown = {who: signed.head.version if signed else 0 for who, signed in heads.items()}
        taken = self._taken()
        for who, version in shown.items():
            if version < taken.get(who, 0):
                self.network.troubles.append(HeadRollbackError(who, version, taken[who]))
        if any(version > taken.get(who, 0) for who, version in shown.items()):
            self._note_taken(shown)

    def _share_head(self) -> None:
        """Give the newest head to custodians that have an older one, such as one that was down."""
        heads = self.network.heads(self.keys.head_key().address)
        newest = newest_of(heads.values())
        if newest is not None and any(signed != newest for signed in heads.values()):
            posted = self.network.committee.put_head(newest)
            self._note_taken(dict.fromkeys(posted.taken, newest.head.version))

    def _load_manifest(self) -> Manifest:
        kept = self.profile.store.get("manifest")
        if kept is None:
            return Manifest()
        return Manifest.open(kept[8:], self.keys, version=int.from_bytes(kept[:8], "big"))

    def _open_noted(self) -> None:
        """Open every list that is noted and that no persona of this device sees, for the home
        persona, which then may read it: another device made it."""
        personas = [self.persona(index).address for index in self.personas().values()]
        half = set(json.loads(self.profile.store.get("half-opened") or b"[]"))
        for data_class in DataClass:
            for epoch in range(self.manifest.epochs.get(int(data_class), 0) + 1):
                address = self.keys.list_key(int(data_class), epoch).address
                is_seen = any(self.profile.store.is_opened(address, one) for one in personas)
                is_half = f"{address} {personas[0]}" in half
                if address in self.manifest.lists and (is_half or not is_seen):
                    self.opening(self.persona(HOME), data_class, epoch)


def _half_name(signed: SignedOpening) -> str:
    return f"{signed.opening.list_key} {signed.opening.persona}"
