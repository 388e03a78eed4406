"""A custodian that releases false shares, for the demo: the real service with one answer changed,
of records and of extracts alike.

python -m aceso.demo.liar serve --folder DIR …      as `python -m aceso.custody serve`
"""

from __future__ import annotations

import os

import aceso.custody._orders as orders
import aceso.custody._releases as releases
from aceso.custody.__main__ import main
from aceso.vault import Capsule, PublicKey, VerifiedShare, seal_share

__all__: list[str] = []


def _false(
    capsule: Capsule, share: VerifiedShare, receiving_key: PublicKey, *, request: bytes
) -> bytes:
    """A share of the right form, sealed to whoever asked, and made up."""
    made_up = os.urandom(len(share._share) - 1) + share._share[-1:]
    lie = VerifiedShare(share.capsule, share.custodian, share._salt, made_up)
    return seal_share(capsule, lie, receiving_key, request=request)


if __name__ == "__main__":
    for module in (orders, releases):
        vars(module)["seal_share"] = _false
    raise SystemExit(main())
