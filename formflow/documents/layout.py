"""Where everything is on the paper: Form -> pages of placed words and boxes. Pure.

Units are points from the lower left corner of an A4 page, as in PDF. One column, form order, so that
the tab order, the reading order and the order on paper are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from formflow.core.text_wrap import width_of, wrapped
from formflow.forms.catalogue import Field, FieldKind, Form, Section

PAGE_WIDTH, PAGE_HEIGHT = 595.28, 841.89
LEFT, RIGHT, TOP, BOTTOM = 45.0, 550.0, 806.0, 48.0
BOX_LEFT = 228.0  # one-line boxes and choices begin here
BOX_HEIGHT = 22.0  # of one line
HALF_LABEL = 92.0  # of two questions on one row: width of each label
TIME_WIDTH, TIME_GAP = 54.0, 28.0  # of a box for the time alone, and its word before it
CIRCLE_COLUMNS = (432.0, 474.0, 522.0)  # centres of Yes, No, Not known
CIRCLE_RADIUS = 6.0
LINE_PITCH = 17.0  # of handwriting
CHOICE_PITCH, CHOICE_SIZE, CHOICE_GAP = 22.0, 9.0, 16.0
BODY, BOLD, ITALIC = "Helvetica", "Helvetica-Bold", "Helvetica-Oblique"
LABEL_SIZE, LABEL_LEADING = 9.5, 11.5


@dataclass(frozen=True, slots=True)
class Words:
    """One line of print."""

    x: float
    y: float
    text: str
    font: str
    size: float
    tag: str  # structure type: H1, H2, P
    grey: float = 0.0  # 0 black


@dataclass(frozen=True, slots=True)
class Box:
    """Where one widget stands: a text box, or one circle of a group."""

    field: Field
    name: str  # in the PDF
    state: str | None  # None for text
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Line:
    """A thin rule, or a filled bar when `height` is given."""

    x: float
    y: float
    width: float
    grey: float
    height: float = 0.0


Placed = Words | Box | Line


@dataclass
class _Page:
    """A page being filled from the top."""

    placed: list[Placed] = field(default_factory=list)
    y: float = TOP


@dataclass
class _Block:
    """Something that must not be torn apart: its height, and what is in it below its own top."""

    height: float
    placed: list[Placed]  # y counted from the block's top, negative
    is_tick: bool = False


def lay_out(form: Form) -> list[list[Placed]]:
    """Return what is on each page of a form's blank."""
    pages = [_Page()]
    _place(pages, _title(form))
    for section in form.sections:
        _lay_out_section(pages, section)
    return [page.placed for page in pages]


def _lay_out_section(pages: list[_Page], section: Section) -> None:
    after_tick = False
    for entry, details in _with_details(section):
        block = _row(entry, details, section)
        if block.is_tick and not (after_tick and block.height <= _room(pages[-1])):
            block = _joined(_column_heads(), block)
        if entry is section.fields[0]:
            block = _joined(_heading(section), block)
        _place(pages, block)
        after_tick = block.is_tick


def _row(entry: Field, details: list[Field], section: Section) -> _Block:
    """Return a question with what stands beside it, or below it as a part of it."""
    if details and details[0].beside:
        return _two_on_a_row(entry, details[0])
    block = _field_block(entry, section)
    for detail in details:
        block = _joined(block, _field_block(detail, section))
    return block


def _with_details(section: Section) -> Iterator[tuple[Field, list[Field]]]:
    """Yield each text or question, with the one beside it, or the choices after it that tell more of it: by their names.

    On paper, a page that begins with “Weight of the evidence” would not say of what.
    """
    found: list[tuple[Field, list[Field]]] = []
    for entry in section.fields:
        before = found[-1][0] if found else None
        is_detail = (
            entry.kind is FieldKind.CHOICE
            and before is not None
            and before.kind is FieldKind.LONG_TEXT
            and entry.name.startswith(f"{before.name}_")
        )
        if found and (is_detail or entry.beside):
            found[-1][1].append(entry)
        else:
            found.append((entry, []))
    yield from found


def _place(pages: list[_Page], block: _Block) -> None:
    if _room(pages[-1]) < block.height:
        pages.append(_Page())
    page = pages[-1]
    page.placed += [_moved(thing, page.y) for thing in block.placed]
    page.y -= block.height


def _room(page: _Page) -> float:
    return page.y - BOTTOM


