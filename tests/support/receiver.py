"""A server that gets signed messages by HTTPS: it checks each signature as the standard says, and takes none twice."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOLERANCE = 300  # seconds that the standard lets the clocks differ
LARGEST = 1 << 20  # bytes of a message


class Receiver:
    """What arrived, by its number. What it says to the next messages can be set."""

    def __init__(self, secret: bytes, *, keeps_ids: bool = True) -> None:
        self.secret, self.keeps_ids = secret, keeps_ids
        self.landed: list[str] = []
        self.bodies: dict[str, bytes] = {}
        self.headers: list[dict[str, str]] = []
        self.asked: list[str] = []  # method and target of each request
        # Answers in the place of the receiver, after the message has come. Returns whether it is taken.
        self.says: Callable[[BaseHTTPRequestHandler], bool] | None = None
        self.port = 0
        self._lock = threading.Lock()

    def message(self) -> dict[str, Any]:
        """Return the one message that arrived."""
        (body,) = self.bodies.values()
        message: dict[str, Any] = json.loads(body)
        return message

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        """Take a message: 201 where it is new, 200 where it was here, 401 where the signature is wrong."""
        body = handler.rfile.read(min(LARGEST, int(handler.headers["Content-Length"])))
        with self._lock:
            self.asked.append(f"{handler.command} {handler.path}")
            self.headers.append({name.lower(): value for name, value in handler.headers.items()})
        if self.says is not None:
            if self.says(handler):
                self._keep(handler, body)
            return
        if not self._is_signed(handler, body):
            answer(handler, 401)
            return
        answer(handler, 201 if self._keep(handler, body) else 200)

    def _is_signed(self, handler: BaseHTTPRequestHandler, body: bytes) -> bool:
        number, moment = handler.headers["webhook-id"], handler.headers["webhook-timestamp"]
        if abs(time.time() - int(moment)) > TOLERANCE:
            return False
        signed = hmac.new(self.secret, f"{number}.{moment}.".encode() + body, hashlib.sha256)
        good = "v1," + base64.b64encode(signed.digest()).decode()
        return hmac.compare_digest(good, handler.headers["webhook-signature"])

    def _keep(self, handler: BaseHTTPRequestHandler, body: bytes) -> bool:
        """Keep a message; return whether it is new."""
        number = handler.headers["webhook-id"]
        with self._lock:
            is_new = number not in self.bodies
            if is_new or not self.keeps_ids:
                self.landed.append(number)
                self.bodies[number] = body
        return is_new


def answer(handler: BaseHTTPRequestHandler, status: int, **headers: str) -> None:
    """Answer with a status, and the headers named with “_” for “-”."""
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", "0")
    handler.end_headers()


@contextlib.contextmanager
def served(receiver: Receiver, shown: ssl.SSLContext | None) -> Iterator[Receiver]:
    """Run it at a free port of this computer; `shown` is its certificate, None for plain http."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receiver.take(self)

        def do_GET(self) -> None:
            receiver.asked.append(f"GET {self.path}")

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            pass  # clients here hang up in every way

    with Server(("127.0.0.1", 0), Handler) as server:
        if shown is not None:
            server.socket = shown.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        receiver.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
