"""Put the head of a custodian's log on chain, from the custodian's own account.

Nothing is sent while the log is as long as it was. Where it fails, such as without ether, it is
said in the custodian's own log and tried again; who holds a signed head can anchor it as well.
"""

from __future__ import annotations

from collections.abc import Callable

from aceso.chain import Sender, Suite

from ._log import Log

__all__ = ["anchor"]


def anchor(log: Log, connect: Callable[[], tuple[Suite, Sender]]) -> bool:
    """Anchor the log's head, if it grew; whether that was sent."""
    suite, sender = connect()
    head = log.head()
    if head.size <= suite.access_log.head_of(head.custodian).size:
        return False
    sender.send(suite.access_log.anchor_log(head.size, head.root))
    return True
