"""A stranger's words are shown where they quote no answer, and not where they may."""

from __future__ import annotations

import pytest

from formflow.delivery import said

ANSWERS = (
    "Seán D’Arcy-Müller",
    "mark o'neill",
    "14/11/2012",
    "in the playground",
    "no",
    "He wrote to the folder in the corner. Then Mr Boateng took Ełżbieta to the office at once.",
)


@pytest.mark.parametrize(
    "text",
    [
        "The folder is full.",
        "The server did not answer in time (503).",
        "no",
        "",
    ],
)
def test_what_quotes_nobody_is_shown(text: str) -> None:
    assert said.shown(text, ANSWERS) == text


@pytest.mark.parametrize(
    "text",
    [
        "no such pupil: Sean",
        "no such pupil: MÜLLER",
        "pupil o'neill is locked",
        "sean.darcy@school.example bounced",
        "cannot write C-seandarcy.pdf",
        "born 2012: no such pupil",
        "Boateng has this file open",
        "ełżbieta",
        "a playground is not a place",
    ],
)
def test_what_may_quote_an_answer_is_not(text: str) -> None:
    assert said.shown(text, ANSWERS) == ""
