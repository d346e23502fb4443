"""Microsoft Graph and its sign-in, as far as FormFlow uses them, as their documents say. Rules are marked with their source:

[token]  https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
[mail]   https://learn.microsoft.com/graph/api/user-sendmail
[site]   https://learn.microsoft.com/graph/api/site-getbypath, …/api/drive-list
[item]   https://learn.microsoft.com/graph/api/driveitem-get, …-list-children, …-post-children, …-move, …-delete
[small]  https://learn.microsoft.com/graph/api/driveitem-put-content
[large]  https://learn.microsoft.com/graph/api/driveitem-createuploadsession
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
        self.library = Library()
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
        elif handler.path.startswith(("/v1.0/sites/", "/v1.0/drives/")):
            with self.library.lock:
                self.library.work(handler, body)
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


class Library:
    """A document library: files by their path, "" for its root, and folders, whose content is None."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.items: dict[str, bytes | None] = {"": None}
        self.sessions: dict[str, tuple[str, bytearray]] = {}  # key -> path, and what has come of it
        self.page = 2  # names on one page

    def work(self, handler: Handler, body: bytes) -> None:
        """Answer for a site [site], or for an item by its path [item]."""
        path, _, query = handler.path.removeprefix("/v1.0").partition("?")
        if path == "/sites/127.0.0.1:/sites/Safeguarding":
            handler.tell(200, {"id": "the-site"})
        elif path == "/sites/the-site/drives":
            drives = [{"id": "other", "name": "Pictures"}, {"id": "b!1", "name": "Documents"}]
            handler.tell(200, {"value": drives})
        elif not path.startswith("/drives/b%211/root"):
            handler.error(404, "itemNotFound")
        else:
            where, _, action = path.removeprefix("/drives/b%211/root").lstrip(":").partition(":/")
            name = unquote(where).strip("/")
            asked = f"{handler.command} {action}".strip()
            self._do(handler, asked, name, body, query)

    def _do(self, handler: Handler, asked: str, name: str, body: bytes, query: str) -> None:
        is_there, folder = name in self.items, name.rpartition("/")[0]
        match asked:
            case "PUT content" | "POST createUploadSession" if folder not in self.items:
                handler.error(404, "itemNotFound")
            case "PUT content":
                self._put(handler, name, body, fails="conflictBehavior=fail" in query)
            case "POST createUploadSession":
                self._begin(handler, name, body)
            case _ if not is_there:
                handler.error(404, "itemNotFound")
            case "GET":
                handler.tell(200, self._about(handler, name))
            case "GET children":
                self._children(handler, name, query)
            case "POST children":
                told = json.loads(body)
                made = f"{name}/{told['name']}".strip("/")
                if made in self.items:
                    handler.error(409, "nameAlreadyExists")
                else:
                    self.items[made] = None
                    handler.tell(201, self._about(handler, made))
            case "PATCH":
                self._move(handler, name, json.loads(body))
            case "DELETE":
                del self.items[name]
                handler.tell(204, None)
            case _:
                handler.error(400, "BadRequest")

    def _about(self, handler: Handler, name: str) -> dict[str, Any]:
        content = self.items[name]
        told: dict[str, Any] = {"id": f"id of {name}", "name": name.rpartition("/")[2]}
        if content is None:
            return told | {"folder": {}, "size": 0}
        key = base64.urlsafe_b64encode(name.encode()).decode()
        url = f"https://{handler.headers['Host']}/_download/{key}?tempauth=1"
        return told | {"file": {}, "size": len(content), "@microsoft.graph.downloadUrl": url}

    def _children(self, handler: Handler, name: str, query: str) -> None:
        """Tell a page of names, and where the next one is [item]."""
        inside = f"{name}/" if name else ""
        every = [p for p in sorted(self.items) if p and p.startswith(inside)]
        names = [p.removeprefix(inside) for p in every if "/" not in p.removeprefix(inside)]
        start = int(query.partition("$skiptoken=")[2] or 0)
        told: dict[str, Any] = {"value": [{"name": n} for n in names[start : start + self.page]]}
        if start + self.page < len(names):
            here = handler.path.partition("?")[0]
            told["@odata.nextLink"] = (
                f"https://{handler.headers['Host']}{here}?$skiptoken={start + self.page}"
            )
        handler.tell(200, told)

    def _put(self, handler: Handler, name: str, content: bytes, *, fails: bool) -> None:
        """Keep a small file: 201; 409 where there is one and it is asked to fail [small]."""
        if len(content) > 4 << 20:
            handler.error(413, "RequestEntityTooLarge")
        elif fails and name in self.items:
            handler.error(409, "nameAlreadyExists")
        else:
            self.items[name] = content
            handler.tell(201, self._about(handler, name))

    def _begin(self, handler: Handler, name: str, body: bytes) -> None:
        """Begin a session, with an address that holds its own key [large]."""
        behaviour = json.loads(body)["item"]["@microsoft.graph.conflictBehavior"]
        if behaviour == "fail" and name in self.items:
            handler.error(409, "nameAlreadyExists")
            return
        key = f"{len(self.sessions)}"
        self.sessions[key] = name, bytearray()
        handler.tell(
            200, {"uploadUrl": f"https://{handler.headers['Host']}/_upload/{key}?tempauth=1"}
        )

    def _move(self, handler: Handler, name: str, told: dict[str, Any]) -> None:
        """Rename or move an item: 409 where the name is taken [item]."""
        parent = told["parentReference"]["id"].removeprefix("id of ")
        final = f"{parent}/{told['name']}".strip("/")
        if final in self.items:
            handler.error(409, "nameAlreadyExists")
        else:
            self.items[final] = self.items.pop(name)
            handler.tell(200, self._about(handler, final))

    def by_key(self, handler: Handler, body: bytes) -> None:
        """Answer at an address that Graph has given: no token may be sent along [large]."""
        key = handler.path.partition("?")[0].rpartition("/")[2]
        if handler.headers.get("Authorization"):
            handler.error(401, "unauthenticated")
        elif handler.path.startswith("/_download/"):
            content = self.items.get(base64.urlsafe_b64decode(key).decode())
            if content is None:
                handler.error(404, "itemNotFound")
            else:
                handler.send_response(200)
                handler.send_header("Content-Length", str(len(content)))
                handler.end_headers()
                handler.wfile.write(content)
        else:
            self._piece(handler, key, body)

    def _piece(self, handler: Handler, key: str, body: bytes) -> None:
        """Take the next part: 416 where it is not the next; 400 where one but the last is no multiple of 320 KiB [large]."""
        name, come = self.sessions[key]
        span, _, size = handler.headers["Content-Range"].removeprefix("bytes ").partition("/")
        first, last = map(int, span.split("-"))
        if first != len(come) or last - first + 1 != len(body):
            handler.error(416, "invalidRange")
        elif last + 1 < int(size) and len(body) % (320 << 10):
            handler.error(400, "invalidRequest")
        elif name in self.items:
            handler.error(409, "nameAlreadyExists")
        else:
            come += body
            if len(come) < int(size):
                handler.tell(202, {"nextExpectedRanges": [f"{len(come)}-"]})
            else:
                self.items[name] = bytes(come)
                handler.tell(201, self._about(handler, name))


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
        elif self.path.startswith(("/_download/", "/_upload/")):
            with self.graph.library.lock:
                self.graph.library.by_key(self, body)
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
