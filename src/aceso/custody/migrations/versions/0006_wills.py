"""Schema 6: parts of wills.

Revision ID: 6
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "6"
down_revision = "5"


def upgrade() -> None:
    """A table for them, as that of sealed seeds."""
    op.create_table(
        "wills",
        sa.Column("persona", sa.LargeBinary(20), primary_key=True),
        sa.Column("version", sa.String, nullable=False),
        sa.Column("deposit", sa.LargeBinary, nullable=False),
    )
    # By this, a program of schema 5 refuses the database.
    op.execute("UPDATE notes SET value = '6' WHERE name = 'schema'")
