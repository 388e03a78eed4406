"""`aceso backup`, `restore` and `pin`: the whole vault in one sealed file, and back from it; and at
every IPFS node.

A profile is made from the words where there is none. With --to the records are written out instead,
by the seed and the file alone: no network is needed, and none is asked.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ._click import command
from ._output import show, steps
from ._session import Session
from ._words import say, sentence
from .profile import read_seed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from aceso.errors import AcesoError
    from aceso.vault import Seed

__all__ = ["backup", "pin", "restore"]

_UNFINISHED = 5
_MOST_SENTENCES = 10


@command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--no-bodies", "without_bodies", is_flag=True)
def backup(session: Session, *, file: Path, without_bodies: bool) -> None:
    from aceso.flows import make_backup

    person = session.person()
    with steps(session) as progress:
        made = make_backup(person, file, with_bodies=not without_bodies, progress=progress)
    document = {
        "file": str(file),
        "version": made.version,
        "records": made.records,
        "bodies": made.bodies,
        "bytes": str(made.size),
        "withoutBody": [one.hex() for one in made.without_body],
        "problems": _problems(person.network.troubles),
    }

    def render(console: Console) -> None:
        counts = {"records": made.records, "bodies": made.bodies, "size": f"{made.size:,}"}
        _line(console, say("backup.done", file=file, **counts))
        if made.without_body:
            _line(console, say("backup.without_body", count=len(made.without_body)))

    show(session, document, render)


@command("pin")
def pin(session: Session) -> int:
    person = session.person()
    with steps(session) as progress:
        keeps = person.pin_everywhere(on_given=lambda count: progress("stored", count))
    document = {
        "nodes": [
            {
                "url": one.url,
                "kept": one.kept,
                "given": one.given,
                "lacking": [
                    {"cid": cid, "error": error.code} for cid, error in sorted(one.lacking.items())
                ],
            }
            for one in keeps
        ]
    }

    def render(console: Console) -> None:
        for one in keeps:
            counts = {"kept": one.kept, "given": one.given, "lacking": len(one.lacking)}
            _line(console, say("pin.node", url=one.url, **counts))
        why = dict.fromkeys(sentence(error) for one in keeps for error in one.lacking.values())
        for text in list(why)[:_MOST_SENTENCES]:
            _line(console, say("pin.trouble", why=text))

    show(session, document, render)
    return _UNFINISHED if any(one.lacking for one in keeps) else 0


@command("restore")
@click.option("--backup", "backup_file", required=True, type=click.Path(path_type=Path))
@click.option("--words", "words_file", metavar="FILE")
@click.option("--to", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option("--older", is_flag=True)
@click.option("--repost", is_flag=True)
def restore(
    session: Session,
    *,
    backup_file: Path,
    words_file: str | None,
    to: Path | None,
    older: bool,
    repost: bool,
) -> None:
    if to is not None:
        _read(session, backup_file, words_file, to)
        return
    from aceso.flows import Person, Profile, restore_backup

    if not session.has_profile:
        path = session.network_path()
        session.network()
        seed = read_seed(words_file)
        secret = session.passphrase(say("ask.new_passphrase"), confirm=True)
        named = str(path.resolve()) if path is not None else ""
        Profile.create(session.home, seed, passphrase=secret, kind="person", network=named).close()
    person: Person = session.person()
    with steps(session) as progress:
        done = restore_backup(
            person, backup_file, allow_older=older, repost=repost, progress=progress
        )
    document = {
        "records": done.records,
        "new": done.new,
        "bodies": done.bodies,
        "forgotten": done.forgotten,
        "older": done.is_older,
        "reposted": done.reposted,
        "problems": _problems(done.troubles),
    }

    def render(console: Console) -> None:
        counts = {"records": done.records, "new": done.new, "bodies": done.bodies}
        _line(console, say("restore.done", **counts))
        if done.forgotten:
            _line(console, say("restore.forgotten", count=done.forgotten))
        if done.is_older:
            _line(console, say("restore.older"))
        if done.reposted:
            _line(console, say("restore.reposted", count=done.reposted))
        for problem in done.troubles:
            _line(console, say("restore.trouble", why=sentence(problem)))

    show(session, document, render)


def _read(session: Session, backup_file: Path, words_file: str | None, to: Path) -> None:
    """Write the records out, with the seed alone."""
    from aceso.flows import read_records

    with steps(session) as progress:
        done = read_records(_seed(session, words_file), backup_file, to, progress=progress)
    document: dict[str, Any] = {
        "files": [str(one) for one in done.files],
        "withoutBody": [one.hex() for one in done.without_body],
    }

    def render(console: Console) -> None:
        _line(console, say("restore.read", count=len(done.files), folder=to))
        if done.without_body:
            _line(console, say("restore.without_body", count=len(done.without_body)))

    show(session, document, render)


def _seed(session: Session, words_file: str | None) -> Seed:
    """The profile's, or of the words where one is named or there is no profile."""
    if words_file is None and session.has_profile:
        return session.profile("person").seed
    return read_seed(words_file)


def _problems(found: Sequence[AcesoError]) -> list[dict[str, str]]:
    return [{"code": one.code, "message": sentence(one)} for one in found]


def _line(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
