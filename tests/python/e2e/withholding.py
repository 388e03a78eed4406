"""A custodian that has records and lists none of them: the real one, with one answer changed.

python withholding.py serve --folder DIR ...       as `python -m aceso.custody serve`
"""

from __future__ import annotations

from typing import Any

from aceso.custody.__main__ import main
from aceso.custody._releases import Releases

_listing = Releases.listing


def _empty(self: Releases, *asked: Any) -> dict[str, Any]:
    return _listing(self, *asked) | {"entries": [], "next": None}


if __name__ == "__main__":
    Releases.listing = _empty  # type: ignore[method-assign]
    raise SystemExit(main())
