"""A real CalDAV server on the loopback (Radicale), over HTTPS, with one user and one calendar."""

from __future__ import annotations

import contextlib
import http.client
import logging
import ssl
import threading
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from radicale import config
from radicale.app import Application

USER, PASSWORD = "formflow", "a-password-that-nobody-may-see"
CALENDAR = f"/{USER}/deadlines"
_MADE = b"""<?xml version="1.0" encoding="utf-8"?>
<mkcalendar xmlns="urn:ietf:params:xml:ns:caldav"/>"""


class CalDav:
    """The server: what is in its calendar, as another program would get it."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        self.port = port
        self._context = context

    def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Return status and body of an answer."""
        code = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self._context)
        with contextlib.closing(connection):
            connection.request(method, path, body, {"Authorization": f"Basic {code}"})
            answer = connection.getresponse()
            return answer.status, answer.read()

    def begin(self) -> None:
        """Begin with an empty calendar."""
        self.ask("DELETE", f"{CALENDAR}/")
        status, said = self.ask("MKCALENDAR", f"{CALENDAR}/", _MADE)
        assert status == 201, said

    def calendar(self) -> str:
        """Return the whole calendar."""
        status, content = self.ask("GET", f"{CALENDAR}/")
        assert status == 200
        return content.decode()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        pass  # clients here hang up in every way


class _Handler(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def caldav_server(folder: Path, shown: ssl.SSLContext, trusted: Path) -> Iterator[CalDav]:
    """Serve calendars that are kept in a folder; `shown` is the server's certificate."""
    users = folder / "users"
    users.write_text(f"{USER}:{PASSWORD}\n")
    settings = config.load()
    told: dict[str, Any] = {
        "auth": {
            "type": "htpasswd",
            "htpasswd_filename": str(users),
            "htpasswd_encryption": "plain",
            "delay": "0",
        },
        "storage": {"filesystem_folder": str(folder / "collections")},
        "logging": {"level": "critical"},
    }
    settings.update(told, "the tests")
    logging.getLogger("radicale").setLevel(logging.CRITICAL)
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.set_app(Application(settings))
        server.socket = shown.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        made = CalDav(server.server_port, ssl.create_default_context(cafile=trusted))
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()
