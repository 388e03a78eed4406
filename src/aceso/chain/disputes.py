"""Disputes of deliveries, as the contract answers and takes them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from ._bytes import keccak
from .abi import decode_event
from .calls import Call
from .contract import Contract
from .requests import Committee

__all__ = ["Dispute", "DisputeState", "DisputeTerms", "Disputes", "Ground", "PanelSeat"]


_OPENED = keccak(b"DisputeOpened(uint64,address,uint256,address,uint8,bytes32,uint64)")


class Ground(IntEnum):
    """Why a delivery is disputed."""

    CANNOT_OPEN = 0
    NOT_AS_OFFERED = 1


class DisputeState(IntEnum):
    """How far a dispute is. The last three are final."""

    NONE = 0
    DRAWING = 1
    VOTING = 2
    UPHELD = 3
    DISMISSED = 4
    LAPSED = 5


@dataclass(frozen=True, slots=True)
class Dispute:
    """A dispute as it stands: `until` is when its present step ends, `panel` is 1 or 2."""

    desk: str
    order: int
    payer: str
    state: DisputeState
    ground: Ground
    until: int
    panel: int
    draw_block: int


@dataclass(frozen=True, slots=True)
class PanelSeat:
    """Who sits in a seat of the present panel, for which institution, and whether they voted."""

    evaluator: str
    institution: int
    voted: bool


@dataclass(frozen=True, slots=True)
class DisputeTerms:
    """What a dispute is backed by and what each vote takes of it, in base units of coin; how long
    drawing and voting may take, in seconds."""

    bond: int
    fee: int
    draw_period: int
    vote_period: int


class Disputes(Contract):
    """Disputes: a panel drawn by lot says whether a delivery is what was paid for."""

    SEATS = 3

    def join_panel(self, institution: int) -> Call:
        return self.call("joinPanel", institution)

    def leave_panel(self) -> Call:
        return self.call("leavePanel")

    def open(self, desk: str, order: int, ground: Ground, evidence: bytes) -> Call:
        """`evidence` is the SHA-256 of a document that is handed to the panel."""
        return self.call("open", desk, order, int(ground), evidence)

    def draw(self, number: int, committee: Committee) -> Call:
        return self.call("draw", number, committee.astuple())

    def vote(self, number: int, seat: int, upheld: bool, reason: bytes) -> Call:
        """`reason` is the digest in the CID of what the evaluator wrote."""
        return self.call("vote", number, seat, upheld, reason)

    def end(self, number: int) -> Call:
        return self.call("end", number)

    def pay_credit(self, account: str) -> Call:
        return self.call("payCredit", account)

    def dispute_of(self, number: int) -> Dispute:
        desk, order, payer, state, ground, until, panel, block = self.read("disputeOf", number)
        return Dispute(desk, order, payer, DisputeState(state), Ground(ground), until, panel, block)

    def seat_of(self, number: int, seat: int) -> PanelSeat:
        return PanelSeat(*self.read("seatOf", number, seat))

    def evidence_of(self, number: int, *, first: int = 0) -> bytes:
        """The digest of the evidence that a dispute began with, as its event said, from block
        `first` on; empty if there is no such dispute."""
        last = self.node.height()
        topics = ["0x" + _OPENED.hex(), "0x" + number.to_bytes(32, "big").hex()]
        for log in self.node.logs([self.address], first=first, last=last, topics=topics):
            event = decode_event(log, self.name)
            if event is not None:
                return bytes(event.args["evidence"])
        return b""

    def dispute_count(self) -> int:
        return int(self.read("disputeCount")[0])

    def institution_of(self, evaluator: str) -> int:
        """For which institution an evaluator can be drawn; 0 if they can't."""
        return int(self.read("institutionOf", evaluator)[0])

    def credit_of(self, account: str) -> int:
        return int(self.read("creditOf", account)[0])

    def terms(self) -> DisputeTerms:
        return DisputeTerms(*self.read("terms"))
