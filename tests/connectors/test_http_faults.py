"""Every kind that speaks HTTP, in front of a server that fails in every way: an ending in words, no name, and nothing believed that is not so."""

from __future__ import annotations

import base64
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from formflow.sdk import (
    Ambiguous,
    Ending,
    Rejected,
    Retryable,
    SettingsError,
    Unavailable,
)
from formflow.sdk.conformance import pretend_context, sample
from formflow.sdk.conformance.trial import holds_a_name
from formflow.sdk.registry import load
from tests.connectors.servers.web import Request, served
from tests.support.certificates import Authority

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
SECRET = "a-word-that-nobody-may-see"  # noqa: S105 - of a server that lives a second
SIGNED = "whsec_" + base64.b64encode(b"a key of thirty-two bytes, or so").decode()
AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: a close is a reset
MAP = {"level": "{level}", "description": "{child_a_name}"}
APP = {"tenant": "school.example", "client_id": "an-app", "client_secret": SECRET}
OWN: dict[str, dict[str, Any]] = {
    "webhook": {"secret": SIGNED},
    "webhook_record": {"secret": SIGNED, "columns": MAP, "receiver_keeps_ids": True},
    "webdav": {"username": "formflow", "password": SECRET},
    "paperless": {"token": SECRET, "key_field": "FormFlow key"},
    "primero": {
        "username": "formflow",
        "password": SECRET,
        "columns": MAP,
        "reference_field": "reference",
    },
    "notify": {},
    "calendar": {"username": "formflow", "password": SECRET},
    "graph_mail": APP | {"sender": "a@school.example", "recipient": "b@school.example"},
    "sharepoint": APP | {"folder": "Forms"},
}
SIGNS_IN = {
    "graph_mail": ("login_url", "graph_url"),
    "sharepoint": ("login_url", "graph_url", "site"),
}
_number = count()
BELIEVES = ("webhook", "webhook_record", "notify")  # a yes is all that they can ask for


class Failing:
    """A server that answers as it is told, whatever it is asked."""

    def __init__(self) -> None:
        self.says: Callable[[Request], bool] | None = None
        self.asked = 0
        self.port = 0

    def take(self, request: Request) -> None:
        """Say yes, and do nothing."""
        self.asked += 1
        request.answer(200, {})


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def encrypted(authority: Authority) -> Iterator[Failing]:
    made = Failing()
    with served(made, authority.for_server("127.0.0.1")):
        yield made


@pytest.fixture(scope="module")
def plain() -> Iterator[Failing]:
    made = Failing()
    with served(made, None):
        yield made


@pytest.fixture(params=OWN)
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def server(kind: str, encrypted: Failing, plain: Failing) -> Iterator[Failing]:
    """Yield what stands before a kind: apprise is given no authority, so it gets a plain one."""
    one = plain if kind == "notify" else encrypted
    one.says, one.asked = None, 0
    yield one
    one.says = None


def _opened(kind: str, port: int, ca_file: Path, seconds: float = 20) -> Any:
    url = f"https://127.0.0.1:{port}/x"
    own = {"url": url, "ca_file": ca_file, "timeout_seconds": seconds} | OWN[kind]
    for name in SIGNS_IN.get(kind, ()):
        own |= {name: url}
        own.pop("url", None)
    if kind == "notify":
        own = {"url": f"json://formflow:{SECRET}@127.0.0.1:{port}/{SECRET}"}
        own |= {"timeout_seconds": seconds}
    connector: Any = load(kind)
    # What apprise still waits for is another test's.
    lent = replace(pretend_context(), destination=f"destination {next(_number)}")
    return connector(connector.Settings.model_validate(own), lent)


def _comes_to(connector: Any, caplog: pytest.LogCaptureFixture) -> Ending | None:
    """Deliver, and return how that ended; None where it is delivered. Nothing that is said holds a name or a secret."""
    (operation,) = connector.capabilities.operations
    prepared = connector.prepare(sample(connector, operation))
    came: Ending | None = None
    with caplog.at_level("DEBUG"):
        try:
            connector.deliver(prepared)
        except Ending as problem:
            came = problem
    said = f"{caplog.text} {came} {came.__cause__ if came else ''}"
    assert not holds_a_name(said)
    assert SECRET not in said
    assert came is None or came.code
    return came


def _status(status: int, **headers: str) -> Callable[[Request], bool]:
    def says(request: Request) -> bool:
        request.answer(status, {"why": "Zoë-Anne Sample"}, headers)
        return True

    return says


