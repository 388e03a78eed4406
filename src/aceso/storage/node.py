"""A local IPFS node that speaks Kubo's RPC.

    python -m aceso.storage.node --repo DIR --port 0

starts Kubo (`aceso.storage.kubo`) and serves on loopback those endpoints of its RPC that Aceso and
`ipfshttpclient` use; when it is ready it prints one line of JSON, {"url", "peer", "addresses"}, and
nothing else. SIGTERM and Ctrl-C end it cleanly; with --die-with-parent so does the end of whoever
started it. A Kubo daemon of one's own takes its place without a change.

Like Kubo's own RPC this is for programs of this machine only: it listens on 127.0.0.1, takes POST
only, and refuses requests that a web page could send (an Origin header, a foreign Host).

Endpoints under /api/v0: add, block/get, block/stat, cat, files/stat (of /ipfs/… paths), id,
pin/add, pin/ls, pin/rm, repo/gc, swarm/addrs/local, swarm/connect, swarm/peers, version.
`timeout=10s` bounds any of them that waits for other nodes; without it the bound is a minute.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import re
import secrets
import signal
import sys
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from pathlib import Path
from typing import IO, Any, ClassVar, Final

from .cid import cid_codec, cid_digest, cid_from_digest, cid_v0, normalise_cid
from .errors import InvalidCidError
from .kubo import VERSION, EmbeddedKubo, KuboError, KuboMissingError

__all__ = ["main"]

_PART: Final = 256 * 1024
_WAIT: Final = 60.0
_HEADER_LIMIT: Final = 16 * 1024
_LOOPBACK: Final = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d+)?\Z")
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)\Z")
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}

_STARTED: Final = b"\0"  # No signal has the number 0.

Query = dict[str, list[str]]


class _BadRequest(Exception):
    """The request itself is wrong."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, kubo: EmbeddedKubo, port: int):
        super().__init__(("127.0.0.1", port), _Handler)
        self.kubo = kubo

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that went away in the middle is nobody's error.
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    timeout = 120
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: which content is asked for is nobody's business."""

    def do_GET(self) -> None:
        self.close_connection = True
        self._fail(405, "this RPC takes POST only")

    do_HEAD = do_PUT = do_DELETE = do_OPTIONS = do_GET

    def do_POST(self) -> None:
        self._sent = False
        if "Origin" in self.headers or not _LOOPBACK.match(self.headers.get("Host", "")):
            self.close_connection = True
            return self._fail(403, "not from a web page, and not by another name")
        url = urllib.parse.urlsplit(self.path)
        act = self._acts.get(url.path)
        if act is None:
            self.close_connection = True
            return self._fail(404, f"{url.path} is not served here")
        try:
            body = _Body(self.rfile, self.headers.get("Content-Length"), self._chunked())
        except _BadRequest as exc:
            self.close_connection = True
            return self._fail(400, str(exc))
        try:
            act(self, urllib.parse.parse_qs(url.query), body)
        except (_BadRequest, InvalidCidError) as exc:
            self._fail(400, str(exc))
        except KuboMissingError as exc:
            self._fail(500, f"context deadline exceeded: {exc}")
        except KuboError as exc:
            self._fail(500, str(exc))
        except OSError as exc:
            self.close_connection = True
            if isinstance(exc, (ConnectionError, TimeoutError)):
                raise
            self._fail(500, exc.strerror or "the disk failed")
        if not body.is_done:
            self.close_connection = True

    # The endpoints

    def _version(self, query: Query, body: _Body) -> None:
        self._json({"Version": VERSION, "Commit": "", "Repo": "14", "System": "embedded"})

    def _id(self, query: Query, body: _Body) -> None:
        kubo = self.server.kubo
        self._json({
            "ID": kubo.peer_id(),
            "Addresses": kubo.addresses(),
            "AgentVersion": f"kubo/{VERSION}/embedded",
        })  # fmt: skip

    def _add(self, query: Query, body: _Body) -> None:
        kubo = self.server.kubo
        for option, value in (("raw-leaves", "true"), ("nocopy", "true"), ("trickle", "true")):
            if query.get(option, ["false"])[-1] == value:
                raise _BadRequest(f"this node adds files without {option}")
        if query.get("chunker", ["size-262144"])[-1] not in ("size-262144", "default"):
            raise _BadRequest("this node cuts files into blocks of 262144 bytes")
        path = kubo.incoming / secrets.token_hex(16)
        try:
            with path.open("xb") as file:
                name = _receive_file(body, self.headers.get("Content-Type", ""), file)
                size = file.tell()
            only_hash = query.get("only-hash", ["false"])[-1] == "true"
            cid = kubo.add(path, only_hash=only_hash)
        finally:
            path.unlink(missing_ok=True)
        if not only_hash and query.get("pin", ["true"])[-1] == "false":
            kubo.unpin(cid)
        self._json({"Name": name or cid, "Hash": cid, "Size": str(size)})

    def _cat(self, query: Query, body: _Body) -> None:
        kubo, cid = self.server.kubo, _cid(query)
        self._have(cid, query)
        offset = _number(query, "offset") or 0
        length = _number(query, "length")
        rest = max(0, kubo.size(cid)[0] - offset)
        self._stream(
            kubo.read(cid, offset=offset, length=length),
            rest if length is None else min(rest, length),
        )

    def _block_get(self, query: Query, body: _Body) -> None:
        cid = _cid(query)
        self._have_block(cid, query)
        block = self.server.kubo.block(cid)
        self._stream(iter((block,)), len(block))

    def _block_stat(self, query: Query, body: _Body) -> None:
        cid = _cid(query)
        self._have_block(cid, query)
        self._json({"Key": cid, "Size": len(self.server.kubo.block(cid))})

    def _files_stat(self, query: Query, body: _Body) -> None:
        cid = _cid(query)
        self._have_block(cid, query)
        size, stored, blocks = self.server.kubo.size(cid)
        self._json({
            "Hash": cid, "Size": size, "CumulativeSize": stored, "Blocks": blocks, "Type": "file"
        })  # fmt: skip

    def _pin_add(self, query: Query, body: _Body) -> None:
        cids = _cids(query)
        for cid in cids:
            if query.get("offline", ["false"])[-1] == "true":
                self._have(cid, query)
            self.server.kubo.pin(cid, seconds=_seconds(query))
        self._json({"Pins": cids})

    def _pin_rm(self, query: Query, body: _Body) -> None:
        cids = _cids(query)
        for cid in cids:
            if not self.server.kubo.unpin(cid):
                raise KuboError("not pinned or pinned indirectly")
        self._json({"Pins": cids})

    def _pin_ls(self, query: Query, body: _Body) -> None:
        kubo = self.server.kubo
        pins = kubo.pins()
        if "arg" in query:
            found: dict[str, dict[str, str]] = {}
            for cid in _cids(query):
                if normalise_cid(cid) in pins:
                    found[cid] = {"Type": "recursive"}
                elif kubo.is_pinned(cid):
                    found[cid] = {"Type": "indirect"}
                else:
                    raise KuboError(f"path '{cid}' is not pinned")
            return self._json({"Keys": found})
        self._json({"Keys": {cid: {"Type": "recursive"} for cid in sorted(pins)}})

    def _swarm_connect(self, query: Query, body: _Body) -> None:
        for address in query.get("arg", []):
            self.server.kubo.connect(address)
        self._json({"Strings": [f"connect {a} success" for a in query.get("arg", [])]})

    def _swarm_peers(self, query: Query, body: _Body) -> None:
        self._json({"Peers": [{"Addr": "", "Peer": peer} for peer in self.server.kubo.peers()]})

    def _swarm_addrs(self, query: Query, body: _Body) -> None:
        self._json({"Strings": self.server.kubo.addresses()})

    def _repo_gc(self, query: Query, body: _Body) -> None:
        gone = self.server.kubo.sweep()
        lines = "".join(json.dumps({"Key": {"/": cid}}) + "\n" for cid in gone)
        self._send(200, lines.encode())

    _acts: ClassVar[dict[str, Callable[[_Handler, Query, _Body], None]]] = {
        "/api/v0/add": _add,
        "/api/v0/block/get": _block_get,
        "/api/v0/block/stat": _block_stat,
        "/api/v0/cat": _cat,
        "/api/v0/files/stat": _files_stat,
        "/api/v0/id": _id,
        "/api/v0/pin/add": _pin_add,
        "/api/v0/pin/ls": _pin_ls,
        "/api/v0/pin/rm": _pin_rm,
        "/api/v0/repo/gc": _repo_gc,
        "/api/v0/swarm/addrs/local": _swarm_addrs,
        "/api/v0/swarm/connect": _swarm_connect,
        "/api/v0/swarm/peers": _swarm_peers,
        "/api/v0/version": _version,
    }

    # Answers

    def _have(self, cid: str, query: Query) -> None:
        kubo = self.server.kubo
        if query.get("offline", ["false"])[-1] == "true":
            if not kubo.is_whole(cid):
                raise KuboError(f"block was not found locally (offline): {cid}")
        else:
            kubo.fetch(cid, seconds=_seconds(query))

    def _have_block(self, cid: str, query: Query) -> None:
        if not self.server.kubo.has_block(cid):
            self._have(cid, query)

    def _chunked(self) -> bool:
        return self.headers.get("Transfer-Encoding", "").lower() == "chunked"

    def _json(self, value: object) -> None:
        self._send(200, json.dumps(value).encode() + b"\n")

    def _fail(self, status: int, message: str) -> None:
        if getattr(self, "_sent", False):
            # Half an answer is out: only a cut connection can still say that it is wrong.
            self.close_connection = True
            return
        self._send(status, json.dumps({"Message": message, "Code": 0, "Type": "error"}).encode())

    def _send(self, status: int, content: bytes) -> None:
        self._sent = True
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _stream(self, parts: Iterator[bytes], length: int) -> None:
        # The first part is read before the answer starts, so that its failure can still be told.
        first = next(parts, b"")
        self._sent = True
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(first)
        for part in parts:
            self.wfile.write(part)


