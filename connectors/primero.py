"""Primero v2: an incident or a case for each record, with what the field map names, changed when the case goes on.

Its number is made of our reference, so nothing needs to be searched for: who sends it a second time meets the first.
"""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, Literal

from pydantic import Field, SecretStr

from formflow.sdk import (
    Ambiguous,
    BaseConnector,
    Capabilities,
    CheckLine,
    CheckReport,
    DataClass,
    Delivered,
    DeliveredAs,
    Ending,
    FieldMap,
    Operation,
    Prepared,
    RecordParcel,
    Rejected,
    RepeatSafe,
    SettingsError,
    Unavailable,
    Value,
    decode_row,
    encode_row,
    ending,
    row_reference,
)
from formflow_connectors.remote.web_server import Answer, WebServer, WebServerSettings
from formflow_connectors.webhook_post import refuse

_JSON = {"Content-Type": "application/json", "Accept": "application/json"}
_RECORD, _RECORDED = "record", "recorded"  # headers
_LARGEST = 4 << 20  # bytes of a record


class PrimeroSettings(WebServerSettings):
    """Which Primero gets the records, and how their fields are filled."""

    username: str = Field(description="A user for FormFlow alone.", min_length=1)
    password: SecretStr = Field(description="As env:NAME or file:PATH.")
    record_type: Literal["incidents", "cases"] = Field(
        "incidents", description="What a record becomes there."
    )
    columns: FieldMap = Field(
        description="Names of fields of your Primero, and how each is filled.",
        examples=[{"incident_date": "{incident_day}", "module_id": "primeromodule-cp"}],
    )
    reference_field: str = Field(
        description="A text field there that holds FormFlow’s reference.", min_length=1
    )


