"""Actors and registries, from `tests.contracts.acting`."""

from tests.contracts.acting import (
    act,
    at,
    authority,
    decide,
    grantee,
    message_of,
    other_subject,
    participants,
    physician,
    records,
    registry,
    relayer,
    stranger,
    subject,
)

__all__ = [
    "act",
    "at",
    "authority",
    "decide",
    "grantee",
    "message_of",
    "other_subject",
    "participants",
    "physician",
    "records",
    "registry",
    "relayer",
    "stranger",
    "subject",
]
