"""What the small servers of the tests share: requests with their bodies, answers in JSON, an answer in the server's place."""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit

LARGEST = 1 << 22  # bytes of a request


class Request:
    """One request, read whole."""

    def __init__(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        self.handler, self.method = handler, handler.command
        self.path, self.asked = parts.path, dict(parse_qsl(parts.query))
        self.headers = handler.headers
        self.body = handler.rfile.read(min(LARGEST, int(self.headers.get("Content-Length") or 0)))

    def answer(
        self, status: int, told: object = None, headers: Mapping[str, str] | None = None
    ) -> None:
        """Answer with JSON; with nothing where there is nothing to tell."""
        body = b"" if told is None else json.dumps(told).encode()
        self.handler.send_response(status)
        for name, value in (headers or {}).items():
            self.handler.send_header(name, value)
        self.handler.send_header("Content-Type", "application/json")
        self.handler.send_header("Content-Length", str(len(body)))
        self.handler.end_headers()
        self.handler.wfile.write(body)


class Site(Protocol):
    """A server as the tests see it."""

    port: int
    # Answers in the place of the server, or leaves it to it and returns False.
    says: Callable[[Request], bool] | None

    def take(self, request: Request) -> None:
        """Do what is asked, and answer."""


@contextlib.contextmanager
def served(site: Site, shown: ssl.SSLContext | None) -> Iterator[None]:
    """Run it at a free port of this computer; `shown` is its certificate, None for plain http."""

    class Handler(BaseHTTPRequestHandler):
        def take(self) -> None:
            request = Request(self)
            if site.says is None or not site.says(request):
                site.take(request)

        def log_message(self, *_: object) -> None:
            pass

    for method in ("GET", "POST", "PATCH", "PUT", "DELETE", "PROPFIND", "MOVE", "MKCOL"):
        setattr(Handler, f"do_{method}", Handler.take)

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            pass  # clients here hang up in every way

    with Server(("127.0.0.1", 0), Handler) as server:
        if shown is not None:
            server.socket = shown.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        site.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