class Primero(BaseConnector[PrimeroSettings]):
    """Makes an incident or a case for each record, and changes it."""

    kind = "primero"
    api_version = 2
    Settings = PrimeroSettings
    capabilities = Capabilities(
        repeat_safe=RepeatSafe.NATURAL,
        operations=frozenset({Operation.RECORD}),
        carries=DataClass.FULL,
    )

    def check(self) -> CheckReport:
        """Say whether Primero lets us in. No record is made."""
        try:
            self._session()
        except Ending as problem:
            return CheckReport((CheckLine(False, problem.text),))
        return CheckReport((CheckLine(True, "Primero lets FormFlow in."),))

    def prepare(self, parcel: RecordParcel) -> Prepared:
        """Return the fields. What is not known is left out, so that it replaces nothing."""
        record = row_reference(parcel.reference, parcel.revision, "update")
        row = {**self.settings.columns.row(parcel), self.settings.reference_field: record}
        told = {_RECORD: record, _RECORDED: parcel.recorded_at.isoformat()}
        known = {name: value for name, value in row.items() if value is not None}
        return Prepared(parcel.key, encode_row(known), told)

    def deliver(self, prepared: Prepared) -> Delivered:
        """Make or change the record; return when Primero tells it as it should be."""
        record = prepared.headers[_RECORD]
        newest = self.context.filed_last(record)
        if newest is not None and newest > datetime.fromisoformat(prepared.headers[_RECORDED]):
            return Delivered(prepared.key, DeliveredAs.ALREADY_THERE, "a later entry is there")
        data = {name: _plain(value) for name, value in decode_row(prepared.body).items()}
        session = self._session()
        with _in_doubt():
            is_new = newest is None and self._made(session, record, data)
            if not is_new:
                self._changed(session, record, data)
            self._see(session, record, data)
        how = DeliveredAs.CREATED if is_new else DeliveredAs.UPDATED
        return Delivered(prepared.key, how, self._path(record))

    def look_up_by_reference(self, wanted: Mapping[str, tuple[str, int]]) -> list[Delivered]:
        """Return which records Primero has."""
        session, there = self._session(), list[Delivered]()
        for key, (reference, revision) in wanted.items():
            record = row_reference(reference, revision, "update")
            told = self._told(session, record)
            if told is not None and told.get(self.settings.reference_field) == record:
                there.append(Delivered(key, DeliveredAs.ALREADY_THERE, self._path(record)))
        return there

    def _session(self) -> WebServer:
        """Log in. Raise an ending. A token is good for an hour; FormFlow takes one for each call."""
        own = self.settings
        user = {"user_name": own.username, "password": own.password.get_secret_value()}
        server = WebServer(own, self.context, _JSON)
        answer = server.ask("POST", "/api/v2/tokens", json.dumps({"user": user}).encode())
        refuse(answer.status, answer.later)
        # In the header; with an identity provider in the body.
        token = answer.headers.get("authorization") or _object(answer).get("token")
        if not isinstance(token, str) or not token.isprintable():
            raise ending(Unavailable, "FF-593")
        bearer = token if token.startswith("Bearer ") else f"Bearer {token}"
        return server.with_headers({**_JSON, "Authorization": bearer})

    def _made(self, session: WebServer, record: str, data: Mapping[str, object]) -> bool:
        """Make a record; return whether there was none. Raise Rejected where its number is another's."""
        told = {"id": self._number(record), **data}
        answer = self._send(session, "POST", f"/api/v2/{self.settings.record_type}", told)
        if answer.status != 409:
            refuse(answer.status, answer.later)
            return True
        there = self._told(session, record) or {}
        if there.get(self.settings.reference_field) not in (record, None):
            raise ending(Rejected, "FF-592", why="another record has its number")
        return False

    def _changed(self, session: WebServer, record: str, data: Mapping[str, object]) -> None:
        """Change a record. Raise Rejected where it is not there any more: somebody has taken it away."""
        answer = self._send(session, "PATCH", self._path(record), data)
        if answer.status == 404:
            raise ending(Rejected, "FF-527", reference=record, name="Primero")
        refuse(answer.status, answer.later)

    def _see(self, session: WebServer, record: str, data: Mapping[str, object]) -> None:
        """Raise SettingsError for fields that Primero has dropped: it does so without a word."""
        told = self._told(session, record) or {}
        field = self.settings.reference_field
        if missing := [name for name in data if told.get(name) is None]:
            why = f"it did not keep {', '.join(missing)}; FormFlow’s user there may not write that"
            raise ending(SettingsError, "FF-591", why=why)
        if told[field] != data[field]:
            raise ending(Unavailable, "FF-593")

    def _told(self, session: WebServer, record: str) -> Mapping[str, Any] | None:
        """Return what Primero tells of a record, None where it is not there."""
        answer = session.ask("GET", self._path(record), most=_LARGEST)
        if answer.status == 404:
            return None
        refuse(answer.status, answer.later)
        told = _object(answer).get("data")
        if not isinstance(told, dict):
            raise ending(Unavailable, "FF-593")
        return told

    def _send(
        self, session: WebServer, method: str, path: str, data: Mapping[str, object]
    ) -> Answer:
        body = json.dumps({"data": data}, ensure_ascii=False).encode()
        return session.ask(method, path, body, most=_LARGEST)

    def _number(self, record: str) -> str:
        """Return the number of a record: the same for every try, and another for another agency's user."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"formflow:{self.settings.username}:{record}"))

    def _path(self, record: str) -> str:
        return f"/api/v2/{self.settings.record_type}/{self._number(record)}"


def _object(answer: Answer) -> Mapping[str, Any]:
    """Return the JSON of an answer; nothing where it is no object. Raise Unavailable for what is no JSON."""
    try:
        told = json.loads(answer.body or b"{}")
    except ValueError:
        raise ending(Unavailable, "FF-593") from None
    return told if isinstance(told, dict) else {}


def _plain(value: Value) -> str | int | None:
    """Return a value as JSON has it; days and moments as “2026-11-14” and “2026-11-23T18:02:00”."""
    return value.isoformat() if isinstance(value, date) else value


@contextlib.contextmanager
def _in_doubt() -> Iterator[None]:
    """From the first word of the record on nobody knows, where the connection breaks, whether it has arrived."""
    try:
        yield
    except Unavailable as problem:
        if problem.code == "FF-560":
            raise ending(Ambiguous, "FF-585") from None
        raise
