"""Repairs of eth-brownie 1.22.2: of `--coverage`, of stateful tests, of waiting, of slowness, and
of a disk that fills.

1. Brownie compares deployed code with the artifact byte for byte. The values of `immutable`s are
   zero in the artifact, so a contract that has one loses its source map: no coverage, no traces.
2. `brownie.test.coverage`, `output` and `stateful` are compiled with a wrong type and raise
   TypeError. Their Python sources, which lie beside the compiled ones, are right.
3. Brownie calls a transaction dropped when its nonce is counted and there is no receipt. A node
   counts the nonce a moment before it can show the receipt, so a busy machine sees this of what is
   mined. Waiting for the receipt first leaves Brownie nothing to guess.
4. Before and after each test Brownie asks who calls it, by reading the source of every frame, and
   collects garbage among all that the compiler said of the project. Together they took longer than
   the tests. Two frames are enough, and what was loaded before the first test is no garbage.
5. For each question to the node `requests` reads the environment for proxies and makes its headers
   anew, and web3 asks for the chain's number before each transaction. That was half of all that the
   tests did. A node on this machine is asked through a connection that is kept, and once for that.
6. Anvil writes the state of each block but the newest to a file in the home directory, megabytes a
   block, and leaves them there when it ends. Brownie knows no flag against that.

To be removed with the first Brownie that needs none.
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import sys
from contextlib import suppress
from pathlib import Path
from types import FrameType, ModuleType, SimpleNamespace

import brownie.network.contract as contract
import brownie.network.transaction as transaction
import brownie.test
import brownie.test.fixtures as fixtures
import requests
import urllib3
from brownie.test.managers import base, master, runner
from web3 import HTTPProvider
from web3.exceptions import TimeExhausted
from web3.types import RPCEndpoint

__all__ = ["KeptConnection", "keep_what_is_loaded", "repair"]

# A block of the test chains takes milliseconds; what has no receipt after this was dropped.
_MINED_WITHIN_S = 20

# A transaction that fills a contract with thousands of entries takes some seconds.
_ANSWERED_WITHIN_S = 120
# Brownie asks from the test's own thread, and from one that waits for the receipt.
_CONNECTIONS = 4
_CHAIN_ID = RPCEndpoint("eth_chainId")
_HEADERS = {"Content-Type": "application/json"}

_verify = contract._verify_deployed_code
_confirm = transaction.TransactionReceipt._await_confirmation


def _verify_but_immutables(address: str, expected: str, language: str) -> bool:
    if _verify(address, expected, language):
        return True
    actual = contract.web3.eth.get_code(address).hex().removeprefix("0x")
    wanted = expected.removeprefix("0x")
    return len(actual) == len(wanted) and all(
        there == here or here == "0" for there, here in zip(actual, wanted, strict=True)
    )


def _confirm_what_has_a_receipt(
    self: transaction.TransactionReceipt, block_number: int | None = None, required_confs: int = 1
) -> None:
    # Where no wait is asked for, Brownie comes here in the background, and nothing may be mined.
    if required_confs > 0:
        with suppress(TimeExhausted):
            transaction.web3.eth.wait_for_transaction_receipt(
                self.txid, timeout=_MINED_WITHIN_S, poll_latency=0.01
            )
    _confirm(self, block_number, required_confs)


def _who_calls() -> list[SimpleNamespace]:
    """The first of `inspect.stack()`: whoever asks, and who called that."""
    asks: FrameType | None = sys._getframe(1)
    frames = []
    while asks is not None and len(frames) < 2:
        frames.append(SimpleNamespace(frame=asks))
        asks = asks.f_back
    return frames


class KeptConnection(HTTPProvider):
    """A node on this machine, by connections that are kept open."""

    def __init__(self, uri: str, request_kwargs: object = None) -> None:
        super().__init__(
            uri, request_kwargs, cache_allowed_requests=True, cacheable_requests={_CHAIN_ID}
        )
        self._pool = urllib3.connection_from_url(
            uri, maxsize=_CONNECTIONS, timeout=_ANSWERED_WITHIN_S, retries=False
        )

    def _make_request(self, method: RPCEndpoint, request_data: bytes) -> bytes:
        try:
            answer = self._pool.urlopen("POST", "/", body=request_data, headers=_HEADERS)
        except urllib3.exceptions.HTTPError as error:
            # What web3 and Brownie know: they ask until a node that they started answers.
            raise requests.ConnectionError(error) from error
        if answer.status != 200:
            raise requests.HTTPError(f"the node answered {method} with {answer.status}")
        return answer.data


def _from_source(name: str) -> ModuleType:
    path = Path(brownie.test.__file__).parent / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"brownie.test.{name}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def repair() -> None:
    """Put the repairs in place, once per process."""
    if contract._verify_deployed_code is _verify_but_immutables:
        return
    contract._verify_deployed_code = _verify_but_immutables
    transaction.TransactionReceipt._await_confirmation = _confirm_what_has_a_receipt
    # Not `import … as`, which gives the objects that brownie.network calls `web3` and `rpc`. What
    # is set is the modules' own name for the provider, and for `inspect`.
    web = importlib.import_module("brownie.network.web3")
    web.HTTPProvider = KeptConnection  # type: ignore[attr-defined]
    rpc = importlib.import_module("brownie.network.rpc")
    rpc.inspect = SimpleNamespace(stack=_who_calls)  # type: ignore[attr-defined]
    rpc.anvil.CLI_FLAGS["max_persisted_states"] = "--max-persisted-states"
    for name in ("coverage", "output", "stateful"):
        module = _from_source(name)
        setattr(brownie.test, name, module)
        for user in (base, master, runner, transaction):
            if hasattr(user, name):
                setattr(user, name, module)
    stateful = brownie.test.stateful
    brownie.test.state_machine = stateful.state_machine
    fixtures.state_machine = stateful.state_machine
    fixtures._BrownieStateMachine = stateful._BrownieStateMachine


def keep_what_is_loaded() -> None:
    """Leave what is there now to no later collection of garbage. Call it once, before the tests."""
    gc.collect()
    gc.freeze()
