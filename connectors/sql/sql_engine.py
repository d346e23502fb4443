"""What connects to a database: its address, its driver, and how long it may keep us waiting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.pool import NullPool

from formflow.sdk import SettingsError, Unavailable, ending

# What is meant where the address does not say by which driver.
_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
_EXTRAS = {
    "postgresql": "install formflow[postgresql]",
    "mysql": "install formflow[mariadb]",
    "mariadb": "install formflow[mariadb]",
}
_PREFIX = "postgres:"  # what some providers write


def engine(url: SecretStr, seconds: float) -> sa.Engine:
    """Return what connects to a database; it has not done so yet. Raise SettingsError or Unavailable."""
    where = _address(url)
    family = where.get_backend_name()
    if family == "sqlite" and not Path(where.database or "").is_file():
        raise ending(Unavailable, "FF-535")  # SQLite would make an empty one
    try:
        # Each use has a connection of its own: nothing is stale after a night, and nothing is kept open.
        made = sa.create_engine(
            where,
            poolclass=NullPool,
            hide_parameters=True,
            connect_args=_arguments(family, seconds),
        )
    except (sa.exc.ArgumentError, ImportError):
        package = _EXTRAS.get(family, "install what SQLAlchemy needs for it")
        raise ending(
            SettingsError, "FF-536", why=f"its driver is not installed; {package}"
        ) from None
    if family == "sqlite":
        _lock_first(made)
    if family == "postgresql":
        _limit(made, seconds)
    return made


def _address(url: SecretStr) -> sa.URL:
    """Return the address of a database. Raise SettingsError for what is none, without saying it."""
    told = url.get_secret_value().strip()
    if told.startswith(_PREFIX):
        told = told.replace(_PREFIX, "postgresql:", 1)
    try:
        made = sa.make_url(told)
    except (sa.exc.ArgumentError, ValueError):
        why = "“url” is no address of a database, such as postgresql://user:password@server/name"
        raise ending(SettingsError, "FF-536", why=why) from None
    return made.set(drivername=_DRIVERS.get(made.drivername, made.drivername))


def _arguments(family: str, seconds: float) -> dict[str, Any]:
    """Return what the driver is told, so that no server keeps us waiting and none cuts off a text."""
    whole = max(1, int(seconds))
    if family == "postgresql":
        return {"connect_timeout": whole, "tcp_user_timeout": whole * 1000}
    if family in ("mysql", "mariadb"):
        limits = f"innodb_lock_wait_timeout={whole}, lock_wait_timeout={whole}"
        strict = "sql_mode=CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')"
        waits = dict.fromkeys(("connect_timeout", "read_timeout", "write_timeout"), whole + 1)
        return {**waits, "init_command": f"SET SESSION {limits}, {strict}"}
    return {"timeout": seconds} if family == "sqlite" else {}


def _limit(made: sa.Engine, seconds: float) -> None:
    """Have PostgreSQL give a statement up in time, and a lock before that."""
    whole = int(seconds * 1000)

    @sa.event.listens_for(made, "connect")
    def limited(connection: Any, _: object) -> None:
        connection.execute(f"SET statement_timeout = {whole}")
        connection.execute(f"SET lock_timeout = {whole // 2}")
        connection.commit()


def _lock_first(made: sa.Engine) -> None:
    """Have SQLite wait for its lock at the beginning: in the middle of a transaction it does not wait."""

    @sa.event.listens_for(made, "connect")
    def ours(connection: Any, _: object) -> None:
        connection.isolation_level = None

    @sa.event.listens_for(made, "begin")
    def begun(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
