"""Sheets that wait for the safeguarding lead's word, and what an older copy of a sheet would change. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from formflow.core.model import Answer, AnswerState, Entry
from formflow.forms.catalogue import Form
from formflow.rules.case.closing import REASONS

NOT_OURS, OLDER_COPY = "FF-250", "FF-251"  # notices: it changes nothing until she says so
SIGNATURE = ("signed_name", "signed_date")  # questions of every sheet that is signed
NEW_EACH_TIME = (*SIGNATURE, REASONS)  # each copy has its own
NOT_ASKED = "Questions that this older version of the sheet does not ask"
_BLANK = Answer(None, "", AnswerState.BLANK)


def waits(sheet: Entry) -> bool:
    """Return whether a sheet waits for her: a copy of what it says is for her to check and sign."""
    return bool({found.code for found in sheet.notices} & {NOT_OURS, OLDER_COPY})


def would_change(form: Form, counts: Entry, said: Mapping[str, Answer]) -> Iterator[str]:
    """Yield the labels of the answers that a copy of a sheet would change or take away.

    `counts` is the sheet that counts. What the copy adds takes nothing away; a signature is always new, and so are the lines for closing a case.
    """
    for name, field in form.fields.items():
        before = counts.answers.get(name, _BLANK)
        is_answer = not field.for_reading and name not in NEW_EACH_TIME
        if is_answer and before.value and before.value != said.get(name, _BLANK).value:
            yield field.label
    asked = {*form.fields, *NEW_EACH_TIME}
    if any(one.value for name, one in counts.answers.items() if name not in asked):
        yield NOT_ASKED


def merged(counts: Entry | None, sheet: Entry) -> Entry:
    """Return a sheet with its answers on top of those that count, and unsigned. Its blanks change nothing."""
    given = {n: one for n, one in sheet.answers.items() if one.state is AnswerState.GIVEN}
    before = counts.answers if counts else {}
    return replace(sheet, answers={**before, **given} | dict.fromkeys(SIGNATURE, _BLANK))
