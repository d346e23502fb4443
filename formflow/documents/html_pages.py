"""The pages people read: receipt, note and alert. Pure: an entry goes in, finished text comes out.

Receipts and notes are for the office: no name, no answer, no light, and only what the office can put
right. The alert page is for the DSL alone and shows every reason with its line of guidance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape

from formflow.core.dates import local_day
from formflow.core.model import AnswerState, Entry, Finding, Notice, Outcome, Proposal, Weighs
from formflow.core.references import SheetKey, at_revision, from_second_revision
from formflow.core.settings import Settings
from formflow.core.wording import (
    CAME_FROM,
    COUNTS,
    DOES_NOT_COUNT,
    LEVEL_WORDS,
    LIGHT_WORDS,
    NOTHING_PROPOSED,
    REOPENED_WORDS,
    SHEET_WORDS,
    day_in_words,
    moment_in_words,
    suggested,
)
from formflow.documents.decision_pack import ToDecide
from formflow.documents.enclosures import (
    AS_IT_LOOKS,
    SHEETS,
    TO_CHECK,
    TO_CORRECT,
    TO_FILL_IN,
    Enclosed,
)
from formflow.forms.catalogue import Form, shipped
from formflow.rules.case.case import RECORDING, REVIEW, Case, done_steps, open_steps
from formflow.rules.case.clocks import NOW, Deadline, deadline
from formflow.rules.case.contradictions import contradictions
from formflow.rules.case.steps import Kind, Step, steps
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
TOLD_HEADLINE = (
    "Your review sheet lowers a level, links two children or closes a referral. Please check."
)
MISPLACED = "A sheet came from the staff folder. Nothing has been changed by it."
REMINDER = "A step in a case is due today, or overdue."
CORRECT = "Please make the corrections above. Nothing else is needed."
OWN_ALERT = "Something is wrong with FormFlow’s own records."


def receipt(entry: Entry, form: Form | None, settings: Settings, told_how: str) -> str:
    """Return the office's receipt for an entry as HTML, without names."""
    lead = settings.agency.safeguarding_lead
    return _template("receipt.html").render(
        **_shared(entry, form, settings),
        headline=HEADLINES[entry.outcome],
        told_how=told_how,
        answered=sum(answer.state is AnswerState.GIVEN for answer in entry.answers.values()),
        boxes=len(form.fields) if form and entry.answers else 0,
        corrections=for_the_office(entry.notices),
        next_step=f"The {lead} looks at it and decides. "
        + (CORRECT if for_the_office(entry.notices) else "You do not need to do anything else."),
    )


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


