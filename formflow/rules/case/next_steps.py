"""The sheet of the next steps: for which questions of other sheets its answers count, and which of two counts. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from formflow.core.model import Entry
from formflow.forms.catalogue import shipped
from formflow.rules.case.named_child import given

NEXT_STEPS = "next_steps"  # form id


@cache
def elsewhere() -> Mapping[str, tuple[str, str]]:
    """Return for which question of which other sheet each question counts, by its name."""
    form = next(one for one in shipped() if one.form_id == NEXT_STEPS)
    asked = {name: field.counts_for.partition(".") for name, field in form.fields.items()}
    return {name: (form_id, there) for name, (form_id, _, there) in asked.items() if there}


@cache
def counts_for() -> Mapping[tuple[str, str], str]:
    """Return what a question of another sheet is called on the next steps, by form and name."""
    return {there: name for name, there in elsewhere().items()}


def later_of(
    own: Entry | None, next_steps: Entry | None, question: tuple[str, str]
) -> tuple[Entry | None, str]:
    """Return which of two sheets answers a question of the first, and what it is called there: the later one.

    A blank takes nothing away.
    """
    asked = counts_for().get(question)
    if asked is None or next_steps is None or not given(next_steps, asked):
        return own, question[1]
    is_later = own is None or own.recorded_at <= next_steps.recorded_at
    if own is None or is_later or not given(own, question[1]):
        return next_steps, asked
    return own, question[1]


def last_asking(newest: Entry, reviews: Sequence[Entry], name: str) -> Entry:
    """Return the review sheet that answers a question: what the newest no longer asks, the last that asked it.

    `reviews` are all that counted, first to last.
    """
    if name in newest.answers or ("review", name) not in counts_for():
        return newest
    return next((one for one in reversed(reviews) if name in one.answers), newest)
