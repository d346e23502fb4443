"""An existing CSV file as bytes: how it is written, where its rows and cells are, the same with some added or changed.

Bytes that are not ours stay as they are: a row is added behind them, and of a changed row the changed cells alone
are written anew. Pure.
"""

from __future__ import annotations

import contextlib
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from formflow.sdk import printable, same_heading

SEPARATORS = (b",", b";", b"\t", b"|")
ENCODINGS = ("utf-8", "cp1252")
LOOKED_AT = 20  # rows in which the headings are looked for: some exports begin with a title
SAMPLED = 50  # of the last rows: the habits of quoting are taken from them
_UTF_8_MARK = "\ufeff".encode()
_UTF_16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}  # by their byte-order marks
_SEPARATOR_LINE = re.compile(
    rb"sep=(.)(?:\r\n|\n|\r)", re.IGNORECASE
)  # a line that Excel understands
_NEEDS_QUOTES = re.compile(rb'["\r\n]')
# A spreadsheet takes a value that begins so for a formula; an apostrophe before it stops that.
_FORMULA = re.compile(r"^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\n]")


class CsvProblem(Exception):
    """Why nothing can be written: the number of a message, and what fills its braces."""

    def __init__(self, code: str, **words: str) -> None:
        super().__init__(code)
        self.code, self.words = code, words


def harmless(text: str) -> str:
    """Return a text as no spreadsheet takes it for a formula, without characters that no file can hold."""
    plain = printable(text)
    return f"'{plain}" if _FORMULA.match(plain) else plain


@dataclass(frozen=True, slots=True)
class Writing:
    """How a file is written, apart from its rows."""

    encoding: str  # "ascii" where no letter says more
    mark: bytes  # byte-order mark, b"" for none
    stored: str  # "utf-16-le": what the file is stored in, while we work on UTF-8; "" for the encoding itself

    def plain(self, content: bytes) -> bytes:
        """Return a file's bytes without its mark, with ASCII as ASCII. Raise CsvProblem."""
        body = content[len(self.mark) :]
        try:
            return body.decode(self.stored).encode() if self.stored else body
        except UnicodeError:
            raise CsvProblem("FF-489") from None

    def whole(self, plain: bytes) -> bytes:
        """Return the file again."""
        return self.mark + (plain.decode().encode(self.stored) if self.stored else plain)

    def encoded(self, text: str) -> bytes:
        """Return a value's bytes. Raise CsvProblem for a letter that the file cannot hold."""
        composed = text if self.encoding == "utf-8" else unicodedata.normalize("NFC", text)
        try:
            return composed.encode(self.encoding)
        except UnicodeEncodeError:
            raise CsvProblem("FF-487", encoding=self.encoding) from None

    def decoded(self, text: str) -> str:
        """Return a value as it is read back. Raise CsvProblem for a letter that the file cannot hold."""
        return self.encoded(text).decode(self.encoding)


@dataclass(frozen=True, slots=True)
class Habits:
    """What of a row is put in quotes although it need not be."""

    columns: frozenset[int]
    blanks: bool


