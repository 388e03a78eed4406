"""Run a custodian.

    python -m aceso.custody init --folder DIR [--private-key-stdin] [--pkcs11 MODULE --token LABEL]
    python -m aceso.custody serve --folder DIR --rpc URL --deployment FILE
                                  [--host 127.0.0.1 --port 0 --confirmations 1]
                                  [--database URL] [--anchor-every SECONDS]
                                  [--follow-every SECONDS] [--relay-within SECONDS | --no-relay]
                                  [--client-rate N] [--actor-rate N]
                                  [--list-records N] [--issuer-records N]
    python -m aceso.custody rotate --folder DIR
    python -m aceso.custody seal --folder DIR --pkcs11 MODULE --token LABEL
    python -m aceso.custody publish --folder DIR --rpc URL --deployment FILE
    python -m aceso.custody revoke --folder DIR --rpc URL --deployment FILE
    python -m aceso.custody answer --folder DIR --rpc URL --deployment FILE
                                   [--confirmations 1] [--database URL]

`init` makes the keys and prints address and public key, to be accredited and published. `serve`
prints one line of JSON when it is ready, and serves until it is ended. `rotate` makes a new key
that shares are sealed to, beside the old one; serve with it, then `publish` it. `seal` has a
PKCS#11 token seal the keys that are there, as `init` does where one is named; whoever reads them
then needs ACESO_CUSTODIAN_PIN or ACESO_CUSTODIAN_PIN_FILE. `revoke` takes back the key that is
published. `answer` reads the question of a dispute's panel from standard input, and releases to it
the share of the extract.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import os
import socket
import sys
from pathlib import Path
from typing import Any

import uvicorn

from aceso.errors import AcesoError, UsageError

from ._anchoring import anchor
from ._chain import Addresses, Chain
from ._chores import Account, Chores
from ._lists import Bounds
from ._node import Nodes
from ._operating import publish, revoke
from ._service import Service
from ._store import Store
from ._wire import to_json
from .app import make_app
from .keys import CustodianKeys, Token
from .panel import Answer, Question

__all__ = ["answer", "main", "run"]

_CONCURRENT = 256
_TIDY_SECONDS = 5.0
_BOUNDS = Bounds()
_READ_FROM = ("ConsentRegistry", "ParticipantRegistry", "DataMarket")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m aceso.custody", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    init = commands.add_parser("init", help="make the keys of a custodian")
    init.add_argument("--folder", type=Path, required=True)
    init.add_argument(
        "--private-key-stdin",
        action="store_true",
        help="read the account's key, in hexadecimal, from standard input",
    )
    _add_token(init, required=False)
    serve = commands.add_parser("serve", help="serve")
    _add_store(serve)
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=0)
    serve.add_argument(
        "--anchor-every",
        type=float,
        metavar="SECONDS",
        help="put the head of the access log on chain so often, from the custodian's own account",
    )
    serve.add_argument(
        "--follow-every",
        type=float,
        metavar="SECONDS",
        default=5.0,
        help="read the chain so often, and delete the class keys of grants that have ended",
    )
    serve.add_argument(
        "--relay-within",
        type=float,
        metavar="SECONDS",
        default=600.0,
        help="carry a withdrawal that was shown here to the chain in this time, from the "
        "custodian's own account",
    )
    serve.add_argument(
        "--no-relay", action="store_true", help="keep and enforce withdrawals, and carry none"
    )
    serve.add_argument(
        "--client-rate",
        type=float,
        metavar="N",
        default=50.0,
        help="requests of one client in a second, ten times as many at once; 0: no limit",
    )
    serve.add_argument(
        "--actor-rate",
        type=float,
        metavar="N",
        default=100.0,
        help="listings and releases of one actor in a second, ten times as many at once",
    )
    serve.add_argument(
        "--list-records",
        type=int,
        metavar="N",
        default=_BOUNDS.list_records,
        help="records in one list; 0: no limit",
    )
    serve.add_argument(
        "--issuer-records",
        type=int,
        metavar="N",
        default=_BOUNDS.issuer_records,
        help="records that one issuer posts to a list; 0: no limit",
    )
    rotate = commands.add_parser("rotate", help="make a new key for shares beside the old one")
    rotate.add_argument("--folder", type=Path, required=True)
    seal = commands.add_parser("seal", help="have a PKCS#11 token seal the keys")
    seal.add_argument("--folder", type=Path, required=True)
    _add_token(seal, required=True)
    for name, text in (
        ("publish", "put the newest key for shares on chain"),
        ("revoke", "take the published key back, so that nothing is sealed to it"),
    ):
        keys = commands.add_parser(name, help=text)
        keys.add_argument("--folder", type=Path, required=True)
        keys.add_argument("--rpc", required=True, metavar="URL", help="of an Ethereum node")
        keys.add_argument("--deployment", type=Path, required=True)
    _add_store(commands.add_parser("answer", help="release a share to the panel of a dispute"))
    return parser


def _add_token(command: argparse.ArgumentParser, *, required: bool) -> None:
    command.add_argument(
        "--pkcs11", type=Path, metavar="MODULE", required=required, help="the token's library"
    )
    command.add_argument("--token", metavar="LABEL", required=required, help="the token's label")


def _add_store(command: argparse.ArgumentParser) -> None:
    """What a command needs that reads the shares and the chain."""
    command.add_argument("--folder", type=Path, required=True)
    command.add_argument(
        "--rpc",
        action="append",
        required=True,
        metavar="URL",
        help="of an Ethereum node; given twice, both have to say the same",
    )
    command.add_argument("--deployment", type=Path, required=True)
    command.add_argument(
        "--database",
        metavar="URL",
        help="of PostgreSQL, in place of a file in the folder; or in ACESO_CUSTODIAN_DATABASE",
        default=os.environ.get("ACESO_CUSTODIAN_DATABASE") or None,
    )
    command.add_argument("--confirmations", type=int, default=1)


def run(arguments: list[str] | None = None) -> int:
    """The command; its status. Errors are raised."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    doing = {
        "init": _init,
        "serve": _serve,
        "rotate": _rotate,
        "seal": _seal,
        "publish": _publish,
        "revoke": _revoke,
        "answer": _answer,
    }
    return doing[options.command](options)


