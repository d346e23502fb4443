"""What waits for a person, what waits for a destination, and whether the service is alive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text

from formflow.core.messages import MESSAGES
from formflow.core.model import Light, Outcome
from formflow.core.settings import Settings
from formflow.core.trouble import MISTAKE
from formflow.core.wording import LIGHT_WORDS, OUTCOME_WORDS, moment_in_words
from formflow.delivery import own_alerts
from formflow.delivery.own_alerts import OwnAlert
from formflow.pipeline.service import HEARTBEAT
from formflow.pipeline.sweep import MARKER
from formflow.storage import database, entries


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record that nobody has acknowledged yet."""

    reference: str
    revision: int
    outcome: str
    light: str | None
    since: datetime
    urgent: bool  # it cannot wait, whatever the light


@dataclass(frozen=True, slots=True)
class Undelivered:
    """Parcels that one destination does not hold yet, and why."""

    destination: str
    parcels: int
    set_aside: int  # refused for good: a person must look
    code: str


@dataclass(frozen=True, slots=True)
class Silent:
    """A destination that does not answer, and since when."""

    destination: str
    since: datetime


@dataclass(frozen=True, slots=True)
class PutBack:
    """Papers that could not be read yet for one reason of ours, and since when the oldest waits."""

    code: str
    papers: int
    since: datetime


