"""Sealed bytes on IPFS, through any Kubo RPC.

    with IpfsClient("http://127.0.0.1:5001") as ipfs:
        cid = ipfs.add(sealed)                  # bytes, a path, or a stream; pinned
        sealed = ipfs.read(cid)                 # checked, or an error
        ipfs.read_into(cid, path)               # the same for a long file

What a node says is not believed. `add` works out the CID by itself, compares, and reads the content
back before it returns, so that a CID is readable before anyone hears of it. `read` gives bytes only
when all of them are here and are the ones that the CID names. Every wait has a deadline, later by a
second for each 4 MiB that did move.

What it does not do: it never announces, and it can't know who else keeps a copy. `remove` lets go
of this node's copy and no other. A file that was added by somebody else with other settings than
ours (see `unixfs`) can be pinned but not read here, since it can't be checked.

A client may be shared between threads.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Final

import ipfshttpclient
import requests
from ipfshttpclient import exceptions as kubo_errors

from aceso.errors import UsageError, place_of

from .cid import cid_codec, cid_digest, cid_from_digest, normalise_cid
from .errors import (
    IpfsAlteredError,
    IpfsDownError,
    IpfsNotFoundError,
    IpfsRefusedError,
    IpfsTimeoutError,
    IpfsTooLargeError,
)
from .unixfs import FileHasher

__all__ = ["Content", "IpfsClient", "NodeInfo"]

_PART: Final = 1024 * 1024
READ_LIMIT: Final = 256 * 1024 * 1024
_MISSING: Final = ("deadline exceeded", "not found", "could not find", "no link named")
_SLOWEST: Final = 4 * 1024 * 1024  # Bytes a second, below which a long transfer is given up.
_GRACE: Final = 2.0  # Seconds in which a node can still say that it found nothing.


@dataclass(frozen=True, slots=True)
class Content:
    """What a node knows of a content."""

    cid: str
    size: int  # Bytes of the file.
    stored: int  # Bytes of its blocks.


@dataclass(frozen=True, slots=True)
class NodeInfo:
    """Which node answers."""

    peer: str
    version: str
    addresses: tuple[str, ...]


class IpfsClient:
    """One IPFS node, by the address of its RPC: a URL or a multiaddress."""

    def __init__(self, url: str, *, deadline: float = 30.0):
        self.url = url
        self._deadline = deadline
        self._address = _multiaddress(url)
        self._local = threading.local()
        self._clients: list[Any] = []
        self._lock = threading.Lock()

    def __enter__(self) -> IpfsClient:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"IpfsClient({place_of(self.url)!r})"

    def close(self) -> None:
        """Close the connections. The client can be used again."""
        with self._lock:
            clients, self._clients = self._clients, []
            self._local = threading.local()
        for client in clients:
            client.close()

    # Content

    def add(self, source: bytes | Path | IO[bytes], *, deadline: float | None = None) -> str:
        """Store and pin `source`, check that it can be read back, and return its CID."""
        seconds = self._seconds(deadline)
        hasher = FileHasher()
        with contextlib.ExitStack() as stack:
            if isinstance(source, Path):
                source = stack.enter_context(source.open("rb"))
            clock = _Clock(self.url, seconds)
            options = {
                "pin": "true",
                "cid-version": "0",
                "raw-leaves": "false",
                "chunker": "size-262144",
            }
            with self._told(seconds):
                answer = self._client().add_bytes(
                    _parts(source, hasher, clock),
                    opts=options,
                    # When all is sent the node cuts it into blocks, and only then answers.
                    timeout=(seconds, seconds + _length(source) / _SLOWEST),
                )
        cid = cid_from_digest(hasher.digest())
        if not isinstance(answer, str) or cid_digest(answer) != cid_digest(cid):
            raise IpfsAlteredError(cid, self.url)
        for _ in self._checked(cid, self._seconds(deadline)):
            pass
        return cid

    def read(self, cid: str, *, deadline: float | None = None, limit: int = READ_LIMIT) -> bytes:
        """Return the content of `cid`, all of it and checked."""
        parts = bytearray()
        for part in self._checked(cid, self._seconds(deadline), limit=limit):
            parts += part
        return bytes(parts)

    def read_into(self, cid: str, path: Path, *, deadline: float | None = None) -> int:
        """Write the content of `cid` to `path` when all of it is here and checked.

        Return its length. Until then, and after a failure, `path` is as it was before.
        """
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        try:
            with draft.open("xb") as file:
                for part in self._checked(cid, self._seconds(deadline)):
                    file.write(part)
                length = file.tell()
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        return length

    def stat(self, cid: str, *, deadline: float | None = None) -> Content:
        """Ask how long the content of `cid` is, from its root block."""
        seconds = self._seconds(deadline)
        cid = normalise_cid(cid)
        with self._told(seconds, cid):
            found = self._client().files.stat(f"/ipfs/{cid}", **_wait(seconds))
            return Content(cid, int(found["Size"]), int(found["CumulativeSize"]))

    def has(self, cid: str) -> bool:
        """Tell whether this node holds the root block of `cid`, without asking other nodes."""
        cid = normalise_cid(cid)
        try:
            with self._told(self._deadline, cid):
                self._client().block.stat(cid, opts={"offline": "true"}, timeout=self._deadline)
        except IpfsNotFoundError:
            return False
        return True

    def remove(self, cid: str) -> None:
        """Let go of this node's copy: unpin it, and sweep what nothing pins any more."""
        self.unpin(cid)
        self.sweep()

    def sweep(self) -> None:
        """Sweep this node's blocks that nothing pins any more."""
        with self._told(self._deadline):
            self._client().repo.gc(timeout=self._deadline)

    # Pins

    def pin(self, cid: str, *, deadline: float | None = None) -> None:
        """Fetch all of `cid` and keep it, or raise `IpfsNotFoundError`."""
        seconds = self._seconds(deadline)
        cid = normalise_cid(cid)
        with self._told(seconds, cid):
            self._client().pin.add(cid, **_wait(seconds))

    def unpin(self, cid: str) -> None:
        """Stop keeping `cid`. Nothing happens when it was not kept."""
        cid = normalise_cid(cid)
        try:
            with self._told(self._deadline):
                self._client().pin.rm(cid, timeout=self._deadline)
        except IpfsRefusedError as exc:
            if "not pinned" not in exc.message:
                raise

    def pins(self) -> frozenset[str]:
        """Return what this node keeps."""
        with self._told(self._deadline):
            found = self._client().pin.ls(type="recursive", timeout=self._deadline)
            return frozenset(normalise_cid(cid) for cid in found["Keys"])

    def is_pinned(self, cid: str) -> bool:
        """Tell whether this node keeps `cid`."""
        cid = normalise_cid(cid)
        try:
            with self._told(self._deadline):
                self._client().pin.ls(cid, type="recursive", timeout=self._deadline)
        except IpfsRefusedError as exc:
            if "not pinned" in exc.message:
                return False
            raise
        return True

    # The node

    def info(self) -> NodeInfo:
        """Ask who answers; the way to see whether a node is up."""
        with self._told(self._deadline):
            who = self._client().id(timeout=self._deadline)
            version = self._client().version(timeout=self._deadline)
            addresses = tuple(str(address) for address in who["Addresses"] or ())
            return NodeInfo(str(who["ID"]), str(version["Version"]), addresses)

    def connect(self, address: str) -> None:
        """Have this node meet another, by its multiaddress with /p2p/."""
        with self._told(self._deadline):
            # Its own swarm.connect() sends the letters of the address as further addresses.
            self._client()._client.request(
                "/swarm/connect", (address,), decoder="json", timeout=self._deadline
            )

    # Within

    def _seconds(self, deadline: float | None) -> float:
        return self._deadline if deadline is None else deadline

    def _client(self) -> Any:
        client = getattr(self._local, "client", None)
        if client is None:
            # Not connect(): it refuses every Kubo after 0.7 (docs/adr/0003-ipfs-client.md).
            client = ipfshttpclient.Client(self._address, chunk_size=_PART, session=True)
            _bring_up_to_date(client._client._session)
            self._local.client = client
            with self._lock:
                self._clients.append(client)
        return client

    def _checked(self, cid: str, seconds: float, *, limit: int | None = None) -> Iterator[bytes]:
        """Yield the content; the last step raises unless it was the right one."""
        cid = normalise_cid(cid)
        raw = cid_codec(cid) == "raw"
        plain, tree, length = sha256(), FileHasher(), 0
        clock = _Clock(self.url, seconds)
        with (
            self._told(seconds, cid),
            self._client().cat(cid, stream=True, **_wait(seconds)) as parts,
        ):
            for part in _in_parts(parts):
                length += len(part)
                clock.check(length)
                if limit is not None and length > limit:
                    raise IpfsTooLargeError(cid, limit)
                if raw:
                    plain.update(part)
                else:
                    tree.update(part)
                yield part
        if cid_digest(cid) != (plain.digest() if raw else tree.digest()):
            raise IpfsAlteredError(cid, self.url)

    @contextlib.contextmanager
    def _told(self, seconds: float, cid: str | None = None) -> Iterator[None]:
        """Turn every failure below into one of our errors."""
        try:
            yield
        except (kubo_errors.TimeoutError, requests.Timeout) as exc:
            raise IpfsTimeoutError(self.url, seconds) from exc
        except kubo_errors.ErrorResponse as exc:
            reason = str(exc.args[0] if exc.args else exc).rstrip(".")
            if cid is not None and any(word in reason for word in _MISSING):
                raise IpfsNotFoundError(cid, seconds) from exc
            raise IpfsRefusedError(self.url, reason) from exc
        except kubo_errors.StatusError as exc:
            raise IpfsRefusedError(self.url, "it does not speak the RPC of Kubo") from exc
        except (kubo_errors.CommunicationError, requests.RequestException) as exc:
            if "timed out" in str(exc):
                raise IpfsTimeoutError(self.url, seconds) from exc
            raise IpfsDownError(self.url) from exc
        except (kubo_errors.Error, KeyError, TypeError, AttributeError, AssertionError) as exc:
            raise IpfsRefusedError(self.url, "it answered something that is not Kubo's") from exc


