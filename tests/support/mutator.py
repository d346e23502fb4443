"""Damage as disks, networks and programs do it: the same seed gives the same mutants."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

Damage = Callable[[bytearray, random.Random], None]
_OBJECT = re.compile(rb"\d+ 0 obj\b.*?endobj", re.DOTALL)
_NUMBER = re.compile(rb"(?<=\n)\d+ 0 obj\b")
_STREAM = re.compile(rb"stream\r?\n(.+?)endstream", re.DOTALL)
_LENGTH = re.compile(rb"/Length (\d+)(?= ?[/>\r\n])")
_NAME = re.compile(rb"/T ?\([a-z_]+")


def mutants(papers: Sequence[Path], count: int, seed: int) -> Iterator[tuple[Path, str, bytes]]:
    """Yield paper, kind of damage and the damaged bytes."""
    chance = random.Random(seed)  # noqa: S311 - spreads damage, guards nothing
    for _ in range(count):
        paper, damage = chance.choice(papers), chance.choice(DAMAGES)
        content = bytearray(paper.read_bytes())
        damage(content, chance)
        yield paper, damage.__name__, bytes(content)


def flipped_bits(content: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 3, 20))):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)


def cut_off(content: bytearray, chance: random.Random) -> None:
    del content[chance.randrange(len(content)) :]


def zeros(content: bytearray, chance: random.Random) -> None:
    start, length = chance.randrange(len(content)), chance.choice((16, 512, 4096))
    content[start : start + length] = bytes(len(content[start : start + length]))


def a_piece_lost(content: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(content))
    del content[start : start + chance.choice((1, 64, 2048))]


def a_piece_twice(content: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(content))
    piece = content[start : start + chance.choice((1, 64, 2048))]
    content[start:start] = piece


def objects_swapped(content: bytearray, chance: random.Random) -> None:
    found = list(_OBJECT.finditer(content))
    if len(found) < 2:
        return
    one, other = sorted(chance.sample(found, 2), key=lambda match: match.start())
    between = bytes(content[one.end() : other.start()])
    content[one.start() : other.end()] = other[0] + between + one[0]


def numbers_traded(content: bytearray, chance: random.Random) -> None:
    """Two objects are called by each other's number, and the table of their places says so too."""
    alike: dict[int, list[re.Match[bytes]]] = {}
    for found in _NUMBER.finditer(content):
        alike.setdefault(len(found[0]), []).append(found)
    pairs = [found for found in alike.values() if len(found) > 1]
    if pairs:
        one, other = chance.sample(chance.choice(pairs), 2)
        content[one.start() : one.end()], content[other.start() : other.end()] = other[0], one[0]
        _trade(content, b"%010d 00000 n" % one.start(), b"%010d 00000 n" % other.start())


def _trade(content: bytearray, one: bytes, other: bytes) -> None:
    here, there = content.find(one), content.find(other)
    if min(here, there) >= 0:
        content[here : here + len(one)], content[there : there + len(other)] = other, one


def a_stream_damaged(content: bytearray, chance: random.Random) -> None:
    """Bits flipped within what one stream holds, most often compressed."""
    found = list(_STREAM.finditer(content))
    if found:
        stream = chance.choice(found)
        for _ in range(chance.choice((1, 5))):
            content[chance.randrange(*stream.span(1))] ^= 1 << chance.randrange(8)


def a_length_changed(content: bytearray, chance: random.Random) -> None:
    """A stream is said to be a little, or much, longer or shorter than it is."""
    found = list(_LENGTH.finditer(content))
    if found:
        length = chance.choice(found)
        digits = len(length[1])
        wrong = int(length[1]) + chance.choice((-1000, -10, -1, 1, 10, 1000))
        content[length.start(1) : length.end(1)] = b"%0*d" % (digits, max(0, wrong) % 10**digits)


def cut_and_padded(content: bytearray, chance: random.Random) -> None:
    """As a disk does that lost its last blocks: the size is right, the end is zeros."""
    start = chance.randrange(len(content))
    content[start:] = bytes(len(content) - start)


def a_digit_changed(content: bytearray, chance: random.Random) -> None:
    digits = [place for place, byte in enumerate(content) if 48 <= byte <= 57]
    content[chance.choice(digits)] = 48 + chance.randrange(10)


def a_name_changed(content: bytearray, chance: random.Random) -> None:
    found = list(_NAME.finditer(content))
    if found:
        content[chance.choice(found).end() - 1] = ord("x")


DAMAGES: tuple[Damage, ...] = (
    flipped_bits,
    cut_off,
    zeros,
    a_piece_lost,
    a_piece_twice,
    objects_swapped,
    numbers_traded,
    a_stream_damaged,
    a_length_changed,
    cut_and_padded,
    a_digit_changed,
    a_name_changed,
)
