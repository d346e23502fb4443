"""`make faults`, its second half: what each kind of destination does when something is wrong with what it writes into.

A table: a row for each fault, a column for each kind. A cell says what became of a red form's delivery meanwhile:
it waits, was refused in words, is there once, or FormFlow was killed; of one that a destination forgets, whether
`reconcile` finds that.
It is RED where it did not come once in the end, something else was harmed, a person is told nothing, an alert was
held up, or a name stands in a log. `python -m tests.campaigns.each_kind [WORD...]` tries the kinds and faults with
one of these words in their names.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from formflow.admin import setup
from formflow.admin.settings_file import load_settings
from formflow.core import markers
from formflow.core.settings import Settings
from formflow.delivery import places
from formflow.sdk import registry
from tests.campaigns.cells import NOT_ASKED, RED
from tests.campaigns.faults_of_kinds import FAULTS, Fault, NotHere, Place
from tests.campaigns.kinds import AUTHORITY, KINDS, NAME, OWN, Kind, Servers, serving
from tests.support.offices import COMMAND, files, formflow
from tests.support.outcomes import KnownForm, make

FIRST, SECOND = "FF-2026-000001", "FF-2026-000002"
WAITS, REFUSED, ONCE, KILLED = "waits", "refused", "once", "killed"
FOUND, UNSEEN = "found", "not seen"
FORGETS = "says yes and forgets"
# They write into what is FormFlow's own, and are tried by the first half of the campaign.
OF_FORMFLOW = {"alert_folder", "attention_folder", "decision_folder", "receipt_folder"}
CANNOT_SAY = ("cannot say what it holds", "Not compared")


@dataclass(frozen=True, slots=True)
class Cell:
    """What came of one fault at one kind."""

    fault: str
    kind: str
    state: str  # NOT_ASKED where it means nothing here, or could not be tried
    wrong: tuple[str, ...] = ()
    words: str = ""  # what a person was told

    @property
    def shown(self) -> str:
        """What the table says."""
        return RED if self.wrong else self.state


class Campaign:
    """Agencies with one form on record, each with a destination of a kind; copied for each fault."""

    def __init__(self, folder: Path, servers: Servers) -> None:
        self._folder, self._servers = folder, servers
        self._first, self._second = make(folder / "made", 2)  # both red

    def begin(self, kind: Kind) -> None:
        """Set an agency up, and let one form come through it."""
        root = self._folder / kind.name
        setup.set_up(root, changes=[("settle_seconds = 5", "settle_seconds = 0.2")])
        (root / OWN).mkdir()
        shutil.copyfile(self._servers.authority.file, root / AUTHORITY)
        own = f'\n[[destination]]\nname = "{NAME}"\nkind = "{kind.name}"\n'
        with (root / setup.SETTINGS_FILE).open("a", encoding="utf-8") as stream:
            stream.write(own + kind.settings(self._servers))
        kind.begins(root, (self._first, self._second))
        markers.mark(root / OWN, places.WORDS)
        self._servers.receiver.landed.clear()
        self._servers.receiver.bodies.clear()
        self._servers.inbox.messages.clear()
        ended = formflow(_office(root), "ingest", "--quiet", str(self._first.path))
        if ended.returncode or kind.held(root, self._servers) != [FIRST]:
            raise RuntimeError(f"{kind.name} could not be begun: {ended.stderr}")

    def cell(self, kind: Kind, fault: Fault) -> Cell:
        """Let a fault happen at a kind that was begun; return what came of it."""
        if kind.nature not in fault.ways:
            return Cell(fault.name, kind.name, NOT_ASKED)
        with self._copied(kind) as place:
            try:
                return Tried(place, fault, self._second).cell()
            except (pytest.skip.Exception, NotHere) as why:
                return Cell(fault.name, kind.name, NOT_ASKED, words=str(why))

    @contextmanager
    def _copied(self, kind: Kind) -> Iterator[Place]:
        receiver, inbox = self._servers.receiver, self._servers.inbox
        kept = receiver.landed[:], receiver.bodies.copy(), inbox.messages[:]
        behind = self._servers.behind.of(kind.name)
        forget = behind.note() if behind else None
        before = self._folder / kind.name
        away = before.rename(before.with_name("away"))
        with ExitStack() as lasting:
            lasting.callback(away.rename, before)
            lasting.callback(shutil.rmtree, before)
            shutil.copytree(
                away, before
            )  # under the same path, which the ledger and the settings name
            yield Place(before, kind, self._servers, lasting)
        receiver.landed[:], inbox.messages[:] = kept[0], kept[2]
        receiver.bodies.clear()
        receiver.bodies.update(kept[1])
        if forget:
            forget()


class Tried:
    """One fault at one kind, from the drop to the end."""

    def __init__(self, place: Place, fault: Fault, form: KnownForm) -> None:
        self._place, self._fault, self._form = place, fault, form
        self._office = _office(place.root)
        self._said: list[str] = []
        self._wrong: list[str] = []

    def cell(self) -> Cell:
        """Return what came of it."""
        with self._fault.ways[self._place.kind.nature](self._place):
            self._runs("ingest", "--quiet", str(self._form.path))
            state, words = self._state()
            if not self._place.program:  # whoever is killed may have had no time for it
                self._is_alerted()
        if self._fault.name == FORGETS:
            state, words = self._reconciled()
        self._recovers(state)
        self._keeps_names()
        return Cell(
            self._fault.name, self._place.kind.name, state, tuple(self._wrong), words.strip()
        )

    def _state(self) -> tuple[str, str]:
        """Return how the delivery is, and what a person is told of it."""
        if self._place.program:
            return (
                KILLED,
                "",
            )  # nobody can look at a ledger that was cut off, before a worker opens it
        view = json.loads(self._runs("status", "--json"))
        rows = [row for row in view["undelivered"] if row["destination"] == NAME]
        if not rows:
            if self._fault.name != FORGETS:
                self._sees(self._held() == [FIRST, SECOND], f"called delivered: {self._held()}")
            return ONCE, ""
        (row,) = rows
        lines = self._runs("status").splitlines()
        about = [place for place, line in enumerate(lines) if f"“{NAME}”" in line]
        words = " ".join(lines[place + 1] for place in about if lines[place + 1].startswith("  "))
        if (
            not self._place.program
        ):  # what was killed has said nothing, and is unclear until it is looked up
            self._sees(len(words.split()) > 3, f"no words for {row['code'] or 'no code'}")
            self._sees(row["code"].startswith("FF-"), f"called {row['code'] or 'nothing'}")
        return REFUSED if row["set_aside"] else WAITS, f"{words} ({row['code']})" if words else ""

    def _reconciled(self) -> tuple[str, str]:
        said = self._runs("reconcile", NAME, "--repair")
        if any(words in said for words in CANNOT_SAY):
            return UNSEEN, said
        self._sees("missing" in said, f"reconcile: {said}")
        return FOUND, said

    def _recovers(self, state: str) -> None:
        """Go on once nothing is wrong any more; a person asks for what was refused."""
        if state == REFUSED:
            self._runs("retry", NAME)
        ended = self._runs("run", "--once")
        expected = [FIRST] if state == UNSEEN else [FIRST, SECOND]
        self._sees(self._held() == expected, f"in the end: {self._held()}, {ended}")
        self._is_alerted()
        view = json.loads(self._runs("status", "--json"))
        self._sees(not view["undelivered"], f"still waits: {view['undelivered']}")

    def _is_alerted(self) -> None:
        pages = files(self._office.folders.alerts)
        self._sees(any(SECOND in name for name in pages), "the alert was held up")

    def _keeps_names(self) -> None:
        logs = sorted(self._office.state.folder.glob("formflow.log*"))
        told = "\n".join([*(log.read_text("utf-8") for log in logs), *self._said])
        answers = [one for one in self._form.answers.values() if " " in one]
        self._sees(not any(one in told for one in answers), "an answer is in a log")

    def _runs(self, *command: str) -> str:
        """Run a command, where it is to be killed in a process of its own; return what it says."""
        if self._place.program and command[0] == "ingest":
            file = str(self._place.root / setup.SETTINGS_FILE)
            program = f"{self._place.program}\n{COMMAND}"
            ended = subprocess.run(
                [sys.executable, "-c", program, "--settings", file, *command],
                capture_output=True,
                encoding="utf-8",
                check=False,
            )
            self._sees(ended.returncode < 0, "it was not killed")
        else:
            ended = formflow(self._office, *command)
        self._said += [ended.stdout, ended.stderr]
        return ended.stdout or ended.stderr

    def _held(self) -> list[str]:
        return self._place.kind.held(self._place.root, self._place.servers)

    def _sees(self, is_right: bool, words: str) -> None:
        if not is_right:
            self._wrong.append(words)


def _office(root: Path) -> Settings:
    return load_settings(root / setup.SETTINGS_FILE)


def table(cells: Sequence[Cell]) -> str:
    """Return the table, and below it what stands behind its cells."""
    kinds = list(dict.fromkeys(cell.kind for cell in cells))
    names = list(dict.fromkeys(cell.fault for cell in cells))
    shown = {(cell.fault, cell.kind): cell.shown for cell in cells}
    wide = max(map(len, names))
    lines = ["  ".join([" " * wide, *kinds])]
    for name in names:
        row = [shown[name, kind].ljust(len(kind)) for kind in kinds]
        lines.append("  ".join([name.ljust(wide), *row]).rstrip())
    lines += [f"{cell.kind}, {cell.fault}: {one}" for cell in cells for one in cell.wrong]
    return "\n".join(lines)


def tried(campaign: Campaign, words: Sequence[str]) -> Iterator[Cell]:
    """Yield each cell that is asked for: of a kind or a fault with one of these words in its name, or of all."""

    def is_asked(*names: str) -> bool:
        return not words or any(word in name for word in words for name in names)

    for kind in KINDS:
        asked = [fault for fault in FAULTS if is_asked(kind.name, fault.name)]
        if asked:
            try:
                campaign.begin(kind)
            except pytest.skip.Exception as why:
                said = str(why)
                yield from (Cell(one.name, kind.name, NOT_ASKED, words=said) for one in asked)
            else:
                yield from (campaign.cell(kind, fault) for fault in asked)


def untried() -> set[str]:
    """Return the kinds of ours that write for others and have no column."""
    ours = {one.kind for one in registry.available() if registry.is_ours(one.kind)}
    return ours - OF_FORMFLOW - {kind.name for kind in KINDS}


def main(words: Sequence[str]) -> int:
    """Try the kinds and faults that are asked for; return 1 where a cell is red."""
    cells = []
    with TemporaryDirectory() as folder, serving(Path(folder)) as servers:
        for cell in tried(Campaign(Path(folder), servers), words):
            cells.append(cell)
            if cell.state != NOT_ASKED:
                reasons = "; ".join(cell.wrong)
                told = f"{cell.kind}, {cell.fault}: {cell.shown} {cell.words} {reasons}"
                print(told.rstrip(), file=sys.stderr, flush=True)
    print(table(cells))
    if left := untried():
        print(f"Kinds without a column: {', '.join(sorted(left))}")
    return int(any(cell.wrong for cell in cells))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
