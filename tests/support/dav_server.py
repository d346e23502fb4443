"""A real WebDAV server on the loopback, over HTTPS, for one user."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cheroot.ssl.builtin import BuiltinSSLAdapter
from cheroot.wsgi import Server

wsgidav_app = pytest.importorskip("wsgidav.wsgidav_app", reason="wsgidav has no wheel for Windows")

USER, PASSWORD = "formflow", "a-password-that-nobody-may-see"


class _Silent(Server):
    """Says nothing when a client hangs up: those of the tests do so in every way."""

    def error_log(self, *_: object, **__: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def dav_server(folder: Path, certificate: Path, *, read_only: bool = False) -> Iterator[int]:
    """Serve a folder; yield the port. `certificate` holds the private key, too."""
    provider: dict[str, Any] = {"root": str(folder), "readonly": read_only}
    app = wsgidav_app.WsgiDAVApp(
        {
            "provider_mapping": {"/": provider},
            "simple_dc": {"user_mapping": {"*": {USER: {"password": PASSWORD}}}},
            "http_authenticator": {"accept_digest": False, "default_to_digest": False},
            "verbose": 0,
            "logging": {"enable": False},
        }
    )
    logging.getLogger("wsgidav").setLevel(logging.CRITICAL)
    server = _Silent(("127.0.0.1", 0), app, numthreads=10)
    server.ssl_adapter = BuiltinSSLAdapter(str(certificate), str(certificate))
    server.prepare()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server.bind_addr[1]
    finally:
        server.stop()
        thread.join()
