"""Version 6 of the ledger: indexes for what is looked up for each form, however many records there are."""

from __future__ import annotations

from alembic import op
from sqlalchemy import column

from formflow.storage import sqlite

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
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