class _Body:
    """The body of a request, by length or in chunks, in memory that does not grow with it."""

    def __init__(self, file: BufferedIOBase, length: str | None, chunked: bool):
        self._file = file
        self._chunked = chunked
        if not chunked and length is not None and not length.isdigit():
            raise _BadRequest("the Content-Length is not a number")
        self._left = 0 if chunked else int(length or 0)
        self._ended = not chunked and not self._left

    @property
    def is_done(self) -> bool:
        return self._ended

    def read(self) -> bytes:
        """Return the next bytes, or none at the end."""
        if self._ended:
            return b""
        if self._chunked and not self._left:
            self._left = self._next_chunk()
            if not self._left:
                self._ended = True
                return b""
        data = self._file.read(min(self._left, _PART))
        if not data:
            raise ConnectionResetError("the request ended early")
        self._left -= len(data)
        if self._chunked and not self._left:
            self._file.readline(8)
        elif not self._left:
            self._ended = True
        return data

    def _next_chunk(self) -> int:
        line = self._file.readline(1024).split(b";")[0].strip()
        try:
            size = int(line, 16)
        except ValueError:
            raise _BadRequest("the request is not cut into chunks") from None
        if not size:
            while self._file.readline(1024) not in (b"\r\n", b"\n", b""):
                pass
        return size


