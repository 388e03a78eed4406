"""Answer for the rewards of an epoch, and for who cheated: what evaluators do at `RewardBoard`.

    keeper = Keeper(network, profile)
    keeper.post(3, audit)                       # for institution 3, with a bond
    keeper.challenge(epoch, 4, b"why")          # another's root, with a bond
    keeper.judge_root(epoch, 5, right=False)    # of a third institution
    end_root(network, epoch)                    # anybody, when its time is over

    keeper.ban(account, 3, b"what was found")   # the second one's counts
    appeal(network, persona)                    # the banned account, by signature
    keeper.judge_ban(account, 5, right=True)
    end_appeal(network, account)                # anybody, when nobody answered
    pay_bond(network, account)                  # anybody; it goes to the account

A root is posted only after its file was computed again from the chain, since a false one costs the
bond. Audit files, reasons and evidence lie on IPFS for everybody to read, and the chain has the
digests in their CIDs: nothing about anybody's health belongs there.
"""

from __future__ import annotations

from dataclasses import dataclass

from eth_account.signers.local import LocalAccount

from aceso.chain import BanState, Call, Receipt, RootState, reward_acts
from aceso.errors import InputError
from aceso.rewards import Audit

from .amounts import coin
from .earning import verify_rewards
from .issuer import Holder
from .network import Network
from .posted import publish, publish_reason

__all__ = [
    "BanStanding",
    "Keeper",
    "RootStanding",
    "appeal",
    "end_appeal",
    "end_root",
    "pay_bond",
    "read_ban",
    "read_root",
]


@dataclass(frozen=True, slots=True)
class RootStanding:
    """How far an epoch's root is, until when its next step is possible, and which root that is."""

    epoch: int
    state: RootState
    until: int
    root: bytes


@dataclass(frozen=True, slots=True)
class BanStanding:
    """How far an account's ban is, until when its next step is possible, and its free bonds."""

    account: str
    state: BanState
    until: int
    bond: int


class Keeper(Holder):
    """An accredited evaluator, who acts for an institution that they belong to."""

    def post(self, institution: int, audit: Audit) -> list[Receipt]:
        """Post the root of an audit file that is right, with the bond; raise `AuditFalseError`
        where the file is wrong."""
        verify_rewards(self.network, audit)
        found = read_root(self.network, audit.facts.epoch)
        if found.state is not RootState.NONE:
            raise InputError(
                f"Epoch {found.epoch} has a root already. See `aceso rewards show {found.epoch}`.",
                code="E_ROOT_THERE",
                details={"epoch": found.epoch},
            )
        self._check_bond()
        board = self.network.suite.reward_board
        digest = publish(self.network, audit.to_bytes())
        return self._with_bond(
            board.post_root(
                audit.facts.epoch,
                institution,
                audit.root,
                audit.total,
                audit.institutions,
                digest,
            )
        )

    def challenge(self, epoch: int, institution: int, why: bytes) -> list[Receipt]:
        """Challenge a root in its window, with the bond, for a reason that everybody can read."""
        self._check_bond()
        board = self.network.suite.reward_board
        return self._with_bond(
            board.challenge_root(epoch, institution, publish_reason(self.network, why))
        )

    def judge_root(self, epoch: int, institution: int, *, right: bool) -> Receipt:
        """Say whether a challenged root is right."""
        return self._send(self.network.suite.reward_board.judge_root(epoch, institution, right))

    def ban(self, account: str, institution: int, evidence: bytes) -> Receipt:
        """Propose to ban an account, or confirm what another proposed, which bans."""
        board = self.network.suite.reward_board
        return self._send(board.ban(account, institution, publish_reason(self.network, evidence)))

    def judge_ban(self, account: str, institution: int, *, right: bool) -> Receipt:
        """Say whether a ban that was appealed is right."""
        return self._send(self.network.suite.reward_board.judge_appeal(account, institution, right))

    def _check_bond(self) -> None:
        suite = self.network.suite
        bond, held = suite.reward_board.terms()[2], suite.coin.balance_of(self.account.address)
        if held < bond:
            raise InputError(
                f"This takes a bond of {coin(bond)} coin, and the account has {coin(held)}. Get "
                "coin: see `aceso coin sale`.",
                code="E_NO_BOND",
                details={"bond": coin(bond), "balance": coin(held)},
            )

    def _with_bond(self, call: Call) -> list[Receipt]:
        suite = self.network.suite
        bond = suite.reward_board.terms()[2]
        return [*self.allow(suite.addresses["RewardBoard"], bond), self._send(call)]

    def _send(self, call: Call) -> Receipt:
        return self.network.sender(self.account).send(call)


def read_root(network: Network, epoch: int) -> RootStanding:
    """How far the root of an epoch is."""
    return RootStanding(epoch, *network.suite.reward_board.state_of(epoch))


def read_ban(network: Network, account: str) -> BanStanding:
    """How far the ban of an account is, and what bonds of it are free."""
    board = network.suite.reward_board
    state, until, _ = board.ban_of(account)
    return BanStanding(account, state, until, board.bond_of(account))


def end_root(network: Network, epoch: int) -> Receipt:
    """End a window that is over, or a challenge that no panel answered; anybody may."""
    return network.relayer.send(network.suite.reward_board.end_root(epoch))


def appeal(network: Network, account: LocalAccount) -> Receipt:
    """Appeal against the account's ban; a relayer carries the signature."""
    return network.relayer.send(reward_acts.appeal(network.suite, account).call)


def end_appeal(network: Network, account: str) -> Receipt:
    """End a ban whose appeal nobody answered in time; anybody may."""
    return network.relayer.send(network.suite.reward_board.end_appeal(account))


def pay_bond(network: Network, account: str) -> Receipt:
    """Pay an account its free bonds; anybody may."""
    return network.relayer.send(network.suite.reward_board.pay_bond(account))
