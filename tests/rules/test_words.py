"""Sentences as people in schools write them: how many are understood. `make words` prints the same figures."""

from __future__ import annotations

import pytest

from bench.words import (
    Figures,
    Sentence,
    cannot_wait_figures,
    please_check_figures,
    questions,
    sentences,
)
from tests.support.facts import FORM

ALL = list(sentences())
HELD_OUT = [one for one in ALL if one.held_out]


def test_the_list_is_long_enough_and_half_of_it_is_harmless() -> None:
    harmless = [one for one in ALL if not one.speaks_of and one.cannot_wait is False]
    assert len(ALL) >= 200
    assert 0.45 <= len(harmless) / len(ALL) <= 0.55
    assert 0.45 <= len(HELD_OUT) / len(ALL) <= 0.55


def test_figures() -> None:
    figures = Figures(right=8, wrong=2, missed=4)
    assert figures.precision == 0.8
    assert figures.recall == pytest.approx(2 / 3)


def test_a_sentence_counts_for_each_of_its_questions() -> None:
    one = Sentence(
        "He threatened her.", "type_text", frozenset(["context_threat"]), frozenset(), None
    )
    assert questions(one) == {"context_threat"}
    assert please_check_figures([one]) == Figures(1, 0, 0)


@pytest.mark.parametrize(
    ("some", "precision", "recall"), [(ALL, 0.75, 0.9), (HELD_OUT, 0.66, 0.85)]
)
def test_please_check_words(some: list[Sentence], precision: float, recall: float) -> None:
    figures = please_check_figures(some)
    assert figures.precision >= precision
    assert figures.recall >= recall


@pytest.mark.parametrize("some", [ALL, HELD_OUT])
def test_alarm_words(some: list[Sentence]) -> None:
    figures = cannot_wait_figures(some)
    assert figures.precision >= 0.9
    assert figures.recall >= 0.9


def test_every_sentence_is_in_a_box_of_the_form() -> None:
    assert {one.box for one in ALL} <= set(FORM.fields)
