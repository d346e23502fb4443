"""What lies in "To decide" after a paper: the page of what is open, and the sheets that are new.

Made from the case alone, as it was when the paper was recorded: the same papers give the same sheets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from formflow.core.copy_tokens import Tokens
from formflow.core.model import Entry, Outcome, Role
from formflow.core.references import (
    CopyReference,
    SheetKey,
    child_suffix,
    from_second_revision,
)
from formflow.core.wording import SHEET_WORDS
from formflow.documents.enclosures import TO_CHECK, Enclosed, Keep, is_to_a_person
from formflow.forms import top_line
from formflow.rules.case.asked import due
from formflow.rules.case.case import REVIEW, Case, sheet_key
from formflow.rules.case.older_copy import merged, waits
from formflow.rules.case.prefill_values import Desk, is_marked, known
from formflow.rules.case.steps import OUTCOME, SCORES, steps_in_force

# Sheets whose printed titles say who displayed the behaviour, and who was targeted.
SAY_WHO_DID_IT = frozenset({"referral_a", "referral_b", "plan_a", "plan_b"})


@dataclass(frozen=True, slots=True)
class Maker:
    """What sheets are made with."""

    desk: Desk
    tokens: Tokens
    keep: Keep


@dataclass(frozen=True, slots=True)
class ToDecide:
    """What the safeguarding lead finds after one paper."""

    case: Case
    sheets: Mapping[str, str]  # what each new sheet is called, and its sha256 in the vault
    # What each is called, and what all copies of that sheet have in common.
    series: Mapping[str, str] = field(default_factory=dict)


def is_for_her(entry: Entry, *, is_sheet: bool) -> bool:
    """Whether something lies in “To decide” after a paper: what belongs to no record lies nowhere."""
    if is_sheet:
        return entry.about is not None
    return bool(entry.answers) or (entry.role is Role.DECISIONS and is_to_a_person(entry))


def after_record(case: Case, maker: Maker) -> ToDecide:
    """Return the review sheet for a new revision of a record."""
    return _with(case, _made([SheetKey(REVIEW)], case, case, maker))


def after_sheet(before: Case, sheet: Entry, maker: Maker, on: date) -> ToDecide:
    """Return what lies there after a sheet: itself again, filled in as it came, and new ones.

    Itself also where nothing on it is open: who changes something later must not begin with an older copy.
    Of a sheet that waits for her word, what it says on top of what counts, for her to check and sign.
    """
    key = sheet_key(sheet)
    if waits(sheet):
        filled = before.with_sheet(merged(before.sheets.get(key), sheet))
        return _with(before, _made([key], before, filled, maker, to_confirm=True))
    filled = before.with_sheet(sheet)
    counts = sheet.outcome is Outcome.RECORDED
    case = filled if counts else before
    new = [one for one in due(case, on) if one not in due(before, on)]
    # Scores that changed make another profile, whatever lies there from before.
    is_shown = counts and sheet.form_id == SCORES and _is_asked(OUTCOME, case, on)
    shown = [SheetKey(OUTCOME)] if is_shown else []
    wanted = dict.fromkeys([key, *new, *shown])
    return _with(case, _made(wanted, case, filled, maker))


def with_copies(to_decide: ToDecide, entry: Entry, enclosed: Enclosed) -> ToDecide:
    """Add the copies to check or fill in that go along with an entry."""
    stem = from_second_revision(entry.reference, entry.revision)
    copies = {f"{stem} {n}": sha256 for n, sha256 in enclosed.beside.items()}
    series = {f"{stem} {n}": n for n in enclosed.beside}
    return ToDecide(to_decide.case, {**to_decide.sheets, **copies}, {**to_decide.series, **series})


def called(form_id: str, case: Case) -> str:
    """Return what a sheet is called. Where an adult may have harmed a child, its name blames no child for it."""
    words = SHEET_WORDS[form_id]
    return words.partition(" – ")[0] if case.has_allegation else words


def _caveat(form_id: str, case: Case, desk: Desk) -> str:
    """Return what a sheet says above all else: what is printed on its blank may say more than is known."""
    if is_marked(form_id, desk):
        return top_line.NOT_AIM2
    return top_line.NOT_A_FINDING if form_id in SAY_WHO_DID_IT and case.has_allegation else ""


def _is_asked(form_id: str, case: Case, on: date) -> bool:
    return any(step.applies(case) for step in steps_in_force(on) if step.sheet == form_id)


def _with(case: Case, made: Iterable[tuple[str, str, str]]) -> ToDecide:
    sheets = list(made)
    return ToDecide(
        case,
        {name: sha256 for name, sha256, _ in sheets},
        {name: series for name, _, series in sheets},
    )


def _made(
    wanted: Iterable[SheetKey],
    counts: Case,
    filled: Case,
    maker: Maker,
    *,
    to_confirm: bool = False,
) -> Iterator[tuple[str, str, str]]:
    """Yield name, content and series of sheets. `counts` is the case as it stands, `filled` what they are filled in from."""
    # Imported here: pikepdf takes 15 MB.
    from formflow.documents.chart import profile_chart
    from formflow.documents.prefill import Copy, prefilled

    def chart(canvas: Any, width: float, height: float) -> None:
        profile_chart(canvas, filled.marks, width, height)

    record, desk = filled.record, maker.desk
    head = top_line.of_sheet_to_confirm if to_confirm else top_line.of_sheet
    for key in wanted:
        form, view = desk.forms[key.form_id], filled.view(key)
        last = counts.sheets.get(key)
        after = last.revision if last else 0
        said = CopyReference(record.reference, record.revision, key.child, after)
        said = maker.tokens.given(said, filled.origin, key.form_id)
        line = head(said.stamp, _caveat(key.form_id, counts, desk))
        own, scores = view.paper(key.form_id), view.paper(SCORES)
        of = child_suffix(key.child)
        again = of + (f" {own.revision + 1}" if own else "")
        if key.form_id == OUTCOME and scores:
            again += f", profile {scores.revision}"
        kind = f" {TO_CHECK}" * to_confirm
        drawings = dict.fromkeys(form.drawn_boxes, chart)
        copy = Copy(form, str(said), line, drawings, by_fillpdf=desk.by_fillpdf)
        content = prefilled(copy, known(form, view, desk))
        name = f"{said.stamp} {called(key.form_id, counts)}{again}{kind}"
        yield name, maker.keep(content), f"{key.form_id}{of}{kind}"
