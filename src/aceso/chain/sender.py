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
from threading import Lock
from typing import Any, Final

import coincurve
from eth_account.signers.local import LocalAccount

from ._bytes import as_bytes, as_int, checksum, keccak
from ._flight import Flight, Pace, asks_for_receipts, hashes_of
from ._gas import Estimates, as_transaction
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


_USUAL: Final = Pace()


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
        self._estimates = Estimates(self._node, account.address)
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
            gas = call.gas if call.gas is not None else self._estimates.one(call)
            if isinstance(gas, NodeRefusedError):
                raise self._refusal(call, gas)
            flight = Flight(call, gas)
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
            flights = self._estimates.flights(calls)
            self._fly_all(flights)
            again = self._estimates.short(flights)
            self._fly_all(list(again.values()))
            flights = [again.get(at, one) for at, one in enumerate(flights)]
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

    def _fee(self) -> tuple[int, int]:
        """The most that we pay for gas, and the part of it that is the tip."""
        now = time.monotonic()
        if self._fees is None or now - self._fees[0] > self._pace.fees:
            block = self._node.ask("eth_getBlockByNumber", "latest", False)
            base = as_int(block.get("baseFeePerGas") or 0)
            self._fees = (now, base * _FEE_FACTOR + _TIP, _TIP)
        return self._fees[1], self._fees[2]

    # On the way

    def _fly_all(self, flights: Sequence[Flight]) -> None:
        for start in range(0, len(flights), _WINDOW):
            self._fly(flights[start : start + _WINDOW])

    def _fly(self, flights: Sequence[Flight]) -> None:
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

    def _round(self, waiting: list[Flight], *, asks_all: bool) -> list[Flight]:
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
        asked = hashes_of(waiting if asks_all else [last])
        requests: list[Request] = [("eth_sendRawTransaction", [one.raw]) for one in due]
        requests += asks_for_receipts(asked)
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
            asked = hashes_of(others)
            try:
                answers = self._node.send_once(asks_for_receipts(asked))
            except ChainDownError:
                answers = [None] * len(asked)
            for (flight, each), answer in zip(asked, answers, strict=True):
                flight.land(answer, each)
        return [flight for flight in waiting if flight.receipt is None]

    def _judge(self, flight: Flight, answer: Any) -> None:
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

    def _renew(self, waiting: list[Flight]) -> None:
        """Give new nonces to those whose nonce was used for something else."""
        try:
            # In this order: what has no receipt after its nonce was counted was not counted by it.
            used = self._node.nonce(self.address)
            # By the block before the newest, whose receipts are there for certain.
            settled = self._node.nonce(self.address, block=max(self._node.height() - 1, 0))
            receipts = self._node.ask_all(asks_for_receipts(hashes_of(waiting)))
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

    def _sign(self, flight: Flight, nonce: int) -> None:
        """Fix the bytes of `flight`."""
        max_fee, tip = self._fee()
        flight.nonce = nonce
        flight.hashes = []
        # What was learnt of the former nonce says nothing about this one.
        flight.lost_at = None
        self._seal(flight, max_fee=max_fee, tip=tip)

    def _bump(self, flight: Flight) -> None:
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

    def _seal(self, flight: Flight, *, max_fee: int, tip: int) -> None:
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

    def _receipt(self, flight: Flight) -> Receipt:
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

    def _why(self, flight: Flight, receipt: Receipt) -> RefusedError:
        """Run the call again where it failed, to hear the reason."""
        asked = as_transaction(flight.call, self.address) | {"gas": hex(flight.gas)}
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
                again = self._node.try_all(
                    [("eth_call", [as_transaction(call, self.address), "latest"])]
                )
                data = again[0].data if isinstance(again[0], NodeRefusedError) else b""
            return refused(call, data, text=answer.reason, receipt=None)
        return answer
