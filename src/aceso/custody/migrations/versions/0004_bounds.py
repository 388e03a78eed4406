"""Schema 4: how many records a list has, and how many an issuer has posted to it.

Revision ID: 4
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "4"
down_revision = "3"


def upgrade() -> None:
    """Records that are there are counted for their lists; who posted them is sealed within them, so
    issuers begin at none."""
    op.add_column("lists", sa.Column("records", sa.BigInteger, nullable=False, server_default="0"))
    op.execute(
        "UPDATE lists SET records = "
        "(SELECT count(*) FROM entries WHERE entries.list_key = lists.list_key)"
    )
    op.create_table(
        "posted",
        sa.Column("list_key", sa.LargeBinary(20), primary_key=True),
        sa.Column("issuer", sa.LargeBinary(20), primary_key=True),
        sa.Column("records", sa.BigInteger, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
    )
    # By this, a program of schema 3 refuses the database.
    op.execute("UPDATE notes SET value = '4' WHERE name = 'schema'")
