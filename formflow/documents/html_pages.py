"""The pages people read: receipt, note and alert. Pure: an entry goes in, finished text comes out.

Receipts and notes are for the office: no name, no answer, no light, and only what the office can put
right. The alert page is for the DSL alone and shows every reason with its line of guidance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from formflow.core.model import AnswerState, Entry, Finding, Notice, Outcome, Proposal, Weighs
from formflow.core.references import from_second_revision
from formflow.core.settings import Settings
from formflow.core.wording import (
    CAME_FROM,
    COUNTS,
    DOES_NOT_COUNT,
    LIGHT_WORDS,
    NOTHING_PROPOSED,
    day_in_words,
    moment_in_words,
    suggested,
)
from formflow.documents.enclosures import (
    AS_IT_LOOKS,
    SHEETS,
    TO_CHECK,
    TO_CORRECT,
    TO_FILL_IN,
    Enclosed,
)
from formflow.documents.page_parts import css, head_of, template, unanswered, urgent_reasons
from formflow.documents.register.at_a_glance import NOTHING, Glance
from formflow.forms.catalogue import Form
from formflow.rules.case.closing import CHANGED, IN_VAIN, REOPENED
from formflow.rules.light import urgency
from formflow.rules.light.book import rules

HEADLINES: Mapping[Outcome, str] = {
    Outcome.RECORDED: "We have the form and have filed it.",
    Outcome.RETURNED: "We have the form and have filed it. It needs correcting.",
    Outcome.HELD: "We have the form. A person needs to check it before it counts as complete.",
    Outcome.UNREADABLE: "We could not read this file. A person needs to look at it.",
}
NOTE_HEADLINES: Mapping[bool, str] = {  # whether a form to check or fill in lies beside the note
    False: "This form needs correcting.",
    True: "We could not read all of this form. Please check it.",
}
ALERT_HEADLINES: Mapping[Outcome, str] = {
    Outcome.RECORDED: "New form to review.",
    Outcome.RETURNED: "New form to review. It has also been sent back for correction.",
    Outcome.HELD: "New form to review. Check what we read against the original form.",
    Outcome.UNREADABLE: "We could not read this file. No one has read it yet.",
}

SHEET_HEADLINE = "Your sheet could not be accepted."
TOLD_HEADLINE = "Your sheet lowers a level, links two children, closes a referral or names the other child. Please check."
STATE_HEADLINES: Mapping[str, str] = {  # by notice, of a sheet about the state of its case
    **dict.fromkeys(IN_VAIN, "Your sheet was accepted, but the case is as it was before."),
    CHANGED: "Your sheet has closed its case, reopened it or set it aside.",
    REOPENED: "Your sheet has opened a case again.",
}
MISPLACED = "A sheet came from the staff folder. Nothing has been changed by it."
REMINDER = "A step in a case is due today, or overdue."
CORRECT = "Please make the corrections above. Nothing else is needed."
NOT_JOINED = (
    "It has been recorded as a new form. If it corrects one that you sent before, tell the {lead} the"
    " references of both."
)
OWN_ALERT = "Something is wrong with FormFlow’s own records."
FLOOD, FLOOD_HEADLINE = "FF-460", "Many files could not be read."


@dataclass(frozen=True, slots=True)
class Sent:
    """The file that a receipt is for, as its sender knows it."""

    file_name: str  # may hold a child's name
    size: int  # bytes


def receipt(
    entry: Entry, form: Form | None, settings: Settings, told_how: str, sent: Sent | None = None
) -> str:
    """Return the office's receipt for an entry as HTML, without names."""
    lead = settings.agency.safeguarding_lead
    return template("receipt.html").render(
        **head_of(entry, form, settings),
        **_told_apart_by(form, sent, settings),
        headline=HEADLINES[entry.outcome],
        joined=bool(entry.supersedes),
        alone=NOT_JOINED.format(lead=lead) if entry.possible_duplicate_of else "",
        told_how=told_how,
        answered=sum(answer.state is AnswerState.GIVEN for answer in entry.answers.values()),
        boxes=len(form.fields) if form and entry.answers else 0,
        corrections=for_the_office(entry.notices),
        next_step=f"The {lead} looks at it and decides. "
        + (CORRECT if for_the_office(entry.notices) else "You do not need to do anything else."),
    )


def _told_apart_by(form: Form | None, sent: Sent | None, settings: Settings) -> dict[str, Any]:
    """Return what tells receipts of one morning apart, without a name unless the settings allow it."""
    letters = settings.receipts.file_name_letters
    return {
        "form_pages": max(form.pages.values(), default=0) if form else 0,
        "file_size": f"{-(-sent.size // 1024):,} KB" if sent and sent.size else "",
        "file_begins": "".join(filter(str.isprintable, sent.file_name))[:letters] if sent else "",
    }


# Of a paper that came again: headline and what to do now, by whether it could never be read.
REPEATED = {
    False: (
        "We have this form already. Nothing new was recorded.",
        "You do not need to do anything. If you meant to change an answer, change it, save, and drop the form again.",
    ),
    True: (
        "We tried again, and still cannot read this file.",
        "Fill in a new form from “Blank forms”, save it, and drop that.",
    ),
}


def repeat_receipt(
    entry: Entry, form: Form | None, settings: Settings, arrived: datetime, sent: Sent
) -> str:
    """Return the receipt for a form that we already had: nothing new was recorded."""
    headline, next_step = REPEATED[entry.outcome is Outcome.UNREADABLE]
    when = moment_in_words(arrived, settings.zone)
    return template("receipt.html").render(
        **{**head_of(entry, form, settings), "received": when},
        **_told_apart_by(form, sent, settings),
        headline=headline,
        joined=False,
        alone="",
        told_how="when the form first arrived",
        answered=0,
        boxes=0,
        corrections=(),
        next_step=next_step,
    )


