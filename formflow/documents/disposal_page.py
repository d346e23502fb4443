"""The page that says what became of a case that two people disposed of, and what they have to delete themselves. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from formflow.core.settings import Settings
from formflow.core.wording import moment_in_words
from formflow.documents.page_parts import css, template


@dataclass(frozen=True, slots=True)
class Disposed:
    """What is said of a case that was disposed of."""

    reference: str
    at: datetime
    reason: str
    by: tuple[str, str]
    papers: tuple[str, ...]
    places: tuple[
        tuple[str, str], ...
    ]  # each destination that FormFlow does not tidy, and where a paper is in it


def disposal_page(disposed: Disposed, settings: Settings) -> str:
    """Return the page as HTML."""
    return template("disposed.html").render(
        css=css(),
        agency=settings.agency.name,
        lead=settings.agency.safeguarding_lead,
        at=moment_in_words(disposed.at, settings.zone),
        disposed=disposed,
    )
