"""How long a person's own device takes to let somebody in.

A chain, five custodians as processes of their own and the device are on this machine, so these are
seconds that passed with all of them at work, and no network between them.
"""

from __future__ import annotations

import secrets
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aceso.codes import DataClass
from aceso.devnet import Authority, Devnet, with_suite
from aceso.flows import Network, Person, Profile, Reader
from aceso.vault import Seed

CUSTODIANS = 5
CLASSES = 20
TURNS = 5
LIMIT_SECONDS = 1.0


def run() -> list[dict[str, Any]]:
    """Measure everything."""
    with (
        tempfile.TemporaryDirectory() as name,
        Devnet.start(Path(name) / "net", stages=[with_suite(custodians=CUSTODIANS)]) as devnet,
        Network.read(Path(name) / "net") as network,
    ):
        folder = Path(name)
        person = Person(network, _profile(folder, "person"))
        authority = Authority(devnet, network.suite)
        return _sharing(person, lambda turn: _reader(folder, network, authority, turn))


def _profile(folder: Path, kind: Any, turn: int = 0) -> Profile:
    return Profile.create(
        folder / f"{kind}-{turn}",
        Seed.make(),
        passphrase=secrets.token_hex(),
        kind=kind,
        network=str(folder / "net"),
    )


def _reader(folder: Path, network: Network, authority: Authority, turn: int) -> Reader:
    reader = Reader(network, _profile(folder, "professional", turn))
    authority.fund([reader.account.address])
    reader.publish_key()
    return reader


def _sharing(person: Person, reader_of: Callable[[int], Reader]) -> list[dict[str, Any]]:
    """The lists of a new persona are opened and the keys left; the grant on chain is beside it."""
    classes = DataClass(0)
    for data_class in list(DataClass)[:CLASSES]:
        classes |= data_class
    taken = []
    for turn in range(TURNS):
        grantee = reader_of(turn).grantee
        persona, to = person.persona_for(grantee), person.network.receiving_key(grantee)
        began = time.monotonic()
        person._leave_keys(persona, grantee, classes, to, anew=True)
        taken.append(time.monotonic() - began)
    middle = statistics.median(taken)
    return [
        {
            "name": f"seal {CLASSES} classes for one grantee, and leave them at {CUSTODIANS}",
            "value": round(middle, 2),
            "unit": "s",
            "limit": LIMIT_SECONDS,
            "ratio": round(LIMIT_SECONDS / middle, 2),
        }
    ]
