"""The DSL's register: its pages, drawn from what the ledger says of each case."""