@dataclass(frozen=True, slots=True)
class FolderState:
    """A watched folder as the last sweep left it."""

    folder: str
    online: bool
    waiting: int  # files that lie there and are not taken yet


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that `formflow status` knows."""

    records: int
    papers_unread: int
    put_back: tuple[PutBack, ...]  # of these: those that met trouble, which says nothing about them
    waiting: tuple[Waiting, ...]
    undecided: tuple[str, ...]  # references of records about which nothing is decided, oldest first
    own_alerts: tuple[OwnAlert, ...]  # about FormFlow itself, which nobody has seen yet
    undelivered: tuple[Undelivered, ...]
    silent: tuple[Silent, ...]
    folders: tuple[FolderState, ...]
    last_turn: datetime | None  # when the service last finished a turn

    @property
    def waits_for_a_person(self) -> bool:
        """Return whether somebody has something to look at."""
        aside = any(entry.set_aside for entry in self.undelivered)
        offline = any(not folder.online for folder in self.folders)
        waits = self.waiting or self.put_back or self.own_alerts or self.silent
        return bool(waits) or aside or offline


def overview(settings: Settings) -> Overview:
    """Return how things stand. Changes nothing."""
    engine = database.open_ledger(settings.state.folder)
    with database.reading(engine) as connection:
        counts = connection.execute(_COUNTS).one()
        waiting = tuple(_waiting(row) for row in entries.waiting(connection))
        put_back = tuple(
            PutBack(row.code, row.papers, datetime.fromisoformat(row.since))
            for row in connection.execute(_PUT_BACK)
        )
        undecided = tuple(entries.undecided(connection))
        own = tuple(own_alerts.waiting(connection))
        undelivered = tuple(
            Undelivered(row.lane, row.parcels, row.aside, row.code)
            for row in connection.execute(_UNDELIVERED)
        )
        silent = tuple(
            Silent(row.destination, datetime.fromisoformat(row.since))
            for row in connection.execute(_SILENT)
            if row.destination in {known.name for known in settings.destinations()}
        )
        lying: dict[str, int] = {row.folder: row.files for row in connection.execute(_LYING)}
    engine.dispose()
    return Overview(
        counts.records,
        counts.unread,
        put_back,
        waiting,
        undecided,
        own,
        undelivered,
        silent,
        tuple(_folders(settings, lying)),
        _last_turn(settings),
    )


def _waiting(row: Row[Any]) -> Waiting:
    since = datetime.fromisoformat(row.recorded_at)
    return Waiting(row.reference, row.revision, row.outcome, row.light, since, bool(row.urgent))


def _folders(settings: Settings, lying: Mapping[str, int]) -> Iterator[FolderState]:
    for watch in settings.watch:
        name, is_online = str(watch.folder), (watch.folder / MARKER).is_file()
        yield FolderState(name, is_online, lying.get(name, 0))


def as_json(view: Overview) -> dict[str, Any]:
    """Return an overview for another program."""
    table = asdict(view)
    table["last_turn"] = view.last_turn.isoformat() if view.last_turn else None
    for name in ("waiting", "put_back", "own_alerts", "silent"):
        for row in table[name]:
            row["since"] = row["since"].isoformat()
    return table | {"waits_for_a_person": view.waits_for_a_person}


def as_text(view: Overview, settings: Settings) -> str:
    """Return an overview for a person."""
    lead = settings.agency.safeguarding_lead
    lines = [f"{view.records} records. {len(view.waiting)} wait for the {lead} to look at them:"]
    for entry in view.waiting:
        shape, words = _proposed(entry)
        since = moment_in_words(entry.since, settings.zone)
        outcome = OUTCOME_WORDS[Outcome(entry.outcome)]
        lines.append(
            f"  {'NOW' * entry.urgent:3} {shape} {entry.reference} r{entry.revision}  {words:24}"
            f" {outcome}, since {since}"
        )
    lines += [f"! {own.reference}: {own.text} ({own.code})" for own in view.own_alerts]
    if view.undecided:
        lines.append(f"{len(view.undecided)} wait for a decision: {', '.join(view.undecided)}.")
    if view.papers_unread:
        lines.append(f"{view.papers_unread} papers are being read.")
    lines += put_back_in_words(view, settings)
    for parcel in view.undelivered:
        aside = (
            f", {parcel.set_aside} refused for good; “formflow retry” tries again"
            if parcel.set_aside
            else ""
        )
        lines.append(f"{parcel.parcels} wait for “{parcel.destination}” ({parcel.code}){aside}.")
    for silent in view.silent:
        since = moment_in_words(silent.since, settings.zone)
        lines.append(f"“{silent.destination}” has not answered since {since}.")
    if not view.undelivered:
        lines.append("Every destination holds everything.")
    for folder in view.folders:
        if not folder.online:
            lines.append(f"Offline: {folder.folder} (no marker file there)")
        elif folder.waiting:
            lines.append(f"{folder.waiting} files in {folder.folder} are not complete or busy.")
    when = moment_in_words(view.last_turn, settings.zone) if view.last_turn else "never"
    lines.append(f"FormFlow last looked at its folders: {when}.")
    return "\n".join(lines)


def put_back_in_words(view: Overview, settings: Settings) -> list[str]:
    """Return what forms that could not be read yet wait for, and what to do."""
    return [_put_back_in_words(row, settings) for row in view.put_back]


def _put_back_in_words(row: PutBack, settings: Settings) -> str:
    words = MESSAGES.get(row.code, MESSAGES[MISTAKE])  # an older FormFlow noted other codes
    since = moment_in_words(row.since, settings.zone)
    return f"{row.papers} wait to be read since {since}. {words.found} {words.do_now} ({row.code})"


def _proposed(entry: Waiting) -> tuple[str, str]:
    """Return shape and words. What was read and has no light is a sheet: nothing is proposed on it."""
    if entry.light:
        return LIGHT_WORDS[Light(entry.light)][:2]
    return "!", "Not assessed" if entry.outcome == Outcome.UNREADABLE else "Does not count yet"


def _last_turn(settings: Settings) -> datetime | None:
    try:
        return datetime.fromisoformat((settings.state.folder / HEARTBEAT).read_text("ascii"))
    except (OSError, ValueError):
        return None


_COUNTS = text(
    "SELECT (SELECT count(DISTINCT reference) FROM entry WHERE about IS NULL) AS records,"
    " (SELECT count(*) FROM task WHERE kind = 'read' AND state != 2) AS unread"
)
_PUT_BACK = text(
    "SELECT task.last_code AS code, count(*) AS papers, min(paper.received_at) AS since FROM task"
    " JOIN paper ON paper.id = task.ref_id WHERE kind = 'read' AND state != 2 AND last_code != ''"
    " GROUP BY task.last_code ORDER BY since"
)
_UNDELIVERED = text(
    "SELECT lane, count(*) AS parcels, sum(state = 3) AS aside, max(last_code) AS code FROM task"
    " WHERE kind = 'deliver' AND state != 2 GROUP BY lane ORDER BY lane"
)
_SILENT = text("SELECT destination, since FROM silence ORDER BY since")
_LYING = text(
    "SELECT folder, count(*) AS files FROM sighting WHERE state != 'taken' GROUP BY folder"
)
