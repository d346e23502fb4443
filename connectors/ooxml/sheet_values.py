"""What a value of ours becomes in a cell, and whether a cell shows it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

from formflow_connectors.ooxml.book_reader import Seen
from formflow_connectors.ooxml.sheet_rows import Value, serial
from formflow_connectors.register_rows import shortened

Written = str | int | float  # what stands in a cell: a text, or a number
_LESS_THAN_SEEN = timedelta(seconds=1)  # Excel keeps moments as parts of a day


def written(
    value: Value, style: str, date_styles: Collection[int], *, is_1904: bool
) -> Written | None:
    """Return what is written into a cell of a style, None for nothing.

    A day is a number that the style shows as one. Where the style is for something else, or Excel does not
    count that far back, it is a text: FormFlow adds no style to an agency's workbook.
    """
    if isinstance(value, str):
        return shortened(value) or None
    if not isinstance(value, date):
        return value
    number = serial(value, is_1904=is_1904)
    if number is not None and int(style or 0) in date_styles:
        return number
    return f"{value:%d/%m/%Y %H:%M}" if isinstance(value, datetime) else f"{value:%d/%m/%Y}"


def shows(seen: Seen, value: Value, put: Written | None) -> bool:
    """Return whether a cell, as it is read, shows what was written into it for a value."""
    if put is None or isinstance(put, str):
        return seen == (put or "")
    if isinstance(value, date):
        return _is_moment(seen, value)
    return not isinstance(seen, bool) and seen == put


def _is_moment(seen: Seen, value: date) -> bool:
    if not isinstance(seen, date):
        return False
    return abs(_moment(seen) - _moment(value)) < _LESS_THAN_SEEN


def _moment(value: date) -> datetime:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - Excel knows no time zones
