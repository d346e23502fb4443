"""Version 9 of the ledger: a case that two people disposed of leaves a tombstone."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, PrimaryKeyConstraint, String

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the table of tombstones."""
    texts = ("reference", "at", "reason", "who", "and_who", "papers", "kept", "seal")
    op.create_table(
        "disposal",
        *(Column(name, String, nullable=False) for name in texts),
        Column("undone", String),
        PrimaryKeyConstraint("reference"),
    )
