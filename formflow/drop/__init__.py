"""How papers are seen: the sweep is the truth, the doorbell a hint, the gate asks whether a file is whole."""
