"""Any m of n custodians open a record, whoever of the others is down, hangs or lies.

subsets      every m of n <= 7: the others down, or lying, up to m - 1 of them (P5, fault 12)
lies         a random share, another's, that of another epoch, of another request: all named (13)
streams      an answer without an end, too long, or drop by drop: bounded in time and memory (13)
hanging      n - m that never answer cost a moment, once (fault 12)
too few      n - m + 1 down: "k of m", at once; hanging, in less than the deadline (fault 14)
hedging      a quarter more than m are asked; the others are left in peace

Shares and seals are real. Most custodians are in this process, so that all subsets can be tried;
`test_faults` has the same with processes.
"""

from __future__ import annotations

import os
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import combinations
from types import SimpleNamespace
from typing import Any

import pytest
from eth_account import Account

from aceso.codes import DataClass, Use
from aceso.custody import (
    Committee,
    Custodian,
    CustodianDownError,
    Release,
    TooFewCustodiansError,
)
from aceso.signing import domain_of
from aceso.vault import (
    Body,
    Capsule,
    CapsuleContext,
    ListEntry,
    PrivateKey,
    RecordKey,
    Seed,
    VerifiedShare,
    make_capsule,
    open_share,
    seal,
    seal_share,
)

LABS = DataClass.LABS
_CHAIN = 31_337
_REGISTRY = "0x" + "11" * 20
_SUITE = SimpleNamespace(
    chain_id=_CHAIN, now=lambda: 1_700_000_000, domain=lambda name: domain_of(_CHAIN, _REGISTRY)
)
_DOCTOR = Account.create()
_KEYS = Seed.make().keys(_CHAIN)
_PRIVATE = [PrivateKey.generate() for _ in range(7)]
_ACCOUNTS = [Account.create() for _ in range(7)]
_ADDRESSES = [account.address for account in _ACCOUNTS]
_RECEIVING = PrivateKey.generate()
_SIZES = [(m, n) for n in range(2, 8) for m in range(2, n + 1)]

Answer = Callable[["Keeper", Capsule, bytes], bytes]


class Keeper(Custodian):
    """A custodian in this process: `answer` takes the place of the network."""

    def __init__(self, index: int):
        super().__init__(
            "http://127.0.0.1:9", address=_ADDRESSES[index], public_key=_PRIVATE[index].public_key
        )
        self.index = index

    def now(self, capsule: Capsule, answer: Answer, *, deadline: float = 5.0) -> Keeper:
        """What it holds and does from now on."""
        self.asked, self._capsule, self._answer, self.deadline = 0, capsule, answer, deadline
        return self

    def close(self) -> None:
        """It lives as long as this module: making one takes longer than an opening."""

    def release(
        self, request: Any, *, capsule: bytes | None = None, proof: Sequence[bytes] = ()
    ) -> Release:
        self.asked += 1
        return Release.sign(
            _ACCOUNTS[self.index],
            self._answer(self, self._capsule, request.digest),
            request=request.digest,
            capsule=self._capsule.digest,
            domain=_SUITE.domain("ConsentRegistry"),
        )

    def share_of(self, capsule: Capsule) -> VerifiedShare:
        return open_share(capsule, self.address, _PRIVATE[self.index])


def honest(keeper: Keeper, capsule: Capsule, request: bytes) -> bytes:
    share = keeper.share_of(capsule)
    return seal_share(capsule, share, _RECEIVING.public_key, request=request)


def dead(keeper: Keeper, capsule: Capsule, request: bytes) -> bytes:
    raise CustodianDownError(keeper.address, "does not answer")


def _sealed(keeper: Keeper, capsule: Capsule, request: bytes, payload: bytes) -> bytes:
    """What a liar answers: well sealed, for the right request, and false."""
    info = b"aceso/v1/release\0" + capsule.digest + bytes.fromhex(keeper.address[2:]) + request
    return seal(_RECEIVING.public_key, payload, info=info)


def random_share(keeper: Keeper, capsule: Capsule, request: bytes) -> bytes:
    payload = os.urandom(64) + bytes([keeper.index + 1])
    return _sealed(keeper, capsule, request, payload)


def anothers_share(keeper: Keeper, capsule: Capsule, request: bytes) -> bytes:
    other = (keeper.index + 1) % len(capsule.custodians)
    share = open_share(capsule, _ADDRESSES[other], _PRIVATE[other])
    return _sealed(keeper, capsule, request, share._salt + share._share)


def old_epochs_share(keeper: Keeper, capsule: Capsule, request: bytes) -> bytes:
    old = keeper.share_of(_entry(capsule.threshold, len(capsule.custodians), epoch=1)[0].capsule)
    return _sealed(keeper, capsule, request, old._salt + old._share)


