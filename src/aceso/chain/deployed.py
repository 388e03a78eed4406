"""What was deployed where: the file deployments/<network>.json.

deployment = Deployment.read("deployments/local.json")
deployment.contracts["ConsentRegistry"].address
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ._bytes import checksum
from .abi import SUITE
from .errors import DeploymentFileError

__all__ = ["Deployed", "Deployment"]


@dataclass(frozen=True, slots=True)
class Deployed:
    """Where a contract is, since which block, and with which arguments."""

    address: str
    block: int
    args: list[Any]


@dataclass(frozen=True, slots=True)
class Deployment:
    """All of a suite on one chain. `commit` is that of the sources, or empty."""

    network: str
    chain_id: int
    commit: str
    contracts: dict[str, Deployed]

    @property
    def first_block(self) -> int:
        """Nothing of the suite happened before it."""
        return min(at.block for at in self.contracts.values())

    @classmethod
    def from_json(cls, document: Mapping[str, Any], *, network: str = "") -> Deployment:
        """From `{"chainId", "commit", "contracts": {name: {"address", "block", "args"}}}`."""
        try:
            contracts = {
                str(name): Deployed(checksum(at["address"]), int(at["block"]), list(at["args"]))
                for name, at in document["contracts"].items()
            }
            missing = [name for name in SUITE if name not in contracts]
            if missing:
                raise ValueError(f"it lacks {', '.join(missing)}")
            return cls(
                network=str(document.get("network", network)),
                chain_id=int(document["chainId"]),
                commit=str(document.get("commit", "")),
                contracts=contracts,
            )
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise DeploymentFileError(network or "This", str(exc)) from exc

    @classmethod
    def read(cls, path: Path | str) -> Deployment:
        """Read deployments/<network>.json."""
        path = Path(path)
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as exc:
            raise DeploymentFileError(str(path), str(exc)) from exc
        return cls.from_json(document, network=path.stem)

    def to_json(self) -> dict[str, Any]:
        return {
            "network": self.network,
            "chainId": self.chain_id,
            "commit": self.commit,
            "contracts": {
                name: {"address": at.address, "block": at.block, "args": at.args}
                for name, at in self.contracts.items()
            },
        }

    def write(self, path: Path | str) -> None:
        """Write deployments/<network>.json, at once or not at all."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(self.to_json(), indent=2) + "\n", encoding="utf-8")
        draft.replace(path)