def main(arguments: list[str] | None = None) -> int:
    """The command; its status."""
    try:
        return run(arguments)
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
    token = _token(options) if options.pkcs11 or options.token else None
    _say(**_who(CustodianKeys.make(options.folder, account_key=account_key, token=token)))
    return 0


def _token(options: argparse.Namespace) -> Token:
    if not (options.pkcs11 and options.token):
        raise UsageError(
            "A token is named by both: --pkcs11 MODULE --token LABEL.", code="E_TOKEN_NAMES"
        )
    return Token(str(options.pkcs11.absolute()), options.token)


def _rotate(options: argparse.Namespace) -> int:
    _say(**_who(CustodianKeys.rotate(options.folder)))
    return 0


def _seal(options: argparse.Namespace) -> int:
    _say(**_who(CustodianKeys.seal(options.folder, _token(options))))
    return 0


def _publish(options: argparse.Namespace) -> int:
    done = publish(options.folder, options.rpc, options.deployment)
    _say(address=done.address, publicKey="0x" + done.public_key.hex())
    return 0


def _revoke(options: argparse.Namespace) -> int:
    account, was_published = revoke(options.folder, options.rpc, options.deployment)
    _say(address=account, revoked=str(was_published).lower())
    return 0


def _deployment(path: Path) -> tuple[int, Addresses]:
    try:
        document = json.loads(path.read_text())
        contracts = document["contracts"]
        return int(document["chainId"]), Addresses(
            consents=contracts["ConsentRegistry"]["address"],
            participants=contracts["ParticipantRegistry"]["address"],
            market=contracts["DataMarket"]["address"],
            studies=contracts.get("Studies", {}).get("address", ""),
            unions=contracts.get("Unions", {}).get("address", ""),
            access_log=contracts["AccessLog"]["address"],
            since=min(int(contracts[name]["block"]) for name in _READ_FROM),
            guardianship=contracts["Guardianship"]["address"],
        )
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise UsageError(
            f"{path} is not a deployment: it should say chainId and contracts, with the address "
            "and block of each.",
            code="E_DEPLOYMENT",
        ) from exc


def _answer(options: argparse.Namespace) -> int:
    question = Question.read(sys.stdin.buffer.read())
    sys.stdout.buffer.write(_answered(options, question).to_bytes() + b"\n")
    sys.stdout.flush()
    return 0


def answer(arguments: list[str], question: Question) -> Answer:
    """What the custodian with these arguments of `answer` releases for a question."""
    return _answered(_parser().parse_args(["answer", *arguments]), question)


def _answered(options: argparse.Namespace, question: Question) -> Answer:
    keys, store, chain = _opened(options)
    try:
        release = Service(keys, store, chain).orders.answer(question.request)
    finally:
        chain.close()
        store.close()
    return Answer(keys.address, to_json(question.request), release)


def _opened(options: argparse.Namespace) -> tuple[CustodianKeys, Store, Chain]:
    """The keys and books of a folder, and the chain that they are about."""
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
        # With others, as each block makes all of them wait for it.
        store.together(
            lambda connection: store.set_note(connection, "confirmed", f"{number} {hash_}")
        )

    chain = Chain(
        Nodes(options.rpc),
        chain_id=chain_id,
        addresses=addresses,
        confirmations=options.confirmations,
        seen=seen,
        on_confirmed=confirmed,
    )
    return keys, store, chain


def _serve(options: argparse.Namespace) -> int:
    keys, store, chain = _opened(options)
    account = Account(options.rpc[0], options.deployment, keys)
    service = Service(
        keys,
        store,
        chain,
        connect=None if options.no_relay else account.connect,
        relay_within=options.relay_within,
        actor_rate=options.actor_rate,
        bounds=Bounds(options.list_records, options.issuer_records),
    )
    app = make_app(service, client_rate=options.client_rate)
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
            http="httptools",
            loop="uvloop",
        ),
        ready=lambda: _say(url=f"http://{host}:{port}", **_who(keys)),
    )
    # What is there by now stays for good. Looking through it for what could go is a quarter of the
    # work of taking a record.
    gc.collect()
    gc.freeze()
    try:
        with Chores(options.folder) as chores:
            chores.every(options.follow_every, "following the chain", service.follower.catch_up)
            chores.every(_TIDY_SECONDS, "tidying the database", store.tidy)
            if service.relays is not None:
                chores.every(
                    min(5.0, 0.1 + options.relay_within / 60), "relaying", service.relays.step
                )
            if options.anchor_every is not None:
                chores.every(
                    options.anchor_every,
                    "anchoring the log",
                    lambda: anchor(service.log, account.connect),
                )
            server.run(sockets=[listener])
    finally:
        account.close()
        chain.close()
        store.close()
    return 0


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
