"""Finding Anvil and Ganache.

Anvil is looked for in $ACESO_ANVIL, in the node_modules of the checkout that we run in, in our
cache and on PATH; when it is nowhere, npm fetches it once into the cache, pinned. npm's own wrapper
script is not used: it leaves Anvil running when it is killed.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from .errors import ToolMissingError

__all__ = ["ANVIL_VERSION", "find_anvil", "find_ganache"]

ANVIL_VERSION: Final = "1.7.1"
_GANACHE_VERSION: Final = "7.9.2"
_MACHINES: Final = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
_FETCH_SECONDS: Final = 300


def find_anvil(say: Callable[[str], None] = lambda _: None) -> str:
    """Return the path of Anvil, fetched if need be."""
    named = os.environ.get("ACESO_ANVIL")
    if named:
        if not os.access(named, os.X_OK):
            raise ToolMissingError("Anvil", f"$ACESO_ANVIL names {named}, which can't be run")
        return named
    package = f"anvil-{_system()}-{_MACHINES.get(platform.machine().lower(), 'amd64')}"
    inside = Path("node_modules", "@foundry-rs", package, "bin", "anvil")
    cache = _cache() / f"anvil-{ANVIL_VERSION}"
    for root in (*_checkouts(), cache):
        if os.access(root / inside, os.X_OK):
            return str(root / inside)
    on_path = shutil.which("anvil")
    if on_path:
        # npm's wrapper is a script; the program itself is not.
        with open(on_path, "rb") as file:
            if file.read(2) != b"#!":
                return on_path
    _fetch(f"@foundry-rs/{package}@{ANVIL_VERSION}", cache, "Anvil", say)
    return str(cache / inside)


def find_ganache(say: Callable[[str], None] = lambda _: None) -> list[str]:
    """Return the command of Ganache 7, fetched if need be."""
    node = shutil.which("node")
    if node is None:
        raise ToolMissingError("Node.js", "install it, or use Anvil")
    inside = Path("node_modules", "ganache", "dist", "node", "cli.js")
    cache = _cache() / f"ganache-{_GANACHE_VERSION}"
    for root in (*_checkouts(), cache):
        if (root / inside).exists():
            return [node, str(root / inside)]
    _fetch(f"ganache@{_GANACHE_VERSION}", cache, "Ganache", say)
    return [node, str(cache / inside)]


def _system() -> str:
    return "darwin" if sys.platform == "darwin" else "linux"


def _checkouts() -> Iterator[Path]:
    """The project's own folder, when we run from it."""
    for root in (Path.cwd(), Path(__file__).resolve().parents[3]):
        if (root / "package.json").exists() and (root / "vocabulary.toml").exists():
            yield root


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "aceso"


def _fetch(package: str, target: Path, tool: str, say: Callable[[str], None]) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise ToolMissingError(tool, "install npm, so that it can be fetched, or put it on PATH")
    say(f"Fetching {tool} once ({package}) into {target} …")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as draft:
        Path(draft, "package.json").write_text('{"private": true}\n')
        options = ["--no-audit", "--no-fund", "--ignore-scripts", "--no-save"]
        try:
            done = subprocess.run(
                [npm, "install", *options, package],
                cwd=draft,
                capture_output=True,
                text=True,
                timeout=_FETCH_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ToolMissingError(tool, "npm did not fetch it in time") from None
        if done.returncode:
            lines = done.stderr.strip().splitlines()
            raise ToolMissingError(tool, f"npm could not fetch {package} ({lines[0:1]})")
        try:
            os.rename(Path(draft, "node_modules"), _made(target) / "node_modules")
        except OSError:
            # Somebody else fetched it meanwhile.
            if not (target / "node_modules").exists():
                raise


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder
