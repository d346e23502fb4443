"""Recording forms that real programs filled: see fillers/README.md."""
