"""The rule book itself: short true quotes, rules dated by when they count, a version that moves."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import pytest

from formflow.core.model import History, Light, Tri, Weighs
from formflow.forms.catalogue import shipped
from formflow.rules.light.book import Rule, asked_on_review, green_waits_for, rules, rules_version
from formflow.rules.light.establish import JUDGES
from formflow.rules.light.hints import hints
from formflow.rules.light.propose import RAISES_TO, decide_by
from tests.support.facts import EVERY_QUESTION, FORM, HARMLESS, said

GUIDANCE = Path(__file__).parents[3] / "shared" / "guidance" / "guidance.txt"
# One line for each version that ever counted. When rules change, give lights.toml a new version (and
# the old rules an `until`), and add a line here.
VERSIONS = {"2026-11-26": "1e06ee261488685a", "2026-11-27": "22ccfe32ccc8dadd"}


def rule_of(name: str) -> Rule:
    return next(rule for rule in rules() if rule.id == name)


def one_line(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_a_quote_has_at_most_25_words(rule: Rule) -> None:
    assert 1 <= len(rule.quote.split()) <= 25


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_a_quote_is_what_the_guidance_says_under_that_heading(rule: Rule) -> None:
    if not GUIDANCE.is_file():
        pytest.skip("the guidance is a third party's text and does not come with FormFlow")
    text = one_line(GUIDANCE.read_text("utf-8"))
    headings = ("]2.1 Healthy", "]2.2. Concerning", "]2.3. Harmful", "]3. Responding")
    start = int(rule.section.removeprefix("2.")) - 1
    section = text[text.index(headings[start]) : text.index(headings[start + 1])]
    assert one_line(rule.quote) in section


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_a_rule_asks_what_a_form_asks(rule: Rule) -> None:
    for fact in rule.facts:
        assert fact.field in EVERY_QUESTION or fact.field.startswith("background_")
        assert fact.sentence.endswith(".")


def test_what_raises_stands_on_a_list_that_raises() -> None:
    for rule in rules():
        if rule.weighs is Weighs.RAISES:
            assert rule.colours in RAISES_TO


def test_green_waits_for_what_the_hand_written_list_says() -> None:
    asked = {n: a for n, a in green_waits_for(rules()).items() if n not in asked_on_review()}
    assert asked == {**HARMLESS, "type_excessive": Tri.NO}


def test_every_judge_judges_a_rule() -> None:
    assert {rule.judge for rule in rules() if rule.judge} == set(JUDGES)


def test_a_rule_counts_from_its_first_day_until_the_day_before_its_end() -> None:
    rule = replace(rule_of("R2a"), since=date(2027, 4, 1), until=date(2028, 4, 1))
    days = [date(2027, 3, 31), date(2027, 4, 1), date(2028, 3, 31), date(2028, 4, 1)]
    assert [rule.in_force(day) for day in days] == [False, True, True, False]


def test_a_proposal_can_be_worked_out_again_by_the_rules_of_its_day() -> None:
    change = date(2027, 4, 1)
    old = replace(rule_of("R2a"), until=change)
    new = replace(rule_of("R2a"), since=change, colours=("amber",))
    for day, light in ((date(2027, 3, 31), Light.RED), (change, Light.AMBER)):
        in_force = tuple(rule for rule in (old, new) if rule.in_force(day))
        assert decide_by(in_force, said("context_planned=yes"), History()).light is light


def test_changed_rules_have_a_version_of_their_own() -> None:
    decisive = [
        {
            **{name: said for name, said in asdict(rule).items() if name != "facts"},
            "quote": "",
            "parts": [[(fact.field, fact.answer) for fact in part] for part in rule.parts],
        }
        for rule in rules()
    ]
    waited_for = sorted(green_waits_for(rules()).items()), sorted(asked_on_review())
    text = json.dumps([decisive, waited_for], default=str)
    print_of_rules = hashlib.sha256(text.encode()).hexdigest()[:16]
    assert VERSIONS[rules_version()] == print_of_rules


def test_a_hint_names_its_question_as_the_form_prints_it() -> None:
    for hint in hints():
        ours = (form.fields[hint.question] for form in shipped() if hint.question in form.fields)
        assert hint.label == next(ours).label


def test_hints_are_looked_for_in_every_long_box_and_in_no_box_for_a_name() -> None:
    looked_in = {box for hint in hints() for box in hint.boxes}
    long = {name for name, field in FORM.fields.items() if field.kind == "long_text"}
    assert long <= looked_in <= set(FORM.fields)
    assert not {box for box in looked_in if "name" in box or box.endswith(("_by", "_person"))}
