"""Version 5 of the ledger: its tables when alembic took over."""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    UniqueConstraint,
    column,
    literal_column,
)

from formflow.storage import sqlite

revision = "0005"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "child",
        Column("id", Integer, nullable=False),
        Column("name_key", String, nullable=False),
        Column("born", String, nullable=False),
        Column("upn", String),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("name_key", "born"),
    )
    op.create_index("child_born", "child", ["born"])
    op.create_index("child_upn", "child", ["upn"], unique=True)
    op.create_table(
        "counter",
        Column("name", String, nullable=False),
        Column("last", Integer, nullable=False),
        PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "joined",
        Column("sheet", String, nullable=False),
        Column("child_id", Integer, nullable=False),
        Column("other_id", Integer, nullable=False),
        PrimaryKeyConstraint("sheet"),
    )
    op.create_table(
        "own_alert",
        Column("reference", String, nullable=False),
        Column("code", String, nullable=False),
        Column("words", String, nullable=False),
        Column("told_at", String, nullable=False),
        Column("acknowledged_at", String),
        Column("acknowledged_by", String),
        PrimaryKeyConstraint("reference"),
    )
    op.create_table(
        "own_page",
        Column("fingerprint", String, nullable=False),
        PrimaryKeyConstraint("fingerprint"),
    )
    op.create_table(
        "paper",
        Column("id", Integer, nullable=False),
        Column("sha256", String),
        Column("size", Integer, nullable=False),
        Column("file_name", String, nullable=False),
        Column("received_at", String, nullable=False),
        Column("code", String, nullable=False),
        Column("words", String, nullable=False),
        Column("entry_id", Integer),
        Column("continues", Integer),
        Column("role", String, server_default="staff", nullable=False),
        Column("reading", Integer, server_default="1", nullable=False),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("sha256", "role", "reading"),
    )
    op.create_table(
        "sighting",
        Column("id", Integer, nullable=False),
        Column("folder", String, nullable=False),
        Column("name", LargeBinary, nullable=False),
        Column("size", Integer, nullable=False),
        Column("modified_ns", Integer, nullable=False),
        Column("changed_at", String, nullable=False),
        Column("state", String, nullable=False),
        Column("code", String, nullable=False),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("folder", "name"),
    )
    op.create_table(
        "silence",
        Column("destination", String, nullable=False),
        Column("since", String, nullable=False),
        PrimaryKeyConstraint("destination"),
    )
    op.create_table(
        "task",
        Column("id", Integer, nullable=False),
        Column("kind", String, nullable=False),
        Column("ref_id", Integer, nullable=False),
        Column("lane", String, nullable=False),
        Column("priority", Integer, nullable=False),
        Column("state", Integer, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("weight", Integer, server_default="0", nullable=False),
        Column("owner", String),
        Column("lease_until", Float, nullable=False),
        Column("due", Float, nullable=False),
        Column("last_code", String, nullable=False),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("kind", "ref_id"),
    )
    op.create_index(
        "task_leased",
        "task",
        ["lease_until"],
        **sqlite.only_where(column("state") == literal_column("1")),
    )
    op.create_index(
        "task_ready",
        "task",
        ["priority", "due", "id"],
        **sqlite.only_where(column("state") == literal_column("0")),
    )
    op.create_table(
        "arrival",
        Column("id", Integer, nullable=False),
        Column("paper_id", Integer, nullable=False),
        Column("folder", String, nullable=False),
        Column("file_name", String, nullable=False),
        Column("arrived_at", String, nullable=False),
        Column("duplicate", Boolean, nullable=False),
        Column("role", String, server_default="staff", nullable=False),
        ForeignKeyConstraint(
            ["paper_id"],
            ["paper.id"],
        ),
        PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_arrival_paper_id", "arrival", ["paper_id"])
    op.create_table(
        "entry",
        Column("id", Integer, nullable=False),
        Column("reference", String, nullable=False),
        Column("revision", Integer, nullable=False),
        Column("supersedes", Integer),
        Column("outcome", String, nullable=False),
        Column("received_at", String, nullable=False),
        Column("recorded_at", String, nullable=False),
        Column("paper_id", Integer, nullable=False),
        Column("form_id", String),
        Column("form_version", Integer),
        Column("child_id", Integer),
        Column("child_b_id", Integer),
        Column("business_key", String),
        Column("values_sha256", String),
        Column("incident_day", String),
        Column("light", String),
        Column("highest_light", String),
        Column("possible_duplicate_of", String),
        Column("about", String),
        Column("answers", String, nullable=False),
        Column("notices", String, nullable=False),
        Column("proposal", String),
        Column("acknowledged_at", String),
        Column("acknowledged_by", String),
        Column("role", String, server_default="staff", nullable=False),
        Column("urgent", Boolean, server_default="0", nullable=False),
        Column("epoch", Integer, server_default="0", nullable=False),
        ForeignKeyConstraint(
            ["child_id"],
            ["child.id"],
        ),
        ForeignKeyConstraint(
            ["paper_id"],
            ["paper.id"],
        ),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("paper_id"),
        UniqueConstraint("reference", "revision"),
    )
    op.create_index("entry_about", "entry", ["about"])
    op.create_index("entry_business_key", "entry", ["business_key"])
    op.create_index("entry_child", "entry", ["child_id"])
    op.create_index("entry_child_b", "entry", ["child_b_id"])
    op.create_table(
        "parcel",
        Column("id", Integer, nullable=False),
        Column("key", String, nullable=False),
        Column("entry_id", Integer),
        Column("own_alert", String),
        Column("destination", String, nullable=False),
        Column("operation", String, nullable=False),
        Column("body", LargeBinary),
        Column("headers", String, nullable=False),
        Column("original_sha256", String),
        Column("delivered_at", String),
        Column("delivered_how", String),
        Column("delivered_where", String),
        ForeignKeyConstraint(
            ["entry_id"],
            ["entry.id"],
        ),
        ForeignKeyConstraint(
            ["own_alert"],
            ["own_alert.reference"],
        ),
        PrimaryKeyConstraint("id"),
        UniqueConstraint("key"),
    )
    op.create_index("parcel_entry", "parcel", ["entry_id"])
    op.create_index("parcel_own_alert", "parcel", ["own_alert"])
