"""`aceso devnet`, `accredit` and `demo`: a whole network on this machine."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aceso.errors import UsageError

from . import _terms
from ._click import command
from ._output import errors, show
from ._session import Session
from ._words import say

if TYPE_CHECKING:
    from aceso.devnet import ChainKind

__all__ = ["accredit", "demo", "devnet"]


@command("devnet")
@click.option("--folder", type=click.Path(path_type=Path), default=Path(".devnet"), metavar="DIR")
@click.option(
    "--chain",
    "chain_kind",
    type=click.Choice(("anvil", "ganache")),
    default="anvil",
    show_default=True,
)
@click.option("--chain-port", type=click.IntRange(0, 65535), default=0, metavar="PORT")
@click.option("--ipfs-port", type=click.IntRange(0, 65535), default=0, metavar="PORT")
@click.option("--custodians", type=click.IntRange(2, 10), default=3, show_default=True, metavar="N")
def devnet(
    session: Session,
    *,
    folder: Path,
    chain_kind: ChainKind,
    chain_port: int,
    ipfs_port: int,
    custodians: int,
) -> int:
    from aceso.devnet import Devnet, with_suite
    from aceso.devnet.__main__ import serve

    # Until everything runs, SIGTERM ends it as Ctrl-C would: what was started is ended in order.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if not session.as_json:
        errors().print(say("devnet.starting", folder=folder), markup=False, highlight=False)
    with Devnet.start(
        folder,
        chain=chain_kind,
        chain_port=chain_port,
        ipfs_port=ipfs_port,
        stages=[with_suite(custodians=custodians)],
    ) as network:
        serve(network, as_json=session.as_json)
    return 0


@command("accredit")
@click.argument("account")
@click.option("--role", "role_names", default="", metavar="ROLES")
@click.option("--institution", is_flag=True)
def accredit(session: Session, *, account: str, role_names: str, institution: bool) -> None:
    from aceso.devnet import Authority, Devnet

    who = _terms.address(account)
    roles = _terms.roles(role_names)
    if not roles and not institution:
        raise UsageError(
            "Name a --role, or --institution to open an institution.", code="E_ACCREDIT_WHAT"
        )
    path = session.network_path()
    if path is None or not path.is_dir():
        raise UsageError(
            "Only the authority of a local network acts from here. Name the folder of a running "
            "`aceso devnet` with --network.",
            code="E_NOT_LOCAL",
        )
    document: dict[str, Any] = {"account": who}
    attached = Devnet.attach(path)
    try:
        authority = Authority(attached, session.network().suite)
        if institution:
            document["institution"] = authority.open_institution(who)
        if roles:
            authority.accredit({who: roles})
            document["roles"] = [one.name for one in roles]
    finally:
        attached.stop()
    text = say("accredit.done", account=who)
    if institution:
        text += " " + say("accredit.institution", number=document["institution"])
    show(session, document, lambda console: console.print(text, highlight=False, soft_wrap=True))


@command("demo")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
def demo(session: Session, *, data: Path | None) -> int:
    from aceso.demo import main

    if not session.as_json:
        return main(data)
    code = main(data, console=errors())
    show(session, {"ok": code == 0}, lambda console: None)
    return code
