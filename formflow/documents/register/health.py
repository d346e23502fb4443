"""How FormFlow is, for the safeguarding lead and for IT: destinations, folders, its last turn, what waits. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from formflow.core.messages import MESSAGES
from formflow.core.wording import moment_in_words
from formflow.documents.page_parts import template
from formflow.documents.register.rows import Moment


@dataclass(frozen=True, slots=True)
class DestinationState:
    """What one destination lacks and why, by a number of ours."""

    name: str
    waiting: int  # parcels
    set_aside: int  # of these, refused for good
    code: str
    silent_since: datetime | None


@dataclass(frozen=True, slots=True)
class FolderState:
    """A watched folder: whether it is there, and how many files in it are not taken yet."""

    name: str
    is_there: bool
    waiting: int


@dataclass(frozen=True, slots=True)
class Health:
    """All that the register says of FormFlow itself."""

    destinations: tuple[DestinationState, ...]
    folders: tuple[FolderState, ...]
    alerts: tuple[str, ...]  # about FormFlow itself that nobody has seen, in words
    sheets: tuple[str, ...]  # references of sheets with an alert that nobody has seen
    to_read: int  # forms
    last_backup: datetime | None
    pupil_list: str = ""  # the number of what is wrong with it

    @property
    def troubles(self) -> list[str]:
        """What a person has to look at, one line each."""
        offline = [one.name for one in self.folders if not one.is_there]
        stuck = [one for one in self.destinations if one.silent_since or one.set_aside or one.code]
        found = [
            *self.alerts,
            *(f"The folder “{name}” is offline: nothing is taken from it." for name in offline),
            *(f"{one.waiting} wait for “{one.name}”. {in_words(one)}".rstrip() for one in stuck),
        ]
        if self.pupil_list in MESSAGES:
            found.append(MESSAGES[self.pupil_list].found)
        return found


def in_words(one: DestinationState) -> str:
    """Return why something waits for a destination, "" where no number of ours says more."""
    found = MESSAGES[one.code].found if one.code in MESSAGES else ""
    return "" if "{" in found else found


def health_page(health: Health, at: Moment, head: Mapping[str, Any]) -> str:
    """Return the page as HTML."""

    def said(moment: datetime | None) -> str:
        return moment_in_words(moment, at.zone) if moment else ""

    rows: Sequence[Mapping[str, Any]] = [
        {
            "name": one.name,
            "state": _state(one),
            "waiting": one.waiting,
            "why": in_words(one),
            "since": said(one.silent_since),
        }
        for one in health.destinations
    ]
    return template("register/health.html").render(
        **head,
        here="Health",
        root="",
        at=moment_in_words(at.now, at.zone),
        drawn=at.now.isoformat(timespec="seconds"),
        troubles=health.troubles,
        destinations=rows,
        folders=health.folders,
        to_read=health.to_read,
        backup=said(health.last_backup),
    )


def _state(one: DestinationState) -> str:
    if one.silent_since:
        return "Does not answer"
    if one.set_aside:
        return "Refused for good"
    return "Waiting" if one.waiting else "Up to date"
