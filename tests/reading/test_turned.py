"""A page shows a text that is written from right to left in the order of the eye: it says the same, and no other."""

from __future__ import annotations

import pytest

from formflow.core.right_to_left import as_drawn
from formflow.reading.text_match import says_the_same

TOLD = "He said «لا إله» and 12 times.\nقال محمد (علي) في الغرفة 12 يوم 14/11/2026.\nZoë. סיפר לי 3 פעמים"
ALL = range(0x110000)


def shown(told: str, every: int) -> str:
    """A text as it is drawn with so many words in a line."""
    lines = []
    for paragraph in told.split("\n"):
        words = paragraph.split(" ")
        lines += [" ".join(words[at : at + every]) for at in range(0, len(words), every)]
    return "".join(as_drawn(line, ALL) for line in lines)


@pytest.mark.parametrize("every", [1, 3, 5, 50])
def test_lines_say_the_same_wherever_they_break(every: int) -> None:
    assert says_the_same(shown(TOLD, every), TOLD)


@pytest.mark.parametrize(
    "other",
    [
        TOLD.replace("12 times", "21 times"),
        TOLD.replace("14/11/2026", "11/14/2026"),
        TOLD.replace("الغرفة 12", "الغرفة 21"),
        TOLD.replace("(علي)", "(ليع)"),
        TOLD + "!",
    ],
)
def test_another_text_does_not(other: str) -> None:
    assert not says_the_same(shown(other, 5), TOLD)
