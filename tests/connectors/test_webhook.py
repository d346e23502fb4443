"""Signed messages to a real HTTPS server on this computer: what arrives, and what comes of every answer."""

from __future__ import annotations

import base64
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from formflow.sdk import (
    AlertNotice,
    Ambiguous,
    DeliveredAs,
    Ending,
    NamedAnswer,
    Operation,
    Rejected,
    RepeatSafe,
    Retryable,
    SettingsError,
    Unavailable,
)
from formflow.sdk.conformance import Trial, pretend_context
from formflow.sdk.conformance.suite import ConnectorTests
from formflow.sdk.conformance.wire import Wire
from formflow.sdk.field_map import given
from formflow_connectors.webhook import Webhook, WebhookSettings
from formflow_connectors.webhook_record import WebhookRecord, WebhookRecordSettings
from tests.connectors.conftest import RECORDED_AT, a_parcel
from tests.support.certificates import Authority
from tests.support.receiver import Receiver, answer, served

MakeNotice = Callable[..., AlertNotice]
SECRET = b"a key of thirty-two bytes, or so"
COLUMNS = {
    "Pupil": "{child_a_name}",
    "day": "{incident_day}",
    "respond_by": "{respond_by}",
    "Level": {"field": "level", "values": {"red": "Level 3"}},
    "note": "{decided_level}",
}
KEY_IN_ADDRESS = "/flows/manual?sig=nobody-may-see-this"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def receiver(authority: Authority) -> Iterator[Receiver]:
    with served(Receiver(SECRET), authority.for_server("127.0.0.1")) as running:
        yield running


def _own(port: int, authority: Authority, **changes: Any) -> dict[str, Any]:
    return {
        "url": f"https://127.0.0.1:{port}{KEY_IN_ADDRESS}",
        "secret": "whsec_" + base64.b64encode(SECRET).decode(),
        "ca_file": authority.file,
        "timeout_seconds": 20,
    } | changes


def _hook(port: int, authority: Authority, **changes: Any) -> Webhook:
    settings = WebhookSettings.model_validate(_own(port, authority, **changes))
    return Webhook(settings, pretend_context())


def _rows(
    port: int, authority: Authority, newest: datetime | None = None, **changes: Any
) -> WebhookRecord:
    own = _own(port, authority, columns=COLUMNS, receiver_keeps_ids=True) | changes
    lent = replace(pretend_context(), filed_last=lambda _: newest)
    return WebhookRecord(WebhookRecordSettings.model_validate(own), lent)


def _record(connector: WebhookRecord, **changes: Any) -> Any:
    """Return a record as the core gives it to a destination with a map."""
    known: dict[str, Any] = {
        "child_a_name": "Zoë O’Sample",
        "incident_day": date(2026, 11, 14),
        "respond_by": datetime(2026, 11, 23, 18, 2),  # noqa: DTZ001 - as the agency's clock shows it
        "level": "red",
        "what_happened": "nothing that this map names",
    }
    named = tuple(NamedAnswer(name, name, str(value), value) for name, value in known.items())
    full = a_parcel(Operation.RECORD, named=named, **changes)
    return given(full, connector.capabilities, connector.settings)


def _says(
    status: int, *, is_taken: bool = False, **headers: str
) -> Callable[[BaseHTTPRequestHandler], bool]:
    """Return how a receiver answers with a status, whether it takes the message or not."""

    def says(handler: BaseHTTPRequestHandler) -> bool:
        answer(handler, status, **headers)
        return is_taken

    return says


@pytest.fixture
def hook(receiver: Receiver, authority: Authority) -> Webhook:
    return _hook(receiver.port, authority)


@pytest.fixture
def parcel(make_notice: MakeNotice) -> AlertNotice:
    return make_notice()


