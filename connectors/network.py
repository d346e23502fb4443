"""What kinds that speak to other computers share: whom they trust, and how long they listen."""

from __future__ import annotations

import io
import ipaddress
import ssl
import time
from pathlib import Path
from typing import Any

LARGEST_REPLIES = 64 << 10  # bytes that a server may answer in one conversation
PATIENCE = 2  # times the time-out of a step: what the whole conversation may take


class Replies(io.RawIOBase):
    """What a server answers, up to a number of bytes and a moment: it may drip, or never end."""

    def __init__(self, raw: io.RawIOBase, until: float, most: int = LARGEST_REPLIES) -> None:
        self._raw, self._until, self._left = raw, until, most

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read some bytes. Raise OSError at the limits."""
        if self._left <= 0 or time.monotonic() > self._until:
            raise TimeoutError
        count: int | None = self._raw.readinto(buffer)
        self._left -= count or 0
        return count

    def close(self) -> None:
        """Close the connection's side of it, too."""
        self._raw.close()
        super().close()


def trusted(ca_file: Path | None) -> ssl.SSLContext:
    """Return which certificates are trusted: those of a file, or those of this computer.

    Raise OSError where the file is not there or holds no certificate.
    """
    return ssl.create_default_context(cafile=ca_file)


def is_this_computer(host: str) -> bool:
    """Return whether a name or number is this very computer's."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
