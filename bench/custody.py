"""How fast one custodian releases shares over HTTP, each receipt on disk before its answer.

One process with SQLite, a chain that makes a block a second (what was decided is read anew for each
block, and once), requests that were signed before. The figure per core is releases by the processor
seconds of the custodian's process; what passed by the clock is a row of its own. The time at half
load is that of requests sent at 150 a second, whether or not the earlier ones were answered. A
withdrawal is of a grant by which a share was just given, and counts until the next release is
refused for it. The others are of the best of some turns: a busy machine delays what it likes, and
where more wants to run than can, what runs finds its caches emptied and needs up to thrice the
processor time.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from eth_account import Account
from eth_account.signers.local import LocalAccount

from aceso.chain import (
    Sender,
    Suite,
    Terms,
    acts,
    deploy_local_authority,
    deploy_suite,
    grantee_of_account,
    sign,
)
from aceso.codes import DataClass, Reason, Use
from aceso.custody import Custodian, CustodianKeys, SignedRequest
from aceso.devnet.chain import MNEMONIC, LocalChain, start_chain
from aceso.devnet.process import Process
from aceso.vault import (
    Body,
    CapsuleContext,
    ListEntry,
    Opening,
    PrivateKey,
    RecordKey,
    Seed,
    make_capsule,
)
from bench.processor import processor_seconds

RELEASES, WARM, AT_ONCE = 1_500, 100, 32
HALF, SECONDS_AT_HALF, TURNS = 150, 2.0, 3
WITHDRAWALS = 20
# More than ask at once, so that no two of those have anything in common.
PEOPLE = 2 * AT_ONCE
LABS = DataClass.LABS


@dataclass
class Reader:
    """An account that may read the record of a person, until that is withdrawn."""

    persona: LocalAccount
    record_id: bytes
    account: LocalAccount
    private: PrivateKey

    @property
    def grantee(self) -> bytes:
        return grantee_of_account(self.account.address)


@dataclass
class Bench:
    """A custodian with the records of some people, each of whom lets an account read theirs."""

    suite: Suite
    process: Process
    url: str
    keys: CustodianKeys
    readers: list[Reader]

    def release(self, which: int) -> bytes:
        """A whole HTTP request for a release to this reader, signed; after the last the first."""
        reader = self.readers[which % PEOPLE]
        message = {
            "subject": reader.persona.address,
            "actor": reader.account.address,
            "grantee": reader.grantee,
            "use": int(Use.TREAT),
            "dataClass": int(LABS),
            "recordId": reader.record_id,
            "receivingKey": reader.private.public_key.to_bytes(),
            "custodian": self.keys.address,
            "nonce": os.urandom(32),
            "deadline": self.suite.now() + 3_000,
        }
        domain = self.suite.domain("ConsentRegistry")
        signed = SignedRequest.sign(reader.account, "ReleaseRequest", message, domain)
        return _post("/release", signed.body())

    def withdrawal(self, which: int) -> bytes:
        """A withdrawal from this reader, to whom is granted."""
        reader = self.readers[which]
        persona, domain = reader.persona, self.suite.domain("ConsentRegistry")
        message = {"subject": persona.address, "grantee": reader.grantee, "withdrawals": 0}
        signature = sign(persona, "Withdrawal", message, domain)
        body = {
            "type": "Withdrawal",
            "message": message | {"grantee": "0x" + reader.grantee.hex()},
            "signature": "0x" + signature.hex(),
        }
        return _post("/withdrawals", body)

    def processor_seconds(self) -> float:
        """What the custodian's process has used so far."""
        return processor_seconds(self.process.pid)


