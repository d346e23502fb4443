"""Deadlines in a calendar: on a real CalDAV server, and as files; moved when they move, gone when they are done."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from formflow.sdk import (
    Ending,
    NamedAnswer,
    Operation,
    Rejected,
    SettingsError,
    Unavailable,
)
from formflow.sdk.conformance import Trial, pretend_context
from formflow.sdk.conformance.suite import ConnectorTests
from formflow.sdk.conformance.wire import Wire
from formflow.sdk.contract import DeliveredAs
from formflow.sdk.field_map import given
from formflow_connectors.deadline_calendar import CalendarSettings, DeadlineCalendar
from formflow_connectors.deadline_events import Event, Known, uid
from formflow_connectors.remote.dav_calendar import DavCalendar
from tests.connectors.conftest import RECORDED_AT, a_parcel
from tests.support.caldav_server import CALENDAR, PASSWORD, USER, CalDav, caldav_server
from tests.support.certificates import Authority

DECIDE = "Decide the level"
DAY = date(2026, 11, 25)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def running(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CalDav]:
    folder, shown = tmp_path_factory.mktemp("calendars"), authority.for_server("127.0.0.1")
    with caldav_server(folder, shown, authority.file) as server:
        yield server


@pytest.fixture
def server(running: CalDav) -> CalDav:
    running.begin()
    return running


def on_server(port: int, authority: Authority, **changes: Any) -> DeadlineCalendar:
    own = {
        "url": f"https://127.0.0.1:{port}{CALENDAR}/",
        "username": USER,
        "password": PASSWORD,
        "ca_file": authority.file,
    } | changes
    return DeadlineCalendar(CalendarSettings.model_validate(own), pretend_context())


def in_folder(folder: Path, **changes: Any) -> DeadlineCalendar:
    own = {"folder": folder} | changes
    return DeadlineCalendar(CalendarSettings.model_validate(own), pretend_context())


def told(connector: DeadlineCalendar, **dates: Any) -> Any:
    """Deliver a case with some deadlines, as the core gives it to a destination with a map."""
    named = tuple(NamedAnswer(name, name, str(value), value) for name, value in dates.items())
    full = a_parcel(Operation.RECORD, named=named)
    parcel: Any = given(full, connector.capabilities, connector.settings)
    return connector.deliver(connector.prepare(parcel))


def starts(calendar: str) -> dict[str, str]:
    """Return each deadline of a calendar by its title."""
    events = calendar.replace("\r\n ", "").split("BEGIN:VEVENT")[1:]
    found = {}
    for event in events:
        (title,) = re.findall(r"^SUMMARY:(.*?)\r?$", event, re.MULTILINE)
        (start,) = re.findall(r"^DTSTART[^:]*:(.*?)\r?$", event, re.MULTILINE)
        found[title] = start
    return found


def test_a_deadline_is_put_moved_and_taken_away_on_the_server(
    server: CalDav, authority: Authority
) -> None:
    connector = on_server(server.port, authority)
    assert connector.check().ok
    assert told(connector, decide_by=DAY, referral_a_by=DAY).how is DeliveredAs.UPDATED
    calendar = server.calendar()
    assert starts(calendar) == {
        "FF-2026-000123: Decide the level": "20261125",
        "FF-2026-000123: Send the referral (child A)": "20261125",
    }
    assert calendar.count("SEQUENCE:0") == 2
    assert "DTEND;VALUE=DATE:20261126" in calendar
    assert "METHOD" not in calendar
    assert told(connector, decide_by=DAY, referral_a_by=DAY).how is DeliveredAs.ALREADY_THERE
    told(connector, decide_by=DAY + timedelta(days=2))
    assert starts(server.calendar()) == {"FF-2026-000123: Decide the level": "20261127"}
    assert "SEQUENCE:1" in server.calendar()
    told(connector)
    assert starts(server.calendar()) == {}


def test_what_a_person_has_changed_in_the_meantime_is_not_written_over_unseen(
    server: CalDav, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector = on_server(server.port, authority)
    told(connector, decide_by=DAY)
    name = f"{CALENDAR}/{uid('FF-2026-000123', DECIDE)}.ics"
    theirs = server.ask("GET", name)[1].replace(b"SEQUENCE:0", b"SEQUENCE:7")
    read, times = DavCalendar.read, list[str]()

    def reads(calendar: DavCalendar, asked: str) -> Any:
        """Read, and have somebody change the event before it is written, once."""
        found = read(calendar, asked)
        if name.endswith(asked):
            times.append(asked)
            if len(times) == 1:
                server.ask("PUT", name, theirs)
        return found

    monkeypatch.setattr(DavCalendar, "read", reads)
    told(connector, decide_by=DAY + timedelta(days=1))
    assert len(times) == 3  # ours, again where somebody was faster, and what was kept
    assert "SEQUENCE:8" in server.calendar()


def test_what_is_told_late_changes_nothing(server: CalDav, authority: Authority) -> None:
    settings = on_server(server.port, authority).settings
    newest = RECORDED_AT + timedelta(seconds=1)
    lent = replace(pretend_context(), filed_last=lambda _: newest)
    connector = DeadlineCalendar(settings, lent)
    assert told(connector, decide_by=DAY).how is DeliveredAs.ALREADY_THERE
    assert starts(server.calendar()) == {}


@pytest.mark.parametrize(
    ("changes", "expected", "code"),
    [
        ({"password": "another"}, SettingsError, "FF-562"),
        ({"ca_file": None}, SettingsError, "FF-561"),
        ({"url": "https://127.0.0.1:1/x/"}, Unavailable, "FF-560"),
    ],
)
def test_what_is_wrong_is_said_without_the_password(
    server: CalDav,
    authority: Authority,
    changes: dict[str, Any],
    expected: type[Ending],
    code: str,
) -> None:
    connector = on_server(server.port, authority, **changes)
    with pytest.raises(expected, match=code) as problem:
        told(connector, decide_by=DAY)
    assert PASSWORD not in str(problem.value) + repr(connector.settings)
    assert not connector.check().ok


def test_in_a_folder_each_deadline_is_a_file(tmp_path: Path) -> None:
    connector = in_folder(tmp_path)
    told(connector, decide_by=datetime(2026, 11, 25, 18, 2))  # noqa: DTZ001 - as the agency's clock shows it
    (file,) = tmp_path.glob("*.ics")
    assert file.name == "FF-2026-000123 Decide the level.ics"
    content = file.read_bytes()
    assert b"DTSTART:20261125T180200\r\n" in content
    assert max(len(line) for line in content.split(b"\r\n")) <= 75
    told(connector, decide_by=DAY)
    assert b"SEQUENCE:1\r\n" in file.read_bytes()
    told(connector)
    assert not file.exists()


def test_another_file_of_that_name_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "FF-2026-000123 Decide the level.ics"
    other.write_bytes(
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:mine\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    before = other.read_bytes()
    for dates in ({"decide_by": DAY}, {}):
        with pytest.raises(Rejected, match="FF-420"):
            told(in_folder(tmp_path), **dates)
    assert other.read_bytes() == before


def test_nothing_but_a_date_gets_into_the_calendar(tmp_path: Path) -> None:
    told(in_folder(tmp_path, deadlines={"x": "{child_a_name}"}), child_a_name="Zoë Sample")
    assert list(tmp_path.glob("*.ics")) == []


def test_a_long_title_is_folded_between_letters_and_read_again() -> None:
    event = Event("FF-2026-000123", "Wörter, und; mehr\\ " * 3, DAY, RECORDED_AT)
    content = event.as_bytes(3)
    assert max(len(line) for line in content.split(b"\r\n")) <= 75
    unfolded = content.replace(b"\r\n ", b"").decode()
    assert "Wörter\\, und\\; mehr\\\\ Wörter" in unfolded
    assert Known.parse(content) == Known(event.uid, "20261125", 3)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"folder": "x", "url": "https://server.example/x/"},
        {"url": "https://server.example/x/"},
        {"url": "http://server.example/x/", "username": "a", "password": "b"},
        {"folder": "x", "deadlines": {"Decide": "by {decide_by}"}},
        {"folder": "x", "deadlines": {"a/b": "{decide_by}"}},
        {"folder": "x", "deadlines": {"Decide": {"field": "decide_by", "blank": "never"}}},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CalendarSettings.model_validate(wrong)


def keys_of(calendar: str) -> list[str]:
    """Return the key of each delivery whose events are there, as the kit makes it of a reference."""
    references = {title.partition(":")[0] for title in starts(calendar)}
    return [hashlib.sha256(f"{one}|record".encode()).hexdigest() for one in sorted(references)]


NO_DEADLINE = {"test_manages_with_little": "a case of which no deadline is known has no event"}


class TestOnAServer(ConnectorTests):
    """What every connector must do, in front of a real server."""

    bypass = NO_DEADLINE

    @pytest.fixture(autouse=True)
    def _served(self, server: CalDav, authority: Authority) -> Iterator[None]:
        self.server, self.authority = server, authority
        with Wire(server.port) as self.wire:
            yield

    def trial(self, place: Path) -> Trial:  # noqa: ARG002 - it has no folder
        """Return the connector in front of the server."""
        return Trial(
            lambda _: on_server(self.wire.port, self.authority),
            lambda: keys_of(self.server.calendar()),
            faults=self.wire.faults,
            unusable=[lambda _: on_server(1, self.authority)],
            hosts={"127.0.0.1"},
            kills=3,
        )


class TestInAFolder(ConnectorTests):
    """What every connector must do, with a folder."""

    bypass = NO_DEADLINE

    def trial(self, place: Path) -> Trial:
        """Return the connector with a folder of its own."""
        root = place / "Deadlines"
        root.mkdir()

        @contextlib.contextmanager
        def away() -> Iterator[None]:
            root.rename(root.with_suffix(".away"))
            yield
            root.with_suffix(".away").rename(root)

        def there() -> list[str]:
            return keys_of("".join(path.read_bytes().decode() for path in root.glob("*.ics")))

        settings = in_folder(root).settings
        return Trial(lambda context: DeadlineCalendar(settings, context), there, away, kills=10)