class _Clock:
    """A deadline for work whose single steps are short, later by a second for each 4 MiB moved."""

    def __init__(self, url: str, seconds: float):
        self._url, self._seconds = url, seconds
        self._end = time.monotonic() + seconds

    def check(self, moved: int) -> None:
        if time.monotonic() > self._end + moved / _SLOWEST:
            raise IpfsTimeoutError(self._url, self._seconds)


def _parts(source: bytes | IO[bytes], hasher: FileHasher, clock: _Clock) -> Iterator[bytes]:
    if isinstance(source, bytes):
        for start in range(0, len(source), _PART):
            part = source[start : start + _PART]
            hasher.update(part)
            yield part
        return
    while part := source.read(_PART):
        hasher.update(part)
        clock.check(hasher.length)
        yield part


def _length(source: bytes | IO[bytes]) -> int:
    if isinstance(source, bytes):
        return len(source)
    try:
        return os.fstat(source.fileno()).st_size
    except (OSError, AttributeError):
        return 0  # Not a file: nobody knows yet.


def _bring_up_to_date(session: requests.Session) -> None:
    # The client passes urllib3 an argument that is no longer known, on every connection.
    for adapter in session.adapters.values():
        adapter.poolmanager.connection_pool_kw.pop("strict", None)  # type: ignore[attr-defined]


def _in_parts(stream: Any) -> Iterator[bytes]:
    # Its own iterator takes an answer of known length in one piece, however long.
    for part in stream._closables:
        if isinstance(part, requests.Response):
            yield from part.iter_content(_PART)


def _wait(seconds: float) -> dict[str, Any]:
    # The node gives up first, so that it can say what was missing.
    return {"opts": {"timeout": f"{int(seconds * 1000)}ms"}, "timeout": seconds + _GRACE}


def _multiaddress(url: str) -> str:
    if url.startswith("/"):
        return url
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        shown = place_of(url)
        raise UsageError(
            f"{shown!r} is not the address of an IPFS node: write it like http://127.0.0.1:5001.",
            code="E_IPFS_ADDRESS",
            details={"url": shown},
        )
    host = parts.hostname
    kind = "ip6" if ":" in host else "ip4" if host.replace(".", "").isdigit() else "dns"
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"/{kind}/{host}/tcp/{port}/{parts.scheme}"
