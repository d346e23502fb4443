"""The corrected workbook -> the pairs of a draft as a person wants them, or what is wrong with it, row by row."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from formflow.admin.learn import workbook
from formflow.admin.learn.labels import Certainty
from formflow.admin.learn.pairing import Pair, own_name
from formflow.core.errors import FormDefinitionProblem
from formflow.forms.catalogue import Field, FieldKind, Form
from formflow.forms.schema import TRI_STATES

MOST_ROWS = 5_000
WORD = re.compile("[a-z]+")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the workbook as it came back."""

    number: int  # as the spreadsheet program counts
    boxes: tuple[str, ...]
    label: str
    question: str
    means: str


def corrected(path: Path, pairs: Sequence[Pair], ours: Form) -> list[Pair]:
    """Return the pairs with the corrections of a workbook.

    Raise FormDefinitionProblem with a line for each mistake: its row, what is wrong, and what to do.
    """
    rows = list(_rows(path))
    problems = [*_boxes_that_do_not_fit(rows, pairs), *_asked_twice(rows, ours)]
    by_boxes = {tuple(box.name for box in pair.boxes): pair for pair in pairs}
    found: list[Pair] = []
    for row in rows:
        if row.boxes in by_boxes:
            try:
                found.append(_pair(row, by_boxes[row.boxes], ours))
            except ValueError as problem:
                problems.append(f"Row {row.number}: {problem}")
    if problems:
        raise FormDefinitionProblem("\n".join(problems))
    return _with_names_of_their_own(found)


def _rows(path: Path) -> Iterator[Row]:
    try:
        book = load_workbook(path, read_only=True, data_only=True)
        sheet = book[workbook.SHEET]
        table = list(sheet.iter_rows(min_row=2, max_row=MOST_ROWS, values_only=True))
        book.close()
    except (OSError, KeyError, ValueError, InvalidFileException, zipfile.BadZipFile) as problem:
        raise FormDefinitionProblem(
            f"{path.name} cannot be read as the workbook that “forms learn” wrote: it must be an .xlsx file with the"
            f" sheet “{workbook.SHEET}”. Save it as “Excel Workbook (.xlsx)”, or run “forms learn” again."
        ) from problem
    for number, cells in enumerate(table, start=2):
        texts = ["" if cell is None else str(cell).strip() for cell in cells] + [""] * len(
            workbook.HEADS
        )
        boxes = texts[workbook.BOXES - 1]
        if not any(texts):
            continue
        yield Row(
            number,
            tuple(name.strip() for name in boxes.splitlines() if name.strip()),
            " ".join(texts[workbook.PRINTED - 1].split()),
            texts[workbook.QUESTION - 1],
            texts[workbook.MEANS - 1],
        )


def _boxes_that_do_not_fit(rows: Sequence[Row], pairs: Sequence[Pair]) -> Iterator[str]:
    """Yield what is wrong with the boxes: those that the PDF does not have, and those that are gone or there twice."""
    known = {tuple(box.name for box in pair.boxes) for pair in pairs}
    seen = Counter(row.boxes for row in rows)
    for row in rows:
        if row.boxes not in known:
            name = " + ".join(row.boxes) or "no name"
            yield (
                f"Row {row.number}: the PDF has no box “{name}”. Put the name back as it was; only the yellow"
                " cells are for you to change."
            )
        elif seen[row.boxes] > 1:
            yield f"Row {row.number}: “{' + '.join(row.boxes)}” is in {seen[row.boxes]} rows. Keep one of them."
    for boxes in sorted(known - set(seen)):
        yield (
            f"The row of the box “{' + '.join(boxes)}” is gone. Every box must stay in the workbook: run “forms"
            " learn” again, or put the row back. A box that no rule may read has a blank “Our question”."
        )


def _asked_twice(rows: Sequence[Row], ours: Form) -> Iterator[str]:
    first: dict[str, int] = {}
    for row in rows:
        field = _field(row.question, ours)
        if field is None:
            continue
        if field.name in first:
            yield (
                f"Row {row.number}: “{field.label}” is chosen in row {first[field.name]}, too. One question"
                " can have one answer: leave the cell blank in one of the two rows."
            )
        first.setdefault(field.name, row.number)


