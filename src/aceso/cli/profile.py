"""`aceso init`: a seed and a place on this device, or the same again from the words."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from aceso.errors import AcesoError, UsageError

from ._click import command
from ._output import show
from ._session import Session, is_terminal
from ._words import say

if TYPE_CHECKING:
    from rich.console import Console

    from aceso.flows import Network, Profile
    from aceso.vault import Seed

__all__ = ["fund", "init", "read_seed"]

_KINDS = ("person", "professional", "institution", "researcher")
_LOCAL_CHAINS = (1337, 31337)
_ETHER = 10**18


@command("init")
@click.option("--kind", type=click.Choice(_KINDS), default="person", show_default=True)
@click.option("--restore", is_flag=True)
@click.option("--words", "words_file", metavar="FILE")
@click.option("--yes", is_flag=True)
def init(
    session: Session, *, kind: str, restore: bool, words_file: str | None, yes: bool
) -> int | None:
    from aceso.flows import Kind, Profile, ProfileError

    assert kind in get_args(Kind)  # noqa: S101 - click's choice and the flows' kinds are one list
    if session.has_profile:
        raise ProfileError(
            f"There is a profile in {session.home} already. Use it, or name another folder with "
            "--home.",
            code="E_PROFILE_EXISTS",
            details={"folder": str(session.home)},
        )
    is_restored = restore or words_file is not None
    # What may be refused comes before anybody writes down 24 words.
    path = session.network_path()
    network = session.network() if path is not None else None
    if network is not None and (is_restored or kind != "person"):
        network.suite.now()
    if is_restored or kind != "person":
        session.network()
    seed = read_seed(words_file) if is_restored else _new_seed(session, yes=yes)
    passphrase = session.passphrase(say("ask.new_passphrase"), confirm=True)
    profile = Profile.create(
        session.home,
        seed,
        passphrase=passphrase,
        kind=kind,  # type: ignore[arg-type]
        network=str(path.resolve()) if path is not None else "",
    )
    try:
        found = _join(network, profile, is_restored=is_restored)
    except BaseException:
        # Half a profile would stand in the way of the next try.
        profile.close()
        for name in ("profile.json", "store.db", "store.db-wal", "store.db-shm"):
            (session.home / name).unlink(missing_ok=True)
        raise
    profile.close()
    document = {"home": str(session.home), "kind": kind, **found}

    def render(console: Console) -> None:
        console.print(say("init.done", home=session.home), markup=False, soft_wrap=True)
        if "account" in found:
            console.print(say("init.account", account=found["account"]), highlight=False)
        if is_restored and kind == "person":
            console.print(say("init.restored", count=found["records"]), highlight=False)
        elif kind == "person":
            console.print(say("init.next"), highlight=False, markup=False)
        if path is None:
            console.print(say("init.no_network"), highlight=False, markup=False)

    show(session, document, render)
    return None


def _join(network: Network | None, profile: Profile, *, is_restored: bool) -> dict[str, Any]:
    """Publish the receiving key, or bring the vault back."""
    from aceso.flows import Holder, Person

    if profile.kind != "person":
        assert network is not None  # noqa: S101 - `init` refused it otherwise
        holder = Holder(network, profile)
        fund(network, holder.account.address)
        receipt = holder.receiving.publish()
        return {"account": holder.account.address, "published": receipt is not None}
    if is_restored:
        assert network is not None  # noqa: S101
        return {"records": Person(network, profile).restore()}
    return {}


def fund(network: Network, account: str) -> None:
    """On a local network ether is play money, and the relayer has plenty."""
    from aceso.chain import Call

    suite = network.suite
    if suite.chain_id not in _LOCAL_CHAINS:
        return
    (balance,) = suite.node.ask_all([("eth_getBalance", [account, "latest"])])
    if int(balance, 16) < _ETHER:
        network.relayer.send(Call(account, b"", value=10 * _ETHER))


def _new_seed(session: Session, *, yes: bool) -> Seed:
    from aceso.vault import Seed

    seed = Seed.make()
    if session.as_json and not yes:
        raise UsageError(
            "With --json the words are shown on standard error, and nobody can be asked whether "
            "they are written down. Add --yes.",
            code="E_CONFIRM_NEEDED",
        )
    # To standard error: what goes to standard output may end up in a file.
    _show_words(seed.mnemonic.split())
    session.confirm(say("ask.words_written"), yes=yes)
    return seed


def _show_words(words: list[str]) -> None:
    sys.stderr.write(f"\n{say('init.words')}\n\n")
    for row in range(0, len(words), 6):
        line = [
            f"{row + place + 1:>3} {word:<9}" for place, word in enumerate(words[row : row + 6])
        ]
        sys.stderr.write(" ".join(line).rstrip() + "\n")
    sys.stderr.write(f"\n{say('init.words_warning')}\n\n")
    sys.stderr.flush()


def read_seed(file: str | None) -> Seed:
    """The words from a file, a hidden prompt, or standard input."""
    from aceso.vault import Seed

    if file is not None:
        try:
            text = Path(file).expanduser().read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as exc:
            raise UsageError(
                f"The words can't be read from {file}. Check the path.",
                code="E_WORDS_FILE",
                details={"path": file},
            ) from exc
    elif is_terminal():
        text = click.prompt(say("ask.words"), hide_input=True, err=True)
    else:
        text = sys.stdin.readline()
    try:
        return Seed.from_mnemonic(text)
    except AcesoError as exc:
        # The words are in the frames of its traceback, so the chain ends here.
        raise exc.with_traceback(None) from None
