"""Files for another system on a real WebDAV server: what lands, what is never written over, what comes of trouble."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from formflow.sdk import Delivered, DeliveredAs, Rejected, Retryable, SettingsError, Unavailable
from formflow.sdk.conformance import Trial, pretend_context
from formflow.sdk.conformance.suite import ConnectorTests
from formflow.sdk.conformance.wire import Wire
from formflow_connectors.record_files import HANDED_OVER
from formflow_connectors.remote.web_server import Answer, WebServer
from formflow_connectors.webdav import WebDav, WebDavSettings
from tests.connectors.conftest import ORIGINAL, SHA256, a_parcel
from tests.support.certificates import Authority
from tests.support.dav_server import PASSWORD, USER, dav_server

PAPER = "FF-2026-000123 r1.pdf"


@dataclass
class Drop:
    """A folder on a server, and how the other system sees it."""

    port: int
    authority: Authority
    served: Path
    name: str
    own: dict[str, Any] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        return self.served / self.name

    def connector(self, **changes: Any) -> WebDav:
        port = changes.pop("port", self.port)
        known = {
            "url": f"https://127.0.0.1:{port}/{self.name.replace(' ', '%20')}/",
            "username": USER,
            "password": PASSWORD,
            "ca_file": self.authority.file,
        }
        return WebDav(
            WebDavSettings.model_validate(known | self.own | changes), pretend_context([ORIGINAL])
        )

    def deliver(self, **changes: Any) -> Delivered:
        connector = self.connector()
        return connector.deliver(connector.prepare(a_parcel(**changes)))

    def there(self) -> dict[str, bytes]:
        files = (path for path in self.root.iterdir() if path.is_file())
        return {path.name: path.read_bytes() for path in sorted(files)}

    def landed(self) -> list[str]:
        """Return the key of each paper that lies there, by the lists of what was given."""
        lists = sorted(self.root.glob(f"{HANDED_OVER}/*.json"))
        given = {path.stem: path.read_text() for path in lists}
        return [
            key for name in self.there() for key, names in given.items() if f'"{name}"' in names
        ]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = Authority(tmp_path_factory.mktemp("authority"))
    made.for_server("127.0.0.1")
    return made


@pytest.fixture(scope="module")
def server(
    authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[int, Path]]:
    served = tmp_path_factory.mktemp("dav")
    with dav_server(served, authority.file.parent / "127.0.0.1.1.pem") as port:
        yield port, served


@pytest.fixture
def drop(server: tuple[int, Path], authority: Authority, tmp_path: Path) -> Drop:
    port, served = server
    made = Drop(port, authority, served, f"Import of {tmp_path.name}")
    made.root.mkdir()
    return made


def test_the_paper_comes_with_its_checksum_and_then_what_says_that_all_is_there(
    drop: Drop,
) -> None:
    drop.own = {"checksum": True, "done_file": ".done"}
    assert drop.connector().check().ok
    key, last = a_parcel().key, "FF-2026-000123 r1.done"
    assert drop.deliver() == Delivered(key, DeliveredAs.CREATED, last)
    assert drop.there() == {
        PAPER: ORIGINAL,
        f"{PAPER}.sha256": f"{SHA256}  {PAPER}\n".encode(),
        last: b"",
    }
    assert [path.name for path in (drop.root / HANDED_OVER).iterdir()] == [f"{key}.json"]
    assert drop.deliver() == Delivered(key, DeliveredAs.ALREADY_THERE, last)
    assert drop.connector().look_up(key) == Delivered(key, DeliveredAs.ALREADY_THERE, last)


def test_what_was_taken_away_does_not_come_again(drop: Drop) -> None:
    drop.deliver()
    (drop.root / PAPER).unlink()
    assert drop.deliver().how is DeliveredAs.ALREADY_THERE
    assert drop.there() == {}
    key = a_parcel().key
    assert [one.key for one in drop.connector().look_up_many([key, "f" * 64])] == [key]


def test_nothing_is_written_over_what_another_has_put_there(drop: Drop) -> None:
    for other in (b"another's", b"x" * len(ORIGINAL)):
        (drop.root / PAPER).write_bytes(other)
        with pytest.raises(Rejected, match="FF-420"):
            drop.deliver()
        assert drop.there() == {PAPER: other}


def test_a_file_that_somebody_puts_there_at_the_last_moment_stays(
    drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = WebServer.ask

    def just_before(self: WebServer, method: str, path: str, *more: Any, **named: Any) -> Answer:
        if method == "MOVE" and path.endswith(".0"):
            (drop.root / PAPER).write_bytes(b"another's")
        return asked(self, method, path, *more, **named)

    monkeypatch.setattr(WebServer, "ask", just_before)
    with pytest.raises(Rejected, match="FF-420"):
        drop.deliver()
    assert drop.there() == {PAPER: b"another's"}


def _saying(monkeypatch: pytest.MonkeyPatch, wanted: str, status: int) -> None:
    """Have the server answer one method with a status, and do nothing."""
    asked = WebServer.ask

    def says(self: WebServer, method: str, *more: Any, **named: Any) -> Answer:
        if method == wanted:
            return Answer(status, "", {}, b"")
        return asked(self, method, *more, **named)

    monkeypatch.setattr(WebServer, "ask", says)


@pytest.mark.parametrize("status", [405, 501])
def test_a_server_that_cannot_rename_gets_the_file_under_its_name_if_that_is_free(
    drop: Drop, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    _saying(monkeypatch, "MOVE", status)
    assert drop.deliver().how is DeliveredAs.CREATED
    assert drop.there() == {PAPER: ORIGINAL}
    assert len(list((drop.root / HANDED_OVER).iterdir())) == 1
    (drop.root / "FF-2026-000123 r2.pdf").write_bytes(b"another's")
    with pytest.raises(Rejected, match="FF-420"):
        drop.deliver(revision=2)


@pytest.mark.parametrize(
    ("method", "status", "expected", "code"),
    [
        ("PROPFIND", 401, SettingsError, "FF-562"),
        ("PROPFIND", 405, SettingsError, "FF-562"),
        ("PROPFIND", 207, Unavailable, "FF-584"),
        ("PUT", 403, SettingsError, "FF-562"),
        ("PUT", 423, Retryable, "FF-564"),
        ("PUT", 507, Retryable, "FF-564"),
        ("PUT", 201, Unavailable, "FF-584"),
        ("MKCOL", 409, SettingsError, "FF-583"),
        ("GET", 503, Unavailable, "FF-564"),
    ],
)
def test_what_the_server_answers_decides_what_becomes_of_the_files(
    drop: Drop,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    status: int,
    expected: type[Exception],
    code: str,
) -> None:
    with monkeypatch.context() as here:
        _saying(here, method, status)
        with pytest.raises(expected, match=code):
            drop.deliver()
    assert drop.there() == {}
    assert drop.deliver().how is DeliveredAs.CREATED


def test_a_folder_that_is_not_there_is_not_made(drop: Drop) -> None:
    drop.root.rmdir()
    with pytest.raises(SettingsError, match="FF-583"):
        drop.deliver()
    assert not drop.connector().check().ok
    assert not drop.root.exists()


def test_a_server_that_may_only_be_read_is_told(drop: Drop, authority: Authority) -> None:
    certificate = authority.file.parent / "127.0.0.1.1.pem"
    with dav_server(drop.served, certificate, read_only=True) as port:
        read_only = Drop(port, authority, drop.served, drop.name)
        assert not read_only.connector().check().ok
        with pytest.raises(SettingsError, match="FF-562"):
            read_only.deliver()
    assert drop.there() == {}


def test_a_wrong_password_is_told_and_shown_nowhere(drop: Drop) -> None:
    connector = drop.connector(password="another-word")
    with pytest.raises(SettingsError, match="FF-562") as problem:
        connector.deliver(connector.prepare(a_parcel()))
    assert "another-word" not in str(problem.value) + repr(connector.settings)
    assert not connector.check().ok


def test_a_test_is_taken_back(drop: Drop) -> None:
    connector = drop.connector(done_file=".done")
    prepared = connector.prepare(a_parcel())
    connector.deliver(prepared)
    assert connector.take_back(prepared)
    assert (drop.there(), list((drop.root / HANDED_OVER).iterdir())) == ({}, [])


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "http://files.school.example/x"},
        {"url": "https://user:word@files.school.example/x"},
        {"url": "https://files.school.example/x?a=b"},
        {"username": ""},
        {"paper": False},
    ],
)
def test_settings_that_could_leak_are_refused(drop: Drop, changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        drop.connector(**changes)


class TestWebDav(ConnectorTests):
    """What every connector must do, in front of a real server."""

    @pytest.fixture(autouse=True)
    def _served(self, drop: Drop) -> Iterator[None]:
        self.drop = drop
        with Wire(drop.port) as self.wire:
            yield

    def trial(self, place: Path) -> Trial:  # noqa: ARG002 - its folder is the server's
        """Return the connector in front of the server."""

        def opened(**changes: Any) -> Callable[[Any], WebDav]:
            settings = self.drop.connector(**({"port": self.wire.port} | changes)).settings
            return lambda context: WebDav(settings, context)

        return Trial(
            opened(),
            self.drop.landed,
            faults=self.wire.faults,
            unusable=[opened(port=1), opened(password="another")],
            hosts={"127.0.0.1"},
            kills=6,
        )
