"""A whole network on this machine, for tests, the demo and for trying things out.

    with Devnet.start(folder) as network:
        network.chain.advance_time(3600)
        IpfsClient(network.ipfs_url)

    Devnet.attach(folder)          # in another program, while it runs

Everything listens on loopback and ends with the program that started it, however that ends. The
keys of its accounts are public: nothing of value belongs here. The chain starts empty each time;
what IPFS keeps stays in the folder.

More parts join by `run`, which starts a program that ends with the network, and by `publish`, which
puts what others need to know of it into `devnet.json`.
"""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final

from .chain import ChainKind, LocalChain, start_chain
from .errors import FolderInUseError, NotRunningError
from .process import Process, free_port
from .state import STATE_FILE, read_state, write_state
from .template import Template

__all__ = ["Devnet"]

_READY_SECONDS: Final = 30.0
_CUSTODIAN: Final = ("-m", "aceso.custody")
# What a custodian reads when it starts.
_CUSTODIAN_MODULES: Final = ("aceso.custody.__main__",)

Stage = Callable[["Devnet"], None]


class Devnet:
    """A running network: a chain, two IPFS nodes, and what was added to them."""

    def __init__(self, folder: Path, chain: LocalChain, state: dict[str, Any], *, stack: ExitStack):
        self.folder = folder
        self.chain = chain
        self._state = state
        self._stack = stack
        self._processes: list[Process] = []
        self._template: Template | None = None

    @classmethod
    def start(
        cls,
        folder: Path,
        *,
        chain: ChainKind = "anvil",
        chain_port: int = 0,
        ipfs_port: int = 0,
        chain_id: int = 31337,
        stages: Sequence[Stage] = (),
    ) -> Devnet:
        """Start everything, then each of `stages` in order; return when all of it is ready.

        There are two IPFS nodes: what is put on IPFS is at both before anyone hears of it.
        """
        folder = folder.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            stack.enter_context(_locked(folder))
            local_process, local = start_chain(
                chain, folder=folder / "logs", port=chain_port, chain_id=chain_id
            )
            stack.enter_context(local_process)
            stack.enter_context(local)
            state: dict[str, Any] = {
                "chain": {"url": local.url, "chainId": chain_id, "kind": chain},
                "ipfs": None,
                "custodians": [],
                "deployment": None,
                "pid": os.getpid(),
            }
            network = cls(folder, local, state, stack=stack)
            network._processes.append(local_process)
            nodes = [network._run_ipfs("ipfs", ipfs_port), network._run_ipfs("ipfs-2", 0)]
            ready, other = [node.wait_for_line(seconds=_READY_SECONDS) for node in nodes]
            stack.callback((folder / STATE_FILE).unlink, missing_ok=True)
            ipfs = {"url": ready["url"], "peer": ready["peer"], "also": [other["url"]]}
            network.publish(ipfs=ipfs)
            for stage in stages:
                stage(network)
            # From here on the caller ends it.
            network._stack = stack.pop_all()
        return network

    @classmethod
    def attach(cls, folder: Path) -> Devnet:
        """Find the network that another program runs in `folder`, or raise `NotRunningError`."""
        folder = folder.resolve()
        state = read_state(folder)
        if state is None:
            raise NotRunningError(folder)
        chain = LocalChain(state["chain"]["url"])
        if not chain.answers():
            raise NotRunningError(folder)
        stack = ExitStack()
        stack.enter_context(chain)
        return cls(folder, chain, state, stack=stack)

    def __enter__(self) -> Devnet:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End all that this object started, the last first."""
        self._stack.close()

    def run(self, name: str, command: Sequence[str], **env: str) -> Process:
        """Start one more program, which ends with the network."""
        process = Process.start(name, command, folder=self.folder / "logs", env=env)
        self._stack.enter_context(process)
        self._processes.append(process)
        return process

    def _run_ipfs(self, name: str, port: int) -> Process:
        """Start an IPFS node whose repository is in the folder `name`."""
        repo = str(self.folder / name)
        place = ["--repo", repo, "--port", str(free_port(port))]
        return self.run(name, [sys.executable, "-m", "aceso.storage.node", *place])

    def expect_custodians(self) -> Template:
        """Begin to read what a custodian reads when it starts, while other things are done."""
        if self._template is None:
            self._template = Template.start(_CUSTODIAN_MODULES, folder=self.folder / "logs")
            self._stack.enter_context(self._template)
        return self._template

    def run_custodian(
        self, name: str, arguments: Sequence[str], *, program: Sequence[str] = _CUSTODIAN
    ) -> Process:
        """Start a custodian, or `program` in its place, which ends with the network."""
        process = self.expect_custodians().run(
            name, [*program, *arguments], folder=self.folder / "logs"
        )
        self._stack.enter_context(process)
        self._processes.append(process)
        return process

    def publish(self, **parts: Any) -> None:
        """Put `parts` into `devnet.json`."""
        self._state |= parts
        write_state(self.folder, self._state)

    def check(self) -> None:
        """Raise `ProcessEndedError` if a part ended by itself."""
        for process in self._processes:
            process.check()

    def process(self, name: str) -> Process:
        """Return the part of that name; for tests, which kill it."""
        for process in self._processes:
            if process.name == name:
                return process
        raise KeyError(name)

    @property
    def state(self) -> dict[str, Any]:
        """What `devnet.json` says."""
        return dict(self._state)

    @property
    def chain_url(self) -> str:
        return self.chain.url

    @property
    def ipfs_url(self) -> str:
        """The first of the IPFS nodes."""
        return self.ipfs_urls[0]

    @property
    def ipfs_urls(self) -> list[str]:
        ipfs = self._state["ipfs"]
        return [ipfs["url"], *ipfs["also"]]

    @property
    def custodians(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = self._state["custodians"]
        return found

    @property
    def deployment(self) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self._state["deployment"]
        return found


def _locked(folder: Path) -> IO[bytes]:
    lock = (folder / "devnet.lock").open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise FolderInUseError(folder) from None
    return lock
