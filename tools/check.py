"""Everything that can be known without running a test. One line for each part; red if any is.

python -m tools.check            all parts
python -m tools.check ruff mypy  some of them
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tools import typed_data
from tools.compiler import ROOT, SETTINGS, SOLC_VERSION, Compiled, compile_contracts
from tools.generate import PARTS, generated
from tools.programs import FORGE

__all__ = ["CHECKS", "main"]

# Bytes of runtime code: half of what the chain allows, less for the registries that all others ask.
LARGEST = 12_288
LARGEST_OF = {"ConsentRegistry": 9_216, "ParticipantRegistry": 6_144, "RecordRegistry": 6_144}
# One contract: who may act, what was attested and what was recovered hang on each other (adr/0010).
LARGEST_OF |= {"Guardianship": 13_824}
# A whole desk of orders, and the terms that it reads in every decision (adr/0017).
LARGEST_OF |= {"Studies": 13_568}
# A desk, and joining in it: a call to a library costs as much as two reads (adr/0023).
LARGEST_OF |= {"Unions": 14_336}
# Bytes of calldata, on a rollup most of the fee. The signature counts 65.
LONGEST_CALL = {
    ("RecordRegistry", "anchor"): 132,
    ("ConsentRegistry", "grant"): 260,
    ("ConsentRegistry", "grantWithSig"): 500,
    ("DataMarket", "buy"): 100,
}
_TYPEHASH = re.compile(r"(\w+_TYPEHASH)\s*=\s*keccak256\(\s*((?:\"[^\"]*\"\s*)+)\)", re.S)
_STRING = re.compile(r"\"([^\"]*)\"")
# The first accounts of "test test … junk", which every local chain has and nobody else's money.
_KNOWN_KEYS = frozenset(
    {
        "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
        "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
        "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
        "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
        "47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
    }
)
_SECRETS = {
    "a private key": re.compile(
        r"(?i)(?:private|secret)_?key[\"']?\s*[:=]\s*[\"'](?:0x)?([0-9a-f]{64})[\"']"
    ),
    "a PEM key": re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----\n[A-Za-z0-9+/]{40})"),
    "a token": re.compile(r"\b((?:ghp|gho|xox[bp]|sk_live|AKIA)[A-Za-z0-9_-]{16,})\b"),
}
_MACHINE = {
    "a folder of one machine": re.compile(
        r"(?<![\w.])/(?:home/\w+|Users/\w+|root|work/\w+|opt/pypi)/"
    ),
    "an address in a lock file": re.compile(r'"resolved": "https?:'),
}
_BINARY = {".gz", ".png", ".ico", ".bin", ".c4gh", ".car", ".age", ".zip", ".woff2"}


def _run(*command: str) -> str:
    """What the command said, when it was not content."""
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return "" if run.returncode == 0 else (run.stdout + run.stderr).strip() or "failed"


def forge_fmt() -> str:
    return _run(FORGE, "fmt", "--check", "contracts", "interfaces")


def solhint() -> str:
    return _run(
        "node",
        "node_modules/solhint/solhint.js",
        "--max-warnings",
        "0",
        "--noPoster",
        "contracts/**/*.sol",
        "interfaces/**/*.sol",
    )


def ruff() -> str:
    found = _run(".venv/bin/ruff", "check", "--quiet", ".")
    return found or _run(".venv/bin/ruff", "format", "--check", "--quiet", ".")


def mypy() -> str:
    folders = [
        name for name in ("src/aceso", "tools", "scripts") if any((ROOT / name).glob("*.py"))
    ]
    return _run(".venv/bin/python", "-m", "mypy", *folders)


def vocabulary() -> str:
    return _drift("codes")


def typed_data_drift() -> str:
    """The strings that contracts hash are those of eip712/, and every one of them is hashed."""
    found = [_drift("typed-data")]
    structs = typed_data.load(ROOT / "eip712")
    expected = {typed_data.encode_type(struct): name for name, struct in structs.items()}
    hashed: set[str] = set()
    verifiers = set()
    for path in sorted((ROOT / "contracts").glob("**/*.sol")):
        if "test" in path.relative_to(ROOT / "contracts").parts:
            continue
        source = path.read_text(encoding="utf-8")
        verifiers |= set(re.findall(r"^(?:abstract )?contract (\w+)", source, re.M))
        for constant, literals in _TYPEHASH.findall(source):
            text = "".join(_STRING.findall(literals))
            if text.startswith("EIP712Domain("):
                continue
            if text not in expected:
                found.append(
                    f"{path.relative_to(ROOT)}: {constant} is of no file in eip712/: {text}"
                )
            elif constant != _constant(expected[text]):
                found.append(f"{path.relative_to(ROOT)}: {constant} is that of {expected[text]}")
            hashed.add(text)
    custody = _custody_types()
    for encoded, name in expected.items():
        if encoded not in hashed and name not in custody:
            found.append(f"eip712/{name}.json is hashed by no contract and read by no custodian")
        if structs[name].verifier not in verifiers:
            found.append(f"eip712/{name}.json names no contract of ours: {structs[name].verifier}")
    return "\n".join(filter(None, found))


def _constant(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper() + "_TYPEHASH"


def _custody_types() -> set[str]:
    """The messages that are checked off chain: those that the package names in its own code."""
    sources = [
        path.read_text(encoding="utf-8")
        for path in (ROOT / "src/aceso").glob("**/*.py")
        if path.name != "typed_data.py"
    ]
    return {name for source in sources for name in re.findall(r"[\"'](\w+)[\"']", source)}


def abi() -> str:
    return _drift("abi")


def acl() -> str:
    """Every function that changes something checks what docs/acl.md says that it checks."""
    found = subprocess.run(
        [sys.executable, "-m", "tools.acl", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    return found.stderr if found.returncode else ""


def _drift(part: str) -> str:
    assert part in PARTS  # noqa: S101  (a slip in this file)
    drifted = generated(ROOT, [part], write=False)
    return "\n".join(f"{name} differs: run `make generate`" for name in drifted)


def sizes() -> str:
    """Runtime code and calldata within their limits."""
    found = []
    contracts = compile_contracts(ROOT)
    for name, contract in contracts.items():
        limit = LARGEST_OF.get(name, LARGEST)
        if contract.runtime_bytes > limit:
            found.append(f"{name} has {contract.runtime_bytes:,} bytes of code, over {limit:,}")
    for (name, function), limit in LONGEST_CALL.items():
        if name in contracts:
            length = _calldata(contracts[name], function)
            if length is None:
                found.append(f"{name} has no function {function}: name its limit anew")
            elif length > limit:
                found.append(f"{name}.{function} takes {length} bytes of calldata, over {limit}")
    return "\n".join(found)


def _calldata(contract: Compiled, function: str) -> int | None:
    lengths = [
        4 + sum(_head(field) for field in entry["inputs"])
        for entry in contract.abi
        if entry["type"] == "function" and entry["name"] == function
    ]
    return max(lengths, default=None)


def _head(field: dict[str, Any]) -> int:
    """Bytes of one argument; `bytes` is a signature: offset, length, and 65 bytes padded."""
    if field["type"] == "tuple":
        return sum(_head(part) for part in field["components"])
    return 32 + 32 + 96 if field["type"] == "bytes" else 32


def settings() -> str:
    """Brownie compiles as we do; the versions are one."""
    found = []
    brownie = (ROOT / "brownie-config.yaml").read_text(encoding="utf-8")
    for line in (
        f"evm_version: {SETTINGS['evmVersion']}",
        f"version: {SOLC_VERSION}",
        f"runs: {SETTINGS['optimizer']['runs']}",
    ):
        if line not in brownie:
            found.append(f"brownie-config.yaml does not say `{line}`")
    package = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    if package["devDependencies"]["solc"] != SOLC_VERSION:
        found.append(f"package.json has another solc than {SOLC_VERSION}")
    for name, version in (package["devDependencies"] | package["optionalDependencies"]).items():
        if not re.fullmatch(r"\d+\.\d+\.\d+", version):
            found.append(f"package.json does not pin {name}")
    pinned = _normal((ROOT / "requirements.txt").read_text(encoding="utf-8")).splitlines()
    for line in (ROOT / "requirements.in").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#") and _normal(line) not in pinned:
            found.append(f"requirements.txt does not have {line}: run `make lock`")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    init = (ROOT / "src/aceso/__init__.py").read_text(encoding="utf-8")
    if f'__version__ = "{project["project"]["version"]}"' not in init:
        found.append("pyproject.toml and src/aceso/__init__.py have different versions")
    return "\n".join(found)


def _normal(requirement: str) -> str:
    """Python packages are the same with `-` and `_`, in capitals or not."""
    return requirement.lower().replace("_", "-")


def secrets() -> str:
    """No secret of anybody and no trace of a machine in what git keeps."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = []
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.suffix in _BINARY or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for what, pattern in _SECRETS.items():
            for secret in pattern.findall(text):
                if secret.lower() not in _KNOWN_KEYS and not name.startswith("tests/vectors/"):
                    found.append(f"{name} holds {what}")
        if path != Path(__file__):
            for what, pattern in _MACHINE.items():
                match = pattern.search(text)
                if match:
                    found.append(f"{name} names {what}: {match.group(0)}")
    return "\n".join(sorted(set(found)))


CHECKS: dict[str, Callable[[], str]] = {
    "forge-fmt": forge_fmt,
    "solhint": solhint,
    "ruff": ruff,
    "mypy": mypy,
    "vocabulary": vocabulary,
    "typed-data": typed_data_drift,
    "abi": abi,
    "acl": acl,
    "sizes": sizes,
    "settings": settings,
    "secrets": secrets,
}


def _guarded(check: Callable[[], str]) -> str:
    """A check that cannot be made is red, too."""
    try:
        return check()
    except SystemExit as stop:
        return str(stop)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def main(arguments: list[str] | None = None) -> int:
    names = (sys.argv[1:] if arguments is None else arguments) or list(CHECKS)
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        print(f"no check is called {', '.join(unknown)}; there are {', '.join(CHECKS)}")
        return 2
    red = False
    with ThreadPoolExecutor(max_workers=2) as pool:
        for name, found in zip(
            names, pool.map(lambda name: _guarded(CHECKS[name]), names), strict=True
        ):
            print(f"{name:<12} {'FAILED' if found else 'ok'}", flush=True)
            if found:
                red = True
                print("    " + "\n    ".join(found.splitlines()[:60]), flush=True)
    return 1 if red else 0


if __name__ == "__main__":
    sys.exit(main())
