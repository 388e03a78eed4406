"""Schema 5: openings encrypted as the rest; which block was the newest when a class key was left.

Revision ID: 5
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "5"
down_revision = "4"


def upgrade() -> None:
    """Openings that are there are encrypted, into another table: a server removes the file of one
    that is dropped, and keeps rows that were changed."""
    sealed = op.create_table(
        "openings_sealed",
        sa.Column("list_key", sa.LargeBinary(20), primary_key=True),
        sa.Column("persona", sa.LargeBinary(20), primary_key=True),
        sa.Column("data_class", sa.BigInteger, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    box, connection = context.config.attributes["box"], op.get_bind()
    for row in connection.execute(sa.text("SELECT * FROM openings")).all():
        place = (b"opening", bytes(row.list_key), bytes(row.persona))
        values = {"document": box.close(str(row.document).encode(), place)}
        connection.execute(sa.insert(sealed).values(row._asdict() | values))
    op.drop_table("openings")
    op.rename_table("openings_sealed", "openings")
    op.create_index("openings_by_persona", "openings", ["persona", "data_class"])
    op.add_column("sealed_keys", sa.Column("left_hash", sa.String))
    # By this, a program of schema 4 refuses the database.
    op.execute("UPDATE notes SET value = '5' WHERE name = 'schema'")
