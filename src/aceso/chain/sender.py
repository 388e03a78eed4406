"""Sending transactions, each exactly once.

    sender = Sender(suite, account)
    receipt = sender.send(suite.consents.withdraw(grantee))
    receipts = sender.send_all([suite.records.anchor(root, batch) for root, batch in batches])

A node drops connections, answers half, forgets what it was given, and says "already known" of what
it never mined. So a transaction gets its nonce once and is signed once, and from then on the same
bytes are sent until its receipt is there: the chain itself lets one nonce in only once. One that
stays out is replaced under the same nonce at a higher fee. Only when another program has used the
nonce (then ours can't get in any more) is it signed anew with the next.

What is reported done is in a block; a reorganisation can still undo it. Who can't have that waits
for more blocks.

One `Sender` may serve several threads; they take turns. Several senders of one account work, but
slowly.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final

import coincurve
from eth_account.signers.local import LocalAccount

from ._bytes import as_bytes, as_int, checksum, keccak
from ._rlp import encode as rlp
from .abi import decode_event
from .calls import Call, Event, Log, Receipt
from .errors import ChainDownError, FundsError, NodeRefusedError, NotMinedError, RefusedError
from .failures import refused
from .node import Node, Request
from .suite import Suite

__all__ = ["Pace", "Sender"]

_GWEI: Final = 10**9
_TIP: Final = _GWEI
# Enough for the base fee to double twice while a transaction waits.
_FEE_FACTOR: Final = 4
# Nodes take a replacement from 10 % on; some ask for 12.5 %.
_BUMP: Final = (9, 8)
_WINDOW: Final = 250
_REMEMBERED: Final = 1_000
# What an estimate is raised by: between it and the block the state may change.
_GAS_MARGIN: Final = (5, 4)
# Calls of one batch that look alike share estimates of a few of them, raised by more.
_ALIKE: Final = 8
_SHARED_MARGIN: Final = 2
# Where the node can't estimate because an earlier call of the same batch has to come first.
_GAS_UNKNOWN: Final = 1_500_000

_KNOWN: Final = ("already known", "already imported", "known transaction", "alreadyknown")
_NONCE_USED: Final = ("nonce too low", "nonce is too low", "correct nonce", "nonce has already")
_UNDERPRICED: Final = (
    "underpriced",
    "max fee per gas less than block base fee",
    "fee cap less than",
    "maxfeepergas",
    "fee too low",
)
_FUNDS: Final = ("insufficient funds", "doesn't have enough funds", "not enough funds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How many seconds a sender waits for what. These suit nodes near and far.

    first_poll    before it asks again for a receipt; each time half as long again,
    longest_poll  up to this
    all_poll      while many are out, only the last of them is asked for; all of them so often
    resend        before the same bytes go out again
    lost          before a nonce that the node counts, and shows no receipt for, is believed to be
                  somebody else's, where no later block says so: a node may count it a moment before
    bump          before a higher fee is tried where the node finds ours too low
    fees          how long fees are taken for the newest
    patience      before the fee of what is out is raised
    """

    first_poll: float = 0.001
    longest_poll: float = 0.25
    all_poll: float = 0.1
    resend: float = 1.0
    lost: float = 2.0
    bump: float = 0.2
    fees: float = 2.0
    patience: float = 15.0


_USUAL: Final = Pace()


@dataclass(slots=True)
class _Flight:
    """One call on its way."""

    call: Call
    gas: int
    is_gas_shared: bool = False
    nonce: int = -1
    max_fee: int = 0
    tip: int = 0
    raw: str = ""
    hashes: list[str] = field(default_factory=list)
    sent_at: float = 0.0
    signed_at: float = 0.0
    accepted: bool = False
    nonce_used: bool = False
    lost_at: float | None = None
    started_at: float = 0.0
    receipt: dict[str, Any] | None = None
    seconds: float = 0.0

    def land(self, receipt: Any, tx_hash: str) -> None:
        """Take the receipt, if it is one of a transaction in a block."""
        if isinstance(receipt, dict) and receipt.get("blockNumber") is not None:
            self.receipt = receipt
            self.hashes = [tx_hash]
            self.seconds = time.monotonic() - self.started_at


