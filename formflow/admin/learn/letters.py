"""Letters of a page -> its words: lines that are drawn with letters, and what stands in a ring, are words of their own. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pdfplumber.utils.text import extract_words

from formflow.forms.manifest import Rectangle

LEADER = re.compile(r"[_.…·]{3,}|_{2,}")  # a line to write on, drawn with letters
ASCENT, DESCENT = 0.75, 0.2  # of the size of letters: how far they reach over and under their line


def words_of(
    letters: Sequence[dict[str, Any]], rings: Sequence[Rectangle], height: float
) -> Iterator[Mapping[str, Any]]:
    """Yield the words of a page; letters within a ring are words of their own: "Yes/No" with a ring around each."""
    drawn, letters = _leaders(letters)
    rest = [one for one in letters if not any(is_within(one, ring, height) for ring in rings)]
    inside = ([one for one in letters if is_within(one, ring, height)] for ring in rings)
    for some in (rest, *inside, *drawn):
        for word in extract_words(some, x_tolerance_ratio=0.2, extra_attrs=["size", "fontname"]):
            if word.get("upright", True):
                yield word


def _leaders(
    letters: Sequence[dict[str, Any]],
) -> tuple[list[list[dict[str, Any]]], list[dict[str, Any]]]:
    """Return the lines that are drawn with letters, and the other letters: "Name:....." is a word and a line."""
    text = "".join(str(one["text"])[:1] or " " for one in letters)
    drawn: list[list[dict[str, Any]]] = []
    rest: list[dict[str, Any]] = []
    edge = 0
    for found in LEADER.finditer(text):
        some = list(letters[found.start() : found.end()])
        if (
            max(float(one["bottom"]) for one in some) - min(float(one["bottom"]) for one in some)
            > 1
        ):
            continue  # full stops of several lines
        rest += letters[edge : found.start()]
        drawn.append(some)
        edge = found.end()
    return drawn, [*rest, *letters[edge:]]


def is_within(one: Mapping[str, Any], place: Rectangle, height: float) -> bool:
    """Return whether the middle of a letter or word is in a place."""
    x = (float(one["x0"]) + float(one["x1"])) / 2
    y = height - (float(one["top"]) + float(one["bottom"])) / 2
    return place[0] <= x <= place[2] and place[1] <= y <= place[3]


def on_their_lines(letters: Sequence[Mapping[str, Any]], height: float) -> list[dict[str, Any]]:
    """Return letters with their height taken from the line they are written on: what fonts say of it is often wrong."""
    found = []
    for letter in letters:
        size = float(letter["size"])
        line = height - float(letter["matrix"][5])
        moved = {"top": line - ASCENT * size, "bottom": line + DESCENT * size}
        found.append({**letter, **(moved if letter["upright"] else {})})
    return found
