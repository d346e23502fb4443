"""Records as incidents and cases of a small Primero: made once, changed after that, and looked at before they count."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
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
)
from formflow.sdk.conformance import Trial, pretend_context
from formflow.sdk.conformance.suite import ConnectorTests
from formflow.sdk.conformance.wire import Wire
from formflow.sdk.field_map import given
from formflow_connectors.primero import Primero, PrimeroSettings
from tests.connectors.conftest import RECORDED_AT, a_parcel
from tests.connectors.servers.primero import PASSWORD, USER, PrimeroServer
from tests.connectors.servers.web import Request, served
from tests.support.certificates import Authority

COLUMNS = {
    "module_id": "primeromodule-cp",
    "incident_date": "{incident_day}",
    "description": "{child_a_name}",
    "level": {"field": "level", "values": {"red": "high"}},
}
RECORD = "FF-2026-000123"
Open = Callable[..., Primero]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def server(authority: Authority) -> Iterator[PrimeroServer]:
    made = PrimeroServer()
    with served(made, authority.for_server("127.0.0.1")):
        yield made


@pytest.fixture
def opened(server: PrimeroServer, authority: Authority) -> Open:
    def make(newest: datetime | None = None, **changes: Any) -> Primero:
        port = changes.pop("port", server.port)
        known: dict[str, Any] = {
            "url": f"https://127.0.0.1:{port}",
            "username": USER,
            "password": PASSWORD,
        }
        known |= {"columns": COLUMNS, "reference_field": "ff_reference", "ca_file": authority.file}
        settings = PrimeroSettings.model_validate(known | changes)
        return Primero(settings, replace(pretend_context(), filed_last=lambda _: newest))

    return make


def _prepared(connector: Primero, revision: int = 1, **said: Any) -> Any:
    known: dict[str, Any] = {
        "incident_day": date(2026, 11, 14),
        "child_a_name": "Zoë O’Sample",
        "level": "red",
    }
    named = tuple(NamedAnswer(n, n, str(v), v) for n, v in (known | said).items() if v)
    full = a_parcel(Operation.RECORD, named=named, revision=revision)
    parcel: Any = given(full, connector.capabilities, connector.settings)
    return connector.prepare(parcel)


@pytest.mark.parametrize("in_body", [False, True])
@pytest.mark.parametrize("kind", ["incidents", "cases"])
def test_a_record_is_made_once_and_changed_after_that(
    opened: Open, server: PrimeroServer, kind: str, in_body: bool
) -> None:
    server.tells_token_in_body = in_body
    connector = opened(record_type=kind)
    assert connector.check().ok
    prepared = _prepared(connector)
    came = connector.deliver(prepared)
    assert came.how is DeliveredAs.CREATED
    (((of, number), told),) = server.records.items()
    assert (of, came.where) == (kind, f"/api/v2/{kind}/{number}")
    assert told == {
        "id": number,
        "module_id": "primeromodule-cp",
        "incident_date": "2026-11-14",
        "description": "Zoë O’Sample",
        "level": "high",
        "ff_reference": RECORD,
    }
    told["notes"] = "by hand"
    assert connector.deliver(prepared).how is DeliveredAs.UPDATED
    later = _prepared(connector, revision=2, child_a_name="Kim Sample", incident_day=None)
    connector.deliver(later)
    assert [one["description"] for one in server.records.values()] == ["Kim Sample"]
    assert (told["incident_date"], told["notes"]) == ("2026-11-14", "by hand")
    wanted = {"a" * 64: (RECORD, 2), "b" * 64: ("FF-2026-000124", 1)}
    assert [one.key for one in connector.look_up_by_reference(wanted)] == ["a" * 64]


def test_what_comes_late_changes_nothing(opened: Open, server: PrimeroServer) -> None:
    connector = opened(RECORDED_AT + timedelta(seconds=1))
    assert connector.deliver(_prepared(connector)).how is DeliveredAs.ALREADY_THERE
    assert server.asked == []


def test_what_somebody_has_taken_away_is_not_made_again_unasked(
    opened: Open, server: PrimeroServer
) -> None:
    connector = opened(RECORDED_AT - timedelta(days=1))
    with pytest.raises(Rejected, match="FF-527"):
        connector.deliver(_prepared(connector))
    assert server.records == {}


def test_a_field_that_is_dropped_is_told_by_its_name_alone(
    opened: Open, server: PrimeroServer
) -> None:
    connector = opened(columns=COLUMNS | {"pupil": "{child_a_name}"})
    with pytest.raises(SettingsError, match=r"FF-591: .*it did not keep pupil") as problem:
        connector.deliver(_prepared(connector))
    assert "Zoë" not in problem.value.text
    again = opened()
    again.deliver(_prepared(again))
    assert len(server.records) == 1


def test_another_record_under_its_number_is_left_alone(opened: Open, server: PrimeroServer) -> None:
    connector = opened()
    connector.deliver(_prepared(connector))
    (told,) = server.records.values()
    told["ff_reference"] = "FF-2020-000001"
    with pytest.raises(Rejected, match="FF-592"):
        connector.deliver(_prepared(connector, child_a_name="Kim Sample"))
    assert told["description"] == "Zoë O’Sample"


def test_another_agencys_user_has_other_numbers(opened: Open) -> None:
    ours, theirs = opened(), opened(username="another")
    assert ours._number(RECORD) != theirs._number(RECORD)


def test_a_value_that_it_does_not_take_is_set_aside(opened: Open, server: PrimeroServer) -> None:
    connector = opened()
    with pytest.raises(Rejected, match="FF-563"):
        connector.deliver(_prepared(connector, incident_day="last Tuesday"))
    assert server.records == {}


def test_a_wrong_password_is_told_and_shown_nowhere(opened: Open) -> None:
    connector = opened(password="another-word")
    with pytest.raises(SettingsError, match="FF-562") as problem:
        connector.deliver(_prepared(connector))
    assert "another-word" not in str(problem.value) + repr(connector.settings)
    assert not connector.check().ok


@pytest.mark.parametrize("told", ["a text", {"data": 7}, {"data": {"ff_reference": "FF-1"}}])
def test_what_says_that_all_went_well_and_does_not_show_it_is_not_believed(
    opened: Open, server: PrimeroServer, told: object
) -> None:
    def says(request: Request) -> bool:
        if request.method == "GET":
            request.answer(200, told)
        return request.method == "GET"

    connector = opened(columns={"level": "{level}"})
    server.says = says
    with pytest.raises((Unavailable, SettingsError, Ambiguous), match=r"FF-59[13]"):
        connector.deliver(_prepared(connector))


class TestPrimero(ConnectorTests):
    """What every connector must do, in front of a small server."""

    @pytest.fixture(autouse=True)
    def _served(self, server: PrimeroServer, opened: Open) -> Iterator[None]:
        self.server, self.opened = server, opened
        with Wire(server.port, asked=1500) as self.wire:
            yield

    def trial(self, place: Path) -> Trial:  # noqa: ARG002 - it has no folder
        """Return the connector in front of the server."""

        def opener(**changes: Any) -> Callable[[Any], Primero]:
            settings = self.opened(**({"port": self.wire.port} | changes)).settings
            return lambda context: Primero(settings, context)

        return Trial(
            opener(),
            self.server.landed,
            faults=self.wire.faults,
            unusable=[opener(port=1), opener(password="another")],
            hosts={"127.0.0.1"},
            kills=6,
        )