class Sender:
    """Sends for one account."""

    def __init__(
        self,
        suite_or_node: Suite | Node,
        account: LocalAccount,
        *,
        deadline: float = 180.0,
        pace: Pace = _USUAL,
    ):
        """Give up after `deadline` seconds."""
        if isinstance(suite_or_node, Suite):
            self._node = suite_or_node.node
            self._contracts = {at: name for name, at in suite_or_node.addresses.items()}
        else:
            self._node = suite_or_node
            self._contracts = {}
        self._account = account
        self._key = coincurve.PrivateKey(bytes(account.key))
        self._deadline = deadline
        self._pace = pace
        self._lock = Lock()
        self._nonce: int | None = None
        self._fees: tuple[float, int, int] | None = None
        # What was sent lately, by nonce: a reorganisation may take it out of the chain again.
        self._sent: dict[int, str] = {}

    def __repr__(self) -> str:
        return f"Sender({self.address})"

    @property
    def address(self) -> str:
        return str(self._account.address)

    # The two doors

    def send(self, call: Call) -> Receipt:
        """Send one call and return its receipt, or raise `RefusedError` if a contract refuses.

        What would be refused now is not sent at all.
        """
        with self._lock:
            gas = call.gas if call.gas is not None else self._estimate(call)
            flight = _Flight(call, gas)
            self._fly([flight])
            receipt = self._receipt(flight)
            if receipt.status != 1:
                raise self._why(flight, receipt)
            return receipt

    def send_all(self, calls: Sequence[Call]) -> list[Receipt]:
        """Send many calls, in their order, in few messages.

        All of them are sent, whatever becomes of each. If a contract refused one, raise the
        `RefusedError` of the first, with all receipts in its `receipts`.
        """
        with self._lock:
            flights = self._prepare(calls)
            self._fly_all(flights)
            flights = self._mend(flights)
            receipts = [self._receipt(flight) for flight in flights]
            for flight, receipt in zip(flights, receipts, strict=True):
                if receipt.status != 1:
                    failure = self._why(flight, receipt)
                    failure.receipts = receipts
                    raise failure
            return receipts

    def deploy(self, bytecode: bytes, *, name: str) -> Receipt:
        """Create a contract from its code and arguments."""
        return self.send(Call("", bytecode, name=name))

    # Before

    def _estimate(self, call: Call) -> int:
        answer = self._node.try_all([self._estimation(call)])[0]
        if isinstance(answer, NodeRefusedError):
            raise self._refusal(call, answer)
        return _with_margin(as_int(answer))

    def _prepare(self, calls: Sequence[Call]) -> list[_Flight]:
        """A flight for each call, with its gas."""
        found = {at: call.gas for at, call in enumerate(calls) if call.gas is not None}
        alike: dict[tuple[str, bytes, int, bool], list[int]] = {}
        for at, call in enumerate(calls):
            if call.gas is None:
                kind = (call.to, call.data[:4], len(call.data), call.value > 0)
                alike.setdefault(kind, []).append(at)
        many = [places for places in alike.values() if len(places) >= _ALIKE]
        few = [(places[0], places[len(places) // 2], places[-1]) for places in many]
        asked = [at for places in few for at in places]
        answers = dict(zip(asked, self._estimate_all([calls[at] for at in asked]), strict=True))
        shared: set[int] = set()
        for places, some in zip(many, few, strict=True):
            most = max(answers[at] for at in some)
            # One that can't be estimated may be of another kind than it looks.
            if most < _GAS_UNKNOWN:
                found |= dict.fromkeys(places, _SHARED_MARGIN * most)
                shared.update(places)
        rest = [at for at in range(len(calls)) if at not in found]
        own = self._estimate_all([calls[at] for at in rest])
        found |= zip(rest, own, strict=True)
        return [_Flight(call, found[at], at in shared) for at, call in enumerate(calls)]

    def _estimate_all(self, calls: Sequence[Call]) -> list[int]:
        return [
            _GAS_UNKNOWN if isinstance(answer, NodeRefusedError) else _with_margin(as_int(answer))
            for answer in self._node.try_all([self._estimation(call) for call in calls])
        ]

    def _mend(self, flights: list[_Flight]) -> list[_Flight]:
        """Send again, with gas of its own, what failed because a shared estimate was too low.

        What failed has changed nothing, so this is still once.
        """
        failed = [
            at
            for at, one in enumerate(flights)
            if one.is_gas_shared and one.receipt and as_int(one.receipt["status"]) != 1
        ]
        answers = self._node.try_all([self._estimation(flights[at].call) for at in failed])
        again = list(flights)
        for at, answer in zip(failed, answers, strict=True):
            needed = 0 if isinstance(answer, NodeRefusedError) else as_int(answer)
            if needed > flights[at].gas:
                again[at] = _Flight(flights[at].call, _with_margin(needed))
        self._fly_all([new for new, old in zip(again, flights, strict=True) if new is not old])
        return again

    def _estimation(self, call: Call) -> Request:
        return "eth_estimateGas", [self._as_transaction(call)]

    def _as_transaction(self, call: Call) -> dict[str, str]:
        asked = {"from": self.address, "data": "0x" + call.data.hex()}
        if call.to:
            asked["to"] = call.to
        if call.value:
            asked["value"] = hex(call.value)
        return asked

    def _fee(self) -> tuple[int, int]:
        """The most that we pay for gas, and the part of it that is the tip."""
        now = time.monotonic()
        if self._fees is None or now - self._fees[0] > self._pace.fees:
            block = self._node.ask("eth_getBlockByNumber", "latest", False)
            base = as_int(block.get("baseFeePerGas") or 0)
            self._fees = (now, base * _FEE_FACTOR + _TIP, _TIP)
        return self._fees[1], self._fees[2]

    # On the way

    def _fly_all(self, flights: Sequence[_Flight]) -> None:
        for start in range(0, len(flights), _WINDOW):
            self._fly(flights[start : start + _WINDOW])

    def _fly(self, flights: Sequence[_Flight]) -> None:
        """Send all, and return when each has a receipt."""
        started = time.monotonic()
        if self._nonce is None:
            self._nonce = self._node.nonce(self.address, block="pending")
        for flight in flights:
            flight.started_at = started
            self._sign(flight, self._nonce)
            self._nonce += 1
        waiting = list(flights)
        pause, longest = self._pace.first_poll, self._pace.longest_poll
        checked = asked_all = started
        while waiting:
            asks_all = time.monotonic() - asked_all > self._pace.all_poll
            left = self._round(waiting, asks_all=asks_all)
            now = time.monotonic()
            if asks_all:
                asked_all = now
            progressed = len(left) < len(waiting)
            waiting = left
            if not waiting:
                return
            if now - started > self._deadline:
                # Whoever asks next must find out for themselves which nonces were used.
                self._nonce = None
                raise NotMinedError(waiting[0].hashes, self._deadline)
            if now - checked > self._pace.resend:
                checked = now
                self._close_gap(waiting[0].nonce)
            if any(flight.nonce_used for flight in waiting):
                self._renew(waiting)
            for flight in waiting:
                if now - flight.signed_at > self._pace.patience and flight is waiting[0]:
                    # The first only: the others wait for it, not for their fee.
                    self._bump(flight)
            pause = self._pace.first_poll if progressed else min(1.5 * pause, longest)
            time.sleep(pause)

    def _round(self, waiting: list[_Flight], *, asks_all: bool) -> list[_Flight]:
        """Send what is due, ask for receipts, and return those that are still out.

        The last of them gets in last: as long as it is out, the others are not asked for.
        """
        now = time.monotonic()
        due = [
            flight
            for flight in waiting
            if not flight.accepted or now - flight.sent_at > self._pace.resend
        ]
        *others, last = waiting
        asked = _hashes(waiting if asks_all else [last])
        requests: list[Request] = [("eth_sendRawTransaction", [one.raw]) for one in due]
        requests += _receipts(asked)
        try:
            answers = self._node.send_once(requests)
        except ChainDownError:
            # It may have acted on all of it or on nothing. The same bytes go out again.
            return waiting
        for flight, answer in zip(due, answers, strict=False):
            flight.sent_at = now
            self._judge(flight, answer)
        for (flight, each), answer in zip(asked, answers[len(due) :], strict=True):
            flight.land(answer, each)
        if last.receipt is not None and not asks_all:
            asked = _hashes(others)
            try:
                answers = self._node.send_once(_receipts(asked))
            except ChainDownError:
                answers = [None] * len(asked)
            for (flight, each), answer in zip(asked, answers, strict=True):
                flight.land(answer, each)
        return [flight for flight in waiting if flight.receipt is None]

    def _judge(self, flight: _Flight, answer: Any) -> None:
        """Learn from what the node said to the bytes of `flight`."""
        if not isinstance(answer, NodeRefusedError):
            flight.accepted = True
            return
        said = answer.reason.lower()
        if any(words in said for words in _KNOWN):
            flight.accepted = True
        elif any(words in said for words in _NONCE_USED):
            flight.accepted = True
            flight.nonce_used = True
        elif any(words in said for words in _UNDERPRICED):
            # Where something else of ours has the nonce, that gets in or our patience ends; a
            # higher fee would push it out.
            ours = "replacement" not in said or len(flight.hashes) > 1
            if ours and time.monotonic() - flight.signed_at > self._pace.bump:
                self._bump(flight)
        elif any(words in said for words in _FUNDS) and not flight.accepted:
            self._nonce = None
            raise FundsError(self.address, answer.reason)
        # All else, such as a failing call that Ganache has mined all the same, or an error of a
        # proxy in between, decides nothing: the receipt does.

    def _close_gap(self, nonce: int) -> None:
        """Send again what came before `nonce` and is in no block any more.

        The same bytes: what was taken back was asked for, and still happens once at most.
        """
        try:
            used = self._node.nonce(self.address)
            lost = [self._sent[at] for at in range(used, nonce) if at in self._sent]
            if lost:
                self._node.send_once([("eth_sendRawTransaction", [raw]) for raw in lost])
        except ChainDownError:
            return

    def _renew(self, waiting: list[_Flight]) -> None:
        """Give new nonces to those whose nonce was used for something else."""
        try:
            # In this order: what has no receipt after its nonce was counted was not counted by it.
            used = self._node.nonce(self.address)
            # By the block before the newest, whose receipts are there for certain.
            settled = self._node.nonce(self.address, block=max(self._node.height() - 1, 0))
            receipts = self._node.ask_all(_receipts(_hashes(waiting)))
        except ChainDownError:
            return
        at = iter(receipts)
        for flight in waiting:
            flight.nonce_used = False
            for each in list(flight.hashes):
                flight.land(next(at), each)
        lost = [one for one in waiting if one.receipt is None]
        waiting[:] = lost
        if not lost or lost[0].nonce >= used:
            return
        now = time.monotonic()
        first = lost[0]
        first.lost_at = first.lost_at or now
        if first.nonce >= settled and now - first.lost_at < self._pace.lost:
            first.nonce_used = True
            return
        gone = max(settled, first.nonce + 1)
        # Those after it have nonces that will be used as well, or that would leave a gap: the
        # others follow in their order. One that is out already with a good nonce keeps it.
        taken = {one.nonce for one in lost if one.nonce >= gone}
        nonce = self._following(used, taken)
        for flight in lost:
            if flight.nonce < gone:
                self._sign(flight, next(nonce))
        self._nonce = max(max(one.nonce for one in lost) + 1, self._nonce or 0)

    def _following(self, first: int, taken: set[int]) -> Iterator[int]:
        nonce = first
        while True:
            if nonce not in taken:
                yield nonce
            nonce += 1

    def _sign(self, flight: _Flight, nonce: int) -> None:
        """Fix the bytes of `flight`."""
        max_fee, tip = self._fee()
        flight.nonce = nonce
        flight.hashes = []
        # What was learnt of the former nonce says nothing about this one.
        flight.lost_at = None
        self._seal(flight, max_fee=max_fee, tip=tip)

    def _bump(self, flight: _Flight) -> None:
        """Replace what is out by the same at a higher fee. Either may get in, never both."""
        self._fees = None
        try:
            max_fee, tip = self._fee()
        except ChainDownError:
            return
        up, down = _BUMP
        self._seal(
            flight,
            max_fee=max(max_fee, flight.max_fee * up // down + 1),
            tip=max(tip, flight.tip * up // down + 1),
        )

    def _seal(self, flight: _Flight, *, max_fee: int, tip: int) -> None:
        flight.max_fee, flight.tip = max_fee, tip
        call = flight.call
        fields: list[Any] = [
            self._node.chain_id,
            flight.nonce,
            tip,
            max_fee,
            flight.gas,
            as_bytes(call.to),
            call.value,
            call.data,
            [],
        ]
        signed: bytes = self._key.sign_recoverable(keccak(b"\x02" + rlp(fields)), hasher=None)
        fields += [
            signed[64],
            int.from_bytes(signed[:32], "big"),
            int.from_bytes(signed[32:64], "big"),
        ]
        raw = b"\x02" + rlp(fields)
        flight.raw = "0x" + raw.hex()
        flight.hashes.append("0x" + keccak(raw).hex())
        self._sent[flight.nonce] = flight.raw
        while len(self._sent) > _REMEMBERED:
            del self._sent[next(iter(self._sent))]
        flight.accepted = False
        flight.signed_at = time.monotonic()

    # After

    def _receipt(self, flight: _Flight) -> Receipt:
        found = flight.receipt
        if found is None:
            raise NotMinedError(flight.hashes, self._deadline)
        created = found.get("contractAddress")
        return Receipt(
            tx_hash=found["transactionHash"],
            block_number=as_int(found["blockNumber"]),
            block_hash=as_bytes(found["blockHash"]),
            gas_used=as_int(found["gasUsed"]),
            status=as_int(found["status"]),
            events=tuple(self._events(found["logs"])),
            seconds=flight.seconds,
            contract_address=checksum(created) if created else None,
        )

    def _events(self, logs: Sequence[dict[str, Any]]) -> Iterator[Event]:
        for found in logs:
            name = self._contracts.get(checksum(found["address"]))
            if name is None:
                continue
            log = Log(
                address=checksum(found["address"]),
                topics=tuple(as_bytes(topic) for topic in found["topics"]),
                data=as_bytes(found["data"]),
                block_number=as_int(found["blockNumber"]),
                block_hash=as_bytes(found["blockHash"]),
                tx_hash=as_bytes(found["transactionHash"]),
                index=as_int(found["logIndex"]),
            )
            event = decode_event(log, name)
            if event is not None:
                yield event

    def _why(self, flight: _Flight, receipt: Receipt) -> RefusedError:
        """Run the call again where it failed, to hear the reason."""
        asked = self._as_transaction(flight.call) | {"gas": hex(flight.gas)}
        answers = self._node.try_all(
            [
                ("eth_call", [asked, hex(receipt.block_number)]),
                ("eth_call", [asked, hex(max(receipt.block_number - 1, 0))]),
            ]
        )
        reasons = [one for one in answers if isinstance(one, NodeRefusedError)]
        named = [one for one in reasons if one.data] or reasons
        data = named[0].data if named else b""
        text = named[0].reason if named else "it does not fail any more"
        return refused(flight.call, data, text=text, receipt=receipt)

    def _refusal(self, call: Call, answer: NodeRefusedError) -> Exception:
        said = answer.reason.lower()
        if any(words in said for words in _FUNDS):
            return FundsError(self.address, answer.reason)
        if answer.data or "revert" in said or answer.number == 3:
            data = answer.data
            if not data:
                # Some nodes leave the bytes out of an estimate, and have them in a call.
                again = self._node.try_all([("eth_call", [self._as_transaction(call), "latest"])])
                data = again[0].data if isinstance(again[0], NodeRefusedError) else b""
            return refused(call, data, text=answer.reason, receipt=None)
        return answer


def _hashes(flights: Sequence[_Flight]) -> list[tuple[_Flight, str]]:
    """Each under which a flight may be found."""
    return [(flight, each) for flight in flights for each in flight.hashes]


def _receipts(hashes: Sequence[tuple[_Flight, str]]) -> list[Request]:
    return [("eth_getTransactionReceipt", [each]) for _, each in hashes]


def _with_margin(gas: int) -> int:
    up, down = _GAS_MARGIN
    return gas * up // down
