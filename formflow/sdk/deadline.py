"""Until when the call in hand may take: set by whoever asks a connector, read by the connector."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator
from contextvars import ContextVar

_until: ContextVar[float] = ContextVar("until", default=math.inf)


@contextlib.contextmanager
def of(seconds: float) -> Iterator[None]:
    """Give the calls within so many seconds, in this thread."""
    before = _until.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _until.reset(before)


def seconds_left() -> float:
    """Return how long the call in hand may still take, at least 0; infinity outside a call."""
    return max(0.0, _until.get() - time.monotonic())
