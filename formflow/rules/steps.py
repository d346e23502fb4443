"""The steps of the guidance after the recording form: steps.toml as values, and when each applies."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any, Protocol

from formflow.model import Moment


class CaseFacts(Protocol):
    """What a step wants to know of a case."""

    @property
    def level(self) -> str | None:
        """What is decided: "harmful", "concerning", "healthy" or "doubt"; None where nothing is."""

    @property
    def has_child_b(self) -> bool:
        """Whether another child may have been targeted."""

    @property
    def was_harmful_before(self) -> bool:
        """Whether an earlier incident of the same child was decided as harmful."""

    def says(self, form_id: str, name: str) -> str:
        """Return what a paper of the case answers, "" for nothing."""

    def moment(self, form_id: str, name: str) -> Moment | None:
        """Return the day that a paper of the case answers with, None unless it is clear and has come."""


A_DAY = "day"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the guidance asks for, with the line it came from."""

    id: str  # "DA1"
    section: str
    quote: str  # the guidance's words, at most 25
    text: str  # what to do, for the safeguarding lead
    sheet: str  # form id of the sheet on which it is answered
    answers: tuple[str, ...]  # questions of that sheet, any of which answers it; see steps.toml
    when: str  # name of a condition below
    since: date
    until: date | None

    def in_force(self, on: date) -> bool:
        """Return whether the step counts on a day."""
        return self.since <= on and (self.until is None or on < self.until)

    def applies(self, case: CaseFacts) -> bool:
        """Return whether the step is asked for in a case."""
        return CONDITIONS[self.when](case)

    def is_done(self, case: CaseFacts) -> bool:
        """Return whether a sheet that counts answers it."""
        return any(self._is_answered(case, answer) for answer in self.answers)

    def _is_answered(self, case: CaseFacts, answer: str) -> bool:
        name, _, wanted = answer.partition("=")
        if wanted == A_DAY:
            return case.moment(self.sheet, name) is not None
        said = case.says(self.sheet, name)
        return said == wanted if wanted else bool(said)


def _is_referred(case: CaseFacts, waiver: str) -> bool:
    # Decided as harmful, each child is referred, or a reason stands there (guidance 3.2, "must").
    return case.level == "harmful" and not case.says("review", waiver)


CONDITIONS: Mapping[str, Callable[[CaseFacts], bool]] = {
    "always": lambda _: True,
    "child_b": lambda case: case.has_child_b,
    "undecided": lambda case: case.level in (None, "doubt"),
    "doubt": lambda case: case.level == "doubt",
    "harmful": lambda case: case.level == "harmful",
    "concerning": lambda case: case.level == "concerning",
    "concerning_child_b": lambda case: case.level == "concerning" and case.has_child_b,
    "again": lambda case: case.was_harmful_before,
    "referral_a": lambda case: _is_referred(case, "no_referral_a"),
    "referral_b": lambda case: _is_referred(case, "no_referral_b"),
}


@cache
def steps_in_force(on: date) -> tuple[Step, ...]:
    """Return the steps that count on a day, in the order of the guidance."""
    return tuple(step for step in steps() if step.in_force(on))


@cache
def steps() -> tuple[Step, ...]:
    """Return every step there is or was, in the order of the guidance."""
    table = tomllib.loads((resources.files(__package__) / "steps.toml").read_text("utf-8"))
    return tuple(_step(row, table["since"]) for row in table["step"])


def _step(row: Mapping[str, Any], since: date) -> Step:
    return Step(
        id=row["id"],
        section=row["section"],
        quote=row["quote"],
        text=row["text"],
        sheet=row["sheet"],
        answers=tuple(row["answers"]),
        when=row["when"],
        since=row.get("since", since),
        until=row.get("until"),
    )