@dataclass(frozen=True)
class Table:
    """A CSV file that was read, and where its columns are."""

    writing: Writing
    plain: bytes
    separator: bytes
    end: bytes  # of a line
    records: Sequence[tuple[int, int, int]]  # where each begins, ends, and ends with its line end
    heading: int  # which record holds the headings
    names: Sequence[str]  # the headings
    places: Mapping[str, int]  # heading that is wanted -> column

    @property
    def rows(self) -> Iterator[int]:
        """The records below the headings that are no empty lines."""
        every = range(self.heading + 1, len(self.records))
        return (one for one in every if self.records[one][0] < self.records[one][1])

    def cells(self, record: int) -> list[tuple[int, int]]:
        """Return where each cell of a record begins and ends, with its quotes."""
        begin, end, _ = self.records[record]
        return _cells(self.plain, begin, end, self.separator)

    def line(self, record: int) -> bytes:
        """Return a record as it is written, with its line end."""
        begin, _, after = self.records[record]
        return self.plain[begin:after]

    def text(self, place: tuple[int, int]) -> str:
        """Return what a cell says."""
        return _said(self.plain[slice(*place)], self.writing.encoding)

    def rows_by(self, column: int) -> dict[str, list[int]]:
        """Return the records by what they say in a column; those that say nothing are left out."""
        found = dict[str, list[int]]()
        for record in self.rows:
            begin, end, _ = self.records[record]
            line = self.plain[begin:end]
            raw = line.split(self.separator)[column] if b'"' not in line else None
            said = (
                self.text(self.cells(record)[column])
                if raw is None
                else _said(raw, self.writing.encoding)
            )
            if said.strip():
                found.setdefault(said.strip().removeprefix("'"), []).append(record)
        return found

    @cached_property
    def habits(self) -> Habits:
        """What the last rows put in quotes; of a file without rows, its headings."""
        newest = list(islice(reversed(list(self.rows)), SAMPLED)) or [self.heading]
        plain, quoted, blanks = set[int](), set[int](), set[bool]()
        for record in newest:
            for column, (begin, end) in enumerate(self.cells(record)):
                raw = self.plain[begin:end]
                if raw in (b"", b'""'):
                    blanks.add(bool(raw))
                elif raw[:1] != b'"':
                    plain.add(column)
                elif not _needs_quotes(raw[1:-1], self.separator):
                    quoted.add(column)
        always = quoted - plain
        if always and not plain:  # whatever we know of is in quotes
            always |= set(range(len(self.names)))
        return Habits(frozenset(always), (blanks or {bool(always) and not plain}) == {True})

    def with_rows(
        self,
        changes: Mapping[int, Mapping[int, str]],
        additions: Sequence[Mapping[int, str]],
    ) -> bytes:
        """Return the file with some cells changed (record -> column -> text) and some rows added at its end."""
        pieces, at = list[bytes](), 0
        for record in sorted(changes):
            cells = self.cells(record)
            for column in sorted(changes[record]):
                begin, end = cells[column]
                pieces += [self.plain[at:begin], self._cell(column, changes[record][column])]
                at = end
        pieces.append(self.plain[at:])
        lines = [self._line(row) for row in additions]
        if lines and self.plain.endswith((b"\n", b"\r")):
            pieces += [line + self.end for line in lines]
        else:  # it does not end with a line end, and goes on as it is
            pieces += [self.end + line for line in lines]
        return self.writing.whole(b"".join(pieces))

    def without(self, record: int) -> bytes:
        """Return the file without one record."""
        begin, _, after = self.records[record]
        if after == len(self.plain) and not self.plain.endswith((b"\n", b"\r")):
            begin = self.records[record - 1][1]  # the line end before it came with it
        return self.writing.whole(self.plain[:begin] + self.plain[after:])

    def _line(self, row: Mapping[int, str]) -> bytes:
        return self.separator.join(self._cell(n, row.get(n, "")) for n in range(len(self.names)))

    def _cell(self, column: int, text: str) -> bytes:
        raw = self.writing.encoded(harmless(text))
        wanted = column in self.habits.columns if raw else self.habits.blanks
        if not wanted and not _needs_quotes(raw, self.separator):
            return raw
        return b'"' + raw.replace(b'"', b'""') + b'"'


def read(content: bytes, headings: Collection[str], encoding: str | None = None) -> Table:
    """Return a file in which these headings are found once each. Raise CsvProblem.

    `encoding` is what the settings say of it, None to find out.
    """
    writing = _writing(content, encoding)
    plain = writing.plain(content)
    if b"\0" in plain:
        raise CsvProblem("FF-489")
    told = _SEPARATOR_LINE.match(plain)
    begin = told.end() if told else 0
    heading, separator = _heading(
        plain, begin, headings, (told[1],) if told else SEPARATORS, writing
    )
    records = list(_records(plain, begin, separator))
    names = [
        _said(plain[slice(*one)], writing.encoding)
        for one in _cells(plain, *records[heading][:2], separator)
    ]
    end = plain[records[heading][1] : records[heading][2]] or b"\r\n"
    places = {one: _place(one, names) for one in headings}
    table = Table(writing, plain, separator, end, records, heading, names, places)
    _refuse_ragged(table)
    return table


def first_rows(content: bytes) -> list[list[str]]:
    """Return the first rows of a file of which nothing is known, by the separator that gives the most columns.

    Raise CsvProblem.
    """
    writing = _writing(content, None)
    plain = writing.plain(content)
    told = _SEPARATOR_LINE.match(plain)
    tried = [
        [
            [
                _said(plain[slice(*cell)], writing.encoding)
                for cell in _cells(plain, *record[:2], one)
            ]
            for record in _some(plain, told.end() if told else 0, one)
        ]
        for one in ((told[1],) if told else SEPARATORS)
    ]
    return max(tried, key=lambda rows: max(map(len, rows), default=0))


