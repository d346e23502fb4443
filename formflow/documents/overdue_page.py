"""The page of a day that says what is overdue in all cases, for the safeguarding lead alone. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from formflow.core.settings import Settings
from formflow.core.wording import LIGHT_WORDS, NOTHING_PROPOSED, day_in_words, moment_in_words
from formflow.documents.page_parts import css, template
from formflow.rules.case.named_child import given
from formflow.rules.case.overdue import OverdueCase

A_MOMENT = timedelta(seconds=1)  # the midnight that ends a day belongs to that day


def headline(count: int) -> str:
    """Return what the message of a day says first."""
    return "Steps are overdue in 1 case" if count == 1 else f"Steps are overdue in {count} cases"


def overdue_page(cases: Sequence[OverdueCase], settings: Settings, at: datetime) -> str:
    """Return the page as HTML, its cases in the order in which they are given."""
    return template("overdue.html").render(
        css=css(),
        agency=settings.agency.name,
        lead=settings.agency.safeguarding_lead,
        at=moment_in_words(at, settings.zone),
        headline=headline(len(cases)),
        to_decide=settings.folders.to_decide.name,
        cases=[_as_shown(one, settings) for one in cases],
    )


def _as_shown(one: OverdueCase, settings: Settings) -> dict[str, object]:
    words = {**settings.services.words, **one.case.words}
    return {
        "reference": one.case.record.reference,
        "shape": LIGHT_WORDS[one.light][0] if one.light else NOTHING_PROPOSED[0],
        "level": one.level,
        "name": given(one.case.record, "child_a_name") or "name not known",
        "due": day_in_words((one.due - A_MOMENT).astimezone(settings.zone)),
        "steps": [(step.text.format_map(words), step.id) for step, _ in one.steps],
    }
