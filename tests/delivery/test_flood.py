"""Many files of one fault become one alert with their number; whatever could be read keeps its own."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

import pikepdf
import pytest

from formflow.core.clock import utc_now
from formflow.core.errors import ExitCode
from formflow.core.settings import Settings
from formflow.delivery import flood
from formflow.storage import faults, tasks, waiting
from formflow.storage import own_alerts as kept
from formflow.storage.database import looking, reading, writing
from tests.support import worker
from tests.support.offices import drop, files, formflow

URGENT, GREEN = "red-every-question-yes-pdflib", "green-free-play-pdfjs"


def junk(office: Settings, count: int, begin: int = 0) -> None:
    """Drop files that are no PDFs, each with other bytes."""
    for number in range(begin, begin + count):
        (office.watch[0].folder / f"Alex Example {number}.pdf").write_bytes(b"no form %d" % number)


def pages(office: Settings) -> dict[str, str]:
    """Return the alert pages by name."""
    folder = office.folders.alerts
    return {
        name: (folder / name).read_text("utf-8") for name in files(folder) if "Seen" not in name
    }


def told(office: Settings) -> list[kept.Told]:
    """Return the alerts about floods, oldest first."""
    with looking(office.state.folder) as connection:
        return list(kept.told_since(connection, "FF-460", utc_now() - timedelta(days=365)))


def unseen(office: Settings) -> list[str]:
    """Return the references of the records that somebody has to look at."""
    with looking(office.state.folder) as connection:
        return [one.reference for one in waiting.unacknowledged(connection)]


@pytest.mark.slow
def test_five_hundred_files_are_one_alert_and_the_urgent_form_among_them_has_its_own(
    office: Settings,
) -> None:
    junk(office, 250)
    drop(office, URGENT)
    drop(office, GREEN)
    junk(office, 250, begin=250)
    done = formflow(office, "run", "--once")
    assert done.returncode == ExitCode.DONE, done.stderr
    found = pages(office)
    assert len(found) == 3
    (page,) = [text for text in found.values() if "FF-460" in text]
    assert "500 files that arrived from the staff folder could not be read" in page
    assert "The file is not a PDF." in page
    assert "Many files could not be read." in page
    assert re.search(r"from FF-2026-0+\d+ to FF-2026-000\d+;", page)
    assert "Alex Example" not in page
    # Nothing ends in silence: each has its receipt and its record. No note lies in “Needs attention”.
    assert len(files(office.folders.receipts)) == 502
    assert files(office.folders.needs_attention) == []
    (receipt, *_) = (
        text
        for name in files(office.folders.receipts)
        if "FF-461" in (text := (office.folders.receipts / name).read_text("utf-8"))
    )
    assert "They are reported together" in receipt
    assert "ask for it by its reference" in receipt
    # The forms that were read wait for the DSL, and of the others their alert alone.
    assert len(unseen(office)) == 2
    status = formflow(office, "status").stdout
    assert len(re.findall(r"^! .*500 files", status, re.MULTILINE)) == 1
    assert formflow(office, "ack", told(office)[0].reference).returncode == ExitCode.DONE
    assert "500 files" not in formflow(office, "status").stdout


def test_an_urgent_form_does_not_wait_for_the_flood_it_came_with(office: Settings) -> None:
    junk(office, 45)
    drop(office, URGENT)
    worker.turn(office)
    (page,) = pages(office).values()  # the alert about the flood has not gone out yet
    assert "FF-460" not in page


def test_a_few_files_of_one_fault_are_told_one_by_one(office: Settings) -> None:
    junk(office, flood.FROM - 1)
    worker.settle(office)
    assert len(pages(office)) == len(unseen(office)) == flood.FROM - 1
    assert told(office) == []


def test_files_of_two_faults_are_two_alerts(office: Settings) -> None:
    junk(office, 30)
    for number in range(25):
        (office.watch[0].folder / f"{number}.pdf").mkdir()
    worker.settle(office)
    words = {one.words["fault"]: one.words["count"] for one in told(office)}
    assert words == {"FF-117": "30", "FF-116": "25"}
    assert len(pages(office)) == 2


def test_a_fault_that_only_reading_finds_is_told_together_from_the_twentieth_file_on(
    office: Settings,
) -> None:
    for number in range(23):
        with pikepdf.new() as locked:
            locked.docinfo["/Number"] = number
            path = office.watch[0].folder / f"{number}.pdf"
            locked.save(path, encryption=pikepdf.Encryption(owner="o", user="u"))
    worker.settle(office)
    (one,) = told(office)
    assert (one.words["fault"], one.words["count"]) == ("FF-104", "4")
    assert len(pages(office)) == flood.FROM - 1 + 1
    assert len(unseen(office)) == flood.FROM - 1


@pytest.mark.parametrize("fault", sorted(flood.TOLD_ONE_BY_ONE))
def test_what_a_person_may_be_able_to_read_is_never_told_together(
    office: Settings, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(faults, "recent", lambda *_: 1000)
    with reading(worker.context_of(office).engine) as connection:
        role = office.watch[0].role
        assert flood.noticed(connection, fault, role, utc_now()) == ()
        assert flood.noticed(connection, "FF-117", role, utc_now()) != ()


def due(office: Settings) -> list[datetime]:
    """Return when the deliveries of alerts about floods are due, those that have not gone out."""
    with looking(office.state.folder) as connection:
        rows = connection.exec_driver_sql(
            "SELECT task.due FROM task JOIN parcel ON parcel.id = task.ref_id"
            " WHERE task.kind = 'deliver' AND task.state = 0 AND parcel.own_alert IS NOT NULL"
        )
        return [datetime.fromtimestamp(row.due, utc_now().tzinfo) for row in rows]


def go_out(office: Settings) -> None:
    """Let what is on the list go out now, as when its time has come."""
    with writing(worker.context_of(office).engine) as connection:
        tasks.retry(connection, None, set_aside_too=False)
    worker.drain(office)


def test_it_waits_a_minute_for_more_and_an_hour_at_most(office: Settings) -> None:
    began = utc_now() + timedelta(days=1)  # so that it is never due while the test runs
    junk(office, 30)
    worker.turn(office, lambda: began)
    assert due(office) == [began + flood.QUIET]
    for minutes in range(1, 60, 2):
        junk(office, 1, begin=minutes * 100)
        worker.turn(office, lambda: began + timedelta(minutes=minutes))  # noqa: B023
    (one,) = told(office)
    assert one.words["count"] == "60"
    junk(office, 1, begin=9999)
    worker.turn(office, lambda: began + timedelta(minutes=59, seconds=30))
    assert due(office) == [began + flood.WITHIN]
    go_out(office)
    assert due(office) == []
    assert "61 files" in "".join(pages(office).values())


def test_another_alert_about_the_same_fault_comes_an_hour_after_the_first_began(
    office: Settings,
) -> None:
    began = utc_now() + timedelta(days=1)
    junk(office, 30)
    worker.turn(office, lambda: began)
    go_out(office)
    junk(office, 5, begin=100)
    worker.turn(office, lambda: began + timedelta(minutes=10))
    assert [one.words["count"] for one in told(office)] == ["30", "5"]
    assert due(office) == [began + flood.WITHIN]


def test_what_comes_after_a_form_that_was_read_keeps_an_alert_of_its_own(office: Settings) -> None:
    """It is the next revision of that form's record: whoever waits for one waits for the other."""
    form = drop(office, URGENT, "form.pdf")
    whole = form.read_bytes()
    worker.settle(office)
    assert unseen(office) == ["FF-2026-000001"]
    for number in range(25):
        half = b"%%PDF-1.7\n%d" % number + whole[20:9000]
        (office.watch[0].folder / f"{number}.pdf").write_bytes(half)
    form.write_bytes(whole + b"\n1 0 obj\n" + b"0" * 4000)
    worker.settle(office)
    (one,) = told(office)
    assert (one.words["fault"], one.words["count"]) == ("FF-103", "25")
    assert unseen(office) == ["FF-2026-000001"]
    assert sum("FF-2026-000001" in name for name in pages(office)) == 2


def test_nobody_is_told_later_of_each_file(office: Settings) -> None:
    """An alert that nobody acknowledges goes to the deputy; a flood does not go there one by one."""
    junk(office, 30)
    worker.settle(office)
    with looking(office.state.folder) as connection:
        rows = connection.exec_driver_sql("SELECT count(*) FROM task WHERE kind = 'climb'")
        assert rows.scalar_one() == 0


def test_files_that_are_handed_over_are_one_alert_at_once(office: Settings, tmp_path: Path) -> None:
    heap = tmp_path / "heap"
    heap.mkdir()
    for number in range(60):
        (heap / f"{number}.pdf").write_bytes(b"no form %d" % number)
    done = formflow(office, "ingest", "--quiet", str(heap))
    assert done.returncode == ExitCode.DONE, done.stderr
    (page,) = pages(office).values()
    assert "60 files" in page
