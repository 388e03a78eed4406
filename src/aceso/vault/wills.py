"""A will, left with custodians so that fewer than enough of them read nothing of it.

    deposits = deposits_of_will(text, chain_id=1, persona="0x…", version=7, custodians=…, …)
    …
    text = open_will(deposits[:2])

The text is sealed under a random key, which is shared among the custodians; the deposit's head
names the digest of the text, which is the one that is committed on chain, so that each of them can
tell whether it is the will that stands. Enough of them together read it: the wait is in what they
give out, not in what they keep.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from typing import Final

from ._boxes import open_box, seal_box
from ._bytes import address_bytes, be
from .deposits import Deposit, Enclosed, deposits_of, join_deposits
from .errors import FormatError, OpeningError

__all__ = ["deposits_of_will", "open_will"]

_MAGIC: Final = b"AWTX"
_KEY_BYTES: Final = 32


def _bound(chain_id: int, persona: str, version: int) -> bytes:
    return be(chain_id, 8, "a chain id") + address_bytes(persona) + be(version, 8, "a version")


def deposits_of_will(
    text: str,
    *,
    chain_id: int,
    persona: str,
    version: int,
    custodians: Sequence[str],
    threshold: int,
) -> list[Deposit]:
    """A deposit for each custodian; any `threshold` of them give the will back."""
    key, document = os.urandom(_KEY_BYTES), text.encode()
    sealed = seal_box(document, key=key, magic=_MAGIC, bound=_bound(chain_id, persona, version))
    return deposits_of(
        key,
        chain_id=chain_id,
        persona=persona,
        version=version,
        custodians=custodians,
        threshold=threshold,
        enclosed=Enclosed(hashlib.sha256(document).digest(), sealed),
    )


def open_will(deposits: Sequence[Deposit]) -> str:
    """The will of these deposits, of one version, each checked before."""
    key, first = join_deposits(deposits), deposits[0]
    if first.enclosed is None:
        raise OpeningError("These deposits are of a seed, not of a will.")
    bound = _bound(first.chain_id, first.persona, first.version)
    _, document = open_box(first.enclosed.sealed, key=key, magic=_MAGIC, bound=bound, what="will")
    if hashlib.sha256(document).digest() != first.enclosed.digest:
        raise OpeningError("The will that these deposits hold is not the one that they name.")
    try:
        return document.decode()
    except UnicodeDecodeError as exc:
        raise FormatError("The will opens, but is not a text.") from exc
