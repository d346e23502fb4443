"""What the guidance asks for in a case on a day: the steps that are open, and those that a sheet answers. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from formflow.core.references import SheetKey
from formflow.rules.case.case import Case
from formflow.rules.case.steps import Step, steps_in_force


def open_steps(case: Case, on: date) -> list[Step]:
    """Return what the guidance asks for in a case and no sheet answers yet, in its order."""
    return [step for step, is_done in asked_steps(case, on) if not is_done]


def done_steps(case: Case, on: date) -> list[Step]:
    """Return what the guidance asks for in a case and a sheet answers."""
    return [step for step, is_done in asked_steps(case, on) if is_done]


def asked_steps(case: Case, on: date) -> Iterator[tuple[Step, bool]]:
    """Yield the steps that a case asks for and whether each is done: once for each child where there are several.

    Many steps share a sheet and a condition: each is looked at once for each child.
    """
    known: dict[tuple[str, int], bool] = {}
    views: dict[str, tuple[Case, ...]] = {}
    for step in steps_in_force(on):
        if step.sheet not in views:
            views[step.sheet] = tuple(case.views(step.sheet))
        for view in views[step.sheet]:
            when = step.when, view.child
            if when not in known:
                known[when] = step.applies(view)
            if known[when]:
                yield _about_the_child(step, view), step.is_done(view)


def _about_the_child(step: Step, view: Case) -> Step:
    if not view.child:
        return step
    words = f"{step.text} (Child {view.child} of {len(view.children_b)}.)"
    return replace(step.of_child(view.child), text=words)


def due(case: Case, on: date) -> list[SheetKey]:
    """Return the sheets on which something is still open."""
    return list(dict.fromkeys(step.key for step in open_steps(case, on)))
