"""Every rule fires on what establishes it, and on nothing else. The cases are in cases/rules.toml."""

from __future__ import annotations

from typing import Any

import pytest

from formflow.core.model import Facts, Finding, History, Tri
from formflow.rules.light.book import rules
from formflow.rules.light.propose import decide
from tests.support.facts import TODAY, said, table, with_answer

RULES: dict[str, dict[str, Any]] = table("rules.toml")
# Every id of the traffic light, in the order of the guidance.
IDS = (
    "G1 G2 G3 G4 G5 G6 AGE1 AGE2 AGE3 A1 A1b A2 A3 A4 A5 A6 A7a A7b A7c A7d A8 R1 R2a R2b R2c R2d R2e R2f"
    " R2g R2h R3a R3b R3c R3d R3e R4a R4b R4c R5a R5b R5c R6a R6b R6c R7 R8 R9a R9b R9c R9d RX"
)
FIRES = [(rule, words) for rule, case in RULES.items() for words in case["fires"]]
SILENT = [(rule, words) for rule, case in RULES.items() for words in case["silent"]]
NOTHING_SAID = [
    (rule, words, name, answer)
    for rule, words in FIRES
    for name in said(words).ticks
    if f"{name}=" in words
    for answer in (Tri.BLANK, Tri.UNKNOWN, Tri.UNREADABLE)
]


WEIGHS = {rule.id: rule.weighs for rule in rules()}


def finding(rule: str, known: Facts) -> Finding | None:
    """Return what establishes a rule. Half of what it asks for is context, and establishes nothing."""
    found = decide(known, History(), TODAY).findings
    return next((one for one in found if one.rule == rule and one.weighs is WEIGHS[rule]), None)


def test_every_characteristic_of_the_guidance_has_a_rule_and_cases() -> None:
    assert [rule.id for rule in rules()] == IDS.split()
    assert list(RULES) == IDS.split()


@pytest.mark.parametrize(("rule", "words"), FIRES, ids=lambda value: value)
def test_a_rule_fires_on(rule: str, words: str) -> None:
    found = finding(rule, said(words))
    assert found is not None
    assert found.colours == tuple(RULES[rule]["lists"])
    assert found.by_analogy is RULES[rule].get("analogy", False)
    assert {pair.strip().split("=")[0] for pair in words.split(",")} - {"born", "incident"} <= set(
        found.fields
    )


@pytest.mark.parametrize(("rule", "words"), SILENT, ids=lambda value: value)
def test_a_rule_is_silent_on(rule: str, words: str) -> None:
    assert finding(rule, said(words)) is None


@pytest.mark.parametrize(("rule", "words", "name", "answer"), NOTHING_SAID, ids=lambda value: value)
def test_a_rule_is_silent_when_the_answer_is(rule: str, words: str, name: str, answer: Tri) -> None:
    assert finding(rule, with_answer(said(words), name, answer)) is None


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_by_itself_proposes(rule: str) -> None:
    known = said(RULES[rule]["fires"][0])
    assert decide(known, History(), TODAY).light == RULES[rule]["light"]
