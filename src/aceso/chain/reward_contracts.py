"""The contracts of rewards: the pool that emits coin, and the board where evaluators answer for it.

    suite.rewards.claim(reward, proof)
    suite.reward_board.post_root(epoch, institution, root, total, institutions, audit)

Amounts of rewards are in millionths of a coin, as in the contracts; bonds in base units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from .calls import Call
from .contract import Contract
from .node import BlockTag

__all__ = [
    "BanState",
    "Earned",
    "EmissionTerms",
    "EpochRoot",
    "Reward",
    "RewardBoard",
    "RewardPool",
    "RootState",
]


class RootState(IntEnum):
    """How far the root of an epoch is."""

    NONE = 0
    POSTED = 1
    CHALLENGED = 2
    STANDS = 3


class BanState(IntEnum):
    """How far a ban is."""

    NONE = 0
    PROPOSED = 1
    BANNED = 2
    APPEALED = 3
    FINAL = 4


@dataclass(frozen=True, slots=True)
class Reward:
    """A leaf of an epoch's tree: what an account gets for the use of a record."""

    epoch: int
    index: int
    institutional: bool
    amount: int
    account: str
    issuer: str
    record: bytes

    def astuple(self) -> tuple[int, int, bool, int, str, str, bytes]:
        """As the contract takes it."""
        return (
            self.epoch,
            self.index,
            self.institutional,
            self.amount,
            self.account,
            self.issuer,
            self.record,
        )

    def encoded(self) -> bytes:
        """abi.encode(reward): what its leaf is made of."""
        numbers = (self.epoch, self.index, int(self.institutional), self.amount)
        words = [number.to_bytes(32, "big") for number in numbers]
        words += [bytes(12) + bytes.fromhex(one[2:]) for one in (self.account, self.issuer)]
        return b"".join(words) + self.record


@dataclass(frozen=True, slots=True)
class EmissionTerms:
    """The budget of the first epochs, how many until it is halved, their seconds, and the start."""

    budget: int
    halving: int
    length: int
    start: int

    @property
    def schedule(self) -> tuple[int, int, int]:
        """As the pool was deployed with it."""
        return (self.budget, self.halving, self.length)

    def budget_of(self, epoch: int) -> int:
        """The most that is emitted for an epoch."""
        return self.budget >> (epoch // self.halving)

    def begins(self, epoch: int) -> int:
        """The first second of an epoch, which is the first after the one before it."""
        return self.start + epoch * self.length


@dataclass(frozen=True, slots=True)
class EpochRoot:
    """What stands for an epoch; the root is zeros where there is none."""

    root: bytes
    total: int
    institutions: int
    claimed: int
    claimed_by_institutions: int


@dataclass(frozen=True, slots=True)
class Earned:
    """What an account earned for good, what was paid of it, and what still vests."""

    vested: int
    paid: int
    vesting: int


class RewardPool(Contract):
    """RewardPool: rewards by proof, which vest."""

    def claim(self, reward: Reward, proof: Sequence[bytes]) -> Call:
        return self.call("claim", reward.astuple(), list(proof))

    def claw_back(self, reward: Reward, proof: Sequence[bytes]) -> Call:
        return self.call("clawBack", reward.astuple(), list(proof))

    def release(self, account: str) -> Call:
        return self.call("release", account)

    def board(self) -> str:
        return str(self.read("board")[0])

    def emission(self) -> EmissionTerms:
        schedule, start = self.read("emission")
        return EmissionTerms(schedule["budget"], schedule["halving"], schedule["length"], start)

    def emission_cap(self) -> int:
        """In base units of coin."""
        return int(self.read("emissionCap")[0])

    def current_epoch(self, *, block: BlockTag = "latest") -> int:
        return int(self.read("currentEpoch", block=block)[0])

    def root_of(self, epoch: int, *, block: BlockTag = "latest") -> EpochRoot:
        return EpochRoot(*self.read("rootOf", epoch, block=block))

    def is_claimed(
        self, epoch: int, index: int, *, block: BlockTag = "latest"
    ) -> tuple[bool, bool]:
        """Whether a reward was booked, and whether it was taken back."""
        claimed, clawed_back = self.read("isClaimed", epoch, index, block=block)
        return claimed, clawed_back

    def earnings_of(self, account: str, *, block: BlockTag = "latest") -> Earned:
        return Earned(*self.read("earningsOf", account, block=block))


class RewardBoard(Contract):
    """RewardBoard: roots, challenges, bans."""

    def post_root(
        self, epoch: int, institution: int, root: bytes, total: int, institutions: int, audit: bytes
    ) -> Call:
        return self.call("postRoot", epoch, institution, root, total, institutions, audit)

    def challenge_root(self, epoch: int, institution: int, why: bytes) -> Call:
        return self.call("challengeRoot", epoch, institution, why)

    def judge_root(self, epoch: int, institution: int, right: bool) -> Call:
        return self.call("judgeRoot", epoch, institution, right)

    def end_root(self, epoch: int) -> Call:
        return self.call("endRoot", epoch)

    def ban(self, account: str, institution: int, evidence: bytes) -> Call:
        return self.call("ban", account, institution, evidence)

    def appeal(self) -> Call:
        return self.call("appeal")

    def appeal_with_sig(self, account: str, signature: bytes) -> Call:
        return self.call("appealWithSig", account, signature)

    def judge_appeal(self, account: str, institution: int, right: bool) -> Call:
        return self.call("judgeAppeal", account, institution, right)

    def end_appeal(self, account: str) -> Call:
        return self.call("endAppeal", account)

    def pay_bond(self, account: str) -> Call:
        return self.call("payBond", account)

    def state_of(self, epoch: int, *, block: BlockTag = "latest") -> tuple[RootState, int, bytes]:
        """How far the root of an epoch is, its time limit, and the root."""
        state, until, root = self.read("stateOf", epoch, block=block)
        return RootState(state), until, root

    def ban_of(self, account: str, *, block: BlockTag = "latest") -> tuple[BanState, int, int]:
        """How far a ban is, its time limit, and how many were proposed of the account."""
        state, until, bans = self.read("banOf", account, block=block)
        return BanState(state), until, bans

    def bond_of(self, account: str) -> int:
        return int(self.read("bondOf", account)[0])

    def terms(self) -> tuple[int, int, int]:
        """Seconds to challenge, seconds of a panel, and the bond."""
        challenge, panel, bond = self.read("terms")
        return challenge, panel, bond
