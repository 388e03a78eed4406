"""Runs the migrations in the transaction that `_migrate` has begun."""

from __future__ import annotations

from alembic import context

from aceso.custody._tables import meta

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=meta,
    # SQLite undoes the making of tables as well, as long as its driver begins no transactions.
    transactional_ddl=True,
)
context.run_migrations()
