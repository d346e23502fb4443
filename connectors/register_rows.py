"""What the register workbook looks like: headings, one row for every revision, colours, real dates.

Text is forced to be text, and what no cell can hold is cut with a word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from formflow.sdk import (
    LIGHTS,
    WAITS_FOR,
    Light,
    Outcome,
    RecordParcel,
    printable,
    proposed,
)

SHEET = "Register"
COLUMNS: Mapping[str, float] = {  # heading: width in characters
    "Key": 10,
    "Reference": 17,
    "Revision": 10,
    "Recorded": 17,
    "Incident": 12,
    "Child": 11,
    "Form": 34,
    "Suggested or decided": 27,
    "What waits": 42,
    "Where to look": 60,
}
LONGEST_TEXT = 32_767  # characters; Excel cuts off the rest without a word
SHORTENED = "… (whole text in the child’s file)"
FILLS: Mapping[str, str] = {
    LIGHTS[Light.RED]: "F4B6B6",
    LIGHTS[Light.AMBER_OR_RED]: "F9CFA0",
    LIGHTS[Light.AMBER]: "FFE2A8",
    LIGHTS[Light.UNDETERMINED]: "DDDDDD",
    LIGHTS[Light.GREEN]: "C9E7C4",
    LIGHTS[None]: "F4B6B6",
}
NOT_KNOWN = "Not known"


def headings(answers: Sequence[str]) -> list[str]:
    """Return the headings of a register that also holds some answers, given by field name."""
    return [*COLUMNS, *(name.replace("_", " ").capitalize() for name in answers)]


def cells(parcel: RecordParcel, answers: Sequence[str]) -> list[str | int]:
    """Return the cells of one row: text, numbers, and dates as ISO text."""
    texts = {answer.field: answer.text for answer in parcel.answers}
    day = parcel.incident_day
    return [
        parcel.key,
        parcel.reference,
        parcel.revision,
        parcel.recorded_at.replace(tzinfo=None, microsecond=0).isoformat(),
        day.isoformat() if day else NOT_KNOWN,
        parcel.child_reference or NOT_KNOWN,
        parcel.form_title,
        proposed(parcel),
        "" if parcel.about and parcel.outcome is Outcome.RECORDED else WAITS_FOR[parcel.outcome],
        parcel.where_filed,
        *(shortened(texts.get(name, "")) for name in answers),
    ]


def shortened(text: str) -> str:
    """Return a text that fits into a cell, saying so where it had to be cut."""
    # Excel counts UTF-16 units: an emoji is two.
    units = printable(text).encode("utf-16-le")
    if len(units) <= 2 * LONGEST_TEXT:
        return printable(text)
    room = 2 * (LONGEST_TEXT - len(SHORTENED))
    return units[:room].decode("utf-16-le", "ignore") + SHORTENED
