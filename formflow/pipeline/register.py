"""The safeguarding lead's register: after a turn, whatever of it has changed is drawn again from the ledger.

No page holds anything that is not in the ledger, so none can be lost: one that could not be written is written the
next time. It is drawn without the ledger's lock, and never while a turn is at work on forms.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError

from formflow.core import files, markers
from formflow.core.clock import utc_now
from formflow.core.crash_points import crash_at
from formflow.core.messages import MESSAGES
from formflow.core.settings import Settings
from formflow.documents.page_parts import template, templates_digest
from formflow.documents.register import children, figures, health, lists, today
from formflow.documents.register.health import Health
from formflow.documents.register.lines import CaseLine
from formflow.documents.register.rows import Moment
from formflow.pipeline import register_cases
from formflow.pipeline.context import WorkContext
from formflow.pipeline.register_cases import Desk
from formflow.pipeline.register_health import health_of
from formflow.sdk.case_folders import folders_of_cases
from formflow.storage import cases
from formflow.storage.cases import Mark
from formflow.storage.database import Connection, Engine, misread_is_damage, reading
from formflow.storage.roster import PupilList

log = logging.getLogger("formflow")

START_PAGE = "Today.html"
AWAY, IN_USE, NOT_WRITTEN, MISTAKE = "FF-630", "FF-631", "FF-632", "FF-633"
KEPT, TROUBLE, LOCK = "register.json", "register.trouble", "register.lock"  # in the state folder
WORDS = "FormFlow keeps the register here."
LOOK = ("register.css", "register.js", "landscape.css")
AT_ONCE = 50  # cases that are read together. Between two lots others have their turn
AT_LEAST_EVERY = timedelta(minutes=15)  # the start page says when it was drawn


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of the last drawing."""

    look: str  # fingerprint of what all pages have in common
    mark: Mark  # how far the ledger had come
    at: datetime
    lines: dict[str, CaseLine]
    folders: dict[str, str]  # of cases, in “To decide”, by the reference


@dataclass(frozen=True, slots=True)
class Drawn:
    """What one drawing came to."""

    cases: int
    pages: int  # that were written
    trouble: str = ""  # a number of ours
    is_busy: bool = False  # another program draws just now


class Stopped(Exception):
    """The program is to end: what is not drawn yet is drawn the next time."""


