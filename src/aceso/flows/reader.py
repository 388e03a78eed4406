"""What a physician, or a member of an institution, does: open what a person lets them see.

    reader = Reader(network, profile)
    reader.listing(persona, grantee=…, data_class=DataClass.LABS, use=Use.TREAT)
    reader.open_all(persona, …, folder=Path("chart"))

Each record takes m custodians, each of whom asks `decide` first, and the class key that the person
left for the grantee. A member of an institution asks through its gateway, which holds the key that
the class keys were sealed to: `Gateway(institution profile)` opens for a member only while the
institution's own list says that they are one.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from eth_account.signers.local import LocalAccount

from aceso.chain import grantee_of_account, grantee_of_group
from aceso.codes import DataClass, Use
from aceso.custody import Listing
from aceso.vault import (
    Envelope,
    KeyBinding,
    ListEntry,
    PrivateKey,
    RecordKey,
    open_class_key,
)

from .errors import NothingToOpenError
from .issuer import Holder
from .network import Network
from .person import write_body
from .profile import Profile

__all__ = ["Gateway", "Opened", "Reader"]

_OPENED_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Opened:
    """A record that was opened, where it was written, and what is said of it."""

    entry: ListEntry
    envelope: Envelope
    key: RecordKey
    path: Path


class Reader(Holder):
    """Somebody to whom persons grant directly."""

    @property
    def grantee(self) -> bytes:
        return grantee_of_account(self.account.address)

    def listing(self, persona: str, *, data_class: DataClass, use: Use = Use.TREAT) -> Listing:
        """The records of one class that the person lets us see, and the class keys left for us."""
        return _listing(self.network, self.account, self.grantee, persona, data_class, use)

    def open_all(
        self,
        persona: str,
        *,
        classes: DataClass,
        folder: Path,
        use: Use = Use.TREAT,
    ) -> list[Opened]:
        """Open every record of these classes into `folder`."""
        opened: list[Opened] = []
        for data_class in classes:
            listing = self.listing(persona, data_class=data_class, use=use)
            opened += _open_listed(
                self.network,
                listing,
                actor=self.account,
                grantee=self.grantee,
                receiving_key=self.receiving_key,
                persona=persona,
                data_class=data_class,
                use=use,
                folder=folder,
            )
        return opened


class Gateway(Holder):
    """An institution's gateway: it holds the receiving key, and opens for live members."""

    def __init__(self, network: Network, profile: Profile, number: int):
        super().__init__(network, profile)
        self.number = number

    @property
    def grantee(self) -> bytes:
        participants = self.network.suite.addresses["ParticipantRegistry"]
        return grantee_of_group(self.number, participants)

    def open_for(
        self,
        member: LocalAccount,
        persona: str,
        *,
        classes: DataClass,
        folder: Path,
        use: Use = Use.TREAT,
    ) -> list[Opened]:
        """Open for a member, who signs every request: the custodians see who asked."""
        opened: list[Opened] = []
        for data_class in classes:
            listing = _listing(self.network, member, self.grantee, persona, data_class, use)
            opened += _open_listed(
                self.network,
                listing,
                actor=member,
                grantee=self.grantee,
                receiving_key=self.receiving_key,
                persona=persona,
                data_class=data_class,
                use=use,
                folder=folder,
            )
        return opened


def _listing(
    network: Network,
    actor: LocalAccount,
    grantee: bytes,
    persona: str,
    data_class: DataClass,
    use: Use,
) -> Listing:
    return network.committee.listing(
        actor=actor, subject=persona, grantee=grantee, use=use, data_class=data_class
    )


def _open_listed(
    network: Network,
    listing: Listing,
    *,
    actor: LocalAccount,
    grantee: bytes,
    receiving_key: PrivateKey,
    persona: str,
    data_class: DataClass,
    use: Use,
    folder: Path,
) -> list[Opened]:
    keys = {
        left.epoch: open_class_key(
            left.sealed,
            receiving_key,
            binding=KeyBinding(
                chain_id=network.suite.chain_id,
                list_key=left.list_key,
                persona=persona,
                grantee=grantee,
                data_class=int(data_class),
                epoch=left.epoch,
            ),
        )
        for left in listing.sealed_keys
    }

    def open_one(entry: ListEntry) -> Opened:
        class_key = keys.get(entry.capsule.context.epoch)
        if class_key is None:
            raise NothingToOpenError(
                "The person has not left the key of this class for us. They do it by sharing "
                "again, or at their next sync.",
                code="E_NO_CLASS_KEY",
                details={"class": int(data_class)},
            )
        key = network.committee.open_key(
            entry,
            actor=actor,
            subject=persona,
            grantee=grantee,
            use=use,
            data_class=data_class,
            receiving_key=receiving_key,
            reader_key=class_key,
        )
        path = folder / f"{entry.record_id.hex()[:16]}{_ending(entry, key)}"
        envelope = write_body(network, entry, key, path)
        return Opened(entry, envelope, key, path)

    with ThreadPoolExecutor(_OPENED_AT_ONCE, thread_name_prefix="aceso-open") as pool:
        return list(pool.map(open_one, listing.entries))


_ENDINGS: Sequence[tuple[str, str]] = (
    ("application/fhir+json", ".json"),
    ("text/vcf", ".vcf"),
    ("application/gzip", ".gz"),
    ("application/xml", ".xml"),
    ("application/zip", ".zip"),
    ("application/json", ".json"),
    ("text/plain", ".txt"),
)


def _ending(entry: ListEntry, key: RecordKey) -> str:
    envelope = Envelope.open(entry.envelope, key.dek, record_id=entry.record_id)
    return ending_of(envelope.media_type)


def ending_of(media_type: str) -> str:
    """The file name ending for a media type."""
    return dict(_ENDINGS).get(media_type, ".bin")