def test_an_alert_arrives_signed_and_holds_no_name(
    hook: Webhook, receiver: Receiver, parcel: AlertNotice
) -> None:
    came = hook.deliver(hook.prepare(parcel))
    assert (came.how, came.where) == (DeliveredAs.CREATED, "127.0.0.1")
    assert receiver.asked == [f"POST {KEY_IN_ADDRESS}"]
    assert receiver.message() == {
        "type": "formflow.alert",
        "timestamp": "2026-11-23T14:02:30.000005+00:00",
        "data": {
            "reference": "FF-2026-000123",
            "revision": 1,
            "headline": "New form to review.",
            "where_to_look": "the page FF-2026-000123 in the folder “Alerts”",
            "respond_by": "2026-11-23T18:02:30.000005+00:00",
            "urgent": False,
            "reminder": False,
            "about_formflow": False,
        },
    }
    (headers,) = receiver.headers
    assert headers["idempotency-key"] == headers["webhook-id"] == parcel.key
    assert headers["content-type"] == "application/json"


def test_the_signature_is_that_of_the_standard(
    hook: Webhook, receiver: Receiver, parcel: AlertNotice, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The example of the standard's own libraries.
    own = hook.settings.model_copy(
        update={
            "secret": type(hook.settings.secret)("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        }
    )
    at = datetime.fromtimestamp(1614265330.9, UTC)
    monkeypatch.setattr("formflow_connectors.webhook_post.utc_now", lambda: at)
    receiver.says = _says(204, is_taken=True)
    example = replace(
        hook.prepare(parcel), key="msg_p5jXN8AQM9LWM0D4loKWxJek", body=b'{"test": 2432232314}'
    )
    Webhook(own, hook.context).deliver(example)
    assert (
        receiver.headers[0]["webhook-signature"]
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_a_record_arrives_as_its_map_says_and_with_nothing_else(
    receiver: Receiver, authority: Authority
) -> None:
    rows = _rows(receiver.port, authority)
    assert rows.deliver(rows.prepare(_record(rows))).how is DeliveredAs.CREATED
    assert receiver.message() == {
        "type": "formflow.record",
        "timestamp": "2026-11-23T14:02:30.000005+00:00",
        "data": {
            "record": "FF-2026-000123",
            "reference": "FF-2026-000123",
            "revision": 1,
            "row": {
                "Pupil": "Zoë O’Sample",
                "day": "2026-11-14",
                "respond_by": "2026-11-23T18:02:00",
                "Level": "Level 3",
            },
        },
    }


def test_a_sheet_names_the_record_that_it_belongs_to(
    receiver: Receiver, authority: Authority
) -> None:
    rows = _rows(receiver.port, authority)
    rows.deliver(rows.prepare(_record(rows, reference="FF-2026-000123-F2", revision=2)))
    data = receiver.message()["data"]
    assert (data["record"], data["reference"]) == ("FF-2026-000123", "FF-2026-000123-F2")
    assert data["revision"] == 2


def test_a_repeat_is_one_by_its_number(receiver: Receiver, authority: Authority) -> None:
    rows = _rows(receiver.port, authority)
    prepared = rows.prepare(_record(rows))
    first, second = rows.deliver(prepared), rows.deliver(prepared)
    assert (first.how, second.how) == (DeliveredAs.CREATED, DeliveredAs.UPDATED)
    assert receiver.landed == [prepared.key]


def test_what_comes_late_is_not_sent(receiver: Receiver, authority: Authority) -> None:
    rows = _rows(receiver.port, authority, newest=RECORDED_AT + timedelta(seconds=1))
    assert rows.deliver(rows.prepare(_record(rows))).how is DeliveredAs.ALREADY_THERE
    assert receiver.asked == []
    again = _rows(receiver.port, authority, newest=RECORDED_AT)
    assert again.deliver(again.prepare(_record(again))).how is DeliveredAs.CREATED


def test_checking_connects_and_sends_nothing(hook: Webhook, receiver: Receiver) -> None:
    report = hook.check()
    assert (report.ok, report.lines[0].text) == (True, "The other system can be reached.")
    assert receiver.asked == []


@pytest.mark.parametrize(
    ("status", "expected", "code"),
    [
        (302, SettingsError, "FF-562"),
        (308, SettingsError, "FF-562"),
        (400, Rejected, "FF-563"),
        (401, SettingsError, "FF-562"),
        (403, SettingsError, "FF-562"),
        (404, SettingsError, "FF-562"),
        (408, Retryable, "FF-564"),
        (409, Retryable, "FF-564"),
        (410, SettingsError, "FF-562"),
        (413, Rejected, "FF-563"),
        (422, Rejected, "FF-563"),
        (425, Retryable, "FF-564"),
        (429, Unavailable, "FF-564"),
        (500, Retryable, "FF-564"),
        (503, Unavailable, "FF-564"),
        (600, Ambiguous, "FF-565"),
    ],
)
def test_what_the_other_system_answers_decides_what_becomes_of_the_message(
    hook: Webhook,
    receiver: Receiver,
    parcel: AlertNotice,
    status: int,
    expected: type[Ending],
    code: str,
) -> None:
    receiver.says = _says(status, X_Why="Charlie")
    prepared = hook.prepare(parcel)
    with pytest.raises(Ending) as problem:
        hook.deliver(prepared)
    assert (type(problem.value), problem.value.code) == (expected, code)
    assert (str(status) in problem.value.text) is (expected is not Ambiguous)
    assert "Charlie" not in problem.value.text
    assert "sig=" not in problem.value.text
    receiver.says = None
    hook.deliver(prepared)
    assert receiver.landed == [parcel.key]


@pytest.mark.parametrize("status", [200, 202, 204])
def test_every_other_yes_is_one_too(
    hook: Webhook, receiver: Receiver, parcel: AlertNotice, status: int
) -> None:
    receiver.says = _says(status, is_taken=True)
    assert hook.deliver(hook.prepare(parcel)).how is DeliveredAs.UPDATED


@pytest.mark.parametrize(
    ("says", "seconds"),
    [
        ("120", 120),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("9" * 40, 999_999_999),
        ("Fri, 31 Feb 2026 99:99:99 GMT", None),
        ("Mon, 01 Jan 2001 00:00:00 GMT", 1),
    ],
)
def test_when_to_come_again_is_kept(
    hook: Webhook, receiver: Receiver, parcel: AlertNotice, says: str, seconds: float | None
) -> None:
    receiver.says = _says(429, Retry_After=says)
    with pytest.raises(Unavailable) as problem:
        hook.deliver(hook.prepare(parcel))
    assert problem.value.after_seconds == seconds


def test_when_to_come_again_may_be_a_date(
    hook: Webhook, receiver: Receiver, parcel: AlertNotice
) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(days=1), usegmt=True)
    receiver.says = _says(503, Retry_After=later)
    with pytest.raises(Unavailable) as problem:
        hook.deliver(hook.prepare(parcel))
    assert problem.value.after_seconds == pytest.approx(86_400, abs=3600)


def test_a_redirection_is_not_followed(
    hook: Webhook, receiver: Receiver, authority: Authority, parcel: AlertNotice
) -> None:
    with served(Receiver(SECRET), authority.for_server("127.0.0.1")) as other:
        elsewhere = f"https://127.0.0.1:{other.port}/"
        receiver.says = _says(307, Location=elsewhere)
        with pytest.raises(SettingsError):
            hook.deliver(hook.prepare(parcel))
    assert other.asked == []


def _hangs_up(handler: BaseHTTPRequestHandler) -> bool:
    handler.connection.shutdown(socket.SHUT_RDWR)
    return True


def _cut(*said: bytes) -> Callable[[BaseHTTPRequestHandler], bool]:
    def says(handler: BaseHTTPRequestHandler) -> bool:
        for part in said:
            handler.wfile.write(part)
        return True

    return says


def _for_ever(part: bytes) -> Callable[[BaseHTTPRequestHandler], bool]:
    """Answer with more and more, until the client goes."""

    def says(handler: BaseHTTPRequestHandler) -> bool:
        handler.wfile.write(b"HTTP/1.1 100 Continue\r\n")
        pause = threading.Event()
        with contextlib.suppress(OSError):
            while not pause.wait(0.02 if len(part) == 1 else 0):
                handler.wfile.write(part)
        return True

    return says


LOST: Mapping[str, Callable[[BaseHTTPRequestHandler], bool]] = {
    "hangs up": _hangs_up,
    "says half a word": _cut(b"HTTP/1.1 20"),
    "speaks of something else": _cut(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "has no status": _cut(b"HTTP/1.1 fine\r\n\r\n"),
    "says early hints and nothing more": _cut(b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "never ends a line": _for_ever(b"x" * 4096),
    "never ends its headers": _for_ever(b"X-More: and more\r\n"),
    "continues and continues": _for_ever(b"\r\nHTTP/1.1 100 Continue\r\n"),
    "drips": _for_ever(b"x"),
}


@pytest.mark.parametrize("how", LOST)
def test_without_an_answer_nobody_knows_whether_it_arrived(
    receiver: Receiver, authority: Authority, parcel: AlertNotice, how: str
) -> None:
    hook = _hook(receiver.port, authority, timeout_seconds=1 if how == "drips" else 20)
    receiver.says = LOST[how]
    with pytest.raises(Ambiguous, match="FF-565"):
        hook.deliver(hook.prepare(parcel))
    assert hook.look_up(parcel.key) is None
    assert hook.capabilities.repeat_safe is RepeatSafe.NONE


def test_a_body_that_hangs_holds_up_nothing(
    hook: Webhook, receiver: Receiver, parcel: AlertNotice
) -> None:
    is_over = threading.Event()

    def says(handler: BaseHTTPRequestHandler) -> bool:
        handler.wfile.write(b"HTTP/1.1 201 Created\r\nContent-Length: 1000000\r\n\r\n{")
        handler.wfile.flush()
        is_over.wait(60)
        return True

    receiver.says = says
    try:
        assert hook.deliver(hook.prepare(parcel)).how is DeliveredAs.CREATED
    finally:
        is_over.set()


def test_nobody_answers_at_all(authority: Authority, parcel: AlertNotice) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    hook = _hook(port, authority)
    with pytest.raises(Unavailable, match="FF-560"):
        hook.deliver(hook.prepare(parcel))
    assert not hook.check().ok


def test_a_server_that_never_speaks_is_given_up_in_time(
    authority: Authority, parcel: AlertNotice
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hook = _hook(silent.getsockname()[1], authority, timeout_seconds=0.3)
        with pytest.raises(Unavailable, match="FF-560"):
            hook.deliver(hook.prepare(parcel))


def test_a_certificate_that_is_not_trusted_is_not_spoken_to(
    receiver: Receiver, authority: Authority, parcel: AlertNotice, tmp_path: Path
) -> None:
    for ca_file in (None, Authority(tmp_path / "other").file, tmp_path / "no file"):
        hook = _hook(receiver.port, authority, ca_file=ca_file)
        with pytest.raises(SettingsError, match="FF-561"):
            hook.deliver(hook.prepare(parcel))
        assert not hook.check().ok
    assert receiver.asked == []


@pytest.mark.parametrize(("name", "days"), [("other.school.example", 1), ("127.0.0.1", -1)])
def test_a_certificate_for_another_name_or_another_day_is_not_spoken_to(
    authority: Authority, parcel: AlertNotice, name: str, days: int
) -> None:
    with served(Receiver(SECRET), authority.for_server(name, days)) as receiver:
        hook = _hook(receiver.port, authority)
        with pytest.raises(SettingsError, match="FF-561"):
            hook.deliver(hook.prepare(parcel))
    assert receiver.asked == []


def test_a_server_that_does_not_encrypt_is_not_spoken_to(
    authority: Authority, parcel: AlertNotice
) -> None:
    with served(Receiver(SECRET), None) as receiver:
        hook = _hook(receiver.port, authority, timeout_seconds=1)
        with pytest.raises(Unavailable, match="FF-560"):
            hook.deliver(hook.prepare(parcel))
        assert receiver.asked == []
        plain = _hook(receiver.port, authority, url=f"http://127.0.0.1:{receiver.port}/")
        plain.deliver(plain.prepare(parcel))  # this very computer may go without
    assert receiver.landed == [parcel.key]


def test_a_wrong_secret_is_refused_there_and_shown_nowhere(
    receiver: Receiver, authority: Authority, parcel: AlertNotice
) -> None:
    other = "whsec_" + base64.b64encode(b"another key of thirty-two bytes!").decode()
    hook = _hook(receiver.port, authority, secret=other)
    with pytest.raises(SettingsError, match="FF-562") as problem:
        hook.deliver(hook.prepare(parcel))
    assert other[6:] not in str(problem.value) + repr(hook.settings)
    assert "nobody-may-see-this" not in str(problem.value) + repr(hook.settings)
    assert receiver.landed == []


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "http://hooks.school.example/x"},
        {"url": "http://127.0.0.1.school.example/x"},
        {"url": "https:///x"},
        {"url": "https://user:word@hooks.school.example/x"},
        {"url": "https://hooks.school.example/x#part"},
        {"url": "https://hooks.school.example/x y"},
        {"url": "https://hooks.school.example/x\r\nHost: other"},
        {"url": "https://hooks.school.example:99999/x"},
        {"url": "https://hooks..school.example/x"},
        {"url": "https://zoë.example/x"},
        {"url": "ftp://hooks.school.example/x"},
        {"url": "hooks.school.example"},
        {"url": "https://[::1/x"},
        {"secret": "a secret without its mark"},
        {"secret": "whsec_c2hvcnQ="},
        {"secret": "whsec_not base64 at all, and rather long besides"},
        {"timeout_seconds": 0},
        {"headers": {}},
    ],
)
def test_settings_that_could_leak_are_refused(
    authority: Authority, changes: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError) as problem:
        _hook(443, authority, **changes)
    assert not [
        value
        for value in changes.values()
        if isinstance(value, str) and value in str(problem.value)
    ]


def test_records_go_only_where_it_says_that_numbers_are_kept(authority: Authority) -> None:
    with pytest.raises(ValidationError, match="receiver_keeps_ids"):
        _rows(443, authority, receiver_keeps_ids=False)
    own = _own(443, authority, columns=COLUMNS)
    with pytest.raises(ValidationError, match="receiver_keeps_ids"):
        WebhookRecordSettings.model_validate(own)


class _OverTheWire(ConnectorTests):
    """What every connector must do, in front of a server that keeps the number of each message."""

    @pytest.fixture(autouse=True)
    def _served(self, receiver: Receiver, authority: Authority) -> Iterator[None]:
        self.receiver, self.authority = receiver, authority
        with Wire(receiver.port) as self.wire:
            yield

    def opened(self, port: int) -> Webhook | WebhookRecord:
        """Return the connector."""
        raise NotImplementedError

    def trial(self, place: Path) -> Trial:  # noqa: ARG002 - it has no folder
        """Return the connector in front of the server."""
        return Trial(
            lambda _: self.opened(self.wire.port),
            lambda: self.receiver.landed,
            faults=self.wire.faults,
            unusable=[lambda _: self.opened(1)],
            hosts={"127.0.0.1"},
            kills=10,
        )


class TestWebhook(_OverTheWire):
    """Alerts."""

    def opened(self, port: int) -> Webhook:
        """Return the connector."""
        self.receiver.keeps_ids = False  # nobody promises that it does
        return _hook(port, self.authority)


class TestWebhookRecord(_OverTheWire):
    """Records."""

    def opened(self, port: int) -> WebhookRecord:
        """Return the connector."""
        return _rows(port, self.authority)


del _OverTheWire
