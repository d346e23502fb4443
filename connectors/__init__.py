"""The destinations that FormFlow ships. A kind is a module; what writes into other programs’ files is a folder."""
