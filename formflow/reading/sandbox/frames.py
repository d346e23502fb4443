"""How parent and child of the cage speak: four bytes of length, then so many bytes."""

from __future__ import annotations

import struct
from typing import IO

LARGEST_REQUEST = 64 << 10  # bytes: a path
READY = b"ready"  # the child's first frame: it has started, and what follows is a paper's own time
LARGEST_ANSWER = 16 << 20  # bytes: everything read of one paper, or its pictures
_LENGTH = struct.Struct(">I")


def receive(stream: IO[bytes], largest: int) -> bytes | None:
    """Return the next frame, or None at the end of the stream or for a frame that is too large."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    length = _LENGTH.unpack(head)[0]
    if length > largest:
        return None
    content = stream.read(length)
    return content if len(content) == length else None


def send(stream: IO[bytes], content: bytes) -> None:
    """Write one frame. Raise OSError when nobody listens."""
    stream.write(_LENGTH.pack(len(content)) + content)
    stream.flush()
