"""The same content at every IPFS node of a network.

    with ReplicatedIpfs(["http://127.0.0.1:5001", "http://127.0.0.1:5002"]) as ipfs:
        cid = ipfs.add(sealed)                  # pinned at both, and read back from both
        sealed = ipfs.read(cid)                 # from the first that has it

A CID goes on chain, or to a custodian, only after `add`; so whoever loses one node loses nothing.
`add` and `pin` are done when all nodes keep the content, and raise what the first node said that
does not: nothing is promised then, and to do it again harms nothing. Reading asks those first that
hold the content, and raises what the first one said when none gave it. `unpin`, `remove` and
`sweep` are tried at every node before they raise.

The nodes need not know of each other. One that is gone for good is taken out of the network's file;
one that is named later is given what the others have by `spread`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from io import IOBase
from pathlib import Path
from typing import IO, TypeVar

from aceso.errors import StorageError, UsageError, place_of

from .errors import IpfsNotFoundError
from .ipfs import READ_LIMIT, Content, IpfsClient

__all__ = ["NodeKeeps", "ReplicatedIpfs"]

T = TypeVar("T")


@dataclass(slots=True)
class NodeKeeps:
    """What a node keeps of a list of CIDs: how many it kept before, how many it was given now, and
    which it lacks still, with why. Where the node does not answer it lacks all."""

    url: str
    kept: int = 0
    given: int = 0
    lacking: dict[str, StorageError] = field(default_factory=dict)


class ReplicatedIpfs:
    """One or more IPFS nodes that keep the same, by the addresses of their RPCs.

    May be shared between threads.
    """

    def __init__(self, urls: Sequence[str], *, deadline: float = 30.0):
        if not urls:
            raise UsageError("Name at least one IPFS node.", code="E_IPFS_ADDRESS")
        self._deadline = deadline
        self.nodes = tuple(IpfsClient(url, deadline=deadline) for url in dict.fromkeys(urls))

    def __enter__(self) -> ReplicatedIpfs:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections. The nodes can be used again."""
        for node in self.nodes:
            node.close()

    # Everywhere

    def add(self, source: bytes | Path | IO[bytes], *, deadline: float | None = None) -> str:
        """Store and pin `source` at every node, read it back from each, and return its CID.

        A stream is read from where it stands, and a second time for a second node.
        """
        first, *others = self.nodes
        start = _start(source)
        cid = first.add(source, deadline=deadline)
        for node in others:
            if isinstance(source, (bytes, Path)):
                node.add(source, deadline=deadline)
            elif start is None:
                _copy(cid, first, node, deadline)
            else:
                source.seek(start)
                node.add(source, deadline=deadline)
        return cid

    def pin(self, cid: str, *, deadline: float | None = None) -> None:
        """Have every node keep `cid`; one that lacks it is given it by one that has it, and looks
        for it elsewhere where none has."""
        for node in self.nodes:
            if not self._is_given(node, cid, deadline):
                node.pin(cid, deadline=deadline)

    def spread(
        self, cids: Iterable[str], *, on_given: Callable[[int], object] = lambda count: None
    ) -> tuple[NodeKeeps, ...]:
        """Have every node keep each of `cids` that any of them holds; nothing is raised, and the
        rest is done where one fails. Nobody else is asked for what none of them holds."""
        wanted = list(dict.fromkeys(cids))
        return tuple(self._spread_to(node, wanted, on_given) for node in self.nodes)

    def _spread_to(
        self, node: IpfsClient, wanted: Sequence[str], on_given: Callable[[int], object]
    ) -> NodeKeeps:
        found = NodeKeeps(place_of(node.url))
        try:
            kept = node.pins()
        except StorageError as exc:
            found.lacking = dict.fromkeys(wanted, exc)
            return found
        for cid in wanted:
            if cid in kept:
                found.kept += 1
                continue
            try:
                if not self._is_given(node, cid, None):
                    raise IpfsNotFoundError(cid, self._deadline)
            except StorageError as exc:
                found.lacking[cid] = exc
                continue
            found.given += 1
            on_given(1)
        return found

    def _is_given(self, node: IpfsClient, cid: str, deadline: float | None) -> bool:
        """Have a node keep what it, or another of the nodes, holds; False where none does."""
        told: StorageError | None = None
        for one in (node, *(other for other in self.nodes if other is not node)):
            if not _holds(one, cid):
                continue
            try:
                if one is node:
                    node.pin(cid, deadline=deadline)
                else:
                    _copy(cid, one, node, deadline)
            except StorageError as exc:
                # It may have a part of it only, or be gone by now.
                told = exc
            else:
                return True
        if told is not None:
            raise told
        return False

    def is_pinned(self, cid: str) -> bool:
        """Tell whether every node keeps `cid`."""
        return all(node.is_pinned(cid) for node in self.nodes)

    def pins(self) -> frozenset[str]:
        """Return what any node keeps."""
        return frozenset().union(*(node.pins() for node in self.nodes))

    def unpin(self, cid: str) -> None:
        """Have no node keep `cid`."""
        self._at_each(lambda node: node.unpin(cid))

    def remove(self, cid: str) -> None:
        """Let go of every node's copy."""
        self._at_each(lambda node: node.remove(cid))

    def sweep(self) -> None:
        """Sweep what nothing pins any more, at every node."""
        self._at_each(lambda node: node.sweep())

    # Anywhere

    def read(self, cid: str, *, deadline: float | None = None, limit: int = READ_LIMIT) -> bytes:
        """Return the content of `cid`, all of it and checked, from a node that has it."""
        return self._from_any(
            cid, deadline, lambda node, seconds: node.read(cid, deadline=seconds, limit=limit)
        )

    def read_into(self, cid: str, path: Path, *, deadline: float | None = None) -> int:
        """Write the content of `cid` to `path`, as `IpfsClient.read_into`; gives its length."""
        return self._from_any(
            cid, deadline, lambda node, seconds: node.read_into(cid, path, deadline=seconds)
        )

    def stat(self, cid: str, *, deadline: float | None = None) -> Content:
        """Ask how long the content of `cid` is."""
        return self._from_any(cid, deadline, lambda node, seconds: node.stat(cid, deadline=seconds))

    def has(self, cid: str) -> bool:
        """Tell whether any node that answers holds the root block of `cid`."""
        return any(_holds(node, cid) for node in self.nodes)

    def _from_any(
        self, cid: str, deadline: float | None, ask: Callable[[IpfsClient, float], T]
    ) -> T:
        """Ask those that hold it, and then the others, who look for it elsewhere: these share the
        deadline, so that what nobody has is missed as soon as with one node."""
        seconds = self._deadline if deadline is None else deadline
        told: list[StorageError] = []
        others: list[IpfsClient] = []
        for node in self.nodes:
            # A node that is alone is asked at once, whatever it holds.
            if len(self.nodes) > 1 and not _holds(node, cid):
                others.append(node)
                continue
            try:
                return ask(node, seconds)
            except StorageError as exc:
                told.append(exc)
        for node in others:
            try:
                return ask(node, seconds / len(others))
            except StorageError as exc:
                told.append(exc)
        raise told[0]

    def _at_each(self, act: Callable[[IpfsClient], None]) -> None:
        told: list[StorageError] = []
        for node in self.nodes:
            try:
                act(node)
            except StorageError as exc:
                told.append(exc)
        if told:
            raise told[0]


def _start(source: bytes | Path | IO[bytes]) -> int | None:
    """Where a stream stands that can be read again from there."""
    return source.tell() if isinstance(source, IOBase) and source.seekable() else None


def _holds(node: IpfsClient, cid: str) -> bool:
    try:
        return node.has(cid)
    except StorageError:
        return False


def _copy(cid: str, having: IpfsClient, node: IpfsClient, deadline: float | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "content")
        having.read_into(cid, path, deadline=deadline)
        node.add(path, deadline=deadline)
