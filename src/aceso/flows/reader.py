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

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from eth_account.signers.local import LocalAccount

from aceso.chain import grantee_of_account, grantee_of_group
from aceso.codes import DataClass, Reason, Use
from aceso.custody import DeniedError, Listing
from aceso.errors import AcesoError
from aceso.vault import (
    Envelope,
    FormatError,
    KeyBinding,
    ListEntry,
    OpeningError,
    PrivateKey,
    RecordKey,
    open_class_key,
)

from .errors import NothingToOpenError
from .healing import unlisted_errors
from .issuer import Holder
from .network import Network
from .profile import Profile
from .records import write_body

__all__ = [
    "Gateway",
    "Opened",
    "Opens",
    "Reader",
    "Unopened",
    "class_keys",
    "ending_of",
    "guardian_group",
    "open_listed",
]

_OPENED_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Opened:
    """A record that was opened, where it was written, and what is said of it."""

    entry: ListEntry
    envelope: Envelope
    key: RecordKey
    path: Path


@dataclass(frozen=True, slots=True)
class Unopened:
    """A record that is listed and did not open, and why."""

    entry: ListEntry
    error: AcesoError


class Opens:
    """Who opens what somebody let them see: `unopened` says which records did not open the last
    time, and `unlisted` which classes could not be asked for."""

    unopened: tuple[Unopened, ...] = ()
    unlisted: Mapping[DataClass, AcesoError] = MappingProxyType({})

    def _told(
        self,
        done: Iterable[Opened | Unopened],
        unlisted: Mapping[DataClass, AcesoError] = MappingProxyType({}),
    ) -> list[Opened]:
        """Note what did not open; gives what did. If nothing did, the first error is raised."""
        opened: list[Opened] = []
        unopened: list[Unopened] = []
        for one in done:
            if isinstance(one, Opened):
                opened.append(one)
            else:
                unopened.append(one)
        self.unopened, self.unlisted = tuple(unopened), unlisted
        failed = [one.error for one in unopened] + list(unlisted.values())
        if failed and not opened:
            raise failed[0]
        return opened


class _Opening(Holder, Opens):
    """Opens what is listed. One record that does not open does not stop the others."""

    def _open(
        self,
        actor: LocalAccount,
        grantee: bytes,
        persona: str,
        *,
        classes: DataClass,
        folder: Path,
        use: Use,
        pass_by: bool,
    ) -> list[Opened]:
        """What opened; `unopened` says what did not, and `unlisted` which classes were denied. If
        nothing opened, the first error is raised; a class that is denied raises at once, unless
        such are to be passed by."""
        done: list[Opened | Unopened] = []
        unlisted: dict[DataClass, AcesoError] = {}
        keys = self.receiving.all
        for data_class in classes:
            try:
                listing = _listing(self.network, actor, grantee, persona, data_class, use)
            except DeniedError as exc:
                # One that is said of all classes is as true of the next.
                has_opened = any(isinstance(one, Opened) for one in done)
                if not pass_by or not (has_opened or exc.reason == Reason.CLASS):
                    raise
                unlisted[data_class] = exc
                continue
            done += open_listed(
                self.network,
                listing,
                actor=actor,
                grantee=grantee,
                receiving_key=keys[0],
                class_keys_to=keys,
                persona=persona,
                data_class=data_class,
                use=use,
                folder=folder,
            )
        return self._told(done, unlisted)


class Reader(_Opening):
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
        guardian: str | None = None,
        pass_by: bool = False,
    ) -> list[Opened]:
        """Open every record of these classes into `folder`; `unopened` says what did not open. With
        `pass_by`, classes that are not in the consent are passed by, and are in `unlisted`. Where
        the person's guardian let us in, name the guardian."""
        grantee = self.grantee if guardian is None else guardian_group(self.network, guardian)
        return self._open(
            self.account,
            grantee,
            persona,
            classes=classes,
            folder=folder,
            use=use,
            pass_by=pass_by,
        )


class Gateway(_Opening):
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
        pass_by: bool = False,
    ) -> list[Opened]:
        """Open for a member, who signs every request: the custodians see who asked."""
        return self._open(
            member,
            self.grantee,
            persona,
            classes=classes,
            folder=folder,
            use=use,
            pass_by=pass_by,
        )


def guardian_group(network: Network, guardian: str) -> bytes:
    """The grantee that stands for those whom a guardian lets in."""
    number = int(guardian, 16) % (1 << 96)
    return grantee_of_group(number, network.suite.addresses["Guardianship"])


def _listing(
    network: Network,
    actor: LocalAccount,
    grantee: bytes,
    persona: str,
    data_class: DataClass,
    use: Use,
) -> Listing:
    found = network.committee.listing(
        actor=actor, subject=persona, grantee=grantee, use=use, data_class=data_class
    )
    network.troubles += unlisted_errors(found)
    return found


def open_listed(
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
    class_keys_to: Sequence[PrivateKey] = (),
) -> list[Opened | Unopened]:
    """Open each entry. The shares come to `receiving_key`; so did the class keys, unless they were
    sealed to others, such as an earlier one or that of an emergency card."""
    found = class_keys(
        listing,
        class_keys_to or [receiving_key],
        chain_id=network.suite.chain_id,
        persona=persona,
        grantee=grantee,
    )
    keys = {binding.epoch: key for binding, key in found if binding.data_class == int(data_class)}

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
        # Two entries may claim one id: only one that checks out takes the name.
        checked = folder / f".{entry.digest.hex()}"
        envelope = write_body(network, entry, key, checked)
        checked.replace(path)
        return Opened(entry, envelope, key, path)

    def try_one(entry: ListEntry) -> Opened | Unopened:
        try:
            return open_one(entry)
        except AcesoError as exc:
            return Unopened(entry, exc)
        except ValueError:
            return Unopened(entry, FormatError("The record is not in a form that we know."))

    with ThreadPoolExecutor(_OPENED_AT_ONCE, thread_name_prefix="aceso-open") as pool:
        return list(pool.map(try_one, listing.entries))


def class_keys(
    listing: Listing,
    opens_keys: Sequence[PrivateKey],
    *,
    chain_id: int,
    persona: str,
    grantee: bytes,
) -> list[tuple[KeyBinding, PrivateKey]]:
    """The class keys in a listing that were left for one of these keys, and open."""
    found = []
    ours = {one.public_key.digest: one for one in opens_keys}
    for left in listing.sealed_keys:
        opens = ours.get(left.receiving_key)
        if opens is None:
            continue
        binding = KeyBinding(
            chain_id=chain_id,
            list_key=left.list_key,
            persona=persona,
            grantee=grantee,
            data_class=left.data_class,
            epoch=left.epoch,
        )
        with suppress(OpeningError):
            # One that does not open is one that was not left: a record that needs it says so.
            found.append((binding, open_class_key(left.sealed, opens, binding=binding)))
    return found


_ENDINGS: Sequence[tuple[str, str]] = (
    ("application/fhir+json", ".json"),
    ("text/vcf", ".vcf"),
    ("text/vnd.aceso.genotypes+tsv", ".tsv"),
    ("application/vnd.ga4gh.vrs+json", ".json"),
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
