"""A real Chromium without a window, told what to do over its own protocol through a pair of pipes.

https://chromedevtools.github.io/devtools-protocol: JSON, and a NUL at the end of each message.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")
PATIENCE_SECONDS = 90.0  # a busy machine starts it slowly; nothing waits longer than it must
KEYS = {"Tab": 9, "Enter": 13}
HIGH = 20  # above the numbers 3 and 4, by which Chromium knows its pipes
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--enable-features=PdfUseShowSaveFilePicker",
    "--window-size=1200,1400",
    "--remote-debugging-pipe",
)
LOADED = "document.querySelector('pdf-viewer')?.loadState_ === 'success'"
# Points from the upper left corner of page 1 (A4) to dots of the window.
PLACE = """
    (() => {
      const { viewport, shadowRoot } = document.querySelector("pdf-viewer");
      const sheet = viewport.getPageScreenRect(0);
      const window = shadowRoot.querySelector("#content").getBoundingClientRect();
      const scale = sheet.height / 841.89;
      return [window.x + sheet.x + %f * scale, window.y + sheet.y + %f * scale];
    })()
"""
# The viewer asks where to save in a window of the operating system: we answer for it.
SAVE = """
    new Promise((done) => {
      window.showSaveFilePicker = async () => ({
        createWritable: async () => ({
          write: async (blob) => {
            const reader = new FileReader();
            reader.onload = () => done(reader.result.split(",")[1]);
            reader.readAsDataURL(blob);
          },
          close: async () => {},
        }),
      });
      const bar = document.querySelector("pdf-viewer").shadowRoot.querySelector("viewer-toolbar");
      const controls = bar.shadowRoot.querySelector("viewer-download-controls").shadowRoot;
      controls.querySelector("#save").click();
      const press = () => {
        const button = controls.querySelector("#save-edited");
        if (button) button.click(); else setTimeout(press, 50);
      };
      setTimeout(press, 50);
    })
