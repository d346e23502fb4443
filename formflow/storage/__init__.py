"""The ledger and the originals: everything that must outlast the process."""
