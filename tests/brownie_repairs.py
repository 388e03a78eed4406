"""Repairs of eth-brownie 1.22.2: of `--coverage`, of stateful tests, of waiting, and of slowness.

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
from brownie.test.managers import base, master, runner
from web3.exceptions import TimeExhausted

__all__ = ["keep_what_is_loaded", "repair"]

# A block of the test chains takes milliseconds; what has no receipt after this was dropped.
_MINED_WITHIN_S = 20

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
    # Not `import … as`, which gives the object that brownie.network calls `rpc`. What is set is the
    # module's own name for `inspect`.
    rpc = importlib.import_module("brownie.network.rpc")
    rpc.inspect = SimpleNamespace(stack=_who_calls)  # type: ignore[attr-defined]
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