def _receive_file(body: _Body, content_type: str, file: IO[bytes]) -> str:
    """Write the one file of a multipart body to `file`; return its name."""
    boundary = re.search(r'boundary="?([0-9A-Za-z\'()+_,./:=?-]{1,70})"?', content_type)
    if boundary is None:
        raise _BadRequest("a file is sent as multipart/form-data")
    mark = b"--" + boundary[1].encode()
    window = bytearray()

    def more() -> None:
        data = body.read()
        if not data:
            raise _BadRequest("the multipart body ends early")
        window.extend(data)

    while b"\r\n\r\n" not in window:
        if len(window) > _HEADER_LIMIT:
            raise _BadRequest("the headers of the file are too long")
        more()
    head, _, rest = bytes(window).partition(b"\r\n\r\n")
    if not head.startswith(mark):
        raise _BadRequest("the multipart body starts with something else")
    name = re.search(rb'filename="([^"\r\n]*)"', head)
    window[:] = rest
    end = b"\r\n" + mark
    while (place := window.find(end)) < 0:
        ready = len(window) - len(end)
        if ready > 0:
            file.write(window[:ready])
            del window[:ready]
        more()
    file.write(window[:place])
    tail = window[place + len(end) :]
    while len(tail) < 2:
        tail += body.read() or b"--"
    if tail[:2] != b"--":
        raise _BadRequest("one file at a time")
    while body.read():
        pass
    return urllib.parse.unquote(name[1].decode("utf-8", "replace")) if name else ""


