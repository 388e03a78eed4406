"""Where everything is: chain and contracts, IPFS, the custodians, and who carries messages.

    with Network.read(Path("devnet")) as network:
        network.suite.now()
        network.ipfs.read(cid)
        network.committee.listing(…)

A network is one JSON file: `{"chain": {"url", "chainId"}, "ipfs": {"url", "also"}, "deployment":
{…}, "custodians": [{"address", "url", "publicKey"}], "committee": {"number", "threshold",
"institutions", "members"}}`, as `aceso devnet` writes it into its folder. `also` names further IPFS
nodes: what is put on IPFS is at all of them before anyone hears of it.

The relayer is any account with ether. It carries what others signed, so that a person needs none.
On a local network the file names it; elsewhere its key comes from ACESO_RELAYER_KEY.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount

from aceso.chain import Deployment, Receipt, Sender, SignedAct, Suite, parse_grantee
from aceso.custody import (
    Committee,
    Custodian,
    CustodianDownError,
    TooFewCustodiansError,
    newest_of,
)
from aceso.errors import AcesoError, InputError
from aceso.ethereum import address_bytes, address_text
from aceso.index import Index
from aceso.storage import ReplicatedIpfs
from aceso.vault import CustodianCard, FalseShareError, PublicKey, SignedHead

from .errors import CustodianKeyError, ProfileError

__all__ = ["CommitteeFacts", "Network", "said"]

_STATE_FILE = "devnet.json"
_CONFIRMATION_SECONDS = 60.0
_POLL_SECONDS = 0.1
# How long a device that starts waits to hear what another device did.
_HEAD_SECONDS = 2.0
_DEADLINE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class CommitteeFacts:
    """The committee as it is registered on chain."""

    number: int
    threshold: int
    members: tuple[str, ...]


class Network:
    """An open connection to every part. Close it, or use it as a context manager."""

    def __init__(self, facts: Mapping[str, Any]):
        try:
            self.chain_url = str(facts["chain"]["url"])
            self._deployment = Deployment.from_json(facts["deployment"])
            ipfs = facts["ipfs"]
            self.ipfs = ReplicatedIpfs([str(ipfs["url"]), *map(str, ipfs.get("also", ()))])
            self.cards = tuple(
                CustodianCard(
                    str(one["address"]),
                    str(one["url"]),
                    PublicKey(bytes.fromhex(str(one["publicKey"]).removeprefix("0x"))),
                )
                for one in facts["custodians"]
            )
            committee = facts["committee"]
            known = {address_text(address_bytes(card.address)): card for card in self.cards}
            # Custodians that are known and not named here are leaving: asked, and given nothing.
            named = committee.get("members", list(known))
            self.member_cards = tuple(known[address_text(address_bytes(one))] for one in named)
            self.facts = CommitteeFacts(
                int(committee["number"]),
                int(committee["threshold"]),
                tuple(card.address for card in self.member_cards),
            )
        except (KeyError, TypeError, ValueError) as exc:
            raise ProfileError(
                "The network file does not say where chain, contracts, IPFS and custodians are. "
                "Use the devnet.json of a running `aceso devnet`, or ask whoever runs the network.",
                code="E_NETWORK_FILE",
            ) from exc
        self.confirmations = int(facts.get("confirmations", 0))
        # What went wrong beside what was asked for, and did not stop it.
        self.troubles: list[AcesoError] = []
        self._others: dict[tuple[tuple[str, ...], int], Committee] = {}
        self._relayer_key = os.environ.get("ACESO_RELAYER_KEY") or facts.get("relayerKey")

    @classmethod
    def read(cls, path: Path) -> Network:
        """Connect to the network that a file, or the folder of a devnet, describes."""
        file = path / _STATE_FILE if path.is_dir() else path
        try:
            facts = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as exc:
            raise ProfileError(
                f"There is no network at {path}. Start one with `aceso devnet --folder {path}`, or "
                "name its file with --network.",
                code="E_NETWORK_MISSING",
                details={"path": str(path)},
            ) from exc
        return cls(facts)

    def __enter__(self) -> Network:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self.ipfs.close()
        for other in self._others.values():
            other.close()
        for name in ("committee", "_hurried", "index", "suite"):
            if name in self.__dict__:
                self.__dict__[name].close()

    @cached_property
    def suite(self) -> Suite:
        return Suite.connect(self.chain_url, self._deployment)

    def check_cards(self, cards: Iterable[CustodianCard]) -> None:
        """Refuse a custodian's key that is not the one the custodian published on chain.

        Cards travel by hand and by file; who slipped in a key of their own would be sealed to.
        """
        for card in cards:
            digest, _ = self.suite.participants.key_of(card.address)
            if digest != card.public_key.digest:
                raise CustodianKeyError(card.address)

    @cached_property
    def sealing_cards(self) -> tuple[CustodianCard, ...]:
        """The custodians to seal to, their keys checked. One that revoked its key stops this, and
        nothing else: what was shared is read and withdrawn without it."""
        self.check_cards(self.member_cards)
        return self.member_cards

    @cached_property
    def committee(self) -> Committee:
        return self._committee(deadline=_DEADLINE_SECONDS)

    @cached_property
    def _hurried(self) -> Committee:
        return self._committee(deadline=_HEAD_SECONDS)

    def _committee(self, *, deadline: float) -> Committee:
        return self._of(self.cards, self.facts.threshold, deadline=deadline)

    def _of(self, cards: Sequence[CustodianCard], threshold: int, *, deadline: float) -> Committee:
        custodians = [
            Custodian(card.url, address=card.address, public_key=card.public_key, deadline=deadline)
            for card in cards
        ]
        return Committee(custodians, threshold, self.suite)

    @property
    def complaints(self) -> list[FalseShareError]:
        """Of false shares that came until now; nothing is asked."""
        # Only of committees that were made already.
        names = [name for name in ("committee", "_hurried") if name in self.__dict__]
        made = [*(getattr(self, name) for name in names), *self._others.values()]
        return [complaint for one in made for complaint in one.complaints]

    def committee_of(
        self, custodians: Sequence[str], urls: Sequence[str], threshold: int
    ) -> Committee:
        """The custodians that a list was opened at, also those whom this network's file does not
        name any more: their keys are what they published. One that revoked its key is asked, too:
        it may serve until its people have moved. But it isn't counted on."""
        if (tuple(custodians), threshold) == (self.facts.members, self.facts.threshold):
            return self.committee
        name = (tuple(custodians), threshold)
        if name not in self._others:
            known = {card.address: card for card in self.cards}
            cards = [
                known.get(address) or self._card_of(address, url)
                for address, url in zip(custodians, urls, strict=True)
            ]
            there = [card for card in cards if card is not None]
            if not there:
                raise TooFewCustodiansError(0, threshold, len(custodians), custodians)
            counted = sum(one.address in known or self._has_key(one.address) for one in there)
            needed = max(1, min(threshold, counted))
            self._others[name] = self._of(there, needed, deadline=_DEADLINE_SECONDS)
        return self._others[name]

    def custodians_ever(
        self, before: Mapping[str, str]
    ) -> tuple[list[Custodian], list[CustodianDownError]]:
        """Those of the network's file, and those of before that have left it, by address with the
        URL; and those of them that can't be asked."""
        found, closed = list(self.committee.custodians), []
        for address, url in before.items():
            if any(one.address == address for one in found):
                continue
            try:
                found += self.committee_of((address,), (url,), 1).custodians
            except TooFewCustodiansError:
                closed.append(CustodianDownError(address, "has left, and published no key"))
        return found, closed

    def _card_of(self, address: str, url: str) -> CustodianCard | None:
        """A custodian that has left, with the last key that it published; none without: it never
        served. Nothing is sealed to one that left, so it may have revoked the key."""
        keys = [
            bytes(event.args["publicKey"])
            for event in self.synced().events("KeyPublished")
            if event.args["account"] == address
        ]
        return CustodianCard(address, url, PublicKey(keys[-1])) if keys else None

    def _has_key(self, address: str) -> bool:
        return any(self.suite.participants.key_of(address)[0])

    def newest_head(self, head_key: str) -> SignedHead | None:
        """The newest head of an index; custodians that are slow are not waited for."""
        return newest_of(self.heads(head_key).values())

    def heads(self, head_key: str) -> dict[str, SignedHead | None]:
        """The head of an index that each custodian keeps which is not slow."""
        return self._hurried.heads(head_key)

    @cached_property
    def relayer(self) -> Sender:
        if not self._relayer_key:
            raise ProfileError(
                "Nobody carries signed messages to the chain here. Set ACESO_RELAYER_KEY to the "
                "key of an account with ether.",
                code="E_NO_RELAYER",
            )
        return Sender(self.suite, Account.from_key(self._relayer_key))

    @cached_property
    def index(self) -> Index:
        """What happened on chain, read to the newest block when it is first asked."""
        return Index(":memory:", self.suite)

    def synced(self) -> Index:
        """The index, brought up to date."""
        self.index.sync()
        return self.index

    def sender(self, account: LocalAccount) -> Sender:
        """For accounts that pay for themselves: institutions, researchers."""
        return Sender(self.suite, account)

    def tell_custodians(self, act: SignedAct) -> None:
        """Show a signed withdrawal to the custodians, who refuse from then on."""
        self.committee.show_withdrawal(act.type_name, dict(act.message), act.signature)

    def withdraw(self, act: SignedAct, *, after: Callable[[], object] | None = None) -> Receipt:
        """Tell the custodians, then the chain; the chain is told whatever the custodians say, who
        read it there, and whatever becomes of what is done `after` they were told."""
        for step in (lambda: self.tell_custodians(act), after):
            try:
                if step is not None:
                    step()
            except AcesoError as exc:
                self.troubles.append(exc)
        return self.relayer.send(act.call)

    def wait_confirmed(self, receipt: Receipt) -> None:
        """Wait until the custodians, who stay some blocks behind, can see what was done."""
        self.wait_for_block(receipt.block_number)

    def wait_for_block(self, number: int) -> bool:
        """Wait until block `number` is confirmed; say whether it is."""
        finish = time.monotonic() + _CONFIRMATION_SECONDS
        wanted = number + self.confirmations
        while self.suite.node.block("latest").number < wanted:
            if time.monotonic() >= finish:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def receiving_key(self, grantee: bytes) -> PublicKey:
        """The published key that stands for a grantee: the account's, the institution's, or that of
        the guardian whose group it is."""
        group = parse_grantee(grantee)
        if group.is_group and group.address == self.suite.addresses["Guardianship"]:
            holder = self.guardian_of(group.number)
        else:
            holder = self._key_holder(grantee)
        found = self.synced().published_key(holder)
        if found is None:
            raise ProfileError(
                f"The grantee {holder} has not published a receiving key, so nothing can be sealed "
                "to them. They do it with `aceso init`, or with `aceso key rotate` after they "
                "revoked one.",
                code="E_NO_PUBLISHED_KEY",
                details={"account": holder},
            )
        return PublicKey(found)

    def _key_holder(self, grantee: bytes) -> str:
        try:
            return self.suite.key_holder(grantee)
        except ValueError as exc:
            raise InputError(
                "Nothing can be sealed to this grantee: there is no institution of that number, or "
                "it is a group that has no key. Check the number.",
                code="E_GRANTEE_UNKNOWN",
            ) from exc

    def guardian_of(self, number: int) -> str:
        """Whose group has this number: no two accounts that anybody found share 96 bits."""
        for event in self.synced().events("GuardianNamed"):
            if int(str(event.args["guardian"]), 16) % (1 << 96) == number:
                return str(event.args["guardian"])
        raise InputError("Nobody named that guardian.", code="E_GUARDIAN_UNKNOWN")


def said(receipt: Receipt, name: str) -> dict[str, Any]:
    """The arguments of the one event of this name in a receipt."""
    (event,) = (event for event in receipt.events if event.name == name)
    return event.args
