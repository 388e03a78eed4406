"""Signed acts: what a person or an issuer signs, for anybody with ether to carry to the chain.

    act = acts.withdraw(suite, persona, grantee)
    committee.withdraw(act)           # custodians refuse from now on
    relayer.send(act.call)            # and the chain says so

Each reads the counters that its message names, signs, and gives the call of the `…WithSig` twin. A
signed grant is void once any act of the same person on the same grantee came first; a withdrawal
has no deadline and stays good until it is carried. Whoever carries an act learns what it says, as
everybody does once it is on chain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from eth_account.signers.local import LocalAccount

from aceso.codes import DataClass
from aceso.signing import sign

from .calls import Call
from .requests import OfferTerms, Standing, Terms
from .suite import Suite
from .words import grantee_of_account

__all__ = [
    "DEADLINE_SECONDS",
    "SignedAct",
    "anchor",
    "bar",
    "close_offer",
    "grant",
    "offer",
    "primary_physician",
    "retract",
    "supersede",
    "unbar",
    "withdraw",
    "withdraw_all",
]

# How long a signed act with a deadline may wait to be carried.
DEADLINE_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class SignedAct:
    """A call, with the message in it and its signature for those who check it before the chain."""

    call: Call
    type_name: str
    message: Mapping[str, Any]
    signature: bytes = field(repr=False)


def grant(
    suite: Suite,
    account: LocalAccount,
    terms: Terms,
    *,
    deadline: int | None = None,
    standing: Standing | None = None,
) -> Call:
    """Grant `terms` from the data of `account`; only as long as all is as in `standing`, where that
    is given."""
    until = _deadline(suite, deadline)
    standing = standing or suite.standing(account.address, terms.grantee, account.address)
    message = {
        "subject": account.address,
        "grantee": terms.grantee,
        "classes": int(terms.classes),
        "uses": int(terms.uses),
        "conditions": int(terms.conditions),
        "disease": terms.disease,
        "validFrom": terms.valid_from,
        "validUntil": terms.valid_until,
        "notice": terms.notice,
        "grants": standing.grant.grants,
        "withdrawals": standing.grant.withdrawals,
        "epoch": standing.head.epoch,
        "deadline": until,
    }
    signature = sign(account, "Grant", message, suite.domain("ConsentRegistry"))
    return suite.consents.grant_with_sig(account.address, terms, until, signature)


def withdraw(suite: Suite, account: LocalAccount, grantee: bytes) -> SignedAct:
    """Withdraw what `account` granted to `grantee`."""
    standing = suite.standing(account.address, grantee, account.address)
    message = {
        "subject": account.address,
        "grantee": grantee,
        "withdrawals": standing.grant.withdrawals,
    }
    signature = sign(account, "Withdrawal", message, suite.domain("ConsentRegistry"))
    call = suite.consents.withdraw_with_sig(account.address, grantee, signature)
    return SignedAct(call, "Withdrawal", message, signature)


def withdraw_all(suite: Suite, account: LocalAccount, *, epoch: int | None = None) -> SignedAct:
    """Withdraw every consent of `account`, in the epoch that it is in unless another is named."""
    if epoch is None:
        epoch = suite.standing(account.address, bytes(32), account.address).head.epoch
    message = {"subject": account.address, "epoch": epoch}
    signature = sign(account, "WithdrawalOfAll", message, suite.domain("ConsentRegistry"))
    call = suite.consents.withdraw_all_with_sig(account.address, signature)
    return SignedAct(call, "WithdrawalOfAll", message, signature)


def bar(suite: Suite, account: LocalAccount, actor: str) -> SignedAct:
    """Deny `actor` whatever else holds."""
    grantee = grantee_of_account(actor)
    standing = suite.standing(account.address, grantee, actor)
    message = {
        "subject": account.address,
        "actor": actor,
        "bars": standing.grant.bar_number,
    }
    signature = sign(account, "Bar", message, suite.domain("ConsentRegistry"))
    call = suite.consents.bar_with_sig(account.address, actor, signature)
    return SignedAct(call, "Bar", message, signature)


def unbar(
    suite: Suite, account: LocalAccount, actor: str, *, deadline: int | None = None
) -> SignedAct:
    """Lift the bar of `actor`; what was granted before stays ended."""
    until = _deadline(suite, deadline)
    standing = suite.standing(account.address, grantee_of_account(actor), actor)
    message = {
        "subject": account.address,
        "actor": actor,
        "grants": standing.grant.grants,
        "withdrawals": standing.grant.withdrawals,
        "epoch": standing.head.epoch,
        "deadline": until,
    }
    signature = sign(account, "Unbar", message, suite.domain("ConsentRegistry"))
    call = suite.consents.unbar_with_sig(account.address, actor, until, signature)
    return SignedAct(call, "Unbar", message, signature)


def primary_physician(
    suite: Suite,
    account: LocalAccount,
    physician: str,
    classes: DataClass | int,
    valid_until: int,
    *,
    deadline: int | None = None,
) -> Call:
    """Choose the primary physician; `classes` 0 stands for all clinical ones."""
    until = _deadline(suite, deadline)
    standing = suite.standing(account.address, grantee_of_account(physician), physician)
    message = {
        "subject": account.address,
        "physician": physician,
        "classes": int(classes),
        "validUntil": valid_until,
        "grants": standing.grant.grants,
        "withdrawals": standing.grant.withdrawals,
        "epoch": standing.head.epoch,
        "changes": standing.head.changes,
        "deadline": until,
    }
    signature = sign(account, "PrimaryPhysician", message, suite.domain("ConsentRegistry"))
    return suite.consents.set_primary_physician_with_sig(
        account.address, physician, classes, valid_until, until, signature
    )


def anchor(
    suite: Suite,
    issuer: LocalAccount,
    root: bytes,
    batch_digest: bytes,
    *,
    deadline: int | None = None,
) -> Call:
    """Anchor a batch of records; `batch_digest` is that in the CID of the list of leaves."""
    until = _deadline(suite, deadline)
    message = {"issuer": issuer.address, "root": root, "batch": batch_digest, "deadline": until}
    signature = sign(issuer, "Anchor", message, suite.domain("RecordRegistry"))
    return suite.records.anchor_with_sig(issuer.address, root, batch_digest, until, signature)


def supersede(
    suite: Suite,
    issuer: LocalAccount,
    leaf: bytes,
    successor: bytes,
    *,
    deadline: int | None = None,
) -> Call:
    """Replace the issuer's record of `leaf` by that of `successor`."""
    until = _deadline(suite, deadline)
    message = {"issuer": issuer.address, "leaf": leaf, "successor": successor, "deadline": until}
    signature = sign(issuer, "Supersession", message, suite.domain("RecordRegistry"))
    return suite.records.supersede_with_sig(issuer.address, leaf, successor, until, signature)


