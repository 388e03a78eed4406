"""What can go wrong with the index.

ChainError                (aceso.errors)
+ IndexBehindError        E_INDEX_NODE_BEHIND   the node knows less than the index
+ ReorgTooDeepError       E_INDEX_REORG         the chain took back more than it may
+ IndexChainError         E_INDEX_CHAIN         the file is of another chain or deployment
"""

from __future__ import annotations

from aceso.errors import ChainError

__all__ = ["IndexBehindError", "IndexChainError", "ReorgTooDeepError"]


class IndexBehindError(ChainError):
    """The node's newest block is older than what was indexed."""

    code = "E_INDEX_NODE_BEHIND"
    sentence = (
        "The node is at block {height} and the index at {indexed}: nothing was written. Wait "
        "until the node has caught up, or use another; if the chain was started anew, delete "
        "the index file."
    )

    def __init__(self, *, height: int, indexed: int):
        self.say(height=height, indexed=indexed)


class ReorgTooDeepError(ChainError):
    """No block that the index knows is part of the chain any more, as far back as it looks."""

    code = "E_INDEX_REORG"
    sentence = (
        "The chain differs from the index for more than {depth} blocks before block "
        "{indexed}, and nothing was written. Find out what happened to the chain; then delete "
        "the index file and sync again."
    )

    def __init__(self, *, indexed: int, depth: int):
        self.say(indexed=indexed, depth=depth)


class IndexChainError(ChainError):
    """The file belongs to another chain or another deployment."""

    code = "E_INDEX_CHAIN"
    sentence = (
        "The index in {path} is of another deployment: name another file, or delete this one."
    )

    def __init__(self, path: str):
        self.say(path=path)
