"""`formflow audit` says who did what, when and from where, and tells no name of a child and no answer."""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from formflow.core.account import account
from formflow.core.clock import utc_now
from formflow.core.errors import ExitCode
from formflow.core.settings import Settings
from formflow.delivery import own_alerts
from formflow.storage import audit_trail, views
from formflow.storage.database import looking, writing
from tests.stories.test_children import DECIDED, f2, second
from tests.stories.test_vectors import gets
from tests.support import worker
from tests.support.desk import Desk
from tests.support.offices import drop, formflow

RED, GREEN = "red-planned-secrecy-pdfjs", "green-free-play-pdfjs"
REFERENCE = "FF-2026-000001"


def lines(office: Settings, *about: str) -> list[dict[str, Any]]:
    ended = formflow(office, "audit", "--json", *about)
    assert ended.returncode == ExitCode.DONE, ended.stderr
    found: list[dict[str, Any]] = json.loads(ended.stdout)
    return found


def events(office: Settings, *about: str) -> list[str]:
    return [line["event"] for line in lines(office, *about)]


def change(office: Settings, *statements: str) -> None:
    with closing(sqlite3.connect(office.state.folder / "ledger.sqlite")) as opened:
        for statement in statements:
            opened.execute(statement)
        opened.commit()


@pytest.fixture
def recorded(office: Settings) -> Settings:
    """An agency with one red form on record."""
    drop(office, RED)
    worker.settle(office)
    return office


def test_a_form_is_followed_from_its_arrival_to_every_destination(recorded: Settings) -> None:
    found = lines(recorded, REFERENCE)
    assert [line["event"] for line in found][:2] == ["arrived", "recorded"]
    assert found[0]["place"] == str(recorded.watch[0].folder)
    assert found[0]["detail"] == "staff"
    delivered = {line["place"] for line in found if line["event"] == "delivered"}
    assert {"Alerts", "Receipts", "Child files", "To decide"} <= delivered
    assert {line["who"] for line in found} == {"service"}
    assert {line["reference"] for line in found[1:]} == {f"{REFERENCE} r1"}


def test_what_she_decides_and_links_and_takes_back_is_told(office: Settings) -> None:
    desk = Desk(office)
    first = gets(desk, context_planned="yes").child_reference or ""
    again = second(desk, child_a_name="Rowan Ashbey")
    desk.fills_in("F2", f2(desk, again.reference), same_child=first, **DECIDED)
    found = lines(office, again.reference)
    (decided,) = (line for line in found if line["event"] == "decided")
    assert decided["reference"] == again.reference
    assert decided["detail"] == f"sheet {again.reference}-F2 r1"
    (joined,) = (line for line in found if line["event"] == "joined")
    assert joined["detail"] == f"{again.child_reference} and {first}"
    assert "decided on F2" in [line["detail"] for line in found if line["event"] == "acknowledged"]

    desk.fills_in("F2", f2(desk, again.reference), level_reason="y", same_child=first)
    assert events(office, again.reference).count("joined") == 1, "nothing about it has changed"
    desk.fills_in("F2", f2(desk, again.reference), same_child="")
    assert events(office, again.reference).count("parted") == 1


def test_commands_are_told_with_the_account_of_the_computer(recorded: Settings) -> None:
    assert formflow(recorded, "ack", REFERENCE, "--by", "T. Lead").returncode == ExitCode.DONE
    assert formflow(recorded, "retry", "Alerts").returncode == ExitCode.DONE
    found = lines(recorded)
    by_command = {line["event"]: line for line in found if line["who"] != "service"}
    assert by_command["acknowledged"]["who"] == f"ack ({account()})"
    assert by_command["acknowledged"]["reference"] == REFERENCE
    assert by_command["retried"]["who"] == f"retry ({account()})"
    assert by_command["retried"]["place"] == "Alerts"
    assert "T. Lead" not in json.dumps(found)


