"""The steps of the guidance after the recording form: steps.toml as values, and what stands open."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from formflow.core.references import SheetKey
from formflow.rules.case import conditions
from formflow.rules.case.conditions import CaseFacts

A_DAY = "day"
SCORES, OUTCOME = "aim2", "outcome"  # form ids


class Kind(StrEnum):
    """What a line of the guidance is. A person decides all of them."""

    DUTY = "duty"  # on the list until it is done, or waived with a reason
    DECISION = "decision"
    CHECK = "check"  # of what is written
    GATE = "gate"  # while it is open, the sheet after it is not made
    CLOCK = "clock"  # with a day of its own, on which it is asked about
    DISPLAY = "display"  # of what FormFlow shows


@dataclass(frozen=True, slots=True)
class Wanted:
    """One answer that a step needs."""

    form_id: str
    name: str
    as_said: (
        str  # "" for any words, "day" for a day that is clear and has come, else the answer itself
    )

    def is_there(self, case: CaseFacts) -> bool:
        """Return whether a paper that counts gives it."""
        if self.as_said == A_DAY:
            return case.moment(self.form_id, self.name) is not None
        said = case.says(self.form_id, self.name)
        return said == self.as_said if self.as_said else bool(said)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the guidance asks for, with the line it came from."""

    id: str  # "DA1"
    section: str
    kind: Kind
    quote: str  # the guidance's words, at most 25
    text: str  # what to do, for the safeguarding lead; words in {braces} are the case's or the agency's
    sheet: str  # form id of the sheet on which it lies
    answers: tuple[tuple[Wanted, ...], ...]  # any of them does it, all of its parts together
    when: str  # name of a condition
    since: date
    until: date | None
    clock: str = ""  # name of a clock, "" for none
    child: int = 0  # 2 or more: asked for once more, for a further child who was targeted

    @property
    def key(self) -> SheetKey:
        """The sheet of a case on which it lies."""
        return SheetKey(self.sheet, self.child)

    def of_child(self, number: int) -> Step:
        """Return the step as it is asked for once more, for a further child who was targeted; itself for the first."""
        return replace(self, child=number) if number > 1 else self

    def in_force(self, on: date) -> bool:
        """Return whether the step counts on a day."""
        return self.since <= on and (self.until is None or on < self.until)

    def applies(self, case: CaseFacts) -> bool:
        """Return whether the step is asked for in a case."""
        return CONDITIONS[self.when](case)

    def is_done(self, case: CaseFacts) -> bool:
        """Return whether papers that count answer it."""
        return any(all(one.is_there(case) for one in parts) for parts in self.answers)

    def is_open(self, case: CaseFacts) -> bool:
        """Return whether it is asked for and not answered."""
        return self.applies(case) and not self.is_done(case)


def _is_scored(case: CaseFacts) -> bool:
    """Whether the outcome sheet may be made: score sheets are wanted, and no gate on them is open."""
    gates = (step for step in steps() if step.kind is Kind.GATE and step.sheet == SCORES)
    is_wanted = CONDITIONS["aim2"](case) and bool(case.says(SCORES, "signed_name"))
    return is_wanted and not any(gate.is_open(case) for gate in gates)


CONDITIONS: Mapping[str, Callable[[CaseFacts], bool]] = {
    **conditions.CONDITIONS,
    "outcome": _is_scored,
    "report": lambda case: _is_scored(case) and bool(case.says(OUTCOME, "signed_name")),
}


@cache
def steps_in_force(on: date) -> tuple[Step, ...]:
    """Return the steps that count on a day, in the order of the guidance."""
    return tuple(step for step in steps() if step.in_force(on))


@cache
def steps_with(clocks: tuple[str, ...]) -> tuple[Step, ...]:
    """Return every step that has one of some clocks."""
    return tuple(step for step in steps() if step.clock in clocks)


@cache
def steps() -> tuple[Step, ...]:
    """Return every step there is or was, in the order of the guidance."""
    table = tomllib.loads((resources.files(__package__) / "steps.toml").read_bytes().decode())
    return tuple(as_step(row, table["since"]) for row in table["step"])


def as_step(row: Mapping[str, Any], since: date) -> Step:
    """Return a table of steps.toml as a step; `since` is the first day of steps that have none."""
    return Step(
        id=row["id"],
        section=row["section"],
        kind=Kind(row["kind"]),
        quote=row["quote"],
        text=row["text"],
        sheet=row["sheet"],
        answers=tuple(
            tuple(_wanted(part, row["sheet"]) for part in answer.split("+"))
            for answer in row["answers"]
        ),
        when=row["when"],
        since=row.get("since", since),
        until=row.get("until"),
        clock=row.get("clock", ""),
    )


def _wanted(part: str, sheet: str) -> Wanted:
    question, _, as_said = part.partition("=")
    form_id, _, name = question.rpartition(".")
    return Wanted(form_id or sheet, name, as_said)
