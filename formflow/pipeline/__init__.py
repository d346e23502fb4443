"""From the watched folder to the record: sweep, gate, intake, read, check, decide, record."""
