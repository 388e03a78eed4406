"""Rows of the tables, as values."""

from __future__ import annotations

from typing import Any

import orjson

from aceso.chain import (
    GrantWord,
    HeadWord,
    OfferTerms,
    OrderState,
    Protocol,
    StudyTerms,
    UnionTerms,
    grantee_of_account,
)
from aceso.codes import Condition, DataClass, Use

from .consents import EMPTY_HEAD
from .rows import (
    ConsentRow,
    EnrolmentRow,
    OfferRow,
    OrderRow,
    StudyRow,
    UnionClaim,
    UnionOrderRow,
    UnionRow,
)

__all__ = [
    "consent_of",
    "enrolment_of",
    "offer_of",
    "order_of",
    "study_of",
    "union_of",
    "union_order_of",
]


def consent_of(row: tuple[Any, ...]) -> ConsentRow:
    """A row of `consents`, beside its head."""
    subject, grantee, packed, notice, changed_at, block, packed_head = row
    word = GrantWord.parse(int.from_bytes(packed, "big"))
    head = HeadWord.parse(int.from_bytes(packed_head, "big")) if packed_head else EMPTY_HEAD
    replaced = word.primary and grantee_of_account(head.physician) != grantee
    return ConsentRow(
        subject=subject,
        grantee=grantee,
        classes=word.classes,
        uses=word.uses,
        conditions=word.conditions,
        disease=word.disease,
        valid_from=word.valid_from,
        valid_until=word.valid_until,
        primary=word.primary,
        barred=word.barred,
        ended=word.epoch != head.epoch or replaced,
        notice=notice,
        changed_at=changed_at,
        block=block,
        word=word,
    )


def order_of(row: tuple[Any, ...]) -> OrderRow:
    """A row of `orders`."""
    number, offer, buyer, subject, price, receiving_key, state, *rest = row
    bought_at, delivered_at, extract, capsule, earned, refunded = rest
    return OrderRow(
        order=int.from_bytes(number, "big"),
        offer=offer,
        buyer=buyer,
        subject=subject,
        price=int(price),
        receiving_key=receiving_key,
        state=OrderState(state),
        bought_at=bought_at,
        delivered_at=delivered_at,
        extract=extract,
        capsule=capsule,
        earned=None if earned is None else int(earned),
        refunded=None if refunded is None else int(refunded),
    )


def offer_of(row: tuple[Any, ...]) -> OfferRow:
    """A row of `offers`."""
    number, subject, price, institution, committee, duration, bps, use, *rest = row
    classes, disease, conditions, delivery_period, origin_shown, is_open, made_at = rest
    terms = OfferTerms(
        subject=subject,
        price=int(price),
        institution=institution,
        committee=committee,
        duration=duration,
        institution_bps=bps,
        use=Use(use),
        classes=DataClass(classes),
        disease=disease,
        conditions=Condition(conditions),
        delivery_period=delivery_period,
        origin_shown=bool(origin_shown),
    )
    return OfferRow(number, terms, bool(is_open), made_at)


def study_of(row: tuple[Any, ...]) -> StudyRow:
    """A row of `studies`."""
    study, revision, terms, cohort, document, keys, *rest = row
    values = orjson.loads(terms)
    return StudyRow(
        study,
        revision,
        StudyTerms.parse(values | {"price": int(values["price"])}),
        Protocol(cohort, document, keys),
        *rest,
    )


def enrolment_of(row: tuple[Any, ...]) -> EnrolmentRow:
    """A row of `enrolments`."""
    number, study, revision, researcher, subject, price, place, state, *rest = row
    made_at, delivered_at, extract, capsule, earned, refunded = rest
    return EnrolmentRow(
        order=int.from_bytes(number, "big"),
        study=study,
        revision=revision,
        researcher=researcher,
        subject=subject,
        price=int(price),
        place=place,
        state=OrderState(state),
        made_at=made_at,
        delivered_at=delivered_at,
        extract=extract,
        capsule=capsule,
        earned=None if earned is None else int(earned),
        refunded=None if refunded is None else int(refunded),
    )


def union_of(row: tuple[Any, ...]) -> UnionRow:
    """A row of `unions`, with its count of members."""
    number, terms, members, opened_at, closed_at = row
    return UnionRow(number, UnionTerms.parse(orjson.loads(terms)), members, opened_at, closed_at)


def union_order_of(row: tuple[Any, ...], claims: dict[str, UnionClaim]) -> UnionOrderRow:
    """A row of `union_orders`, and what its members were paid of it."""
    number, union, buyer, price, minimum, key, state, *rest = row
    bought_at, delivered_at, members, extract, capsule, refunded = rest
    return UnionOrderRow(
        order=int.from_bytes(number, "big"),
        union=union,
        buyer=buyer,
        price=int(price),
        minimum=minimum,
        receiving_key=key,
        state=OrderState(state),
        bought_at=bought_at,
        delivered_at=delivered_at,
        members=members,
        extract=extract,
        capsule=capsule,
        refunded=None if refunded is None else int(refunded),
        claims=claims,
    )
