"""The agency's list of pupils: rows under headings -> pupils, and what of it is not clear. Nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from formflow.core.dates import parse_day
from formflow.core.settings_roster import COLUMNS, IGNORE
from formflow.core.settings_roster import Roster as Settings
from formflow.reading.table_file import Cell, rows_of
from formflow.rules.matching import valid_upn
from formflow.rules.roster import Pupil, Roster, twice

NEEDED = ("legal_surname", "legal_forename", "dob")
# Headings of the lists that Bromcom, iSAMS, SIMS (also through Tucasi), Wonde, Arbor and the DfE's own
# templates make, as `_plain` writes them.
HEADINGS: Mapping[str, Sequence[str]] = {
    "upn": ("upn", "unique pupil number"),
    "former_upn": ("former upn", "previous upn"),
    "admission_no": ("admission number", "admission no", "adno", "adm no", "admno"),
    "mis_id": ("mis id", "pupil id", "student id"),
    "legal_surname": ("legal surname", "legal last name", "surname", "last name", "family name"),
    "legal_forename": (
        "legal forename",
        "legal first name",
        "forename",
        "first name",
        "given name",
    ),
    "middle_names": ("middle names", "middle name", "legal middle names", "middle name s"),
    "preferred_surname": ("preferred surname", "preferred last name", "preferred family name"),
    "preferred_forename": (
        *("preferred forename", "preferred first name", "preferred name", "known as"),
        "chosen name",
    ),
    "dob": ("dob", "date of birth", "birth date", "birthdate", "birthday"),
    "year_group": ("year group", "nc year", "current nc year", "year", "nc year group"),
    "reg_group": ("reg group", "registration group", "tutor group", "form", "class", "reg"),
    "on_roll_from": ("on roll from", "admission date", "date of admission", "entry date"),
    "leaving_date": ("leaving date", "date of leaving", "leave date"),
    "folder": ("folder", "safeguarding folder"),
    "address": ("address", "home address"),
    "parents": ("parents", "parents carers", "parental contacts", "contacts"),
    "parents_phone": ("parents phone", "parent phone", "contact number", "contact phone"),
    "parents_email": ("parents email", "parent email", "contact email"),
    IGNORE: ("gender", "sex", "legal gender", "legal sex"),  # known, and not needed
}
_COLUMN_OF = {heading: column for column, every in HEADINGS.items() for heading in every}
_IN_DIGITS = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})", re.ASCII)
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ]00:00(?::00)?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Listed:
    """A list as it was read: the roster, and in words without a name what was found of it."""

    roster: Roster
    columns: Mapping[str, str]  # heading -> what it is taken for
    unclear: tuple[str, ...] = ()  # what a person has to say, or put right
    is_usable: bool = True  # False: without that nobody can be found on it


def listed(content: bytes, suffix: str, settings: Settings) -> Listed:
    """Return what a file holds. Raise NoTable where it is no table at all."""
    rows = rows_of(content, suffix, settings.sheet)
    head = [str(cell) for cell in rows[0]] if rows else []
    columns, unclear = _columns(head, settings.columns or {})
    missing = [name for name in NEEDED if name not in columns.values()]
    if missing:
        words = f"no heading is clearly {', '.join(missing)}: without these no pupil can be found"
        return Listed(Roster(), columns, (*unclear, words), is_usable=False)
    at = {column: head.index(heading) for heading, column in columns.items()}
    lines = [[*row, *[""] * (len(head) - len(row))] for row in rows[1:]]
    order = settings.dates or _order(lines, at["dob"])
    if not order:
        words = "dates such as 03/04/2015 may begin with the day or the month: say dates = “day first” or “month first”"
        return Listed(Roster(), columns, (*unclear, words), is_usable=False)
    found = [_pupil(line, at, day_first=order == "day first") for line in lines]
    pupils = tuple(dict.fromkeys(pupil for pupil in found if pupil))
    told = (*unclear, *_told(pupils, found.count(None)))
    return Listed(Roster(pupils, settings.folder), columns, told, is_usable=bool(pupils))


def is_cut_off(content: bytes, suffix: str) -> bool:
    """Return whether a CSV file seems to be half written: its last line has not all that the first has."""
    if suffix == ".xlsx" or content.endswith((b"\n", b"\r", b"\n\0")):
        return False
    rows = rows_of(content, suffix)
    return bool(rows) and len(rows[-1]) < len(rows[0])


def _columns(
    head: Sequence[str], said: Mapping[str, str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return heading -> column, and what is unclear about the headings."""
    told, known = list[str](), dict[str, list[str]]()
    by_settings = {_plain(heading): column for heading, column in said.items()}
    for heading in head:
        column = by_settings.get(_plain(heading)) or _COLUMN_OF.get(_plain(heading))
        if column is None and heading:
            told.append(f"the heading “{heading[:60]}” is not known, and its column is not used")
        elif column and column != IGNORE:
            known.setdefault(column, []).append(heading)
    if not known:
        return {}, ("its first line holds no heading that is known",)  # it may hold a pupil
    told += [
        f"the settings name the heading “{one}”, which is not there"
        for one in said
        if _plain(one) not in map(_plain, head)
    ]
    for column, headings in known.items():
        if len(headings) > 1:
            both = " and ".join(f"“{heading[:60]}”" for heading in headings)
            told.append(f"{both} may each be {column}, so neither is used")
    columns = {headings[0]: column for column, headings in known.items() if len(headings) == 1}
    return columns, tuple(told)


