"""A custodian that has records and lists none of them: the real one, with one answer changed.

python withholding.py serve --folder DIR ...       as `python -m aceso.custody serve`
"""

from __future__ import annotations

from typing import Any

from aceso.custody.__main__ import main
from aceso.custody._listings import Listings

_listing = Listings.listing


def _empty(self: Listings, *asked: Any) -> dict[str, Any]:
    return _listing(self, *asked) | {"entries": [], "next": None}


if __name__ == "__main__":
    Listings.listing = _empty  # type: ignore[method-assign]
    raise SystemExit(main())
