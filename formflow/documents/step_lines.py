"""The steps of a case as lines of a page: each in words, with its day, under the sheet on which it lies. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from formflow.core.references import SheetKey
from formflow.core.wording import SHEET_WORDS, day_in_words
from formflow.forms.catalogue import Form, shipped
from formflow.rules.case.case import RECORDING, REVIEW, Case
from formflow.rules.case.clocks import NOW, Deadline
from formflow.rules.case.steps import Kind, Step


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step as it is on a page."""

    step: Step
    text: str
    until: str


def by_sheet(lines: Iterable[StepLine]) -> list[tuple[SheetKey, list[StepLine]]]:
    """Return lines under the sheet on which they lie, those with a day first, the sheets in the order of their use."""
    order, found = list(SHEET_WORDS), dict[SheetKey, list[StepLine]]()
    for line in lines:
        found.setdefault(line.step.key, []).append(line)
    keys = sorted(found, key=lambda key: (order.index(key.form_id), key.child))
    return [(key, sorted(found[key], key=lambda line: not line.until)) for key in keys]


def comes_first(step: Step) -> bool:
    """Return whether a step comes before all others: it cannot wait, or nothing after it is made."""
    return step.clock == NOW or step.kind is Kind.GATE


def has_images(case: Case) -> bool:
    """Return whether a paper says that any of it happened online or with images."""
    return "yes" in (case.says(form_id, "type_online") for form_id in (RECORDING, REVIEW))


def step_line(step: Step, until: str, words: Mapping[str, str]) -> StepLine:
    """Return a step in the words of its case and agency."""
    return StepLine(step, step.text.format_map(words), until)


def until_in_words(step: Step, end: Deadline | None, now: datetime) -> str:
    """Return until when in words, "" for no deadline. Days are the agency's."""
    if end is None:
        return ""
    if end.overdue_at <= now:
        return f"Overdue since the end of {_ended(end.overdue_at)}."
    if step.clock == NOW:
        return "Now."
    if now < end.by < end.overdue_at:
        return f"By the end of {_ended(end.by)}; overdue after the end of {_ended(end.overdue_at)}."
    return f"By the end of {_ended(end.overdue_at)}."


def _ended(midnight: datetime) -> str:
    return day_in_words(midnight - timedelta(seconds=1))


@cache
def our_form() -> Form:
    """Return the recording form that comes with FormFlow: it has a label for every question of the rules."""
    return next(form for form in shipped() if form.form_id == RECORDING)
