"""What the index remembers of what was left with custodians in parts: a sealed seed, and a will."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, TypeVar

from ._bytes import address_bytes, address_text, exactly
from .hpke import PUBLIC_KEY_BYTES

__all__ = ["CommitteeNote", "DepositNote", "RecoveryNote", "WillNote", "later_of"]

_NO_WILL: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class CommitteeNote:
    """Custodians that work together: addresses, their URLs in the same order, and how many."""

    custodians: tuple[str, ...]
    urls: tuple[str, ...]
    threshold: int

    @classmethod
    def _from_json(cls, said: Mapping[str, Any]) -> CommitteeNote:
        return cls(tuple(said["custodians"]), tuple(said["urls"]), int(said["threshold"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositNote:
    """Where it was left. `is_whole`: whether every custodian of `at` took this version. `former`,
    by address with the URL, may still keep a part of an earlier one."""

    version: int
    at: CommitteeNote
    is_whole: bool
    former: Mapping[str, str] = field(default_factory=dict)

    def _place_to_json(self) -> dict[str, Any]:
        return {
            "version": str(self.version),
            "at": asdict(self.at),
            "isWhole": self.is_whole,
            "former": dict(self.former),
        }


def _place(said: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "version": int(said["version"]),
        "at": CommitteeNote._from_json(said["at"]),
        "is_whole": said["isWhole"] is True,
        "former": {
            address_text(address_bytes(who)): str(url) for who, url in said["former"].items()
        },
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryNote(DepositNote):
    """Of the sealed seed. `key` is the recovery key's public half, to which the seed can be sealed
    again: the words that guardians hold stay good."""

    key: bytes = field(repr=False)

    def _to_json(self) -> dict[str, Any]:
        return {"key": self.key.hex()} | self._place_to_json()

    @classmethod
    def _from_json(cls, said: Mapping[str, Any]) -> RecoveryNote:
        key = exactly(bytes.fromhex(said["key"]), PUBLIC_KEY_BYTES, "a recovery key")
        return cls(key=key, **_place(said))


@dataclass(frozen=True, slots=True, kw_only=True)
class WillNote(DepositNote):
    """Of the will, and what it covers, so that it is seen when it has to be written anew.

    digest   what is committed on chain; zeros once it was taken back
    keep     the grantees whose access is to go on
    until    the highest index of a persona that it is signed for
    keeping  indices of the personas of which something goes on, which are not ended as a whole
    single   what it ends one by one: persona index, grantee, count of withdrawals
    epochs   persona index -> the epoch that its withdrawal of everything names, where not 0
    """

    digest: bytes
    keep: frozenset[bytes]
    until: int
    keeping: frozenset[int]
    single: frozenset[tuple[int, bytes, int]]
    epochs: Mapping[int, int]

    @property
    def stands(self) -> bool:
        """Whether the person wants a will."""
        return self.digest != _NO_WILL

    def _to_json(self) -> dict[str, Any]:
        return {
            "digest": self.digest.hex(),
            "keep": sorted(grantee.hex() for grantee in self.keep),
            "until": self.until,
            "keeping": sorted(self.keeping),
            "single": sorted(
                [index, grantee.hex(), count] for index, grantee, count in self.single
            ),
            "epochs": {str(index): epoch for index, epoch in self.epochs.items()},
        } | self._place_to_json()

    @classmethod
    def _from_json(cls, said: Mapping[str, Any]) -> WillNote:
        return cls(
            digest=exactly(bytes.fromhex(said["digest"]), 32, "a digest"),
            keep=frozenset(map(_grantee, said["keep"])),
            until=int(said["until"]),
            keeping=frozenset(map(int, said["keeping"])),
            single=frozenset(
                (int(index), _grantee(grantee), int(count))
                for index, grantee, count in said["single"]
            ),
            epochs={int(index): int(epoch) for index, epoch in said["epochs"].items()},
            **_place(said),
        )


def _grantee(text: str) -> bytes:
    return exactly(bytes.fromhex(text), 32, "a grantee")


N = TypeVar("N", bound=DepositNote)


def later_of(older: N | None, newer: N | None) -> N | None:
    """The note of the later version, the newer one of two of it. Whoever may keep a part of an
    earlier version is not passed over, whichever device noted it."""
    if older is None or newer is None:
        return newer or older
    if older.version == newer.version:
        return newer
    last, first = (newer, older) if newer.version > older.version else (older, newer)
    before = dict(zip(first.at.custodians, first.at.urls, strict=True))
    former = {**before, **first.former, **last.former}
    stays = {who: url for who, url in former.items() if who not in last.at.custodians}
    return replace(last, former=stays)
