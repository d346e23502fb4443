"""Version 8 of the ledger: cases are closed, reopened, entered in error or duplicates."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Integer, PrimaryKeyConstraint, String

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the table of changes."""
    texts = ("reference", "state", "at", "who", "reason", "reasons")
    op.create_table(
        "case_change",
        Column("id", Integer, nullable=False),
        *(Column(name, String, nullable=False) for name in texts),
        Column("duplicate_of", String),
        Column("after_entry", Integer, nullable=False),
        Column("seal", String, nullable=False),
        PrimaryKeyConstraint("id"),
    )
    op.create_index("case_change_reference", "case_change", ["reference"])
