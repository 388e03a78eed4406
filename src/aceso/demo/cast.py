"""Who takes part: each with a profile of their own, and those who need it accredited.

The people and institutions are invented, their keys are fresh, and the authority's wallet is the
local network's. Nothing here is a short cut: the hospital is accredited after the delay that the
authority is bound to, as it would be elsewhere, only that the local chain's clock can be moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aceso.codes import Role
from aceso.devnet import Authority
from aceso.flows import Gateway, Issuer, Kind, Network, Person, Profile, Reader, Researcher
from aceso.vault import Seed

__all__ = ["PASSPHRASE", "Cast", "gather"]

PASSPHRASE = "the demo's folder is removed when it ends"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody, ready to act."""

    person: Person
    hospital: Issuer
    gateway: Gateway
    laboratory: Issuer
    physician: Reader
    colleague: Reader
    stranger: Reader
    researcher: Researcher


def gather(network: Network, authority: Authority, folder: Path) -> Cast:
    """Make everybody's profile, accredit who needs it, fund who pays for themself."""

    def profile(name: str, kind: Kind) -> Profile:
        return Profile.create(
            folder / name, Seed.make(), passphrase=PASSPHRASE, kind=kind, network=""
        )

    hospital = Issuer(network, profile("hospital", "institution"))
    laboratory = Issuer(network, profile("laboratory", "institution"))
    physician = Reader(network, profile("physician", "professional"))
    colleague = Reader(network, profile("colleague", "professional"))
    stranger = Reader(network, profile("stranger", "professional"))
    researcher = Researcher(network, profile("researcher", "researcher"))
    holders = (hospital, laboratory, physician, stranger, researcher)
    authority.fund([holder.account.address for holder in holders])
    number = authority.open_institution(hospital.account.address)
    authority.accredit(
        {
            hospital.account.address: Role.ISSUER,
            laboratory.account.address: Role.ISSUER,
            physician.account.address: Role.PHYSICIAN,
            researcher.account.address: Role.RESEARCHER,
        }
    )
    for holder in holders:
        holder.receiving.publish()
    return Cast(
        person=Person(network, profile("person", "person")),
        hospital=hospital,
        gateway=Gateway(network, hospital.profile, number),
        laboratory=laboratory,
        physician=physician,
        colleague=colleague,
        stranger=stranger,
        researcher=researcher,
    )
