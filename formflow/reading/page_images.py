"""Pictures of pages, as the cage hands them out: grey dots and nothing else.

What cannot be said in dots stays in the cage: a picture built from them here can start nothing.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from PIL import Image

DOTS_PER_INCH = 100
MOST_DOTS = 4_000_000  # of one page
_SIZE = struct.Struct(">II")


class Picture(NamedTuple):
    """One page: a byte for each dot, row by row from the top; 0 is black, 255 white."""

    width: int
    height: int
    dots: bytes


def packed(pictures: Sequence[Picture]) -> bytes:
    """Return pictures as bytes: width, height and dots of each."""
    return b"".join(_SIZE.pack(one.width, one.height) + one.dots for one in pictures)


def unpacked(content: bytes) -> list[Picture]:
    """Return the pictures in some bytes; [] where these do not hold what they promise."""
    try:
        return list(_unpacked(content))
    except (ValueError, struct.error):
        return []


def _unpacked(content: bytes) -> Iterator[Picture]:
    at = 0
    while at < len(content):
        width, height = _SIZE.unpack_from(content, at)
        at += _SIZE.size
        dots = content[at : at + width * height]
        if not 0 < width * height <= MOST_DOTS or len(dots) < width * height:
            raise ValueError("the dots do not fill the picture")
        at += len(dots)
        yield Picture(width, height, dots)


def as_pdf(pictures: Sequence[Picture]) -> bytes:
    """Return pictures as the pages of a PDF, b"" where there are none. Nothing in it can be filled in."""
    if not pictures:
        return b""
    first, *others = (Image.frombytes("L", (one.width, one.height), one.dots) for one in pictures)
    out = io.BytesIO()
    first.save(out, "PDF", save_all=True, append_images=others, resolution=DOTS_PER_INCH)
    return out.getvalue()