def replayed_share(keeper: Keeper, capsule: Capsule, request: bytes) -> bytes:
    return honest(keeper, capsule, bytes(32))


def no_share(keeper: Keeper, capsule: Capsule, request: bytes) -> bytes:
    return os.urandom(4000)


_KEEPERS = [Keeper(index) for index in range(7)]
LIES = [random_share, anothers_share, old_epochs_share, replayed_share, no_share]


def _entry(threshold: int, count: int, *, epoch: int = 0) -> tuple[ListEntry, RecordKey]:
    key = RecordKey(os.urandom(32), Body(os.urandom(32), 4124, 100))
    context = CapsuleContext(
        chain_id=_CHAIN,
        record_id=os.urandom(32),
        data_class=int(LABS),
        epoch=epoch,
        list_key=_KEYS.list_key(LABS, epoch).address,
    )
    capsule = make_capsule(
        context,
        key,
        custodians=[(_ADDRESSES[index], _PRIVATE[index].public_key) for index in range(count)],
        threshold=threshold,
        reader_key=_KEYS.class_key(LABS, epoch).public_key,
        owner_key=_KEYS.owner_key().public_key,
    )
    cid = "b" + "afkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"[:58]
    entry = ListEntry(
        cid=cid, capsule=capsule, issuer=_DOCTOR.address, root=bytes(32), envelope=b"sealed"
    )
    return entry, key


@contextmanager
def _committee(entry: ListEntry, answers: Sequence[Answer]) -> Iterator[Committee]:
    capsule = entry.capsule
    keepers = [_KEEPERS[index].now(capsule, answer) for index, answer in enumerate(answers)]
    committee = Committee(keepers, capsule.threshold, _SUITE)  # type: ignore[arg-type]
    try:
        yield committee
    finally:
        committee.close()


def _open(committee: Committee, entry: ListEntry) -> RecordKey:
    return committee.open_key(
        entry,
        actor=_DOCTOR,
        subject=_ADDRESSES[0],
        grantee=bytes(32),
        use=Use.TREAT,
        data_class=LABS,
        receiving_key=_RECEIVING,
        reader_key=_KEYS.class_key(LABS, 0),
    )


def _subsets(count: int, sizes: Sequence[int]) -> Iterator[tuple[int, ...]]:
    for size in sizes:
        yield from combinations(range(count), size)


# Subsets


@pytest.mark.parametrize(("threshold", "count"), _SIZES)
def test_fault_12_whichever_are_down_the_others_open_it(threshold: int, count: int) -> None:
    entry, key = _entry(threshold, count)
    for down in _subsets(count, [count - threshold]):
        answers = [dead if index in down else honest for index in range(count)]
        with _committee(entry, answers) as committee:
            assert _open(committee, entry) == key
            assert not committee.complaints


@pytest.mark.parametrize(("threshold", "count"), _SIZES)
def test_p5_whichever_lie_they_are_named_and_done_without(threshold: int, count: int) -> None:
    entry, key = _entry(threshold, count)
    most = min(threshold - 1, count - threshold)
    for turn, liars in enumerate(_subsets(count, range(1, most + 1))):
        lie = LIES[turn % len(LIES)]
        answers = [lie if index in liars else honest for index in range(count)]
        with _committee(entry, answers) as committee:
            assert _open(committee, entry) == key
            committee.wait_for_late(5.0)
            asked = {keeper.address for keeper in _KEEPERS[:count] if keeper.asked}
            named = {complaint.custodian for complaint in committee.complaints}
            assert named == {_ADDRESSES[index] for index in liars} & asked


@pytest.mark.parametrize(("threshold", "count"), _SIZES)
def test_p5_fewer_than_m_open_nothing_and_it_is_said_how_many(threshold: int, count: int) -> None:
    entry, _ = _entry(threshold, count)
    for down in _subsets(count, [count - threshold + 1]):
        answers = [dead if index in down else honest for index in range(count)]
        with _committee(entry, answers) as committee, pytest.raises(TooFewCustodiansError) as few:
            _open(committee, entry)
        assert (few.value.k, few.value.m, few.value.n) == (threshold - 1, threshold, count)
        assert set(few.value.names) == {_ADDRESSES[index] for index in down}
        said = f"{threshold - 1} of {threshold} needed custodians answered, out of {count}"
        assert few.value.message.startswith(said)


# Lies


