"""The questions that an agency's own form never asks -> a page of circles, as close together as can be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from formflow.core.text_wrap import width_of, wrapped
from formflow.documents.blank import build_blank
from formflow.documents.layout import (
    BODY,
    BOLD,
    BOTTOM,
    CIRCLE_COLUMNS,
    LEFT,
    RIGHT,
    TOP,
    Box,
    Line,
    Placed,
    Words,
)
from formflow.forms.catalogue import Field, FieldKind, Form

SIZE, LEADING = 8.5, 9.5
RADIUS = 4.5  # of a circle
ROW = 12.0  # points from one question to the next
HALF = (RIGHT - LEFT) / 2  # two boxes to write in stand side by side
CAPTION, HEIGHT = 92.0, 17.0  # what is printed left of such a box, and how high it is
GAP = 14.0  # points between the answers of a choice
Block = tuple[float, list[Placed]]  # how high it is, and what is in it, counted from its top


def build(form: Form) -> bytes:
    """Return the fillable blank of an addendum as PDF."""
    return build_blank(form, lay_out(form))


def lay_out(form: Form) -> list[list[Placed]]:
    """Return what is on its page; on several where one has not the room."""
    pages: list[list[Placed]] = [[]]
    top = TOP
    for height, placed in _blocks(form):
        if top - height < BOTTOM:
            pages.append([])
            top = TOP
        pages[-1] += [replace(thing, y=top + thing.y) for thing in placed]
        top -= height
    return pages


def _blocks(form: Form) -> Iterator[Block]:
    yield _paragraph(form.title, BOLD, 14, "H1")
    for text in (form.intro, form.filing, form.how_to_save):
        yield _paragraph(text, BODY, SIZE, "P")
    for section in form.sections:
        yield _paragraph(section.label, BOLD, 9.5, "H2")
        written = [one for one in section.fields if not one.states]
        for at in range(0, len(written), 2):
            yield _side_by_side(written[at : at + 2])
        yield from (_choice(one) for one in section.fields if one.kind is FieldKind.CHOICE)
        ticks = [one for one in section.fields if one.kind is FieldKind.TICK]
        if ticks:
            yield _heads()
        yield from map(_tick, ticks)


def _paragraph(text: str, font: str, size: float, tag: str) -> Block:
    leading = size * 1.2
    lines = wrapped(text, font, size, RIGHT - LEFT)
    placed: list[Placed] = [
        Words(LEFT, -size - at * leading, line, font, size, tag) for at, line in enumerate(lines)
    ]
    return len(lines) * leading + 4, placed


def _side_by_side(fields: list[Field]) -> Block:
    placed: list[Placed] = []
    caption = CAPTION if len(fields) > 1 else HALF  # one alone has the room
    for at, field in enumerate(fields):
        left = LEFT + at * HALF
        lines = wrapped(field.label, BODY, SIZE, caption - 4)
        first = -HEIGHT / 2 + len(lines) * LEADING / 2 - 8.5
        placed += [
            Words(left, first - number * LEADING, line, BODY, SIZE, "P")
            for number, line in enumerate(lines)
        ]
        placed.append(
            Box(field, field.name, None, left + caption, -HEIGHT, HALF - CAPTION - 10, HEIGHT)
        )
    return HEIGHT + 5, placed


def _choice(field: Field) -> Block:
    x = LEFT + width_of(field.label, BODY) * SIZE + GAP
    placed: list[Placed] = [Words(LEFT, -11, field.label, BODY, SIZE, "P")]
    for state, said in zip(field.states, field.state_labels, strict=True):
        placed.append(_circle(field, state, x + RADIUS, -8))
        placed.append(Words(x + 2 * RADIUS + 3, -11, said, BODY, SIZE, "P"))
        x += 2 * RADIUS + 3 + width_of(said, BODY) * SIZE + GAP
    return 16, placed


def _heads() -> Block:
    said = zip(CIRCLE_COLUMNS, ("Yes", "No", "Not known"), strict=True)
    return 11, [Words(x - width_of(one, BODY) * 4, -8, one, BODY, 8, "P", 0.25) for x, one in said]


def _tick(field: Field) -> Block:
    lines = wrapped(field.label, BODY, SIZE, CIRCLE_COLUMNS[0] - RADIUS - LEFT - 8)
    height = max(ROW, len(lines) * LEADING + 2.5)
    first = -height / 2 + len(lines) * LEADING / 2 - 7.5
    placed: list[Placed] = [
        Words(LEFT, first - at * LEADING, line, BODY, SIZE, "P") for at, line in enumerate(lines)
    ]
    middle = -height / 2
    placed += [
        _circle(field, state, x, middle)
        for state, x in zip(field.states, CIRCLE_COLUMNS, strict=True)
    ]
    placed.append(Line(LEFT, -height, RIGHT - LEFT, 0.85))
    return height, placed


def _circle(field: Field, state: str, x: float, y: float) -> Box:
    return Box(field, field.sources[0], state, x - RADIUS, y - RADIUS, 2 * RADIUS, 2 * RADIUS)
