"""Schema 7: which keys of deleted rows are to be overwritten.

Revision ID: 7
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "7"
down_revision = "6"


def upgrade() -> None:
    """A table of their numbers, which has rows only between a deletion and the overwriting."""
    op.create_table("forgotten_rows", sa.Column("number", sa.LargeBinary(16), primary_key=True))
    # By this, a program of schema 6 refuses the database.
    op.execute("UPDATE notes SET value = '7' WHERE name = 'schema'")