def _moved(thing: Placed, top: float) -> Placed:
    return replace(thing, y=top + thing.y)


def _joined(above: _Block, below: _Block) -> _Block:
    lowered = [_moved(thing, -above.height) for thing in below.placed]
    return _Block(above.height + below.height, above.placed + lowered, below.is_tick)


def _paragraph(
    text: str, width: float, top: float, font: str, size: float, tag: str, grey: float = 0.0
) -> tuple[list[Placed], float]:
    leading = size * 1.25
    lines = wrapped(text, font, size, width)
    placed: list[Placed] = [
        Words(LEFT, top - size - index * leading, line, font, size, tag, grey)
        for index, line in enumerate(lines)
    ]
    return placed, len(lines) * leading


def _title(form: Form) -> _Block:
    width = RIGHT - LEFT
    placed, height = _paragraph(form.title, width, 0, BOLD, 18, "H1")
    for text in (form.intro, form.filing):
        more, added = _paragraph(text, width, -height - 4, BODY, 9.5, "P")
        placed, height = placed + more, height + added + 4
    strip, tall = _paragraph(form.how_to_save, width - 22, -height - 15, BODY, 9.5, "P")
    bar = Line(LEFT, -height - tall - 23, 3, 0, tall + 15)
    placed += [bar, *(_indented(words, 13) for words in strip)]
    return _Block(height + tall + 29, placed)


def _indented(thing: Placed, by: float) -> Placed:
    return replace(thing, x=thing.x + by)


def _heading(section: Section) -> _Block:
    width = RIGHT - LEFT
    lines = wrapped(section.label, BOLD, 11.5, width - 12)
    bar = 14.0 * len(lines) + 6
    placed: list[Placed] = [Line(LEFT, -8 - bar, width, 0.9, bar)]
    placed += [
        Words(LEFT + 6, -8 - 14.0 * (index + 1) + 1, line, BOLD, 11.5, "H2")
        for index, line in enumerate(lines)
    ]
    height = 8 + bar
    if section.prompt:
        prompt, added = _paragraph(section.prompt, width, -height - 3, ITALIC, 9, "P", 0.25)
        placed, height = placed + prompt, height + added + 3
    return _Block(height + 4, placed)


def _column_heads() -> _Block:
    words: list[Placed] = []
    for centre, text in zip(CIRCLE_COLUMNS, ("Yes", "No", "Not known"), strict=True):
        left = centre - width_of(text, BODY) * 8 / 2
        words.append(Words(left, -10, text, BODY, 8, "P", 0.25))
    return _Block(13, words)


def _field_block(entry: Field, section: Section) -> _Block:
    match entry.kind:
        case FieldKind.TICK:
            return _tick(entry)
        case FieldKind.CHOICE:
            return _choice(entry)
        case FieldKind.LONG_TEXT:
            return _long_text(entry, section)
        case _:
            return _one_line(entry)


def _label(entry: Field, width: float) -> list[str]:
    lines: list[str] = wrapped(entry.label, BODY, LABEL_SIZE, width)
    return lines


def _label_words(lines: list[str], first_baseline: float) -> list[Placed]:
    return [
        Words(LEFT, first_baseline - index * LABEL_LEADING, line, BODY, LABEL_SIZE, "P")
        for index, line in enumerate(lines)
    ]


def _tick(entry: Field) -> _Block:
    lines = _label(entry, CIRCLE_COLUMNS[0] - CIRCLE_RADIUS - LEFT - 16)
    height = max(18.0, len(lines) * LABEL_LEADING + 6)
    middle = -height / 2
    placed = _label_words(lines, middle + (len(lines) * LABEL_LEADING) / 2 - 9)
    placed += [
        _circle(entry, state, centre, middle)
        for state, centre in zip(entry.states, CIRCLE_COLUMNS, strict=True)
    ]
    placed.append(Line(LEFT, -height, RIGHT - LEFT, 0.85))
    return _Block(height, placed, is_tick=True)


def _circle(entry: Field, state: str, centre: float, middle: float) -> Box:
    across = 2 * CIRCLE_RADIUS
    left, low = centre - CIRCLE_RADIUS, middle - CIRCLE_RADIUS
    return Box(entry, entry.sources[0], state, left, low, across, across)


