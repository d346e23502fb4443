"""Tick boxes of which several may be ticked: one answer with several values. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from formflow.admin.learn.groups import Of
from formflow.admin.learn.labels import Certainty, Near
from formflow.admin.learn.meaning import NOT_SURE, likeness
from formflow.admin.learn.ticks import is_lone
from formflow.forms.catalogue import FieldKind, Form

ASKED = re.compile(
    r"\b(?:all|any|as many)\b.{0,20}\bappl(?:y|ies|icable)\b|\btick (?:all|any|as many)\b",
    re.IGNORECASE,
)
ROWS = 30.0  # points from the foot of one row of tick boxes to the next


def listed(boxes: Sequence[Near], ours: Form) -> list[Near]:
    """Return the boxes, those under one "tick all that apply" as one; but not those that our form asks one by one."""
    found: list[Near] = []
    for question, run in _runs(boxes):
        if len(run) > 1 and _is_list(question, run, ours):
            found.append(_as_one(question, run))
        else:
            found += run
    return found


def _is_list(question: str, run: Sequence[Near], ours: Form) -> bool:
    """Return whether each tick box says something of its own, and none asks what the rules need by itself."""
    words = {_words(box) for box in run}
    is_clear = len(words) == len(run) and not words & {"", question}
    return is_clear and not any(_is_ours(box, ours) for box in run)


def _as_one(question: str, run: Sequence[Near]) -> Near:
    return replace(
        run[0],
        label=question,
        certainty=Certainty.LIKELY,
        why="it says that several may be ticked",
        tooltip="",
        means={f"{box.name}={box.places[0].state}": _words(box) for box in run},
        parts=tuple(run),
        parts_of=Of.LIST,
    )


def _runs(boxes: Sequence[Near]) -> Iterator[tuple[str, list[Near]]]:
    """Yield the tick boxes under each such question with it; every other box alone, with ""."""
    question, run = "", list[Near]()
    for box in boxes:
        asked = _question(box)
        if run and (asked not in ("", question) or not _goes_on(run[-1], box)):
            yield question, run
            run = []
        if not run:
            question = asked
        if not question:
            yield "", [box]
            continue
        run.append(box)
    if run:
        yield question, run


def _question(box: Near) -> str:
    """Return the print left of a tick box, or over it, that lets a person tick several; "" for none."""
    if not is_lone(box) or box.is_unclear or box.parts:
        return ""
    return next((one for one in (*box.before, box.over) if ASKED.search(one)), "")


def _words(box: Near) -> str:
    """Return what is printed at a tick box, without the signs that part answers and states."""
    return re.sub("[:;]", "", box.beside[0] or box.label).strip()


def _goes_on(last: Near, box: Near) -> bool:
    """Return whether a box is a tick box of the same rows."""
    if not is_lone(box) or box.is_unclear or box.parts or last.places[0].page != box.places[0].page:
        return False
    return abs(last.places[0].rectangle[1] - box.places[0].rectangle[1]) <= ROWS


def _is_ours(box: Near, ours: Form) -> bool:
    """Return whether a tick box asks a question of ours by itself: the rules need its yes."""
    return any(
        likeness(box, field) >= NOT_SURE
        for field in ours.fields.values()
        if field.kind is FieldKind.TICK
    )