def _plain(heading: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", heading.casefold()))


def _order(lines: Sequence[Sequence[Cell]], at: int) -> str:
    """Return whether dates of a column begin with day or month, "" where it does not say so as a whole."""
    found = [_IN_DIGITS.fullmatch(str(line[at])) for line in lines]
    pairs = [(int(one[1]), int(one[2])) for one in found if one]
    is_day_first = any(first > 12 for first, _ in pairs)
    is_month_first = any(second > 12 for _, second in pairs)
    if is_day_first and is_month_first:
        return ""
    if is_month_first:
        return "month first"
    plain = all(first == second for first, second in pairs)
    return "day first" if is_day_first or plain else ""


def _day(cell: Cell, *, day_first: bool) -> date | None:
    if isinstance(cell, date):
        return cell
    try:
        if said := _ISO.fullmatch(cell):
            return date(int(said[1]), int(said[2]), int(said[3]))
        if said := _IN_DIGITS.fullmatch(cell):
            day, month = (said[1], said[2]) if day_first else (said[2], said[1])
            return date(int(said[3]), int(month), int(day))
    except ValueError:
        return None
    # With the month in words no order is in doubt; a year of two digits may be of either century.
    found = (
        parse_day(cell, date.max, of_birth=True)
        if re.search(r"[a-z]{3}.*\d{4}", cell, re.IGNORECASE)
        else None
    )
    return found if isinstance(found, date) else None


def _pupil(line: Sequence[Cell], at: Mapping[str, int], *, day_first: bool) -> Pupil | None:
    """Return the pupil of a line, None where name or birthday is missing or is none."""
    said = {column: str(line[index]) for column, index in at.items() if column in COLUMNS}
    born = _day(line[at["dob"]], day_first=day_first)
    if born is None or not said["legal_surname"] or not said["legal_forename"]:
        return None
    return Pupil(**{**said, "dob": born})  # type: ignore[arg-type]


def _told(pupils: Sequence[Pupil], without: int) -> Iterator[str]:
    if not pupils:
        yield "it holds no pupil"
    if without:
        yield f"{without} lines have no name, or no date of birth that can be read, and are left out"
    namesakes, numbers = twice(pupils)
    if namesakes:
        yield f"{namesakes} pupils share name and date of birth with another: only a UPN tells them apart"
    if numbers:
        yield f"{numbers} pupils have the UPN of another: these UPNs are not used"
    wrong = sum(bool(pupil.upn) and not valid_upn(pupil.upn) for pupil in pupils)
    if wrong:
        yield f"{wrong} UPNs are not valid by their check letter, and are not used"
