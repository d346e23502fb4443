"""Boxes -> answers, by the definition: renamed, joined, split, their states told in our words.

Never a guess and never a default: what the definition does not know is unreadable, what is blank
stays blank.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from formflow.core.model import Answer, AnswerState
from formflow.forms.catalogue import Field, FieldKind, Form
from formflow.reading.acroform import Box

DIGITS = re.compile(r"\d{6}(?:\d{2})?", re.ASCII)  # of a date, one to a cell: DDMMYY or DDMMYYYY
MOST_WORDS = (
    3  # boxes of one answer that hold a word or number each; of more, each may hold a letter
)
BETWEEN = "; "  # the values of a list
NOT_THERE = Answer(None, "", AnswerState.UNREADABLE)


def answers(form: Form, boxes: Mapping[str, Box]) -> dict[str, Answer]:
    """Return the answer to every question of the form, in its order."""
    return {name: _answer(form, field, boxes) for name, field in form.fields.items()}


def _answer(form: Form, field: Field, boxes: Mapping[str, Box]) -> Answer:
    found = [boxes[name] for name in field.sources if name in boxes]
    if len(found) < len(field.sources):
        return NOT_THERE
    raw = "\n".join(box.raw for box in found if box.raw)
    kinds_agree = all(_is_of_its_kind(form, box, field) for box in found)
    if not kinds_agree or not all(box.legible for box in found):
        return Answer(None, raw, AnswerState.UNREADABLE)
    if field.means and not field.states:
        value = _ticked(field, found)
    else:
        value = _marked(field, found) if field.states else _written(form, field, found)
    if value is None:
        return Answer(None, raw, AnswerState.UNREADABLE)
    return Answer(value, raw, AnswerState.GIVEN) if value else Answer(None, raw, AnswerState.BLANK)


def _is_of_its_kind(form: Form, box: Box, field: Field) -> bool:
    blank = form.manifest.boxes.get(box.name)
    return blank is not None and blank.kind == box.kind and (not field.states or box.kind != "text")


def _marked(field: Field, found: list[Box]) -> str | None:
    """Return the state that is marked, "" for none, None for one that nobody knows or for two."""
    stored = [
        f"{box.name}={box.value}" if len(found) > 1 else box.value for box in found if box.value
    ]
    if not stored:
        return ""
    said = {field.means.get(one) if field.means else one for one in stored}
    meant = said.pop() if len(said) == 1 else None  # several boxes may say the same
    return meant if meant in field.states else None


def _ticked(field: Field, found: list[Box]) -> str | None:
    """Return what is printed at every box that is ticked, "" for none, None where nobody knows what one of them means."""
    words = [field.means.get(f"{box.name}={box.value}") for box in found if box.value]
    known = [one for one in words if one is not None]
    return BETWEEN.join(known) if len(known) == len(words) else None


def _written(form: Form, field: Field, found: list[Box]) -> str | None:
    """Return the text of one box or several, or the part of it that is this answer."""
    between = "\n" if field.kind is FieldKind.LONG_TEXT else " "
    is_in_cells = any(form.manifest.boxes[box.name].cells for box in found)
    if len(found) > MOST_WORDS and all(len(box.value) <= 1 for box in found):
        between, is_in_cells = "", True
    text = between.join(box.value for box in found if box.value)
    if is_in_cells and field.kind in (FieldKind.DATE, FieldKind.MOMENT) and DIGITS.fullmatch(text):
        text = f"{text[:2]} {text[2:4]} {text[4:]}"
    if not field.part or not text:
        return text
    part = re.search(field.part, text)
    return None if part is None else (part[1] or "").strip()
