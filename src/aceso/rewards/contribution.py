"""What a person files so that an order earns a reward: which record it was made from.

    vouch = vouch_for(hospital, domain, account=persona.address, tag=tag)  # the hospital, once
    filed = Contribution(order, issuer, …, disclosure, persona.address, vouch)    # the person
    source = filed.check(records, domain, block=end)                        # the evaluator

The record stays shut: its class and the issuer's tag of the patient are shown, by their salts. The
tag is the issuer's own salted name for the patient, the same in each record and in the vouch, so a
record of somebody else's doesn't pass, and one patient is one however many accounts they have. The
issuer vouches for one research persona of a patient; nothing of it is on chain.

What it shows to whoever reads the audit file: that this research persona is a patient of this
issuer, and in which of its batches a record is. A person who doesn't want that files nothing.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from eth_account.signers.local import LocalAccount

from aceso.chain import Records
from aceso.errors import SPOILT
from aceso.ethereum import checksum
from aceso.signing import recover, sign
from aceso.vault import Disclosure, check_proof, record_leaf
from aceso.vault.errors import FormatError, OpeningError

from .errors import ContributionError
from .formula import Source

__all__ = ["TAG_FIELD", "Contribution", "is_vouched", "patient_tag", "vouch_for"]

# The field of a record in which its issuer writes the tag.
TAG_FIELD: Final = "/patientTag"
_CLASS_FIELD: Final = "class"
_VOUCH: Final = "PatientVouch"
_WORD_BYTES: Final = 32
# A class is one of 32 bits.
_MOST_CLASS_BYTES: Final = 4
# Of a batch larger than any. The chain is asked to hash them, and fails where they have no end.
_MOST_STEPS: Final = 64
_SPOILT = (*SPOILT, FormatError)


def patient_tag(secret: bytes, patient: str) -> bytes:
    """An issuer's tag of a patient: nobody without the secret can guess whose it is."""
    return hmac.digest(secret, b"aceso/v1/patient-tag\0" + patient.encode(), sha256)


def vouch_for(
    issuer: LocalAccount, domain: Mapping[str, Any], *, account: str, tag: bytes
) -> bytes:
    """The issuer's signature that `account` is the research persona of the patient of this tag."""
    message = {"issuer": issuer.address, "account": account, "tag": tag}
    return sign(issuer, _VOUCH, message, domain)


def is_vouched(
    domain: Mapping[str, Any], *, issuer: str, account: str, tag: bytes, signature: bytes
) -> bool:
    """Whether this is the issuer's signature that `vouch_for` makes."""
    message = {"issuer": issuer, "account": account, "tag": tag}
    return len(tag) == _WORD_BYTES and recover(_VOUCH, message, domain, signature) == issuer


@dataclass(frozen=True, slots=True)
class Contribution:
    """An order, and a record that it was made from. It means nothing before `check`."""

    order: int
    issuer: str
    root: bytes
    fields_root: bytes
    proof: tuple[bytes, ...]
    disclosure: Disclosure
    account: str
    vouch: bytes = field(repr=False)

    @property
    def record(self) -> bytes:
        """The record's leaf, which the reward will name."""
        return record_leaf(self.fields_root)

    def shown(self, domain: Mapping[str, Any]) -> tuple[int, bytes]:
        """Its class and tag, when all of it holds together; else a `ContributionError`."""
        try:
            values = self.disclosure.check(self.fields_root)
            check_proof(self.root, self.record, self.proof)
            data_class, tag = values[_CLASS_FIELD], values[TAG_FIELD]
            if len(data_class) > _MOST_CLASS_BYTES:
                raise OpeningError("This is no class.")
        except (OpeningError, KeyError) as exc:
            raise ContributionError(
                f"What is filed for order {self.order} contradicts itself, or shows no class or "
                "tag: ask the issuer for the record's evidence with the patient's tag."
            ) from exc
        if not is_vouched(
            domain, issuer=self.issuer, account=self.account, tag=tag, signature=self.vouch
        ):
            raise ContributionError(
                f"What is filed for order {self.order} is of another patient than the one that "
                f"{self.issuer} vouched for as {self.account}: file a record of your own.",
                code="E_VOUCH_OTHER",
            )
        return int.from_bytes(data_class, "big"), tag

    def check(self, records: Records, domain: Mapping[str, Any], *, block: int) -> Source | None:
        """The source, as the chain stood at `block`; None where no accredited issuer did."""
        data_class, tag = self.shown(domain)
        found = records.verify(self.issuer, self.root, self.record, list(self.proof), block=block)
        if not found.anchored_at or not found.accredited:
            return None
        return Source(self.order, data_class, self.issuer, tag, self.record, found.standing)

    def to_document(self) -> dict[str, Any]:
        """As an audit file has it."""
        return {
            "order": str(self.order),
            "issuer": self.issuer,
            "root": self.root.hex(),
            "fieldsRoot": self.fields_root.hex(),
            "proof": [step.hex() for step in self.proof],
            "fields": json.loads(self.disclosure.to_json()),
            "account": self.account,
            "vouch": self.vouch.hex(),
        }

    @classmethod
    def from_document(cls, document: Any) -> Contribution:
        """Read what `to_document` wrote; it comes from strangers."""
        try:
            if len(document["proof"]) > _MOST_STEPS:
                raise ValueError("of no batch")
            return cls(
                int(document["order"]),
                checksum(document["issuer"]),
                _word(document["root"]),
                _word(document["fieldsRoot"]),
                tuple(_word(step) for step in document["proof"]),
                Disclosure.from_json(json.dumps(document["fields"])),
                checksum(document["account"]),
                bytes.fromhex(document["vouch"]),
            )
        except _SPOILT as exc:
            raise ContributionError(
                "This is not what a person files for an order: ask for it again."
            ) from exc


def _word(text: str) -> bytes:
    word = bytes.fromhex(text)
    if len(word) != _WORD_BYTES:
        raise ValueError("a word of another length")
    return word
