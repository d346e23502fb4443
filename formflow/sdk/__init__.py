"""For authors of connectors: the contract, what every destination that is a folder shares, and wording."""
