"""Run a custodian.

    python -m aceso.custody init --folder DIR [--private-key-stdin]
    python -m aceso.custody serve --folder DIR --rpc URL --deployment FILE
                                  [--host 127.0.0.1 --port 0 --confirmations 1]
                                  [--anchor-every SECONDS]

`init` makes the keys and prints address and public key, to be accredited and published. `serve`
prints one line of JSON when it is ready, and serves until it is ended.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from aceso.chain import Deployment, Suite
from aceso.errors import AcesoError, UsageError

from ._anchoring import anchoring
from ._chain import Addresses, Chain
from ._service import Service
from ._store import Store
from .app import make_app
from .keys import CustodianKeys

__all__ = ["main"]

_CONCURRENT = 256


def main(arguments: list[str] | None = None) -> int:
    """The command; its status."""
    parser = argparse.ArgumentParser(prog="python -m aceso.custody", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    init = commands.add_parser("init", help="make the keys of a custodian")
    init.add_argument("--folder", type=Path, required=True)
    init.add_argument(
        "--private-key-stdin",
        action="store_true",
        help="read the account's key, in hexadecimal, from standard input",
    )
    serve = commands.add_parser("serve", help="serve")
    serve.add_argument("--folder", type=Path, required=True)
    serve.add_argument("--rpc", required=True, help="URL of an Ethereum node")
    serve.add_argument("--deployment", type=Path, required=True)
    serve.add_argument(
        "--database",
        metavar="URL",
        help="of PostgreSQL, in place of a file in the folder; or in ACESO_CUSTODIAN_DATABASE",
        default=os.environ.get("ACESO_CUSTODIAN_DATABASE") or None,
    )
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=0)
    serve.add_argument("--confirmations", type=int, default=1)
    serve.add_argument(
        "--anchor-every",
        type=float,
        metavar="SECONDS",
        help="put the head of the access log on chain so often, from the custodian's own account",
    )
    options = parser.parse_args(arguments)
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    # It writes every URL that it asks, and a node's URL may hold a key.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        return _init(options) if options.command == "init" else _serve(options)
    except AcesoError as error:
        sys.stderr.write(f"{error.code}: {error.message}\n")
        return error.exit_code


def _say(**values: str) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


def _who(keys: CustodianKeys) -> dict[str, str]:
    return {
        "address": keys.address,
        "publicKey": "0x" + keys.private.public_key.to_bytes().hex(),
    }


def _init(options: argparse.Namespace) -> int:
    account_key: bytes | None = None
    if options.private_key_stdin:
        text = sys.stdin.readline().strip().removeprefix("0x")
        try:
            account_key = bytes.fromhex(text)
        except ValueError:
            account_key = b"\0"
    _say(**_who(CustodianKeys.make(options.folder, account_key=account_key)))
    return 0


def _deployment(path: Path) -> tuple[int, Addresses]:
    try:
        document = json.loads(path.read_text())
        contracts = document["contracts"]
        return int(document["chainId"]), Addresses(
            consents=contracts["ConsentRegistry"]["address"],
            participants=contracts["ParticipantRegistry"]["address"],
            market=contracts["DataMarket"]["address"],
            access_log=contracts["AccessLog"]["address"],
            since=int(contracts["DataMarket"]["block"]),
            guardianship=contracts["Guardianship"]["address"],
        )
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise UsageError(
            f"{path} is not a deployment: it should say chainId and contracts, with the address "
            "and block of each.",
            code="E_DEPLOYMENT",
        ) from exc


def _serve(options: argparse.Namespace) -> int:
    keys = CustodianKeys.read(options.folder)
    chain_id, addresses = _deployment(options.deployment)
    store = Store(options.folder, keys.store_key, options.database)
    home = f"{chain_id} {addresses.consents.lower()}"
    with store.write() as connection:
        known = store.note(connection, "home")
        if known not in (None, home):
            raise UsageError(
                f"{options.folder} holds lists of another chain or registry ({known}). Use that "
                "deployment, or another folder.",
                code="E_CUSTODY_OTHER_HOME",
            )
        if known is None:
            store.set_note(connection, "home", home)
        said = store.note(connection, "confirmed")
    seen = None
    if said is not None:
        number, _, hash_ = said.partition(" ")
        seen = int(number), hash_

    def confirmed(number: int, hash_: str) -> None:
        with store.write() as connection:
            store.set_note(connection, "confirmed", f"{number} {hash_}")

    chain = Chain(
        options.rpc,
        chain_id=chain_id,
        addresses=addresses,
        confirmations=options.confirmations,
        seen=seen,
        on_confirmed=confirmed,
    )
    service = Service(keys, store, chain)
    app = make_app(service)
    # With the protocol named, as asyncio sends without delay only where it knows that it is TCP.
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((options.host, options.port))
    except OSError as exc:
        raise UsageError(
            f"Nothing can listen on {options.host} port {options.port}: {exc.strerror}.",
            code="E_PORT_IN_USE",
        ) from exc
    port = listener.getsockname()[1]
    host = f"[{options.host}]" if ":" in options.host else options.host
    server = _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            limit_concurrency=_CONCURRENT,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=5,
            server_header=False,
            lifespan="off",
        ),
        ready=lambda: _say(url=f"http://{host}:{port}", **_who(keys)),
    )
    try:
        with _anchored(options, keys, service):
            server.run(sockets=[listener])
    finally:
        chain.close()
        store.close()
    return 0


@contextmanager
def _anchored(options: argparse.Namespace, keys: CustodianKeys, service: Service) -> Iterator[None]:
    if options.anchor_every is None:
        yield
        return
    suite = Suite.connect(options.rpc, Deployment.read(options.deployment))
    try:
        with anchoring(suite, keys, service.log, every=options.anchor_every):
            yield
    finally:
        suite.close()


class _Server(uvicorn.Server):
    """Says when it is ready."""

    def __init__(self, config: uvicorn.Config, *, ready: Any):
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


if __name__ == "__main__":
    raise SystemExit(main())
