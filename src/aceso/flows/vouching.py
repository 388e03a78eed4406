"""An issuer's word for whose research account one is, and a record shown by it.

    vouch = give_vouch(issuer, "chart 7", account)               # the hospital, once
    contribution_of(order, envelope, dek, vouch)                 # whoever can open the record
    keep_vouches(store, [vouch]); kept_vouches(store)            # on the person's device

An issuer writes its own salted tag of the patient into each record (`Issuer.issue(patient=…)`), and
vouches once that an account is the research persona of that patient. By it a record is shown for a
reward (`filing`), and to the buyer of an extract that was made from it (`origins`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from aceso.errors import SPOILT, InputError
from aceso.ethereum import checksum
from aceso.rewards import TAG_FIELD, Contribution, ContributionError, is_vouched
from aceso.vault import Envelope

from .errors import EvidenceError
from .issuer import Issuer
from .network import Network
from .own_vault import RESEARCH, OwnVault
from .store import Store

__all__ = [
    "Vouch",
    "contribution_of",
    "give_vouch",
    "keep_vouches",
    "kept_vouches",
    "known_vouches",
]

_FORMAT: Final = ("aceso-patient-vouch", 1)
_TAG_BYTES: Final = 32
_SIGNATURE_BYTES: Final = 65


@dataclass(frozen=True, slots=True)
class Vouch:
    """An issuer's word that an account is the research persona of the patient of a tag."""

    issuer: str
    account: str
    tag: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    def check_account(self, account: str) -> None:
        """Refuse one for another account than this."""
        if self.account != account:
            raise ContributionError(
                f"The issuer vouched for {self.account}, and your research account is {account}. "
                "Ask for a vouch of that one.",
                code="E_VOUCH_ACCOUNT",
            )

    def check(self, network: Network, account: str) -> None:
        """Refuse one for another account than this, or that its issuer did not sign."""
        self.check_account(account)
        if not is_vouched(
            network.suite.domain("RewardPool"),
            issuer=self.issuer,
            account=account,
            tag=self.tag,
            signature=self.signature,
        ):
            raise ContributionError(
                f"{self.issuer} did not sign this vouch for this network. Ask them for another; "
                "they make it with `aceso vouch`.",
                code="E_VOUCH_SIGNATURE",
                details={"issuer": self.issuer},
            )

    @classmethod
    def by(cls, issuer: Issuer, patient: str, account: str) -> Vouch:
        """An issuer's own, by its own name of the patient, which nobody can read out of it."""
        signature = issuer.vouch(patient, account)
        return cls(issuer.account.address, account, issuer.tag_of(patient), signature)

    def to_json(self) -> str:
        """As the issuer hands it to the person."""
        name, version = _FORMAT
        return json.dumps(
            {
                "format": name,
                "version": version,
                "issuer": self.issuer,
                "account": self.account,
                "tag": self.tag.hex(),
                "signature": self.signature.hex(),
            },
            indent=1,
        )

    @classmethod
    def from_json(cls, text: str) -> Vouch:
        """Read what `to_json` wrote, or raise `ContributionError`."""
        try:
            said = json.loads(text)
            if (said["format"], said["version"]) != _FORMAT:
                raise ValueError("another format or version")
            made = cls(
                checksum(said["issuer"]),
                checksum(said["account"]),
                bytes.fromhex(said["tag"]),
                bytes.fromhex(said["signature"]),
            )
            if (len(made.tag), len(made.signature)) != (_TAG_BYTES, _SIGNATURE_BYTES):
                raise ValueError("of another length")
        except SPOILT as exc:
            raise ContributionError(
                "This is not what an issuer vouches with. Ask your hospital or laboratory for the "
                "file; they make it with `aceso vouch`.",
                code="E_VOUCH_FILE",
            ) from exc
        return made


def contribution_of(
    order: int,
    envelope: Envelope,
    dek: bytes,
    vouch: Vouch,
) -> Contribution:
    """What is shown of a record that an order was made from, by whoever can open it."""
    tree = envelope.tree(dek)
    head = envelope.head()
    if TAG_FIELD not in tree.hashes:
        raise EvidenceError(
            "The record has no tag of its issuer's, so that nobody can be shown whose it is. Ask "
            "the issuer to issue with a tag.",
            code="E_REWARDS_NO_TAG",
        )
    shown = tree.disclose({"class": head["class"], TAG_FIELD: vouch.tag})
    return Contribution(
        order,
        envelope.issuer,
        envelope.root,
        tree.root,
        envelope.proof,
        shown,
        vouch.account,
        vouch.signature,
    )


def give_vouch(issuer: Issuer, patient: str, account: str, *, instead: bool = False) -> Vouch:
    """An issuer's word, which it gives for one account of a patient. Refused for another one than
    it was given for before on this device, unless that one takes its place."""
    vouch = Vouch.by(issuer, patient, account)
    store, name = issuer.profile.store, f"vouched/{vouch.tag.hex()}"
    given = (store.get(name) or account.encode()).decode()
    if given != account and not instead:
        raise InputError(
            f"You vouched for {given} as this patient's research account before, and a patient has "
            "one: with two they would be paid twice. With --instead the new one takes its place, "
            "for somebody who lost the other.",
            code="E_VOUCH_AGAIN",
            details={"account": given},
        )
    store.put(name, account.encode())
    return vouch


def keep_vouches(store: Store, vouches: Iterable[Vouch]) -> None:
    """Keep them on this device, the newest of each issuer's."""
    for one in vouches:
        store.put(f"vouch/{one.issuer}", one.to_json().encode())


def known_vouches(person: OwnVault, given: Iterable[Vouch] = ()) -> tuple[Vouch, ...]:
    """Issuers' words for a person: those that the device keeps, and the ones given. Refused where
    one is of another account, or not its issuer's."""
    new = {one.issuer: one for one in given}
    for one in new.values():
        one.check(person.network, person.persona(RESEARCH).address)
    kept = {one.issuer: one for one in kept_vouches(person.profile.store)}
    return tuple((kept | new).values())


def kept_vouches(store: Store) -> tuple[Vouch, ...]:
    """Those that are kept on this device."""
    kept = (store.get(name) for name in store.names("vouch/"))
    return tuple(Vouch.from_json(one.decode()) for one in kept if one)
