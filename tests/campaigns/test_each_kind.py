"""The campaign of faults at each kind of destination: a few of its cells, and that they can be red. `make faults` tries all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from formflow_connectors import webhook_post
from tests.campaigns import each_kind
from tests.campaigns.cells import NOT_ASKED, RED
from tests.campaigns.each_kind import ONCE, REFUSED, WAITS, Campaign, Cell, table, untried
from tests.campaigns.faults_of_kinds import FAULTS
from tests.campaigns.kinds import KINDS, serving

FAULT = {fault.name: fault for fault in FAULTS}
KIND = {kind.name: kind for kind in KINDS}


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaign]:
    """Return a campaign whose servers run, with a webhook that was begun."""
    folder = tmp_path_factory.mktemp("campaign")
    with serving(folder) as servers:
        begun = Campaign(folder, servers)
        begun.begin(KIND["webhook_record"])
        yield begun


@pytest.mark.parametrize(
    ("fault", "state"), [("429, Retry-After", WAITS), ("4xx", REFUSED), ("slow", ONCE)]
)
def test_a_webhook_in_trouble_waits_is_refused_or_delivers_once(
    campaign: Campaign, fault: str, state: str
) -> None:
    cell = campaign.cell(KIND["webhook_record"], FAULT[fault])
    assert (cell.wrong, cell.state) == ((), state)


def test_a_kind_that_takes_a_refusal_for_a_yes_is_red(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_post, "refuse", lambda *_: None)
    cell = campaign.cell(KIND["webhook_record"], FAULT["4xx"])
    assert cell.shown == RED
    assert any("called delivered" in words for words in cell.wrong)
    assert any("in the end" in words for words in cell.wrong)


def test_every_kind_that_writes_for_others_has_a_column(monkeypatch: pytest.MonkeyPatch) -> None:
    assert untried() == set()
    monkeypatch.setattr(each_kind, "KINDS", KINDS[1:])
    assert untried() == {KINDS[0].name}


def test_the_table_has_a_row_for_each_fault_and_a_column_for_each_kind() -> None:
    cells = [
        Cell("full", "webhook", WAITS),
        Cell("full", "csv_file", WAITS, ("no words for FF-473",)),
        Cell("slow", "webhook", ONCE),
        Cell("slow", "csv_file", NOT_ASKED),
    ]
    head, full, slow, reason = table(cells).splitlines()
    assert head.split() == ["webhook", "csv_file"]
    assert full.split() == ["full", WAITS, RED]
    assert slow.split() == ["slow", ONCE, "-"]
    assert reason == "csv_file, full: no words for FF-473"
