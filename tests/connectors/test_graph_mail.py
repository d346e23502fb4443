"""Alerts through Microsoft 365, against a server that behaves as Microsoft's documents say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.policy import default as modern
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from formflow.sdk import (
    AlertNotice,
    Ambiguous,
    Ending,
    Rejected,
    Retryable,
    SettingsError,
    Unavailable,
)
from formflow.sdk.conformance import Trial, pretend_context
from formflow.sdk.conformance.suite import ConnectorTests
from formflow.sdk.conformance.wire import Wire
from formflow_connectors.graph_mail import GraphMail, GraphMailSettings
from formflow_connectors.remote.graph import Graph
from tests.connectors.servers.graph_server import (
    CLIENT,
    SECRET,
    SENDER,
    TENANT,
    GraphServer,
    Handler,
    graph_server,
)
from tests.support.certificates import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def graph(authority: Authority) -> Iterator[GraphServer]:
    Graph._tokens.clear()
    with graph_server(authority.for_server("127.0.0.1")) as running:
        yield running


def mail(port: int, authority: Authority, **changes: Any) -> GraphMail:
    own = {
        "tenant": TENANT,
        "client_id": CLIENT,
        "client_secret": SECRET,
        "login_url": f"https://127.0.0.1:{port}",
        "graph_url": f"https://127.0.0.1:{port}/v1.0",
        "ca_file": authority.file,
        "sender": SENDER,
        "recipient": "dsl@school.example",
    } | changes
    return GraphMail(GraphMailSettings.model_validate(own), pretend_context())


@pytest.fixture
def parcel(make_notice: Callable[..., AlertNotice]) -> AlertNotice:
    return make_notice()


def test_an_alert_arrives_as_the_mail_that_any_server_would_get(
    graph: GraphServer, authority: Authority, parcel: AlertNotice
) -> None:
    connector = mail(graph.port, authority)
    assert connector.check().ok
    assert connector.deliver(connector.prepare(parcel)).where == "handed to Microsoft 365"
    (content,) = graph.sent
    message = message_from_bytes(content, policy=modern)
    assert message["Subject"] == "FF-2026-000123: new form to review today"
    assert (message["From"], message["To"]) == (SENDER, "dsl@school.example")
    assert message["Message-ID"] == f"<{parcel.key}@school.example>"


def test_one_token_serves_until_it_ends_and_is_dropped_when_it_is_refused(
    graph: GraphServer, authority: Authority, parcel: AlertNotice
) -> None:
    connector = mail(graph.port, authority)
    for _ in range(3):
        connector.deliver(connector.prepare(parcel))
    assert [one for one in graph.asked if "oauth2" in one] == [f"POST /{TENANT}/oauth2/v2.0/token"]
    graph.tokens.clear()
    with pytest.raises(SettingsError, match="FF-562"):
        connector.deliver(connector.prepare(parcel))
    connector.deliver(connector.prepare(parcel))
    assert len(graph.sent) == 4


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_secret": "another"}, "FF-568"),
        ({"tenant": "other.example"}, "FF-568"),
        ({"sender": "nobody@school.example"}, "FF-562"),
        ({"ca_file": None}, "FF-561"),
    ],
)
def test_what_is_wrong_in_the_settings_is_said_without_a_secret(
    graph: GraphServer,
    authority: Authority,
    parcel: AlertNotice,
    changes: dict[str, Any],
    code: str,
) -> None:
    connector = mail(graph.port, authority, **changes)
    with pytest.raises(SettingsError, match=code) as problem:
        connector.deliver(connector.prepare(parcel))
    shown = str(problem.value) + repr(connector.settings)
    assert not re.search(f"{SECRET}|another|Bearer|token0", shown)
    assert graph.sent == []


def _answers(status: int, *, where: str, **headers: str) -> Callable[[Handler], bool]:
    def says(handler: Handler) -> bool:
        if where not in handler.path:
            return False
        handler.error(status, "AnError", **headers)
        return True

    return says


@pytest.mark.parametrize(
    ("where", "status", "expected", "code"),
    [
        ("oauth2", 429, Unavailable, "FF-564"),
        ("oauth2", 503, Unavailable, "FF-564"),
        ("oauth2", 500, Retryable, "FF-564"),
        ("sendMail", 403, SettingsError, "FF-562"),
        ("sendMail", 400, Rejected, "FF-563"),
        ("sendMail", 413, Rejected, "FF-563"),
        ("sendMail", 429, Unavailable, "FF-564"),
        ("sendMail", 503, Unavailable, "FF-564"),
    ],
)
def test_what_microsoft_365_answers_decides_what_becomes_of_the_mail(
    graph: GraphServer,
    authority: Authority,
    parcel: AlertNotice,
    where: str,
    status: int,
    expected: type[Ending],
    code: str,
) -> None:
    connector = mail(graph.port, authority)
    graph.says = _answers(status, where=where, Retry_After="120")
    with pytest.raises(Ending) as problem:
        connector.deliver(connector.prepare(parcel))
    assert (type(problem.value), problem.value.code) == (expected, code)
    assert problem.value.after_seconds == (120 if code == "FF-564" else None)
    assert CLIENT not in problem.value.text
    graph.says = None
    connector.deliver(connector.prepare(parcel))
    assert len(graph.sent) == 1


@pytest.mark.parametrize("said", [b"", b"{}", b"[]", b'{"access_token": "a b", "expires_in": 1}'])
def test_an_answer_that_holds_no_token_is_no_sign_in(
    graph: GraphServer, authority: Authority, parcel: AlertNotice, said: bytes
) -> None:
    def says(handler: Handler) -> bool:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(said)))
        handler.end_headers()
        handler.wfile.write(said)
        return True

    graph.says = says
    connector = mail(graph.port, authority)
    with pytest.raises(SettingsError, match="FF-568"):
        connector.deliver(connector.prepare(parcel))
    assert not connector.check().ok


def test_where_the_answer_is_lost_nobody_knows_whether_it_was_sent(
    graph: GraphServer, authority: Authority, parcel: AlertNotice
) -> None:
    connector = mail(graph.port, authority)
    connector.check()

    def says(handler: Handler) -> bool:
        graph.sent.append(b"taken")
        handler.close_connection = True
        return True

    graph.says = says
    with pytest.raises(Ambiguous, match="FF-565"):
        connector.deliver(connector.prepare(parcel))


@pytest.mark.parametrize(
    "changes",
    [
        {"tenant": "a/b"},
        {"graph_url": "http://graph.example/v1.0"},
        {"login_url": "https://user:word@login.example"},
        {"client_id": ""},
        {"sender": "two@school.example, other@school.example"},
    ],
)
def test_settings_that_make_no_sense_are_refused(
    authority: Authority, changes: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError):
        mail(443, authority, **changes)


class TestGraphMail(ConnectorTests):
    """What every connector must do."""

    @pytest.fixture(autouse=True)
    def _served(self, graph: GraphServer, authority: Authority) -> Iterator[None]:
        self.graph, self.authority = graph, authority
        with Wire(graph.port) as self.wire:
            yield

    def trial(self, place: Path) -> Trial:  # noqa: ARG002 - it has no folder
        """Return the connector in front of the server."""

        def landed() -> list[str]:
            found = [str(one["Message-ID"]) for one in self.graph.messages()]
            return [one.strip("<>").partition("@")[0] for one in found]

        return Trial(
            lambda _: mail(self.wire.port, self.authority),
            landed,
            faults=self.wire.faults,
            unusable=[lambda _: mail(1, self.authority)],
            hosts={"127.0.0.1"},
            kills=5,
        )
