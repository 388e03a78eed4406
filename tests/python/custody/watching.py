"""What can be seen of a custodian from beside it: its figures, and what lies in its database."""

from __future__ import annotations

import httpx
import sqlalchemy as sa

from aceso.chain import GrantWord, SignedAct

from .conftest import Keeper, Network, Person, Reader, Shared, until


def figures(keeper: Keeper) -> dict[str, float]:
    """What it tells Prometheus."""
    page = httpx.get(f"{keeper.url}/metrics", trust_env=False)
    assert page.status_code == 200
    lines = [line for line in page.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def rows(keeper: Keeper, statement: str, **values: object) -> list[tuple[object, ...]]:
    """What its database answers, in a file or at a server."""
    url = f"sqlite:///file:{keeper.folder}/custodian.sqlite?mode=ro&uri=true"
    if "--database" in keeper.more:
        given = keeper.more[keeper.more.index("--database") + 1]
        url = given.replace("postgresql:", "postgresql+psycopg:")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as opened:
        return [tuple(row) for row in opened.execute(sa.text(statement), values)]


def left(keeper: Keeper, person: Person, reader: Reader) -> list[bytes]:
    """What lies there for this reader, encrypted as it is."""
    found = rows(
        keeper,
        "SELECT sealed FROM sealed_keys WHERE persona = :persona AND grantee = :grantee",
        persona=bytes.fromhex(person.persona.address[2:]),
        grantee=reader.grantee,
    )
    return [bytes(sealed) for (sealed,) in found if isinstance(sealed, bytes)]


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


def waiting(keeper: Keeper, person: Person) -> list[tuple[object, ...]]:
    """The kind of each withdrawal of a person that was shown, and when it is to be relayed."""
    return rows(
        keeper,
        "SELECT kind, relay_at FROM withdrawals WHERE subject = :subject",
        subject=bytes.fromhex(person.persona.address[2:]),
    )
