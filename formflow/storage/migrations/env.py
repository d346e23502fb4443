"""What alembic runs its revisions in: the connection and the transaction of whoever opens the ledger."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

from formflow.storage import schema

assert schema.SCHEMA_VERSION  # noqa: S101 - it is imported for its tables
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,  # SQLite changes a column by making its table again
)
context.run_migrations()
