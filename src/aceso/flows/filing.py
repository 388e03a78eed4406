"""File a record for an order, so that the order earns a reward beside its price.

    vouch = Vouch.by(issuer, "chart 7", account)        # the hospital, once, for a person's account
    filed = file_record(person, order, record_id, Vouch.from_json(text))     # the person

An issuer writes its own salted tag of the patient into each record (`Issuer.issue(patient=…)`), and
vouches once that an account is the research persona of that patient. The person shows tag and class
of one record, and nothing else of it. What is filed is public: it says that this account is a
patient of this issuer, and in which of its batches the record is.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from aceso.codes import DataClass
from aceso.errors import InputError
from aceso.ethereum import checksum
from aceso.rewards import Contribution, ContributionError
from aceso.vault.errors import OpeningError

from .earning import contribution_of
from .issuer import Issuer
from .orders import UNIONS, sales
from .own_vault import RESEARCH
from .person import Person

__all__ = ["Vouch", "file_record"]

_FORMAT: Final = ("aceso-patient-vouch", 1)
_TAG_BYTES: Final = 32
_SIGNATURE_BYTES: Final = 65
_SPOILT: Final = (KeyError, TypeError, ValueError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Vouch:
    """An issuer's word that an account is the research persona of the patient of a tag."""

    issuer: str
    account: str
    tag: bytes = field(repr=False)
    signature: bytes = field(repr=False)

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
        except _SPOILT as exc:
            raise ContributionError(
                "This is not what an issuer vouches with. Ask your hospital or laboratory for the "
                "file; they make it with `aceso vouch`.",
                code="E_VOUCH_FILE",
            ) from exc
        return made


def file_record(person: Person, order: int, record_id: bytes, vouch: Vouch) -> Contribution:
    """What is filed for an order of the person's, checked as an evaluator will check it.

    Raises `InputError` where the order is not theirs or not of the record's class, and
    `ContributionError` where record and vouch don't belong together.
    """
    account = person.persona(RESEARCH).address
    if vouch.account != account:
        raise ContributionError(
            f"The issuer vouched for {vouch.account}, and your research account is {account}. Ask "
            "for a vouch of that one.",
            code="E_VOUCH_ACCOUNT",
        )
    own = sales(person.network, subjects=[account])
    sale = next((one for one in own if one.order == order), None)
    if sale is None:
        raise InputError(
            f"Order {order} is not of your data. See `aceso balance`.",
            code="E_ORDER_NOT_YOURS",
            details={"order": str(order)},
        )
    if sale.desk == UNIONS:
        raise InputError(
            f"Order {order} is of a union, whose orders count for no reward: you are paid your "
            "part of the price.",
            code="E_ORDER_NO_REWARD",
            details={"order": str(order)},
        )
    if not sale.classes & DataClass(person.manifest.records[record_id].data_class):
        raise InputError(
            "The record is of a class that was not sold with this order. File one that the extract "
            "was made from.",
            code="E_RECORD_NOT_SOLD",
        )
    entry = person.entry(record_id)
    with tempfile.TemporaryDirectory(dir=person.profile.folder) as folder:
        # Opened whole, as what is said of a record that doesn't open is worth nothing.
        envelope = person.open_record(record_id, Path(folder, "record"))
    try:
        filed = contribution_of(
            order,
            entry,
            envelope,
            person.key_of(entry).dek,
            tag=vouch.tag,
            account=account,
            vouch=vouch.signature,
        )
    except OpeningError as exc:
        raise ContributionError(
            "The vouch is for another patient than the one of this record, or by another issuer. "
            "File a record of the issuer that vouched for you.",
            code="E_VOUCH_OTHER",
        ) from exc
    filed.shown(person.network.suite.domain("RewardPool"))
    return filed
