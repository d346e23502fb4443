"""A day of an agency whose service works in a process of its own, while something is wrong with the computer."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sqlalchemy import text

from formflow.core.errors import StorageProblem
from formflow.core.model import Light
from formflow.core.settings import Settings
from formflow.delivery import places
from formflow.pipeline.service import HEARTBEAT
from formflow.storage import database
from tests.campaigns.cells import Seen
from tests.support.inbox import Inbox
from tests.support.offices import COMMAND, files, formflow, formflow_apart
from tests.support.outcomes import KnownForm, Places, at_rest, tally

LONGEST_SECONDS = 300.0  # of waiting for what should come, on a busy computer
LOOK_SECONDS = 0.3
_MARKUP = re.compile(r"<[^>]+>")


class Day:
    """What happens on one day, told step by step, and what is seen of it.

    `earlier` forms are with everybody when the day begins; `later` ones come when a fault says so.
    """

    def __init__(
        self,
        office: Settings,
        inbox: Inbox,
        earlier: Sequence[KnownForm],
        later: Sequence[KnownForm],
        without: str = "",
    ) -> None:
        self.office, self.inbox = office, inbox
        self.earlier, self.later = earlier, later
        self.by_hand: list[str] = []  # what a person had to do
        self._without = without  # code that takes a mechanism of FormFlow's out
        self._told: bool | None = None
        self._was_alerted = True
        self._extra: list[str] = []
        self._service: subprocess.Popen[bytes] | None = None

    def folder_of(self, destination: str) -> Path:
        """Return the folder of a destination."""
        return dict(places.targets(self.office))[destination].folder

    def starts(self, first: str = "") -> subprocess.Popen[bytes]:
        """Start the service, wait for its first turn. `first` is code that runs before it."""
        heartbeat = self.office.state.folder / HEARTBEAT
        heartbeat.unlink(missing_ok=True)
        settings_file = self.office.state.folder.parent / "formflow.toml"
        self._service = subprocess.Popen(
            [
                sys.executable,
                "-c",
                f"{first}\n{self._without}\n{COMMAND}",
                "--settings",
                str(settings_file),
                "run",
            ],
            stderr=subprocess.DEVNULL,
        )
        self.waits_until(heartbeat.exists)
        return self._service

    def stops(self) -> None:
        """End the service as a power cut does."""
        if self._service is not None:
            self._service.kill()
            self._service.wait()
            self._service = None

    def service_ends(self) -> None:
        """Wait until the service has ended by itself."""
        assert self._service is not None
        self._service.wait(LONGEST_SECONDS)

    def drops(self, forms: Sequence[KnownForm] | None = None) -> None:
        """Let staff drop forms: the later ones, if no others are named."""
        for form in self.later if forms is None else forms:
            shutil.copyfile(form.path, self.office.watch[0].folder / form.path.name)

    def waits_until(self, is_so: Callable[[], bool], longest: float = LONGEST_SECONDS) -> bool:
        """Wait until something is so; return whether it came to be."""
        until = time.monotonic() + longest
        while time.monotonic() < until:
            try:
                if is_so():
                    return True
            except (OSError, ValueError, KeyError, StorageProblem):
                pass  # being replaced, or away: looked at again
            time.sleep(LOOK_SECONDS)
        return False

    def hears(self, words: str, of: str = "") -> None:
        """Note whether people are told: by what a command has said, else by status, health, doctor or a page."""
        heard = words in of if of else self._is_told(words)
        self._told = heard and self._told is not False
        if not heard:
            self._extra.append(f"nobody is told “{words}”")

    def said(self) -> Iterator[str]:
        """Yield what a person can look at, one thing after the other."""
        for page in self.office.folders.alerts.glob("*.html"):
            yield _MARKUP.sub("", page.read_text("utf-8"))
        for command in ("status", "health", "doctor"):
            ended = formflow(self.office, command)
            yield f"{ended.stdout}\n{ended.stderr}"

    def is_alerted_meanwhile(self) -> None:
        """Note whether the pages of all red forms come out while something is still wrong."""
        reds = [form for form in self.later if form.light is Light.RED]
        self._was_alerted = self.waits_until(lambda: all(map(self._is_alerted, reds)))
        if not self._was_alerted:
            self._extra.append("no alert came out meanwhile")

    def does(self, *command: str) -> str:
        """Let a person run a command; return what it says."""
        self.by_hand.append(" ".join(("formflow", *(one for one in command if "/" not in one))))
        ended = formflow_apart(self.office, *command)
        return f"{ended.stdout}\n{ended.stderr}"

    def sees_only(self, is_right: bool, words: str) -> None:
        """Note that something is not as it should be."""
        if not is_right:
            self._extra.append(words)

    def rests(self) -> bool:
        """Wait until all that was dropped is taken, read and delivered."""
        return self.waits_until(lambda: at_rest(self.office))

    def is_in_hand(self) -> bool:
        """Return whether a worker has claimed something just now."""
        with database.looking(self.office.state.folder) as connection:
            leased = text("SELECT count(*) FROM task WHERE state = 1")
            return bool(connection.execute(leased).scalar())

    def seen(self) -> Seen:
        """Wait for the end of the day; return what came of it."""
        rests = self.rests()
        self.stops()
        found = tally(Places(self.office, self.inbox), [*self.earlier, *self.later])
        strays = [path.name for path in self.office.state.folder.parent.rglob(".formflow-*.tmp")]
        left = files(self.office.watch[0].folder)
        extra = [*self._extra, *(f"left behind: {name}" for name in (*strays, *left))]
        return Seen(found, self._told, self._was_alerted, rests, tuple(self.by_hand), tuple(extra))

    def _is_told(self, words: str) -> bool:
        """Return whether words are said, at the latest two turns after nothing waits any more."""
        heard = False
        turns: set[str] = set()  # since then

        def is_over() -> bool:
            if at_rest(self.office):
                turns.add((self.office.state.folder / HEARTBEAT).read_text("ascii"))
            return len(turns) > 2

        def is_said() -> bool:
            nonlocal heard
            heard = any(words in said for said in self.said())
            return heard

        self.waits_until(lambda: is_said() or is_over())
        return heard

    def _is_alerted(self, form: KnownForm) -> bool:
        with database.looking(self.office.state.folder) as connection:
            named = text(
                "SELECT reference FROM entry JOIN paper ON paper.entry_id = entry.id WHERE sha256 = :it"
            )
            found = connection.execute(named, {"it": form.sha256}).scalar()
        return found is not None and any(found in one for one in files(self.office.folders.alerts))
