"""An existing file's headings -> a draft of its `[[destination]]`, for a person to correct. Nothing is guessed silently."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rapidfuzz import fuzz

from formflow.admin.field_names import known_fields
from formflow.core.errors import ExitCode, FormFlowError
from formflow.sdk import registry
from formflow.sdk.case_fields import LIGHTS
from formflow.sdk.contract import Ending, ShowsFirstRows
from formflow.sdk.field_map import same_heading

LOOKED_AT = 20  # rows in which the headings are looked for
ALIKE = 86  # of 100: from here on a heading is taken for another spelling of one that is known
_LEVELS = ", ".join(f'{name} = "…"' for name in LIGHTS)
_LEVEL = f'{{ field = "level", values = {{ {_LEVELS} }}, blank = "To be decided" }}'
_ON = "%d/%m/%Y"
HOLD_DATES = ("workbook", "sql_table")  # a date goes there as a date, which sorts, and not as words
# What fills a column, and its usual headings.
SURE: Mapping[str, tuple[str, ...]] = {
    f"{{incident_at:{_ON}}}": ("date of incident", "incident date", "date of concern", "date of event"),
    "{incident_at:%H:%M}": ("time of incident", "incident time"),
    "{child_a_name}": ("pupil", "pupil name", "name of pupil", "child", "child's name", "name of child", "student", "student name"),
    "{child_a_name:surname}": ("pupil surname", "child's surname", "legal surname"),
    "{child_a_name:forename}": ("pupil forename", "pupil first name", "child's first name", "legal forename"),
    f"{{child_a_dob:{_ON}}}": ("dob", "date of birth", "birth date"),
    "{child_a_number}": ("upn", "unique pupil number", "pupil number"),
    "{child_b_name}": ("other pupil", "other child", "other pupils involved", "name of other child"),
    "{incident_place}": ("place of incident", "location of incident", "where did it happen"),
    "{completed_by}": ("reported by", "completed by", "form completed by", "raised by", "member of staff", "staff member"),
    "{parents_informed}": ("parents informed", "parents contacted", "parent contacted", "parents told"),
    f"{{parents_informed_at:{_ON}}}": ("date parents informed", "parents informed on"),
    f"{{recorded_at:{_ON}}}": ("date recorded", "recorded on", "date logged"),
    f"{{decided_at:{_ON}}}": ("date decided", "decision date", "decided on"),
    "{decided_level}": ("decided level", "dsl decision"),
    "{suggested_level}": ("suggested level",),
    f"{{referral_a_sent:{_ON}}}": ("referral date", "date of referral", "referral sent", "date referred"),
    "{child_reference}": ("formflow child", "formflow child reference"),
}  # fmt: skip
# Headings that mean one thing here and another there.
UNSURE: Mapping[str, tuple[str, ...]] = {
    f"{{incident_at:{_ON}}}": ("date",),
    "{incident_at:%H:%M}": ("time",),
    "{child_a_name}": ("name", "young person"),
    "{child_a_name:surname}": ("surname", "last name", "family name"),
    "{child_a_name:forename}": ("forename", "first name", "given name", "preferred name"),
    "{child_b_name}": ("victim", "others involved", "other pupils"),
    "{incident_place}": ("place", "location", "where"),
    "{completed_by}": ("staff", "by", "recorded by", "logged by", "author"),
    "{type_text}": ("description", "details", "what happened", "concern", "nature of concern", "incident", "summary", "notes"),
    "{actions_text}": ("action", "actions", "action taken", "actions taken"),
    _LEVEL: ("level", "level of concern", "risk level", "rag", "rag rating", "traffic light", "severity", "rating"),
    "{status}": ("status", "stage"),
    "{decided_level}": ("decision", "outcome"),
    f"{{referral_a_sent:{_ON}}}": ("referral", "referred", "referred to social care"),
    f"{{next_by:{_ON}}}": ("due", "deadline", "action by", "next action by"),
    f"{{review.review_on:{_ON}}}": ("review", "review date", "next review"),
    "{form}": ("form", "type", "category", "source"),
    "{where_filed}": ("file", "document", "where filed", "link"),
    f"{{recorded_at:{_ON}}}": ("recorded", "logged", "date added"),
}  # fmt: skip
OURS = ("formflow reference", "formflow ref", "ff ref", "ff reference", "formflow")
MAYBE_OURS = ("reference", "ref", "case ref", "case reference", "record ref")


class NoHeadings(FormFlowError):
    """A file of which no map can be drafted."""

    exit_code = ExitCode.USAGE


@dataclass(frozen=True, slots=True)
class Draft:
    """A destination for an existing file, as text for formflow.toml."""

    text: str
    sure: int  # columns
    unsure: int
    unknown: int


@dataclass(frozen=True, slots=True)
class _Pair:
    heading: str
    filled: str = ""  # "" where nothing is known that would fill it
    why: str = ""  # why it is not sure; "" where it is


def draft(kind: str, file: Path) -> Draft:
    """Return a draft for a file. Raise NoHeadings, SettingsProblem for a kind that is not there, or OSError."""
    sheet, headings = _headings(kind, file)
    pairs = _pairs([one for one in headings if same_heading(one) not in OURS])
    if kind in HOLD_DATES:
        pairs = [replace(one, filled=one.filled.replace(f":{_ON}", "")) for one in pairs]
    lines = ["[[destination]]", f"name = {_toml(_name(file))}", f"kind = {_toml(kind)}"]
    lines += [f"file = {_toml(file.resolve().as_posix())}"]
    lines += [f"sheet = {_toml(sheet)}"] if sheet else []
    lines += [_reference(headings)]
    if kind == "csv_file" and file.read_bytes().isascii():
        lines.append(
            'encoding = "utf-8"  # CHECK: the file does not show it; “cp1252” for most older programs'
        )
    lines += ["[destination.columns]", *map(_line, pairs)]
    sure = sum(1 for one in pairs if one.filled and not one.why)
    unsure = sum(1 for one in pairs if one.filled and one.why)
    return Draft("\n".join(lines) + "\n", sure, unsure, len(pairs) - sure - unsure)


def _headings(kind: str, file: Path) -> tuple[str, list[str]]:
    """Return the sheet, "" where it need not be said, and the row that looks most like headings."""
    sheets = _first_rows(kind, file)
    every = [(name, row) for name, rows in sheets.items() for row in rows[:LOOKED_AT]]
    name, row = max(every, key=lambda one: _likeness(one[1]), default=("", []))
    if not any(row):
        raise NoHeadings("There are no headings in this file.")
    return (name if len(sheets) > 1 else ""), [cell.strip() for cell in row if cell.strip()]


def _likeness(row: Sequence[str]) -> tuple[int, int]:
    """Return how many cells of a row are headings that we know, and how many hold words."""
    words = [cell for cell in row if cell.strip() and not any(letter.isdigit() for letter in cell)]
    return sum(1 for cell in words if _known(cell).filled), len(words)


def _first_rows(kind: str, file: Path) -> Mapping[str, list[list[str]]]:
    connector = registry.load(kind)
    if issubclass(connector, ShowsFirstRows):
        try:
            return connector.first_rows(file)
        except Ending as problem:
            raise NoHeadings(problem.text) from None
    raise NoHeadings(f"“{kind}” has no columns that could be read from a file.")


def _pairs(headings: Sequence[str]) -> list[_Pair]:
    pairs, taken = list[_Pair](), dict[str, str]()
    names = [same_heading(one) for one in headings]
    for heading in headings:
        pair = _known(heading)
        if names.count(same_heading(heading)) > 1:
            pair = _Pair(
                heading, pair.filled, "this heading is there more than once: give one another name"
            )
        elif pair.filled in taken:
            pair = _Pair(heading, pair.filled, f"“{taken[pair.filled]}” looks like the same")
        elif pair.filled:
            taken[pair.filled] = heading
        pairs.append(pair)
    return pairs


def _known(heading: str) -> _Pair:
    """Return what fills a column by its heading: sure where it is a usual one, else unsure by likeness."""
    name = same_heading(heading).replace("’", "'").replace("_", " ").strip(" :*?")
    for filled, usual in SURE.items():
        if name in usual:
            return _Pair(heading, filled)
    for filled, usual in UNSURE.items():
        if name in usual:
            return _Pair(heading, filled, "this heading can mean several things")
    filled, likeness = _nearest(name)
    return _Pair(heading, filled, "by likeness alone") if likeness >= ALIKE else _Pair(heading)


def _nearest(name: str) -> tuple[str, float]:
    tried = [
        (filled, fuzz.token_sort_ratio(name, one))
        for table in (SURE, UNSURE)
        for filled, usual in table.items()
        for one in usual
    ]
    tried += [
        (f"{{{field.name}}}", fuzz.token_sort_ratio(name, same_heading(field.label)))
        for field in known_fields().values()
        if "." not in field.name
    ]
    return max(tried, key=lambda one: one[1])


def _reference(headings: Sequence[str]) -> str:
    ours = next((one for one in headings if same_heading(one) in OURS), None)
    if ours is not None:
        return f"reference_column = {_toml(ours)}"
    maybe = next((one for one in headings if same_heading(one) in MAYBE_OURS), None)
    say = (
        "CHECK: there is no column for FormFlow’s reference; add one with this heading to the file"
    )
    if maybe is not None:
        say += f", or name “{maybe}” if nothing else is written there"
    return f'reference_column = "FormFlow ref"  # {say}'


def _line(pair: _Pair) -> str:
    heading = _toml(pair.heading)
    if not pair.filled:
        return f'# {heading} = ""  # nothing that FormFlow knows; left alone'
    filled = pair.filled if pair.filled.startswith("{ ") else _toml(pair.filled)
    # What is not sure is switched off until somebody has looked at it.
    return (
        f"# {heading} = {filled}  # NOT SURE: {pair.why}" if pair.why else f"{heading} = {filled}"
    )


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # a JSON string is a TOML string


def _name(file: Path) -> str:
    return file.stem.replace("_", " ").strip() or "My file"
