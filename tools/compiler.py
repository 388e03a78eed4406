"""Compile the contracts as they are deployed, with the compiler that `make setup` installed.

One standard-JSON run over `contracts/` and `interfaces/`, through the same stand-in for solc that
Brownie uses and with the same settings, so both give the same bytecode. Test doubles are left out,
but for the wallet that stands for the authority on local networks; it is compiled by itself. A
library that others are linked with counts as deployable.

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

__all__ = [
    "LOCAL_ONLY",
    "ROOT",
    "SETTINGS",
    "SOLC_VERSION",
    "Compiled",
    "Immutable",
    "compile_contracts",
    "compile_local",
    "contract_sources",
]

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
            # Only there are the names of immutables.
            "": ["ast"],
            "*": [
                "abi",
                "evm.bytecode.object",
                "evm.bytecode.linkReferences",
                "evm.deployedBytecode.object",
                "evm.deployedBytecode.linkReferences",
                "evm.deployedBytecode.immutableReferences",
            ],
        }
    },
}
# For local networks and tests, never for a public one.
LOCAL_ONLY = "contracts/test/MultiSigWallet.sol"

_DEPLOYABLE = re.compile(r"^(contract|library) (\w+)", re.M)
# How a library's code begins: with its own address, which is put there when it is deployed.
_LIBRARY_CODE = "73" + "00" * 20 + "30"

Links = dict[str, tuple[tuple[int, int], ...]]


@dataclass(frozen=True, slots=True)
class Immutable:
    """Where the deployed code holds a value that only the deployment knows."""

    name: str
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Compiled:
    """A contract that can be deployed, or a library that others are linked with.

    Bytecode has placeholders where `links` says; `runtime_links` are those of the deployed code.
    """

    name: str
    source: str
    abi: list[dict[str, Any]]
    bytecode: str
    runtime: str
    links: Links
    runtime_links: Links
    immutables: tuple[Immutable, ...]

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
    return _compile(contract_sources(root), root)


def compile_local(root: Path = ROOT, path: str = LOCAL_ONLY) -> dict[str, Compiled]:
    """Compile one file of `contracts/test`: the wallet that stands for the authority on local
    networks, unless another is named."""
    return _compile({path: (root / path).read_text(encoding="utf-8")}, root)


def _compile(sources: dict[str, str], root: Path) -> dict[str, Compiled]:
    output = _solc(sources, root)
    linked = _linked(output)
    found: dict[str, Compiled] = {}
    for path, source in sources.items():
        if not path.startswith("contracts/"):
            continue
        for kind, name in _DEPLOYABLE.findall(source):
            answer = output["contracts"][path][name]
            # A library of internal functions is part of those who use it.
            if kind == "library" and f"{path}:{name}" not in linked:
                continue
            if name in found:
                raise SystemExit(f"{name} is in {found[name].source} and in {path}: rename one")
            found[name] = _compiled(name, path, answer, output["immutables"])
    return dict(sorted(found.items()))


def _compiled(name: str, path: str, answer: dict[str, Any], names: dict[str, str]) -> Compiled:
    created, deployed = answer["evm"]["bytecode"], answer["evm"]["deployedBytecode"]
    immutables = [
        Immutable(name=names[key], start=at["start"], length=at["length"])
        for key, places in deployed.get("immutableReferences", {}).items()
        for at in places
    ]
    if deployed["object"].startswith(_LIBRARY_CODE):
        immutables.append(Immutable(name="library", start=1, length=20))
    return Compiled(
        name=name,
        source=path,
        abi=answer["abi"],
        bytecode="0x" + created["object"],
        runtime="0x" + deployed["object"],
        links=_links(created),
        runtime_links=_links(deployed),
        immutables=tuple(sorted(immutables, key=lambda at: at.start)),
    )


def _linked(output: dict[str, Any]) -> set[str]:
    """The libraries that some contract is linked with."""
    return {
        f"{source}:{name}"
        for contracts in output["contracts"].values()
        for answer in contracts.values()
        for source, names in answer["evm"]["bytecode"].get("linkReferences", {}).items()
        for name in names
    }


def _links(code: dict[str, Any]) -> Links:
    return {
        f"{source}:{name}": tuple((at["start"], at["length"]) for at in places)
        for source, libraries in code.get("linkReferences", {}).items()
        for name, places in libraries.items()
    }


def _immutable_names(node: Any) -> dict[str, str]:
    """The names of immutables by the numbers that the compiler gave them."""
    found: dict[str, str] = {}
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if node.get("mutability") == "immutable":
                found[str(node["id"])] = node["name"]
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
    return found


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
    run = subprocess.run(
        [solc, "--standard-json"], input=request, capture_output=True, text=True, cwd=root
    )
    if run.returncode != 0:
        raise SystemExit(f"the compiler failed:\n{run.stderr}")
    answer = json.loads(run.stdout)
    wrong = [error for error in answer.get("errors", []) if error["severity"] == "error"]
    if wrong:
        raise SystemExit("\n".join(error["formattedMessage"] for error in wrong))
    # The trees are large, and these names are all that is wanted of them.
    answer["immutables"] = _immutable_names(answer.pop("sources"))
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
