"""Closing a case: what is still open in it, what keeps it from being closed, and what a review sheet says of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from formflow.core.messages import notice
from formflow.core.model import CaseState, Entry, Notice
from formflow.core.wording import CASE_STATE_WORDS
from formflow.rules.case.asked import open_steps
from formflow.rules.case.case import REVIEW, Case
from formflow.rules.case.named_child import given
from formflow.rules.case.steps import Kind, Step, steps

# What is left open only with a reason; and whatever has a clock, such as a referral.
DUTIES = (Kind.DUTY, Kind.DECISION, Kind.CLOCK)
# Questions of the review sheet.
STATE, WHY, OF, REASONS = "case_state", "case_state_reason", "duplicate_of", "open_reasons"
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
IN_VAIN = frozenset({STILL_OPEN, WHICH_OTHER, NO_REASON})  # of a sheet whose case stays as it was


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to become of a case, and why."""

    state: CaseState
    reason: str
    reasons: Mapping[str, str]  # name of a step that is still open -> why it is left
    duplicate_of: str = ""  # a reference


def step_name(step: Step) -> str:
    """Return what a step of a case is called: "DA1", of the second child who was targeted "DA1/2".

    Where several steps are one line of the guidance, the second of them is "DX3-2": each has a reason of its own.
    """
    of_the_line = [(one.when, one.answers) for one in steps() if one.id == step.id]
    at = of_the_line.index((step.when, step.answers)) + 1
    name = f"{step.id}-{at}" if at > 1 else step.id
    return f"{name}/{step.child}" if step.child else name


def duties(case: Case, on: date) -> list[Step]:
    """Return the open steps of a case that may be left only with a reason for each, in the guidance's order."""
    return [step for step in open_steps(case, on) if step.kind in DUTIES or step.clock]


def left_open(case: Case, on: date, services: Mapping[str, str]) -> dict[str, str]:
    """Return the open steps that closing a case needs a reason for: what each is called, and its first sentence."""
    words = {**services, **case.words}
    return {
        step_name(step): step.text.partition(". ")[0].rstrip(".").format_map(words)
        for step in duties(case, on)
    }


def unanswered(still_open: Mapping[str, str], wanted: Wanted) -> dict[str, str]:
    """Return the steps that keep a case from being closed: they are open, and no reason says why they are left."""
    if wanted.state is not CaseState.CLOSED:
        return {}
    given_for = {name for name, why in wanted.reasons.items() if why.strip()}
    return {name: words for name, words in still_open.items() if name not in given_for}


def is_so_already(case: Case, wanted: Wanted) -> bool:
    """Return whether a case is already what it is to become."""
    last = case.changes[-1].duplicate_of if case.changes else None
    return case.state is wanted.state and (last or "") == wanted.duplicate_of


def said_on(sheet: Entry, still_open: Mapping[str, str]) -> Wanted | None:
    """Return what a review sheet says is to become of its case, None where it says nothing."""
    state = ON_A_SHEET.get(given(sheet, STATE)) if sheet.form_id == REVIEW else None
    if state is None:
        return None
    other = given(sheet, OF).strip().upper() if state is CaseState.DUPLICATE else ""
    is_closed = state is CaseState.CLOSED
    reasons = reasons_in(given(sheet, REASONS), still_open) if is_closed else {}
    return Wanted(state, given(sheet, WHY).strip(), reasons, other)


def reasons_in(told: str, still_open: Mapping[str, str]) -> dict[str, str]:
    """Return the reasons that she wrote for steps that are still open. A line that is as FormFlow made it has none."""
    found: dict[str, list[str]] = {}
    for name, rest in _by_step(told):
        if name in still_open and (why := _reason(rest, still_open[name])):
            found.setdefault(name, []).append(why)
    return {name: " ".join(whys) for name, whys in found.items()}


def lines_for_reasons(told: str, still_open: Mapping[str, str]) -> str:
    """Return a line for each step that is still open, each with the reason that she wrote, behind what names no step."""
    reasons = reasons_in(told, still_open)
    of_none = [rest for name, rest in _by_step(told) if not name]
    lines = (f"{n} {words}. {_HERE} {reasons.get(n, '')}" for n, words in still_open.items())
    return "\n".join((*of_none, *(line.rstrip() for line in lines)))


_HERE, _SIGNS = "Reason:", " .:–-"
_STEP = r"[ \t•*·–-]*(?P<id>[A-Z]+\d+[a-z]?)(?P<more>(?:-\d+)?(?:/\d+)?)(?!\w)"
_LINE = re.compile(_STEP, re.IGNORECASE)


def _by_step(told: str) -> Iterator[tuple[str, str]]:
    """Yield the name of each step that a line begins with, "" for none, and what is written up to the next."""
    ids = {step.id.upper(): step.id for step in steps()}
    name, words = "", list[str]()
    for line in told.splitlines():
        begins = _LINE.match(line)
        if begins and begins["id"].upper() in ids:
            if words:
                yield name, " ".join(words)
            name, words = ids[begins["id"].upper()] + begins["more"], []
            line = line[begins.end() :]
        words += line.split()
    if words:
        yield name, " ".join(words)


def _reason(rest: str, asked: str) -> str:
    """Return what she wrote behind the words of a step; she may have taken away those, or “Reason:”."""
    if _HERE in rest:  # the words before it may be those of an older copy
        return rest.partition(_HERE)[2].strip()
    said, asked = rest.lstrip(_SIGNS), " ".join(asked.split())
    if asked.startswith(said.rstrip(_SIGNS)):
        return ""
    return said.removeprefix(asked).lstrip(_SIGNS)


def about_the_state(
    wanted: Wanted, still_open: Mapping[str, str], *, is_other_known: bool
) -> Iterator[Notice]:
    """Yield what keeps a sheet from closing or reopening its case."""
    if not wanted.reason:
        yield notice(NO_REASON, field=WHY)
    if wanted.state is CaseState.DUPLICATE and not is_other_known:
        yield notice(WHICH_OTHER, field=OF)
    if left := unanswered(still_open, wanted):
        told = "; ".join(f"{name} {words}" for name, words in left.items())
        yield notice(STILL_OPEN, field=REASONS, words={"steps": told})


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
