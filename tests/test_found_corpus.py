"""Two hundred PDFs of public test suites, dropped at once: each has a receipt, and none is a record."""

from __future__ import annotations

import logging
import shutil
import time
from collections import Counter
from pathlib import Path

import pytest

from formflow.cage import Cage
from formflow.limits import Limits
from formflow.model import Light, Outcome, Reading, Unread
from formflow.settings import Settings
from tests.offices import drop, files
from tests.test_walk import entries, run

FOUND = Path(__file__).parents[2] / "shared" / "corpus" / "found"
GOOD = "red-planned-secrecy-pdfjs"
MOST_SECONDS = Limits().deadline_seconds + 1  # to read one file, killed or not


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return a list that fills with the time that every reading took."""
    taken: list[float] = []
    read = Cage.read

    def timed(cage: Cage, path: Path) -> Reading | Unread:
        started = time.monotonic()
        try:
            return read(cage, path)
        finally:
            taken.append(time.monotonic() - started)

    monkeypatch.setattr(Cage, "read", timed)
    return taken


@pytest.mark.timeout(300)
def test_no_found_file_stops_the_others_or_passes_for_a_form(
    office: Settings,
    seconds: list[float],
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    papers = sorted(FOUND.glob("*.pdf"))
    if not papers:
        pytest.skip("the corpus of found files is not beside the project")
    for paper in papers:
        shutil.copyfile(paper, office.watch[0].folder / paper.name)
    with caplog.at_level(logging.WARNING):
        run(office)
    ended = entries(office)
    first = Counter(next(n.code for n in entry.notices if n.holds) for entry in ended)
    with capsys.disabled():
        counts = ", ".join(f"{code}: {count}" for code, count in first.most_common())
        print(f"\n{len(papers)} found files, longest {max(seconds):.1f} s, {counts}")
    assert files(office.watch[0].folder) == []
    assert len({entry.reference for entry in ended}) == len(papers)
    receipts = " ".join(files(office.folders.receipts))
    assert [entry.reference for entry in ended if entry.reference not in receipts] == []
    assert {entry.outcome for entry in ended} <= {Outcome.HELD, Outcome.UNREADABLE}
    lights = [entry.proposal.light for entry in ended if entry.proposal]
    assert Light.GREEN not in {*lights, *(entry.highest_light for entry in ended)}
    said = {found.code for entry in ended for found in entry.notices}
    assert "FF-120" not in said, "a fault of our own"
    assert [record.getMessage() for record in caplog.records] == []
    assert max(seconds) < MOST_SECONDS
    drop(office, GOOD)
    run(office)
    assert [entry.outcome for entry in entries(office)[len(papers) :]] == [Outcome.RECORDED]
