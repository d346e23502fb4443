"""Where something is to be written: on lines, in empty cells, under the label in a cell. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formflow.admin.fillable.choices import Gap, Kind
from formflow.admin.fillable.page import SIDES, Page, Print, holds, overlap
from formflow.admin.learn.sheet import Rule
from formflow.forms.manifest import Rectangle

INSET = 1.5  # points from the sides of a cell
SHORTEST, LOWEST = 22.0, 9.5  # points of a place to write in: across, and up
LETTER = 26.0  # points: a cell no wider takes one letter
LINE = 1.6  # times the size of the letters: how high a line to write on is
SEVERAL = 2.6  # the same: a place so high takes several lines
PITCH = 3.2  # the same: lines to write on so far apart are one place
BEHIND, OVER, HANGS = (
    260.0,
    2.4,
    14.0,
)  # from a label to its line: points; times the size over it; points under it
HEADING = 1.2  # the same: print so high over a line is a heading with a line under it
LEADS = (":", "?")


def writing(page: Page, taken: Sequence[Gap]) -> list[Gap]:
    """Return where something is to be written, besides the places that are taken."""
    found: list[Gap] = []
    used = [gap.place for gap in taken]
    for wanted in (*_combs(page), *_in_cells(page, used), *_on_lines(page)):
        gap = _below(wanted, used)
        if not any(overlap(gap.place, other) for other in used):
            found.append(gap)
            used.append(gap.place)
    return found


def _below(gap: Gap, used: Sequence[Rectangle]) -> Gap:
    """Return a place no higher than the foot of the one over it, where a line stands close under a table."""
    left, bottom, right, top = gap.place
    over = [one[1] for one in used if overlap(gap.place, one) and one[1] >= bottom + LOWEST]
    return replace(gap, place=(left, bottom, right, min([top, *over])))


def _is_empty(cell: Rectangle, page: Page) -> bool:
    return not any(holds(cell, one.place) or overlap(cell, one.place, 3.0) for one in page.prints)


def _combs(page: Page) -> Iterator[Gap]:
    """Yield runs of narrow empty cells: a letter goes into each."""
    run: list[Rectangle] = []
    narrow = [one for one in page.cells if one[2] - one[0] <= LETTER and _is_empty(one, page)]
    for cell in sorted(narrow, key=lambda one: (-round(one[1]), one[0])):
        if run and not (abs(run[-1][1] - cell[1]) < SIDES and abs(run[-1][2] - cell[0]) < SIDES):
            yield from _comb(run)
            run = []
        run.append(cell)
    yield from _comb(run)


def _comb(run: Sequence[Rectangle]) -> Iterator[Gap]:
    if len(run) > 2:
        around = (run[0][0], run[0][1], run[-1][2], run[0][3])
        yield Gap(Kind.CELLS, around, cells=len(run))


def _in_cells(page: Page, used: Sequence[Rectangle]) -> Iterator[Gap]:
    for cell in page.cells:
        if any(overlap(cell, place) for place in used):
            continue
        if _is_empty(cell, page):
            if _is_asked(cell, page):
                yield from _gap(_inner(cell), page)
        else:
            yield from _beside_its_label(cell, page)


def _is_asked(cell: Rectangle, page: Page) -> bool:
    """Return whether print stands in a cell left of an empty one, or over it, other empty ones between."""
    seen, here = {cell}, [cell]
    while here:
        one = here.pop()
        for other in page.cells:
            if other in seen or not (_is_left_of(other, one) or _is_over(other, one)):
                continue
            if not _is_empty(other, page):
                return True
            seen.add(other)
            here.append(other)
    is_by_itself = len(seen) == 1 and not any(
        (_is_left_of(cell, other) or _is_over(cell, other)) and not _is_empty(other, page)
        for other in page.cells
    )
    return is_by_itself and any(_leads_to(one, cell, page) for one in page.prints)


def _is_left_of(other: Rectangle, cell: Rectangle) -> bool:
    return abs(other[2] - cell[0]) < SIDES and _shared(other, cell, 1) > 0.5 * (cell[3] - cell[1])


def _is_over(other: Rectangle, cell: Rectangle) -> bool:
    return abs(other[1] - cell[3]) < SIDES and _shared(other, cell, 0) > 0.5 * (cell[2] - cell[0])


def _shared(one: Rectangle, other: Rectangle, side: int) -> float:
    return min(one[side + 2], other[side + 2]) - max(one[side], other[side])


def _leads_to(one: Print, place: Rectangle, page: Page) -> bool:
    """Return whether print stands left of a place, right over it, or hangs under it."""
    left, bottom, right, top = one.place
    is_level = bottom < place[3] and place[1] < top
    if is_level and -2 <= place[0] - right <= BEHIND:
        return True
    if min(right, place[2]) - max(left, place[0]) <= 0:
        return False
    return -2 <= bottom - place[3] <= OVER * page.size or -2 <= place[1] - top <= HANGS


def _inner(cell: Rectangle) -> Rectangle:
    return (cell[0] + INSET, cell[1] + INSET, cell[2] - INSET, cell[3] - INSET)


def _gap(place: Rectangle, page: Page) -> Iterator[Gap]:
    """Yield a place where it is large enough to write in."""
    wide, high = place[2] - place[0], place[3] - place[1]
    if wide >= SHORTEST and high >= min(LOWEST, 1.1 * page.size):
        yield Gap(Kind.LINES if high >= SEVERAL * page.size else Kind.LINE, place)


def _beside_its_label(cell: Rectangle, page: Page) -> Iterator[Gap]:
    """Yield what is free in a cell with print at its top or left, where no empty cell is there for the answer."""
    prints = [one for one in page.prints if holds(cell, one.place)]
    inner = _inner(cell)
    if (
        not prints
        or _has_an_empty_neighbour(cell, page)
        or any(holds(cell, one) for one in page.marks)
    ):
        return
    foot = min(one.place[1] for one in prints)
    is_long = len({round(one.place[1]) for one in prints}) > 2
    least = SEVERAL * page.size if is_long else LINE * page.size
    starts = max(one.place[3] for one in prints) > cell[3] - 1.2 * page.size - 4
    if starts and foot - inner[1] >= least:
        yield from _gap((inner[0], inner[1], inner[2], foot - 1), page)
        return
    for one in prints:
        if not one.text.rstrip().endswith(LEADS):
            continue
        behind = [
            other.place[0]
            for other in prints
            if other.place[0] > one.place[2] and _shared(other.place, one.place, 1) > 0
        ]
        right = min([inner[2], *(edge - 4 for edge in behind)])
        if right - one.place[2] >= 50:
            yield from _gap(
                (one.place[2] + 3, one.place[1] - 2, right, min(inner[3], one.place[3] + 2)), page
            )


def _has_an_empty_neighbour(cell: Rectangle, page: Page) -> bool:
    return any(
        (_is_left_of(cell, other) or _is_over(cell, other)) and _is_empty(other, page)
        for other in page.cells
    )


def _on_lines(page: Page) -> Iterator[Gap]:
    """Yield what is free on lines to write on; lines one right under the other are one place."""
    led = {place for rule in page.leaders for place in _free(rule, page)}
    ruled = {place for rule in page.lines for place in _free(rule, page)}
    segments = sorted(led | ruled, key=lambda one: (-one[1], one[0]))
    done: set[Rectangle] = set()
    for first in segments:
        if first in done or not (first in led or _is_labelled(first, segments, page)):
            continue
        last = first
        while (under := _goes_on(last, segments, page)) is not None:
            done.add(under)
            last = under
        if last is first:
            yield from _gap(first, page)
        else:
            yield Gap(Kind.LINES, (first[0], last[1], first[2], first[3]))


def _free(rule: Rule, page: Page) -> Iterator[Rectangle]:
    """Yield the pieces of a line on which nothing is printed, as high as one writes there."""
    high = LINE * page.size
    band = (rule.start, rule.at + 0.5, rule.end, rule.at + 0.6 * high)
    over = sorted(one.place for one in page.prints if overlap(one.place, band, 0.5))
    edge = rule.start
    for place in (*over, (rule.end, 0.0, rule.end, 0.0)):
        right = min(rule.end, place[0] - (3 if place[0] < rule.end else 0))
        if right - edge >= SHORTEST:
            yield (edge, rule.at + 0.5, right, _ceiling(edge, right, rule.at, high, page))
        edge = max(edge, place[2] + 3)


def _ceiling(left: float, right: float, foot: float, high: float, page: Page) -> float:
    """Return how high one can write over a line: to the print over it, at most."""
    over = [
        one.place[1]
        for one in page.prints
        if one.place[1] > foot + 0.6 * high and min(right, one.place[2]) > max(left, one.place[0])
    ]
    return min([foot + high, *(edge - 0.5 for edge in over)])


def _is_labelled(place: Rectangle, segments: Sequence[Rectangle], page: Page) -> bool:
    """Return whether print leads to a line: else it only parts what is over it from what is under it."""
    before = _label_before(place, segments, page)
    if before is not None:
        is_heading = before.place[3] - before.place[1] > HEADING * page.size
        return before.text.endswith(LEADS) or not is_heading
    is_wide = place[2] - place[0] > 0.7 * page.width
    for one in page.prints:
        is_level = one.place[1] < place[3] and place[1] < one.place[3]
        if is_level or not _leads_to(one, place, page):
            continue
        is_over = one.place[1] >= place[3] - 2
        if one.text.endswith(LEADS) if is_over else not is_wide:
            return True
    return False


def _label_before(place: Rectangle, segments: Sequence[Rectangle], page: Page) -> Print | None:
    """Return the print left of a line, with no other line between."""
    level = [
        one
        for one in page.prints
        if one.place[1] < place[3]
        and place[1] < one.place[3]
        and -2 <= place[0] - one.place[2] <= BEHIND
        and not any(
            other != place
            and one.place[2] <= other[0]
            and other[2] <= place[0]
            and _shared(other, place, 1) > 0
            for other in segments
        )
    ]
    return max(level, key=lambda one: one.place[2], default=None)


def _goes_on(place: Rectangle, segments: Sequence[Rectangle], page: Page) -> Rectangle | None:
    """Return the line right under another one, as long, with nothing printed between or at its start."""
    for other in segments:
        gap = place[1] - other[1]
        if (
            0 < gap <= PITCH * page.size
            and abs(other[0] - place[0]) < SIDES
            and abs(other[2] - place[2]) < SIDES
        ):
            between = (other[0] - SIDES, other[1], other[2], place[1] - 1)
            is_free = not any(overlap(between, one.place, 0.5) for one in page.prints)
            is_free = is_free and _label_before(other, segments, page) is None
            return other if is_free else None
    return None
