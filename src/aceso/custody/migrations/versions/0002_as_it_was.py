"""Schema 2: the last before there were migrations. A database that has it gets what it lacks.

Revision ID: 2
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = None

_COUNTED = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_meta = sa.MetaData()

sa.Table(
    "notes",
    _meta,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("value", sa.String),
)
sa.Table(
    "lists",
    _meta,
    sa.Column("list_key", sa.LargeBinary(20), primary_key=True),
    sa.Column("data_class", sa.BigInteger, nullable=False),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("terms", sa.LargeBinary(32), nullable=False),
    sa.Column("custodians", sa.LargeBinary, nullable=False),
    sa.Column("threshold", sa.Integer, nullable=False),
    sa.Column("log_key", sa.LargeBinary, nullable=False),
    sa.Column("used_bytes", sa.BigInteger, nullable=False),
)
sa.Table(
    "openings",
    _meta,
    sa.Column("list_key", sa.LargeBinary(20), primary_key=True),
    sa.Column("persona", sa.LargeBinary(20), primary_key=True),
    sa.Column("data_class", sa.BigInteger, nullable=False),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("document", sa.String, nullable=False),
    sa.Index("openings_by_persona", "persona", "data_class"),
)
sa.Table(
    "entries",
    _meta,
    sa.Column("number", _COUNTED, primary_key=True, autoincrement=True),
    sa.Column("list_key", sa.LargeBinary(20), nullable=False),
    sa.Column("record_id", sa.LargeBinary(32), nullable=False),
    sa.Column("digest", sa.LargeBinary(32), nullable=False),
    sa.Column("capsule", sa.LargeBinary(32), nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("entry", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("list_key", "record_id"),
    sqlite_autoincrement=True,
)
sa.Table(
    "sealed_keys",
    _meta,
    sa.Column("list_key", sa.LargeBinary(20), primary_key=True),
    sa.Column("persona", sa.LargeBinary(20), primary_key=True),
    sa.Column("grantee", sa.LargeBinary(32), primary_key=True),
    sa.Column("receiving_key", sa.LargeBinary(32), primary_key=True),
    sa.Column("data_class", sa.BigInteger, nullable=False),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("signature", sa.LargeBinary, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)
sa.Table(
    "heads",
    _meta,
    sa.Column("head_key", sa.LargeBinary(20), primary_key=True),
    sa.Column("version", sa.String, nullable=False),
    sa.Column("cid", sa.String, nullable=False),
    sa.Column("signature", sa.LargeBinary, nullable=False),
)
sa.Table(
    "nonces",
    _meta,
    sa.Column("signer", sa.LargeBinary(20), primary_key=True),
    sa.Column("nonce", sa.LargeBinary(32), primary_key=True),
    sa.Column("deadline", sa.BigInteger, nullable=False, index=True),
)
sa.Table(
    "withdrawals",
    _meta,
    sa.Column("subject", sa.LargeBinary(20), primary_key=True),
    sa.Column("kind", sa.String, primary_key=True),
    sa.Column("target", sa.LargeBinary, primary_key=True),
    sa.Column("counter", sa.Integer, nullable=False),
    sa.Column("signature", sa.LargeBinary, nullable=False),
)
sa.Table(
    "deletions",
    _meta,
    sa.Column("list_key", sa.LargeBinary(20), primary_key=True),
    sa.Column("record_id", sa.LargeBinary(32), primary_key=True),
    sa.Column("capsule", sa.LargeBinary(32), nullable=False),
    sa.Column("deleted_at", sa.BigInteger, nullable=False),
)
sa.Table(
    "extracts",
    _meta,
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
sa.Table(
    "recoveries",
    _meta,
    sa.Column("persona", sa.LargeBinary(20), primary_key=True),
    sa.Column("version", sa.String, nullable=False),
    sa.Column("deposit", sa.LargeBinary, nullable=False),
)
sa.Table(
    "log",
    _meta,
    sa.Column("place", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("book", sa.LargeBinary, nullable=False),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("receipt", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("book", "number"),
)
sa.Table(
    "log_nodes",
    _meta,
    sa.Column("level", sa.Integer, primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True),
    sa.Column("hash", sa.LargeBinary(32), nullable=False),
)


def upgrade() -> None:
    """Make what isn't there."""
    _meta.create_all(op.get_bind(), checkfirst=True)