def _resets(request: Request) -> bool:
    connection = request.handler.connection
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    connection.close()
    return True


def _hangs(said: bytes) -> Callable[[Request], bool]:
    """Say something, and nothing more until the client goes."""

    def says(request: Request) -> bool:
        request.handler.wfile.write(said)
        with contextlib.suppress(OSError):
            request.handler.connection.recv(1)
        return True

    return says


def _drips(request: Request) -> bool:
    pause = threading.Event()
    with contextlib.suppress(OSError):
        request.handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\nX-Slow: ")
        for _ in range(150):  # much longer than anybody waits for it
            request.handler.wfile.write(b"x")
            pause.wait(0.02)
    return True


IN_A_BODY = b'HTTP/1.1 201 Created\r\nContent-Length: 100000\r\n\r\n{"half": '


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (302, SettingsError),
        (400, Rejected),
        (401, SettingsError),
        (403, SettingsError),
        (413, Rejected),
        (500, Retryable),
        (503, Unavailable),
        (507, Retryable),
    ],
)
def test_a_no(
    kind: str,
    server: Failing,
    authority: Authority,
    caplog: pytest.LogCaptureFixture,
    status: int,
    expected: type[Ending],
) -> None:
    server.says = _status(status, Location="https://127.0.0.1:1/")
    came = _comes_to(_opened(kind, server.port, authority.file), caplog)
    if kind in SIGNS_IN and status < 500:
        expected = SettingsError  # the sign-in is refused
    assert type(came) is (Ambiguous if kind == "notify" else expected)


def test_later(
    kind: str, server: Failing, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    server.says = _status(429, **{"Retry-After": "120"})
    came = _comes_to(_opened(kind, server.port, authority.file), caplog)
    assert came is not None
    if kind != "notify":
        assert (type(came), came.after_seconds) == (Unavailable, 120)


@pytest.mark.parametrize(
    "says", [_resets, _hangs(b""), _hangs(IN_A_BODY), _drips], ids=["reset", "mute", "half", "drip"]
)
def test_no_whole_answer(
    kind: str,
    server: Failing,
    authority: Authority,
    caplog: pytest.LogCaptureFixture,
    says: Callable[[Request], bool],
) -> None:
    server.says = says
    came = _comes_to(_opened(kind, server.port, authority.file, seconds=0.3), caplog)
    if came is None:
        assert kind.startswith("webhook")  # the status is all that it reads
    else:
        assert isinstance(came, Unavailable | Ambiguous)


def test_a_service_that_never_ends_is_left_alone_after_some_tries(
    plain: Failing, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    is_over = threading.Event()

    def says(_: Request) -> bool:
        plain.asked += 1
        is_over.wait(60)
        return True

    plain.says, plain.asked = says, 0
    notify = _opened("notify", plain.port, tmp_path, seconds=0.05)
    try:
        came = [type(_comes_to(notify, caplog)) for _ in range(9)]
        assert came == [Ambiguous] * 8 + [Unavailable]
    finally:
        is_over.set()
        plain.says = None
    assert plain.asked <= 8


def test_nobody_there(kind: str, authority: Authority, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    connector = _opened(kind, port, authority.file)
    assert isinstance(_comes_to(connector, caplog), Unavailable | Ambiguous)
    assert kind == "notify" or not connector.check().ok


@pytest.mark.parametrize("kind", [one for one in OWN if one != "notify"])
def test_a_wrong_certificate(
    kind: str, encrypted: Failing, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    encrypted.says, encrypted.asked = None, 0
    connector = _opened(kind, encrypted.port, Authority(tmp_path / "another").file)
    came = _comes_to(connector, caplog)
    assert came is not None
    assert (type(came), came.code) == (SettingsError, "FF-561")
    assert encrypted.asked == 0
    assert not connector.check().ok


def test_a_yes_to_everything_that_nothing_comes_of(
    kind: str, server: Failing, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    came = _comes_to(_opened(kind, server.port, authority.file), caplog)
    assert (came is None) is (kind in BELIEVES)
    assert server.asked > 0


def test_what_is_no_http(
    kind: str, server: Failing, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    server.says = _hangs(b"SSH-2.0-OpenSSH_9.2\r\n")
    came = _comes_to(_opened(kind, server.port, authority.file, seconds=0.3), caplog)
    assert isinstance(came, Unavailable | Ambiguous)