def run() -> list[dict[str, Any]]:
    """Measure, and compare with the limits."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        bench = _prepare(Path(folder), stack)
        requests = [bench.release(number) for number in range(RELEASES + WARM)]
        asyncio.run(_at_once(bench.url, requests[:WARM]))
        turns = [
            _turn(bench, requests[start : start + RELEASES // TURNS])
            for start in range(WARM, WARM + RELEASES, RELEASES // TURNS)
        ]
        used, passed = (min(taken) / (RELEASES // TURNS) for taken in zip(*turns, strict=True))
        p99 = min(_p99(bench) for _ in range(TURNS)) * 1_000
        slowest = asyncio.run(_withdrawn(bench)) * 1_000
    return [
        _at_least("releases by one custodian, per core", 1 / used, "1/s", 300),
        {
            "name": f"releases by the clock, {AT_ONCE} at once, the asking on the same machine",
            "value": 1 / passed,
            "unit": "1/s",
            "limit": None,
            "ratio": None,
        },
        _at_most(f"p99 at {HALF} releases a second", p99, "ms", 100),
        _at_most("a withdrawal that is shown: the next release is refused", slowest, "ms", 100),
    ]


async def _withdrawn(bench: Bench) -> float:
    """The seconds from showing the withdrawal of a live grant until a release that is asked for
    next was refused, at the slowest. Before it the same reader was given the share."""
    slowest = 0.0
    async with _Line(bench.url) as line:
        for which in range(WITHDRAWALS):
            before, after = bench.release(which), bench.release(which)
            withdrawal = bench.withdrawal(which)
            await line.ask(before)
            started = time.perf_counter()
            await line.ask(withdrawal)
            refusal = await line.ask(after, status=403)
            slowest = max(slowest, time.perf_counter() - started)
            if json.loads(refusal)["details"]["reason"] != Reason.WITHDRAWN:
                raise RuntimeError(f"refused for another reason: {refusal.decode()[:300]}")
        # Nobody else's ended.
        await line.ask(bench.release(WITHDRAWALS))
    return slowest


def _turn(bench: Bench, requests: list[bytes]) -> tuple[float, float]:
    """The custodian's processor seconds, and those that passed."""
    used, started = bench.processor_seconds(), time.perf_counter()
    asyncio.run(_at_once(bench.url, requests))
    return bench.processor_seconds() - used, time.perf_counter() - started


def _p99(bench: Bench) -> float:
    requests = [bench.release(number) for number in range(int(HALF * SECONDS_AT_HALF))]
    took = sorted(asyncio.run(_paced(bench.url, requests, HALF)))
    return took[int(0.99 * len(took))]


def _prepare(folder: Path, stack: ExitStack) -> Bench:
    Account.enable_unaudited_hdwallet_features()
    accounts = [
        Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{at}") for at in range(5)
    ]
    process, chain = start_chain("anvil", folder=folder)
    stack.enter_context(process)
    stack.enter_context(chain)
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
    deployment.write(folder / "deployment.json")
    suite = Suite.connect(chain.url, deployment)
    stack.callback(suite.close)
    keys = CustodianKeys.make(folder / "custodian")
    command = ["serve", "--folder", str(folder / "custodian"), "--rpc", chain.url]
    command += ["--deployment", str(folder / "deployment.json"), "--actor-rate", "0"]
    served = Process.start(
        "custodian", [sys.executable, "-m", "aceso.custody", *command], folder=folder / "logs"
    )
    stack.enter_context(served)
    url = served.wait_for_line(seconds=60)["url"]
    return _filled(suite, chain, served, url, keys, accounts[0])


def _filled(
    suite: Suite,
    chain: LocalChain,
    process: Process,
    url: str,
    keys: CustodianKeys,
    relayer: LocalAccount,
) -> Bench:
    with Custodian(url, address=keys.address, public_key=keys.private.public_key) as client:
        readers = [_reader(suite, chain, relayer, *_posted(suite, client)) for _ in range(PEOPLE)]
    chain.mine(2)
    return Bench(suite, process, url, keys, readers)


def _posted(suite: Suite, client: Custodian) -> tuple[LocalAccount, bytes]:
    """A person's list of one record, and that record's id."""
    seed = Seed.make()
    persona, vault = seed.persona(1), seed.keys(suite.chain_id)
    list_key, class_key = vault.list_key(LABS, 0), vault.class_key(LABS, 0)
    other = Account.create().address
    opening = Opening(
        persona=persona.address,
        list_key=list_key.address,
        data_class=int(LABS),
        epoch=0,
        class_key=class_key.public_key,
        owner_key=vault.owner_key().public_key,
        custodians=(client.address, other),
        threshold=2,
        registry=suite.addresses["ConsentRegistry"],
        log_key=vault.log_key(LABS, 0).public_key,
    )
    context = CapsuleContext(
        chain_id=suite.chain_id,
        record_id=os.urandom(32),
        data_class=int(LABS),
        epoch=0,
        list_key=list_key.address,
    )
    capsule = make_capsule(
        context,
        RecordKey(os.urandom(32), Body(os.urandom(32), 4124, 100)),
        custodians=[
            (client.address, client.public_key),
            (other, PrivateKey.generate().public_key),
        ],
        threshold=2,
        reader_key=class_key.public_key,
        owner_key=vault.owner_key().public_key,
    )
    entry = ListEntry(
        cid="bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
        capsule=capsule,
        issuer=persona.address,
        root=bytes(32),
        envelope=b"sealed",
    )
    message = {
        "listKey": list_key.address,
        "recordId": entry.record_id,
        "entry": entry.digest,
        "issuer": entry.issuer,
    }
    domain = suite.domain("ConsentRegistry")
    client.open_list(opening.sign(persona=persona, list_key=list_key, chain_id=suite.chain_id))
    client.post(
        entry,
        list_key=list_key.address,
        issuer=entry.issuer,
        signature=sign(list_key, "ListPost", message, domain),
    )
    return persona, entry.record_id