def repeat_receipt(entry: Entry, form: Form | None, settings: Settings, arrived: datetime) -> str:
    """Return the receipt for a form that we already had: nothing new was recorded."""
    headline, next_step = REPEATED[entry.outcome is Outcome.UNREADABLE]
    when = moment_in_words(arrived, settings.zone)
    return _template("receipt.html").render(
        **{**_shared(entry, form, settings), "received": when},
        headline=headline,
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
    return _template("note.txt").render(
        **_shared(entry, form, settings),
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
) -> str:
    """Return the DSL's page for an entry as HTML: every reason with its citation."""
    proposal = entry.proposal
    is_sheet = form is not None and form.is_sheet
    counts = is_sheet and entry.outcome is Outcome.RECORDED
    nothing = (COUNTS if counts else DOES_NOT_COUNT) if is_sheet else NOTHING_PROPOSED
    shape, words, means = LIGHT_WORDS[proposal.light] if proposal else nothing
    words = suggested(proposal.light) if proposal else words
    return _template("alert.html").render(
        **_shared(entry, form, settings),
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
        came_from=CAME_FROM[entry.role],
        child_reference=entry.child_reference,
        incident_day=day_in_words(entry.incident_day) if entry.incident_day else "",
        duplicate_of=entry.possible_duplicate_of,
        groups=_groups(proposal),
        contradictions=proposal.contradictions if proposal else (),
        please_check=proposal.please_check if proposal else (),
        cautions=proposal.cautions if proposal else (),
        urgent=_urgent(entry, form),
        notices=[found for found in entry.notices if found.code not in urgency.CODES],
        missing=_labels(form, proposal),
        not_asked=[rule for rule in rules() if proposal and rule.id in proposal.not_asked],
        rules_version=proposal.rules_version if proposal else "",
    )


def own_alert(reference: str, about: Notice, settings: Settings, respond_by: datetime) -> str:
    """Return the DSL's page for an alert about FormFlow itself as HTML."""
    return _template("own_alert.html").render(
        css=_css(),
        agency=settings.agency.name,
        lead=settings.agency.safeguarding_lead,
        reference=reference,
        headline=OWN_ALERT,
        notice=about,
        respond_by=moment_in_words(respond_by, settings.zone),
    )


def alert_headline(entry: Entry, form: Form | None, lead: str = "") -> str:
    """Return what an alert says first. A sheet needs her for another reason than a form.

    `lead` is who has not acknowledged it, when it goes to somebody else.
    """
    if lead:
        return f"The {lead} has not acknowledged this alert, so it now comes to you. Please look."
    if form is not None and form.is_sheet:
        if entry.outcome is Outcome.RECORDED:
            return TOLD_HEADLINE
        return MISPLACED if _is_misplaced(entry) else SHEET_HEADLINE
    return ALERT_HEADLINES[entry.outcome]


def _is_misplaced(entry: Entry) -> bool:
    """Whether it is a sheet that came from the staff folder."""
    return any(found.code == "FF-235" for found in entry.notices)


def what_is_open(to_decide: ToDecide, settings: Settings, now: datetime) -> str:
    """Return the page of a case as HTML: what is decided, what is open and what is done, each cited."""
    case, days = to_decide.case, settings.working_days
    today = local_day(now, days.zone)
    words = {**settings.services.words, **case.roles}
    still_open = [
        _line(step, _until(step, deadline(step, case, days), now), words)
        for step in open_steps(case, today)
    ]
    return _template("open.html").render(
        **_shared(case.record, None, settings),
        at=moment_in_words(now, settings.zone),
        child_reference=case.record.child_reference,
        light_words=LIGHT_WORDS[case.record.highest_light][1]
        if case.record.highest_light
        else NOTHING_PROPOSED[1],
        joined=case.joined,
        level=LEVEL_WORDS[case.level],
        urgent=_urgent(case.record, None) if case.is_undecided else (),
        reopened=REOPENED_WORDS[case.reopened_by] if case.reopened_by else "",
        together=case.together,
        together_words=LIGHT_WORDS[case.together.light][1] if case.together else "",
        together_missing=_labels(_our_form(), case.together),
        established=case.established,
        reason=case.says(REVIEW, "level_reason"),
        contradictions=list(contradictions(case)),
        incomplete=case.sheets[SheetKey(REVIEW)].notices if SheetKey(REVIEW) in case.sheets else (),
        first=[line for line in still_open if _comes_first(line.step)],
        open=[
            (_called(key, case), lines)
            for key, lines in _by_sheet(line for line in still_open if not _comes_first(line.step))
        ],
        done=[_line(step, "", words) for step in done_steps(case, today)],
        image_advice=settings.services.image_advice if _has_images(case) else "",
        statutory_guidance=settings.services.statutory_guidance,
        papers=[_paper(one, settings) for one in (case.record, *case.sheets.values())],
        sheets=sorted(to_decide.sheets),
    )


def _paper(entry: Entry, settings: Settings) -> str:
    """Return which paper it is, when it came and from where."""
    title = SHEET_WORDS.get(str(entry.form_id), "the form")
    received = moment_in_words(entry.received_at, settings.zone)
    name = at_revision(entry.reference, entry.revision)
    return f"{name}, {title}: received {received}, {CAME_FROM[entry.role]}"


@dataclass(frozen=True, slots=True)
class _Line:
    """One step as it is on the page."""

    step: Step
    text: str
    until: str


def _by_sheet(lines: Iterable[_Line]) -> list[tuple[SheetKey, list[_Line]]]:
    """Return lines under the sheet on which they lie, the sheets in the order of their use."""
    order, found = list(SHEET_WORDS), dict[SheetKey, list[_Line]]()
    for line in lines:
        found.setdefault(line.step.key, []).append(line)
    keys = sorted(found, key=lambda key: (order.index(key.form_id), key.child))
    return [(key, found[key]) for key in keys]


def _called(key: SheetKey, case: Case) -> str:
    """Return what a sheet is called: by its code alone where its title may blame a child for what an adult did."""
    title = SHEET_WORDS[key.form_id]
    named = title.partition(" – ")[0] if case.has_allegation else title
    return named + (f", child {key.child}" if key.child else "")


def _comes_first(step: Step) -> bool:
    return step.clock == NOW or step.kind is Kind.GATE


def _has_images(case: Case) -> bool:
    return "yes" in (case.says(form_id, "type_online") for form_id in (RECORDING, REVIEW))


def _line(step: Step, until: str, words: Mapping[str, str]) -> _Line:
    return _Line(step, step.text.format_map(words), until)


def _until(step: Step, end: Deadline | None, now: datetime) -> str:
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


@dataclass(frozen=True, slots=True)
class _Reason:
    """Why a form cannot wait, the box that says so, and the line of guidance, where there is one."""

    notice: Notice
    label: str
    step: Step | None
    is_question: bool  # nobody said whether it can wait


def _urgent(entry: Entry, form: Form | None) -> list[_Reason]:
    """Return every reason why a form cannot wait."""
    fields = form.fields if form else {}
    referral = next(step for step in steps() if step.id == urgency.REFERRAL)
    return [
        _Reason(
            found,
            fields[found.field].label if found.field and found.field in fields else "",
            referral if found.code in urgency.CITED else None,
            found.code == urgency.NOT_SAID,
        )
        for found in urgency.reasons(entry)
    ]


def _stands_at(entry: Entry) -> str:
    """Return the words of an earlier revision's higher light, "" where there is none."""
    own = entry.proposal.light if entry.proposal else None
    higher = entry.highest_light if entry.highest_light is not own else None
    return suggested(higher) if higher else ""


def for_the_office(notices: tuple[Notice, ...]) -> tuple[Notice, ...]:
    """Return what the office can put right. The rest is the DSL's and may say too much."""
    return tuple(notice for notice in notices if notice.returns)


def _shared(entry: Entry, form: Form | None, settings: Settings) -> dict[str, Any]:
    return {
        "css": _css(),
        "agency": settings.agency.name,
        "lead": settings.agency.safeguarding_lead,
        "reference": entry.reference,
        "revision": entry.revision,
        "received": moment_in_words(entry.received_at, settings.zone),
        "form_title": form.title if form else "Not known",
    }


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


def _labels(form: Form | None, proposal: Proposal | None) -> list[str]:
    if form is None or proposal is None:
        return []
    return [form.fields[name].label for name in proposal.missing if name in form.fields]


@cache
def _our_form() -> Form:
    """Return the recording form that comes with FormFlow: it has a label for every question of the rules."""
    return next(form for form in shipped() if form.form_id == RECORDING)


@cache
def _template(name: str) -> Template:
    return _environment().get_template(name)


@cache
def _css() -> str:
    return _environment().get_template("page.css").render()


@cache
def _environment() -> Environment:
    # autoescape is off by default in Jinja2; a note is plain text and must not be escaped.
    return Environment(
        loader=PackageLoader("formflow.documents"),
        autoescape=select_autoescape(["html"], default=False),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
