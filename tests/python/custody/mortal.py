"""A custodian that dies at a point: the real one, which kills itself there with SIGKILL.

python mortal.py POINT serve --folder DIR ...       as `python -m aceso.custody serve`

    commit:INSERT INTO log     when the transaction in which this ran is about to be committed
    kept:INSERT INTO log       when it has been committed, and nobody was told
    before:Sender.send         when this method is about to be called
    after:Sender.send          when it has done its work, and the caller doesn't know yet
"""

from __future__ import annotations

import functools
import os
import signal
import sys
import threading
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.engine.default import DefaultDialect

from aceso.chain import Sender
from aceso.custody.__main__ import main

_OWNERS: dict[str, Any] = {"Sender": Sender, "os": os}


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _in_transaction(when: str, text: str) -> None:
    here = threading.local()
    commit = DefaultDialect.do_commit

    @event.listens_for(Engine, "after_cursor_execute")
    def ran(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(text):
            here.ran = True

    def dying(self: DefaultDialect, connection: Any) -> None:
        if when == "commit" and getattr(here, "ran", False):
            _die()
        commit(self, connection)
        if getattr(here, "ran", False):
            _die()

    DefaultDialect.do_commit = dying  # type: ignore[method-assign]


def _at_method(when: str, name: str) -> None:
    owner, method = name.split(".")
    plain = getattr(_OWNERS[owner], method)

    @functools.wraps(plain)
    def dying(*args: Any, **kwargs: Any) -> Any:
        if when == "before":
            _die()
        plain(*args, **kwargs)
        _die()

    setattr(_OWNERS[owner], method, dying)


if __name__ == "__main__":
    point = sys.argv.pop(1)
    when, _, what = point.partition(":")
    (_at_method if when in ("before", "after") else _in_transaction)(when, what)
    raise SystemExit(main())
