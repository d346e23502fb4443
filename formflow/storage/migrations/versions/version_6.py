"""Version 6 of the ledger: what is drawn outside the lock, what destinations say, and indexes for each form."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Boolean, Column, Integer, String, column

from formflow.storage import sqlite

revision = "0006"
down_revision = "0005"


# A paper that could start something by itself was filed as pictures, which nobody noted.
FILED = """UPDATE entry SET filed = (SELECT sha256 FROM paper WHERE paper.id = entry.paper_id)
    WHERE notices NOT LIKE '%"FF-129"%'"""
# What went along with a parcel was told in its headers, each connector in its own way.
ATTACHMENTS = """UPDATE parcel SET attachments = (SELECT json_group_array(json_array(name, sha256)) FROM (
    SELECT coalesce(json_extract(parcel.headers, '$.paper'), json_extract(parcel.headers, '$.original'))
        AS name, parcel.original_sha256 AS sha256 WHERE parcel.original_sha256 IS NOT NULL
    UNION ALL SELECT beside.key, beside.value FROM json_each(coalesce(
        json_extract(parcel.headers, '$.beside'), json_extract(parcel.headers, '$.sheets'), '{}')) AS beside))"""


def upgrade() -> None:
    """Add the columns and make the indexes."""
    _drawn_outside_the_lock()
    _said_by_destinations()
    _indexes()


def _drawn_outside_the_lock() -> None:
    op.add_column("entry", Column("filed", String))
    op.add_column("entry", Column("pictures", String))
    op.execute(FILED)
    op.add_column("parcel", Column("cause", String, server_default="entry", nullable=False))
    op.execute("UPDATE parcel SET cause = 'own' WHERE own_alert IS NOT NULL")
    op.add_column("parcel", Column("arrival_id", Integer))
    op.add_column("parcel", Column("moment", String))


def _said_by_destinations() -> None:
    op.add_column("parcel", Column("attachments", String, server_default="[]", nullable=False))
    op.execute(ATTACHMENTS)
    op.drop_column("parcel", "original_sha256")
    op.add_column("task", Column("unclear", Boolean, server_default="0", nullable=False))
    op.add_column("task", Column("last_text", String, server_default="", nullable=False))


def _indexes() -> None:
    """Make the indexes; those that only some rows need are made again."""
    op.drop_index("entry_child", "entry")
    op.create_index("entry_child", "entry", ["child_id", "incident_day"])
    op.create_index("entry_values", "entry", ["values_sha256"])
    op.create_index("arrival_path", "arrival", ["folder", "file_name"])
    op.create_index("joined_child", "joined", ["child_id"])
    op.create_index("joined_other", "joined", ["other_id"])
    op.drop_index("entry_about", "entry")
    is_about = sqlite.only_where(column("about").is_not(None))
    op.create_index("entry_about", "entry", ["about"], **is_about)
    is_unseen = sqlite.only_where(column("acknowledged_at").is_(None))
    op.create_index("entry_unseen", "entry", ["reference"], **is_unseen)
    op.create_index("own_alert_unseen", "own_alert", ["told_at"], **is_unseen)
