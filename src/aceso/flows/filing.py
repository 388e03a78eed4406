"""File a record for an order, so that the order earns a reward beside its price.

    vouch = Vouch.by(issuer, "chart 7", account)        # the hospital, once, for a person's account
    filed = file_record(person, order, record_id, Vouch.from_json(text))     # the person

An issuer writes its own salted tag of the patient into each record (`Issuer.issue(patient=…)`), and
vouches once that an account is the research persona of that patient. The person shows tag and class
of one record, and nothing else of it. What is filed is public: it says that this account is a
patient of this issuer, and in which of its batches the record is.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from aceso.codes import DataClass
from aceso.errors import InputError
from aceso.rewards import Contribution, ContributionError
from aceso.vault.errors import OpeningError

from .orders import UNIONS, sales
from .own_vault import RESEARCH
from .person import Person
from .vouching import Vouch, contribution_of

__all__ = ["file_record"]


def file_record(person: Person, order: int, record_id: bytes, vouch: Vouch) -> Contribution:
    """What is filed for an order of the person's, checked as an evaluator will check it.

    Raises `InputError` where the order is not theirs or not of the record's class, and
    `ContributionError` where record and vouch don't belong together.
    """
    account = person.persona(RESEARCH).address
    vouch.check_account(account)
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
        filed = contribution_of(order, envelope, person.key_of(entry).dek, vouch)
    except OpeningError as exc:
        raise ContributionError(
            "The vouch is for another patient than the one of this record, or by another issuer. "
            "File a record of the issuer that vouched for you.",
            code="E_VOUCH_OTHER",
        ) from exc
    filed.shown(person.network.suite.domain("RewardPool"))
    return filed
