"""Write what is made from the vocabulary, the typed data and the contracts; or compare it.

    vocabulary.toml   ->  contracts/libraries/Codes.sol, src/aceso/codes.py
    eip712/*.json     ->  src/aceso/typed_data.py
    contracts/**      ->  src/aceso/abi/<Contract>.json
    aceso.chain       ->  docs/errors.md

`python -m tools.generate` writes, `--check` changes nothing, names each file that differs and ends
with 1. `--only codes` (or `typed-data`, `abi`) does one of the three.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tools import codes, typed_data
from tools.compiler import ROOT, compile_contracts, compile_local
from tools.programs import FORGE

__all__ = ["generated", "main"]

Files = dict[str, str]

PYTHON = [".venv/bin/ruff", "format", "--stdin-filename", "generated.py", "-"]
SOLIDITY = [FORGE, "fmt", "--raw", "-"]


def formatted(text: str, command: list[str], root: Path) -> str:
    """Lay `text` out as every other file of its language."""
    program, *arguments = command
    run = subprocess.run(
        [root / program, *arguments], input=text, capture_output=True, text=True, cwd=root
    )
    if run.returncode != 0:
        raise SystemExit(f"{program} refused what was generated:\n{run.stderr}")
    return run.stdout


def abi_files(root: Path) -> Files:
    """One file for each contract that can be deployed.

    MultiSigWallet is among them so that the package can set up a network on one machine; it is no
    wallet for anything else.
    """
    contracts = compile_contracts(root) | compile_local(root)
    return {
        f"src/aceso/abi/{contract.name}.json": json.dumps(
            {
                "contractName": contract.name,
                "abi": contract.abi,
                "bytecode": contract.bytecode,
                "deployedBytecode": contract.runtime,
                "links": contract.links,
                "deployedLinks": contract.runtime_links,
                "immutables": [[at.name, at.start, at.length] for at in contract.immutables],
            },
            indent=1,
        )
        + "\n"
        for contract in contracts.values()
    }


def code_files(root: Path) -> Files:
    vocabulary = codes.load(root / "vocabulary.toml")
    return {
        "contracts/libraries/Codes.sol": formatted(codes.solidity(vocabulary), SOLIDITY, root),
        "src/aceso/codes.py": formatted(codes.python(vocabulary), PYTHON, root),
    }


def typed_data_files(root: Path) -> Files:
    text = typed_data.python(typed_data.load(root / "eip712"))
    return {"src/aceso/typed_data.py": formatted(text, PYTHON, root)}


def error_files(root: Path) -> Files:
    """The page of what contracts refuse. It is made from the ABIs, so they come first."""
    from aceso.chain.failures import markdown

    return {"docs/errors.md": markdown()}


# In this order: the contracts import the codes. The third is the folder of which each file is ours.
PARTS: dict[str, tuple[Callable[[Path], Files], str | None]] = {
    "codes": (code_files, None),
    "typed-data": (typed_data_files, None),
    "abi": (abi_files, "src/aceso/abi/*.json"),
    "errors": (error_files, None),
}


def generated(root: Path, parts: list[str], *, write: bool) -> list[str]:
    """Make `parts` and return the files that were not as they should be."""
    drifted: list[str] = []
    for part in parts:
        make, owned = PARTS[part]
        files = make(root)
        for name, text in files.items():
            path = root / name
            if path.exists() and path.read_text(encoding="utf-8") == text:
                continue
            drifted.append(name)
            if write:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        for path in sorted(root.glob(owned)) if owned else []:
            name = path.relative_to(root).as_posix()
            if name not in files:
                drifted.append(name)
                if write:
                    path.unlink()
    return drifted


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare, change nothing")
    parser.add_argument("--only", choices=list(PARTS), action="append", help="one part of it")
    options = parser.parse_args(arguments)
    drifted = generated(ROOT, options.only or list(PARTS), write=not options.check)
    for name in drifted:
        print(f"{name} differs: run `make generate`" if options.check else f"wrote {name}")
    return 1 if options.check and drifted else 0


if __name__ == "__main__":
    sys.exit(main())
