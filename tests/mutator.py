"""Damage as disks, networks and programs do it: the same seed gives the same mutants."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

Damage = Callable[[bytearray, random.Random], None]
_OBJECT = re.compile(rb"\d+ 0 obj\b.*?endobj", re.DOTALL)
_NUMBER = re.compile(rb"(?<=\n)\d+ 0 obj\b")
_STREAM = re.compile(rb"stream\r?\n.*?endstream", re.DOTALL)
_NAME = re.compile(rb"/T \(?[a-z_]+")


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
    """Two objects of the same length of number are called by each other's."""
    found = list(_NUMBER.finditer(content))
    if len(found) < 2:
        return
    one, other = chance.sample(found, 2)
    if len(one[0]) == len(other[0]):
        content[one.start() : one.end()], content[other.start() : other.end()] = other[0], one[0]


def a_stream_damaged(content: bytearray, chance: random.Random) -> None:
    """Bits flipped within the compressed part of one object, or its length told wrong."""
    found = list(_STREAM.finditer(content))
    if not found:
        return
    stream = chance.choice(found)
    if chance.random() < 0.3:
        content[stream.start() - 1] = ord(" ")
        return
    for _ in range(chance.choice((1, 5))):
        content[chance.randrange(stream.start(), stream.end())] ^= 1 << chance.randrange(8)


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
    cut_and_padded,
    a_digit_changed,
    a_name_changed,
)
