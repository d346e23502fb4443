"""Forms as documents of a small paperless-ngx: each once, found by its key, whatever happens to its task."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from formflow.sdk import (
    Ambiguous,
    DeliveredAs,
    NamedAnswer,
    Operation,
    Rejected,
    SettingsError,
    Unavailable,
    deadline,
)
from formflow.sdk.conformance import Trial, pretend_context
from formflow.sdk.conformance.suite import ConnectorTests
from formflow.sdk.conformance.wire import Wire
from formflow.sdk.field_map import given
from formflow_connectors.paperless import PaperlessNgx, PaperlessSettings
from tests.connectors.conftest import ORIGINAL, a_parcel
from tests.connectors.servers.paperless import TOKEN, PaperlessServer
from tests.connectors.servers.web import Request, served
from tests.support.certificates import Authority

COLUMNS = {"Date of incident": "{incident_day}", "Level": "{level}"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def server(authority: Authority) -> Iterator[PaperlessServer]:
    made = PaperlessServer()
    with served(made, authority.for_server("127.0.0.1")):
        yield made


Open = Callable[..., PaperlessNgx]


@pytest.fixture
def opened(server: PaperlessServer, authority: Authority) -> Open:
    def make(**changes: Any) -> PaperlessNgx:
        port = changes.pop("port", server.port)
        known: dict[str, Any] = {
            "url": f"https://127.0.0.1:{port}",
            "token": TOKEN,
            "key_field": "FormFlow key",
        }
        known |= {"ca_file": authority.file}
        settings = PaperlessSettings.model_validate(known | changes)
        return PaperlessNgx(settings, pretend_context([ORIGINAL, b"another form"]))

    return make


def _prepared(connector: PaperlessNgx, **changes: Any) -> Any:
    answers = (
        NamedAnswer("incident_day", "When?", "14/11/2026", date(2026, 11, 14)),
        NamedAnswer("level", "Level", "red", "red"),
    )
    full = a_parcel(Operation.RECORD, **({"named": answers} | changes))
    parcel: Any = given(full, connector.capabilities, connector.settings)
    return connector.prepare(parcel)


def test_a_form_is_a_document_with_what_the_map_says(opened: Open, server: PaperlessServer) -> None:
    connector = opened(columns=COLUMNS, tags=[3, 8], document_type=2)
    assert connector.check().ok
    prepared = _prepared(connector)
    came = connector.deliver(prepared)
    assert (came.how, came.where) == (DeliveredAs.CREATED, "document 1")
    (document,) = server.documents.values()
    assert document["content"].encode("latin-1") == ORIGINAL
    assert document["custom_fields"] == [
        {"field": 5, "value": "2026-11-14"},
        {"field": 6, "value": "red"},
        {"field": 4, "value": prepared.key},
    ]
    assert document["stated"] == {
        "title": ["FF-2026-000123 r1"],
        "created": ["2026-11-23"],
        "tags": ["3", "8"],
        "document_type": ["2"],
    }


def test_a_repeat_finds_the_document(opened: Open, server: PaperlessServer) -> None:
    connector = opened()
    prepared = _prepared(connector)
    connector.deliver(prepared)
    assert connector.deliver(prepared).how is DeliveredAs.ALREADY_THERE
    assert connector.look_up(prepared.key) is not None
    assert [one.where for one in connector.look_up_many([prepared.key, "f" * 64])] == ["document 1"]
    assert len(server.documents) == 1


def test_a_form_that_is_still_worked_on_is_not_sent_again(
    opened: Open, server: PaperlessServer
) -> None:
    server.works = False
    connector = opened(timeout_seconds=1)
    prepared = _prepared(connector)
    with pytest.raises(Ambiguous, match="FF-590"):
        connector.deliver(prepared)
    with pytest.raises(Unavailable, match="FF-590"):
        connector.look_up(prepared.key)
    with pytest.raises(Unavailable, match="FF-590"):
        connector.deliver(prepared)
    server.works = True
    server.work()
    assert connector.look_up(prepared.key) is not None
    assert (server.landed(), len(server.tasks)) == ([prepared.key], 1)


def test_what_says_that_all_went_well_and_has_nothing_is_not_believed(
    opened: Open, server: PaperlessServer
) -> None:
    server.forgets = True
    connector = opened()
    prepared = _prepared(connector)
    with pytest.raises(Ambiguous, match="FF-590"):
        connector.deliver(prepared)
    assert connector.look_up(prepared.key) is None
    server.forgets = False
    assert connector.deliver(prepared).how is DeliveredAs.CREATED


def test_a_version_that_cannot_search_by_a_custom_field_is_told(
    opened: Open, server: PaperlessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector = opened()
    connector.deliver(_prepared(connector))
    monkeypatch.setattr(server, "_search", lambda _: list(server.documents.values()))
    with pytest.raises(SettingsError, match=r"FF-591: .*cannot search by custom fields"):
        connector.deliver(_prepared(connector, reference="FF-2026-000124"))
    assert len(server.documents) == 1


def test_the_same_file_under_another_key_is_another_s(
    opened: Open, server: PaperlessServer
) -> None:
    connector = opened()
    connector.deliver(_prepared(connector))
    with pytest.raises(Rejected, match=r"FF-592: .*the same file already, as document 1"):
        connector.deliver(_prepared(connector, reference="FF-2026-000124"))
    server.refuses_duplicates = False  # as version 3 does
    connector.deliver(_prepared(connector, reference="FF-2026-000124"))
    assert len(server.documents) == 2


def test_the_same_file_under_our_key_is_ours(
    opened: Open, server: PaperlessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector = opened()
    prepared = _prepared(connector)
    connector.deliver(prepared)
    searched = server._search
    # The index of a search may come later than the document.
    monkeypatch.setattr(
        server, "_search", lambda query: [] if len(server.tasks) < 2 else searched(query)
    )
    came = connector.deliver(prepared)
    assert (came.how, came.where) == (DeliveredAs.ALREADY_THERE, "document 1")
    assert len(server.documents) == 1


def test_a_corrected_form_is_another_document(opened: Open, server: PaperlessServer) -> None:
    server.refuses_duplicates = False
    connector = opened()
    keys = [_prepared(connector, revision=number).key for number in (1, 2)]
    for number in (1, 2):
        connector.deliver(_prepared(connector, revision=number))
    assert server.landed() == keys


def test_a_record_without_a_form_is_set_aside(opened: Open) -> None:
    connector = opened()
    with pytest.raises(Rejected, match=r"FF-592: .*no form to file"):
        connector.deliver(_prepared(connector, original_sha256=None))


def test_a_custom_field_that_is_not_there_is_told_before_anything_is_sent(
    opened: Open, server: PaperlessServer
) -> None:
    connector = opened(columns={"Level of harm": "{level}"})
    assert "there is no custom field “Level of harm”" in connector.check().lines[0].text
    with pytest.raises(SettingsError, match="FF-591"):
        connector.deliver(_prepared(connector))
    assert server.tasks == {}


def test_a_wrong_token_is_told_and_shown_nowhere(opened: Open) -> None:
    connector = opened(token="another-token")
    with pytest.raises(SettingsError, match="FF-562") as problem:
        connector.deliver(_prepared(connector))
    assert "another-token" not in str(problem.value) + repr(connector.settings)


@pytest.mark.parametrize("told", [{"results": 7}, [{"id": 1}], "a text", [7]])
def test_an_answer_that_is_none_is_told(
    opened: Open, server: PaperlessServer, told: object
) -> None:
    def says(request: Request) -> bool:
        request.answer(200, told)
        return True

    server.says = says
    connector = opened()
    with pytest.raises(Unavailable, match="FF-593"):
        connector.deliver(_prepared(connector))


def test_a_file_that_it_cannot_read_is_set_aside_in_words_of_our_own(
    opened: Open, server: PaperlessServer
) -> None:
    def says(request: Request) -> bool:
        if request.path == "/api/tasks/" and "task_id" in request.asked:
            number = request.asked["task_id"]
            failed = {"task_id": number, "status": "FAILURE", "result": "Charlie.pdf: no PDF"}
            request.answer(200, [failed])
            return True
        return False

    server.says, server.forgets = says, True
    connector = opened()
    with pytest.raises(Rejected, match="FF-592") as problem, deadline.of(20):
        connector.deliver(_prepared(connector))
    assert "Charlie" not in problem.value.text


class TestPaperless(ConnectorTests):
    """What every connector must do, in front of a small server."""

    @pytest.fixture(autouse=True)
    def _served(self, server: PaperlessServer, opened: Open) -> Iterator[None]:
        self.server, self.opened = server, opened
        server.refuses_duplicates = False  # all sample parcels have the same paper
        with Wire(server.port, asked=1500) as self.wire:
            yield

    def trial(self, place: Path) -> Trial:  # noqa: ARG002 - it has no folder
        """Return the connector in front of the server."""

        def opener(**changes: Any) -> Callable[[Any], PaperlessNgx]:
            settings = self.opened(**({"port": self.wire.port} | changes)).settings
            return lambda context: PaperlessNgx(settings, context)

        return Trial(
            opener(),
            self.server.landed,
            faults=self.wire.faults,
            unusable=[opener(port=1), opener(key_field="No such field")],
            hosts={"127.0.0.1"},
            kills=6,
        )
