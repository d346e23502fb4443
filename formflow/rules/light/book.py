"""The rule book: lights.toml as values, and which of its rules are in force on a day."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from formflow.core.model import Tri, Weighs

KEPT_SETS = 16  # of rules in force: what follows from each is worked out once
LONGEST_LIFE = 150  # years: the end of a rule's ages that has no other


@dataclass(frozen=True, slots=True)
class Fact:
    """One answer to one question, such as "yes" to context_planned, and what it says."""

    field: str
    answer: Tri  # YES or NO
    sentence: str

    @property
    def harmless(self) -> Tri:
        """The answer that says the opposite. Nothing but that answer is harmless."""
        return Tri.NO if self.answer is Tri.YES else Tri.YES


@dataclass(frozen=True, slots=True)
class Rule:
    """One characteristic of the guidance."""

    id: str
    section: str
    quote: str  # the guidance's words, at most 25
    colours: tuple[str, ...]
    weighs: Weighs
    parts: tuple[tuple[Fact, ...], ...]  # an answer of each establishes it
    half_denied: bool  # a "no" to one part answers the whole line harmlessly
    ages: range | None  # whole years of child A at the incident; None: at any age
    judge: str | None  # name of the function in establish.py that also looks at the history
    never_alone: bool  # supports green only beside another support
    by_analogy: bool
    since: date
    until: date | None
    facts: tuple[Fact, ...] = dataclasses.field(
        init=False, repr=False, compare=False
    )  # of all parts

    def __post_init__(self) -> None:
        """Note the facts once: they are asked for many times in every decision."""
        object.__setattr__(self, "facts", tuple(fact for part in self.parts for fact in part))

    def __hash__(self) -> int:
        """Return the same for rules of one number: what follows from a set of rules is looked up by it."""
        return hash(self.id)

    def in_force(self, on: date) -> bool:
        """Return whether the rule counts on a day."""
        return self.since <= on and (self.until is None or on < self.until)


@cache
def rules_in_force(on: date) -> tuple[Rule, ...]:
    """Return the rules that count on a day, in the order of the guidance."""
    return tuple(rule for rule in rules() if rule.in_force(on))


@cache
def rules() -> tuple[Rule, ...]:
    """Return every rule there is or was, in the order of the guidance."""
    table = _table()
    return tuple(as_rule(row, table["since"]) for row in table["rule"])


@cache
def asked_on_review() -> frozenset[str]:
    """Return the questions of the red list that the review sheet asks in every case."""
    return frozenset(_table()["asked_on_review"])


@lru_cache(maxsize=KEPT_SETS)
def green_waits_for(rules: tuple[Rule, ...]) -> Mapping[str, Tri]:
    """Return every question that must be answered before green, with its harmless answer."""
    raising = (rule for rule in rules if rule.weighs is Weighs.RAISES)
    return {
        **{fact.field: fact.harmless for rule in raising for fact in rule.facts},
        **_before_green(),
    }


@lru_cache(maxsize=KEPT_SETS)
def half_denied(rules: tuple[Rule, ...]) -> Mapping[str, tuple[Rule, ...]]:
    """Return by question the rules that a "no" to one half of their line answers harmlessly."""
    halves = [rule for rule in rules if rule.half_denied]
    names = dict.fromkeys(fact.field for rule in halves for fact in rule.facts)
    return {
        name: tuple(rule for rule in halves if any(fact.field == name for fact in rule.facts))
        for name in names
    }


@lru_cache(maxsize=KEPT_SETS)
def sentences(rules: tuple[Rule, ...]) -> Mapping[str, str]:
    """Return by question what a rule says of it."""
    return {fact.field: fact.sentence for rule in rules for fact in rule.facts}


def rules_version() -> str:
    """Return the version of the rule book, which stands with every proposal."""
    return str(_table()["version"])


def as_rule(row: Mapping[str, Any], since: date) -> Rule:
    """Return a table of lights.toml as a rule; `since` is the first day of rules that have none."""
    return Rule(
        id=row["id"],
        section=row["section"],
        quote=row["quote"],
        colours=tuple(row["colours"]),
        weighs=Weighs(row["weighs"]),
        parts=tuple(_parts(row)),
        half_denied=row.get("half_denied", False),
        ages=_ages(*row["ages"]) if "ages" in row else None,
        judge=row.get("judge"),
        never_alone=row.get("never_alone", False),
        by_analogy=row.get("analogy", False),
        since=row.get("since", since),
        until=row.get("until"),
    )


@cache
def _before_green() -> Mapping[str, Tri]:
    """Return what green waits for besides the answers that raise: question and answer."""
    return {name: Tri(answer) for name, answer in _table()["before_green"].items()}


def _parts(row: Mapping[str, Any]) -> Iterator[tuple[Fact, ...]]:
    """Yield the answers of a row in the parts that the guidance joins with "and"."""
    first = tuple(_facts(row))
    if row.get("all"):
        yield from ((fact,) for fact in first)
    else:
        yield first
    if "and" in row:
        yield tuple(_facts(row["and"]))


def _facts(row: Mapping[str, Any]) -> Iterator[Fact]:
    for answer in (Tri.YES, Tri.NO):
        for field, sentence in row.get(answer.value, {}).items():
            yield Fact(field, answer, sentence)


def _ages(first: int, last: int = LONGEST_LIFE) -> range:
    return range(first, last + 1)


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads((resources.files(__package__) / "lights.toml").read_bytes().decode())
