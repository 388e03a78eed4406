"""Bring a custodian's database to the tables of this program, or refuse it by name.

Runs inside the one transaction that is handed in, so that a process that is killed on the way
leaves the database as it was. The steps are in `migrations/versions`, for Alembic.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from aceso.errors import ServiceError

from ._box import Box

__all__ = ["SCHEMA", "migrate"]

SCHEMA: Final = "7"
_STEPS: Final = Path(__file__).with_name("migrations")
# The last schema that had no table of versions.
_FIRST: Final = "2"


def migrate(connection: Connection, box: Box, where: str) -> bool:
    """Make the tables, or bring those that are there to `SCHEMA`; whether there were some. What is
    encrypted from a schema on goes through `box`."""
    found = _found(connection)
    if found == SCHEMA:
        return False
    # Takes a while to load, and most starts don't need it.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config(attributes={"connection": connection, "box": box})
    config.set_main_option("script_location", str(_STEPS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise ServiceError(
            f"{where} has schema {found}, and this program knows schemas up to {SCHEMA}. Use the "
            "program that wrote it or a newer one, or another database.",
            code="E_CUSTODY_SCHEMA",
            details={"schema": found},
        )
    logging.getLogger("alembic").setLevel(logging.WARNING)
    command.upgrade(config, "head")
    return found is not None


def _found(connection: Connection) -> str | None:
    """The schema of this database, or None where there is nothing."""
    tables = set(sa.inspect(connection).get_table_names())
    if "alembic_version" in tables:
        version = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
        if version is not None:
            return str(version)
    if "notes" not in tables:
        return None
    said = connection.execute(sa.text("SELECT value FROM notes WHERE name = 'schema'")).scalar()
    return "unknown" if said is None else str(said)