"""


class Chromium:
    """One tab. Everything that is asked for is waited for."""

    def __init__(self, to: int, back: int) -> None:
        self._to, self._back = to, os.fdopen(back, "rb")
        self._asked = 0
        self._frames: dict[str, str] = {}  # session by target, of what is inside the tab
        self._tab = ""
        self._viewer = ""
        self.complaints: list[str] = []  # what pages that are shown have written to the console

    def tell(self, order: str, session: str = "", **how: Any) -> Any:
        """Do something and return what comes of it. Raise AssertionError with what Chromium says."""
        self._asked += 1
        message = {"id": self._asked, "method": order, "params": how}
        if session:
            message["sessionId"] = session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            heard = self._receive()
            if heard.get("method") == "Target.attachedToTarget":
                inside = heard["params"]
                self._frames[inside["targetInfo"]["targetId"]] = inside["sessionId"]
            if heard.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded"):
                self.complaints.append(json.dumps(heard["params"]))
            if heard.get("id") == self._asked:
                assert "error" not in heard, f"{order}: {heard['error']}"
                return heard["result"]

    def _receive(self) -> Any:
        letters = bytearray()
        while (sign := self._back.read(1)) != b"\0":
            assert sign, "Chromium has ended"
            letters += sign
        return json.loads(letters)

    def opens(self, file: Path) -> None:
        """Open a form in a tab of its own and wait until the viewer has it."""
        made = self.tell("Target.createTarget", url="about:blank")["targetId"]
        self._tab = self.tell("Target.attachToTarget", targetId=made, flatten=True)["sessionId"]
        self._frames.clear()
        follow = {"autoAttach": True, "waitForDebuggerOnStart": False, "flatten": True}
        self.tell("Target.setAutoAttach", self._tab, **follow)
        self.tell("Page.navigate", self._tab, url=file.as_uri())
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            for session in list(self._frames.values()):
                if self._says(LOADED, session):
                    self._viewer = session
                    return
            time.sleep(0.1)
            self.tell("Target.getTargets")  # hears what has come up since
        raise AssertionError(f"Chromium does not show {file.name}")

    def shows(self, address: str) -> None:
        """Open a page of HTML in the tab and wait until it is there."""
        if not self._tab:
            made = self.tell("Target.createTarget", url="about:blank")["targetId"]
            self._tab = self.tell("Target.attachToTarget", targetId=made, flatten=True)["sessionId"]
            self.tell("Runtime.enable", self._tab)
            self.tell("Log.enable", self._tab)
        self.tell("Page.navigate", self._tab, url=address)
        self.comes_to(address.partition("?")[0].partition("#")[0])

    def asks(self, script: str) -> Any:
        """Return what a script comes to on the page that is shown."""
        return self._says(script, self._tab)

    def looks_like(self, width: int, height: int, scale: float = 1.0) -> bytes:
        """Return the page that is shown as a PNG, in a window of a size in dots of CSS."""
        size = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
        self.tell("Emulation.setDeviceMetricsOverride", self._tab, **size)
        shot = self.tell("Page.captureScreenshot", self._tab, format="png")
        return base64.b64decode(shot["data"])

    def sees_in(self, **features: str) -> None:
        """Show pages as for somebody whose system asks for something, such as forced_colors="active"."""
        asked = [{"name": name.replace("_", "-"), "value": one} for name, one in features.items()]
        self.tell("Emulation.setEmulatedMedia", self._tab, features=asked)

    def presses(self, key: str) -> None:
        """Press a key of KEYS on the page that is shown."""
        pressed = {"key": key, "code": key, "windowsVirtualKeyCode": KEYS[key]}
        for kind in ("rawKeyDown", "keyUp"):
            self.tell("Input.dispatchKeyEvent", self._tab, type=kind, **pressed)
            if kind == "rawKeyDown" and key == "Enter":
                self.tell("Input.dispatchKeyEvent", self._tab, type="char", text="\r")

    def clicks_on(self, part: str) -> None:
        """Click on the first part of the page that a selector of CSS names, where it is seen."""
        seen = f"document.querySelector({json.dumps(part)})"
        self.asks(f"{seen}.scrollIntoView({{block: 'center'}})")
        across, down = self.asks(
            f"(({{x, y, width, height}}) => [x + width / 2, y + height / 2])({seen}.getClientRects()[0])"
        )
        self._click(across, down)

    def writes(self, words: str) -> None:
        """Type words where the cursor is."""
        self.tell("Input.insertText", self._tab, text=words)

    def comes_to(self, address: str) -> None:
        """Wait until the tab shows a page whose address begins so."""
        until = time.monotonic() + PATIENCE_SECONDS
        there = (
            f"document.readyState === 'complete' && location.href.startsWith({json.dumps(address)})"
        )
        while not self._is_so(there):
            assert time.monotonic() < until, f"Chromium does not come to {address}"
            time.sleep(0.05)

    def _is_so(self, script: str) -> bool:
        """Return whether something is so on the page; not while one page gives way to another."""
        try:
            return bool(self._says(script, self._tab))
        except AssertionError as problem:
            if "navigated" in str(problem) or "context was destroyed" in str(problem):
                return False
            raise

    def prints(self) -> bytes:
        """Return the page that is shown as a PDF, on the paper that it asks for."""
        how = {"preferCSSPageSize": True, "printBackground": False}
        return base64.b64decode(self.tell("Page.printToPDF", self._tab, **how)["data"])

    def _says(self, script: str, session: str) -> Any:
        how = {"awaitPromise": True, "returnByValue": True, "userGesture": True}
        found = self.tell("Runtime.evaluate", session, expression=script, **how)
        return found["result"].get("value")

    def clicks(self, x: float, y: float) -> None:
        """Click on a place of page 1, in points from its upper left corner."""
        self._click(*self._says(PLACE % (x, y), self._viewer))

    def _click(self, across: float, down: float) -> None:
        spot = {"x": across, "y": down, "button": "left", "clickCount": 1}
        for kind in ("mousePressed", "mouseReleased"):
            self.tell("Input.dispatchMouseEvent", self._tab, type=kind, **spot)

    def types(self, words: str) -> None:
        """Type words behind what stands in the box that was clicked on."""
        end = {"key": "End", "code": "End", "windowsVirtualKeyCode": 35}
        for kind in ("rawKeyDown", "keyUp"):
            self.tell("Input.dispatchKeyEvent", self._tab, type=kind, **end)
        for letter in words:
            self.tell("Input.dispatchKeyEvent", self._tab, type="char", text=letter)

    def leaves(self) -> None:
        """Click into the margin: the viewer takes no other box before it has let go of one."""
        self.clicks(20, 400)

    def saves(self) -> bytes:
        """Return the bytes that the viewer's save button ("with your changes") writes."""
        self.leaves()
        return base64.b64decode(self._says(SAVE, self._viewer))

    def close(self) -> None:
        """Let go of the pipes; the process is ended by who started it."""
        os.close(self._to)
        self._back.close()


@contextmanager
def chromium(folder: Path) -> Iterator[Chromium]:
    """Start Chromium with a profile and a home of its own, and end it."""
    assert PROGRAM is not None
    (its_in, to), (back, its_out) = _pipe(), _pipe()
    options = (*OPTIONS, f"--user-data-dir={folder / 'profile'}", "about:blank")
    with subprocess.Popen(
        ["bash", "-c", f'exec "$@" 3<&{its_in} 4>&{its_out}', "bash", PROGRAM, *options],
        pass_fds=(its_in, its_out),
        env={**os.environ, "HOME": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(its_in)
        os.close(its_out)
        too_long = threading.Timer(4 * PATIENCE_SECONDS, process.kill)
        too_long.start()
        window = Chromium(to, back)
        try:
            yield window
        finally:
            too_long.cancel()
            process.terminate()
            window.close()


def _pipe() -> tuple[int, int]:
    """Return the reading and the writing end, neither of them at 3 or 4."""
    import fcntl  # Windows has none, and no Chromium by these names

    low = os.pipe()
    read, write = (fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, HIGH) for end in low)
    for end in low:
        os.close(end)
    return read, write
