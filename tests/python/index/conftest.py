"""The chains and actors of the chain's tests."""

from __future__ import annotations

from tests.python.chain.conftest import (
    deployment,
    institution,
    local_chain,
    owners,
    physician,
    relayer,
    researcher,
    subject,
    suite,
)

__all__ = [
    "deployment",
    "institution",
    "local_chain",
    "owners",
    "physician",
    "relayer",
    "researcher",
    "subject",
    "suite",
]
