"""A device on which an import is cut off: `python importing.py NETWORK PROFILE FILE POINT`.

`sync:` in the place of the file cuts off a sync, and `move:` a move to other custodians.

The process kills itself, as a power failure would, at the point that is named:

    event:kept:1          when the import tells of the step "kept" for the first time
    before:Store.keep     when this method is about to be called
    after:Sender.send     when this method has just been called
"""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aceso.chain import Node, Sender
from aceso.custody import Committee
from aceso.flows import Network, Person, Profile, Store, move
from aceso.storage import IpfsClient, ReplicatedIpfs

PASSPHRASE = "a passphrase of a test"
_CLASSES: dict[str, type] = {
    "Committee": Committee,
    "IpfsClient": IpfsClient,
    "Node": Node,
    "Person": Person,
    "ReplicatedIpfs": ReplicatedIpfs,
    "Sender": Sender,
    "Store": Store,
}


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _hook(when: str, name: str, number: int) -> None:
    owner, method = name.split(".")
    kind = _CLASSES[owner]
    plain: Callable[..., Any] = getattr(kind, method)
    calls = 0

    @functools.wraps(plain)
    def hooked(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls < number:
            return plain(*args, **kwargs)
        if when == "before":
            _die()
        plain(*args, **kwargs)
        _die()

    setattr(kind, method, hooked)


def main(network_folder: str, profile_folder: str, file: str, point: str) -> None:
    when, name, number = (*point.split(":"), "1")[:3]
    if when != "event":
        _hook(when, name, int(number))
    seen = 0

    def progress(step: str, count: int) -> None:
        nonlocal seen
        if when == "event" and step == name:
            seen += 1
            if seen == int(number):
                _die()

    with Network.read(Path(network_folder)) as network:
        profile = Profile.open(Path(profile_folder), passphrase=PASSPHRASE)
        person = Person(network, profile)
        if file == "sync:":
            person.sync(progress=progress)
        elif file == "move:":
            move(person, progress=progress)
        else:
            person.import_files([Path(file)], progress=progress)


if __name__ == "__main__":
    main(*sys.argv[1:])
