"""What FormFlow asks of paperless-ngx: its REST interface in version 9, which version 2.16 and all of version 3 understand."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar
from urllib.parse import urlencode

from formflow.sdk import Unavailable, Value, ending
from formflow_connectors.remote.web_server import Answer, WebServer
from formflow_connectors.webhook_post import refuse

_VERSION = {"Accept": "application/json; version=9"}
_WAITING = ("PENDING", "STARTED", "RECEIVED", "RETRY")
_DONE = "SUCCESS"
_DUPLICATE = re.compile(r"duplicate of .*#(\d+)")
_LARGEST = 8 << 20  # bytes of a list
_TASK = re.compile("[0-9a-fA-F-]{36}")


@dataclass(frozen=True, slots=True)
class CustomField:
    """A field that the agency has added to its documents."""

    number: int
    name: str

    @classmethod
    def parse(cls, told: Mapping[str, Any]) -> Self:
        """Return what the server tells of a field."""
        return cls(int(told["id"]), str(told["name"]))


@dataclass(frozen=True, slots=True)
class Document:
    """A document: its number, and its custom fields by their numbers."""

    number: int
    fields: Mapping[int, object]

    @classmethod
    def parse(cls, told: Mapping[str, Any]) -> Self:
        """Return what the server tells of a document."""
        fields = {int(one["field"]): one["value"] for one in told.get("custom_fields", ())}
        return cls(int(told["id"]), fields)


@dataclass(frozen=True, slots=True)
class Task:
    """What became of a document that was posted."""

    file_name: str
    status: str
    duplicates: tuple[int, ...]  # numbers of the documents for which it was refused

    @classmethod
    def parse(cls, told: Mapping[str, Any]) -> Self:
        """Return what the server tells of a task. Version 2 names a duplicate in the words of the result alone."""
        known = [int(one["id"]) for one in told.get("duplicate_documents") or ()]
        known += [int(one) for one in _DUPLICATE.findall(str(told.get("result") or ""))]
        return cls(str(told.get("task_file_name") or ""), str(told["status"]), tuple(known))

    @property
    def is_waiting(self) -> bool:
        """Whether it has not ended."""
        return self.status in _WAITING

    @property
    def is_done(self) -> bool:
        """Whether the document is there."""
        return self.status == _DONE


Told = TypeVar("Told", CustomField, Document, Task)


class Paperless:
    """One paperless-ngx for the time of one call. Each method raises an ending where it is not answered."""

    def __init__(self, server: WebServer) -> None:
        self._server = server

    @property
    def seconds_left(self) -> float:
        """How many seconds are left for what is asked here."""
        return self._server.left

    def custom_fields(self) -> Mapping[str, int]:
        """Return the number of each custom field by its name."""
        told = self._list("/api/custom_fields/", {"page_size": 1000})
        return {one.name: one.number for one in _parsed(told, CustomField)}

    def documents(self, field: str, values: Collection[str]) -> list[Document]:
        """Return the documents that hold one of these texts in a custom field."""
        query = json.dumps([field, "in", list(values)])
        asked = {"custom_field_query": query, "page_size": max(25, 2 * len(values))}
        return _parsed([*self._list("/api/documents/", asked)], Document)

    def document(self, number: int) -> Document | None:
        """Return a document, None where it is not there, or may not be seen."""
        answer = self._server.ask(
            "GET", f"/api/documents/{number}/", headers=_VERSION, most=_LARGEST
        )
        if answer.status in (403, 404):
            return None
        return _parsed([_json(answer)], Document)[0]

    def post(
        self, name: str, content: bytes, told: Mapping[str, Any], fields: Mapping[int, Value]
    ) -> str:
        """Post a document; return the number of the task that takes it in."""
        plain = {number: _plain(value) for number, value in fields.items()}
        parts = [*_pairs(told), ("custom_fields", json.dumps(plain))]
        kind, body = _form(parts, name, content)
        headers = {**_VERSION, "Content-Type": kind}
        answer = self._server.ask("POST", "/api/documents/post_document/", body, headers)
        number = str(_json(answer))
        if not _TASK.fullmatch(number):
            raise ending(Unavailable, "FF-593")
        return number

    def task(self, number: str) -> Task | None:
        """Return a task, None where it is not known yet."""
        told = [*self._list("/api/tasks/", {"task_id": number})]
        return _parsed(told, Task)[0] if told else None

    def waiting(self) -> list[Task]:
        """Return the tasks that take documents in and have not ended."""
        told = [
            one
            for status in _WAITING[:2]
            for one in self._list("/api/tasks/", {"status": status, "task_name": "consume_file"})
        ]
        return [one for one in _parsed(told, Task) if one.is_waiting]

    def _list(self, path: str, asked: Mapping[str, object]) -> list[Mapping[str, Any]]:
        answer = self._server.ask(
            "GET", f"{path}?{urlencode(asked)}", headers=_VERSION, most=_LARGEST
        )
        told = _json(answer)
        listed = told.get("results") if isinstance(told, dict) else told
        if not isinstance(listed, list):
            raise ending(Unavailable, "FF-593")
        return listed


def _parsed(told: list[Any], kind: type[Told]) -> list[Told]:
    try:
        return [kind.parse(one) for one in told]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ending(Unavailable, "FF-593") from None


def _json(answer: Answer) -> Any:
    """Return what an answer holds. Raise an ending for a no, and for what is no JSON."""
    refuse(answer.status, answer.later)
    try:
        return json.loads(answer.body)
    except ValueError:
        raise ending(Unavailable, "FF-593") from None


def _plain(value: Value) -> str | int | None:
    return value if value is None or isinstance(value, str | int) else value.isoformat()


def _pairs(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the fields of a form; what has several values comes several times."""
    return [
        (name, str(one))
        for name, value in told.items()
        for one in (value if isinstance(value, tuple) else (value,))
    ]


def _form(parts: list[tuple[str, str]], name: str, content: bytes) -> tuple[str, bytes]:
    """Return a form with one file, as RFC 7578 has it, and what kind of content that is. All names are our own."""
    mark = secrets.token_hex(16)
    begin = f'--{mark}\r\nContent-Disposition: form-data; name="'
    texts = [f'{begin}{one}"\r\n\r\n{value}\r\n'.encode() for one, value in parts]
    file = f'{begin}document"; filename="{name}"\r\nContent-Type: application/octet-stream\r\n\r\n'
    body = b"".join([*texts, file.encode(), content, f"\r\n--{mark}--\r\n".encode()])
    return f"multipart/form-data; boundary={mark}", body