def note(
    entry: Entry, form: Form | None, settings: Settings, told_how: str, enclosed: Enclosed | None
) -> str:
    """Return the note that lies beside a returned paper, as plain text without names."""
    sheet = next((name for name in SHEETS if enclosed and name in enclosed.beside), "")
    return template("note.txt").render(
        **head_of(entry, form, settings),
        headline=NOTE_HEADLINES[sheet in (TO_CHECK, TO_FILL_IN)],
        told_how=told_how,
        corrections=for_the_office(entry.notices),
        stem=from_second_revision(entry.reference, entry.revision),
        paper_is_there=enclosed is not None and enclosed.filed is not None,
        paper_is_a_copy=enclosed is not None and enclosed.filed != entry.sha256,
        sheet=sheet,
        is_to_correct=sheet == TO_CORRECT,
        looks=AS_IT_LOOKS if enclosed and AS_IT_LOOKS in enclosed.beside else "",
        was_read=bool(entry.answers),
    )


def alert(
    entry: Entry,
    form: Form | None,
    settings: Settings,
    respond_by: datetime,
    where_to_look: str,
    headline: str,
    glance: Glance = NOTHING,
    year_group: str = "",
) -> str:
    """Return the DSL's page for an entry as HTML: who, what, what comes first, every reason with its citation."""
    proposal = entry.proposal
    is_sheet = form is not None and form.is_sheet
    counts = is_sheet and entry.outcome is Outcome.RECORDED
    nothing = (COUNTS if counts else DOES_NOT_COUNT) if is_sheet else NOTHING_PROPOSED
    shape, words, means = LIGHT_WORDS[proposal.light] if proposal else nothing
    words = suggested(proposal.light) if proposal else words
    return template("alert.html").render(
        **head_of(entry, form, settings),
        headline=headline,
        is_sheet=is_sheet,
        counts=counts,
        is_misplaced=_is_misplaced(entry),
        stands_at=_stands_at(entry),
        light=proposal.light if proposal else "undetermined" if is_sheet else "red",
        shape=shape,
        light_words=words,
        light_means=means,
        respond_by="At once" if entry.urgent else moment_in_words(respond_by, settings.zone),
        where_to_look=where_to_look,
        glance=glance,
        came_from=CAME_FROM[entry.role],
        child_reference=entry.child_reference,
        year_group=year_group,
        incident_day=day_in_words(entry.incident_day) if entry.incident_day else "",
        duplicate_of=entry.possible_duplicate_of,
        groups=_groups(proposal),
        contradictions=proposal.contradictions if proposal else (),
        please_check=proposal.please_check if proposal else (),
        cautions=proposal.cautions if proposal else (),
        urgent=urgent_reasons(entry, form),
        notices=[found for found in entry.notices if found.code not in urgency.CODES],
        missing=unanswered(form, proposal),
        not_asked=[rule for rule in rules() if proposal and rule.id in proposal.not_asked],
        rules_version=proposal.rules_version if proposal else "",
    )


def own_alert(reference: str, about: Notice, settings: Settings, respond_by: datetime) -> str:
    """Return the DSL's page for an alert about FormFlow itself as HTML."""
    return template("own_alert.html").render(
        css=css(),
        agency=settings.agency.name,
        lead=settings.agency.safeguarding_lead,
        reference=reference,
        headline=own_headline(about),
        notice=about,
        respond_by=moment_in_words(respond_by, settings.zone),
    )


def own_headline(about: Notice) -> str:
    """Return what an alert that belongs to no record says first."""
    return FLOOD_HEADLINE if about.code == FLOOD else OWN_ALERT


def alert_headline(entry: Entry, form: Form | None, lead: str = "") -> str:
    """Return what an alert says first. A sheet needs her for another reason than a form.

    `lead` is who has not acknowledged it, when it goes to somebody else.
    """
    if lead:
        return f"The {lead} has not acknowledged this alert, so it now comes to you. Please look."
    if form is not None and form.is_sheet:
        if entry.outcome is Outcome.RECORDED:
            codes = (found.code for found in entry.notices)
            return next(
                (STATE_HEADLINES[one] for one in codes if one in STATE_HEADLINES), TOLD_HEADLINE
            )
        return MISPLACED if _is_misplaced(entry) else SHEET_HEADLINE
    return ALERT_HEADLINES[entry.outcome]


def _is_misplaced(entry: Entry) -> bool:
    """Whether it is a sheet that came from the staff folder."""
    return any(found.code == "FF-235" for found in entry.notices)


def _stands_at(entry: Entry) -> str:
    """Return the words of an earlier revision's higher light, "" where there is none."""
    own = entry.proposal.light if entry.proposal else None
    higher = entry.highest_light if entry.highest_light is not own else None
    return suggested(higher) if higher else ""


def for_the_office(notices: tuple[Notice, ...]) -> tuple[Notice, ...]:
    """Return what the office can put right. The rest is the DSL's and may say too much."""
    return tuple(notice for notice in notices if notice.returns)


def _groups(proposal: Proposal | None) -> list[tuple[str, list[Finding]]]:
    titles = {
        Weighs.RAISES: "What raises concern",
        Weighs.BALANCES: "Mitigating factors (they do not lower the level)",
        Weighs.SUPPORTS: "What points to green",
        Weighs.CONTEXT: "Context",
    }
    findings = proposal.findings if proposal else ()
    grouped = [(title, [f for f in findings if f.weighs is w]) for w, title in titles.items()]
    return [(title, found) for title, found in grouped if found]