@dataclass
class Register:
    """The register of one ledger. One drawing at a time, whoever asks for it."""

    settings: Settings
    engine: Engine
    pupils: PupilList
    may_go_on: Callable[[], bool] = lambda: True  # waits its turn; False: the program is to end
    _is_swept: bool = False  # of what a killed process left
    _kept: Kept | None = None
    _shown: Health | None = None  # on the start page
    _drawn_at: datetime | None = None  # the start page
    _pupils_version: int = -1  # of the list by which year groups were looked up
    _is_late: list[str] = field(default_factory=list)  # pages that could not be replaced
    _written: int = 0
    _unsynced: set[Path] = field(
        default_factory=set
    )  # pages that were drawn and may not be durable yet

    @property
    def folder(self) -> Path:
        """Where its pages are."""
        return self.settings.folders.dsl_register

    def draw(self, now: datetime, *, everything: bool = False) -> Drawn:
        """Draw what has changed, or everything; what stood in the way is noted for `formflow status`."""
        try:
            # For everybody who may open the state folder: a command may be another account's.
            with FileLock(self.settings.state.folder / LOCK, timeout=0, mode=0o666):
                drawn = self._draw(now, everything=everything)
        except Timeout:
            return Drawn(0, 0, is_busy=True)
        except Stopped:
            return Drawn(0, self._written)
        except FileNotFoundError:
            drawn = Drawn(0, self._written, AWAY)
        except OSError:
            drawn = Drawn(0, self._written, NOT_WRITTEN)
        note_trouble(self.settings, drawn.trouble)
        return drawn

    def _draw(self, now: datetime, *, everything: bool) -> Drawn:
        self._written, self._is_late = 0, []
        if not _is_ready(self.settings):
            return Drawn(0, 0, AWAY)
        self._sweep_once()
        at = Moment(now, self.settings.zone)
        look = self._look()
        before = None if everything else self._before(look)
        roster = self.pupils.roster
        with reading(self.engine) as connection:
            mark = cases.mark(connection)
            if before and not cases.goes_on_from(connection, before.mark):
                before = None
            desk = self._desk(at, cases.together(connection))
            folders = {name: str(path) for name, path in desk.to_decide.items()}
            changed = _changed(connection, before, folders, at)
        lines = dict(before.lines) if before else {}
        if self._pupils_version != self.pupils.version:
            years = ((name, register_cases.with_years(lines[name], roster)) for name in lines)
            changed |= {name for name, line in years if line is not lines[name]}
            self._pupils_version = self.pupils.version
        if before is None:
            self._put_look()
        gone = self._draw_cases(sorted(changed), desk, lines)
        is_new_day = before is None or Moment(before.at, at.zone).today != at.today
        touched = [*gone, *(lines[name] for name in changed if name in lines)]
        if touched or is_new_day:
            self._draw_lists(lines, touched, desk, is_everything=before is None or is_new_day)
        self._draw_state(lines, desk, is_due=bool(touched) or is_new_day)
        if not self._is_late:
            kept = Kept(look, mark, now, lines, folders)
            self._keep(kept, is_new=bool(touched) or before is None)
        return Drawn(len(changed), self._written, IN_USE if self._is_late else "")

    def _sweep_once(self) -> None:
        if not self._is_swept:
            for folder in (self.folder, *filter(Path.is_dir, self.folder.iterdir())):
                files.sweep(folder)
            self._is_swept = True

    def _look(self) -> str:
        """Return the fingerprint of what all pages have in common: program, templates, settings, the folder."""
        said = (version("formflow"), templates_digest("register"), self.settings.model_dump_json())
        marker = files.read(self.folder / markers.MARKER)
        return hashlib.sha256("\n".join(said).encode() + marker).hexdigest()

    def _before(self, look: str) -> Kept | None:
        """Return what is known of the last drawing, None where all is to be drawn."""
        if self._kept is None:
            try:
                self._kept = _KEPT.validate_json(files.read(self.settings.state.folder / KEPT))
            except (OSError, ValidationError):
                return None
        is_there = (self.folder / START_PAGE).exists()
        return self._kept if self._kept.look == look and is_there else None

    def _keep(self, kept: Kept, *, is_new: bool) -> None:
        self._kept = kept
        if is_new:
            files.sync(self._unsynced)
            self._unsynced.clear()
            crash_at("register.before-keep")
            files.write(self.settings.state.folder / KEPT, _KEPT.dump_json(kept))

    def _desk(self, at: Moment, together: Mapping[int, int]) -> Desk:
        settings = self.settings
        agency = settings.agency
        return Desk(
            settings=settings,
            days=settings.working_days,
            roster=self.pupils.roster,
            at=at,
            head={"agency": agency.name, "lead": agency.safeguarding_lead},
            together=together,
            to_decide=folders_of_cases(settings.folders.to_decide),
            filed_in=register_cases.filed_in(settings),
        )

    def _draw_cases(
        self, changed: Sequence[str], desk: Desk, lines: dict[str, CaseLine]
    ) -> list[CaseLine]:
        """Draw the pages of some cases and put their lines among all; return the lines that they had before."""
        gone = []
        ages = self.settings.services.assessment_ages
        for first in range(0, len(changed), AT_ONCE):
            lot = changed[first : first + AT_ONCE]
            if not self.may_go_on():
                raise Stopped
            with reading(self.engine) as connection:
                found = list(cases.whole(connection, lot, self.settings.zone, ages))
            for one in found:
                reference = one.case.record.reference
                gone += [lines[reference]] if reference in lines else []
                lines[reference], page = register_cases.drawn(one, desk)
                self._put(f"cases/{reference}.html", page)
        return gone

    def _draw_lists(
        self,
        lines: Mapping[str, CaseLine],
        touched: Iterable[CaseLine],
        desk: Desk,
        *,
        is_everything: bool,
    ) -> None:
        """Draw the lists, children's pages and figures that cases are on, or were on."""
        of_lists = frozenset(name for line in touched for name in lists.lists_of(line))
        only = None if is_everything else of_lists
        pages = [*lists.list_pages(lines.values(), only, desk.at, desk.head)]
        known = children.incidents(lines.values())
        pages += children.index_pages(known, lines.values(), desk.at, desk.head)
        smallest = self.settings.figures.small_numbers_below
        pages += figures.figure_pages(lines.values(), smallest, desk.at, desk.head)
        for name, page in pages:
            self._put(name, page)
        of_children = dict.fromkeys(one.reference for line in touched for one in line.people)
        for reference in filter(None, of_children):
            name = f"children/{reference}.html"
            if reference in known:
                self._put(
                    name, children.child_page(reference, known[reference], desk.at, desk.head)
                )
            else:  # joined with another, or corrected: nothing is said of this one any more
                (self.folder / name).unlink(missing_ok=True)

    def _draw_state(self, lines: Mapping[str, CaseLine], desk: Desk, *, is_due: bool) -> None:
        """Draw the start page and FormFlow's health where either says something else, or is old."""
        with reading(self.engine) as connection:
            found = health_of(connection, self.settings, lines.keys(), self.pupils.code)
        at = desk.at
        is_old = self._drawn_at is None or at.now - self._drawn_at >= AT_LEAST_EVERY
        if not (is_due or is_old or found != self._shown):
            return
        self._put(START_PAGE, today.today_page(lines.values(), found, at, desk.head))
        self._put("Health.html", health.health_page(found, at, desk.head))
        self._shown, self._drawn_at = found, at.now

    def _put_look(self) -> None:
        for name in LOOK:
            self._put(f"look/{name}", template(f"register/{name}").render())

    def _put(self, name: str, page: str) -> None:
        """Write a page unless it is there just so. One that another program holds is left for the next time.

        It is made durable with all others before this drawing counts. One that is there just so as well: who wrote
        it may have been killed.
        """
        path, content = self.folder / name, page.encode()
        self._unsynced.add(path)
        try:
            if files.read(path) == content:
                return
        except OSError:
            self._make_room(path.parent)
        try:
            crash_at("register.before-page")
            files.write_for_now(path, content)
        except PermissionError:
            self._is_late.append(name)
        else:
            self._written += 1

    def _make_room(self, place: Path) -> None:
        """Make the folder of a page. Raise FileNotFoundError where the share has gone away meanwhile.

        What is then left in its place is a folder of this computer, where no name may be written.
        """
        if place != self.folder and place.is_dir():
            return
        if not markers.is_marked(self.folder):
            raise FileNotFoundError(AWAY)
        files.make_inside(place)


