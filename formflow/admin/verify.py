"""What `formflow verify` looks at: is everything stored as it was written? Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

from formflow.core.errors import OriginalChanged, StorageProblem
from formflow.core.settings import Settings
from formflow.delivery import calls
from formflow.delivery.calls import Undelivered
from formflow.delivery.destinations import open_destinations
from formflow.storage import audit_trail, database, parcels, secret_file, soundness, sqlite
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
            yield from _delivered(connection, settings)


def _ledger(connection: Connection) -> Part:
    wrong = list(soundness.wrong_parcels(connection))
    if not sqlite.is_sound(connection):
        wrong.insert(0, "It is not as SQLite wrote it.")
    return Part("ledger", 1, tuple(wrong), "Stop FormFlow and put back the newest backup.")


def _entries(connection: Connection, progress: Progress) -> Part:
    wrong = tuple(soundness.wrong_entries(connection, progress))
    advice = (
        "Somebody or something has changed the ledger. Keep a copy of the state folder, compare these records with"
        " the child files and with a backup, and find out who has access to that computer."
    )
    return Part("records", soundness.rows(connection)[0], wrong, advice)


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
        if (first := soundness.first_checkable(connection)) > 1:
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


def _delivered(connection: Connection, settings: Settings) -> Iterator[Part]:
    """Ask each destination that takes records whether it still holds them."""
    destinations = open_destinations(settings, Vault(settings.state.folder / "originals"))
    for name, connector in destinations.items():
        with closing(connector):
            records = parcels.records_at(connection, name)
            found = ((subject, calls.look_up(connector, key)) for key, subject in records)
            wrong = tuple(
                f"{subject}: {one.text or one.code}"
                if isinstance(one, Undelivered)
                else f"{subject} is not there."
                for subject, one in found
                if one is None or isinstance(one, Undelivered)
            )
        if records:
            advice = "Look whether somebody has moved or removed these files."
            yield Part(f"delivered to “{name}”", len(records), wrong, advice)
