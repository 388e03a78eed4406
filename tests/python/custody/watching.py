"""What can be seen of a custodian from beside it: its figures, and what lies in its folder."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import httpx

from aceso.chain import GrantWord, SignedAct

from .conftest import Keeper, Network, Person, Reader, Shared, until


def figures(keeper: Keeper) -> dict[str, float]:
    """What it tells Prometheus."""
    page = httpx.get(f"{keeper.url}/metrics", trust_env=False)
    assert page.status_code == 200
    lines = [line for line in page.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def left(keeper: Keeper, person: Person, reader: Reader) -> list[bytes]:
    """What lies there for this reader, encrypted as it is."""
    database = f"file:{keeper.folder}/custodian.sqlite?mode=ro"
    with closing(sqlite3.connect(database, uri=True)) as opened:
        rows = opened.execute(
            "SELECT sealed FROM sealed_keys WHERE persona = ? AND grantee = ?",
            (bytes.fromhex(person.persona.address[2:]), reader.grantee),
        )
        return [bytes(row[0]) for row in rows]


def caught_up(network: Network, keeper: Keeper) -> None:
    """Until it has read all that is confirmed now, and looked at what that ended."""
    goal = network.chain.height - keeper.confirmations
    with keeper.client() as client:
        until(lambda: client.health()["followed"] >= goal)


def show(keeper: Keeper, act: SignedAct) -> str:
    with keeper.client() as client:
        return client.withdraw(act.type_name, act.message, act.signature)


def word(shared: Shared) -> GrantWord:
    """The grant to the reader, as the newest block shows it."""
    suite, reader = shared.person.network.suite, shared.reader
    persona = shared.person.persona.address
    return suite.standing(persona, reader.grantee, reader.account.address).grant


def waiting(keeper: Keeper, person: Person) -> list[tuple[str, int | None]]:
    database = f"file:{keeper.folder}/custodian.sqlite?mode=ro"
    with closing(sqlite3.connect(database, uri=True)) as opened:
        return opened.execute(
            "SELECT kind, relay_at FROM withdrawals WHERE subject = ?",
            (bytes.fromhex(person.persona.address[2:]),),
        ).fetchall()
