"""Version 7 of the ledger: the audit trail, and seals on entries and parcels."""

from __future__ import annotations

from typing import Any

from alembic import op
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    PrimaryKeyConstraint,
    String,
    column,
    literal_column,
    table,
    text,
    update,
)

from formflow.storage import seals, sqlite

revision = "0007"
down_revision = "0006"

AT_ONCE = 500  # entries in memory
ENTRIES = """SELECT entry.*, paper.sha256 FROM entry JOIN paper ON paper.id = entry.paper_id
    WHERE entry.id > :after ORDER BY entry.id LIMIT :most"""
PARCELS = """SELECT id, body, headers, attachments FROM parcel
    WHERE body IS NOT NULL AND delivered_at IS NULL AND id > :after ORDER BY id LIMIT :most"""


def upgrade() -> None:
    """Add the tables and columns, and seal what is there."""
    texts = [Column(name, String, nullable=False) for name in ("at", "event", "who", "place")]
    more = [Column(name, String, nullable=False) for name in ("reference", "detail", "digest")]
    op.create_table(
        "audit_line",
        Column("id", Integer, nullable=False),
        *texts,
        *more,
        Column("mac", String, nullable=False),
        PrimaryKeyConstraint("id"),
    )
    is_of_settings = sqlite.only_where(column("event") == literal_column("'settings'"))
    op.create_index("audit_line_settings", "audit_line", ["id"], **is_of_settings)
    op.create_table(
        "audit_head",
        Column("id", Integer, nullable=False),
        Column("number", Integer, nullable=False),
        Column("mac", String, nullable=False),
        Column("seal", String, nullable=False),
        PrimaryKeyConstraint("id"),
    )
    op.add_column("entry", Column("seal", String, server_default="", nullable=False))
    op.add_column("entry", Column("audit_line", Integer))
    op.add_column("parcel", Column("seal", String, server_default="", nullable=False))
    _seal_entries(op.get_bind())
    _seal_parcels(op.get_bind())


def _seal_entries(connection: Connection) -> None:
    after = 0
    while rows := connection.execute(text(ENTRIES), {"after": after, "most": AT_ONCE}).all():
        for row in rows:
            values: dict[str, Any] = {**row._mapping, "urgent": bool(row.urgent)}
            _seal(connection, "entry", row.id, seals.of_entry(values))
        after = rows[-1].id


def _seal_parcels(connection: Connection) -> None:
    after = 0
    while rows := connection.execute(text(PARCELS), {"after": after, "most": AT_ONCE}).all():
        for row in rows:
            seal = seals.of_parcel(row.body, row.headers, row.attachments)
            _seal(connection, "parcel", row.id, seal)
        after = rows[-1].id


def _seal(connection: Connection, name: str, number: int, seal: str) -> None:
    sealed = table(name, column("id"), column("seal"))
    connection.execute(update(sealed).where(sealed.c.id == number).values(seal=seal))
