"""The table [roster] of formflow.toml: where the agency's list of pupils is, and how it is read."""

from __future__ import annotations

import string
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from formflow.core.settings_table import Table

# What a column of the list can be, by our name for it.
COLUMNS = (
    *("upn", "former_upn", "admission_no", "mis_id"),
    *("legal_surname", "legal_forename", "middle_names", "preferred_surname", "preferred_forename"),
    *("dob", "year_group", "reg_group", "on_roll_from", "leaving_date", "folder"),
    *("address", "parents", "parents_phone", "parents_email"),
)
IGNORE = "ignore"  # what the settings say of a column that FormFlow is not to use
IN_FOLDER_NAMES = (
    *("upn", "admission_no", "mis_id", "legal_surname", "legal_forename"),
    *("preferred_surname", "preferred_forename", "dob", "year_group", "reg_group"),
)
_NUMBERS = ("upn", "admission_no", "mis_id")
_TELL_DAYS_APART = (date(2015, 3, 4), date(2015, 3, 5), date(2015, 4, 4), date(2016, 3, 4))


def fields_of(pattern: str) -> list[tuple[str, str]]:
    """Return name and format of every {field} of a pattern. Raise ValueError where it cannot be read."""
    parts = string.Formatter().parse(pattern)
    return [(name, layout or "") for _, name, layout, _ in parts if name is not None]


def names_one_child(pattern: str) -> bool:
    """Return whether a folder's name by this pattern tells namesakes apart: by birthday, or by a number."""
    return any(
        name in _NUMBERS
        or (name == "dob" and len({format(day, layout) for day in _TELL_DAYS_APART}) == 4)
        for name, layout in fields_of(pattern)
    )


def _known_kind(file: Path | None) -> Path | None:
    if file is not None and file.suffix.casefold() not in (".csv", ".xlsx"):
        msg = "is neither .csv nor .xlsx; export the list as one of these"
        raise ValueError(msg)
    return file


def _known_columns(columns: Mapping[str, str] | None) -> Mapping[str, str] | None:
    for heading, column in (columns or {}).items():
        if column not in (*COLUMNS, IGNORE):
            msg = f"“{heading}” can be {', '.join(COLUMNS)}, or {IGNORE}"
            raise ValueError(msg)
    return columns


def _known_pattern(pattern: str) -> str:
    for name, layout in fields_of(pattern):
        if name not in IN_FOLDER_NAMES or (layout and name != "dob"):
            msg = f"a folder’s name can hold {', '.join(IN_FOLDER_NAMES)}; only dob has a format, such as {{dob:%Y-%m-%d}}"
            raise ValueError(msg)
    return pattern


class Roster(Table):
    """Your own list of pupils. FormFlow reads it, and never writes to it."""

    file: Annotated[Path | None, AfterValidator(_known_kind)] = Field(
        default=None,
        examples=["Pupils.csv"],
        description="A CSV file or .xlsx workbook. It is read again when it changes.",
    )
    sheet: str = Field(default="", description="Of a workbook: the sheet; “” for the first.")
    columns: Annotated[Mapping[str, str] | None, AfterValidator(_known_columns)] = Field(
        default=None,
        examples=[{"Tutor set": "reg_group", "House": IGNORE}],
        description="What headings mean that FormFlow does not know; see `formflow roster check`.",
    )
    dates: Literal["", "day first", "month first"] = Field(
        default="", description="The order in 03/04/2015, where the list itself leaves it open."
    )
    folder: Annotated[str, AfterValidator(_known_pattern)] = Field(
        default="",
        examples=["{legal_surname}, {legal_forename} {dob:%Y-%m-%d}"],
        description="What a child’s own folder is called, such as “{legal_surname}, {legal_forename} {dob:%Y-%m-%d}”, where the list has no column for it.",
    )
