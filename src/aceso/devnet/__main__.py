"""Run a local network until Ctrl-C: `python -m aceso.devnet --folder DIR`."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

from rich.console import Console
from rich.table import Table

from aceso.errors import AcesoError

from .network import Devnet

__all__ = ["main", "serve"]


def serve(network: Devnet, *, as_json: bool = False) -> None:
    """Show what runs, and stay until SIGTERM or Ctrl-C, or until a part ends by itself."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if as_json:
        sys.stdout.write(json.dumps(network.state) + "\n")
        sys.stdout.flush()
    else:
        Console().print(_table(network))
    while not stop.wait(0.5):
        network.check()


def _table(network: Devnet) -> Table:
    table = Table(title="Aceso devnet", caption=f"{network.folder} · Ctrl-C")
    table.add_column("part")
    table.add_column("address", overflow="fold")
    chain = network.state["chain"]
    table.add_row(f"chain ({chain['kind']}, {chain['chainId']})", chain["url"])
    for url in network.ipfs_urls:
        table.add_row("IPFS", url)
    for number, custodian in enumerate(network.custodians, 1):
        table.add_row(f"custodian {number}", f"{custodian['url']}  {custodian['address']}")
    for name, contract in ((network.deployment or {}).get("contracts") or {}).items():
        table.add_row(name, contract["address"])
    return table


def main(arguments: list[str] | None = None) -> int:
    """Start a network and keep it running."""
    parser = argparse.ArgumentParser(prog="python -m aceso.devnet", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path(".devnet"))
    parser.add_argument("--chain", choices=("anvil", "ganache"), default="anvil")
    parser.add_argument("--chain-port", type=int, default=0)
    parser.add_argument("--ipfs-port", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    # Until everything runs, the signals end it as they would end any program.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with Devnet.start(
            options.folder,
            chain=options.chain,
            chain_port=options.chain_port,
            ipfs_port=options.ipfs_port,
        ) as network:
            serve(network, as_json=options.json)
    except AcesoError as exc:
        sys.stderr.write(f"{exc.message}\n")
        return exc.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
