"""A small Primero v2: of its interface what FormFlow asks, as its documentation and source have it.

Each rule has its source, in https://github.com/primeroIMS/primero:

- doc/api/tokens/post.md: `POST /api/v2/tokens` with user name and password gives a token in the header `Authorization`; else 401.
- doc/api/cases/post.md: `POST /api/v2/cases` with `{"data": {…}}`; with an `id` (a UUID) of the client's own 204 and no content, without
  one 200; an `id` that is there 409; a value that is not valid 422; a user who may not 403. Incidents go through the same code
  (app/controllers/api/v2/concerns/record.rb).
- app/controllers/api/v2/concerns/record.rb, `record_params`: fields that the user may not write are dropped without a word.
- doc/api/cases/id/patch.md: `PATCH …/:id` merges what is given into the record and answers 200 with what has changed; 404.
- doc/api/cases/id/get.md: `GET …/:id` tells the fields that the user may see, under `data`; 404.
- app/services/permitted_field_service.rb: `id` is a UUID in small letters.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable
from typing import Any

from formflow.sdk import Operation
from tests.connectors.servers.web import Request

USER, PASSWORD = "formflow", "a-password-that-nobody-may-see"
TOKEN = "header.payload.signature"  # noqa: S105 - of a server that lives a second
WRITABLE = {"id", "module_id", "incident_date", "description", "level", "ff_reference"}
_UUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_PATH = re.compile("/api/v2/(incidents|cases)(?:/([^/]+))?")


class PrimeroServer:
    """The records of a small Primero."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], dict[str, Any]] = {}
        self.tells_token_in_body = False  # as with an identity provider
        self.says: Callable[[Request], bool] | None = None
        self.asked: list[str] = []
        self.port = 0
        self._lock = threading.Lock()

    def take(self, request: Request) -> None:
        """Do what is asked, and answer."""
        self.asked.append(f"{request.method} {request.path}")
        if request.path == "/api/v2/tokens":
            self._let_in(request)
            return
        found = _PATH.fullmatch(request.path)
        if request.headers["Authorization"] != f"Bearer {TOKEN}" or found is None:
            request.answer(401 if found else 404, {"errors": []})
            return
        with self._lock:
            self._record(request, *found.groups())

    def landed(self) -> list[str]:
        """Return the key of each record, as the kit makes it of the reference."""
        told = [str(one.get("ff_reference")) for one in self.records.values()]
        return [hashlib.sha256(f"{one}|{Operation.RECORD}".encode()).hexdigest() for one in told]

    def _let_in(self, request: Request) -> None:
        user = json.loads(request.body)["user"]
        if user != {"user_name": USER, "password": PASSWORD}:
            request.answer(401, {"error": "Invalid User name or password."})
        elif self.tells_token_in_body:
            request.answer(200, {"user_name": USER, "token": TOKEN})
        else:
            request.answer(200, {"user_name": USER}, {"Authorization": f"Bearer {TOKEN}"})

    def _record(self, request: Request, kind: str, number: str | None) -> None:
        told = json.loads(request.body)["data"] if request.body else {}
        kept = {name: value for name, value in told.items() if name in WRITABLE}
        if request.method == "POST":
            self._make(request, kind, kept)
        elif (there := self.records.get((kind, str(number)))) is None:
            request.answer(404, {"errors": [{"code": 404}]})
        elif request.method == "PATCH":
            there.update(kept)
            request.answer(200, {"data": kept})
        else:
            request.answer(200, {"data": there})

    def _make(self, request: Request, kind: str, kept: dict[str, Any]) -> None:
        number = kept["id"]
        if not _UUID.fullmatch(number) or kept.get("incident_date") == "last Tuesday":
            request.answer(422, {"errors": [{"code": 422, "detail": "incident_date"}]})
        elif (kind, number) in self.records:
            request.answer(409, {"errors": [{"code": 409, "message": "Conflict"}]})
        else:
            self.records[kind, number] = kept
            request.answer(204)
