"""The card that a person hands to an issuer, so that new records find their way to the vault.

    opening = Opening(persona=…, list_key=…, data_class=LABS, epoch=0, class_key=…, owner_key=…,
                      custodians=(…), threshold=2, registry=…, log_key=…)
    signed = opening.sign(persona=seed.persona(1), list_key=keys.list_key(LABS, 0), chain_id=1)
    card = Card(chain_id=1, persona=…, custodians=(…), openings=(signed,))
    text = card.to_json()

    card = Card.from_json(text)                  # checked, or a `CardError`

An *opening* says at which custodians the list of one class and epoch is, with the keys to seal a
record to. The persona and the list key both sign it: nobody can open a list for somebody else's
persona, nor claim somebody else's list for their own.

The custodians' addresses are signed. Their HPKE keys and URLs are not: before sealing to a key,
compare its `digest` with what the custodian has published on chain (`ParticipantRegistry.keyOf`).
Accounts that are contracts (ERC-1271) need the chain to check; `from_json` takes plain accounts,
which all personas of a seed are.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from eth_account.signers.local import LocalAccount

from aceso.signing import digest, domain_of, recover, sign

from ._bytes import address_bytes, address_text, be
from .errors import CardError, FormatError
from .hpke import PublicKey

__all__ = ["Card", "CustodianCard", "Opening", "SignedOpening"]

_FORMAT: Final = "aceso-card"
_VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The fields of the typed message `ListOpening`."""

    persona: str
    list_key: str
    data_class: int
    epoch: int
    class_key: PublicKey
    owner_key: PublicKey
    custodians: tuple[str, ...]
    threshold: int
    registry: str
    log_key: PublicKey

    def __post_init__(self) -> None:
        be(self.data_class, 4, "a data class")
        be(self.epoch, 4, "an epoch")
        if not 2 <= self.threshold <= len(self.custodians):
            raise ValueError(f"{self.threshold} of {len(self.custodians)} is not a threshold")
        if len({address_bytes(custodian) for custodian in self.custodians}) != len(self.custodians):
            raise ValueError("a committee names each custodian once")

    def message(self) -> dict[str, object]:
        """As EIP-712 takes it."""
        return {
            "persona": _address(self.persona),
            "listKey": _address(self.list_key),
            "dataClass": self.data_class,
            "epoch": self.epoch,
            "classPublicKey": self.class_key.to_bytes(),
            "ownerPublicKey": self.owner_key.to_bytes(),
            "custodians": [_address(custodian) for custodian in self.custodians],
            "threshold": self.threshold,
            "registry": _address(self.registry),
            "logKey": self.log_key.to_bytes(),
        }

    @classmethod
    def from_message(cls, message: Mapping[str, Any]) -> Opening:
        """Read what `message` gave; bytes may be in hexadecimal."""
        return cls(
            persona=_address(message["persona"]),
            list_key=_address(message["listKey"]),
            data_class=int(message["dataClass"]),
            epoch=int(message["epoch"]),
            class_key=PublicKey(_bytes(message["classPublicKey"])),
            owner_key=PublicKey(_bytes(message["ownerPublicKey"])),
            custodians=tuple(_address(custodian) for custodian in message["custodians"]),
            threshold=int(message["threshold"]),
            registry=_address(message["registry"]),
            log_key=PublicKey(_bytes(message["logKey"])),
        )

    def digest(self, chain_id: int) -> bytes:
        """What persona and list key sign."""
        return digest("ListOpening", self.message(), domain_of(chain_id, self.registry))

    def sign(
        self, *, persona: LocalAccount, list_key: LocalAccount, chain_id: int
    ) -> SignedOpening:
        """Sign with both keys."""
        if (persona.address, list_key.address) != (
            _address(self.persona),
            _address(self.list_key),
        ):
            raise ValueError("the opening names another persona or list key than those that sign")

        def signature(account: LocalAccount) -> bytes:
            return sign(account, "ListOpening", self.message(), domain_of(chain_id, self.registry))

        return SignedOpening(self, signature(persona), signature(list_key))


@dataclass(frozen=True, slots=True)
class SignedOpening:
    """An opening with both signatures. `check` says whether they are right."""

    opening: Opening
    persona_signature: bytes
    list_signature: bytes

    def check(self, chain_id: int) -> Opening:
        """The opening, when persona and list key both signed it; else a `CardError`."""
        for who, expected, signature in (
            ("persona", self.opening.persona, self.persona_signature),
            ("list key", self.opening.list_key, self.list_signature),
        ):
            signer = recover(
                "ListOpening",
                self.opening.message(),
                domain_of(chain_id, self.opening.registry),
                signature,
            )
            if signer != _address(expected):
                raise CardError(
                    f"The opening of the list for class {self.opening.data_class} is not signed "
                    f"by its {who} on chain {chain_id}. Ask the person for a new card.",
                    code="E_CARD_SIGNATURE",
                    details={"class": self.opening.data_class, "who": who},
                )
        return self.opening


