"""The table of a campaign: a row for each fault, a column for each thing that was asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.support.outcomes import Tally

GREEN, RED, NOT_ASKED = "ok", "RED", "-"


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of a day on which something was wrong."""

    found: Tally
    told: bool | None  # None: there was nothing to tell
    was_alerted: bool  # while it was wrong
    rests: bool  # at the end nothing waits
    by_hand: tuple[str, ...]  # what a person had to do
    extra: tuple[str, ...]  # what else is not as it should be


@dataclass(frozen=True, slots=True)
class Column:
    """One thing that is asked of every fault."""

    name: str
    cell: Callable[[Seen], str]


def _green(is_right: bool) -> str:
    return GREEN if is_right else RED


def _recovers(seen: Seen) -> str:
    if not seen.rests:
        return RED
    return "by hand" if seen.by_hand else GREEN


COLUMNS = (
    Column("record kept", lambda seen: _green(not seen.found.lost)),
    Column("nothing doubled", lambda seen: _green(not seen.found.doubled)),
    Column("judged right", lambda seen: _green(not seen.found.wrong)),
    Column("told in words", lambda seen: NOT_ASKED if seen.told is None else _green(seen.told)),
    Column("alert out", lambda seen: _green(not seen.found.unseen and seen.was_alerted)),
    Column("recovers by itself", _recovers),
    Column("nothing else", lambda seen: _green(not seen.extra)),
)


@dataclass(frozen=True, slots=True)
class Row:
    """What a fault has shown: a cell for each column, or why it could not be tried here."""

    name: str
    seen: Seen | None
    why_not: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        """The cells, in the order of COLUMNS; none where it was not tried."""
        return tuple(column.cell(self.seen) for column in COLUMNS) if self.seen else ()

    @property
    def is_red(self) -> bool:
        """Whether a cell is red."""
        return RED in self.cells

    @property
    def reasons(self) -> tuple[str, ...]:
        """What stands behind the cells, for whoever looks into it."""
        if self.seen is None:
            return (self.why_not,)
        found = self.seen.found
        wrong = (*found.lost, *found.doubled, *found.wrong, *found.unseen, *self.seen.extra)
        return (*(f"by hand: {one}" for one in self.seen.by_hand), *wrong)


def table(rows: Sequence[Row]) -> str:
    """Return the table, and below it what stands behind its cells."""
    wide = max(len(row.name) for row in rows)
    lines = ["  ".join([" " * wide, *(column.name for column in COLUMNS)])]
    for row in rows:
        cells = [
            cell.ljust(len(column.name)) for cell, column in zip(row.cells, COLUMNS, strict=False)
        ]
        lines.append("  ".join([row.name.ljust(wide), *(cells or ["not tried here"])]).rstrip())
    lines += [f"{row.name}: {one}" for row in rows for one in row.reasons]
    return "\n".join(lines)
