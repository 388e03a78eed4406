"""What can go wrong with IPFS.

StorageError                (aceso.errors)
+ IpfsDownError             E_IPFS_DOWN        nobody answers at the address
+ IpfsTimeoutError          E_IPFS_TIMEOUT     it answers, but not by the deadline
+ IpfsNotFoundError         E_IPFS_NOT_FOUND   no reachable node had the block by the deadline
+ IpfsAlteredError          E_IPFS_ALTERED     the bytes are not the ones that the CID names
+ IpfsTooLargeError         E_IPFS_TOO_LARGE   more bytes than the caller is ready to take
+ IpfsRefusedError          E_IPFS_REFUSED     the node says no, in its own words
InputError
+ InvalidCidError           E_IPFS_CID         not a CID of a kind that we use
"""

from __future__ import annotations

from aceso.errors import InputError, StorageError

__all__ = [
    "InvalidCidError",
    "IpfsAlteredError",
    "IpfsDownError",
    "IpfsNotFoundError",
    "IpfsRefusedError",
    "IpfsTimeoutError",
    "IpfsTooLargeError",
    "StorageError",
]


class IpfsDownError(StorageError):
    """No IPFS node answers at the address."""

    def __init__(self, url: str):
        super().__init__(
            f"No IPFS node answers at {url}: start one (aceso devnet, or ipfs daemon) and try "
            "again.",
            code="E_IPFS_DOWN",
            details={"url": url},
        )


class IpfsTimeoutError(StorageError):
    """The node was reached and did not finish in time."""

    def __init__(self, url: str, seconds: float):
        super().__init__(
            f"The IPFS node at {url} did not finish within {seconds:g} s: try again, or allow more "
            "time.",
            code="E_IPFS_TIMEOUT",
            details={"url": url, "seconds": seconds},
        )


class IpfsNotFoundError(StorageError):
    """No reachable node had the content in time."""

    def __init__(self, cid: str, seconds: float):
        super().__init__(
            f"No reachable IPFS node had {cid} within {seconds:g} s: whoever keeps it is offline, "
            "or nobody keeps it.",
            code="E_IPFS_NOT_FOUND",
            details={"cid": cid, "seconds": seconds},
        )


class IpfsAlteredError(StorageError):
    """What the node gave is not what the CID names."""

    def __init__(self, cid: str, url: str):
        super().__init__(
            f"The IPFS node at {url} gave bytes that are not {cid}: do not trust it, use another "
            "node.",
            code="E_IPFS_ALTERED",
            details={"cid": cid, "url": url},
        )


class IpfsTooLargeError(StorageError):
    """The content is longer than the caller asked for."""

    def __init__(self, cid: str, limit: int):
        super().__init__(
            f"{cid} is longer than {limit} bytes: read it to a file instead.",
            code="E_IPFS_TOO_LARGE",
            details={"cid": cid, "limit": limit},
        )


class IpfsRefusedError(StorageError):
    """The node answered with an error of its own."""

    def __init__(self, url: str, reason: str):
        super().__init__(
            f"The IPFS node at {url} refused: {reason}.",
            code="E_IPFS_REFUSED",
            details={"url": url, "reason": reason},
        )


class InvalidCidError(InputError):
    """The text is not a CID of a kind that we use."""

    def __init__(self, text: str):
        super().__init__(
            f"{text[:80]!r} is not a CID that Aceso uses: CIDv1 in base32 over sha2-256 (bafybei… "
            "or bafkrei…), or a CIDv0 (Qm…).",
            code="E_IPFS_CID",
            details={"cid": text[:80]},
        )
