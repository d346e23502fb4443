"""A text with fields in braces, such as "{child_a_name:surname}, {incident_at:%d/%m/%Y}": read once, written for each case.

{field}            the words of the answer; a date as 14/11/2026, a time as 14/11/2026 13:45
{field:%d %B %Y}   a date or time in a form of its own; "-" after % leaves a leading zero out
{field:surname}    the last word of a name, or what is before its comma; {field:forename} is the rest
{{ and }}          a brace
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from string import Formatter
from typing import Any, Self

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from formflow.sdk.parcels import NamedAnswer, Value

BETWEEN = ";"  # between the names of several children
DAY, MOMENT = "%d/%m/%Y", "%d/%m/%Y %H:%M"
SURNAME, FORENAME = "surname", "forename"
_FIELD = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?", re.ASCII)
_DIRECTIVE = re.compile(r"%(-?)(.?)", re.DOTALL)
_OF_DAYS, _OF_TIMES = "aAbBdmyYjuV", "HIMSp"
_WITHOUT_ZERO = "dmHIMSj"
# A time, with what joins it to the day before it: " at %H:%M".
_TIME = re.compile(rf"[\s,;@T-]*(?:\bat\b\s*)?%-?[{_OF_TIMES}](?:[\s:.h]*%-?[{_OF_TIMES}])*")
_LEFT_OVER = " \t,;:/–—-"  # separators that nothing stands behind any more


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of text, or a field and how it is written."""

    text: str
    field: str = ""  # "" for a piece of text
    how: str = ""  # "%d/%m/%Y", "surname", "" for the usual way


@dataclass(frozen=True, slots=True)
class FieldFormat:
    """A text with fields in braces. In a connector's Settings it is made of what the settings file says."""

    parts: tuple[_Part, ...]

    @classmethod
    def parse(cls, words: object) -> Self:
        """Return what a text says. Raise ValueError, in words, for one that cannot be understood."""
        if isinstance(words, cls):
            return words
        if not isinstance(words, str):
            raise ValueError("is a text, such as “{incident_at:%d/%m/%Y}”")  # noqa: TRY004
        try:
            pieces = list(Formatter().parse(words))
        except ValueError:
            raise ValueError("has a brace too many; write {{ or }} for a brace itself") from None
        return cls(tuple(_parts(pieces)))

    @property
    def fields(self) -> frozenset[str]:
        """The fields that it names."""
        return frozenset(part.field for part in self.parts if part.field)

    @property
    def single(self) -> str:
        """The one field that it is, written in the usual way; "" for anything else."""
        is_one = len(self.parts) == 1 and not self.parts[0].how
        return self.parts[0].field if is_one else ""

    @property
    def of_days(self) -> frozenset[str]:
        """The fields that it writes in a form for dates and times."""
        return frozenset(part.field for part in self.parts if part.how.startswith("%"))

    def text(self, known: Mapping[str, NamedAnswer]) -> str:
        """Return the text for a case; "" where every field that it names is blank."""
        written = [_written(part, known) for part in self.parts]
        blank = [not words for words, part in zip(written, self.parts, strict=True) if part.field]
        if blank and all(blank):
            return ""
        joined = "".join(written)
        return joined.strip(_LEFT_OVER) if any(blank) else joined

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _source: type[Any], _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Have pydantic make it of a text."""
        return core_schema.no_info_plain_validator_function(cls.parse)

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: Any) -> dict[str, Any]:
        """Tell other programs that it is a text."""
        return {"type": "string"}


def _parts(
    pieces: Iterable[tuple[str, str | None, str | None, str | None]],
) -> Iterator[_Part]:
    for text, field, how, conversion in pieces:
        if text:
            yield _Part(text)
        if field is None:
            continue
        if conversion or not _FIELD.fullmatch(field):
            raise ValueError(f"has no field's name in {{{field}}}")
        _refuse_unknown(field, how or "")
        yield _Part("", field, how or "")


def _refuse_unknown(field: str, how: str) -> None:
    """Raise ValueError for a way to write a field that there is not."""
    if how in ("", SURNAME, FORENAME):
        return
    directives = _DIRECTIVE.findall(how)
    for zero, letter in directives:
        known = _WITHOUT_ZERO if zero else _OF_DAYS + _OF_TIMES + "%"
        if not letter or letter not in known:
            raise ValueError(f"cannot write “{field}” with %{zero}{letter}")
    if not directives or not how.startswith("%"):
        raise ValueError(
            f"cannot write “{field}” as “{how}”; dates and times take %d/%m/%Y %H:%M and the like,"
            f" names take {SURNAME} or {FORENAME}"
        )


def _written(part: _Part, known: Mapping[str, NamedAnswer]) -> str:
    if not part.field:
        return part.text
    answer = known.get(part.field)
    if answer is None or is_blank(answer):
        return ""
    if part.how in _OF_NAMES:
        names = (_OF_NAMES[part.how](name.strip()) for name in answer.text.split(BETWEEN))
        return f"{BETWEEN} ".join(name for name in names if name)
    # A date that nobody could read stays as it was written, whatever form is asked for.
    return in_words(answer.value, part.how) if isinstance(answer.value, date) else answer.text


def is_blank(answer: NamedAnswer) -> bool:
    """Return whether an answer says nothing."""
    return answer.value is None and not answer.text


def in_words(value: Value, how: str = "") -> str:
    """Return a value as text. Of a day without a time, the time in a form is left out, never written as 00:00."""
    if isinstance(value, datetime):
        return _in_form(value, how or MOMENT)
    if isinstance(value, date):
        return _in_form(datetime.combine(value, time()), _TIME.sub("", how or DAY).strip())
    return "" if value is None else str(value)


def _in_form(moment: datetime, how: str) -> str:
    # Letter by letter: systems differ in “%-d”, and in years before 1000.
    def one(found: re.Match[str]) -> str:
        zero, letter = found.groups()
        if letter == "%":
            return "%"
        words = f"{moment.year:04d}" if letter == "Y" else moment.strftime(f"%{letter}")
        return words.lstrip("0") or "0" if zero else words

    return _DIRECTIVE.sub(one, how)


def _surname(name: str) -> str:
    """Return the last word of a name, or what is before its comma.

    “Garcia Lopez” is two words, and nobody can know from them that both are the surname.
    """
    before, comma, _ = name.partition(",")
    return before.strip() if comma else name.rpartition(" ")[2]


def _forename(name: str) -> str:
    _, comma, after = name.partition(",")
    return after.strip() if comma else name.rpartition(" ")[0].strip()


_OF_NAMES: Mapping[str, Callable[[str], str]] = {SURNAME: _surname, FORENAME: _forename}
