"""One revision for each version of the schema from the fifth on, as alembic expects them."""