def _cids(query: Query) -> list[str]:
    found = [arg.removeprefix("/ipfs/") for arg in query.get("arg", [])]
    if not found:
        raise _BadRequest('argument "ipfs-path" is required')
    for cid in found:
        cid_digest(cid)
    return found


def _cid(query: Query) -> str:
    (cid, *_) = _cids(query)
    # The library knows both forms; one form makes one fetch of them.
    return (
        cid_v0(cid_digest(cid))
        if cid_codec(cid) == "dag-pb"
        else cid_from_digest(cid_digest(cid), "raw")
    )


def _number(query: Query, name: str) -> int | None:
    if name not in query:
        return None
    if not query[name][-1].isdigit():
        raise _BadRequest(f"{name} is not a number")
    return int(query[name][-1])


def _seconds(query: Query) -> float:
    match = _DURATION.match(query.get("timeout", [f"{_WAIT:g}s"])[-1])
    if match is None:
        raise _BadRequest("timeout is a duration such as 10s")
    return min(float(match[1]) * _UNITS[match[2]], 24 * _UNITS["h"])


def _die_with_parent(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        raise SystemExit(0)


def _take_signals() -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)


def main(arguments: list[str] | None = None) -> int:
    """Run the node until it is told to stop."""
    parser = argparse.ArgumentParser(prog="python -m aceso.storage.node", description=__doc__)
    parser.add_argument("--repo", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--die-with-parent", type=int, metavar="PID")
    options = parser.parse_args(arguments)
    if options.die_with_parent is not None:
        _die_with_parent(options.die_with_parent)
    # The library takes the signals for itself whenever it starts the node. They are taken back
    # then, in this thread, and are heard through a pipe, since they may reach another thread.
    awake, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    try:
        kubo = EmbeddedKubo(options.repo, started=lambda: os.write(wake, _STARTED))
        with kubo, _Server(kubo, options.port) as server:
            port = server.server_address[1]
            ready = {
                "url": f"http://127.0.0.1:{port}",
                "peer": kubo.peer_id(),
                "addresses": kubo.addresses(),
            }
            _take_signals()
            threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
            sys.stdout.write(json.dumps(ready) + "\n")
            sys.stdout.flush()
            while os.read(awake, 1) == _STARTED:
                _take_signals()
            server.shutdown()
    except (KuboError, OSError) as exc:
        sys.stderr.write(f"The IPFS node cannot start: {exc}.\n")
        return 5
    # Threads may still wait inside the library, which a normal exit would wait for.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    raise SystemExit(main())
