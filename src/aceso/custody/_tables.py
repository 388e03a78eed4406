"""The tables of a custodian's database, as they are now. `migrations` says how they came about."""

from __future__ import annotations

import sqlalchemy as sa

__all__ = ["meta", "tables"]

# SQLite counts rows by INTEGER alone.
_COUNTED = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

meta = sa.MetaData()


class tables:
    """The tables. Addresses and digests are bytes."""

    notes = sa.Table(
        "notes",
        meta,
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("value", sa.String),
    )
    lists = sa.Table(
        "lists",
        meta,
        sa.Column("list_key", sa.LargeBinary(20), primary_key=True),
        sa.Column("data_class", sa.BigInteger, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        # All that every opening of this list must repeat.
        sa.Column("terms", sa.LargeBinary(32), nullable=False),
        sa.Column("custodians", sa.LargeBinary, nullable=False),
        sa.Column("threshold", sa.Integer, nullable=False),
        sa.Column("log_key", sa.LargeBinary, nullable=False),
        sa.Column("used_bytes", sa.BigInteger, nullable=False),
        sa.Column("records", sa.BigInteger, nullable=False, server_default="0"),
    )
    # What issuers posted to a list by their own signature, whatever of it was deleted since.
    posted = sa.Table(
        "posted",
        meta,
        sa.Column("list_key", sa.LargeBinary(20), primary_key=True),
        sa.Column("issuer", sa.LargeBinary(20), primary_key=True),
        sa.Column("records", sa.BigInteger, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
    )
    openings = sa.Table(
        "openings",
        meta,
        sa.Column("list_key", sa.LargeBinary(20), primary_key=True),
        sa.Column("persona", sa.LargeBinary(20), primary_key=True),
        sa.Column("data_class", sa.BigInteger, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
        sa.Index("openings_by_persona", "persona", "data_class"),
    )
    entries = sa.Table(
        "entries",
        meta,
        sa.Column("number", _COUNTED, primary_key=True, autoincrement=True),
        sa.Column("list_key", sa.LargeBinary(20), nullable=False),
        sa.Column("record_id", sa.LargeBinary(32), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("capsule", sa.LargeBinary(32), nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("entry", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("list_key", "record_id"),
        # Numbers are never used again, so that a page's end stays where it was.
        sqlite_autoincrement=True,
    )
    sealed_keys = sa.Table(
        "sealed_keys",
        meta,
        sa.Column("list_key", sa.LargeBinary(20), primary_key=True),
        sa.Column("persona", sa.LargeBinary(20), primary_key=True),
        sa.Column("grantee", sa.LargeBinary(32), primary_key=True),
        sa.Column("receiving_key", sa.LargeBinary(32), primary_key=True),
        sa.Column("data_class", sa.BigInteger, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("signature", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        # The newest block when it was left; the chain's time from which on to look at its grant.
        sa.Column("left_at", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("left_hash", sa.String),
        sa.Column("look_at", sa.BigInteger, nullable=False, server_default="0"),
        sa.Index("sealed_keys_to_look_at", "look_at"),
        sa.Index("sealed_keys_by_persona", "persona", "grantee"),
        sa.Index("sealed_keys_by_grantee", "grantee"),
    )
    heads = sa.Table(
        "heads",
        meta,
        sa.Column("head_key", sa.LargeBinary(20), primary_key=True),
        sa.Column("version", sa.String, nullable=False),
        sa.Column("cid", sa.String, nullable=False),
        sa.Column("signature", sa.LargeBinary, nullable=False),
    )
    nonces = sa.Table(
        "nonces",
        meta,
        sa.Column("signer", sa.LargeBinary(20), primary_key=True),
        sa.Column("nonce", sa.LargeBinary(32), primary_key=True),
        sa.Column("deadline", sa.BigInteger, nullable=False, index=True),
    )
    withdrawals = sa.Table(
        "withdrawals",
        meta,
        sa.Column("subject", sa.LargeBinary(20), primary_key=True),
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("target", sa.LargeBinary, primary_key=True),
        sa.Column("counter", sa.Integer, nullable=False),
        sa.Column("signature", sa.LargeBinary, nullable=False),
        # From when on to carry it to the chain, by this machine's clock; nothing once it is there.
        sa.Column("relay_at", sa.BigInteger),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Index("withdrawals_to_relay", "relay_at"),
    )
    deletions = sa.Table(
        "deletions",
        meta,
        sa.Column("list_key", sa.LargeBinary(20), primary_key=True),
        sa.Column("record_id", sa.LargeBinary(32), primary_key=True),
        sa.Column("capsule", sa.LargeBinary(32), nullable=False),
        sa.Column("deleted_at", sa.BigInteger, nullable=False),
    )
    extracts = sa.Table(
        "extracts",
        meta,
        sa.Column("order", sa.LargeBinary(32), primary_key=True),
        sa.Column("record_id", sa.LargeBinary(32), nullable=False),
        sa.Column("subject", sa.LargeBinary(20), nullable=False),
        sa.Column("buyer", sa.LargeBinary(20), nullable=False),
        sa.Column("offer", sa.BigInteger, nullable=False),
        sa.Column("use", sa.Integer, nullable=False),
        sa.Column("data_class", sa.BigInteger, nullable=False),
        sa.Column("disease", sa.BigInteger, nullable=False),
        sa.Column("receiving_key", sa.LargeBinary(32), nullable=False),
        sa.Column("leaf", sa.LargeBinary(32), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("capsule", sa.LargeBinary(32), nullable=False),
        sa.Column("entry", sa.LargeBinary, nullable=False),
    )
    recoveries = sa.Table(
        "recoveries",
        meta,
        sa.Column("persona", sa.LargeBinary(20), primary_key=True),
        # Decimal text: a version may have 64 bits without a sign.
        sa.Column("version", sa.String, nullable=False),
        sa.Column("deposit", sa.LargeBinary, nullable=False),
    )
    wills = sa.Table(
        "wills",
        meta,
        sa.Column("persona", sa.LargeBinary(20), primary_key=True),
        # As of a seed.
        sa.Column("version", sa.String, nullable=False),
        sa.Column("deposit", sa.LargeBinary, nullable=False),
    )
    # The keys of rows that were deleted, until they are overwritten: of a server's rows alone.
    forgotten_rows = sa.Table(
        "forgotten_rows",
        meta,
        sa.Column("number", sa.LargeBinary(16), primary_key=True),
    )
    log = sa.Table(
        "log",
        meta,
        # The place in the tree, from 0.
        sa.Column("place", sa.BigInteger, primary_key=True, autoincrement=False),
        # The list's key, or an order's number.
        sa.Column("book", sa.LargeBinary, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("receipt", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("book", "number"),
    )
    # What of the log's Merkle tree is full, and never changes.
    log_nodes = sa.Table(
        "log_nodes",
        meta,
        sa.Column("level", sa.Integer, primary_key=True),
        sa.Column("position", sa.BigInteger, primary_key=True),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
    )
