"""A calendar on a CalDAV server: each event is a resource that is read, put and removed only as it was seen (RFC 4791, 9110)."""

from __future__ import annotations

import http

from formflow.sdk import Ambiguous, Retryable, Unavailable, ending
from formflow_connectors.remote.web_server import Answer, WebServer
from formflow_connectors.webhook_post import refuse

_IS_CALENDAR = b"""<?xml version="1.0" encoding="utf-8"?>
<propfind xmlns="DAV:"><prop><resourcetype/></prop></propfind>"""
CHANGED = "FF-567"


class DavCalendar:
    """One calendar, while there is a call to answer. A tag tells how a resource was when it was read."""

    def __init__(self, server: WebServer) -> None:
        self._server = server

    def look(self) -> None:
        """Ask for the calendar itself. Raise an ending where it is not to be had."""
        headers = {"Depth": "0", "Content-Type": "application/xml; charset=utf-8"}
        _take(self._server.ask("PROPFIND", "/", _IS_CALENDAR, headers))

    def read(self, name: str) -> tuple[bytes, str] | None:
        """Return a resource and its tag, None where there is none."""
        answer = self._server.ask("GET", f"/{name}")
        if answer.status in (404, 410):
            return None
        refuse(answer.status, answer.later)
        return answer.body, answer.headers.get("etag", "")

    def write(self, name: str, content: bytes, tag: str | None) -> None:
        """Put a resource: a new one where there is no tag. Raise Retryable where somebody was faster."""
        seen = {"If-None-Match": "*"} if tag is None else _if_match(tag)
        headers = {"Content-Type": "text/calendar; charset=utf-8", **seen}
        _take(self._changed("PUT", name, content, headers))

    def remove(self, name: str, tag: str) -> None:
        """Remove a resource. Raise Retryable where somebody has changed it."""
        answer = self._changed("DELETE", name, b"", _if_match(tag))
        if answer.status not in (404, 410):
            _take(answer)

    def _changed(self, method: str, name: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Return the answer to a change. Without one nobody knows whether it was made."""
        try:
            return self._server.ask(method, f"/{name}", body, headers)
        except Unavailable:
            raise ending(Ambiguous, "FF-565") from None


def _if_match(tag: str) -> dict[str, str]:
    return {"If-Match": tag} if tag else {}


def _take(answer: Answer) -> None:
    if answer.status == http.HTTPStatus.PRECONDITION_FAILED:
        raise ending(Retryable, CHANGED, after_seconds=5)
    refuse(answer.status, answer.later)
