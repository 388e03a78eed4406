"""Chains and actors for the tests of the chain and the index.

local_chain   Anvil, one for each module; ganache_chain is Ganache 7
suite         the suite on it, with a wallet as authority
paused        the chain, making blocks only when it is told to
accounts by role: deployer, relayer, subject, physician, institution, researcher
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from aceso.chain import Deployment, Sender, Suite, deploy_local_authority, deploy_suite
from aceso.devnet.chain import MNEMONIC, LocalChain, start_chain

ETHER = 10**18


def account(place: int) -> LocalAccount:
    Account.enable_unaudited_hdwallet_features()
    found: LocalAccount = Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{place}")
    return found


def deploy(chain: LocalChain) -> Deployment:
    authority = deploy_local_authority(chain.url, account(0), [account(at) for at in (1, 2, 3)])
    return deploy_suite(
        chain.url,
        account(0),
        network="local",
        authority=authority,
        commons=account(4).address,
        accreditation_delay=0,
        coin_rate=10_000,
        sale_cap=10**26,
        coin_cap=10**27,
    )


@pytest.fixture(scope="module")
def local_chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalChain]:
    folder: Path = tmp_path_factory.mktemp("anvil")
    process, chain = start_chain("anvil", folder=folder)
    with process, chain:
        yield chain


@pytest.fixture(scope="module")
def ganache_chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalChain]:
    process, chain = start_chain("ganache", folder=tmp_path_factory.mktemp("ganache"))
    with process, chain:
        yield chain


@pytest.fixture(scope="module")
def deployment(local_chain: LocalChain) -> Deployment:
    return deploy(local_chain)


@pytest.fixture(scope="module")
def suite(local_chain: LocalChain, deployment: Deployment) -> Iterator[Suite]:
    found = Suite.connect(local_chain.url, deployment)
    yield found
    found.close()


@pytest.fixture
def paused(local_chain: LocalChain) -> Iterator[LocalChain]:
    """Blocks are made only when the test says so."""
    local_chain.ask("evm_setAutomine", False)
    local_chain.ask("evm_setIntervalMining", 0)
    yield local_chain
    # Either one or the other: the interval would end the block for each transaction.
    local_chain.ask("evm_setAutomine", True)
    local_chain.ask("evm_mine")


def wait_for(what: str, holds: Callable[[], bool], *, seconds: float = 10.0) -> None:
    """Poll until it holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"waited {seconds:g} s in vain until {what}"
        threading.Event().wait(0.005)


def wait_for_pool(chain: LocalChain, count: int) -> None:
    wait_for(
        f"{count} are in the pool",
        lambda: int(chain.ask("txpool_status")["pending"], 16) >= count,
    )


@pytest.fixture(scope="module")
def owners() -> list[LocalAccount]:
    return [account(at) for at in (1, 2, 3)]


@pytest.fixture(scope="module")
def relayer(suite: Suite) -> Sender:
    return Sender(suite, account(5))


@pytest.fixture
def subject() -> LocalAccount:
    """A persona of its own for each test, without ether."""
    found: LocalAccount = Account.create()
    return found


@pytest.fixture(scope="module")
def physician() -> LocalAccount:
    return account(7)


@pytest.fixture(scope="module")
def researcher() -> LocalAccount:
    return account(8)


@pytest.fixture(scope="module")
def institution() -> LocalAccount:
    return account(9)
