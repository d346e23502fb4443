"""What brings a ledger of an older version up to date: SQL up to version 5, alembic's revisions from there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from formflow.storage.migrations import older

if TYPE_CHECKING:
    from alembic.config import Config


def upgrade(connection: Connection, found: int) -> None:
    """Bring a ledger from the version that was found to the newest, in the caller's transaction."""
    from alembic import command  # here, since most commands find a ledger that is up to date

    older.upgrade(connection, found)
    config = config_for(connection)
    command.stamp(config, f"{max(found, older.NEWEST):04d}")
    command.upgrade(config, "head")


def config_for(connection: Connection) -> Config:
    """Return what alembic's commands need to work on a connection. There is no alembic.ini."""
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config
