"""Put the head of a custodian's log on chain, again and again, from the custodian's own account.

    with anchoring(suite, keys, log, every=3600): serve()

Nothing is sent while the log is as long as it was. Where it fails, such as without ether, it is
said in the custodian's own log and tried again; who holds a signed head can anchor it as well.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from aceso.chain import Sender, Suite
from aceso.errors import AcesoError

from ._log import Log
from .keys import CustodianKeys

__all__ = ["anchoring"]

_log = logging.getLogger("aceso.custody")


@contextmanager
def anchoring(suite: Suite, keys: CustodianKeys, log: Log, *, every: float) -> Iterator[None]:
    """Anchor every so many seconds, beside what is done in here."""
    stop = threading.Event()
    sender = Sender(suite, keys.account)

    def run() -> None:
        while not stop.wait(every):
            try:
                head = log.head()
                if head.size > suite.access_log.head_of(keys.address).size:
                    sender.send(suite.access_log.anchor_log(head.size, head.root))
            except AcesoError as error:
                _log.warning("the log was not anchored: %s", error.code)

    thread = threading.Thread(target=run, name="aceso-anchoring", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=10)
