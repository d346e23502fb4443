"""The page of a case: what is decided, what is open and what is done, each with its line of guidance. Pure."""

from __future__ import annotations

from datetime import datetime

from formflow.core.dates import local_day
from formflow.core.model import CaseState, Entry
from formflow.core.references import SheetKey, at_revision
from formflow.core.settings import Settings
from formflow.core.wording import (
    CAME_FROM,
    CASE_STATE_WORDS,
    LEVEL_WORDS,
    LIGHT_WORDS,
    NOTHING_PROPOSED,
    REOPENED_WORDS,
    SHEET_WORDS,
    moment_in_words,
)
from formflow.documents.decision_pack import ToDecide, called
from formflow.documents.page_parts import head_of, template, unanswered, urgent_reasons
from formflow.documents.register.at_a_glance import glance
from formflow.documents.step_lines import (
    by_sheet,
    comes_first,
    has_images,
    our_form,
    step_line,
    until_in_words,
)
from formflow.rules.case.asked import done_steps, open_steps
from formflow.rules.case.case import REVIEW, Case
from formflow.rules.case.clocks import deadline
from formflow.rules.case.contradictions import contradictions


def what_is_open(to_decide: ToDecide, settings: Settings, now: datetime) -> str:
    """Return the page of a case as HTML: what is decided, what is open and what is done, each cited."""
    case, days = to_decide.case, settings.working_days
    today = local_day(now, days.zone)
    words = {**settings.services.words, **case.words}
    still_open = [
        step_line(step, until_in_words(step, deadline(step, case, days), now), words)
        for step in open_steps(case, today)
        if case.state is CaseState.OPEN
    ]
    told = glance(case, settings, now, ())
    return template("open.html").render(
        **head_of(case.record, None, settings) | {"audited": _audited(case)},
        at=moment_in_words(now, settings.zone),
        people=told.people,
        story=told.story,
        year_group=case.on_list.child_a.year_group if case.on_list.child_a else "",
        child_reference=case.record.child_reference,
        light_words=LIGHT_WORDS[case.record.highest_light][1]
        if case.record.highest_light
        else NOTHING_PROPOSED[1],
        joined=case.joined,
        level=LEVEL_WORDS[case.level],
        ended=_ended(case, settings) if case.state is not CaseState.OPEN else "",
        urgent=urgent_reasons(case.record, None) if case.is_undecided else (),
        reopened=REOPENED_WORDS[case.reopened_by] if case.reopened_by else "",
        together=case.together,
        together_words=LIGHT_WORDS[case.together.light][1] if case.together else "",
        together_missing=unanswered(our_form(), case.together),
        established=case.established,
        reason=case.says(REVIEW, "level_reason"),
        contradictions=list(contradictions(case)),
        incomplete=case.sheets[SheetKey(REVIEW)].notices if SheetKey(REVIEW) in case.sheets else (),
        first=[line for line in still_open if comes_first(line.step)],
        open=[
            (called(key.form_id, case) + (f", child {key.child}" if key.child else ""), lines)
            for key, lines in by_sheet(line for line in still_open if not comes_first(line.step))
        ],
        done=[step_line(step, "", words) for step in done_steps(case, today)],
        image_advice=settings.services.image_advice if has_images(case) else "",
        statutory_guidance=settings.services.statutory_guidance,
        papers=[_paper(one, settings) for one in (case.record, *case.sheets.values())],
        sheets=sorted(to_decide.sheets),
    )


def _ended(case: Case, settings: Settings) -> str:
    """Return what became of a case that is not open any more."""
    last = case.changes[-1]
    of = f" of {last.duplicate_of}" if last.duplicate_of else ""
    on = moment_in_words(last.at, settings.zone)
    return f"{CASE_STATE_WORDS[last.state]}{of} on {on} ({last.who}): {last.reason}"


def _audited(case: Case) -> str:
    """Return the last line of the audit trail that tells of a paper of this case; "" for none."""
    lines = (one.audited for one in (case.record, *case.sheets.values()) if one.audited)
    return max(lines, key=lambda line: int(line.partition("-")[0]), default="")


def _paper(entry: Entry, settings: Settings) -> str:
    """Return which paper it is, when it came and from where."""
    title = SHEET_WORDS.get(str(entry.form_id), "the form")
    received = moment_in_words(entry.received_at, settings.zone)
    name = at_revision(entry.reference, entry.revision)
    return f"{name}, {title}: received {received}, {CAME_FROM[entry.role]}"
