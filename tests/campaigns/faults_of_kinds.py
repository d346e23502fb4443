"""What can go wrong with a destination, for each nature of one that it means something for."""

from __future__ import annotations

import re
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from formflow.admin.setup import SETTINGS_FILE
from formflow.core import clock
from tests.campaigns.kinds import AUTHORITY, NAME, OWN, Kind, Nature, Servers
from tests.connectors.test_sftp import OTHER_KEY
from tests.support import disks
from tests.support.certificates import Authority
from tests.support.receiver import answer

AHEAD_SECONDS = 2 * 86_400
SLOW_SECONDS = 0.4
HANGING_SECONDS = 8.0  # longer than any call here may take
CRASHING = f"""
import os, signal, threading
from formflow.delivery import dispatcher

def crash_at(point):
    if point == "deliver.sent" and threading.current_thread().name == {NAME!r}:
        os.kill(os.getpid(), signal.SIGKILL)

dispatcher.crash_at = crash_at
"""


@dataclass
class Place:
    """One destination of an agency while something is wrong with it."""

    root: Path  # of the agency
    kind: Kind
    servers: Servers
    lasting: ExitStack  # until nothing of the agency is needed any more
    program: str = ""  # code before the command, in a process of its own

    @property
    def own(self) -> Path:
        """The folder with what is the agency's own."""
        return self.root / OWN

    @property
    def file(self) -> Path:
        """The one file that is written."""
        return next(one for one in self.own.iterdir() if one.suffix in (".xlsx", ".csv", ".docx"))