def _reader(
    suite: Suite,
    chain: LocalChain,
    relayer: LocalAccount,
    persona: LocalAccount,
    record_id: bytes,
) -> Reader:
    reader = Reader(persona, record_id, Account.create(), PrivateKey.generate())
    chain.ask("anvil_setBalance", reader.account.address, hex(10**18))
    key = reader.private.public_key.to_bytes()
    Sender(suite, reader.account).send(suite.participants.publish_key(key))
    now = suite.now()
    terms = Terms(
        grantee=reader.grantee,
        classes=LABS,
        uses=Use.TREAT,
        conditions=0,
        disease=0,
        valid_from=now - 1,
        valid_until=now + 86_400,
        notice=bytes(32),
    )
    Sender(suite, relayer).send(acts.grant(suite, persona, terms))
    return reader


# --- Asking -----------------------------------------------------------------------------------


def _post(path: str, body: dict[str, Any]) -> bytes:
    content = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: custodian\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


async def _at_once(url: str, requests: list[bytes]) -> None:
    """All requests, so many at a time, each connection used again and again."""
    waiting = iter(requests)

    async def ask() -> None:
        async with _Line(url) as line:
            for request in waiting:
                await line.ask(request)

    await asyncio.gather(*(ask() for _ in range(AT_ONCE)))


async def _paced(url: str, requests: list[bytes], rate: float) -> list[float]:
    """The seconds that each took, sent at this rate, whatever became of the others."""
    loop = asyncio.get_running_loop()
    idle: list[_Line] = []
    # A custodian turns more connections away; waiting for one of these counts as waiting for it.
    free = asyncio.Semaphore(AT_ONCE)

    async def timed(request: bytes) -> float:
        started = loop.time()
        async with free:
            line = idle.pop() if idle else await _Line(url).__aenter__()
            await line.ask(request)
            idle.append(line)
        return loop.time() - started

    async def paced(ask: Callable[[bytes], Awaitable[float]]) -> list[float]:
        began = loop.time()
        asked = []
        for number, request in enumerate(requests):
            await asyncio.sleep(max(0.0, began + number / rate - loop.time()))
            asked.append(asyncio.ensure_future(ask(request)))
        return list(await asyncio.gather(*asked))

    try:
        return await paced(timed)
    finally:
        for line in idle:
            await line.__aexit__()


class _Line:
    """One connection, as bare as can be: the asking should cost little beside the answering."""

    def __init__(self, url: str):
        self._at = urlsplit(url)

    async def __aenter__(self) -> _Line:
        self._in, self._out = await asyncio.open_connection(self._at.hostname, self._at.port)
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._out.close()

    async def ask(self, request: bytes, *, status: int = 200) -> bytes:
        """The body, where the answer has this status."""
        self._out.write(request)
        head = await self._in.readuntil(b"\r\n\r\n")
        length = next(
            int(line.partition(b":")[2])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length")
        )
        body = await self._in.readexactly(length)
        if not head.startswith(f"HTTP/1.1 {status}".encode()):
            raise RuntimeError(f"the custodian does not answer {status}: {body.decode()[:300]}")
        return body


def _at_least(name: str, value: float, unit: str, limit: float) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "limit": limit, "ratio": value / limit}


def _at_most(name: str, value: float, unit: str, limit: float) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "limit": limit, "ratio": limit / value}


if __name__ == "__main__":
    for row in run():
        print(row)