def _field(text: str, ours: Form) -> Field | None:
    """Return the question that a cell names, by the list's words, its label or its name."""
    named = re.search(r"\[([a-z0-9_]+)\]\s*$", text)
    if named and named[1] in ours.fields:
        return ours.fields[named[1]]
    plain = " ".join(text.split()).casefold()
    return next(
        (field for field in ours.fields.values() if plain in (field.name, field.label.casefold())),
        None,
    )


def _pair(row: Row, pair: Pair, ours: Form) -> Pair:
    """Return a pair as the row wants it. Raise ValueError with what is wrong."""
    field = _field(row.question, ours)
    if row.question and field is None:
        raise ValueError(
            f"“{row.question[:60]}” is none of our questions. Choose one from the list in the cell, or leave it blank."
        )
    if field is not None and not workbook.fits(field, pair):
        is_mark = field.kind in (FieldKind.TICK, FieldKind.CHOICE)
        needs = "is answered with marks" if is_mark else "is answered by writing"
        raise ValueError(
            f"“{field.label}” {needs}, and this box cannot do that. Choose another question."
        )
    means = None if pair.means is None else _means(row, pair, field)
    own_kind = FieldKind.TEXT if pair.kind is FieldKind.MOMENT else pair.kind
    if means is not None and not pair.is_list:
        own_kind = FieldKind.TICK if set(means.values()) <= set(TRI_STATES) else FieldKind.CHOICE
    return replace(
        pair,
        name=field.name if field else "",
        kind=field.kind if field else own_kind,
        label=row.label or pair.label,
        question=field,
        is_sure=field is not None,
        is_unclear=False,
        certainty=Certainty.SURE,
        why="a person said so",
        means=means,
        states=_states(pair, means, field)
        if means is not None and not pair.is_list
        else pair.states,
    )


def _means(row: Row, pair: Pair, field: Field | None) -> dict[str, str]:
    """Return what each mark means by the cell. Raise ValueError with what is wrong."""
    found: dict[str, str] = {}
    for line in filter(None, map(str.strip, row.means.splitlines())):
        stored, _, meant = line.rpartition(":")
        if not stored:
            raise ValueError(
                f"“{line}” does not say what it means. Write it as “what is stored: yes”."
            )
        if stored in found:
            raise ValueError(f"the state “{stored}” is there twice. Keep one line for it.")
        found[stored] = meant.strip() if pair.is_list else meant.strip().casefold()
    stored_in_pdf = list(pair.means or {})
    for one in stored_in_pdf:
        if one not in found:
            raise ValueError(
                f"nothing says what “{one}” means. Add the line “{one}: yes”, or what it means."
            )
    for one in found:
        if one not in stored_in_pdf:
            raise ValueError(f"the box cannot say “{one}”. It can say: {', '.join(stored_in_pdf)}.")
    twice = [
        one for one, times in Counter(found.values()).items() if times > 1 and one != "unknown"
    ]
    if twice:
        both = "” and “".join(stored for stored, meant in found.items() if meant == twice[0])
        raise ValueError(
            f"“{both}” cannot both mean “{twice[0]}”. Write “unknown” for what is not certain."
        )
    allowed = field.states if field else ()
    for stored, meant in found.items():
        if pair.is_list and meant:
            continue
        if (allowed and meant not in allowed) or not WORD.fullmatch(meant):
            words = ", ".join(allowed) if allowed else "yes, no, unknown, or another single word"
            raise ValueError(f"“{meant}” cannot be what “{stored}” means. It can be: {words}.")
    return found


def _states(pair: Pair, means: Mapping[str, str], field: Field | None) -> dict[str, str] | None:
    """Return the states of a choice, each with what is printed for it."""
    if (field and field.kind is FieldKind.TICK) or set(means.values()) <= set(TRI_STATES):
        return None
    if field:
        return {state: field.in_words(state) for state in field.states}
    printed = pair.states or {}
    before = pair.means or {}
    return {meant: printed.get(before.get(stored, ""), stored) for stored, meant in means.items()}


def _with_names_of_their_own(pairs: Sequence[Pair]) -> list[Pair]:
    """Return the pairs, those that ask none of our questions under names that nothing else has."""
    names = {pair.name for pair in pairs if pair.name}
    return [
        pair if pair.name else replace(pair, name=own_name(pair.boxes[0], pair.label, names))
        for pair in pairs
    ]
