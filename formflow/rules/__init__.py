"""The rules: what the guidance says, one cited rule each. Pure.

A rule establishes a fact and cites its line; it decides nothing. Only YES and NO establish anything:
blank, not known and unreadable establish nothing, in either direction.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from formflow.model import Facts, Finding, History, Tri, Weighs


@dataclass(frozen=True, slots=True)
class Fact:
    """One answer to one question, such as context_planned = yes."""

    field: str
    answer: Tri

    @property
    def harmless(self) -> Tri:
        """The answer that says the opposite."""
        return Tri.NO if self.answer is Tri.YES else Tri.YES


@dataclass(frozen=True, slots=True)
class Rule:
    """One characteristic of the guidance."""

    id: str
    section: str
    quote: str  # the guidance's words, at most 25
    colours: tuple[str, ...]
    weighs: Weighs
    text: str  # in our words; may hold {age}
    when: tuple[Fact, ...]  # any of them establishes it; empty: a function of judged.py does
    asks: tuple[Fact, ...]  # the answers it looks at: those of `when`, or what its function needs
    by_analogy: bool
    since: date
    until: date | None

    def in_force(self, on: date) -> bool:
        """Return whether the rule counts on a day."""
        return self.since <= on and (self.until is None or on < self.until)


Judge = Callable[[Rule, Facts, History], Finding | None]


@cache
def rules() -> tuple[Rule, ...]:
    """Return every rule of the traffic light, in the order of the guidance."""
    table = _table()
    return tuple(_rule(row, table["since"]) for row in table["rule"])


def version() -> str:
    """Return the version of the rule set, which stands with every proposal."""
    return str(_table()["version"])


def findings(facts: Facts, history: History, on: date) -> tuple[Finding, ...]:
    """Return everything that the rules in force on a day establish, in the order of the guidance."""
    from formflow.rules.judged import JUDGES

    found = []
    for rule in rules():
        if not rule.in_force(on):
            continue
        judge = JUDGES.get(rule.id)
        finding = judge(rule, facts, history) if judge else _said(rule, facts)
        if finding is not None:
            found.append(finding)
    return tuple(found)


def finding(
    rule: Rule, fields: tuple[str, ...], text: str = "", *, weighs: Weighs | None = None
) -> Finding:
    """Return what a rule established, from these answers."""
    return Finding(
        rule=rule.id,
        colours=rule.colours,
        section=rule.section,
        quote=rule.quote,
        weighs=weighs or rule.weighs,
        fields=fields,
        text=text or rule.text,
        by_analogy=rule.by_analogy,
    )


def _said(rule: Rule, facts: Facts) -> Finding | None:
    """Establish a rule whose answer stands on the form."""
    fields = tuple(fact.field for fact in rule.when if facts.says(fact.field) is fact.answer)
    return finding(rule, fields) if fields else None


def _rule(row: Mapping[str, Any], since: date) -> Rule:
    when = tuple(_fact(text) for text in row.get("when", ()))
    return Rule(
        id=row["id"],
        section=row["section"],
        quote=row["quote"],
        colours=tuple(row["colours"]),
        weighs=Weighs(row["weighs"]),
        text=row["text"],
        when=when,
        asks=when or tuple(_fact(text) for text in row.get("asks", ())),
        by_analogy=row.get("analogy", False),
        since=row.get("since", since),
        until=row.get("until"),
    )


def _fact(text: str) -> Fact:
    name, _, answer = text.partition("=")
    return Fact(name, Tri(answer))


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads((resources.files("formflow.rules") / "lights.toml").read_text("utf-8"))
