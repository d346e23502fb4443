"""The page of one case in the register: its story, who, what is decided, done and open, its papers and changes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Any

from formflow.core.dates import local_day
from formflow.core.model import CaseState, Finding, Weighs
from formflow.core.references import SheetKey
from formflow.core.settings import Settings
from formflow.core.wording import (
    LIGHT_WORDS,
    REOPENED_WORDS,
    SHEET_WORDS,
    day_in_words,
    moment_in_words,
    suggested,
)
from formflow.core.working_days import WorkingDays
from formflow.documents import step_lines
from formflow.documents.page_parts import template, unanswered, urgent_reasons
from formflow.documents.register import rows, words
from formflow.documents.register.at_a_glance import MayBe
from formflow.documents.register.lines import Asked, CaseLine, Part, Person, answered
from formflow.documents.register.rows import Moment
from formflow.documents.step_lines import StepLine
from formflow.rules.case.case import OF_CHILD_B, RECORDING, REVIEW, Case
from formflow.rules.case.clocks import deadline
from formflow.rules.case.closing import step_name
from formflow.rules.case.named_child import given
from formflow.rules.case.steps import Step

# What is printed above each part of the story; the questions are the recording form's and the review sheet's.
STORY = (
    ("Type of behaviour", RECORDING, "type_text"),
    ("Context", RECORDING, "context_text"),
    ("Relationship between the children", RECORDING, "relationship_text"),
    ("What the others did and said", RECORDING, "others_text"),
    ("What the child did and said", RECORDING, "child_text"),
    ("The child’s exact words", RECORDING, "child_words"),
    ("What was tried", RECORDING, "attempt_text"),
    ("More", RECORDING, "more_text"),
)
FACTS = (
    ("Where", RECORDING, "incident_place"),
    ("Who else was there", RECORDING, "incident_nearby"),
    ("Form completed by", RECORDING, "completed_by"),
    ("Signed", RECORDING, "signed_name"),
)
KEPT_LINES = 2000  # of steps: most are the same in many cases, and are made once
# Whom a sheet is about; that of the setting is about nobody.
ABOUT = {
    "referral_a": Part.DISPLAYED,
    "plan_a": Part.DISPLAYED,
    **dict.fromkeys(OF_CHILD_B, Part.TARGETED),
}
PARTS = {Part.DISPLAYED: "child_a", Part.TARGETED: "child_b"}  # what the rules call them


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper of the case, or a sheet to be filled in, as a link from the page."""

    words: str
    href: str


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of the history of a case."""

    at: datetime
    words: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a case page is drawn from, besides the case."""

    line: CaseLine
    asked: Sequence[Asked]
    papers: Sequence[Paper]
    to_fill_in: Sequence[Paper]
    history: Sequence[Happened]
    may_be: Sequence[MayBe] = ()


def case_file(
    case: Case,
    drawn: Drawn,
    settings: Settings,
    days: WorkingDays,
    at: Moment,
    head: Mapping[str, Any],
) -> str:
    """Return the page of a case as HTML."""
    line, record, proposal = drawn.line, case.record, case.record.proposal
    still_open, done = _steps(case, drawn.asked, settings, days, at)
    left = _left(case, still_open) if line.state is CaseState.CLOSED else ()
    if line.state is not CaseState.OPEN:
        still_open = []
    later = [one for one in still_open if not step_lines.comes_first(one.step)]
    return template("register/case.html").render(
        **head,
        here="",
        root="../",
        reference=record.reference,
        cited=cited,
        name=rows.name_of(line.child),
        level=rows.level_of(line),
        row=rows.row_of(line, at),
        state=rows.state_in_words(line),
        left=left,
        reopened=REOPENED_WORDS[case.reopened_by] if case.reopened_by else "",
        urgent=urgent_reasons(record, None) if case.is_undecided else (),
        facts=list(_facts(case, line, at)),
        people=[_person(one, case, line) for one in line.people],
        story=[(title, said) for title, paper, name in STORY if (said := case.says(paper, name))],
        may_be=drawn.may_be,
        suggested=suggested(case.suggested) if case.suggested else "",
        means=LIGHT_WORDS[case.suggested][2] if case.suggested else "",
        findings=_findings(proposal.findings if proposal else (), case.established),
        missing=unanswered(step_lines.our_form(), case.together or proposal),
        decided=_decided(case, at),
        done=line.done,
        done_steps=[_answered(one.text, one.step.id) for one in done],
        first=_listed(one for one in still_open if step_lines.comes_first(one.step)),
        open=[(_sheet(key), _listed(of_it)) for key, of_it in step_lines.by_sheet(later)],
        image_advice=settings.services.image_advice if step_lines.has_images(case) else "",
        referrals=list(_referrals(case, line, days)),
        plans=list(_plans(case, line)),
        papers=drawn.papers,
        to_fill_in=drawn.to_fill_in,
        history=[
            (moment_in_words(one.at, at.zone), one.words)
            for one in sorted(drawn.history, key=lambda one: one.at)
        ],
    )


@cache
def cited(section: str, number: str, quote: str) -> str:
    """Return a line of the guidance, folded away, as HTML. There are some hundred, and each stands on many pages."""
    return template("register/cited.html").render(section=section, number=number, quote=quote)


def _listed(lines: Iterable[StepLine]) -> list[str]:
    """Return steps that are open as lines of a list, as HTML."""
    return [
        _open(one.text, one.until, one.step.section, one.step.id, one.step.quote) for one in lines
    ]


@lru_cache(maxsize=KEPT_LINES)
def _open(text: str, until: str, section: str, number: str, quote: str) -> str:
    told = {"text": text, "until": until, "cited": cited(section, number, quote)}
    return template("register/open_step.html").render(told)


