"""The vault's own index: what there is, where it is, and how far things have come.

    manifest = Manifest()
    manifest.records[record_id] = RecordNote(…)
    sealed = manifest.next().seal(keys)                  # goes to IPFS
    head = Head(keys.head_key().address, manifest.version, cid).sign(keys.head_key(), …)

    head = newest([head, another], head_key=…, seen=manifest.version, …)
    manifest = Manifest.open(sealed, keys, version=head.version)

It is sealed to the subject, and holds no keys and no capsules: the seed gives the keys, the record
lists give the capsules, so the seed and any one custodian restore the vault. Custodians keep the
head, signed by a key from the seed; the highest version wins. A device that has seen a version
refuses an older one; a fresh device can be shown an old one by custodians who all lie together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Set
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

import rfc8785
from eth_account.signers.local import LocalAccount

from aceso.signing import domain_of, recover, sign

from ._boxes import open_box, seal_box
from ._bytes import address_bytes, address_text, be, exactly
from .deposit_notes import CommitteeNote, RecoveryNote, WillNote, later_of
from .errors import FormatError, OpeningError, RollbackError
from .keys import VaultKeys
from .segments import Body

__all__ = [
    "Head",
    "KeyNote",
    "Manifest",
    "RecordNote",
    "SignedHead",
    "newest",
]

_MAGIC: Final = b"AMAN"
# Version 1 had no `forgotten`, `superseded` and `same`, version 2 no `holders`, version 3 no
# `recovery`, version 4 no `owed` and `card_copies`, version 5 no `will`. A program that knows only
# those must not save over this one: what was forgotten would come back, and who holds which keys, a
# part of the sealed seed or of the will, what was to be deleted or a copy of the emergency card
# would be unknown.
_BOX_VERSION: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordNote:
    """What the vault remembers of a record. `day` is ISO 8601; `outcome` is the import's digest."""

    data_class: int
    epoch: int
    cid: str
    body: Body
    issuer: str
    root: bytes
    day: str
    persona: int = 0
    outcome: bytes = b""

    def _to_json(self) -> dict[str, Any]:
        return {
            "class": self.data_class,
            "epoch": self.epoch,
            "cid": self.cid,
            "sha256": self.body.sha256.hex(),
            # Text, because JSON's numbers end at 2^53.
            "sealedLength": str(self.body.sealed_length),
            "length": str(self.body.length),
            "issuer": address_text(address_bytes(self.issuer)),
            "root": self.root.hex(),
            "day": self.day,
            "persona": self.persona,
            "outcome": self.outcome.hex(),
        }

    @classmethod
    def _from_json(cls, said: dict[str, Any]) -> RecordNote:
        return cls(
            data_class=int(said["class"]),
            epoch=int(said["epoch"]),
            cid=str(said["cid"]),
            body=Body(
                bytes.fromhex(said["sha256"]), int(said["sealedLength"]), int(said["length"])
            ),
            issuer=str(said["issuer"]),
            root=exactly(bytes.fromhex(said["root"]), 32, "a root"),
            day=str(said["day"]),
            persona=int(said["persona"]),
            outcome=bytes.fromhex(said["outcome"]),
        )


@dataclass(frozen=True, slots=True)
class KeyNote:
    """Up to which epoch a class's keys were left for a grantee, and the digest of the published key
    that they were sealed to."""

    epoch: int
    receiving_key: bytes