def _changed(
    connection: Connection, before: Kept | None, folders: Mapping[str, str], at: Moment
) -> set[str]:
    """Return the cases that are to be drawn: what came, what concerns the same children, what is due since.

    And those whose folder has another name, to which their pages lead.
    """
    if before is None:
        return set(cases.every(connection))
    came = cases.changed(connection, before.mark.number)
    found = cases.related(connection, came) if came else set()
    return found | {
        name
        for name, line in before.lines.items()
        if line.changes_between(before.at, at.now) or folders.get(name) != before.folders.get(name)
    }


def _is_ready(settings: Settings) -> bool:
    """Return whether the folder is there and ours. It is made where the alerts' folder shows that the share is there."""
    folder = settings.folders.dsl_register
    if not folder.exists() and markers.is_marked(settings.folders.alerts):
        files.make_inside(folder)
        markers.mark(folder, WORDS)
    return markers.is_marked(folder)


def draw(context: WorkContext, register: Register | None = None) -> Drawn:
    """Draw what has changed. A mistake of ours is noted for the status and ends nothing else; damage is raised."""
    state = context.settings.state.folder
    try:
        with misread_is_damage(state):
            found = register or Register(context.settings, context.engine, context.pupils)
            return found.draw(utc_now())
    except Exception as problem:
        if context.stop_if_damaged(problem):
            raise
        # The class name only: a message may hold an answer.
        log.error("the register was not drawn: %s", type(problem).__name__)  # noqa: TRY400
        note_trouble(context.settings, MISTAKE)
        return Drawn(0, 0, MISTAKE)


def note_trouble(settings: Settings, code: str) -> None:
    """Note what keeps the register from being up to date, for those who ask for the status.

    Where not even that can be written, the log says so, and the next drawing notes it.
    """
    file = settings.state.folder / TROUBLE
    try:
        if code:
            files.write(file, code.encode())
        else:
            file.unlink(missing_ok=True)
    except OSError as problem:
        log.error("the register's trouble was not noted: %s", type(problem).__name__)  # noqa: TRY400


def trouble(settings: Settings) -> str:
    """Return the number of what keeps the register from being up to date, "" where it is."""
    try:
        code = files.read(settings.state.folder / TROUBLE).decode("ascii")
    except (OSError, ValueError):
        return ""
    return code if code in MESSAGES else ""


_KEPT = TypeAdapter(Kept)
