"""Alerts without content through apprise, to a small receiver of JSON on this computer."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from formflow.sdk import AlertNotice, Ambiguous, DeliveredAs, Operation, SettingsError
from formflow.sdk.conformance import Trial, pretend_context
from formflow.sdk.conformance.suite import ConnectorTests
from formflow.sdk.conformance.wire import Wire
from formflow_connectors.notify import Notify, NotifySettings
from tests.connectors.servers.web import Request, served

# apprise tries out what Python still has when it is loaded.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
KEY = "a-key-that-nobody-may-see"
MakeNotice = Callable[..., AlertNotice]


class Messages:
    """What arrived."""

    def __init__(self) -> None:
        self.told: list[dict[str, str]] = []
        self.says: Callable[[Request], bool] | None = None
        self.port = 0

    def take(self, request: Request) -> None:
        """Take a message."""
        self.told.append(json.loads(request.body))
        request.answer(200)

    def landed(self) -> list[str]:
        """Return the key of each message, as the kit makes it of reference and revision."""
        return [
            _key(*one["title"].removeprefix("FormFlow ").split(", revision ")) for one in self.told
        ]


def _key(reference: str, revision: str = "") -> str:
    if revision:
        return f"{int(reference[-6:])}{revision}" * 32
    return hashlib.sha256(f"{reference}|{Operation.ALERT}".encode()).hexdigest()


@pytest.fixture
def messages() -> Iterator[Messages]:
    made = Messages()
    with served(made, None):
        yield made


def _notify(port: int) -> Notify:
    url = f"json://formflow:{KEY}@127.0.0.1:{port}/alerts"
    return Notify(NotifySettings.model_validate({"url": url}), pretend_context())


def test_a_message_says_that_something_waits_and_holds_no_name(
    messages: Messages, make_notice: MakeNotice
) -> None:
    notify = _notify(messages.port)
    assert notify.check().ok
    assert messages.told == []
    came = notify.deliver(notify.prepare(make_notice(urgent=True)))
    assert came.how is DeliveredAs.CREATED
    (told,) = messages.told
    assert told["title"] == "NOW: FormFlow FF-2026-000123"
    assert told["message"].splitlines() == [
        "New form to review.",
        "Look at it by: 23 November 2026 at 6:02pm (UTC)",
        "Where to look: the page FF-2026-000123 in the folder “Alerts”",
    ]


def test_a_deadline_that_there_is_not_is_not_told(
    messages: Messages, make_notice: MakeNotice
) -> None:
    notify = _notify(messages.port)
    notify.deliver(notify.prepare(make_notice(respond_by=None)))
    assert "Look at it by" not in messages.told[0]["message"]


@pytest.mark.parametrize("status", [302, 400, 401, 429, 500, 503])
def test_after_a_no_nobody_knows_and_it_is_sent_again(
    messages: Messages,
    make_notice: MakeNotice,
    caplog: pytest.LogCaptureFixture,
    status: int,
) -> None:
    def says(request: Request) -> bool:
        request.answer(status, {"why": "Charlie"}, {"Location": "http://127.0.0.1:1/"})
        return True

    messages.says = says
    notify = _notify(messages.port)
    prepared = notify.prepare(make_notice())
    with caplog.at_level("DEBUG"), pytest.raises(Ambiguous, match="FF-595") as problem:
        notify.deliver(prepared)
    assert KEY not in caplog.text + str(problem.value) + repr(notify.settings)
    assert "Charlie" not in caplog.text + str(problem.value)
    messages.says = None
    notify.deliver(prepared)
    assert len(messages.told) == 1


def test_an_address_that_apprise_does_not_know_is_told_without_it(make_notice: MakeNotice) -> None:
    notify = Notify(NotifySettings.model_validate({"url": f"nosuch://{KEY}"}), pretend_context())
    (line,) = notify.check().lines
    assert not line.ok
    assert KEY not in line.text
    with pytest.raises(SettingsError, match="FF-591"):
        notify.deliver(notify.prepare(make_notice()))


def test_without_the_library_it_says_how_to_get_it(
    messages: Messages, make_notice: MakeNotice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    notify = _notify(messages.port)
    with pytest.raises(SettingsError, match=r'FF-586.*pip install "formflow\[notify\]"'):
        notify.deliver(notify.prepare(make_notice()))
    assert not notify.check().ok


class TestNotify(ConnectorTests):
    """What every connector must do, in front of a small receiver."""

    @pytest.fixture(autouse=True)
    def _served(self, messages: Messages) -> Iterator[None]:
        self.messages = messages
        with Wire(messages.port, asked=300) as self.wire:
            yield

    def trial(self, place: Path) -> Trial:  # noqa: ARG002 - it has no folder
        """Return the connector in front of the receiver."""
        nowhere = Notify(NotifySettings.model_validate({"url": "nosuch://x"}), pretend_context())
        return Trial(
            lambda _: _notify(self.wire.port),
            self.messages.landed,
            faults=self.wire.faults,
            unusable=[lambda _: nowhere],
            hosts={"127.0.0.1"},
            kills=4,
        )
