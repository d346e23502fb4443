"""Cases end: closed with a reason for each open step, reopened by what comes later, entered in error, duplicates."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pypdf
import pytest

from formflow.admin import settings_file
from formflow.core.clock import utc_now
from formflow.core.model import CaseState
from formflow.core.settings import Settings
from formflow.delivery.overdue import overdue_cases
from formflow.storage import case_states, entries, waiting
from formflow.storage.database import reading
from tests.stories.test_decisions import HER_NAME
from tests.support import worker
from tests.support.desk import Desk, lying
from tests.support.offices import agency, drop, formflow, settled_at_once

ONE, TWO = "FF-2026-000001", "FF-2026-000002"
RED, GREEN = "red-planned-secrecy-pdfjs", "green-free-play-pdfjs"
WHY = "The family has moved abroad; the council there knows."
LOG = """
[[destination]]
name = "Log"
kind = "csv_file"
file = "Log/log.csv"
reference_column = "Ref"
encoding = "utf-8"
[destination.columns]
"Case" = "{case_state}"
"Why" = "{case_state_reason}"
"Next" = { field = "next_by", blank = "none" }
"""


def keeping_a_log(folder: Path) -> Settings:
    """Set up an agency that keeps a log, in which it sees how each case stands."""
    root = agency(folder).state.folder.parent
    file = root / "formflow.toml"
    file.write_text(file.read_text("utf-8") + LOG, "utf-8")
    (root / "Log").mkdir()
    (root / "Log" / "log.csv").write_text("Ref,Case,Why,Next\n", "utf-8")
    return settled_at_once(settings_file.load_settings(file))


@pytest.fixture
def school(tmp_path: Path) -> Iterator[Settings]:
    """An agency that keeps a log, with a red case and a green one."""
    office = keeping_a_log(tmp_path / "an agency")
    desk = Desk(office)
    desk.gets(RED)
    drop(office, GREEN)
    desk.waits()
    yield office
    worker.close()


def rows(office: Settings) -> dict[str, dict[str, str]]:
    lines = (office.state.folder.parent / "Log" / "log.csv").read_text("utf-8").splitlines()
    return {row["Ref"]: row for row in csv.DictReader(lines)}


def overdue(office: Settings) -> list[str]:
    """The cases that would be told of in a month."""
    with reading(worker.context_of(office).engine) as connection:
        at = utc_now() + timedelta(days=40)
        return [one.case.record.reference for one in overdue_cases(connection, office, at)]


def state(office: Settings, reference: str = ONE) -> CaseState:
    with reading(worker.context_of(office).engine) as connection:
        return case_states.state(connection, reference)


def close(office: Settings, *references: str) -> None:
    """Close cases with a reason for each step that is said to be open."""
    told = formflow(office, "case", "close", *references, "--reason", WHY)
    steps = [line.split()[1] for line in told.stderr.splitlines() if "--reason-for" in line]
    reasons = [word for step in steps for word in ("--reason-for", step, "They have moved.")]
    done = formflow(office, "case", "close", *references, "--reason", WHY, *reasons)
    assert done.returncode == 0, done.stderr
    Desk(office).waits()


def test_a_case_with_open_steps_is_closed_with_a_reason_for_each_and_reopened(
    school: Settings,
) -> None:
    told = formflow(school, "case", "close", ONE, TWO, "--reason", WHY)
    assert told.returncode == 2
    assert f"{ONE} still has" in told.stderr
    assert "--reason-for" in told.stderr
    assert "Nothing has been changed." in told.stderr
    assert state(school) is state(school, TWO) is CaseState.OPEN
    close(school, ONE)
    assert state(school) is CaseState.CLOSED
    assert rows(school)[ONE] == {"Ref": ONE, "Case": "Closed", "Why": WHY, "Next": "none"}
    assert rows(school)[TWO]["Case"] == "Open"
    assert ONE not in overdue(school)
    said = formflow(school, "show", ONE).stdout
    assert "Closed, " in said
    assert WHY in said
    assert "left open: They have moved." in said
    assert WHY in formflow(school, "explain", ONE).stdout
    assert "Closed: 1." in formflow(school, "status").stdout
    assert ONE not in json.loads(formflow(school, "status", "--json").stdout)["undecided"]
    assert "closed already" in formflow(school, "case", "close", ONE, "--reason", "x").stderr
    trail = formflow(school, "audit", ONE).stdout
    assert "Case closed, reopened or set aside" in trail
    assert WHY not in trail
    again = formflow(school, "case", "reopen", ONE.lower(), "--reason", "They are back.")
    assert again.returncode == 0
    Desk(school).waits()
    assert state(school) is CaseState.OPEN
    assert rows(school)[ONE]["Case"] == "Open"
    assert rows(school)[ONE]["Next"] != "none"
    assert ONE in overdue(school)
    assert "Reopened, " in formflow(school, "show", ONE).stdout


def test_a_sheet_closes_a_case_with_a_reason_for_each_step_that_is_open(school: Settings) -> None:
    desk = Desk(school)
    answers = {"level": "concerning", "level_reason": "Seen once.", "lower_reason": "Seen once."}
    desk.fills_in("F2", review_sheet(school), None, **answers, **HER_NAME)
    sheet = review_sheet(school)
    told = text_of(sheet, "open_reasons")
    assert told.count(" Reason:") == len(told.splitlines())
    assert {"DX2", "DX3", "DX3-2"} <= {line.split()[0] for line in told.splitlines()}

    *others, last = told.splitlines()
    reasons = "\n".join(f"{line} They have moved." for line in others)
    closes = {"case_state": "close", "case_state_reason": WHY}
    desk.fills_in("F2", sheet, None, **closes, open_reasons=f"{reasons}\n{last}")
    assert state(school) is CaseState.OPEN
    with reading(worker.context_of(school).engine) as connection:
        refused = entries.revisions(connection, f"{ONE}-F2")[-1]
    (asked,) = [one for one in refused.notices if one.code == "FF-661"]
    assert f"have no reason: {last.removesuffix('. Reason:')}. The sheet counts" in asked.text

    (page,) = school.folders.alerts.glob(f"*{refused.reference} r2*.html")
    assert "but the case is as it was before" in page.read_text("utf-8")
    again = review_sheet(school)
    assert text_of(again, "case_state_reason") == WHY
    assert text_of(again, "open_reasons") == f"{reasons}\n{last}"
    desk.fills_in("F2", again, None, open_reasons=f"{reasons}\n{last} So have we.")
    assert state(school) is CaseState.CLOSED
    said = formflow(school, "show", ONE).stdout
    assert f"{last.split()[0]} left open: So have we." in said
    assert "DX3-2 left open: They have moved." in said
    after = review_sheet(school)
    assert text_of(after, "case_state_reason") == text_of(after, "open_reasons") == ""


def review_sheet(office: Settings) -> Path:
    """The newest review sheet of the first case."""
    found = lying(office, f"{ONE}*F2*.pdf")
    return max(found, key=lambda path: path.stat().st_mtime_ns)


def text_of(sheet: Path, name: str) -> str:
    """What a sheet says in a box."""
    return str((pypdf.PdfReader(sheet).get_fields() or {})[name].get("/V") or "")


def test_a_new_sheet_opens_a_closed_case_again_and_she_is_told(school: Settings) -> None:
    close(school, ONE)
    answers = {"level": "concerning", "level_reason": "Seen once.", "lower_reason": "Seen once."}
    sheet = next(lying(school, f"{ONE}*F2*.pdf"))
    Desk(school).fills_in("F2", sheet, None, **answers, **HER_NAME)
    assert state(school) is CaseState.OPEN
    with reading(worker.context_of(school).engine) as connection:
        last = entries.revisions(connection, f"{ONE}-F2")[-1]
        waits = [one.reference for one in waiting.unacknowledged(connection)]
        (was, now) = case_states.of_cases(connection, [ONE])[ONE]
    assert "FF-660" in {one.code for one in last.notices}
    assert last.reference in waits
    assert (was.state, now.state) == (CaseState.CLOSED, CaseState.OPEN)
    assert rows(school)[ONE]["Case"] == "Open"


def test_what_was_entered_in_error_or_twice_leaves_the_counts_and_is_still_found(
    school: Settings,
) -> None:
    wrong = formflow(school, "case", "duplicate-of", TWO, "--of", TWO, "--reason", "The same.")
    assert "duplicate of itself" in wrong.stderr
    wrong = formflow(
        school, "case", "duplicate-of", TWO, "--of", "FF-2026-000009", "--reason", "The same."
    )
    assert "no record FF-2026-000009" in wrong.stderr
    done = formflow(school, "case", "duplicate-of", TWO, "--of", ONE, "--reason", "The same.")
    assert done.returncode == 0, done.stderr
    loop = formflow(school, "case", "duplicate-of", ONE, "--of", TWO, "--reason", "The same.")
    assert "is a duplicate itself" in loop.stderr
    error = formflow(school, "case", "entered-in-error", ONE, "--reason", "Another school’s.")
    assert error.returncode == 0
    Desk(school).waits()
    assert rows(school)[TWO]["Case"] == "Duplicate"
    with reading(worker.context_of(school).engine) as connection:
        child, _ = entries.children_of(connection, ONE)
        assert entries.history(connection, child, apart_from=None).earlier == ()
        assert list(waiting.undecided(connection)) == []
    shown = json.loads(formflow(school, "show", TWO, "--json").stdout)[-1]
    assert (shown["case_state"], shown["duplicate_of"]) == ("duplicate", ONE)
    assert formflow(school, "case", "reopen", ONE, TWO, "--reason", "Not so.").returncode == 0
    with reading(worker.context_of(school).engine) as connection:
        history = entries.history(connection, child, apart_from=None)
    assert [one.reference for one in history.earlier] == [ONE]


def test_a_change_that_somebody_altered_is_noticed(school: Settings) -> None:
    done = formflow(school, "case", "entered-in-error", ONE, "--reason", "Another school’s.")
    assert done.returncode == 0
    ledger = school.state.folder / "ledger.sqlite"
    with closing(sqlite3.connect(ledger)) as opened:
        opened.execute("UPDATE case_change SET reason = 'None of ours.'")
        opened.commit()
    assert "is not as it was written" in formflow(school, "verify").stdout
    assert formflow(school, "show", ONE).returncode not in (0, 70)
    with closing(sqlite3.connect(ledger)) as opened:
        opened.execute("DELETE FROM case_change")
        opened.commit()
    assert "not in the ledger" in formflow(school, "verify").stdout


def test_an_alert_goes_to_seen_by_itself_when_it_is_decided_or_closed(school: Settings) -> None:
    alerts = school.folders.alerts
    (alerts / f"My notes on {ONE} r1.html").write_text("mine", "utf-8")
    page = next(alerts.glob(f"1 RED {ONE} r1.html"))
    copy = alerts / f"{page.stem} - Copy.html"
    copy.write_bytes(page.read_bytes())
    theirs = alerts / f"1 RED {ONE} r7.html"  # called like an alert, and none of ours
    theirs.write_text("mine", "utf-8")
    before = page.read_bytes()
    worker.turn(school)
    assert page.exists()
    answers = {"level": "concerning", "level_reason": "Seen once.", "lower_reason": "Seen once."}
    sheet = next(lying(school, f"{ONE}*F2*.pdf"))
    Desk(school).fills_in("F2", sheet, None, **answers, **HER_NAME)
    assert (alerts / "Seen" / page.name).read_bytes() == before
    assert "decided on F2" in formflow(school, "audit", ONE).stdout
    close(school, TWO)
    worker.turn(school)
    left = sorted(path.name for path in alerts.glob("*.html"))
    assert not [name for name in left if TWO in name]
    assert {copy.name, theirs.name, f"My notes on {ONE} r1.html"} <= set(left)
    told = [
        name for name in left if "-F2" in name
    ]  # it lowers the level: she is told, and has not looked yet
    assert len(told) == 1


def test_a_closed_case_has_no_deadlines_in_a_calendar(tmp_path: Path) -> None:
    office = agency(tmp_path / "an agency")
    root = office.state.folder.parent
    file, calendar = root / "formflow.toml", root / "Calendar"
    calendar.mkdir()
    own = (
        f'\n[[destination]]\nname = "Dates"\nkind = "calendar"\nfolder = "{calendar.as_posix()}"\n'
    )
    file.write_text(file.read_text("utf-8") + own, "utf-8")
    office = settled_at_once(settings_file.load_settings(file))
    Desk(office).gets(RED)
    assert list(calendar.glob("*.ics"))
    close(office, ONE)
    assert not list(calendar.glob("*.ics"))
    formflow(office, "case", "reopen", ONE, "--reason", "They are back.")
    Desk(office).waits()
    assert list(calendar.glob("*.ics"))
    worker.close()
