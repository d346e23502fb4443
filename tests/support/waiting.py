"""Waiting for what another process or thread does, however long a busy machine takes over it."""

from __future__ import annotations

import time
from collections.abc import Callable

LOOK_SECONDS = 0.05  # between two looks


def eventually(is_so: Callable[[], bool]) -> None:
    """Wait until something is so. What never comes is ended by the time limit of every test."""
    while not _is_quietly(is_so):
        time.sleep(LOOK_SECONDS)


def _is_quietly(is_so: Callable[[], bool]) -> bool:
    try:
        return is_so()
    except (OSError, KeyError, ValueError):  # a file that is just being replaced
        return False