@dataclass(slots=True, kw_only=True)
class Manifest:
    """The index. Change it, then `seal` the `next` version.

    records        record id -> what is remembered
    forgotten      ids of records that were deleted, and stay so: see `forget`
    owed           id of a forgotten record -> key of the list at whose custodians one that was
                   away has still to delete it
    superseded     id of a record -> id of the one that takes its place, newer or with more in it
    same           pairs of ids, ascending, of records in which two sources say the same
    sources        digest of a file that was imported -> digest of its outcomes
    relationships  grantee (32 bytes) -> index of the persona that is shown to them
    epochs         data class -> its newest epoch
    lists          list key -> index of its committee
    committees     in the order in which they were met
    holders        grantee -> data class -> which of its keys were left for them
    recovery       what custodians were left of the sealed seed, where anything was
    will           what they were left of the will, and what it covers, where one was made
    card_copies    numbers of the institutions that were left a copy of the emergency card
    """

    version: int = 0
    records: dict[bytes, RecordNote] = field(default_factory=dict)
    forgotten: set[bytes] = field(default_factory=set)
    owed: dict[bytes, str] = field(default_factory=dict)
    superseded: dict[bytes, bytes] = field(default_factory=dict)
    same: set[tuple[bytes, bytes]] = field(default_factory=set)
    sources: dict[bytes, bytes] = field(default_factory=dict)
    relationships: dict[bytes, int] = field(default_factory=dict)
    epochs: dict[int, int] = field(default_factory=dict)
    lists: dict[str, int] = field(default_factory=dict)
    committees: list[CommitteeNote] = field(default_factory=list)
    holders: dict[bytes, dict[int, KeyNote]] = field(default_factory=dict)
    recovery: RecoveryNote | None = None
    will: WillNote | None = None
    card_copies: set[int] = field(default_factory=set)

    def next(self) -> Manifest:
        """The same index, one version on."""
        return replace(self, version=self.version + 1)

    def forget(self, record_id: bytes) -> None:
        """Drop the note of a record and keep its id, so that no other device brings it back.

        The id is a keyed hash of the contents or random, so it tells nothing to who has not both
        the seed and the contents. It is never taken out again.
        """
        self.records.pop(record_id, None)
        self.forgotten.add(exactly(record_id, 32, "a record id"))

    def merged(self, newer: Manifest) -> Manifest:
        """What this index and a newer one hold together, as the newer version.

        Where two devices chose different personas for a grantee, the newer index is right. A record
        that one device forgot is forgotten, whatever the other one still had; anything else that
        one of them removed is there again.
        """
        forgotten = self.forgotten | newer.forgotten
        committees = [*newer.committees]
        committees += [note for note in self.committees if note not in committees]
        lists = {key: committees.index(self.committees[place]) for key, place in self.lists.items()}
        classes = self.epochs.keys() | newer.epochs.keys()
        return Manifest(
            version=newer.version,
            records=_kept(self.records | newer.records, forgotten),
            forgotten=forgotten,
            # What one device saw deleted is asked for once more, and then gone.
            owed=self.owed | newer.owed,
            superseded=self.superseded | newer.superseded,
            same=self.same | newer.same,
            sources=self.sources | newer.sources,
            relationships=self.relationships | newer.relationships,
            epochs={one: max(self.epochs.get(one, 0), newer.epochs.get(one, 0)) for one in classes},
            lists=lists | newer.lists,
            committees=committees,
            holders=_merged_holders(self.holders, newer.holders),
            recovery=later_of(self.recovery, newer.recovery),
            will=later_of(self.will, newer.will),
            card_copies=self.card_copies | newer.card_copies,
        )

    def seal(self, keys: VaultKeys) -> bytes:
        """Seal it to the subject, bound to its version."""
        document = rfc8785.dumps(
            {
                "records": {key.hex(): note._to_json() for key, note in self.records.items()},
                "forgotten": sorted(record_id.hex() for record_id in self.forgotten),
                "owed": {
                    key.hex(): address_text(address_bytes(value))
                    for key, value in self.owed.items()
                },
                "superseded": {key.hex(): value.hex() for key, value in self.superseded.items()},
                "same": sorted([one.hex(), other.hex()] for one, other in self.same),
                "sources": {key.hex(): value.hex() for key, value in self.sources.items()},
                "relationships": {key.hex(): value for key, value in self.relationships.items()},
                "epochs": {str(key): value for key, value in self.epochs.items()},
                "lists": {
                    address_text(address_bytes(key)): value for key, value in self.lists.items()
                },
                "committees": [asdict(note) for note in self.committees],
                "holders": {
                    grantee.hex(): {
                        str(data_class): [note.epoch, note.receiving_key.hex()]
                        for data_class, note in notes.items()
                    }
                    for grantee, notes in self.holders.items()
                },
                "recovery": None if self.recovery is None else self.recovery._to_json(),
                "will": None if self.will is None else self.will._to_json(),
                # Text, because JSON's numbers end at 2^53 and an institution's doesn't.
                "cardCopies": [str(number) for number in sorted(self.card_copies)],
            }
        )
        return seal_box(
            document,
            key=keys.manifest_key(),
            magic=_MAGIC,
            bound=self._bound(keys),
            version=_BOX_VERSION,
        )

    def _bound(self, keys: VaultKeys) -> bytes:
        return be(keys.chain_id, 8) + be(self.version, 8, "a version")

    @classmethod
    def open(cls, sealed: bytes, keys: VaultKeys, *, version: int) -> Manifest:
        """Open the manifest of this version, or raise `OpeningError`."""
        manifest = cls(version=version)
        box_version, document = open_box(
            sealed,
            key=keys.manifest_key(),
            magic=_MAGIC,
            bound=manifest._bound(keys),
            what="manifest",
            versions=(1, 2, 3, 4, 5, _BOX_VERSION),
        )
        try:
            said = json.loads(document)
            if box_version > 1:
                manifest.forgotten = {
                    exactly(bytes.fromhex(record_id), 32, "a record id")
                    for record_id in said["forgotten"]
                }
                manifest.superseded = {
                    bytes.fromhex(key): exactly(bytes.fromhex(value), 32, "a record id")
                    for key, value in said["superseded"].items()
                }
                manifest.same = {
                    (bytes.fromhex(one), bytes.fromhex(other)) for one, other in said["same"]
                }
            if box_version > 2:
                manifest.holders = {
                    exactly(bytes.fromhex(grantee), 32, "a grantee"): {
                        int(data_class): KeyNote(
                            int(epoch), exactly(bytes.fromhex(key), 32, "a digest")
                        )
                        for data_class, (epoch, key) in notes.items()
                    }
                    for grantee, notes in said["holders"].items()
                }
            if box_version > 3 and said["recovery"] is not None:
                manifest.recovery = RecoveryNote._from_json(said["recovery"])
            if box_version > 4:
                manifest.owed = {
                    exactly(bytes.fromhex(key), 32, "a record id"): str(value)
                    for key, value in said["owed"].items()
                }
                manifest.card_copies = {int(number) for number in said["cardCopies"]}
            if box_version > 5 and said["will"] is not None:
                manifest.will = WillNote._from_json(said["will"])
            notes = {
                bytes.fromhex(key): RecordNote._from_json(note)
                for key, note in said["records"].items()
            }
            manifest.records = _kept(notes, manifest.forgotten)
            manifest.sources = {
                bytes.fromhex(key): bytes.fromhex(value) for key, value in said["sources"].items()
            }
            manifest.relationships = {
                bytes.fromhex(key): int(value) for key, value in said["relationships"].items()
            }
            manifest.epochs = {int(key): int(value) for key, value in said["epochs"].items()}
            manifest.lists = {str(key): int(value) for key, value in said["lists"].items()}
            manifest.committees = [CommitteeNote._from_json(note) for note in said["committees"]]
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise FormatError("The manifest opens, but is not in a form that we know.") from exc
        return manifest


