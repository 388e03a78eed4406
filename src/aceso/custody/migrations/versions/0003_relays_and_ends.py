"""Schema 3: when a class key was left and its grant ends; withdrawals that wait to be relayed.

Revision ID: 3
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "3"
down_revision = "2"


def upgrade() -> None:
    """Keys that were left before are looked at as soon as their grants can be."""
    op.add_column(
        "sealed_keys", sa.Column("left_at", sa.BigInteger, nullable=False, server_default="0")
    )
    op.add_column(
        "sealed_keys", sa.Column("look_at", sa.BigInteger, nullable=False, server_default="0")
    )
    op.create_index("sealed_keys_to_look_at", "sealed_keys", ["look_at"])
    op.create_index("sealed_keys_by_persona", "sealed_keys", ["persona", "grantee"])
    op.create_index("sealed_keys_by_grantee", "sealed_keys", ["grantee"])
    op.add_column("withdrawals", sa.Column("relay_at", sa.BigInteger))
    op.add_column("withdrawals", sa.Column("tries", sa.Integer, nullable=False, server_default="0"))
    op.create_index("withdrawals_to_relay", "withdrawals", ["relay_at"])
    # What was shown before may still have to be carried.
    op.execute("UPDATE withdrawals SET relay_at = 0")
    # By this, a program of schema 2 refuses the database.
    op.execute("DELETE FROM notes WHERE name = 'schema'")
    op.execute("INSERT INTO notes (name, value) VALUES ('schema', '3')")