def _choice(entry: Field) -> _Block:
    lines = _label(entry, BOX_LEFT - LEFT - 12)
    rows = _rows_of_circles(entry)
    height = max(len(rows) * CHOICE_PITCH, len(lines) * LABEL_LEADING + 8)
    placed = _label_words(lines, (len(lines) * LABEL_LEADING - height) / 2 - 9)
    first = (len(rows) - 1) * CHOICE_PITCH / 2 - height / 2
    for number, row in enumerate(rows):
        placed += [_moved(thing, first - number * CHOICE_PITCH) for thing in row]
    return _Block(height, placed)


def _rows_of_circles(entry: Field) -> list[list[Placed]]:
    """Return the circles of a choice with their words, in as many rows as they need."""
    rows: list[list[Placed]] = [[]]
    x = BOX_LEFT
    beside = 2 * CIRCLE_RADIUS + 4
    for state, text in zip(entry.states, entry.state_labels, strict=True):
        width = width_of(text, BODY)
        size = min(CHOICE_SIZE, (RIGHT - BOX_LEFT - beside) / width)  # a long label grows small
        across = beside + width * size
        if rows[-1] and x + across > RIGHT:
            rows.append([])
            x = BOX_LEFT
        rows[-1].append(_circle(entry, state, x + CIRCLE_RADIUS, 0))
        rows[-1].append(Words(x + beside, -3, text, BODY, size, "P"))
        x += across + CHOICE_GAP
    return rows


def _one_line(entry: Field) -> _Block:
    lines = _label(entry, BOX_LEFT - LEFT - 12)
    height = max(BOX_HEIGHT + 6, len(lines) * LABEL_LEADING + 8)
    placed = _label_words(lines, (len(lines) * LABEL_LEADING - height) / 2 - 9)
    width = 160.0 if entry.kind is FieldKind.DATE else RIGHT - BOX_LEFT
    return _Block(height, placed + _written_boxes(entry, BOX_LEFT, -height / 2, width))


def _written_boxes(entry: Field, left: float, middle: float, width: float) -> list[Placed]:
    """Return the box of a question on one line; of a moment in two boxes, the one for its time after its day."""
    low = middle - BOX_HEIGHT / 2
    if len(entry.sources) == 1:
        return [Box(entry, entry.name, None, left, low, width, BOX_HEIGHT)]
    day, time = entry.sources
    wide = width - TIME_WIDTH - TIME_GAP
    return [
        Box(entry, day, None, left, low, wide, BOX_HEIGHT),
        Words(left + wide + 6, middle - 3, "Time", BODY, 8, "P", 0.25),
        Box(entry, time, None, left + width - TIME_WIDTH, low, TIME_WIDTH, BOX_HEIGHT),
    ]


def _two_on_a_row(one: Field, other: Field) -> _Block:
    """Return two short questions side by side, each in half of the width."""
    half = (RIGHT - LEFT - 12) / 2
    labels = [_label(entry, HALF_LABEL - 6) for entry in (one, other)]
    height = max(BOX_HEIGHT + 6, max(map(len, labels)) * LABEL_LEADING + 8)
    placed: list[Placed] = []
    for entry, lines, left in zip((one, other), labels, (0.0, half + 12), strict=True):
        words = _label_words(lines, (len(lines) * LABEL_LEADING - height) / 2 - 9)
        placed += [_indented(word, left) for word in words]
        box_left = LEFT + left + HALF_LABEL
        placed += _written_boxes(entry, box_left, -height / 2, half - HALF_LABEL)
    return _Block(height, placed)


def _long_text(entry: Field, section: Section) -> _Block:
    placed: list[Placed] = []
    height = 2.0
    is_first = section.fields[0] is entry
    if not is_first or not (entry.printed or entry.label == section.label):
        # else the box belongs to the heading above it
        lines = _label(entry, RIGHT - LEFT)
        placed += _label_words(lines, -height - LABEL_SIZE - 2)
        height += len(lines) * LABEL_LEADING + 5
    tall = entry.lines * LINE_PITCH
    placed += [
        Line(LEFT + 4, -height - (index + 1) * LINE_PITCH, RIGHT - LEFT - 8, 0.9)
        for index in range(0 if entry.for_reading else entry.lines - 1)
    ]
    placed.append(Box(entry, entry.sources[0], None, LEFT, -height - tall, RIGHT - LEFT, tall))
    return _Block(height + tall + 5, placed)
