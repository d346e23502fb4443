"""`formflow retention --dispose`: two people dispose of a case that nothing stands against. What goes, what stays, what refuses it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from formflow.admin.retention import Kept
from formflow.core.crash_points import crash_at
from formflow.core.errors import AlreadyRunning, StorageProblem
from formflow.core.settings import Settings
from formflow.pipeline import disposal
from formflow.storage import backups, disposing
from formflow.storage.audit_trail import Trail
from formflow.storage.backups import ORIGINALS
from formflow.storage.database import Connection, Engine, writing
from formflow.storage.disposals import Left, Tombstone
from formflow.storage.disposing import Contents
from formflow.storage.originals import Vault
from formflow.storage.owners import is_dead

LONGEST_NAME, LONGEST_REASON = 80, 200
_WORDS = re.compile(r"\w{2,}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who wants to dispose of a case, and why."""

    reason: str
    by: str
    and_by: str

    def against(self, names: Iterable[str]) -> Iterator[str]:
        """Yield what is wrong with it. `names` are those of the children: no name of theirs may stay."""
        people = [" ".join(one.split()).casefold() for one in (self.by, self.and_by)]
        if not all(people) or people[0] == people[1]:
            yield "two people have to dispose of it (--by and --and)"
        if not self.reason.strip():
            yield "it needs a reason (--reason)"
        said = ((self.reason, LONGEST_REASON), (self.by, LONGEST_NAME), (self.and_by, LONGEST_NAME))
        if not all(words.isprintable() and len(words) <= most for words, most in said):
            yield f"reason and names are kept in one line: at most {LONGEST_REASON} and {LONGEST_NAME} letters"
        theirs = {word.casefold() for name in names for word in _WORDS.findall(name)}
        if theirs & {word.casefold() for word in _WORDS.findall(self.reason)}:
            yield "its reason holds a child’s name, and it is kept for ever: use other words"


@dataclass(frozen=True, slots=True)
class Plan:
    """What would go, and what people have to delete themselves."""

    reference: str
    contents: Contents
    pages: tuple[Path, ...]  # in FormFlow's own folders
    left: Left


def refuse_at_work(settings: Settings) -> None:
    """Raise AlreadyRunning where another worker, or a backup, is at this ledger."""
    if not all(map(is_dead, (settings.state.folder / "locks").glob("*.lock"))):
        raise AlreadyRunning(
            "FormFlow takes forms in, or makes a backup, just now. Nothing has been changed.",
            "Wait until that is done, then try again.",
        )


def against(
    one: Kept, plan: Plan, wanted: Wanted, settings: Settings, today: date
) -> Iterator[str]:
    """Yield why a case must not be disposed of now."""
    yield from one.against(settings.retention, today)
    yield from wanted.against(person.name for person in one.line.people)
    if plan.contents.undelivered:
        yield f"something is still to be done for it: {plan.contents.undelivered} (formflow status)"
    for folder, name in plan.contents.files:
        if (Path(folder) / name).exists():
            yield f"a file that came for it still lies in “{Path(folder).name}”"


def planned(connection: Connection, settings: Settings, reference: str) -> Plan | None:
    """Return what would go of a case, None where there is none. Raise StorageProblem where a folder is out of reach."""
    contents = disposing.contents(connection, reference)
    if contents is None:
        return None
    left = disposal.left_of(connection, settings, reference)
    try:
        disposal.refuse_away(settings)
        pages = tuple(disposal.own_pages(settings, reference))
    except OSError as problem:
        raise StorageProblem(
            "A folder of FormFlow’s own is out of reach. Nothing has been changed.",
            "Connect the share, then try again.",
        ) from problem
    return Plan(reference, contents, pages, left)


def dispose(
    settings: Settings, engine: Engine, trail: Trail, plan: Plan, wanted: Wanted, now: datetime
) -> None:
    """Take a case out of the ledger, then out of FormFlow's folders. Raise StorageProblem where that has to be gone on with."""
    contents = plan.contents
    tombstone = Tombstone(
        plan.reference,
        now,
        wanted.reason.strip(),
        " ".join(wanted.by.split()),
        " ".join(wanted.and_by.split()),
        contents.papers,
        contents.kept,
    )
    with writing(engine) as connection:
        if disposing.contents(connection, plan.reference) != contents:
            raise StorageProblem(
                "Something has come for this case just now. Nothing has been changed.",
                "Look at the case, then try again.",
            )
        disposing.dispose(connection, trail, tombstone, plan.left, now)
        crash_at("disposal.before-commit")
    crash_at("disposal.after-commit")
    disposal.finish(settings, engine, trail)


def backups_with(state: Path, tombstone: Tombstone) -> Iterator[tuple[str, str]]:
    """Yield what still holds a case among the backups, each with what is to be done."""
    for folder in backups.folders(state):
        try:
            yield from (
                (str(folder / one), "backup") for one in backups.holding(folder, tombstone.kept)
            )
            kept = (Vault(folder / ORIGINALS).path(one) for one in tombstone.kept)
            yield from ((str(one), "original") for one in kept if one.exists())
        except OSError:
            yield str(folder), "out of reach: look there yourself"
