"""A real Firefox without a window, told what to do over its own remote protocol (Marionette).

https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html: length, colon, JSON.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAM = shutil.which("firefox-esr") or shutil.which("firefox")
PATIENCE_SECONDS = 90.0  # a busy machine starts it slowly; nothing waits longer than it must
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the name of a reference in WebDriver
# What the viewer's save button does, up to the question where to.
SAVE = """
    const done = arguments[arguments.length - 1];
    PDFViewerApplication.pdfDocument.saveDocument().then((saved) => {
      let letters = "";
      for (const byte of saved) letters += String.fromCharCode(byte);
      done(btoa(letters));
    });
"""
PAGE = ".page[data-page-number='1']"
SETTINGS = {
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "marionette.port": 0,  # any that is free: it writes down which
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "pdfjs.defaultZoomValue": "page-fit",
}


class Firefox:
    """One window. Everything that is asked for is waited for."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
        self._stream = self._socket.makefile("rb")
        self._receive()  # it says who it is
        self._asked = 0
        self.tell("WebDriver:NewSession")

    def tell(self, order: str, **how: Any) -> Any:
        """Do something and return what comes of it. Raise AssertionError with what Firefox says."""
        self._asked += 1
        message = json.dumps([0, self._asked, order, how]).encode()
        self._socket.sendall(b"%d:%b" % (len(message), message))
        _, _, problem, result = self._receive()
        assert problem is None, f"{order}: {problem['error']}: {problem['message']}"
        return result

    def _receive(self) -> Any:
        length = b""
        while (sign := self._stream.read(1)) != b":":
            assert sign, "Firefox has ended"
            length += sign
        return json.loads(self._stream.read(int(length)))

    def close(self) -> None:
        """Let go of the line; the process is ended by who started it."""
        self._stream.close()
        self._socket.close()

    def opens(self, file: Path) -> None:
        """Open a form and wait until its first page has been drawn, with its boxes."""
        # In a tab of its own: a form that was filled in asks before it lets go of its tab.
        tab = self.tell("WebDriver:NewWindow", type="tab", focus=True)
        self.tell("WebDriver:SwitchToWindow", handle=tab["handle"], focus=True)
        self.tell("WebDriver:Navigate", url=file.as_uri())
        self.waits_for(f"return document.querySelector(`{PAGE} .annotationLayer input`)")
        self.waits_for(f"return document.querySelector(`{PAGE}[data-loaded='true'] canvas`)")

    def waits_for(self, script: str) -> Any:
        """Return what a script says as soon as it says anything."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            found = self.tell("WebDriver:ExecuteScript", script=script, args=[])["value"]
            if found:
                return found
            time.sleep(0.1)
        raise AssertionError(f"Firefox does not come to it: {script}")

    def turns_to(self, number: int) -> None:
        """Turn to a page, from 1, and wait for its boxes."""
        page = PAGE.replace("'1'", f"'{number}'")
        self.waits_for(
            f"const page = document.querySelector(`{page}`); page.scrollIntoView();"
            "return page.querySelector('.annotationLayer input, .annotationLayer textarea')"
        )

    def clicks(self, place: str) -> None:
        """Click on what a CSS selector names."""
        self.tell("WebDriver:ElementClick", id=self._element(place))

    def types(self, place: str, words: str) -> None:
        """Type words into a box."""
        self.tell("WebDriver:ElementSendKeys", id=self._element(place), text=words)

    def _element(self, place: str) -> str:
        found = self.tell("WebDriver:FindElement", using="css selector", value=place)["value"]
        return str(found[ELEMENT])

    def saves(self) -> bytes:
        """Return the bytes that the viewer's save button would write.

        The button itself asks where to save in a window of the operating system, which is not there.
        """
        self.clicks("#toolbarContainer")  # leave the box
        # Without a sandbox a script sees what the viewer itself sees.
        result = self.tell("WebDriver:ExecuteAsyncScript", script=SAVE, args=[], sandbox=None)
        return base64.b64decode(result["value"])

    def picture(self, place: str) -> bytes:
        """Return what an eye sees of a part of the window, as PNG."""
        shown = self.tell("WebDriver:TakeScreenshot", id=self._element(place), full=False)
        return base64.b64decode(shown["value"])


@contextmanager
def firefox(folder: Path) -> Iterator[Firefox]:
    """Start Firefox with a profile and a home of its own, and end it."""
    assert PROGRAM is not None
    profile = folder / "profile"
    profile.mkdir()
    lines = [
        f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in SETTINGS.items()
    ]
    (profile / "user.js").write_text("".join(lines))
    command = [
        PROGRAM,
        "--headless",
        "--no-remote",
        "--marionette",
        "--profile",
        str(profile),
    ]
    with subprocess.Popen(
        command,
        env={**os.environ, "HOME": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            window = Firefox(_port(profile / "MarionetteActivePort"))
            try:
                yield window
            finally:
                window.close()
        finally:
            process.terminate()


def _port(written: Path) -> int:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if written.is_file() and written.read_text():
            return int(written.read_text())
        time.sleep(0.1)
    raise AssertionError("Firefox has not started")
