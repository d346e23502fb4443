"""An HTTPS server before a real one: it passes each request on, or answers in its place."""

from __future__ import annotations

import contextlib
import http.client
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Of one connection, not of what is asked (RFC 9110, 7.6.1); the length is counted anew.
_OF_A_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length"}
_METHODS = ("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS")
_OF_DAV = ("PROPFIND", "PROPPATCH", "MKCOL", "MOVE", "COPY", "REPORT", "LOCK", "UNLOCK")


class Front:
    """What stands before a server."""

    def __init__(self, behind: int) -> None:
        self.behind = behind  # the port of the server
        self.port = 0
        # Answers in the place of the server, or leaves it to it and returns False.
        self.says: Callable[[BaseHTTPRequestHandler], bool] | None = None


@contextlib.contextmanager
def before(
    behind: int, shown: ssl.SSLContext | None, trusted: ssl.SSLContext | None
) -> Iterator[Front]:
    """Stand before a port of this computer. `shown` is the certificate, None for plain HTTP, as it is behind."""
    front = Front(behind)

    class Handler(BaseHTTPRequestHandler):
        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if front.says is None or not front.says(self):
                _pass_on(self, body, _connection(behind, trusted))

        def log_message(self, *_: object) -> None:
            pass

    for method in (*_METHODS, *_OF_DAV):
        setattr(Handler, f"do_{method}", Handler.pass_on)

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            pass  # clients here hang up in every way

    with Server(("127.0.0.1", 0), Handler) as server:
        if shown is not None:
            server.socket = shown.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        front.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield front
        finally:
            server.shutdown()
            thread.join()


def _connection(port: int, trusted: ssl.SSLContext | None) -> http.client.HTTPConnection:
    if trusted is None:
        return http.client.HTTPConnection("127.0.0.1", port)
    return http.client.HTTPSConnection("127.0.0.1", port, context=trusted)


def _pass_on(
    handler: BaseHTTPRequestHandler, body: bytes, connection: http.client.HTTPConnection
) -> None:
    with contextlib.closing(connection):
        connection.putrequest(
            handler.command, handler.path, skip_host=True, skip_accept_encoding=True
        )
        for name, value in handler.headers.items():
            if name.lower() not in _OF_A_CONNECTION:
                connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        content = answer.read()
        handler.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _OF_A_CONNECTION:
                handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)
