"""A table of the rule book becomes a rule with all that it says, and with the usual where it is silent."""

from __future__ import annotations

from datetime import date

from formflow.core.model import Tri, Weighs
from formflow.rules.case.steps import Kind, Step, Wanted, as_step
from formflow.rules.light.book import Fact, Rule, as_rule

FIRST = date(2000, 1, 1)


def test_a_rule_that_says_everything() -> None:
    row = {
        "id": "Z1",
        "section": "2.2",
        "quote": "Some words",
        "colours": ["amber", "red"],
        "weighs": "raises",
        "yes": {"one": "One is so."},
        "no": {"other": "It is not."},
        "all": True,
        "half_denied": True,
        "ages": [5, 7],
        "judge": "frequent",
        "never_alone": True,
        "analogy": True,
        "since": date(2026, 9, 1),
        "until": date(2027, 9, 1),
    }
    assert as_rule(row, FIRST) == Rule(
        id="Z1",
        section="2.2",
        quote="Some words",
        colours=("amber", "red"),
        weighs=Weighs.RAISES,
        parts=((Fact("one", Tri.YES, "One is so."),), (Fact("other", Tri.NO, "It is not."),)),
        half_denied=True,
        ages=range(5, 8),
        judge="frequent",
        never_alone=True,
        by_analogy=True,
        since=date(2026, 9, 1),
        until=date(2027, 9, 1),
    )


def test_a_rule_that_says_the_least() -> None:
    row = {"id": "Z2", "section": "2.1", "quote": "W", "colours": ["green"], "weighs": "supports"}
    assert as_rule(row, FIRST) == Rule(
        id="Z2",
        section="2.1",
        quote="W",
        colours=("green",),
        weighs=Weighs.SUPPORTS,
        parts=((),),
        half_denied=False,
        ages=None,
        judge=None,
        never_alone=False,
        by_analogy=False,
        since=FIRST,
        until=None,
    )


def test_the_second_half_of_a_line_is_a_part_of_its_own() -> None:
    row = {"id": "Z6", "section": "2.3", "quote": "W", "colours": ["red"], "weighs": "raises"}
    first = {"yes": {"one": "One.", "two": "Two."}}
    made = as_rule({**row, **first, "and": {"no": {"three": "Three."}}}, FIRST)
    one, two, three = made.facts
    assert made.parts == ((one, two), (three,))
    assert (three.field, three.answer) == ("three", Tri.NO)


def test_ages_without_an_end_end_with_the_longest_life() -> None:
    row = {"id": "Z3", "section": "2.1", "quote": "W", "colours": [], "weighs": "context"}
    assert as_rule({**row, "ages": [8]}, FIRST).ages == range(8, 151)


def test_a_step_that_says_everything() -> None:
    row = {
        "id": "Z4",
        "section": "3.2",
        "kind": "gate",
        "quote": "Some words",
        "text": "Do it.",
        "sheet": "review",
        "answers": ["one", "two=yes+recording.three=day"],
        "when": "harmful",
        "clock": "referral",
        "since": date(2026, 9, 1),
        "until": date(2027, 9, 1),
    }
    assert as_step(row, FIRST) == Step(
        id="Z4",
        section="3.2",
        kind=Kind.GATE,
        quote="Some words",
        text="Do it.",
        sheet="review",
        answers=(
            (Wanted("review", "one", ""),),
            (Wanted("review", "two", "yes"), Wanted("recording", "three", "day")),
        ),
        when="harmful",
        since=date(2026, 9, 1),
        until=date(2027, 9, 1),
        clock="referral",
    )


def test_a_step_without_days_of_its_own_counts_from_the_first_and_has_no_end() -> None:
    row = {"id": "Z5", "section": "1", "kind": "duty", "quote": "W", "text": "Do it."}
    made = as_step({**row, "sheet": "review", "answers": [], "when": "always"}, FIRST)
    assert (made.since, made.until, made.answers, made.clock) == (FIRST, None, (), "")
