"""Facts, rules and history -> Proposal. Pure. It proposes and cites; the DSL decides.

The guidance gives no arithmetic, so nothing is counted or weighed: any characteristic of the red list
proposes red; one that stands on both lists proposes "at least amber"; balancing factors stand beside
and are never subtracted. Green needs every question about the red list to be answered.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

from formflow.model import Facts, Finding, History, Light, Notice, Proposal, Tri, Weighs
from formflow.notices import notice
from formflow.rules import Fact, Rule, findings, rules, version

CONTRADICTIONS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    # notice, an answer of yes, and the answers of yes that do not go with it
    ("FF-301", "context_spontaneous", ("context_planned",)),
    ("FF-302", "others_freely", ("others_fearful", "others_anxious", "others_uncomfortable")),
    ("FF-303", "child_responsible", ("child_denying", "child_defensive")),
    ("FF-304", "attempt_easily_focused", ("attempt_returning",)),
)


def decide(facts: Facts, history: History, on: date) -> Proposal:
    """Return what the rules in force on a day propose, with every reason and every gap."""
    found = findings(facts, history, on)
    open_questions = tuple(dict.fromkeys(_unanswered(facts, on)))
    light = _light(found, facts, history, on)
    return Proposal(
        light=light,
        findings=found,
        missing=() if light is Light.RED else open_questions,
        not_asked=tuple(rule.id for rule in _in_force(on) if not _is_asked(rule, facts)),
        contradictions=tuple(_contradictions(facts)),
        please_check=tuple(_please_check(facts)),
        rules_version=version(),
    )


def _light(found: tuple[Finding, ...], facts: Facts, history: History, on: date) -> Light:
    raising = [one for one in found if one.weighs is Weighs.RAISES]
    if any(one.colours == ("red",) for one in raising):
        return Light.RED
    if any("red" in one.colours for one in raising):
        return Light.AMBER_OR_RED
    if raising:
        return Light.AMBER
    supported = any(one.weighs is Weighs.SUPPORTS for one in found)
    # An earlier record leaves "frequent" open: that is for the DSL, so it is not green.
    if supported and not history.earlier and _red_list_is_answered(facts, on):
        return Light.GREEN
    return Light.UNDETERMINED


def _red_list_is_answered(facts: Facts, on: date) -> bool:
    return all(facts.says(fact.field) is fact.harmless for fact in _red_facts(facts, on))


def _red_facts(facts: Facts, on: date) -> Iterator[Fact]:
    for rule in _in_force(on):
        if "red" in rule.colours:
            yield from (fact for fact in rule.asks if facts.asks(fact.field))


def _unanswered(facts: Facts, on: date) -> Iterator[str]:
    for rule in _in_force(on):
        for fact in rule.asks:
            could_raise = rule.weighs is Weighs.RAISES and facts.asks(fact.field)
            if could_raise and facts.says(fact.field) not in (Tri.YES, Tri.NO):
                yield fact.field


def _in_force(on: date) -> Iterator[Rule]:
    return (rule for rule in rules() if rule.in_force(on))


def _is_asked(rule: Rule, facts: Facts) -> bool:
    return not rule.asks or any(facts.asks(fact.field) for fact in rule.asks)


def _contradictions(facts: Facts) -> Iterator[Notice]:
    for code, one, others in CONTRADICTIONS:
        says_both = any(facts.says(other) is Tri.YES for other in others)
        if facts.says(one) is Tri.YES and says_both:
            yield notice(code, field=one)


def _please_check(facts: Facts) -> Iterator[Notice]:
    """Words in the free text that speak of a question nobody answered: a hint, never a colour."""
    # The words of one box may answer the question of another.
    text = "\n".join(facts.texts.values())
    for listed in _word_lists():
        if facts.asks(listed.question) and facts.says(listed.question) is Tri.BLANK:
            found = listed.pattern.search(text)
            if found:
                word = found[0].casefold()
                yield notice(
                    "FF-310", field=listed.question, label=listed.label, words={"word": word}
                )


@dataclass(frozen=True, slots=True)
class _Listed:
    """The words that speak of one question."""

    question: str
    label: str
    pattern: re.Pattern[str]


@cache
def _word_lists() -> tuple[_Listed, ...]:
    table = tomllib.loads((resources.files("formflow.rules") / "words.toml").read_text("utf-8"))
    return tuple(
        _Listed(
            question,
            row["label"],
            re.compile(rf"\b(?:{'|'.join(row['words'])})\b", re.IGNORECASE),
        )
        for question, row in table.items()
    )
