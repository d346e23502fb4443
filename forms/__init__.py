"""The forms that FormFlow ships: one folder each, with the definition and what is built from it."""
