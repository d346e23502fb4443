"""Which account of this computer works with FormFlow, as the system knows it."""

from __future__ import annotations

import psutil


def account() -> str:
    """Return the account's name; environment variables, which anybody can set, do not count."""
    return psutil.Process().username()


def by_command(command: str) -> str:
    """Return how the audit trail names who typed a command: "ack (jsmith)"."""
    return f"{command} ({account()})"
