"""What `formflow verify` looks at: is everything stored as it was written? Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from formflow.core.errors import WHEN_DAMAGED, OriginalChanged, StorageProblem
from formflow.core.settings import Settings
from formflow.delivery.destinations import open_destinations
from formflow.delivery.reconcile import compare
from formflow.storage import audit_trail, cells, database, disposals, secret_file, soundness, sqlite
from formflow.storage.database import Connection
from formflow.storage.originals import Vault

MOST_SHOWN = 20  # of one kind
Progress = Callable[[int], None]  # told how many more have been looked at


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that was looked at, and what is wrong with it."""

    name: str
    looked_at: int
    wrong: tuple[str, ...]
    advice: str = ""
    note: str = ""  # what cannot be said of it


@dataclass(frozen=True, slots=True)
class Extent:
    """How much there is to look at."""

    entries: int
    lines: int
    originals: int

    @property
    def steps(self) -> int:
        """How many steps the progress is told of."""
        return self.entries + self.lines + self.originals


def extent(settings: Settings) -> Extent:
    """Return how much there is to look at. Raise StorageProblem or LedgerDamaged."""
    with database.looking(settings.state.folder) as connection:
        entries, lines = soundness.rows(connection)
        return Extent(entries, lines, len(soundness.originals(connection)))


def verify(settings: Settings, progress: Progress, *, delivered: bool) -> Iterator[Part]:
    """Yield what was looked at. Raise StorageProblem, or LedgerDamaged where nothing more can be said."""
    with database.looking(settings.state.folder) as connection:
        yield _ledger(connection)
        yield _entries(connection, progress)
        yield _trail(connection, settings, progress)
        yield _originals(connection, settings, progress)
        if delivered:
            yield from _delivered(settings)


def _ledger(connection: Connection) -> Part:
    wrong = [*cells.wrong_cells(connection), *soundness.wrong_parcels(connection)]
    if not sqlite.is_sound(connection):
        wrong.insert(0, "It is not as SQLite wrote it.")
    return Part("ledger", 1, tuple(wrong), WHEN_DAMAGED)


def _entries(connection: Connection, progress: Progress) -> Part:
    wrong = (
        *soundness.wrong_entries(connection, progress),
        *soundness.wrong_case_changes(connection),
        *disposals.wrong(connection),
    )
    advice = (
        "Somebody or something has changed the ledger. Keep a copy of the state folder, compare these records with"
        " the child files and with a backup, and find out who has access to that computer."
    )
    gone, _ = disposals.excused(connection)
    undone = [tombstone.reference for tombstone, _ in disposals.unfinished(connection)]
    note = f"Disposed of, with a tombstone in the audit trail: {', '.join(gone)}." if gone else ""
    if undone:
        note += f" Files of these are still there, until FormFlow starts: {', '.join(undone)}."
    return Part("records", soundness.rows(connection)[0], wrong, advice, note)


def _trail(connection: Connection, settings: Settings, progress: Progress) -> Part:
    lines, wrong, note = soundness.rows(connection)[1], tuple[str, ...](), ""
    try:
        key = secret_file.read(settings.state.folder / audit_trail.FILE, audit_trail.KEY_BYTES)
    except OSError as problem:
        raise StorageProblem(
            f"The file {audit_trail.FILE} in the state folder cannot be read.",
            "Run this as FormFlow’s account.",
        ) from problem
    if key:
        wrong = tuple(soundness.wrong_lines(connection, key, progress))
        if (first := audit_trail.first_checkable(connection)) > 1:
            note = f"The key was lost once: lines before {first} cannot be checked."
    else:
        wrong = (
            f"Its key, the file {audit_trail.FILE} in the state folder, is missing or damaged.",
        )
    advice = (
        "Keep a copy of the state folder and compare with a backup: “formflow audit --check” compares what is printed"
        " on the pages of the DSL. Find out who has access to that computer."
    )
    return Part("audit trail", lines, wrong, advice, note)


def _originals(connection: Connection, settings: Settings, progress: Progress) -> Part:
    vault, wrong, expected = (
        Vault(settings.state.folder / "originals"),
        list[str](),
        sorted(soundness.originals(connection)),
    )
    for sha256 in expected:
        try:
            vault.lend(sha256).close()
        except OriginalChanged as problem:
            wrong.append(f"{sha256}: {problem.found}")
        except OSError as problem:
            wrong.append(f"{sha256}: it cannot be read ({type(problem).__name__}).")
        progress(1)
    advice = "Put these files back from a backup of the state folder, under “originals”."
    return Part("originals", len(expected), tuple(wrong), advice)


def _delivered(settings: Settings) -> Iterator[Part]:
    """Ask each destination that can tell whether it still holds what is to stay there."""
    destinations = open_destinations(settings, Vault(settings.state.folder / "originals"))
    engine = database.open_for_looking(settings.state.folder)
    with ExitStack() as stack:
        stack.callback(engine.dispose)
        for connector in destinations.values():
            stack.callback(connector.close)
        for one in compare(settings, engine, destinations):
            gone = tuple(f"{lost.subject} is not there." for lost in one.missing)
            wrong = (one.note,) if one.is_in_doubt else gone
            if one.expected or wrong:
                advice = "Check whether someone has moved these files. “formflow reconcile --repair” brings them back."
                yield Part(f"delivered to “{one.destination}”", one.expected, wrong, advice)
