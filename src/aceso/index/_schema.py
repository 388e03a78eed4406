"""The tables. `events` and `blocks` are what was read; all others follow from them."""

from __future__ import annotations

from typing import Final

__all__ = ["DERIVED", "SCHEMA", "VERSION"]

VERSION: Final = 6

DERIVED: Final = (
    "consents",
    "heads",
    "records",
    "record_ends",
    "offers",
    "orders",
    "studies",
    "enrolments",
    "sightings",
    "unions",
    "memberships",
    "union_orders",
    "union_claims",
    "keys",
    "committees",
    "institutions",
    "members",
    "accreditations",
    "successions",
)

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS blocks (
    number INTEGER PRIMARY KEY, hash BLOB NOT NULL, parent BLOB NOT NULL, time INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS events (
    block INTEGER NOT NULL, log_index INTEGER NOT NULL, contract TEXT NOT NULL, name TEXT NOT NULL,
    topics BLOB NOT NULL, data BLOB NOT NULL, tx_hash BLOB NOT NULL,
    PRIMARY KEY (block, log_index)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS events_by_name ON events (name, block, log_index);

CREATE TABLE IF NOT EXISTS consents (
    subject TEXT NOT NULL, grantee BLOB NOT NULL, word BLOB NOT NULL, notice BLOB NOT NULL,
    changed_at INTEGER NOT NULL, block INTEGER NOT NULL, PRIMARY KEY (subject, grantee)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS heads (subject TEXT PRIMARY KEY, word BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS records (
    issuer TEXT NOT NULL, root BLOB NOT NULL, batch BLOB NOT NULL, anchored_at INTEGER NOT NULL,
    block INTEGER NOT NULL, tx_hash BLOB NOT NULL, PRIMARY KEY (issuer, root)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS record_ends (
    issuer TEXT NOT NULL, leaf BLOB NOT NULL, successor BLOB, ended_at INTEGER NOT NULL,
    PRIMARY KEY (issuer, leaf)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS offers (
    number INTEGER PRIMARY KEY, subject TEXT NOT NULL, price TEXT NOT NULL,
    institution TEXT NOT NULL, committee INTEGER NOT NULL, duration INTEGER NOT NULL,
    institution_bps INTEGER NOT NULL, use INTEGER NOT NULL, classes INTEGER NOT NULL,
    disease INTEGER NOT NULL, conditions INTEGER NOT NULL, delivery_period INTEGER NOT NULL,
    origin_shown INTEGER NOT NULL, is_open INTEGER NOT NULL, made_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS orders (
    number BLOB PRIMARY KEY, offer INTEGER NOT NULL, buyer TEXT NOT NULL, subject TEXT NOT NULL,
    price TEXT NOT NULL, receiving_key BLOB NOT NULL, state INTEGER NOT NULL,
    bought_at INTEGER NOT NULL, delivered_at INTEGER, extract BLOB, capsule BLOB, earned TEXT,
    refunded TEXT
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS orders_by_buyer ON orders (buyer);
CREATE INDEX IF NOT EXISTS orders_by_subject ON orders (subject);
CREATE TABLE IF NOT EXISTS studies (
    study INTEGER NOT NULL, revision INTEGER NOT NULL, researcher TEXT NOT NULL,
    terms TEXT NOT NULL, cohort BLOB NOT NULL, document BLOB NOT NULL, keys BLOB NOT NULL,
    deadline INTEGER NOT NULL, board TEXT, closed_at INTEGER, made_at INTEGER NOT NULL,
    PRIMARY KEY (study, revision)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS enrolments (
    number BLOB PRIMARY KEY, study INTEGER NOT NULL, revision INTEGER NOT NULL,
    researcher TEXT NOT NULL, subject TEXT NOT NULL, price TEXT NOT NULL, place INTEGER NOT NULL,
    state INTEGER NOT NULL, made_at INTEGER NOT NULL, delivered_at INTEGER, extract BLOB,
    capsule BLOB, earned TEXT, refunded TEXT
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS enrolments_by_subject ON enrolments (subject);
CREATE INDEX IF NOT EXISTS enrolments_by_researcher ON enrolments (researcher);
CREATE TABLE IF NOT EXISTS sightings (
    subject TEXT NOT NULL, grantee BLOB NOT NULL, word BLOB NOT NULL, since INTEGER NOT NULL,
    seen_at INTEGER NOT NULL, block INTEGER NOT NULL, PRIMARY KEY (subject, grantee)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS unions (
    number INTEGER PRIMARY KEY, keeper TEXT NOT NULL, terms TEXT NOT NULL,
    opened_at INTEGER NOT NULL, closed_at INTEGER
);
CREATE TABLE IF NOT EXISTS memberships (
    number INTEGER NOT NULL, subject TEXT NOT NULL, joined_at INTEGER NOT NULL, left_at INTEGER,
    PRIMARY KEY (number, subject)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS memberships_by_subject ON memberships (subject);
CREATE TABLE IF NOT EXISTS union_orders (
    number BLOB PRIMARY KEY, union_number INTEGER NOT NULL, buyer TEXT NOT NULL,
    price TEXT NOT NULL, minimum INTEGER NOT NULL, receiving_key BLOB NOT NULL,
    state INTEGER NOT NULL, bought_at INTEGER NOT NULL, delivered_at INTEGER, members INTEGER,
    extract BLOB, capsule BLOB, earned TEXT, refunded TEXT
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS union_orders_by_buyer ON union_orders (buyer);
CREATE TABLE IF NOT EXISTS union_claims (
    number BLOB NOT NULL, member TEXT NOT NULL, earned TEXT NOT NULL, refunded TEXT,
    claimed_at INTEGER NOT NULL, PRIMARY KEY (number, member)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS union_claims_by_member ON union_claims (member);
CREATE TABLE IF NOT EXISTS keys (
    account TEXT PRIMARY KEY, version INTEGER NOT NULL, public_key BLOB
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS committees (
    number INTEGER PRIMARY KEY, members TEXT NOT NULL, threshold INTEGER NOT NULL,
    institutions TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS institutions (
    number INTEGER PRIMARY KEY, account TEXT NOT NULL, valid_from INTEGER NOT NULL,
    closed_at INTEGER
);
CREATE TABLE IF NOT EXISTS members (
    institution INTEGER NOT NULL, member TEXT NOT NULL, valid_until INTEGER NOT NULL,
    conditions INTEGER NOT NULL, PRIMARY KEY (institution, member)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS accreditations (
    account TEXT PRIMARY KEY, roles INTEGER NOT NULL, conditions INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS successions (
    subject TEXT PRIMARY KEY, successor TEXT NOT NULL, succeeded_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS successions_by_successor ON successions (successor);
"""
