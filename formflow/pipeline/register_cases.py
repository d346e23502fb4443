"""What the register shows of one case, from what the ledger holds of it: its line, its page, links to its papers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from formflow.core.model import CaseState, Light, StateChange
from formflow.core.references import at_revision
from formflow.core.settings import Settings
from formflow.core.wording import CAME_FROM, CASE_STATE_WORDS, OUTCOME_WORDS, SHEET_WORDS, suggested
from formflow.core.working_days import WorkingDays
from formflow.delivery import links
from formflow.delivery.links import CASES, href
from formflow.documents.register import case_file
from formflow.documents.register.at_a_glance import may_be
from formflow.documents.register.case_file import Drawn, Happened, Paper
from formflow.documents.register.lines import About, CaseLine, Person, line_of
from formflow.documents.register.rows import Moment
from formflow.rules.case.asked import asked_steps
from formflow.rules.matching import ChildKey, name_key, valid_upn
from formflow.rules.roster import Roster
from formflow.sdk.wording import is_paper_itself
from formflow.storage.cases import Change, Filing, Whole
from formflow.storage.children import child_reference

AS_READ = " as read.pdf"


@dataclass(frozen=True, slots=True)
class Desk:
    """What all cases of one drawing have in common."""

    settings: Settings
    days: WorkingDays
    roster: Roster
    at: Moment
    head: Mapping[str, Any]
    together: Mapping[int, int]  # of children who are joined: the first of them
    to_decide: Mapping[str, Path]  # the folder of each case in “To decide”, by its reference
    filed_in: Mapping[
        str, str
    ]  # destinations whose papers can be linked to: links to their folders


def filed_in(settings: Settings) -> dict[str, str]:
    """Return links to the folders with children's files by reference."""
    return {name: _href(folder, settings) for name, folder in links.filed_in(settings).items()}


def drawn(whole: Whole, desk: Desk) -> tuple[CaseLine, str]:
    """Return the line of a case, and its page as HTML."""
    asked = list(asked_steps(whole.case, desk.at.today))
    line = with_years(
        line_of(whole.case, asked, about(whole, desk.together), desk.days), desk.roster
    )
    page = case_file.case_file(
        whole.case,
        Drawn(
            line,
            asked,
            _papers(whole, desk),
            _to_fill_in(whole, desk),
            _history(whole),
            [may_be(one, records) for one, records in whole.near],
        ),
        desk.settings,
        desk.days,
        desk.at,
        desk.head,
    )
    return line, page


def with_years(line: CaseLine, roster: Roster) -> CaseLine:
    """Return a line with the year groups that the pupil list gives now."""
    people = tuple(replace(one, year=_year(one, roster)) for one in line.people)
    return line if people == line.people else replace(line, people=people)


def _year(person: Person, roster: Roster) -> str:
    if not roster.pupils:
        return ""
    key = ChildKey(name_key(person.name), person.born) if person.name and person.born else None
    pupil = roster.match(key, valid_upn(person.number) or "").pupil
    return pupil.year_group if pupil else ""


def about(whole: Whole, together: Mapping[int, int]) -> About:
    """Return what the line of a case needs besides the case. `together`: of children who are joined the first."""
    both = (whole.child, whole.child_b)
    first, second = (together.get(one, one) if one else None for one in both)
    came = [change for change in whole.changes if change.reference == whole.case.record.reference]
    return About(
        (child_reference(first) or "", child_reference(second) or ""),
        is_seen=bool(came and came[-1].seen_at),
    )


def _papers(whole: Whole, desk: Desk) -> list[Paper]:
    """Return links to the originals of a case and to their copies as read, first to last."""
    found: dict[str, Paper] = {}
    for filing in whole.filings:
        folder = desk.filed_in.get(filing.destination)
        if folder is None or filing.is_to_decide:
            continue
        for name in filing.names:
            told = "as read" if name.endswith(AS_READ) else "original"
            words = f"{_title(filing)} ({at_revision(filing.reference, filing.revision)}), {told}"
            way = (folder, quote(filing.where), quote(name))
            found[name] = Paper(words, "/".join(filter(None, way)))
    return list(found.values())


def _to_fill_in(whole: Whole, desk: Desk) -> list[Paper]:
    """Return links to the sheets of a case that lie in its folder in “To decide”, the newest last."""
    folder = desk.to_decide.get(whole.case.record.reference)
    try:
        there = {one.name for one in folder.iterdir()} if folder else set()
    except OSError:
        there = set()
    names = (name for filing in whole.filings if filing.is_to_decide for name in filing.names)
    return [
        Paper(name.removesuffix(".pdf"), _href(folder / name, desk.settings))
        for name in dict.fromkeys(names)
        if folder and name in there and not is_paper_itself(name)
    ]


def _title(filing: Filing) -> str:
    return SHEET_WORDS.get(filing.form_id or "", "Form" if filing.form_id else "File")


def _href(target: Path, settings: Settings) -> str:
    """Return a link from a page of a case."""
    return href(target, settings.folders.dsl_register / CASES)


def _history(whole: Whole) -> list[Happened]:
    came = [told for change in whole.changes for told in _told(change)]
    return [*came, *map(_ended, whole.case.changes)]


def _ended(change: StateChange) -> Happened:
    """Return what the history of a case says of its being closed or reopened."""
    words = CASE_STATE_WORDS[change.state] if change.state is not CaseState.OPEN else "Reopened"
    of = f" of {change.duplicate_of}" if change.duplicate_of else ""
    return Happened(change.at, f"{words}{of} ({change.who}): {change.reason}")


def _told(change: Change) -> Iterator[Happened]:
    """Yield what the history of a case says of one form or sheet: how it came, and who has seen its alert."""
    title = SHEET_WORDS.get(change.form_id or "", "Form" if change.form_id else "File")
    name, outcome = at_revision(change.reference, change.revision), OUTCOME_WORDS[change.outcome]
    ended = f"{outcome[0].lower()}{outcome[1:]}"
    more = f" Decided: {change.level}." if change.level else _suggested(change.light)
    came = f"{title} received {CAME_FROM[change.role]} ({name}): {ended}.{more}"
    yield Happened(change.received_at, came)
    if change.seen_at:
        who = f" ({change.seen_by})" if change.seen_by else ""
        yield Happened(change.seen_at, f"Alert about {name} acknowledged{who}.")


def _suggested(light: Light | None) -> str:
    return f" {suggested(light)}." if light else ""
