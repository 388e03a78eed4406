"""A custodian that lies about its log: the real application with one function replaced.

python lying_log.py <lie> serve --folder DIR ...       as `python -m aceso.custody serve`

keeps-back    the newest receipt of each book is not shown
skips         the first receipt of each book is not shown
rewrites      a receipt is shown that is another than the one in the tree
misproves     a proof is shown that leads elsewhere
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

from aceso.custody.__main__ import main
from aceso.custody._store import Store
from aceso.custody.merkle import Tree

_lines = Store.lines


def _changed(lie: str, lines: list[Any]) -> list[Any]:
    if lie == "keeps-back":
        return lines[:-2]
    if lie == "skips":
        return lines[1:]
    if lie == "rewrites":
        first = lines[0]
        return [replace(first, receipt=first.receipt[:-1] + b"\0"), *lines[1:]]
    return lines


if __name__ == "__main__":
    lie = sys.argv.pop(1)
    Store.lines = lambda *given: _changed(lie, _lines(*given))  # type: ignore[method-assign]
    if lie == "misproves":
        prove = Tree.inclusion
        Tree.inclusion = lambda tree, index: [  # type: ignore[method-assign]
            bytes(32) for _ in prove(tree, index)
        ]
    raise SystemExit(main())