def retract(
    suite: Suite, issuer: LocalAccount, leaf: bytes, *, deadline: int | None = None
) -> Call:
    """Retract the issuer's record of `leaf`."""
    until = _deadline(suite, deadline)
    message = {"issuer": issuer.address, "leaf": leaf, "deadline": until}
    signature = sign(issuer, "Retraction", message, suite.domain("RecordRegistry"))
    return suite.records.retract_with_sig(issuer.address, leaf, until, signature)


def anchor_log(suite: Suite, custodian: LocalAccount, size: int, root: bytes) -> Call:
    """Anchor the head of a custodian's access log."""
    message = {"custodian": custodian.address, "size": size, "root": root}
    signature = sign(custodian, "LogHead", message, suite.domain("AccessLog"))
    return suite.access_log.anchor_log_with_sig(custodian.address, size, root, signature)


def offer(
    suite: Suite, account: LocalAccount, terms: OfferTerms, *, deadline: int | None = None
) -> Call:
    """Make an offer of `account`, its subject, who grants to it separately."""
    until = _deadline(suite, deadline)
    message = {
        "subject": terms.subject,
        "price": terms.price,
        "institution": terms.institution,
        "committee": terms.committee,
        "duration": terms.duration,
        "institutionBps": terms.institution_bps,
        "use": int(terms.use),
        "classes": int(terms.classes),
        "disease": terms.disease,
        "conditions": int(terms.conditions),
        "deliveryPeriod": terms.delivery_period,
        "originShown": terms.origin_shown,
        "nonce": suite.market.nonces(terms.subject),
        "deadline": until,
    }
    signature = sign(account, "Offer", message, suite.domain("DataMarket"))
    return suite.market.offer_with_sig(terms, until, signature)


def close_offer(suite: Suite, account: LocalAccount, number: int) -> Call:
    """Close an offer of `account` to new buyers."""
    message = {"subject": account.address, "offer": number}
    signature = sign(account, "OfferClosure", message, suite.domain("DataMarket"))
    return suite.market.close_offer_with_sig(account.address, number, signature)


def _deadline(suite: Suite, deadline: int | None) -> int:
    return suite.now() + DEADLINE_SECONDS if deadline is None else deadline
