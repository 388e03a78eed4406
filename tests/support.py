"""Small helpers of the contracts' tests."""

from __future__ import annotations

from typing import Any

__all__ = ["typed"]


def typed(name: str, *arguments: Any) -> str:
    """The text by which Brownie 1.22.2 shows a custom error, for `brownie.reverts`.

    `reverts` compares the whole text: addresses are in lower case, bytes are a Python literal, and
    an error without arguments ends in a colon and a space.
    """
    return f"{name}: " + ", ".join(_shown(argument) for argument in arguments)


def _shown(argument: Any) -> str:
    if isinstance(argument, bool):
        return str(argument)
    if isinstance(argument, int):
        return str(int(argument))
    if isinstance(argument, bytes):
        return str(bytes(argument))
    text = str(getattr(argument, "address", argument))
    if text.startswith("0x"):
        # 20 bytes are an address; everything longer is bytes.
        return text.lower() if len(text) == 42 else str(bytes.fromhex(text[2:]))
    return text
