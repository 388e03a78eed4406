"""What runs where: the file `devnet.json` in the folder of a local network.

    {"chain": {"url", "chainId", "kind"}, "ipfs": {"url", "peer", "also"}, "pid",
     "custodians": [{"address", "url", "publicKey"}], "deployment": {...} or null, "message"}

It is replaced as a whole, so that nobody reads half of it, and it is gone when the network is.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

__all__ = ["STATE_FILE", "read_state", "write_state"]

STATE_FILE = "devnet.json"


def read_state(folder: Path) -> dict[str, Any] | None:
    """Return what the file says, or nothing when there is none."""
    try:
        state: dict[str, Any] = json.loads((folder / STATE_FILE).read_text())
    except FileNotFoundError:
        return None
    return state


def write_state(folder: Path, state: dict[str, Any]) -> None:
    """Replace the file."""
    draft = folder / f".{STATE_FILE}.{os.getpid()}"
    with draft.open("w") as file:
        json.dump(state, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / STATE_FILE)
