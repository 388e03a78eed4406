"""Compile the contracts as they are deployed, with the compiler that `make setup` installed.

One standard-JSON run over `contracts/` and `interfaces/`, through the same stand-in for solc that
Brownie uses and with the same settings, so both give the same bytecode. Test doubles are left out.
The answer is kept in `build/solc/` under the digest of everything that went in, and compiling twice
costs nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["ROOT", "SETTINGS", "SOLC_VERSION", "Compiled", "compile_contracts", "contract_sources"]

ROOT = Path(__file__).resolve().parent.parent
SOLC_VERSION = "0.8.37"
# The same as in brownie-config.yaml, which a test compares.
SETTINGS: dict[str, Any] = {
    "evmVersion": "shanghai",
    "optimizer": {"enabled": True, "runs": 200},
    "remappings": ["@openzeppelin=node_modules/@openzeppelin"],
    # Without the digest of the sources the bytecode depends on what it does alone.
    "metadata": {"bytecodeHash": "none"},
    "outputSelection": {
        "*": {
            "*": [
                "abi",
                "evm.bytecode.object",
                "evm.deployedBytecode.object",
                "evm.deployedBytecode.immutableReferences",
            ]
        }
    },
}
_DEPLOYABLE = re.compile(r"^contract (\w+)", re.M)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A contract that can be deployed."""

    name: str
    source: str
    abi: list[dict[str, Any]]
    bytecode: str
    runtime: str
    immutables: tuple[tuple[int, int], ...]

    @property
    def runtime_bytes(self) -> int:
        return (len(self.runtime) - 2) // 2


def contract_sources(root: Path = ROOT) -> dict[str, str]:
    """Every source that is ours, by its path from the root, without the test doubles."""
    paths = sorted([*root.glob("contracts/**/*.sol"), *root.glob("interfaces/**/*.sol")])
    names = {path.relative_to(root).as_posix(): path for path in paths}
    return {
        name: path.read_text(encoding="utf-8")
        for name, path in names.items()
        if not name.startswith("contracts/test/")
    }


def compile_contracts(root: Path = ROOT) -> dict[str, Compiled]:
    """Compile everything and return what can be deployed, by name."""
    sources = contract_sources(root)
    output = _solc(sources, root)
    found: dict[str, Compiled] = {}
    for path, source in sources.items():
        if not path.startswith("contracts/"):
            continue
        for name in _DEPLOYABLE.findall(source):
            if name in found:
                raise SystemExit(f"{name} is in {found[name].source} and in {path}: rename one")
            found[name] = _compiled(name, path, output["contracts"][path][name])
    return dict(sorted(found.items()))


def _compiled(name: str, path: str, answer: dict[str, Any]) -> Compiled:
    evm = answer["evm"]
    places = evm["deployedBytecode"].get("immutableReferences", {}).values()
    return Compiled(
        name=name,
        source=path,
        abi=answer["abi"],
        bytecode="0x" + evm["bytecode"]["object"],
        runtime="0x" + evm["deployedBytecode"]["object"],
        immutables=tuple(sorted((at["start"], at["length"]) for group in places for at in group)),
    )


def _solc(sources: dict[str, str], root: Path) -> dict[str, Any]:
    request = json.dumps(
        {
            "language": "Solidity",
            "sources": {path: {"content": text} for path, text in sources.items()},
            "settings": SETTINGS,
        },
        sort_keys=True,
    )
    digest = hashlib.sha256(f"{_installed(root)}\n{request}".encode()).hexdigest()
    kept = root / "build" / "solc" / f"{digest[:32]}.json"
    if kept.exists():
        answer: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
        return answer

    solc = root / ".solcx" / f"solc-v{SOLC_VERSION}"
    if not solc.exists():
        raise SystemExit(f"there is no compiler at {solc.relative_to(root)}: run `make setup`")
    run = subprocess.run(  # noqa: S603
        [solc, "--standard-json"], input=request, capture_output=True, text=True, cwd=root
    )
    if run.returncode != 0:
        raise SystemExit(f"the compiler failed:\n{run.stderr}")
    answer = json.loads(run.stdout)
    wrong = [error for error in answer.get("errors", []) if error["severity"] == "error"]
    if wrong:
        raise SystemExit("\n".join(error["formattedMessage"] for error in wrong))
    _keep(kept, json.dumps(answer))
    return answer


def _installed(root: Path) -> str:
    """What npm installed: with another compiler or library the answer may differ."""
    lock = root / "package-lock.json"
    return hashlib.sha256(lock.read_bytes()).hexdigest() if lock.exists() else ""


def _keep(path: Path, text: str) -> None:
    """Write at once or not at all: several programs may compile at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).replace(path)
    others = sorted(path.parent.glob("*.json"), key=lambda old: old.stat().st_mtime)
    for old in others[:-8]:
        old.unlink(missing_ok=True)
