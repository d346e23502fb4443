"""The case: a record, the sheets about it, and what the guidance asks for next."""
