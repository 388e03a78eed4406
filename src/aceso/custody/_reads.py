"""What contracts answered at blocks: asked once for each block, and together.

    reads = Reads(nodes)
    answer, other = reads.call_all([(contract, data, block), (contract, data, before)])

What was answered at a block's hash never changes and is kept. A new block makes all requests ask
anew at the same moment. What they lack is gathered while the node answers the batch before, and
asked in one: so a block costs a few batches, however many requests wait. A call that the node
refuses, and a block that is no longer there, are refused to whoever asked, and not to the others of
the batch. Where a whole batch fails, each asks once more for themself: what one of them asks may be
what the nodes can't answer, or don't agree on.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ._node import Failure, Nodes, block_of, data_of, refused
from ._views import Block, hex_text
from .errors import ChainUnsafeError, another

__all__ = ["Call", "Reads"]

_KEPT: Final = 100_000
# What is longer is asked by itself, so that nobody waits for it; and nodes bound their batches.
_LONG: Final = 64
_BAD_PARAMS: Final = frozenset({-32602, -32600, -32000, -32700})

Call = tuple[str, bytes, Block]
_Key = tuple[str, str, bytes]
_Answers = dict[_Key, bytes | ChainUnsafeError]


class _Seat:
    """What one request lacks."""

    def __init__(self, wanted: Mapping[_Key, Call]):
        self.wanted = wanted
        self.answers: _Answers = {}
        self.error: BaseException | None = None
        # Whether it is to be asked by itself, as those of its batch were not answered together.
        self.is_alone = False
        self.is_done = False


class Reads:
    """Calls of contracts, by one node or several."""

    def __init__(self, nodes: Nodes):
        self._nodes = nodes
        self._by_hash = True
        self._kept: OrderedDict[_Key, bytes] = OrderedDict()
        self._lock = threading.Lock()
        self._waiting: list[_Seat] = []
        self._turn = threading.Lock()

    def call_all(self, calls: Sequence[Call]) -> list[bytes]:
        """What these contracts answer to these data at these blocks."""
        found = self._known(map(_key, calls))
        wanted = {key: call for call in calls if (key := _key(call)) not in found}
        if wanted:
            found |= self._fetch(wanted) if len(wanted) > _LONG else self._together(wanted)
        return [_said(found[_key(call)]) for call in calls]

    def where(self, block: Block) -> dict[str, Any] | str:
        """A block, as the node takes it."""
        return {"blockHash": block.hash} if self._by_hash else hex(block.number)

    def _known(self, keys: Iterable[_Key]) -> _Answers:
        with self._lock:
            return {key: self._kept[key] for key in keys if key in self._kept}

    def _together(self, wanted: Mapping[_Key, Call]) -> _Answers:
        mine = _Seat(wanted)
        with self._lock:
            self._waiting.append(mine)
        # Whoever gets the turn asks for all who wait, and they find it answered.
        with self._turn:
            while not mine.is_done:
                self._serve(self._seats())
        if mine.is_alone:
            # Each in their own thread: nobody waits for what another asks.
            return self._fetch(wanted)
        if isinstance(mine.error, ChainUnsafeError):
            raise another(mine.error)
        if mine.error is not None:
            raise mine.error
        return mine.answers

    def _seats(self) -> list[_Seat]:
        """Those who waited longest, as many as fit into a batch."""
        with self._lock:
            count = total = 0
            for seat in self._waiting:
                total += len(seat.wanted)
                if count and total > _LONG:
                    break
                count += 1
            seats, self._waiting = self._waiting[:count], self._waiting[count:]
        return seats

    def _serve(self, seats: Sequence[_Seat]) -> None:
        wanted = {key: call for seat in seats for key, call in seat.wanted.items()}
        # The batch before may have brought some of it.
        found = self._known(wanted)
        missing = {key: call for key, call in wanted.items() if key not in found}
        try:
            if missing:
                found |= self._fetch(missing)
            for seat in seats:
                seat.answers = {key: found[key] for key in seat.wanted}
        except ChainUnsafeError as error:
            for seat in seats:
                seat.error, seat.is_alone = error, len(seats) > 1
        except BaseException as error:
            for seat in seats:
                seat.error = error
            raise
        finally:
            for seat in seats:
                seat.is_done = True

    def _fetch(self, wanted: Mapping[_Key, Call]) -> _Answers:
        answers: _Answers = {}
        left = wanted
        if self._by_hash:
            said = self._nodes.ask(
                [
                    (
                        "eth_call",
                        [
                            {"to": to, "data": hex_text(data)},
                            {"blockHash": block.hash, "requireCanonical": True},
                        ],
                    )
                    for to, data, block in wanted.values()
                ]
            )
            by_key = dict(zip(wanted, said, strict=True))
            left = {key: wanted[key] for key, answer in by_key.items() if _is_form(answer)}
            answers = {key: _read(answer) for key, answer in by_key.items() if key not in left}
        if left:
            answers |= self._by_number(left, takes_hashes=bool(answers))
        fresh = {key: answer for key, answer in answers.items() if isinstance(answer, bytes)}
        with self._lock:
            self._kept |= fresh
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return answers

    def _by_number(self, wanted: Mapping[_Key, Call], *, takes_hashes: bool) -> _Answers:
        """Ask a node that doesn't take hashes by number. It shows in the same batch that the number
        still stands for the hash."""
        blocks = list({block.hash: block for _, _, block in wanted.values()}.values())
        said = self._nodes.ask(
            [
                ("eth_call", [{"to": to, "data": hex_text(data)}, hex(block.number)])
                for to, data, block in wanted.values()
            ]
            + [("eth_getBlockByNumber", [hex(block.number), False]) for block in blocks]
        )
        standing = {
            block.hash
            for block, answer in zip(blocks, said[len(wanted) :], strict=True)
            if _is_block(block, answer)
        }
        answers = {
            key: _read(answer) if block.hash in standing else _moved()
            for (key, (_, _, block)), answer in zip(wanted.items(), said, strict=False)
        }
        if not takes_hashes and all(isinstance(answer, bytes) for answer in answers.values()):
            self._by_hash = False
        return answers


def _key(call: Call) -> _Key:
    to, data, block = call
    return block.hash, to, data


def _is_form(answer: Any) -> bool:
    """Whether the node may dislike the form of the call, and not what it says."""
    return isinstance(answer, Failure) and answer.code in _BAD_PARAMS


def _is_block(block: Block, answer: Any) -> bool:
    """Whether the node shows this block where it was, so that the number stood for its hash."""
    try:
        return block_of(answer).hash == block.hash
    except ChainUnsafeError:
        # It shows none there.
        return False


def _moved() -> ChainUnsafeError:
    return ChainUnsafeError(
        "The chain changed while it was asked. Ask again.", code="E_CHAIN_MOVED"
    )


def _read(answer: Any) -> bytes | ChainUnsafeError:
    if isinstance(answer, Failure):
        return refused(answer)
    try:
        return data_of(answer)
    except ChainUnsafeError as error:
        return error


def _said(answer: bytes | ChainUnsafeError) -> bytes:
    if isinstance(answer, ChainUnsafeError):
        raise another(answer)
    return answer