Way = Callable[[Place], AbstractContextManager[object]]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong, and how with each nature of destination. Where it means nothing, there is no way."""

    name: str
    ways: Mapping[Nature, Way]


@contextmanager
def _file_away(place: Place) -> Iterator[None]:
    file = place.file
    away = file.rename(place.root / file.name)
    yield
    away.rename(file)


@contextmanager
def _folder_away(place: Place) -> Iterator[None]:
    away = place.own.rename(place.root / "away")
    yield
    away.rename(place.own)


def _wires(way: str) -> dict[Nature, Way]:
    """Break the wire in one of its ways."""
    natures = (Nature.POST, Nature.WEB, Nature.SSH, Nature.MAIL)
    return dict.fromkeys(natures, lambda place: place.servers.wire(place.kind.name).faults[way]())


@contextmanager
def _open_elsewhere(place: Place) -> Iterator[None]:
    """Let somebody have the file open, as office programs show it; a CSV is saved by them without a word."""
    if place.file.suffix == ".csv":
        raise NotHere("a CSV file that is open is not marked")
    beside = place.file.with_name(f"~${place.file.name}")
    beside.write_bytes(b"somebody")
    yield
    beside.unlink()


@contextmanager
def _locked(place: Place) -> Iterator[None]:
    with closing(sqlite3.connect(place.own / "own.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield


@contextmanager
def _says(
    place: Place,
    how: Callable[[BaseHTTPRequestHandler], object],
    *,
    is_taken: bool = False,
) -> Iterator[None]:
    """Let the other system answer so; `is_taken`: after that it does what it was asked."""
    behind = place.servers.behind.of(place.kind.name)
    site = behind.front if behind and behind.front else place.servers.receiver

    def says(handler: BaseHTTPRequestHandler) -> bool:
        how(handler)
        return is_taken if site is place.servers.receiver else not is_taken

    site.says = says
    yield
    site.says = None


def _posts(status: int, **headers: str) -> Way:
    """Let the other system answer so, and take nothing."""
    return partial(_says, how=lambda handler: answer(handler, status, **headers))


def _answers(how: Way) -> dict[Nature, Way]:
    return {Nature.POST: how, Nature.WEB: how}


def _half_an_answer(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 201 Created\r\nContent-Le")
    handler.wfile.flush()
    time.sleep(HANGING_SECONDS)


@contextmanager
def _slow_post(place: Place) -> Iterator[None]:
    def slowly(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(SLOW_SECONDS)
        if place.servers.behind.of(place.kind.name) is None:
            answer(handler, 201)

    with _says(place, slowly, is_taken=True):
        yield


@contextmanager
def _slow_mail(place: Place) -> Iterator[None]:
    place.servers.inbox.seconds = SLOW_SECONDS
    yield
    place.servers.inbox.seconds = 0.0


@contextmanager
def _hanging_mail(place: Place) -> Iterator[None]:
    place.servers.inbox.hangs = True
    yield
    place.servers.inbox.hangs = False


def _mails(said: str) -> Way:
    """Let the mail server answer a mail so, and take nothing."""

    @contextmanager
    def way(place: Place) -> Iterator[None]:
        place.servers.inbox.says = said
        yield
        place.servers.inbox.says = ""

    return way


@contextmanager
def _another_authority(place: Place) -> Iterator[None]:
    """Let FormFlow trust somebody else than who vouches for the server."""
    if place.kind.name == "notify":
        raise NotHere("apprise is told no authority of one's own")
    trusted = place.root / AUTHORITY
    right = trusted.read_bytes()
    trusted.write_bytes(Authority(place.root / "another").file.read_bytes())
    yield
    trusted.write_bytes(right)


@contextmanager
def _another_key(place: Place) -> Iterator[None]:
    """Let the settings name another key than the server shows."""
    settings = place.root / SETTINGS_FILE
    right = settings.read_text("utf-8")
    settings.write_text(re.sub('host_key = "[^"]+"', f'host_key = "{OTHER_KEY}"', right), "utf-8")
    yield
    settings.write_text(right, "utf-8")


@contextmanager
def _full(place: Place) -> Iterator[None]:
    """Let what the agency has lie on a small disk, full to its last byte."""
    kept = place.root / "kept"
    shutil.copytree(place.own, kept)
    place.lasting.enter_context(disks.mounted(place.own, 1))
    shutil.copytree(kept, place.own, dirs_exist_ok=True)
    filler = disks.fill(place.own)
    yield
    filler.unlink()


@contextmanager
def _read_only(place: Place) -> Iterator[None]:
    with disks.mounted(place.root / "try", 1):
        pass  # where nothing can be mounted this is not tried
    with disks.read_only(place.own):
        yield


@contextmanager
def _forgotten(place: Place) -> Iterator[None]:
    """Let all be as it was before, once it has been delivered: a disk that lies, a copy that was put back."""
    if place.kind.name in ("folder_drop", "handoff", "sftp", "webdav", "sharepoint"):
        raise NotHere("another system, or a person, takes away what lies there")
    if behind := place.servers.behind.of(place.kind.name):
        forget = behind.note()
        yield
        forget()
        return
    before = place.root / "before"
    shutil.copytree(place.own, before)
    yield
    for one in place.own.iterdir():
        if one.name.startswith("."):
            continue  # what FormFlow noted of it is still there
        shutil.rmtree(one) if one.is_dir() else one.unlink()
    ours = shutil.ignore_patterns(".*")
    shutil.copytree(before, place.own, dirs_exist_ok=True, ignore=ours)


def _taken_and_forgotten(place: Place) -> AbstractContextManager[object]:
    """Let a yes be all that comes of it."""
    way: Way = _forgotten if place.servers.behind.of(place.kind.name) else _posts(200)
    return way(place)


@contextmanager
def _crashing(place: Place) -> Iterator[None]:
    place.program = CRASHING
    yield
    place.program = ""


@contextmanager
def _ahead(_: Place) -> Iterator[None]:
    """Let the computer have started with a clock that is ahead."""
    right = vars(clock.clock).copy()
    vars(clock.clock).update(vars(clock.Clock(lambda: time.time() + AHEAD_SECONDS)))
    yield
    vars(clock.clock).update(right)


class NotHere(Exception):
    """This fault means nothing for this kind."""


EVERY = tuple(Nature)
FAULTS = (
    Fault(
        "refused",
        {
            Nature.FILE: _file_away,
            Nature.FOLDER: _folder_away,
            Nature.TABLE: _folder_away,
            **_wires("refused"),
        },
    ),
    Fault(
        "no answer in time",
        {Nature.FILE: _open_elsewhere, Nature.TABLE: _locked, **_wires("silent")},
    ),
    Fault(
        "hangs in its answer",
        {**_answers(partial(_says, how=_half_an_answer)), Nature.MAIL: _hanging_mail},
    ),
    Fault("reset", _wires("closed without an answer")),
    Fault("reset in its answer", _wires("cut off in the middle of an answer")),
    Fault("the answer lost", _wires("the answer lost")),
    Fault("slow", {**_answers(_slow_post), Nature.MAIL: _slow_mail}),
    Fault("4xx", {**_answers(_posts(400)), Nature.MAIL: _mails("550 not this one")}),
    Fault("5xx", {**_answers(_posts(500)), Nature.MAIL: _mails("451 not now")}),
    Fault(
        "429, Retry-After",
        {**_answers(_posts(429, Retry_After="1")), Nature.MAIL: _mails("421 too many")},
    ),
    Fault(
        "wrong certificate",
        {
            **_answers(_another_authority),
            Nature.SSH: _another_key,
            Nature.MAIL: _another_authority,
        },
    ),
    Fault(
        "full",
        {
            Nature.FILE: _full,
            Nature.FOLDER: _full,
            Nature.TABLE: _full,
            Nature.SSH: _full,
            **_answers(_posts(507)),
            Nature.MAIL: _mails("452 no room"),
        },
    ),
    Fault(
        "no permission",
        {
            Nature.FILE: _read_only,
            Nature.FOLDER: _read_only,
            Nature.TABLE: _read_only,
            Nature.SSH: _read_only,
            **_answers(_posts(403)),
            Nature.MAIL: _mails("530 log in first"),
        },
    ),
    Fault(
        "says yes and forgets",
        {
            Nature.FILE: _forgotten,
            Nature.FOLDER: _forgotten,
            Nature.TABLE: _forgotten,
            Nature.WEB: _forgotten,
            Nature.POST: _taken_and_forgotten,
            Nature.MAIL: _mails("250 kept"),
        },
    ),
    Fault("crash after sending", dict.fromkeys(EVERY, _crashing)),
    Fault("clock two days on", dict.fromkeys(EVERY, _ahead)),
)
