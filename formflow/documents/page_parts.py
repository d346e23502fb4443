"""What several pages for people share: their templates, their head, reasons and questions. Pure."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape

from formflow.core.model import Entry, Notice, Proposal
from formflow.core.settings import Settings
from formflow.core.wording import moment_in_words
from formflow.forms.catalogue import Form
from formflow.rules.case.steps import Step, steps
from formflow.rules.light import urgency

# Characters that turn the direction of all that follows in the line, also of what is not theirs.
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")


@cache
def template(name: str) -> Template:
    """Return a template; those of pages escape what is put in."""
    return _environment().get_template(name)


@cache
def templates_digest(folder: str) -> str:
    """Return the fingerprint of all templates of a folder: what they make changes with them."""
    names = _environment().list_templates(filter_func=lambda name: name.startswith(f"{folder}/"))
    every = (resources.files(__package__) / "templates" / name for name in sorted(names))
    return hashlib.sha256(b"".join(one.read_bytes() for one in every)).hexdigest()


@cache
def css() -> str:
    """Return the look of every page."""
    return _environment().get_template("page.css").render()


@cache
def _environment() -> Environment:
    # autoescape is off by default in Jinja2; a note is plain text and must not be escaped.
    return Environment(
        loader=PackageLoader("formflow.documents"),
        autoescape=select_autoescape(["html"], default=False),
        undefined=StrictUndefined,
        finalize=_in_reading_order,
        keep_trailing_newline=True,
        auto_reload=False,  # they are part of the program: looked at once
    )


def _in_reading_order(value: Any) -> Any:
    """Return what is put into a template, without what would turn the words around it."""
    if isinstance(value, str) and not value.isascii() and _TURNS.search(value):
        return type(value)(_TURNS.sub("", value))
    return value


def head_of(entry: Entry, form: Form | None, settings: Settings) -> dict[str, Any]:
    """Return what stands at the head of a page about an entry."""
    return {
        "css": css(),
        "agency": settings.agency.name,
        "lead": settings.agency.safeguarding_lead,
        "reference": entry.reference,
        "revision": entry.revision,
        "received": moment_in_words(entry.received_at, settings.zone),
        "form_title": form.title if form else "Not known",
        "audited": entry.audited,
    }


def unanswered(form: Form | None, proposal: Proposal | None) -> list[str]:
    """Return the questions, as printed, that could change a suggestion and are not answered."""
    if form is None or proposal is None:
        return []
    return [form.fields[name].label for name in proposal.missing if name in form.fields]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a form cannot wait, the box that says so, and the line of guidance, where there is one."""

    notice: Notice
    label: str
    step: Step | None
    is_question: bool  # nobody said whether it can wait


def urgent_reasons(entry: Entry, form: Form | None) -> list[Reason]:
    """Return every reason why a form cannot wait."""
    fields = form.fields if form else {}
    referral = next(step for step in steps() if step.id == urgency.REFERRAL)
    return [
        Reason(
            found,
            fields[found.field].label if found.field and found.field in fields else "",
            referral if found.code in urgency.CITED else None,
            found.code == urgency.NOT_SAID,
        )
        for found in urgency.reasons(entry)
    ]
