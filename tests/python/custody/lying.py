"""A custodian that releases false shares: the real application with one function replaced.

python lying.py serve --folder DIR ...       as `python -m aceso.custody serve`
"""

from __future__ import annotations

import aceso.custody._releases as releases
from aceso.custody.__main__ import main
from aceso.vault import Capsule, PublicKey, VerifiedShare, seal_share


def _false(
    capsule: Capsule, share: VerifiedShare, receiving_key: PublicKey, *, request: bytes
) -> bytes:
    other = VerifiedShare(
        share.capsule, share.custodian, share._salt, bytes(32) + share._share[-1:]
    )
    return seal_share(capsule, other, receiving_key, request=request)


if __name__ == "__main__":
    releases.seal_share = _false  # type: ignore[assignment]
    raise SystemExit(main())
