"""PDFs of public test suites, dropped at once: each has a receipt, and none is a record.

Every third of two hundred in `make test`, all of them by `make found`.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections import Counter
from pathlib import Path

import pytest

from formflow.core.model import Light, Outcome
from formflow.core.settings import Settings
from formflow.reading.sandbox import parent as room
from tests.pipeline.test_walk import entries, run
from tests.support.offices import drop, files

FOUND = Path(__file__).parents[3] / "shared" / "corpus" / "found"
EVERY = int(os.environ.get("FORMFLOW_FOUND_EVERY", "3"))
GOOD = "red-planned-secrecy-pdfjs"
BETWEEN_TWO_LOOKS_SECONDS = 1


@pytest.fixture
def took(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, float]]:
    """Return a list of the processor seconds that each request took, and might take."""
    seconds: list[tuple[float, float]] = []
    ask = room._Child.ask

    def timed(child: room._Child, wanted: str, path: Path, allowed: float) -> bytes | None:
        before = child._costs()[0]
        answer = ask(child, wanted, path, allowed)
        seconds.append((child._costs()[0] - before, allowed))
        return answer

    monkeypatch.setattr(room._Child, "ask", timed)
    return seconds


@pytest.mark.slow
def test_no_found_file_stops_the_others_or_passes_for_a_form(
    office: Settings,
    took: list[tuple[float, float]],
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    papers = sorted(FOUND.glob("*.pdf"))[::EVERY]
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
        print(f"\n{len(papers)} found files, longest {max(took)[0]:.1f} s, {counts}")
    assert files(office.watch[0].folder) == []
    assert len({entry.reference for entry in ended}) == len(papers)
    receipts = " ".join(files(office.folders.receipts))
    assert [entry.reference for entry in ended if entry.reference not in receipts] == []
    assert {entry.outcome for entry in ended} <= {Outcome.HELD, Outcome.UNREADABLE}
    lights = [entry.proposal.light for entry in ended if entry.proposal]
    assert Light.GREEN not in {*lights, *(entry.highest_light for entry in ended)}
    said = {found.code for entry in ended for found in entry.notices}
    assert not said & {"FF-112", "FF-120"}, "one took too much, or a fault of our own"
    assert [record.getMessage() for record in caplog.records] == []
    assert [one for one in took if one[0] > one[1] + BETWEEN_TWO_LOOKS_SECONDS] == []
    drop(office, GOOD)
    run(office)
    assert [entry.outcome for entry in entries(office)[len(papers) :]] == [Outcome.RECORDED]
