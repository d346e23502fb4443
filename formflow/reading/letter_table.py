"""The table of an embedded TrueType font that says which shape is which letter ("cmap"). Pure.

OpenType 1.9, "cmap", formats 4 and 12: all that a font needs which is more than a few shapes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

UNICODE = frozenset(((0, 0), (0, 1), (0, 2), (0, 3), (0, 4), (3, 1), (3, 10)))
MOST_LETTERS = 1 << 17  # of one font


def letters_of_shapes(font: bytes) -> dict[int, str]:
    """Return the letters that are drawn as each shape of a font: often one. {} where no table says it."""
    try:
        return _letters(font)
    except (struct.error, IndexError, ValueError):
        return {}


def _letters(font: bytes) -> dict[int, str]:
    found: dict[int, str] = {}
    looked_at = 0
    for start in _tables(font):
        (kind,) = struct.unpack_from(">H", font, start)
        pairs = _format_4(font, start) if kind == 4 else _format_12(font, start)
        for letter, shape in pairs if kind in (4, 12) else ():
            looked_at += 1
            if looked_at > MOST_LETTERS:
                raise ValueError("the font has more letters than there are")
            if shape:
                found[shape] = found.get(shape, "") + chr(letter)
    return found


def _tables(font: bytes) -> Iterator[int]:
    """Yield where the tables of letters begin."""
    (count,) = struct.unpack_from(">H", font, 4)
    for at in range(12, 12 + 16 * count, 16):
        name, _, cmap, _ = struct.unpack_from(">4sLLL", font, at)
        if name == b"cmap":
            (tables,) = struct.unpack_from(">H", font, cmap + 2)
            for entry in range(cmap + 4, cmap + 4 + 8 * tables, 8):
                platform, encoding, offset = struct.unpack_from(">HHL", font, entry)
                if (platform, encoding) in UNICODE:
                    yield cmap + offset


def _format_4(font: bytes, start: int) -> Iterator[tuple[int, int]]:
    (twice,) = struct.unpack_from(">H", font, start + 6)
    ends = start + 14
    begins, deltas, offsets = (ends + 2 + twice * part for part in (1, 2, 3))
    for at in range(0, twice, 2):
        (last,), (first,) = (struct.unpack_from(">H", font, part + at) for part in (ends, begins))
        (delta,), (offset,) = (
            struct.unpack_from(">H", font, part + at) for part in (deltas, offsets)
        )
        for letter in range(first, min(last, 0xFFFE) + 1):
            shape = letter
            if offset:
                (shape,) = struct.unpack_from(
                    ">H", font, offsets + at + offset + 2 * (letter - first)
                )
            yield letter, (shape + delta) & 0xFFFF if shape else 0


def _format_12(font: bytes, start: int) -> Iterator[tuple[int, int]]:
    (groups,) = struct.unpack_from(">L", font, start + 12)
    for at in range(start + 16, start + 16 + 12 * groups, 12):
        first, last, shape = struct.unpack_from(">LLL", font, at)
        yield from zip(range(first, last + 1), range(shape, shape + last - first + 1), strict=True)
