"""Where the native programs are that npm installed.

The wrappers in `node_modules/.bin` are not used: that of forge ends with 0 when tests fail, and
that of Anvil leaves Anvil running when it is killed.
"""

from __future__ import annotations

import platform
import sys

__all__ = ["ANVIL", "FORGE", "foundry"]


def foundry(program: str) -> str:
    """The folder of a native Foundry program, from the root of the project."""
    machine = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64"}.get(
        platform.machine(), platform.machine()
    )
    return f"node_modules/@foundry-rs/{program}-{sys.platform}-{machine}/bin"


FORGE = f"{foundry('forge')}/forge"
ANVIL = f"{foundry('anvil')}/anvil"
