"""The "as read" sheet: what FormFlow read on a paper, filed beside the original in the child's file.

Everything in full: a long answer goes on over the page and is never cut. The same entry gives the
same bytes.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from formflow.core.model import Answer, AnswerState, Entry, Proposal, Weighs
from formflow.core.wording import (
    CAME_FROM,
    LIGHT_WORDS,
    NOTHING_PROPOSED,
    OUTCOME_WORDS,
    moment_in_words,
    suggested,
)
from formflow.documents.text_sheet import TextSheet
from formflow.forms.catalogue import Form


def as_read(form: Form | None, entry: Entry, zone: ZoneInfo) -> bytes:
    """Return the sheet of what was read of an entry, as PDF. Moments are shown in `zone`."""
    title = f"{entry.reference} revision {entry.revision}"
    sheet = TextSheet(title, f"{title} · as read · confidential")
    sheet.heading(f"What FormFlow read: {entry.reference}", 15, "H1")
    _about(sheet, form, entry, zone)
    _to_check(sheet, entry)
    _proposed(sheet, form, entry.proposal)
    if form is not None and entry.answers:
        _answers(sheet, form, entry)
    return sheet.finished()


def _about(sheet: TextSheet, form: Form | None, entry: Entry, zone: ZoneInfo) -> None:
    title = f"{form.title}, version {form.version}" if form else "Not known"
    sheet.row("Form", title)
    sheet.row("Revision", str(entry.revision))
    received = moment_in_words(entry.received_at, zone)
    sheet.row("Received", f"{received}, {CAME_FROM[entry.role]}")
    sheet.row("Recorded", moment_in_words(entry.recorded_at, zone))
    sheet.row("Status", OUTCOME_WORDS[entry.outcome])
    if entry.possible_duplicate_of:
        sheet.row("May be the same as", f"{entry.possible_duplicate_of}: a person compares the two")


def _to_check(sheet: TextSheet, entry: Entry) -> None:
    proposal = entry.proposal
    notices = list(entry.notices)
    if proposal:
        notices = [*proposal.urgent, *notices, *proposal.contradictions, *proposal.please_check]
    if notices:
        sheet.heading("To check", 11.5)
    for found in notices:
        page = f", page {found.page}" if found.page else ""
        sheet.row(f"{found.code}{page}", found.text, marked=True)


def _proposed(sheet: TextSheet, form: Form | None, proposal: Proposal | None) -> None:
    sheet.heading("What FormFlow suggests. The DSL decides.", 11.5)
    _shape, words, means = LIGHT_WORDS[proposal.light] if proposal else NOTHING_PROPOSED
    words = suggested(proposal.light) if proposal else words
    sheet.row(words, means)
    if proposal is None:
        return
    for found in sorted(proposal.findings, key=lambda one: list(Weighs).index(one.weighs)):
        analogy = " (not named in the guidance)" if found.by_analogy else ""
        cited = f"{found.text}{analogy}\nGuidance {found.section}: “{found.quote}”"
        sheet.row(f"{found.rule}, {found.weighs.value}", cited)
    if form is not None and proposal.missing:
        labels = [form.fields[name].label for name in proposal.missing if name in form.fields]
        sheet.row("Not answered", "\n".join(labels))


def _answers(sheet: TextSheet, form: Form, entry: Entry) -> None:
    for section in form.sections:
        sheet.heading(section.label, 11.5)
        for field in section.fields:
            sheet.row(field.label, _in_words(form, field.name, entry.answers.get(field.name)))


def _in_words(form: Form, name: str, answer: Answer | None) -> str:
    if answer is None or answer.state is AnswerState.BLANK:
        return "(blank)"
    if answer.state is AnswerState.UNREADABLE or answer.value is None:
        return "(could not be read)"
    field = form.fields[name]
    return field.in_words(answer.value) if field.states else answer.value
