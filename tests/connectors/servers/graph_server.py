"""Microsoft Graph and its sign-in, as far as FormFlow uses them, as their documents say. Rules are marked with their source:

[token]  https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
[mail]   https://learn.microsoft.com/graph/api/user-sendmail
[errors] https://learn.microsoft.com/graph/errors
[limits] https://learn.microsoft.com/graph/throttling
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote

TENANT, CLIENT, SECRET = "school.example", "an-app", "a-secret-that-nobody-may-see"
SENDER = "formflow@school.example"
LASTS = 3599  # seconds [token]


class GraphServer:
    """What it has been given. What it says to the next requests can be set."""

    def __init__(self) -> None:
        self.port = 0
        self.sent: list[bytes] = []
        self.asked: list[str] = []  # method and path of each request
        self.tokens: set[str] = set()
        # Answers in the place of Graph, after the request has come; returns whether it did.
        self.says: Callable[[Handler], bool] | None = None

    def messages(self) -> list[Message]:
        """Return the messages that were handed over."""
        return [message_from_bytes(one) for one in self.sent]

    def sign_in(self, handler: Handler, body: bytes) -> None:
        """Give a token for the app's own secret [token]; 401 invalid_client for another, 400 for anything else."""
        said = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if handler.path != f"/{TENANT}/oauth2/v2.0/token":
            handler.tell(400, {"error": "invalid_request", "error_description": CLIENT})
        elif said.get("grant_type") != "client_credentials" or not said.get("scope", "").endswith(
            "/.default"
        ):
            handler.tell(400, {"error": "invalid_scope"})
        elif (said.get("client_id"), said.get("client_secret")) != (CLIENT, SECRET):
            handler.tell(
                401, {"error": "invalid_client", "error_description": f"{CLIENT} of {TENANT}"}
            )
        else:
            token = f"token{len(self.tokens)}"
            self.tokens.add(token)
            handler.tell(200, {"token_type": "Bearer", "expires_in": LASTS, "access_token": token})

    def work(self, handler: Handler, body: bytes) -> None:
        """Do what is asked, for whoever has a token [errors: 401 without one]."""
        if handler.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            handler.error(401, "InvalidAuthenticationToken")
        elif handler.path.startswith("/v1.0/users/"):
            self._mail(handler, body)
        else:
            handler.error(400, "BadRequest")

    def _mail(self, handler: Handler, body: bytes) -> None:
        """Take a message in MIME, base64, as text/plain: 202 and no body; 400 for bad base64 [mail]."""
        user, _, action = handler.path.removeprefix("/v1.0/users/").partition("/")
        if unquote(user) != SENDER or action != "sendMail":
            handler.error(404, "ErrorInvalidUser")
            return
        try:
            content = base64.b64decode(body, validate=True)
        except binascii.Error:
            content = b""
        if handler.headers.get_content_type() != "text/plain" or not content:
            handler.error(400, "ErrorMimeContentInvalidBase64String")
            return
        self.sent.append(content)
        handler.tell(202, None)


class Handler(BaseHTTPRequestHandler):
    """One request."""

    graph: GraphServer

    def handle_one(self) -> None:
        """Answer."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.graph.asked.append(f"{self.command} {self.path}")
        if self.graph.says is not None and self.graph.says(self):
            return
        if "/oauth2/" in self.path:
            self.graph.sign_in(self, body)
        else:
            self.graph.work(self, body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_one  # noqa: N815 - the server's names

    def tell(self, status: int, said: Any, **headers: str) -> None:
        """Answer with JSON, and the headers named with “_” for “-”."""
        content = b"" if said is None else json.dumps(said).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def error(self, status: int, code: str, **headers: str) -> None:
        """Answer with an error as Graph has it [errors]; its words repeat what was asked."""
        told = {"error": {"code": code, "message": f"{self.path} by {CLIENT}"}}
        self.tell(status, told, **headers)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        pass  # clients here hang up in every way


@contextlib.contextmanager
def graph_server(shown: ssl.SSLContext) -> Iterator[GraphServer]:
    """Run it at a free port of this computer; `shown` is its certificate."""
    graph = GraphServer()
    handler = type("OfThis", (Handler,), {"graph": graph})
    with _Server(("127.0.0.1", 0), handler) as server:
        server.socket = shown.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        graph.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield graph
        finally:
            server.shutdown()
            thread.join()
