"""A table in any database: the connection, its columns, and what its errors mean."""
