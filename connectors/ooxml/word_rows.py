"""The rows of one table in a Word document: found by its headings, read, filled in and added, as a patch of the part's bytes.

A new row has the form of the row above it, or takes the place of an empty one that waits there. All other bytes
of the document stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from formflow.sdk import DeliveredAs, printable
from formflow_connectors.ooxml.part_xml import Edit, NotPlain, edited, undone
from formflow_connectors.ooxml.word_document import Refused
from formflow_connectors.ooxml.word_xml import Node, parse

Row = Mapping[str, str]  # heading -> text
HEADING_ROWS = 3  # a title or two may be above the headings
_TRACKED = re.compile(
    r"w:(ins|del|moveFrom|moveTo|cellIns|cellDel|cellMerge|\w+Change|moveFrom\w+|moveTo\w+)$"
)
_NOT_SAID = ("w:delText", "w:instrText", "w:delInstrText", "w:fldData")
# What a cell of ours may hold besides its text. Anything else is somebody's own, and stays.
_PLAIN = frozenset(
    "w:p w:pPr w:r w:rPr w:t w:br w:tab w:cr w:tcPr w:proofErr w:lastRenderedPageBreak".split()  # noqa: SIM905
)
_BREAKS = {"w:br": "\n", "w:cr": "\n", "w:tab": "\t", "w:noBreakHyphen": "-"}


@dataclass(frozen=True, slots=True)
class Change:
    """A part with its rows put, and what became of each by its reference."""

    part: bytes
    added: frozenset[str]
    altered: frozenset[str]

    def how(self, reference: str) -> DeliveredAs:
        """Return what was done with a row."""
        if reference in self.added:
            return DeliveredAs.CREATED
        return DeliveredAs.UPDATED if reference in self.altered else DeliveredAs.ALREADY_THERE


class Table:
    """The one table of a part that has all of some headings."""

    def __init__(self, part: bytes, headings: Sequence[str]) -> None:
        """Find it. Raise Refused where there is none, or more than one, or it is not to be changed."""
        self._part = part
        try:
            root = parse(part)
        except NotPlain:
            raise Refused("FF-532") from None
        self._table, self._first, self._places = _found(root, headings)
        if any(_TRACKED.match(one.name) for one in self._table.walk()):
            raise Refused("FF-534", why="it holds tracked changes; accept or reject them first")
        self._rows = self._table.all("w:tr")[self._first + 1 :]
        if len(self._table.all("w:tr")) != sum(1 for _ in _rows_within(self._table)):
            raise Refused("FF-534", why="rows of it are inside a content control")

    def rows(self) -> list[dict[str, str]]:
        """Return what stands under the headings, row by row."""
        return [self._said(row) for row in self._rows]

    def put(self, rows: Mapping[str, Row], reference_column: str) -> Change:
        """Return the part with rows put by their reference: what is there is changed, the others are added.

        Raise Refused where that cannot be done without harm.
        """
        known = {self._said(row)[reference_column]: row for row in reversed(self._rows)}
        edits: list[Edit] = []
        altered, fresh = set[str](), dict[str, Row]()
        for reference, row in rows.items():
            if reference in known:
                made = list(self._fill(known[reference], row, is_ours=True))
                edits += made
                altered |= {reference} if made else set()
            else:
                fresh[reference] = row
        edits += self._add(list(fresh.values()))
        part = edited(self._part, edits) if edits else self._part
        if undone(part, self._part, edits) != self._part:
            raise Refused("FF-533")
        change = Change(part, frozenset(fresh), frozenset(altered))
        self._hold_against(change, rows, reference_column)
        return change

    def without(self, reference: str, reference_column: str) -> bytes | None:
        """Return the part without the one row of a reference, None where there is not just one."""
        found = [row for row in self._rows if self._said(row)[reference_column] == reference]
        if len(found) != 1:
            return None
        return edited(self._part, [Edit(found[0].start, found[0].end, b"")])

    def _add(self, fresh: Sequence[Row]) -> Iterator[Edit]:
        """Yield what puts new rows into the empty ones that wait, then behind the last row."""
        if not fresh:
            return
        waiting = self._waiting()
        for row, node in zip(fresh, waiting, strict=False):
            yield from self._fill(node, row, is_ours=False)
        rest = fresh[len(waiting) :]
        model = (self._rows or [self._table.all("w:tr")[self._first]])[-1]
        if rest:
            like = _RowForm(self._part, model, self._rows)
            new = b"".join(like.row(self._by_place(row)) for row in rest)
            yield Edit(model.end, model.end, new)

    def _waiting(self) -> list[Node]:
        """Return the empty rows at the end of the table."""
        waiting: list[Node] = []
        for row in reversed(self._rows):
            if not _is_empty(row):
                break
            waiting.insert(0, row)
        for row in (waiting or self._rows)[-1:]:
            _refuse_merged(row)
        return waiting

    def _fill(self, node: Node, row: Row, *, is_ours: bool) -> Iterator[Edit]:
        """Yield what changes the cells of a row that is there, as far as they say something else."""
        _refuse_merged(node)
        cells = node.all("w:tc")
        for place, text in self._by_place(row).items():
            if place >= len(cells):
                raise Refused("FF-534", why="a row has fewer cells than there are headings")
            if said(cells[place]) == _shown(text):
                continue
            if is_ours and any(one.name not in _PLAIN for one in _inside(cells[place])):
                raise Refused("FF-534", why="a cell to be changed holds more than text")
            yield _filled(self._part, cells[place], text)

    def _by_place(self, row: Row) -> dict[int, str]:
        return {self._places[heading]: text for heading, text in row.items()}

    def _said(self, row: Node) -> dict[str, str]:
        cells = [said(cell) for cell in row.all("w:tc")]
        return {
            heading: cells[place] if place < len(cells) else ""
            for heading, place in self._places.items()
        }

    def _hold_against(self, change: Change, rows: Mapping[str, Row], column: str) -> None:
        """Read the new part again: the rows say what they should, and all others what they did."""
        if change.part is self._part:
            return
        again = Table(change.part, list(self._places))
        there = {one[column]: one for one in reversed(again.rows())}
        wanted = {
            ref: {name: _shown(text) for name, text in row.items()} for ref, row in rows.items()
        }
        is_put = all(row.items() <= there.get(ref, {}).items() for ref, row in wanted.items())
        before, after = self._filled_rows(), again._filled_rows()
        place, is_one_more_each = (
            self._places[column],
            len(after) == len(before) + len(change.added),
        )
        others, kept = (
            [row for row in rows_then if not wanted.keys() & set(row[place : place + 1])]
            for rows_then in (before, after)
        )
        if not is_put or others != kept or not is_one_more_each:
            raise Refused("FF-533")

    def _filled_rows(self) -> list[list[str]]:
        """Return what every cell of every row says, without the rows that are empty."""
        every = ([said(cell) for cell in row.all("w:tc")] for row in self._rows)
        return [row for row in every if any(row)]


class _RowForm:
    """What a new row takes from the row above it: widths, borders, paragraphs and letters, none of its words."""

    def __init__(self, part: bytes, model: Node, rows: Sequence[Node]) -> None:
        _refuse_merged(model)
        self._part = part
        self._prefix = _prefix(part, model)
        self._rows = rows
        self._row = _without(part, model.child("w:tblPrEx"), ()) + _without(
            part, model.child("w:trPr"), ("w:tblHeader", "w:cnfStyle")
        )
        self._cells = [
            (self._form(cell), self._letters(cell, place))
            for place, cell in enumerate(model.all("w:tc"))
        ]

    def row(self, texts: Mapping[int, str]) -> bytes:
        """Return a row with texts in some cells."""
        w = self._prefix
        cells = b"".join(
            b"<%btc>%b%b</%btc>" % (w, form, _paragraph(w, *paragraph, texts.get(place, "")), w)
            for place, (form, paragraph) in enumerate(self._cells)
        )
        return b"<%btr>%b%b</%btr>" % (w, self._row, cells, w)

    def _form(self, cell: Node) -> bytes:
        # Headings are set apart by shading that rows do not have.
        apart = ("w:cnfStyle",) if self._rows else ("w:cnfStyle", "w:shd")
        return _without(self._part, cell.child("w:tcPr"), apart)

    def _letters(self, cell: Node, place: int) -> tuple[bytes, bytes]:
        """Return how a paragraph and its letters are set: as in the last row with words in this column.

        An empty cell says little: some programs give it letters that nobody can read.
        """
        if not self._rows:
            return b"", b""
        above = (row.all("w:tc")[place : place + 1] for row in reversed(self._rows))
        with_words = (cells[0] for cells in above if cells and said(cells[0]))
        return _form_of(self._part, next(with_words, cell))


def first_rows(part: bytes, most: int) -> dict[str, list[list[str]]]:
    """Return the first rows of each table: "table 1", "table 2" and so on. Raise Refused."""
    try:
        tables = list(_tables(parse(part)))
    except NotPlain:
        raise Refused("FF-532") from None
    return {
        f"table {number}": [
            [said(cell) for cell in row.all("w:tc")] for row in table.all("w:tr")[:most]
        ]
        for number, table in enumerate(tables, 1)
    }


def said(cell: Node) -> str:
    """Return the text of a cell as it is read, a line for each paragraph."""
    lines = ["".join(_words(one)) for one in _paragraphs(cell)]
    return "\n".join(lines).strip()


def _shown(text: str) -> str:
    return printable(text).strip()


def _found(root: Node, headings: Sequence[str]) -> tuple[Node, int, dict[str, int]]:
    """Return the table, the number of its row of headings, and in which cell each heading is."""
    found, nearest = [], list[str](headings)
    for table in _tables(root):
        for number, row in enumerate(table.all("w:tr")[:HEADING_ROWS]):
            names = [_same(said(cell)) for cell in row.all("w:tc")]
            missing = [one for one in headings if _same(one) not in names]
            if not missing:
                found.append((table, number, row, names))
                break
            nearest = min(nearest, missing, key=len)
    if not found:
        what = ", ".join(f"“{one}”" for one in nearest)
        raise Refused("FF-529", what=f"no table with the heading {what}")
    if len(found) > 1:
        raise Refused("FF-529", what="more than one table with these headings")
    table, number, row, names = found[0]
    _refuse_merged(row, "its headings are merged cells")
    for heading in headings:
        if names.count(_same(heading)) > 1:
            raise Refused("FF-529", what=f"a table with the heading “{heading}” twice")
    return table, number, {heading: names.index(_same(heading)) for heading in headings}


def _tables(node: Node) -> Iterator[Node]:
    """Yield every table, but none in a text box: those are in the file twice."""
    for child in node.children:
        if child.name == "w:txbxContent":
            continue
        if child.name == "w:tbl":
            yield child
        yield from _tables(child)


def _rows_within(node: Node) -> Iterator[Node]:
    """Yield the rows of a table, also those within something else, but not those of a table in it."""
    for child in node.children:
        if child.name == "w:tr":
            yield child
        elif child.name != "w:tbl":
            yield from _rows_within(child)


def _same(heading: str) -> str:
    return " ".join(heading.split()).casefold()


def _paragraphs(node: Node) -> Iterator[Node]:
    for child in node.children:
        if child.name == "w:p":
            yield child
        elif child.name != "w:tcPr":
            yield from _paragraphs(child)


def _words(node: Node) -> Iterator[str]:
    for child in node.children:
        if child.name == "w:t":
            yield child.text
        elif child.name in _BREAKS:
            yield _BREAKS[child.name]
        elif child.name not in _NOT_SAID and not child.name.endswith(" Fallback"):
            yield from _words(child)


def _inside(cell: Node) -> Iterator[Node]:
    """Yield what is in a cell, apart from what says how it looks."""
    for child in cell.children:
        yield child
        if child.name not in ("w:pPr", "w:rPr", "w:tcPr"):
            yield from _inside(child)


def _is_empty(row: Node) -> bool:
    """Return whether a row waits to be filled in: no text, and nothing else that somebody put there."""
    cells = row.all("w:tc")
    return bool(cells) and all(
        not said(cell) and all(one.name in _PLAIN for one in _inside(cell)) for cell in cells
    )


def _refuse_merged(
    row: Node, why: str = "its last row, or the row to be changed, has merged cells"
) -> None:
    for cell in row.all("w:tc"):
        form = cell.child("w:tcPr")
        if form and any(
            one.name in ("w:vMerge", "w:gridSpan", "w:hMerge") for one in form.children
        ):
            raise Refused("FF-534", why=why)
    if any(one.name in ("w:sdt", "w:customXml") for one in row.children):
        raise Refused("FF-534", why="cells of it are inside a content control")


def _prefix(part: bytes, node: Node) -> bytes:
    """Return the prefix of WordprocessingML where a node is, with its colon; b"" where it has none."""
    name = re.split(rb"[\s/>]", part[node.start + 1 : node.inner], maxsplit=1)[0]
    prefix, colon, _ = name.rpartition(b":")
    return prefix + colon


def _form_of(part: bytes, cell: Node) -> tuple[bytes, bytes]:
    """Return how the first paragraph of a cell is set, and its letters."""
    paragraph = next(_paragraphs(cell), None)
    if paragraph is None:
        return b"", b""
    form = paragraph.child("w:pPr")
    # Without words, what Word would give to those that somebody types there.
    run = next((one for one in paragraph.all("w:r") if one.child("w:t")), form)
    letters = run.child("w:rPr") if run else None
    apart = ("w:sectPr", "w:cnfStyle", "w:pageBreakBefore")
    return _without(part, form, apart), _without(part, letters, ())


def _without(part: bytes, node: Node | None, names: Sequence[str]) -> bytes:
    """Return the bytes of an element without some of those directly in it."""
    if node is None:
        return b""
    gone = [
        Edit(one.start - node.start, one.end - node.start, b"")
        for one in node.children
        if one.name in names
    ]
    return edited(part[node.start : node.end], gone)


def _filled(part: bytes, cell: Node, text: str) -> Edit:
    """Return what puts a text into a cell that is there, in the form of what was in it."""
    prefix = _prefix(part, cell)
    form = cell.child("w:tcPr")
    start = form.end if form else cell.inner
    return Edit(start, cell.close, _paragraph(prefix, *_form_of(part, cell), text))


def _paragraph(w: bytes, form: bytes, letters: bytes, text: str) -> bytes:
    """Return one paragraph with a text, whose lines and tabs are kept. Text is text: no field comes of it."""
    runs = b"".join(
        _run(w, letters, piece) for piece in re.split(r"(\n|\t)", printable(text)) if piece
    )
    return b"<%bp>%b%b</%bp>" % (w, form, runs, w)


def _run(w: bytes, letters: bytes, piece: str) -> bytes:
    breaks = {"\n": b"<%bbr/>" % w, "\t": b"<%btab/>" % w}
    told = escape(piece, {"\r": "&#13;"}).encode()
    inside = breaks.get(piece) or b'<%bt xml:space="preserve">%b</%bt>' % (w, told, w)
    return b"<%br>%b%b</%br>" % (w, letters, inside, w)
