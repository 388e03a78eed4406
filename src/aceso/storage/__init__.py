"""Where sealed bytes lie: IPFS, through the RPC of Kubo.

`ReplicatedIpfs` is the way in for every part: the same content at each node of a network, through
an `IpfsClient` for each. `python -m aceso.storage.node` is a local node.
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
from .replicated import NodeKeeps, ReplicatedIpfs

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
    "NodeKeeps",
    "ReplicatedIpfs",
    "ShownItem",
    "cid_digest",
    "cid_from_digest",
    "content_digest",
    "normalise_cid",
    "page_of_place",
    "paged",
]