def _kept(notes: Mapping[bytes, RecordNote], forgotten: Set[bytes]) -> dict[bytes, RecordNote]:
    return {key: note for key, note in notes.items() if key not in forgotten}


def _merged_holders(
    older: Mapping[bytes, Mapping[int, KeyNote]], newer: Mapping[bytes, Mapping[int, KeyNote]]
) -> dict[bytes, dict[int, KeyNote]]:
    """Of each grantee and class the key of the latest epoch; the newer note where both name it."""
    merged = {grantee: dict(notes) for grantee, notes in older.items()}
    for grantee, notes in newer.items():
        known = merged.setdefault(grantee, {})
        for data_class, note in notes.items():
            if data_class not in known or known[data_class].epoch <= note.epoch:
                known[data_class] = note
    return merged


@dataclass(frozen=True, slots=True)
class Head:
    """Which manifest is the newest: the typed message `ManifestHead`."""

    head_key: str
    version: int
    cid: str

    def message(self) -> dict[str, object]:
        """As EIP-712 takes it."""
        return {
            "headKey": address_text(address_bytes(self.head_key)),
            "version": self.version,
            "cid": self.cid,
        }

    def sign(self, head_key: LocalAccount, *, chain_id: int, registry: str) -> SignedHead:
        """Sign it, to leave it at the custodians."""
        if head_key.address != address_text(address_bytes(self.head_key)):
            raise ValueError("the head names another key than the one that signs")
        signature = sign(head_key, "ManifestHead", self.message(), domain_of(chain_id, registry))
        return SignedHead(self, signature)


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head with its signature."""

    head: Head
    signature: bytes

    def is_by(self, head_key: str, *, chain_id: int, registry: str) -> bool:
        """Whether this key signed it. A custodian keeps no other; a reader skips any other."""
        wanted = address_text(address_bytes(head_key))
        signer = recover(
            "ManifestHead", self.head.message(), domain_of(chain_id, registry), self.signature
        )
        return signer == wanted == address_text(address_bytes(self.head.head_key))


def newest(
    heads: Iterable[SignedHead], *, head_key: str, chain_id: int, registry: str, seen: int = 0
) -> Head:
    """The head with the highest version among those that are ours.

    Raises `RollbackError` where all are older than the version that was `seen`. Where two devices
    made the same version apart, every reader takes the same one of the two.
    """
    ours = [
        signed.head
        for signed in heads
        if signed.is_by(head_key, chain_id=chain_id, registry=registry)
    ]
    if not ours:
        raise OpeningError(
            "No custodian has a head of this vault. Check the seed and the custodians, or restore "
            "from a backup.",
            code="E_VAULT_NO_HEAD",
        )
    head = max(ours, key=lambda head: (head.version, head.cid))
    if head.version < seen:
        raise RollbackError(seen=seen, offered=head.version)
    return head
