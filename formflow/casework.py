"""What lies in "To decide" after a paper: the page of what is open, and the sheets that are new.

Made from the case alone, inside the recording transaction: the same papers give the same sheets.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from formflow import sheets
from formflow.enclose import Keep
from formflow.forms import Form
from formflow.model import Entry, Outcome
from formflow.sheets import REVIEW, Case

log = logging.getLogger("formflow")


@dataclass(frozen=True, slots=True)
class ToDecide:
    """What the safeguarding lead finds after one paper."""

    case: Case
    sheets: Mapping[str, str]  # what each new sheet is called, and its sha256 in the vault


def after_record(case: Case, forms: Mapping[str, Form], keep: Keep) -> ToDecide:
    """Return the review sheet for a new revision of a record."""
    return ToDecide(case, dict(_made([REVIEW], case, forms, keep)))


def after_sheet(
    before: Case, sheet: Entry, forms: Mapping[str, Form], keep: Keep, on: date
) -> ToDecide:
    """Return what lies there after a sheet: itself again while something on it is open, and new ones.

    A sheet that does not count is filled in as it came, so that nothing has to be written twice.
    """
    assert sheet.form_id is not None  # noqa: S101 - a sheet was read
    filled = before.with_sheet(sheet)
    counts = sheet.outcome is Outcome.RECORDED
    case = filled if counts else before
    new = [one for one in sheets.due(case, on) if one not in sheets.due(before, on)]
    again = not counts or sheet.form_id in sheets.due(case, on)
    wanted = dict.fromkeys([*([sheet.form_id] if again else []), *new])
    return ToDecide(case, dict(_made(wanted, filled, forms, keep)))


def _made(
    wanted: Iterable[str], filled: Case, forms: Mapping[str, Form], keep: Keep
) -> Iterator[tuple[str, str]]:
    # Imported here: pikepdf takes 15 MB.
    from formflow.paper.prefill import prefilled

    record = filled.record
    for form_id in wanted:
        form = forms[form_id]
        stamp = f"{record.reference} r{record.revision}"
        line = f"{stamp}: fill in, save it (File > Save) and drop it in “Drop decisions here”."
        own = filled.sheets.get(form_id)
        again = f" {own.revision + 1}" if own else ""
        try:
            content = prefilled(form, sheets.known(form, filled), stamp, line)
        except Exception as problem:  # noqa: BLE001 - a sheet that fails must not cost the record
            log.error("a sheet could not be made: %s", type(problem).__name__)  # noqa: TRY400
            continue
        yield f"{stamp} {form.code} {form.title}{again}", keep(content)