@pytest.mark.parametrize("lie", LIES)
def test_fault_13_two_of_five_lie_and_are_named(lie: Answer) -> None:
    entry, key = _entry(3, 5)
    with _committee(entry, [lie, lie, honest, honest, honest]) as committee:
        assert _open(committee, entry) == key
        committee.wait_for_late(5.0)
        assert {one.custodian for one in committee.complaints} == set(_ADDRESSES[:2])


def test_three_of_five_lie_and_all_are_named() -> None:
    entry, _ = _entry(3, 5)
    with _committee(entry, [random_share] * 3 + [honest] * 2) as committee:
        with pytest.raises(TooFewCustodiansError, match="2 of 3 needed"):
            _open(committee, entry)
        assert {one.custodian for one in committee.complaints} == set(_ADDRESSES[:3])


# Streams


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    stream: Callable[[Any], None]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        try:
            self.server.stream(self.wfile)  # type: ignore[attr-defined]
        except OSError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""


def _endless(out: Any) -> None:
    while True:
        out.write(b"x" * 65_536)


def _oversized(out: Any) -> None:
    out.write(b'{"share":"' + b"A" * (8 << 20) + b'"}')


def _dripping(out: Any) -> None:
    gone = threading.Event()
    while True:
        out.write(b" ")
        out.flush()
        gone.wait(0.05)


@pytest.mark.parametrize("stream", [_endless, _oversized, _dripping])
def test_fault_13_a_stream_is_bounded(stream: Callable[[Any], None]) -> None:
    entry, key = _entry(3, 5)
    server = _Server(("127.0.0.1", 0), _Handler)
    server.stream = stream
    threading.Thread(target=server.serve_forever, daemon=True).start()
    liars = [
        Custodian(
            f"http://127.0.0.1:{server.server_port}",
            address=_ADDRESSES[index],
            public_key=_PRIVATE[index].public_key,
            deadline=2.0,
        )
        for index in range(2)
    ]
    keepers = [_KEEPERS[index].now(entry.capsule, honest) for index in (2, 3, 4)]
    committee = Committee([*liars, *keepers], 3, _SUITE)  # type: ignore[arg-type]
    tracemalloc.start()
    try:
        began = time.monotonic()
        assert _open(committee, entry) == key
        assert time.monotonic() - began < 2.0
        committee.wait_for_late(5.0)
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()
        committee.close()
        server.shutdown()
        server.server_close()


# Hanging


@pytest.fixture
def hanging() -> Iterator[Answer]:
    """Never answers, until the test is over."""
    over = threading.Event()

    def wait(keeper: Keeper, capsule: Capsule, request: bytes) -> bytes:
        over.wait(30)
        raise CustodianDownError(keeper.address, "does not answer")

    yield wait
    over.set()


def test_fault_12_those_that_hang_cost_a_moment_once(hanging: Answer) -> None:
    entry, key = _entry(3, 5)
    with _committee(entry, [hanging, hanging, honest, honest, honest]) as committee:
        began = time.monotonic()
        assert _open(committee, entry) == key
        assert time.monotonic() - began < 5.0
        # From then on they are asked last. Otherwise this many would take the whole pool.
        again = time.monotonic()
        for _ in range(30):
            assert _open(committee, entry) == key
        assert time.monotonic() - again < 5.0
        assert [keeper.asked for keeper in _KEEPERS[:2]] == [1, 1]


def test_fault_14_too_many_that_hang_are_given_up(hanging: Answer) -> None:
    entry, _ = _entry(3, 5)
    answers = [hanging, hanging, hanging, honest, honest]
    keepers = [
        _KEEPERS[index].now(entry.capsule, answer, deadline=1.0)
        for index, answer in enumerate(answers)
    ]
    committee = Committee(keepers, 3, _SUITE)  # type: ignore[arg-type]
    began = time.monotonic()
    try:
        with pytest.raises(TooFewCustodiansError, match="2 of 3 needed"):
            _open(committee, entry)
        assert time.monotonic() - began < 5.0
    finally:
        committee.close()


# Hedging


@pytest.mark.parametrize(("threshold", "first"), [(2, 3), (3, 4), (4, 5), (5, 7)])
def test_a_quarter_more_than_needed_are_asked(threshold: int, first: int) -> None:
    entry, key = _entry(threshold, 7)
    all_asked = threading.Barrier(first)

    def together(keeper: Keeper, capsule: Capsule, request: bytes) -> bytes:
        all_asked.wait(5.0)
        return honest(keeper, capsule, request)

    with _committee(entry, [together] * 7) as committee:
        assert _open(committee, entry) == key
        committee.wait_for_late(5.0)
        assert sum(keeper.asked for keeper in _KEEPERS) == first
