"""The destinations that FormFlow ships: one module is one kind of destination."""
