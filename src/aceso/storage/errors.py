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

from aceso.errors import InputError, StorageError, place_of

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

    code = "E_IPFS_DOWN"
    sentence = (
        "No IPFS node answers at {url}: start one (aceso devnet, or ipfs daemon) and try again."
    )

    def __init__(self, url: str):
        self.say(url=place_of(url))


class IpfsTimeoutError(StorageError):
    """The node was reached and did not finish in time."""

    code = "E_IPFS_TIMEOUT"
    sentence = (
        "The IPFS node at {url} did not finish within {seconds:g} s: try again, or allow more time."
    )

    def __init__(self, url: str, seconds: float):
        self.say(url=place_of(url), seconds=seconds)


class IpfsNotFoundError(StorageError):
    """No reachable node had the content in time."""

    code = "E_IPFS_NOT_FOUND"
    sentence = (
        "No reachable IPFS node had {cid} within {seconds:g} s: whoever keeps it is offline, "
        "or nobody keeps it."
    )

    def __init__(self, cid: str, seconds: float):
        self.say(cid=cid, seconds=seconds)


class IpfsAlteredError(StorageError):
    """What the node gave is not what the CID names."""

    code = "E_IPFS_ALTERED"
    sentence = (
        "The IPFS node at {url} gave bytes that are not {cid}: do not trust it, use another node."
    )

    def __init__(self, cid: str, url: str):
        self.say(cid=cid, url=place_of(url))


class IpfsTooLargeError(StorageError):
    """The content is longer than the caller asked for."""

    code = "E_IPFS_TOO_LARGE"
    sentence = "{cid} is longer than {limit} bytes: read it to a file instead."

    def __init__(self, cid: str, limit: int):
        self.say(cid=cid, limit=limit)


class IpfsRefusedError(StorageError):
    """The node answered with an error of its own."""

    code = "E_IPFS_REFUSED"
    sentence = "The IPFS node at {url} refused: {reason}."

    def __init__(self, url: str, reason: str):
        self.say(url=place_of(url), reason=reason)


class InvalidCidError(InputError):
    """The text is not a CID of a kind that we use."""

    code = "E_IPFS_CID"
    sentence = (
        "{cid!r} is not a CID that Aceso uses: CIDv1 in base32 over sha2-256 (bafybei… or "
        "bafkrei…), or a CIDv0 (Qm…)."
    )

    def __init__(self, text: str):
        self.say(cid=text[:80])
