"""Where sealed bytes lie: IPFS, through the RPC of Kubo.

`IpfsClient` is the one way in for every part. `python -m aceso.storage.node` is a local node.
"""

from .cid import cid_digest, cid_from_digest, content_digest, normalise_cid
from .errors import (
    InvalidCidError,
    IpfsAlteredError,
    IpfsDownError,
    IpfsNotFoundError,
    IpfsRefusedError,
    IpfsTimeoutError,
    IpfsTooLargeError,
)
from .ipfs import Content, IpfsClient, NodeInfo
from .paged import LABEL_BYTES, MAX_ITEMS, ShownItem, page_of_place, paged

__all__ = [
    "LABEL_BYTES",
    "MAX_ITEMS",
    "Content",
    "InvalidCidError",
    "IpfsAlteredError",
    "IpfsClient",
    "IpfsDownError",
    "IpfsNotFoundError",
    "IpfsRefusedError",
    "IpfsTimeoutError",
    "IpfsTooLargeError",
    "NodeInfo",
    "ShownItem",
    "cid_digest",
    "cid_from_digest",
    "content_digest",
    "normalise_cid",
    "page_of_place",
    "paged",
]
