"""A local chain: Anvil, or Ganache 7.

Both run at Shanghai with the well-known test mnemonic, so the accounts and their keys are the same
on both and are nobody's secret. A block is made for each transaction. Anvil makes one a second
besides, so that confirmations go on; Ganache can't do both, and gets there by `mine`.
"""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal

import orjson

from aceso.bounded_http import BoundedHttp, NoAnswerError, TooLongError
from aceso.errors import ChainError

from .process import Process, free_port
from .tools import find_anvil, find_ganache

__all__ = ["MNEMONIC", "ChainKind", "LocalChain", "start_chain"]

ChainKind = Literal["anvil", "ganache"]

MNEMONIC: Final = "test test test test test test test test test test test junk"
_ACCOUNTS: Final = 40
_ETHER: Final = 10_000
_READY_SECONDS: Final = 30.0
# The whole state of a chain may be asked for.
_MOST_BYTES: Final = 1 << 28
_ASK_SECONDS: Final = 30.0


class LocalChain:
    """A chain whose clock and blocks we may move."""

    def __init__(self, url: str):
        self.url = url
        self._http = BoundedHttp(most=_MOST_BYTES)

    def __enter__(self) -> LocalChain:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def ask(self, method: str, *params: object) -> Any:
        """Call the JSON-RPC."""
        call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        try:
            ends = time.monotonic() + _ASK_SECONDS
            answer = orjson.loads(
                self._http.ask("POST", self.url, orjson.dumps(call), ends=ends).body
            )
        except (NoAnswerError, TooLongError, ValueError) as exc:
            raise ChainError(
                f"No Ethereum node answers at {self.url}: start one with aceso devnet.",
                code="E_CHAIN_DOWN",
                details={"url": self.url},
            ) from exc
        if "error" in answer:
            raise ChainError(
                f"The Ethereum node refused {method}: {answer['error'].get('message')}.",
                code="E_CHAIN_REFUSED",
                details={"method": method},
            )
        return answer.get("result")

    @property
    def chain_id(self) -> int:
        return int(self.ask("eth_chainId"), 16)

    @property
    def height(self) -> int:
        """The number of the newest block."""
        return int(self.ask("eth_blockNumber"), 16)

    @property
    def now(self) -> int:
        """The time of the newest block: the only clock that counts."""
        block: dict[str, str] = self.ask("eth_getBlockByNumber", "latest", False)
        return int(block["timestamp"], 16)

    def accounts(self) -> list[str]:
        found: list[str] = self.ask("eth_accounts")
        return found

    def advance_time(self, seconds: int) -> int:
        """Make a block that lies `seconds` after the newest; return its time."""
        if seconds < 1:
            raise ValueError("time goes on by a second at least")
        if self._is_anvil():
            self.ask("evm_setNextBlockTimestamp", self.now + seconds)
            self.ask("evm_mine")
        else:
            # Ganache reads the time from the call itself.
            self.ask("evm_mine", self.now + seconds)
            self.ask("evm_setTime", self.now * 1000)
        return self.now

    def mine(self, blocks: int = 1) -> int:
        """Make blocks; return the height."""
        if self._is_anvil():
            self.ask("anvil_mine", hex(blocks))
        else:
            self.ask("evm_mine", {"blocks": blocks})
        return self.height

    def _is_anvil(self) -> bool:
        return str(self.ask("web3_clientVersion")).lower().startswith("anvil")

    def answers(self) -> bool:
        try:
            self.ask("eth_chainId")
        except ChainError:
            return False
        return True


def start_chain(
    kind: ChainKind, *, folder: Path, port: int = 0, chain_id: int = 31337
) -> tuple[Process, LocalChain]:
    """Start a chain on loopback, and return it when it answers."""
    port = free_port(port)
    if kind == "anvil":
        command = [find_anvil(), "--host", "127.0.0.1", "--port", str(port), "--silent"]
        command += ["--hardfork", "shanghai", "--block-time", "1", "--mixed-mining"]
        command += ["--chain-id", str(chain_id), "--mnemonic", MNEMONIC]
        command += ["--accounts", str(_ACCOUNTS), "--balance", str(_ETHER)]
        # The states of all but the newest blocks: gigabytes in time, which it doesn't remove.
        command += ["--cache-path", str(folder / "anvil-states")]
    else:
        command = [*find_ganache(), "--server.host", "127.0.0.1", "--server.port", str(port)]
        command += ["--chain.hardfork", "shanghai", "--chain.chainId", str(chain_id)]
        # A gas price of nothing makes it hang.
        command += ["--miner.defaultGasPrice", "10000000000", "--miner.blockGasLimit", "30000000"]
        command += ["--wallet.mnemonic", MNEMONIC, "--wallet.totalAccounts", str(_ACCOUNTS)]
        command += ["--wallet.defaultBalance", str(_ETHER), "--logging.quiet"]
    process = Process.start("chain", command, folder=folder)
    chain = LocalChain(f"http://127.0.0.1:{port}")
    process.wait_until(chain.answers, seconds=_READY_SECONDS)
    return process, chain
