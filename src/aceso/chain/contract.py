"""One contract: its address, and its functions by name. The base of every class for one."""

from __future__ import annotations

from typing import Any

from .abi import artifact
from .calls import Call
from .node import BlockTag, Node

__all__ = ["Contract"]


class Contract:
    """One contract: its address, and its functions by name."""

    def __init__(self, node: Node, name: str, address: str):
        self.node = node
        self.name = name
        self.address = address
        self._functions = artifact(name).functions

    def __repr__(self) -> str:
        return f"{self.name}({self.address})"

    def read(self, function: str, *values: Any, block: BlockTag = "latest") -> tuple[Any, ...]:
        """What a view function answers, as a tuple."""
        known = self._functions[function]
        return known.decode(self.node.call(self.address, known.encode(*values), block=block))

    def call(self, function: str, *values: Any, value: int = 0) -> Call:
        """A call to send."""
        data = self._functions[function].encode(*values)
        return Call(self.address, data, value=value, name=f"{self.name}.{function}")
