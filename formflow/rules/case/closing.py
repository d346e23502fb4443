"""Closing a case: what is still open in it, what keeps it from being closed, and what a review sheet says of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from formflow.core.messages import notice
from formflow.core.model import CaseState, Entry, Notice
from formflow.core.wording import CASE_STATE_WORDS
from formflow.rules.case.asked import open_steps
from formflow.rules.case.case import REVIEW, Case
from formflow.rules.case.named_child import given
from formflow.rules.case.steps import Kind, Step

DUTIES = (Kind.DUTY, Kind.DECISION, Kind.CLOCK)  # what is left open only with a reason
STATE, WHY, OF = "case_state", "case_state_reason", "duplicate_of"  # questions of the review sheet
ON_A_SHEET: Mapping[str, CaseState] = {
    "close": CaseState.CLOSED,
    "reopen": CaseState.OPEN,
    "entered_in_error": CaseState.ENTERED_IN_ERROR,
    "duplicate_of": CaseState.DUPLICATE,
}
REOPENED, STILL_OPEN, WHICH_OTHER, NO_REASON, CHANGED = (
    "FF-660",
    "FF-661",
    "FF-662",
    "FF-663",
    "FF-664",
)  # notices


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to become of a case, and why."""

    state: CaseState
    reason: str
    reasons: Mapping[str, str]  # name of a step that is still open -> why it is left
    duplicate_of: str = ""  # a reference


def step_name(step: Step) -> str:
    """Return what a step of a case is called: "DA1", of the second child who was targeted "DA1/2"."""
    return f"{step.id}/{step.child}" if step.child else step.id


def duties(case: Case, on: date) -> list[Step]:
    """Return the open steps of a case that may be left only with a reason for each, in the guidance's order."""
    return [step for step in open_steps(case, on) if step.kind in DUTIES]


def unanswered(case: Case, wanted: Wanted, on: date) -> list[Step]:
    """Return the steps that keep a case from being closed: they are open, and no reason says why they are left."""
    if wanted.state is not CaseState.CLOSED:
        return []
    return [
        step for step in duties(case, on) if not wanted.reasons.get(step_name(step), "").strip()
    ]


def is_so_already(case: Case, wanted: Wanted) -> bool:
    """Return whether a case is already what it is to become."""
    last = case.changes[-1].duplicate_of if case.changes else None
    return case.state is wanted.state and (last or "") == wanted.duplicate_of


def said_on(sheet: Entry) -> Wanted | None:
    """Return what a review sheet says is to become of its case, None where it says nothing."""
    state = ON_A_SHEET.get(given(sheet, STATE)) if sheet.form_id == REVIEW else None
    if state is None:
        return None
    other = given(sheet, OF).strip().upper() if state is CaseState.DUPLICATE else ""
    return Wanted(state, given(sheet, WHY).strip(), {}, other)


def about_the_state(
    case: Case, wanted: Wanted, on: date, *, is_other_known: bool
) -> Iterator[Notice]:
    """Yield what keeps a sheet from closing or reopening its case. `case` is as it stands with the sheet."""
    if not wanted.reason:
        yield notice(NO_REASON, field=WHY)
    if wanted.state is CaseState.DUPLICATE and not is_other_known:
        yield notice(WHICH_OTHER, field=OF)
    if left := unanswered(case, wanted, on):
        yield notice(STILL_OPEN, field=STATE, words={"steps": ", ".join(map(step_name, left))})


def changed(state: CaseState) -> Notice:
    """Return what tells the safeguarding lead that a sheet has closed or reopened its case."""
    return notice(CHANGED, field=STATE, words={"state": CASE_STATE_WORDS[state].lower()})


def reopened(state: CaseState) -> Notice:
    """Return what tells the safeguarding lead that a case is open again because something came for it."""
    return notice(REOPENED, words={"state": _WAS[state]})


_WAS: Mapping[CaseState, str] = {
    CaseState.CLOSED: "was closed",
    CaseState.ENTERED_IN_ERROR: "was marked as entered in error",
    CaseState.DUPLICATE: "was marked as a duplicate",
}
