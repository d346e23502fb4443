"""Two hundred PDFs of public test suites, dropped at once: each has a receipt, and none is a record."""

from __future__ import annotations

import logging
import shutil
from collections import Counter
from pathlib import Path

import pytest

from formflow.model import Light, Outcome
from formflow.settings import Settings
from tests.offices import files
from tests.test_walk import entries, run

FOUND = Path(__file__).parents[2] / "shared" / "corpus" / "found"


@pytest.mark.timeout(300)
def test_no_found_file_stops_the_others_or_passes_for_a_form(
    office: Settings, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    papers = sorted(FOUND.glob("*.pdf"))
    if not papers:
        pytest.skip("the corpus of found files is not beside the project")
    for paper in papers:
        shutil.copyfile(paper, office.watch[0].folder / paper.name)
    with caplog.at_level(logging.WARNING):
        run(office)
    ended = entries(office)
    assert files(office.watch[0].folder) == []
    codes = Counter(
        next((found.code for found in entry.notices if found.holds), "none") for entry in ended
    )
    with capsys.disabled():
        print(f"\n{len(papers)} found files: {dict(codes.most_common())}")
    receipts = files(office.folders.receipts)
    assert len({entry.reference for entry in ended}) == len(papers)
    assert all(any(entry.reference in name for name in receipts) for entry in ended)
    assert {entry.outcome for entry in ended} <= {Outcome.HELD, Outcome.UNREADABLE}
    assert all(entry.highest_light is not Light.GREEN for entry in ended)
    assert "FF-120" not in codes, "something went wrong in FormFlow itself"
    assert "could not be assessed" not in caplog.text