def _writing(content: bytes, wanted: str | None) -> Writing:
    """Return how a file is written. Raise CsvProblem where that is not clear, or not what the settings say."""
    if stored := _UTF_16.get(content[:2]):
        found = Writing("utf-8", content[:2], stored)
    elif content.startswith(_UTF_8_MARK):
        found = Writing("utf-8", _UTF_8_MARK, "")
    else:
        found = Writing(_encoding(content), b"", "")
    if not _holds(content[len(found.mark) :], found):
        raise CsvProblem("FF-489")
    if wanted is None or found.encoding == wanted:
        return found
    if found.encoding == "ascii":
        return Writing(wanted, b"", "")
    raise CsvProblem("FF-489")  # another program has saved it in another encoding


def _encoding(content: bytes) -> str:
    if content.isascii():
        return "ascii"
    return next((one for one in ENCODINGS if _can_decode(content, one)), "")


def _holds(body: bytes, writing: Writing) -> bool:
    return bool(writing.encoding) and _can_decode(body, writing.stored or writing.encoding)


def _can_decode(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _heading(
    plain: bytes,
    begin: int,
    headings: Collection[str],
    separators: Sequence[bytes],
    writing: Writing,
) -> tuple[int, bytes]:
    """Return which record holds the headings, and the separator. Raise CsvProblem for one that is missing."""
    wanted = {same_heading(one) for one in headings}
    best, most = (0, separators[0]), -1
    for separator in separators:
        for number, (start, end, _) in enumerate(_some(plain, begin, separator)):
            cells = _cells(plain, start, end, separator)
            there = {same_heading(_said(plain[slice(*one)], writing.encoding)) for one in cells}
            if len(wanted & there) > most:
                best, most = (number, separator), len(wanted & there)
    if most < 0:
        raise CsvProblem("FF-488", line="1")
    return best


def _place(heading: str, names: Sequence[str]) -> int:
    found = [n for n, name in enumerate(names) if same_heading(name) == same_heading(heading)]
    if not found:
        raise CsvProblem("FF-485", column=heading)
    if len(found) > 1:
        raise CsvProblem("FF-486", column=heading)
    return found[0]


def _refuse_ragged(table: Table) -> None:
    for record in table.rows:
        begin, end, _ = table.records[record]
        line = table.plain[begin:end]
        quoted = b'"' in line
        count = len(table.cells(record)) if quoted else line.count(table.separator) + 1
        if count != len(table.names):
            number = len(re.findall(rb"\r\n|\n|\r", table.plain[:begin])) + 1
            raise CsvProblem("FF-488", line=str(number))


def _some(plain: bytes, begin: int, separator: bytes) -> list[tuple[int, int, int]]:
    """Return the first records, as many as can be read."""
    found = list[tuple[int, int, int]]()
    with contextlib.suppress(CsvProblem):
        for one in islice(_records(plain, begin, separator), LOOKED_AT):
            found.append(one)
    return found


def _records(plain: bytes, begin: int, separator: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield where each record begins, ends, and ends with its line end. Raise CsvProblem."""
    pattern, at = _patterns(separator)[0], begin
    while at < len(plain):
        found = pattern.match(plain, at)
        if found is None:
            raise CsvProblem("FF-488", line=str(len(re.findall(rb"\r\n|\n|\r", plain[:at])) + 1))
        yield at, found.end(1), found.end()
        at = found.end()


def _cells(plain: bytes, begin: int, end: int, separator: bytes) -> list[tuple[int, int]]:
    pattern, cells, at = _patterns(separator)[1], list[tuple[int, int]](), begin
    while True:
        found = pattern.match(plain, at, end)
        assert found is not None  # noqa: S101 - an empty cell is one
        cells.append(found.span())
        at = found.end() + 1
        if at > end:
            return cells


def _patterns(separator: bytes) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """Return what one record is, and what one cell of it is. Possessive, so that no file costs more than its length."""
    apart = re.escape(separator)
    cell = rb'(?:"(?:[^"]++|"")*+"|(?!")[^%b\r\n]*+)' % apart
    return re.compile(rb"(%b(?:%b%b)*+)(?:\r\n|\n|\r|\Z)" % (cell, apart, cell)), re.compile(cell)


def _said(raw: bytes, encoding: str) -> str:
    inside = raw[1:-1].replace(b'""', b'"') if raw[:1] == b'"' else raw
    return inside.decode(encoding)


def _needs_quotes(raw: bytes, separator: bytes) -> bool:
    return separator in raw or _NEEDS_QUOTES.search(raw) is not None
