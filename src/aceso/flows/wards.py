"""What a guardian does for a ward: accept, read, let others in, help with a lost seed.

    guardian = Guardian(network, account, receiving)          # its `ReceivingKeys`
    guardian.accept(persona)
    guardian.read(persona, classes=CLINICAL, folder=Path("opened"))
    guardian.share(persona, physician, seconds=90 * DAY)      # on chain, and the keys to read with
    guardian.pass_keys(persona)                               # after the ward's keys changed

What the ward entrusted is the scope: the guardian's group was granted classes and uses, and the
class keys were left for the guardian, sealed. The custodians give them out while the chain says
that the guardian may act, to a guardian who let themself in: so reading is an act of theirs that
anybody sees, and is in the logs. For those whom they let in, the guardian seals the keys anew, and
signs that. Whatever is asked for, `decide` answers, as of everybody.

A guardian uses an account, and receiving keys, for each ward: both are public. Those who have a
vault of their own derive both from its seed.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from eth_account.signers.local import LocalAccount

from aceso.chain import (
    Claim,
    GrantWord,
    GuardianPower,
    Receipt,
    grantee_of_account,
    guardian_acts,
)
from aceso.chain.guardian_acts import Support
from aceso.codes import DataClass, Use
from aceso.custody import Listing
from aceso.errors import InputError, NotPermittedError
from aceso.vault import KeyBinding, PrivateKey

from .issuer import Holder
from .network import Network
from .person import Person
from .reader import Opened, Opens, Unopened, class_keys, guardian_group, open_listed
from .receiving import ReceivingKeys

__all__ = ["Attesting", "Guardian", "receiving_for_ward"]

_Keys = list[tuple[KeyBinding, PrivateKey]]


def receiving_for_ward(person: Person, ward: str) -> ReceivingKeys:
    """What is sealed to a person as the guardian of this ward."""
    known_as = grantee_of_account(ward)
    persona = person.persona_for(known_as)
    number = person.manifest.relationships[known_as]
    derived = partial(person.keys.guardian_key, number)
    return ReceivingKeys(person.network, persona, derived)


class Guardian(Opens):
    """What a guardian does, with the account that the ward named. One without receiving keys reads
    nothing, and passes no keys on."""

    def __init__(
        self, network: Network, account: LocalAccount, receiving: ReceivingKeys | None = None
    ):
        self._network = network
        self._suite = network.suite
        self.account = account
        self._receiving = receiving

    @property
    def receiving(self) -> ReceivingKeys:
        """What is sealed to this guardian, or `InputError` for one without."""
        if self._receiving is None:
            raise InputError(
                "This guardian has no receiving key, so nothing can be sealed to them.",
                code="E_GUARDIAN_NO_KEY",
            )
        return self._receiving

    def accept(self, ward: str) -> Receipt:
        """Accept to be the guardian of this persona."""
        act = guardian_acts.accept(self._suite, self.account, ward)
        return self._network.relayer.send(act.call)

    def resign(self, ward: str) -> Receipt:
        """Be the guardian of this persona no longer, at once; the account pays."""
        sender = self._network.sender(self.account)
        return sender.send(self._suite.guardianship.resign(ward))

    # Whom they let in

    def share(self, ward: str, actor: str, *, seconds: int) -> Receipt:
        """Let `actor` in on what the ward granted to this guardian's group, never for longer than
        the guardian lasts, and pass them the keys."""
        receipt = self._let_in(ward, actor, seconds)
        if self._receiving is not None and actor != self.account.address:
            self.pass_keys(ward, [actor])
        return receipt

    def _let_in(self, ward: str, actor: str, seconds: int | None = None) -> Receipt:
        """Let an account in; `seconds` is none for as long as the guardian lasts."""
        end = self._suite.guardianship.seat(ward, self.account.address).valid_until
        until = end if seconds is None else min(self._suite.now() + seconds, end)
        act = guardian_acts.share(self._suite, self.account, ward, actor, until)
        receipt = self._network.relayer.send(act.call)
        self._network.wait_confirmed(receipt)
        return receipt

    def unshare(self, ward: str, actor: str) -> Receipt:
        """End what this guardian let `actor` have."""
        act = guardian_acts.unshare(self._suite, self.account, ward, actor)
        return self._network.relayer.send(act.call)

    def let_in(self, ward: str) -> dict[str, int]:
        """Whom this guardian let in, and until when, as far as it holds now."""
        contract, own = self._suite.guardianship, self.account.address
        actors = {
            str(event.args["actor"])
            for event in self._network.synced().events("GuardianShared")
            if (event.args["subject"], event.args["guardian"]) == (ward, own)
        }
        ends = {actor: contract.share_of(ward, own, actor)[0] for actor in sorted(actors)}
        return {actor: until for actor, until in ends.items() if until}

    # Keys

    def pass_keys(self, ward: str, actors: Iterable[str] | None = None) -> int:
        """Seal the class keys that we were left to each of these, or to all whom we let in; say how
        many keys were left. To be done again when the ward's classes have new keys."""
        others = self.let_in(ward) if actors is None else actors
        keys = self._keys(ward)
        left = 0
        for actor in others:
            if actor == self.account.address:
                continue
            to = self._network.receiving_key(bytes(12) + bytes.fromhex(actor[2:]))
            for binding, key in keys:
                self._network.committee.pass_key(self.account, binding, key, to)
                left += 1
        return left

    def _keys(self, ward: str) -> _Keys:
        """The class keys that the ward left for us, of every class and epoch in scope."""
        group = guardian_group(self._network, self.account.address)
        ours = self.receiving.all
        found: _Keys = []
        for data_class, _ in self._in_scope(ward):
            listing = self._listing(ward, data_class)
            found += class_keys(
                listing,
                ours,
                chain_id=self._suite.chain_id,
                persona=ward,
                grantee=group,
            )
        return found

    def _granted(self, ward: str) -> GrantWord:
        group = guardian_group(self._network, self.account.address)
        return self._suite.standing(ward, group, self.account.address).grant

    def _in_scope(self, ward: str) -> list[tuple[DataClass, Use]]:
        """Every class that was entrusted, with a use that it was entrusted for."""
        granted = self._granted(ward)
        use = next(iter(granted.uses), None)
        return [] if use is None else [(one, use) for one in granted.classes]

    def _listing(self, ward: str, data_class: DataClass, use: Use | None = None) -> Listing:
        """List as the guardian, who lets themself in first: that is seen by everybody."""
        own = self.account.address
        if not self._suite.guardianship.share_of(ward, own, own)[0]:
            self._let_in(ward, own)
        return self._network.committee.listing(
            actor=self.account,
            subject=ward,
            grantee=guardian_group(self._network, own),
            use=use or next(iter(self._granted(ward).uses)),
            data_class=data_class,
        )

    def read(
        self, ward: str, *, classes: DataClass, folder: Path, use: Use = Use.TREAT
    ) -> list[Opened]:
        """Open what was entrusted; `unopened` says what did not open. If nothing did, the first
        error is raised."""
        done: list[Opened | Unopened] = []
        ours = self.receiving.all
        for data_class in classes:
            done += open_listed(
                self._network,
                self._listing(ward, data_class, use),
                actor=self.account,
                grantee=guardian_group(self._network, self.account.address),
                receiving_key=ours[0],
                class_keys_to=ours,
                persona=ward,
                data_class=data_class,
                use=use,
                folder=folder,
            )
        return self._told(done)

    # A lost seed

    def support(self, ward: str, requester: str, *, deadline: int) -> Support:
        """Sign that `requester` may recover the seed of the ward. All guardians of one recovery
        sign the same deadline. Whoever signs should know the requester: by voice, face to face."""
        who, power = self.account.address, GuardianPower.RECOVER
        if not self._suite.guardianship.is_guardian(ward, who, power):
            raise NotPermittedError(
                f"{who} is no guardian of {ward} who may recover now, so nothing was signed. "
                f"If you were named, accept first: aceso guardian accept --for {ward}",
                code="E_RECOVERY_NO_GUARDIAN",
                details={"account": who, "persona": ward},
            )
        return guardian_acts.support_recovery(
            self._suite, self.account, ward, requester, deadline=deadline
        )


class Attesting(Holder):
    """An accredited physician who says that a person lost capacity, has it again, or died. It takes
    a second one, of another institution."""

    def attest(self, subject: str, claim: Claim, *, institution: int) -> Receipt:
        call = self.network.suite.guardianship.attest(subject, institution, claim)
        return self.network.sender(self.account).send(call)
