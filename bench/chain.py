"""How fast transactions are sent and events are indexed, on Anvil, signing included."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from eth_account import Account

from aceso.chain import Sender, Suite, deploy_local_authority, deploy_suite
from aceso.devnet.chain import MNEMONIC, start_chain
from aceso.index import Index

ONE_BY_ONE, BATCHED = 300, 3_000


def run() -> list[dict[str, Any]]:
    """Measure, and compare with the limits."""
    Account.enable_unaudited_hdwallet_features()
    accounts = [
        Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{at}") for at in range(5)
    ]
    with tempfile.TemporaryDirectory() as folder:
        process, chain = start_chain("anvil", folder=Path(folder))
        with process, chain:
            deployment = deploy_suite(
                chain.url,
                accounts[0],
                network="bench",
                authority=deploy_local_authority(chain.url, accounts[0], accounts[1:4]),
                commons=accounts[4].address,
                accreditation_delay=0,
                coin_rate=1,
                sale_cap=1,
                coin_cap=10**26,
            )
            suite = Suite.connect(chain.url, deployment)
            sender = Sender(suite, accounts[0])
            calls = [
                suite.records.anchor(at.to_bytes(32, "big"), bytes(32))
                for at in range(1, ONE_BY_ONE + BATCHED + 1)
            ]
            started = time.perf_counter()
            for call in calls[:ONE_BY_ONE]:
                sender.send(call)
            single = ONE_BY_ONE / (time.perf_counter() - started)
            started = time.perf_counter()
            sender.send_all(calls[ONE_BY_ONE:])
            batched = BATCHED / (time.perf_counter() - started)
            with Index(":memory:", suite) as index:
                started = time.perf_counter()
                events = index.sync()
                indexed = events / (time.perf_counter() - started)
            suite.close()
    return [
        _row("transactions sent one by one", single, "1/s", 200),
        _row("transactions sent in batches", batched, "1/s", 1_000),
        _row("events indexed", indexed, "1/s", 5_000),
    ]


def _row(name: str, value: float, unit: str, limit: float) -> dict[str, Any]:
    """A ratio of 1 or more keeps the limit."""
    return {"name": name, "value": value, "unit": unit, "limit": limit, "ratio": value / limit}