def test_environment_variables_do_not_say_whose_account_it_is(
    recorded: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    formflow(recorded, "ack", REFERENCE)
    assert "somebody-else" not in json.dumps(lines(recorded))


def test_a_view_is_told_at_the_next_turn(recorded: Settings) -> None:
    assert formflow(recorded, "show", REFERENCE).returncode == ExitCode.DONE
    assert formflow(recorded, "explain", REFERENCE).returncode == ExitCode.DONE
    assert "viewed" not in events(recorded, REFERENCE)
    assert "2 views are added at the next turn" in formflow(recorded, "audit").stderr
    worker.turn(recorded)
    found = [line for line in lines(recorded, REFERENCE) if line["event"] == "viewed"]
    assert [line["who"] for line in found] == [f"show ({account()})", f"explain ({account()})"]
    assert views.waiting(recorded.state.folder) == []
    worker.turn(recorded)
    assert events(recorded, REFERENCE).count("viewed") == 2


def test_what_a_kill_left_of_a_view_is_taken_away_with_the_next_start(recorded: Settings) -> None:
    left = recorded.state.folder / views.FOLDER / ".formflow-0123456789abcdef.tmp"
    left.write_bytes(b"{")
    assert formflow(recorded, "run", "--once").returncode == ExitCode.DONE
    assert not left.exists()


def test_a_record_that_is_not_there_is_no_view(recorded: Settings) -> None:
    assert formflow(recorded, "show", "FF-2026-000099").returncode == ExitCode.USAGE
    assert views.waiting(recorded.state.folder) == []


def test_a_view_that_cannot_be_noted_keeps_nobody_from_looking(recorded: Settings) -> None:
    folder = recorded.state.folder / views.FOLDER
    folder.rmdir()
    folder.write_bytes(b"in the way")
    shown = formflow(recorded, "show", REFERENCE)
    assert shown.returncode == ExitCode.DONE
    assert REFERENCE in shown.stdout
    assert "could not be noted" in shown.stderr


@pytest.mark.parametrize(
    "damage",
    [
        b"{",
        b"[" * 4000,
        b"[]",
        b'{"at": 1}',
        b'{"at": "2026-11-27", "who": "\\ud800", "reference": ""}',
    ],
)
def test_a_view_that_somebody_has_damaged_is_still_a_line(
    recorded: Settings, damage: bytes
) -> None:
    formflow(recorded, "show", REFERENCE)
    (note,) = views.waiting(recorded.state.folder)
    note.write_bytes(damage)
    worker.turn(recorded)
    (line,) = (one for one in lines(recorded) if one["event"] == "viewed")
    assert line["detail"] == "note damaged"
    assert views.waiting(recorded.state.folder) == []


def test_settings_that_changed_are_told_once(office: Settings) -> None:
    worker.turn(office)
    worker.close()
    worker.turn(office)
    assert events(office).count("settings") == 1
    louder = office.model_copy(
        update={"alerts": office.alerts.model_copy(update={"red_within_hours": 1})}
    )
    worker.turn(louder)
    assert events(office).count("settings") == 2


def test_an_alert_about_formflow_itself_is_told(office: Settings) -> None:
    context = worker.context_of(office)
    with writing(context.engine) as connection:
        own_alerts.tell(connection, context, "FF-256", {}, utc_now())
    (line,) = (one for one in lines(office) if one["event"] == "told")
    assert line["detail"] == "FF-256"


def test_no_name_and_no_answer_is_in_it(office: Settings) -> None:
    for case in (RED, GREEN, "amber-letters-pdfcpu"):
        drop(office, case, f"Zoe Beispiel {case}.pdf")
    worker.settle(office)
    formflow(office, "show", REFERENCE)
    worker.turn(office)
    with looking(office.state.folder) as connection:
        told = connection.exec_driver_sql("SELECT * FROM audit_line").all()
        answers = connection.exec_driver_sql("SELECT answers FROM entry").scalars().all()
    words = "\n".join(map(str, told))
    given = {
        answer["value"] for row in answers for answer in json.loads(row).values() if answer["value"]
    }
    long = {value for value in given if len(value) > 5 and not value.startswith("FF-")}
    assert len(long) > 10
    assert [value for value in long if value in words] == []
    assert "Zoe" not in words
    assert ".pdf" not in words


def test_a_day_is_the_agencys_and_a_text_for_people(recorded: Settings) -> None:
    text = formflow(recorded, "audit").stdout
    assert re.search(rf"{REFERENCE} r1 +Recorded \(paper [0-9a-f]{{12}}\)", text)
    assert formflow(recorded, "audit", "--day", "2020-01-01").stdout.strip() == ""
    assert formflow(recorded, "audit", "--day", "yesterday").returncode == ExitCode.USAGE
    assert (
        formflow(recorded, "audit", REFERENCE, "--day", "2020-01-01").returncode == ExitCode.USAGE
    )


def pages(office: Settings) -> Iterator[str]:
    for folder in (office.folders.alerts, office.folders.to_decide):
        for path in folder.rglob(f"*{REFERENCE}*.html"):
            yield path.read_text("utf-8")


def test_the_pages_of_the_dsl_carry_the_line_that_tells_of_them(recorded: Settings) -> None:
    found = [re.search(r"Audit trail: line (\d+-[0-9a-f]{12})", page) for page in pages(recorded)]
    assert len(found) == 2
    assert all(found)
    (head,) = {one[1] for one in found if one}
    assert formflow(recorded, "audit", "--check", head).returncode == ExitCode.DONE
    number = head.partition("-")[0]
    change(recorded, f"UPDATE audit_line SET mac = hex(mac) WHERE id = {number}")  # noqa: S608
    ended = formflow(recorded, "audit", "--check", head)
    assert ended.returncode == ExitCode.INTEGRITY
    assert "not in the audit trail as it was printed" in ended.stderr
    assert formflow(recorded, "audit", "--check", "12").returncode == ExitCode.USAGE


def test_a_folder_that_a_person_calls_the_right_one_is_a_line(recorded: Settings) -> None:
    assert formflow(recorded, "connectors", "mark", "Alerts").returncode == ExitCode.DONE
    lines = formflow(recorded, "audit").stdout.splitlines()
    assert re.search(r"Deliveries tried again \(marked\) +Alerts +connectors mark \(", lines[-1])


def test_what_the_office_gets_has_no_line(recorded: Settings) -> None:
    for path in recorded.folders.receipts.glob("*.html"):
        assert "Audit trail" not in path.read_text("utf-8")


def test_a_lost_key_is_told_to_the_dsl(recorded: Settings) -> None:
    worker.close()
    (recorded.state.folder / audit_trail.FILE).unlink()
    ended = formflow(recorded, "ack", REFERENCE)
    assert ended.returncode == ExitCode.STORAGE, "it could not tell her"
    assert "restart “formflow run”" in ended.stderr
    worker.settle(recorded)
    assert any(
        "FF-453" in page.read_text("utf-8") for page in recorded.folders.alerts.glob("*.html")
    )
    ended = formflow(recorded, "verify")
    assert ended.returncode == ExitCode.DONE
    assert "The key was lost once" in ended.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps lists of accounts instead")
def test_key_and_views_are_for_nobody_else(recorded: Settings) -> None:
    formflow(recorded, "show", REFERENCE)
    (view,) = views.waiting(recorded.state.folder)
    state: Path = recorded.state.folder
    assert (state / audit_trail.FILE).stat().st_mode & 0o777 == 0o600
    assert (state / views.FOLDER).stat().st_mode & 0o777 == 0o700
    assert view.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("typed", ["ff-2026-000001", " FF 2026 000001 ", "FF-2026-000001 r1"])
def test_a_record_is_found_however_its_reference_is_typed(recorded: Settings, typed: str) -> None:
    for command in ("audit", "show", "explain", "retention"):
        told = formflow(recorded, command, typed)
        assert REFERENCE in told.stdout, told.stderr
    assert formflow(recorded, "ack", typed).returncode == ExitCode.DONE


def test_a_reference_that_was_never_given_out_is_said_to_be_none(recorded: Settings) -> None:
    told = formflow(recorded, "audit", "FF-2026-1")
    assert told.returncode == ExitCode.USAGE
    assert "The audit trail has nothing about FF-2026-1." in told.stderr
