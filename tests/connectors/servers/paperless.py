"""A small paperless-ngx: of its REST interface (version 9) what FormFlow asks, as its documentation and source have it.

Each rule has its source, in https://github.com/paperless-ngx/paperless-ngx:

- docs/api.md, "Authorization": `Authorization: Token …`; else 401.
- docs/api.md, "POSTing documents": `/api/documents/post_document/`, multipart, the file as `document`; 200 at once, with the UUID
  of the task; `/api/tasks/?task_id=` tells of it later. `custom_fields` is a list of numbers, or an object of number -> value.
- src/documents/serialisers/upload.py: an unknown number of a custom field is a 400.
- docs/api.md, "Filtering by custom fields": `custom_field_query=["name", "exact" | "in", …]`, exact with capital letters.
- src/documents/serialisers/tasks.py (TaskSerializerV9): `task_id`, `task_file_name`, `status` in capitals, `result`,
  `related_document`, `duplicate_documents`; a list.
- src/documents/consumer.py (version 2), issue 4853: a file that is there already, by its checksum, fails with "Not consuming NAME:
  It is a duplicate of TITLE (#17)". Issue 13773: version 3 takes it a second time, unless it is set not to.
- src/documents/serialisers/documents.py: `custom_fields` of a document is a list of `field` and `value`.
- docs/api.md, "API Versioning": an `Accept` with a version that is not supported is a 406.
"""

from __future__ import annotations

import hashlib
import json
import threading
import uuid
from collections.abc import Callable
from email import message_from_bytes
from email.message import Message
from email.policy import HTTP
from typing import Any

from tests.connectors.servers.web import Request

TOKEN = "a-token-that-nobody-may-see"  # noqa: S105 - of a server that lives a second
FIELDS = {"FormFlow key": 4, "Date of incident": 5, "Level": 6}


class PaperlessServer:
    """The documents and tasks of a small paperless-ngx."""

    def __init__(self) -> None:
        self.documents: dict[int, dict[str, Any]] = {}
        self.tasks: dict[str, dict[str, Any]] = {}
        self.refuses_duplicates = True  # as version 2 does
        self.works = True  # False: what is posted waits
        self.forgets = False  # says that all went well, and has nothing
        self.says: Callable[[Request], bool] | None = None
        self.asked: list[str] = []
        self.port = 0
        self._lock = threading.Lock()

    def take(self, request: Request) -> None:
        """Do what is asked, and answer."""
        self.asked.append(f"{request.method} {request.path}")
        if request.headers["Authorization"] != f"Token {TOKEN}":
            request.answer(401, {"detail": "Invalid token."})
        elif request.headers["Accept"] != "application/json; version=9":
            request.answer(406)
        elif (request.method, request.path) == ("POST", "/api/documents/post_document/"):
            self._post(request)
        elif request.path == "/api/custom_fields/":
            told = [{"id": n, "name": name, "data_type": "string"} for name, n in FIELDS.items()]
            request.answer(200, _page(told))
        elif request.path == "/api/documents/":
            request.answer(
                200, _page(self._search(json.loads(request.asked["custom_field_query"])))
            )
        elif request.path == "/api/tasks/":
            request.answer(200, self._tasks(request))
        else:
            number = int(request.path.rstrip("/").rpartition("/")[2])
            found = self.documents.get(number)
            request.answer(200 if found else 404, found or {"detail": "Not found."})

    def work(self) -> None:
        """Take in what waits."""
        with self._lock:
            for task in self.tasks.values():
                if task["status"] == "PENDING":
                    self._consume(task)

    def landed(self) -> list[str]:
        """Return the key that each document holds."""
        every = [one for each in self.documents.values() for one in each["custom_fields"]]
        return [one["value"] for one in every if one["field"] == FIELDS["FormFlow key"]]

    def _post(self, request: Request) -> None:
        kind = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
        told: dict[str, list[str]] = {}
        name, content = "", b""
        for part in message_from_bytes(kind + request.body, policy=HTTP).iter_parts():
            if part.get_filename():
                name, content = part.get_filename() or "", _payload(part)
            else:
                field = part.get_param("name", header="Content-Disposition")
                told.setdefault(str(field), []).append(_payload(part).decode())
        fields = json.loads(told.pop("custom_fields", ["{}"])[0])
        if not name or not set(map(int, fields)) <= set(FIELDS.values()):
            request.answer(400, {"custom_fields": ["Custom field with id 99 does not exist"]})
            return
        with self._lock:
            number = str(uuid.uuid4())
            task: dict[str, Any] = {"task_id": number, "task_file_name": name, "status": "PENDING"}
            task |= {"result": None, "related_document": None, "duplicate_documents": []}
            self.tasks[number] = {**task, "posted": (content, fields, told)}
            if self.works:
                self._consume(self.tasks[number])
        request.answer(200, number)

    def _consume(self, task: dict[str, Any]) -> None:
        content, fields, told = task["posted"]
        checksum = hashlib.md5(content).hexdigest()  # noqa: S324 - as paperless-ngx does
        there = [n for n, one in self.documents.items() if one["checksum"] == checksum]
        if there and self.refuses_duplicates:
            title = self.documents[there[0]]["title"]
            words = f"Not consuming {task['task_file_name']}: It is a duplicate of {title} (#{there[0]})."
            task |= {"status": "FAILURE", "result": words}
            return
        number = len(self.documents) + 1
        kept = [{"field": int(field), "value": value} for field, value in fields.items()]
        made = {"id": number, "title": told["title"][0], "custom_fields": kept, "stated": told}
        if not self.forgets:
            self.documents[number] = {
                **made,
                "checksum": checksum,
                "content": content.decode("latin-1"),
            }
        task |= {"status": "SUCCESS", "related_document": str(number)}
        task["result"] = f"Success. New document id {number} created"

    def _search(self, query: list[Any]) -> list[dict[str, Any]]:
        name, how, wanted = query
        field = FIELDS[name]
        values = wanted if how == "in" else [wanted]
        return [
            each
            for each in self.documents.values()
            if any(
                one["field"] == field and one["value"] in values for one in each["custom_fields"]
            )
        ]

    def _tasks(self, request: Request) -> list[dict[str, Any]]:
        asked = {
            name: value for name, value in request.asked.items() if name in ("task_id", "status")
        }
        return [
            {name: value for name, value in task.items() if name != "posted"}
            for task in self.tasks.values()
            if all(task[name] == value for name, value in asked.items())
        ]


def _payload(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _page(told: list[dict[str, Any]]) -> dict[str, Any]:
    return {"count": len(told), "next": None, "previous": None, "results": told}
