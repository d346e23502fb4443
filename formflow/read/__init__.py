"""How a paper is read."""
