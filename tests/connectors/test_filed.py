"""What destinations tell of what they hold, as it is asked after a backup was restored."""

from __future__ import annotations

import pytest

from formflow.core.model import Entry
from formflow.core.settings import Settings
from formflow.delivery.parcels import parcel_key
from formflow.sdk import Filed, Operation, TellsWhatIsFiled, Unavailable
from tests.pipeline.test_walk import entries
from tests.stories.test_restored import Day
from tests.support import worker
from tests.support.offices import dsl_folder

TELLING = {"Alerts", "Receipts", "Child files", "Register workbook", "Record lines"}


@pytest.fixture
def day(office: Settings) -> Day:
    return Day(office)


def filed(office: Settings, name: str) -> list[Filed]:
    """What one destination tells."""
    connector = worker.context_of(office).destinations[name]
    assert isinstance(connector, TellsWhatIsFiled)
    return list(connector.filed())


def named(entry: Entry) -> tuple[str, int]:
    return entry.reference, entry.revision


def test_what_holds_nothing_tells_nothing(day: Day) -> None:
    there = worker.context_of(day.office).destinations
    assert {name for name, one in there.items() if isinstance(one, TellsWhatIsFiled)} == TELLING
    assert [filed(day.office, name) for name in sorted(TELLING)] == [[]] * len(TELLING)


def test_each_tells_every_revision_that_it_holds(day: Day) -> None:
    day.drops("One Child", "Two Child")
    day.drops("One Child", context_planned="no")
    seen = day.office.folders.alerts / "Seen"
    page = next(day.office.folders.alerts.glob("*.html"))
    page.rename(seen / page.name)
    known = {named(entry) for entry in entries(day.office)}
    assert {revision for _, revision in known} == {1, 2}
    for name in TELLING:
        assert {(one.reference, one.revision) for one in filed(day.office, name)} == known


def test_child_files_tell_key_moment_child_and_the_paper_as_it_came(day: Day) -> None:
    day.drops("One Child")
    (entry,) = entries(day.office)
    (one,) = filed(day.office, "Child files")
    assert one.key == parcel_key(entry.identity, "Child files", Operation.RECORD)
    assert one.recorded_at == entry.recorded_at
    assert one.child_reference == entry.child_reference
    assert one.original is not None
    kept = worker.context_of(day.office).vault.original(entry.sha256)
    assert one.original.read_bytes() == kept.read_bytes()


def test_a_paper_of_which_nobody_knows_the_child_has_none(day: Day) -> None:
    (day.office.watch[0].folder / "scan.pdf").write_bytes(b"no PDF")
    worker.settle(day.office)
    (one,) = filed(day.office, "Child files")
    assert one.child_reference is None
    assert one.original is not None
    assert one.original.read_bytes() == b"no PDF"


@pytest.mark.parametrize("name", sorted(TELLING))
def test_one_that_is_away_says_so(day: Day, name: str) -> None:
    folders = day.office.folders
    where = folders.receipts if name == "Receipts" else dsl_folder(day.office)
    where.rename(where.with_name("away"))
    with pytest.raises(Unavailable):
        filed(day.office, name)
