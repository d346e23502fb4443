"""What waits for a person, what waits for a destination, and whether the service is alive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from formflow.core.errors import ExitCode, LedgerDamaged
from formflow.core.markers import is_marked
from formflow.core.messages import MESSAGES, notice
from formflow.core.model import CaseState, Outcome
from formflow.core.references import at_revision
from formflow.core.settings import Settings
from formflow.core.trouble import MISTAKE
from formflow.core.wording import CASE_STATE_WORDS, LIGHT_WORDS, OUTCOME_WORDS, moment_in_words
from formflow.delivery import own_alerts
from formflow.delivery.own_alerts import OwnAlert
from formflow.delivery.unusable import unusable
from formflow.pipeline import damage, register
from formflow.pipeline.service import HEARTBEAT
from formflow.storage import (
    backlog,
    backups,
    case_states,
    database,
    entries,
    handoffs,
    papers,
    roster,
    sightings,
    silences,
    tasks,
    unmatched,
    waiting,
)
from formflow.storage.papers import PutBack
from formflow.storage.silences import Silent
from formflow.storage.tasks import Undelivered
from formflow.storage.unmatched import Unmatched
from formflow.storage.waiting import Waiting

BACKUP_WITHIN = timedelta(days=8)  # a weekly one may be a day late
OLD_BACKUP = "FF-480"  # notice
NO_FOLDER = "FF-481"  # notice
ALIVE_WITHIN = timedelta(minutes=15)  # or three sweeps, where these are rarer


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
    held_up: Mapping[str, int]  # repeats, reminders, escalations that met trouble, by its code
    waiting: tuple[Waiting, ...]
    undecided: tuple[str, ...]  # references of records about which nothing is decided, oldest first
    ended: Mapping[CaseState, int]  # how many cases are closed, entered in error, duplicates
    own_alerts: tuple[OwnAlert, ...]  # about FormFlow itself, which nobody has seen yet
    to_file: Mapping[str, tuple[str, ...]]  # destination -> what a person is to file there by hand
    undelivered: tuple[Undelivered, ...]
    lacking_since: Mapping[str, datetime]  # destination -> the oldest news that it does not hold
    unmatched: tuple[
        Unmatched, ...
    ]  # what is delivered and waits until it is clear whose folder it is
    silent: tuple[Silent, ...]
    unusable: Mapping[str, str]  # destinations whose kind is not there or broken -> what is wrong
    folders: tuple[FolderState, ...]
    pupil_list: str  # the code of what is wrong with it, "" where nothing is
    register: (
        str  # the code of what keeps the register from being up to date, "" where nothing does
    )
    last_turn: datetime | None  # when the service last finished a turn
    last_backup: datetime | None  # None: no backup of this ledger is known

    def is_backup_overdue(self, now: datetime) -> bool:
        """Return whether an agency that makes backups has made none for too long."""
        return self.last_backup is not None and now - self.last_backup > BACKUP_WITHIN

    def is_overdue(self, settings: Settings, now: datetime) -> bool:
        """Return whether the service should have looked at its folders since it last did."""
        longest = timedelta(seconds=max(watch.scan_seconds for watch in settings.watch))
        return self.last_turn is None or now - self.last_turn > max(ALIVE_WITHIN, 3 * longest)

    @property
    def is_stuck(self) -> bool:
        """Return whether a destination does not get what it should."""
        tried = any(entry.set_aside or entry.code for entry in self.undelivered)
        return bool(self.silent) or tried

    @property
    def waits_for_a_person(self) -> bool:
        """Return whether somebody has something to look at."""
        aside = any(entry.set_aside for entry in self.undelivered)
        offline = any(not folder.online for folder in self.folders)
        waits = (
            self.waiting
            or self.put_back
            or self.held_up
            or self.own_alerts
            or self.unmatched
            or self.silent
            or self.unusable
            or self.pupil_list
            or self.register
        )
        return bool(waits) or aside or offline


def overview(settings: Settings) -> Overview:
    """Return how things stand. Changes nothing. Raise StorageProblem where there is no ledger to look at,
    LedgerDamaged where the service has found that it is damaged.
    """
    if damage.is_noted(settings.state.folder):
        raise LedgerDamaged
    with database.looking(settings.state.folder) as connection:
        records, unread = entries.count_records(connection), tasks.count_unread(connection)
        unseen = tuple(waiting.unacknowledged(connection))
        put_back = tuple(papers.put_back(connection))
        held_up = backlog.held_up(connection)
        undecided = tuple(waiting.undecided(connection))
        ended = case_states.counts(connection)
        own = tuple(own_alerts.waiting(connection))
        to_file = handoffs.all_waiting(connection)
        undelivered = tuple(tasks.undelivered(connection))
        lacking_since = backlog.lacking_since(connection)
        there = {known.name for known in settings.destinations()}
        silent = tuple(one for one in silences.all_of_them(connection) if one.destination in there)
        lying = sightings.not_taken(connection)
        homeless = tuple(
            one
            for one in unmatched.unmatched(connection, settings.state.folder)
            if one.destination in there
        )
    return Overview(
        records,
        unread,
        put_back,
        held_up,
        unseen,
        undecided,
        ended,
        own,
        to_file,
        undelivered,
        lacking_since,
        homeless,
        silent,
        unusable(settings),
        tuple(_folders(settings, lying)),
        _pupil_list(settings),
        register.trouble(settings),
        _last_turn(settings),
        backups.last(settings.state.folder),
    )


def exit_code(view: Overview, settings: Settings, now: datetime) -> ExitCode:
    """Return how `formflow status` ends, for whatever watches FormFlow: the gravest thing counts."""
    if view.is_overdue(settings, now):
        return ExitCode.NOT_RUNNING
    if view.is_stuck:
        return ExitCode.DESTINATION
    waits = view.waits_for_a_person or view.is_backup_overdue(now)
    return ExitCode.WAITING if waits else ExitCode.DONE


def _folders(settings: Settings, lying: Mapping[str, int]) -> Iterator[FolderState]:
    for watch in settings.watch:
        name, is_online = str(watch.folder), is_marked(watch.folder)
        yield FolderState(name, is_online, lying.get(name, 0))


def _pupil_list(settings: Settings) -> str:
    """Return what was wrong with the pupil list when the service last looked at it, as a code."""
    found = roster.last_found(settings.state.folder) if settings.roster.file else None
    return found.code if found and found.code in MESSAGES else ""


def as_text(view: Overview, settings: Settings) -> str:
    """Return an overview for a person."""
    lead = settings.agency.safeguarding_lead
    lines = [f"Records: {view.records}. For the {lead} to look at: {len(view.waiting)}."]
    for entry in view.waiting:
        shape, words = _proposed(entry)
        since = moment_in_words(entry.since, settings.zone)
        outcome = OUTCOME_WORDS[entry.outcome]
        lines.append(
            f"  {'NOW' * entry.urgent:3} {shape} {at_revision(entry.reference, entry.revision)}  {words:24}"
            f" {outcome}, since {since}"
        )
    lines += [f"! {own.reference}: {own.text} ({own.code})" for own in view.own_alerts]
    if view.undecided:
        lines.append(f"Awaiting a decision ({len(view.undecided)}): {', '.join(view.undecided)}.")
    if view.ended:
        each = (f"{CASE_STATE_WORDS[one]}: {count}." for one, count in view.ended.items())
        lines.append(" ".join(each))
    lines += [
        f"To be filed by hand in {destination} ({len(names)}): {', '.join(names)}."
        for destination, names in view.to_file.items()
    ]
    lines += unread_in_words(view)
    lines += held_up_in_words(view)
    lines += put_back_in_words(view, settings)
    lines += undelivered_in_words(view, settings)
    lines += unmatched_in_words(view, settings)
    if not view.undelivered:
        lines.append("Everything has been delivered.")
    for folder in view.folders:
        if not folder.online:
            lines.append(f"Offline: {folder.folder} (no marker file there)")
        elif folder.waiting:
            lines.append(not_taken_in_words(folder))
    for code in filter(None, (view.pupil_list, view.register)):
        lines.append(f"{notice(code).text} ({code})")
    when = moment_in_words(view.last_turn, settings.zone) if view.last_turn else "never"
    lines.append(f"FormFlow last looked at its folders: {when}.")
    return "\n".join(lines)


def backup_in_words(view: Overview, settings: Settings, now: datetime) -> list[str]:
    """Return when the last backup was made, and what to do where that is too long ago. Nothing where there is none."""
    if view.last_backup is None:
        return []
    if view.is_backup_overdue(now):
        days = str((now - view.last_backup).days)
        return [f"{notice(OLD_BACKUP, words={'days': days}).text} ({OLD_BACKUP})"]
    return [f"Last backup: {moment_in_words(view.last_backup, settings.zone)}."]


def unread_in_words(view: Overview) -> list[str]:
    """Return how many forms are taken and not read yet, those that met trouble too."""
    return [f"Forms still to be read: {view.papers_unread}."] if view.papers_unread else []


def held_up_in_words(view: Overview) -> list[str]:
    """Return how many repeats, reminders and escalations met trouble, and why."""
    return [
        f"Repeats, reminders or later alerts held up: {count}. {MESSAGES[code].found} {MESSAGES[code].do_now} ({code})"
        for code, count in view.held_up.items()
        if code in MESSAGES
    ]


def not_taken_in_words(folder: FolderState) -> str:
    """Return how many files lie in a watched folder and cannot be taken yet."""
    return f"Files in {folder.folder} that are incomplete or in use, and not taken yet: {folder.waiting}."


def put_back_in_words(view: Overview, settings: Settings) -> list[str]:
    """Return what forms that could not be read yet wait for, and what to do."""
    return [_put_back_in_words(row, settings) for row in view.put_back]


def undelivered_in_words(view: Overview, settings: Settings) -> Iterator[str]:
    """Yield what waits for each destination, with the code of the reason, and which do not answer."""
    for parcel in view.undelivered:
        again = "; “formflow retry” tries again"
        aside = f", {parcel.set_aside} refused for good{again}" if parcel.set_aside else ""
        when = moment_in_words(parcel.next_try, settings.zone) if parcel.next_try else ""
        due = f", tried again on {when}" if when else ""
        code = f" ({parcel.code})" if parcel.code else ""
        yield f"{parcel.parcels} wait for “{parcel.destination}”{code}{due}{aside}."
        if words := parcel.text or _in_words(parcel.code):
            yield f"  {words}"
    yield from (f"“{name}” gets nothing: {why}" for name, why in view.unusable.items())
    for silent in view.silent:
        since = moment_in_words(silent.since, settings.zone)
        yield f"“{silent.destination}” has not answered since {since}."


def unmatched_in_words(view: Overview, settings: Settings) -> Iterator[str]:
    """Yield how many records' papers wait for their child's folder, since when, and what to do."""
    for one in view.unmatched:
        since = moment_in_words(one.since, settings.zone)
        words = {"count": str(one.records), "destination": one.destination, "since": since}
        yield f"{notice(NO_FOLDER, words=words).text} ({NO_FOLDER})"


def _put_back_in_words(row: PutBack, settings: Settings) -> str:
    words = MESSAGES.get(row.code, MESSAGES[MISTAKE])  # an older FormFlow noted other codes
    since = moment_in_words(row.since, settings.zone)
    return f"{row.papers} wait to be read since {since}. {words.found} {words.do_now} ({row.code})"


def _in_words(code: str) -> str:
    """Return what a number of ours means; "" where it is not ours, or more than the number says."""
    found = MESSAGES[code].found if code in MESSAGES else ""
    return "" if "{" in found else found


def _proposed(entry: Waiting) -> tuple[str, str]:
    """Return shape and words. What was read and has no light is a sheet: nothing is proposed on it."""
    if entry.light:
        return LIGHT_WORDS[entry.light][:2]
    if entry.outcome == Outcome.RECORDED:
        return "!", "Decided or linked"
    return "!", "Not assessed" if entry.outcome == Outcome.UNREADABLE else "Not accepted"


def _last_turn(settings: Settings) -> datetime | None:
    try:
        return datetime.fromisoformat((settings.state.folder / HEARTBEAT).read_text("ascii"))
    except (OSError, ValueError):
        return None