@dataclass(frozen=True, slots=True)
class CustodianCard:
    """Where a custodian is, and the key to seal its shares to."""

    address: str
    url: str
    public_key: PublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What an issuer needs to seal records for one persona."""

    chain_id: int
    persona: str
    custodians: tuple[CustodianCard, ...]
    openings: tuple[SignedOpening, ...]

    def newest_openings(self, data_classes: Collection[int]) -> dict[int, Opening]:
        """As `opening`, of several classes."""
        return {one: self.opening(one) for one in data_classes}

    def opening(self, data_class: int) -> Opening:
        """The newest opening of this class."""
        found = [
            signed.opening for signed in self.openings if signed.opening.data_class == data_class
        ]
        if not found:
            raise CardError(
                f"The card has no list for class {data_class}. Ask the person for a new card.",
                code="E_CARD_CLASS",
                details={"class": data_class},
            )
        return max(found, key=lambda opening: opening.epoch)

    def committee(self, opening: Opening) -> list[tuple[str, PublicKey]]:
        """The custodians of `opening` with their keys, as `make_capsule` takes them."""
        known = {_address(custodian.address): custodian for custodian in self.custodians}
        return [
            (_address(address), known[_address(address)].public_key)
            for address in opening.custodians
        ]

    def check(self) -> Card:
        """This card, when all its openings are signed and complete; else a `CardError`."""
        known = {_address(custodian.address) for custodian in self.custodians}
        for signed in self.openings:
            opening = signed.check(self.chain_id)
            if _address(opening.persona) != _address(self.persona):
                raise CardError(
                    "An opening on the card is another persona's. Ask for a new card.",
                    code="E_CARD_PERSONA",
                )
            if not known.issuperset(map(_address, opening.custodians)):
                raise CardError(
                    "An opening on the card names a custodian that the card says nothing about. "
                    "Ask for a new card.",
                    code="E_CARD_CUSTODIAN",
                )
        return self

    def to_json(self) -> str:
        """For a file, a message or a QR code's link."""
        return json.dumps(
            {
                "format": _FORMAT,
                "version": _VERSION,
                "chainId": self.chain_id,
                "persona": _address(self.persona),
                "custodians": [
                    {
                        "address": _address(custodian.address),
                        "url": custodian.url,
                        "publicKey": _hex(custodian.public_key.to_bytes()),
                    }
                    for custodian in self.custodians
                ],
                "openings": [
                    {
                        "opening": {
                            name: _hex(value) if isinstance(value, bytes) else value
                            for name, value in signed.opening.message().items()
                        },
                        "personaSignature": _hex(signed.persona_signature),
                        "listSignature": _hex(signed.list_signature),
                    }
                    for signed in self.openings
                ],
            },
            indent=1,
        )

    @classmethod
    def from_json(cls, text: str) -> Card:
        """Read and check what `to_json` wrote, or raise `CardError`."""
        try:
            said = json.loads(text)
            if (said["format"], said["version"]) != (_FORMAT, _VERSION):
                raise ValueError("another format or version")
            card = cls(
                chain_id=int(said["chainId"]),
                persona=_address(said["persona"]),
                custodians=tuple(
                    CustodianCard(
                        _address(custodian["address"]),
                        str(custodian["url"]),
                        PublicKey(_bytes(custodian["publicKey"])),
                    )
                    for custodian in said["custodians"]
                ),
                openings=tuple(
                    SignedOpening(
                        Opening.from_message(signed["opening"]),
                        _bytes(signed["personaSignature"]),
                        _bytes(signed["listSignature"]),
                    )
                    for signed in said["openings"]
                ),
            )
        except (KeyError, TypeError, ValueError, AttributeError, FormatError) as exc:
            raise CardError(
                "This is not a card of a version that we know. Ask the person for a new one.",
                code="E_CARD_FORMAT",
            ) from exc
        return card.check()


def _address(address: str) -> str:
    return address_text(address_bytes(address))


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


def _bytes(data: str | bytes) -> bytes:
    return data if isinstance(data, bytes) else bytes.fromhex(data.removeprefix("0x"))