@lru_cache(maxsize=KEPT_LINES)
def _answered(text: str, number: str) -> str:
    return template("register/answered_step.html").render(text=text, number=number)


def _steps(
    case: Case, asked: Sequence[Asked], settings: Settings, days: WorkingDays, at: Moment
) -> tuple[list[StepLine], list[StepLine]]:
    """Return what is open in a case, with its days, and what is done."""
    told = {**settings.services.words, **case.words}
    still_open, done = list[StepLine](), list[StepLine]()
    for step, is_done in asked:
        if is_done:
            done.append(step_lines.step_line(step, "", told))
        else:
            still_open.append(step_lines.step_line(step, _until(step, case, days, at), told))
    return still_open, done


def _left(case: Case, still_open: Iterable[StepLine]) -> list[tuple[str, str]]:
    """Return what was left open when a case was closed, in its first sentence, and why."""
    called = {step_name(one.step): one.text.partition(". ")[0].rstrip(".") for one in still_open}
    return [(called.get(step, step), why) for step, why in sorted(case.changes[-1].reasons.items())]


def _until(step: Step, case: Case, days: WorkingDays, at: Moment) -> str:
    return step_lines.until_in_words(step, deadline(step, case, days), at.now) if step.clock else ""


def _sheet(key: SheetKey) -> str:
    return SHEET_WORDS[key.form_id] + (f", child {key.child}" if key.child > 1 else "")


def _facts(case: Case, line: CaseLine, at: Moment) -> Iterator[tuple[str, str]]:
    """Yield what is known of the incident, question by question."""
    said = case.says(REVIEW, "incident_at") or case.says(RECORDING, "incident_at")
    if said:
        yield "When", said
    for title, paper, name in FACTS:
        if said := case.says(paper, name):
            yield title, said
    yield "Form received", moment_in_words(line.received_at, at.zone)


def _person(one: Person, case: Case, line: CaseLine) -> dict[str, str]:
    """Return a child as the table of a case shows it."""
    role = case.roles[PARTS[one.part]]
    return {
        "name": rows.name_of(one),
        "role": f"{role[0].upper()}{role[1:]}",
        "born": day_in_words(one.born) if one.born else "",
        "age": rows.age_of(one, line.day),
        "year": words.year(one.year),
        "number": one.number,
        "href": f"../children/{one.reference}.html" if one.reference and line.counts else "",
        "reference": one.reference,
    }


def _findings(*found: Sequence[Finding]) -> list[tuple[str, list[Finding]]]:
    """Return every reason under what it weighs, those that raise concern first."""
    titles = {
        Weighs.RAISES: "What raises concern",
        Weighs.BALANCES: "Mitigating factors (they do not lower the level)",
        Weighs.SUPPORTS: "What points to green",
        Weighs.CONTEXT: "Context",
    }
    every = [one for part in found for one in part]
    grouped = [(title, [one for one in every if one.weighs is w]) for w, title in titles.items()]
    return [(title, of_it) for title, of_it in grouped if of_it]


def _decided(case: Case, at: Moment) -> list[tuple[str, str]]:
    """Return the decision as it stands, with every earlier level that differs."""
    told: list[tuple[str, str]] = []
    before = ""
    for sheet in case.reviews:
        level = given(sheet, "level")
        if level and level != before:
            on = moment_in_words(sheet.recorded_at, at.zone)
            by = given(sheet, "signed_name")
            told.append((words.DECIDED[level][2], f"{on}{f', signed {by}' if by else ''}"))
        before = level or before
    return told


def _referrals(case: Case, line: CaseLine, days: WorkingDays) -> Iterator[dict[str, str]]:
    """Yield each referral with both clocks: ours to send it, the council's to answer."""
    since = case.decided_at
    for key, view in answered(case, words.REFERRALS, words.SENT):
        form_id = key.form_id
        sent, came = (view.moment(form_id, name) for name in (words.SENT, "council_at"))
        answer = view.says(form_id, "council_text") or view.says(form_id, "council_reference")
        yield {
            "code": words.code_of(form_id, key.child),
            "child": _about(key, view, line) or rows.NOT_NAMED,
            "to": view.says(form_id, "recipient"),
            "send_by": _last_day(days.send_by(since), days) if since else "",
            "sent": day_in_words(sent.day) if sent else "Not yet",
            "answer_by": _last_day(days.council_answers_by(_midnight(sent.day, days)), days)
            if sent
            else "",
            "answered": _came(came.day if came else None, answer) if sent else "",
            "answer": answer,
        }


def _came(on: date | None, answer: str) -> str:
    return day_in_words(on) if on else "No date given" if answer else "Not yet"


def _about(key: SheetKey, view: Case, line: CaseLine) -> str:
    """Return whom a sheet is about: by itself, or as its case names the child; "" for the setting."""
    if said := view.says(key.form_id, "child_name"):
        return said
    part = ABOUT.get(key.form_id)
    return next((rows.name_of(one) for one in line.people if one.part == part), "")


def _midnight(day: date, days: WorkingDays) -> datetime:
    return datetime.combine(day, datetime.min.time(), days.zone)


def _last_day(end: datetime, days: WorkingDays) -> str:
    return day_in_words(local_day(end - rows.AN_INSTANT, days.zone))


def _plans(case: Case, line: CaseLine) -> Iterator[dict[str, str]]:
    """Yield each plan with its review date."""
    for key, view in answered(case, words.WHOSE_PLAN, "actions"):
        yield {
            "title": _sheet(key),
            "child": _about(key, view, line),
            "owner": view.says(key.form_id, "owner"),
            "review": view.says(key.form_id, "review_on") or "No date given",
            "outcome": view.says(key.form_id, "outcome"),
        }
