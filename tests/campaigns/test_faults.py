"""The campaign of faults can fail: a mechanism that is taken out makes its cells red. `make faults` tries every fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.campaigns.cells import COLUMNS, NOT_ASKED, RED, Row, Seen, table
from tests.campaigns.faults import Campaign
from tests.campaigns.troubles import FAULTS
from tests.support.inbox import Inbox, inbox
from tests.support.outcomes import Tally

__all__ = ["inbox"]  # a mail server, as a fixture

REPLACED = next(one for one in FAULTS if one.name == "destination replaced by an empty folder")
NO_MARKERS = """
from formflow.delivery import places
places.why_not = places.target_of = lambda *_: None
"""
CLEAN = Tally(1, (), (), (), (), 0)


def test_a_mechanism_that_is_taken_out_makes_its_cells_red(
    tmp_path: Path, inbox: tuple[Inbox, int]
) -> None:
    campaign = Campaign(tmp_path, *inbox, earlier=1, later=1)
    row = campaign.row(REPLACED, without=NO_MARKERS)
    cells = dict(zip((column.name for column in COLUMNS), row.cells, strict=True))
    assert row.is_red
    assert {name for name, cell in cells.items() if cell == RED} == {
        "record kept",  # the papers lie in a folder that nobody looks into
        "told in words",
        "nothing else",
    }


@pytest.mark.parametrize(
    ("seen", "is_red"),
    [
        (Seen(CLEAN, True, True, True, (), ()), False),
        (Seen(CLEAN, None, True, True, ("formflow retry",), ()), False),
        (Seen(CLEAN, False, True, True, (), ()), True),
        (Seen(CLEAN, True, False, True, (), ()), True),
        (Seen(CLEAN, True, True, False, (), ()), True),
        (Seen(CLEAN, True, True, True, (), ("left behind: a.pdf",)), True),
        (Seen(Tally(1, ("lost",), (), (), (), 0), True, True, True, (), ()), True),
        (Seen(Tally(1, (), ("twice",), (), (), 0), True, True, True, (), ()), True),
        (Seen(Tally(1, (), (), ("green",), (), 0), True, True, True, (), ()), True),
        (Seen(Tally(1, (), (), (), ("unseen",), 0), True, True, True, (), ()), True),
        (Seen(Tally(1, (), (), (), (), 3), True, True, True, (), ()), False),
    ],
)
def test_what_makes_a_row_red(seen: Seen, is_red: bool) -> None:
    assert Row("a fault", seen).is_red is is_red


def test_the_table_has_a_line_for_each_fault_and_says_what_stands_behind_a_cell() -> None:
    rows = [
        Row("a fault", Seen(CLEAN, None, True, True, ("formflow retry",), ())),
        Row("another", None, "nothing can be mounted here"),
    ]
    lines = table(rows).splitlines()
    assert NOT_ASKED in lines[1]
    assert "by hand" in lines[1]
    assert lines[2].endswith("not tried here")
    assert "a fault: by hand: formflow retry" in lines
    assert "another: nothing can be mounted here" in lines
