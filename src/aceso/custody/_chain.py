"""What a custodian reads from its chain, and when it refuses to believe it.

    heads = chain.heads()                       # fetched after the call began
    newest, confirmed = chain.decide(question, heads)

A custodian answers only while its node does. Everything is read at a block named by its hash, so an
answer never mixes two states, and what was read at a hash never changes and is kept. The node's
newest block is asked for anew by every request, but requests that wait at the same time share one
fetch that began after the last of them came.

A node that falls behind what it had confirmed, or that shows another block at that height, is not
believed until its chain has grown beyond it. What had been settled by what it lost is opened again
then (`on_replaced`). A node that stands still looks like a chain on which
nothing happens, and would hide withdrawals for ever: when its newest block is more than two days
older than this machine's clock, it isn't believed either. The clock only ever refuses. No deadline
is measured by it, and the chain may be ahead of it without limit, as local networks are.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

from aceso.codes import Reason, Role

from ._node import Failure, Nodes, block_of, data_of, nonsense, refused
from ._reads import Call, Reads
from ._typed import address, keccak, recover
from ._views import (
    Addresses,
    Block,
    Heads,
    LogEntry,
    Question,
    Standing,
    hex_text,
    word,
)
from .errors import ChainUnsafeError, another

__all__ = [
    "Addresses",
    "Block",
    "Chain",
    "Heads",
    "LogEntry",
    "Question",
    "Standing",
]

_log = logging.getLogger("aceso.custody")

_MAX_AGE_SECONDS: Final = 2 * 86_400
_ERC1271: Final = bytes.fromhex("1626ba7e")
_WALLET_GAS: Final = 300_000


def _selector(signature: str) -> bytes:
    return keccak(signature.encode())[:4]


_DECIDE: Final = _selector("decide((address,address,bytes32,uint16,uint32,uint24))")
_STANDING: Final = _selector("standing(address,bytes32,address)")
_HAS_ROLES: Final = _selector("hasRoles(address,uint32)")
_KEY_OF: Final = _selector("keyOf(address)")
_INSTITUTION: Final = _selector("institution(uint96)")
_COMMITTEE: Final = _selector("committeeDigest(uint24)")
_PERSON_OF: Final = _selector("personOf(address)")
_CLAIM_OF: Final = _selector("claimOf(address,uint8)")
_APPOINTMENT_OF: Final = _selector("appointmentOf(address,address)")
_DEATH: Final = 1
_MAY_RECOVER: Final = _selector("mayRecover(address,address)")
_IS_GUARDIAN: Final = _selector("isGuardian(address,address,uint8)")
_IS_VALID: Final = _selector("isValidSignature(bytes32,bytes)")


class Chain:
    """One chain, read carefully from one node or several."""

    def __init__(
        self,
        nodes: Nodes,
        *,
        chain_id: int,
        addresses: Addresses,
        confirmations: int = 1,
        seen: tuple[int, str] | None = None,
        on_confirmed: Callable[[int, str], None] = lambda number, hash_: None,
        clock: Callable[[], float] = time.time,
    ):
        self.chain_id = chain_id
        self.addresses = addresses
        self._confirmations = confirmations
        self._nodes = nodes
        self._reads = Reads(nodes)
        self._seen = seen
        self._on_confirmed = on_confirmed
        self._clock = clock
        # Called when a chain is believed again that had lost what was confirmed.
        self.on_replaced: Callable[[], None] = lambda: None
        self._heads: Heads | None = None
        self._turn = threading.Condition()
        self._begun = 0
        self._done = 0
        self._busy = False
        self._outcome: Heads | ChainUnsafeError | None = None

    def close(self) -> None:
        self._nodes.close()

    @property
    def known(self) -> Heads | None:
        """The heads that were seen last, without asking."""
        return self._heads

    @property
    def domain(self) -> dict[str, Any]:
        """The EIP-712 domain of custody's messages: the consent registry's."""
        return self.domain_of(self.addresses.consents)

    @property
    def log_domain(self) -> dict[str, Any]:
        return self.domain_of(self.addresses.access_log)

    def domain_of(self, contract: str) -> dict[str, Any]:
        """The EIP-712 domain of a contract."""
        return {
            "name": "Aceso",
            "version": "1",
            "chainId": self.chain_id,
            "verifyingContract": contract,
        }

    # --- Heads ----------------------------------------------------------------------------------

    def heads(self) -> Heads:
        """The heads as of a fetch that began after this call."""
        with self._turn:
            wanted = self._begun + 1
            while self._busy and self._done < wanted:
                self._turn.wait()
            if self._done >= wanted:
                return self._result()
            self._busy = True
            self._begun += 1
            mine = self._begun
        outcome: Heads | ChainUnsafeError
        try:
            outcome = self._fetch_heads()
        except ChainUnsafeError as exc:
            outcome = exc
        except (KeyError, TypeError, ValueError) as exc:
            outcome = ChainUnsafeError(
                "The Ethereum node answers nonsense, so nothing is released.", code="E_CHAIN_DOWN"
            )
            outcome.__cause__ = exc
        except BaseException:
            with self._turn:
                self._busy = False
                self._turn.notify_all()
            raise
        with self._turn:
            self._outcome, self._done, self._busy = outcome, mine, False
            self._turn.notify_all()
            return self._result()

    def _result(self) -> Heads:
        outcome = self._outcome
        if isinstance(outcome, ChainUnsafeError):
            raise another(outcome)
        if outcome is None:
            raise ChainUnsafeError("The Ethereum node was never asked.", code="E_CHAIN_DOWN")
        return outcome

    def _fetch_heads(self) -> Heads:
        found, chain_id = self._nodes.ask(
            [("eth_getBlockByNumber", ["latest", False]), ("eth_chainId", [])]
        )
        if isinstance(chain_id, Failure) or int(chain_id, 16) != self.chain_id:
            raise ChainUnsafeError(
                f"The Ethereum node is not on chain {self.chain_id}, so nothing is released.",
                code="E_CHAIN_OTHER",
            )
        newest = block_of(found)
        # Before what is known is used again: a node that stands still shows a block that is known.
        if self._clock() - newest.timestamp > _MAX_AGE_SECONDS:
            raise ChainUnsafeError(
                f"The Ethereum node's newest block, {newest.number}, is more than two days old, so "
                "nothing is released. See that the node follows its chain, and that this machine's "
                "clock is right.",
                code="E_CHAIN_STALE",
            )
        if self._heads is not None and self._heads.newest.hash == newest.hash:
            return self._heads
        height = max(0, newest.number - self._confirmations)
        seen = self._seen
        numbers = [height] if seen is None else [height, seen[0]]
        if seen is not None and height < seen[0]:
            raise ChainUnsafeError(
                f"The Ethereum node is behind: it shows block {newest.number}, and block "
                f"{seen[0]} was confirmed before. Nothing is released until it has caught up.",
                code="E_CHAIN_BEHIND",
            )
        blocks = [
            block_of(item)
            for item in self._nodes.ask(
                [("eth_getBlockByNumber", [hex(number), False]) for number in numbers]
            )
        ]
        confirmed = blocks[0]
        if seen is not None and blocks[1].hash != seen[1]:
            if height <= seen[0] + self._confirmations:
                raise ChainUnsafeError(
                    f"The Ethereum node shows another block {seen[0]} than the one that was "
                    "confirmed. Nothing is released until its chain has grown beyond that.",
                    code="E_CHAIN_FORKED",
                )
            _log.warning("the chain was replaced from block %d or before", seen[0])
            # Before the new one is noted as confirmed, so that a process that is killed does both.
            self.on_replaced()
        heads = Heads(newest, confirmed)
        if self._seen != (confirmed.number, confirmed.hash):
            self._seen = (confirmed.number, confirmed.hash)
            self._on_confirmed(confirmed.number, confirmed.hash)
        self._heads = heads
        return heads

    # --- Calls ----------------------------------------------------------------------------------

    def call(self, to: str, data: bytes, block: Block, length: int) -> bytes:
        """What a contract answers at a block, of exactly this many bytes."""
        (answer,) = self._reads.call_all([(to, data, block)])
        return _exactly(answer, length)

    def ahead(
        self,
        heads: Heads,
        *,
        questions: Sequence[Question] = (),
        accounts: Collection[str] = (),
        institutions: Collection[int] = (),
        standings: Sequence[Question] = (),
    ) -> None:
        """Have the node answer in one batch what is asked next: `decide`, the keys that accounts
        have published, the accounts of institutions, and the counters that withdrawals name. What
        it refuses of that is refused here, and not asked again one by one."""
        participants, newest = self.addresses.participants, heads.newest
        self._reads.call_all(
            [
                *self._decisions(questions, heads),
                *((participants, _KEY_OF + word(account), newest) for account in accounts),
                *((participants, _INSTITUTION + word(number), newest) for number in institutions),
                *(
                    call
                    for one in standings
                    for call in self._standings(one.subject, one.grantee, one.actor, heads)
                ),
            ]
        )

    def decide(self, question: Question, heads: Heads) -> tuple[Reason, Reason]:
        """The reasons at the newest and at the confirmed block."""
        (reasons,) = self.decide_all([question], heads)
        return reasons

    def decide_all(
        self, questions: Sequence[Question], heads: Heads
    ) -> list[tuple[Reason, Reason]]:
        """As `decide`, of several, in their order."""
        answers = self._reads.call_all(self._decisions(questions, heads))
        reasons = [_reason(_exactly(answer, 64)) for answer in answers]
        return list(zip(reasons[::2], reasons[1::2], strict=True))

    def _decisions(self, questions: Sequence[Question], heads: Heads) -> list[Call]:
        return [
            (self.addresses.consents, _DECIDE + question.words(), block)
            for question in questions
            for block in (heads.newest, heads.confirmed)
        ]

    def standings(
        self, subject: str, grantee: bytes, actor: str, heads: Heads
    ) -> tuple[Standing, Standing]:
        """The counters at the newest and at the confirmed block."""
        answers = self._reads.call_all(self._standings(subject, grantee, actor, heads))
        newest, confirmed = (_standing(_exactly(answer, 96)) for answer in answers)
        return newest, confirmed

    def _standings(self, subject: str, grantee: bytes, actor: str, heads: Heads) -> list[Call]:
        data = _STANDING + word(subject) + grantee + word(actor)
        return [(self.addresses.consents, data, block) for block in (heads.newest, heads.confirmed)]

    def may_recover(self, persona: str, requester: str, heads: Heads) -> tuple[bool, bool]:
        """Whether the delay of a recovery is over and nobody said no, at the newest and at the
        confirmed block."""
        data = _MAY_RECOVER + word(persona) + word(requester)
        answers = self._reads.call_all(
            [
                (self.addresses.guardianship, data, block)
                for block in (heads.newest, heads.confirmed)
            ]
        )
        newest, confirmed = (_number(_exactly(answer, 32)) == 1 for answer in answers)
        return newest, confirmed

    def is_guardian(
        self, persona: str, guardian: str, powers: int, heads: Heads
    ) -> tuple[bool, bool]:
        """Whether the guardian has these powers over the persona's data, at the newest and at the
        confirmed block."""
        data = _IS_GUARDIAN + word(persona) + word(guardian) + word(powers)
        answers = self._reads.call_all(
            [
                (self.addresses.guardianship, data, block)
                for block in (heads.newest, heads.confirmed)
            ]
        )
        newest, confirmed = (_number(_exactly(answer, 32)) == 1 for answer in answers)
        return newest, confirmed

    def recovery_threshold(self, persona: str, block: Block) -> int:
        """How many guardians recover the seed of this persona; 0 if it prepared nothing."""
        answer = self.call(self.addresses.guardianship, _PERSON_OF + word(persona), block, 160)
        return _number(answer[32:64])

    def will_of(self, persona: str, block: Block) -> bytes:
        """The digest of the will of this persona that stands, or zeros."""
        answer = self.call(self.addresses.guardianship, _PERSON_OF + word(persona), block, 160)
        return answer[96:128]

    def inherits(
        self, persona: str, guardian: str, heads: Heads
    ) -> tuple[bytes | None, bytes | None]:
        """The digest of the will that this guardian may have of a persona that died, at the newest
        and at the confirmed block; nothing where they may not."""
        asked = (
            _CLAIM_OF + word(persona) + word(_DEATH),
            _APPOINTMENT_OF + word(persona) + word(guardian),
            _PERSON_OF + word(persona),
        )
        blocks = (heads.newest, heads.confirmed)
        answers = self._reads.call_all(
            [(self.addresses.guardianship, data, block) for block in blocks for data in asked]
        )
        newest, confirmed = (
            _inherited(answers[place], answers[place + 1], answers[place + 2], block)
            for place, block in zip((0, 3), blocks, strict=True)
        )
        return newest, confirmed

    def has_roles(self, account: str, roles: int, block: Block) -> bool:
        data = _HAS_ROLES + word(account) + word(roles)
        return _number(self.call(self.addresses.participants, data, block, 32)) == 1

    def has_any_role(self, account: str, block: Block) -> bool:
        answers = self._reads.call_all(
            [
                (self.addresses.participants, _HAS_ROLES + word(account) + word(int(role)), block)
                for role in Role
            ]
        )
        return any(_number(_exactly(answer, 32)) for answer in answers)

    def institution_is_open(self, number: int, block: Block) -> bool:
        data = _INSTITUTION + word(number)
        answer = self.call(self.addresses.participants, data, block, 96)
        return _number(answer[32:64]) <= block.timestamp < _number(answer[64:])

    def key_of(self, account: str, block: Block) -> bytes:
        """The digest of the key that this account published, or zeros."""
        return self.call(self.addresses.participants, _KEY_OF + word(account), block, 64)[:32]

    def institution_account(self, number: int, block: Block) -> str:
        data = _INSTITUTION + word(number)
        return address(self.call(self.addresses.participants, data, block, 96)[12:32])

    def committee_digest(self, number: int, block: Block) -> bytes:
        return self.call(self.addresses.participants, _COMMITTEE + word(number), block, 32)

    def logs(
        self, contracts: Sequence[str], topics: Sequence[Sequence[bytes]], first: int, last: int
    ) -> list[LogEntry]:
        """The events of these contracts in a range of blocks, both ends included."""
        wanted = {
            "address": list(contracts),
            "topics": [[hex_text(one) for one in any_of] for any_of in topics],
            "fromBlock": hex(first),
            "toBlock": hex(last),
        }
        (answer,) = self._nodes.ask([("eth_getLogs", [wanted])])
        if isinstance(answer, Failure):
            raise refused(answer)
        try:
            return [
                LogEntry(
                    address=address(log["address"]),
                    topics=tuple(bytes.fromhex(topic[2:]) for topic in log["topics"]),
                    data=bytes.fromhex(log["data"][2:]),
                    block=int(log["blockNumber"], 16),
                )
                for log in answer
            ]
        except (KeyError, TypeError, ValueError) as exc:
            raise nonsense() from exc

    def blocks(self, numbers: Sequence[int]) -> list[Block]:
        """These blocks, as they are now."""
        answers = self._nodes.ask(
            [("eth_getBlockByNumber", [hex(number), False]) for number in numbers]
        )
        return [block_of(answer) for answer in answers]

    def grant_words(
        self, pairs: Sequence[tuple[str, bytes]], heads: Heads
    ) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        """For each persona and grantee, the words of the grant and of the persona's head, at the
        newest and at the confirmed block."""
        answers = self._reads.call_all(
            [
                (
                    self.addresses.consents,
                    _STANDING + word(persona) + grantee + word(persona),
                    block,
                )
                for persona, grantee in pairs
                for block in (heads.newest, heads.confirmed)
            ]
        )
        words = [(_number(_exactly(answer, 96)[:32]), _number(answer[64:])) for answer in answers]
        return list(zip(words[::2], words[1::2], strict=True))

    def is_signed(self, signer: str, digest: bytes, signature: bytes, block: Block) -> bool:
        """Whether `signer` signed: with its key, or as a contract wallet says (ERC-1271)."""
        if recover(digest, signature) == address(signer):
            return True
        padded = signature + bytes(-len(signature) % 32)
        data = _IS_VALID + digest + word(64) + word(len(signature)) + padded
        call = {"to": signer, "data": hex_text(data), "gas": hex(_WALLET_GAS)}
        (answer,) = self._nodes.ask([("eth_call", [call, self._reads.where(block)])])
        # A wallet that reverts has not signed; nor has an account without code, which says nothing.
        if isinstance(answer, Failure):
            return False
        return data_of(answer) == _ERC1271 + bytes(28)


def _exactly(data: bytes, length: int) -> bytes:
    # An address without code answers nothing at all.
    if len(data) != length:
        raise nonsense()
    return data


def _inherited(claim: bytes, appointment: bytes, person: bytes, block: Block) -> bytes | None:
    """The will of a person who died, for a guardian who was one when the death came into force.
    Guardians end by it, so `isGuardian` says no to all of them from then on."""
    in_force_from = _number(_exactly(claim, 64)[:32])
    words = _exactly(appointment, 192)
    powers, valid_from, valid_until, accepted = (
        _number(words[place : place + 32]) for place in range(0, 128, 32)
    )
    successor, will = _exactly(person, 160)[64:96], person[96:128]
    is_dead = 0 < in_force_from <= block.timestamp
    was_guardian = bool(powers and accepted) and valid_from <= in_force_from < valid_until
    if not is_dead or not was_guardian or any(successor) or not any(will):
        return None
    return will


def _number(word: bytes) -> int:
    return int.from_bytes(word, "big")


def _reason(answer: bytes) -> Reason:
    permitted, code = _number(answer[:32]), _number(answer[32:])
    try:
        reason = Reason(code)
    except ValueError as exc:
        raise nonsense() from exc
    if permitted != int(reason.permits):
        raise nonsense()
    return reason


def _standing(answer: bytes) -> Standing:
    grantee, actor, head = (_number(answer[at : at + 32]) for at in (0, 32, 64))
    mask = (1 << 24) - 1
    return Standing(
        grantee >> 200 & mask, actor >> 250 & 63, head >> 160 & mask, grantee & (1 << 32) - 1
    )
