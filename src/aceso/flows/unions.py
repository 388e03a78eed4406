"""Data unions: what is delivered for an order of one, part by part.

    parts = PartList.of(leaf_of(part) for part in …)  # whoever puts a delivery together
    delivery_of(order, parts, receiving_key)          # what the committee signs
    claim(suite, order, parts, part, …)               # what anybody sends, once the part is due

The parts of a delivery are published on IPFS; its CID is known from the delivery, so each member
makes the proof of their own part anew, whoever is gone by then.
"""

from __future__ import annotations

from aceso.chain import Call, Delivery, Part, Suite
from aceso.storage import content_digest
from aceso.vault import PartList, part_leaf

__all__ = ["claim", "delivery_of", "leaf_of"]


def leaf_of(part: Part) -> bytes:
    """Where a part is in the tree of a delivery."""
    return part_leaf(part.member, part.extract, part.capsule)


def delivery_of(order: int, parts: PartList, receiving_key: bytes) -> Delivery:
    """What the committee signs. Published is `parts.to_bytes()`, whose digest on IPFS stands in the
    place of the capsule's."""
    return Delivery(order, parts.extract, receiving_key, content_digest(parts.to_bytes()))


def claim(suite: Suite, order: int, parts: PartList, part: Part) -> Call:
    """The call that pays one member's part; raise `ValueError` where it is not in the delivery."""
    return suite.unions.claim(order, part, list(parts.proof(leaf_of(part))))
