"""A long list on IPFS, of which one item is shown without the rest.

    root, pages = paged(items, label=os.urandom(32))     # each a file of its own
    ShownItem(root, page).read(digest, place, size=1216)

The root is 32 bytes of the maker's, and then the digest in the CID of each page; a page has 16
items of one length. Who knows the digest in the CID of the root believes two short files for the
one item.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from aceso.errors import IntegrityError

from .cid import content_digest

__all__ = ["LABEL_BYTES", "MAX_ITEMS", "ShownItem", "page_of_place", "paged"]

LABEL_BYTES: Final = 32
MAX_ITEMS: Final = 1 << 16
_DIGEST_BYTES: Final = 32
_PAGE_ITEMS: Final = 16


def paged(items: Sequence[bytes], *, label: bytes) -> tuple[bytes, tuple[bytes, ...]]:
    """The root and the pages of a list. Raise `ValueError` for more items than `MAX_ITEMS`."""
    if len(label) != LABEL_BYTES or not 0 < len(items) <= MAX_ITEMS:
        raise ValueError(f"a list has a label of {LABEL_BYTES} bytes, and 1 to {MAX_ITEMS} items")
    if len({len(item) for item in items}) != 1:
        raise ValueError("the items of a list are of one length")
    pages = tuple(
        b"".join(items[start : start + _PAGE_ITEMS]) for start in range(0, len(items), _PAGE_ITEMS)
    )
    return label + b"".join(map(content_digest, pages)), pages


def page_of_place(root: bytes, place: int) -> bytes:
    """The digest in the CID of the page that has this place, from 1; empty if none has."""
    start = LABEL_BYTES + (place - 1) // _PAGE_ITEMS * _DIGEST_BYTES
    found = root[start : start + _DIGEST_BYTES] if place > 0 else b""
    return found if len(found) == _DIGEST_BYTES else b""


@dataclass(frozen=True, slots=True)
class ShownItem:
    """The two files that show an item; nothing of them is believed before `read`."""

    root: bytes = field(repr=False)
    page: bytes = field(repr=False)

    def read(self, digest: bytes, place: int, *, size: int) -> bytes:
        """The item of `size` bytes at this place, from 1, of the list whose root's CID has this
        digest. Raise `IntegrityError` where the files are others, or there is no such place."""
        at = (place - 1) % _PAGE_ITEMS * size
        item = self.page[at : at + size]
        if (
            content_digest(self.root) != digest
            or page_of_place(self.root, place) != content_digest(self.page)
            or len(item) != size
        ):
            raise IntegrityError(
                f"What is shown as number {place} of the list is not of that list. Fetch the list "
                "anew, by the digest that the chain has.",
                code="E_LIST_ITEM",
            )
        return item
