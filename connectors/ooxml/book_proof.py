"""The proof, at each save: the new file is the old one but for what was meant to change.

Nothing here is taken from how the edits were made: the archive is compared part by part, the edits are
taken back, and another reader reads every cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from xml.parsers import expat

from formflow_connectors.ooxml import book_reader, book_zip
from formflow_connectors.ooxml.book_parts import Book, Held
from formflow_connectors.ooxml.book_reader import Grid, Seen
from formflow_connectors.ooxml.book_zip import Archive, NoWorkbook
from formflow_connectors.ooxml.part_xml import NotPlain, undone
from formflow_connectors.ooxml.sheet_list import Listing
from formflow_connectors.ooxml.sheet_patch import Patch
from formflow_connectors.ooxml.sheet_values import shows

_NEVER_COMPARED = "fullCalcOnLoad"
_FILTER = "_xlnm._FilterDatabase"


def proved(
    book: Book, before: Sequence[Grid], new: bytes, made: Listing, patch: Patch
) -> tuple[Archive, list[Grid]]:
    """Return the new file and its values. Raise Held where it is not as it should be."""
    try:
        after = book_zip.opened(new)
        _must(_are_parts_kept(book, after, made, patch))
        _must(_means_the_same(book, after))
        seen = book_reader.grids(book, new)
    except (NoWorkbook, NotPlain, KeyError):
        raise Held("FF-509") from None
    number = book.sheets.index(made.sheet.part)
    for index, (old, now) in enumerate(zip(before, seen, strict=True)):
        _must(old == now if index != number else _is_as_put(old, now, patch))
    return after, seen


def _must(is_so: bool) -> None:
    if not is_so:
        raise Held("FF-509")


def _are_parts_kept(book: Book, after: Archive, made: Listing, patch: Patch) -> bool:
    """Return whether all parts are there in their order, and each is as it was once its edits are taken back."""
    old, changed = book.archive, {part for part, edits in patch.edits.items() if edits}
    may_change = {book.part, made.sheet.part.part} | ({made.table.part} if made.table else set())
    if list(old.parts) != list(after.parts) or not changed <= may_change:
        return False
    if after.comment != old.comment:
        return False
    raw_before, raw_after = book_zip.raw_parts(old), book_zip.raw_parts(after)
    return all(
        undone(after.read(part), old.read(part), patch.edits[part]) == old.read(part)
        if part in changed
        else raw_before[part] == raw_after[part]
        for part in old.parts
    )


def _means_the_same(book: Book, after: Archive) -> bool:
    """Return whether the workbook's own part says the same, but for its filter's name and the calculation."""
    old, new = book.archive.read(book.part), after.read(book.part)
    return old == new or list(_told(old)) == list(_told(new))


def _told(content: bytes) -> Iterator[object]:
    told: list[object] = []
    is_filter = False
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def starts(name: str, attributes: dict[str, str]) -> None:
        nonlocal is_filter
        is_filter = attributes.get("name") == _FILTER
        kept = {key: said for key, said in attributes.items() if key != _NEVER_COMPARED}
        told.append((name, kept))

    def ends(name: str) -> None:
        nonlocal is_filter
        is_filter = False
        told.append(name)

    def says(text: str) -> None:
        told.append("" if is_filter else text)

    parser.StartElementHandler, parser.EndElementHandler = starts, ends
    parser.CharacterDataHandler = says
    parser.Parse(content, True)
    return iter(told)


def _is_as_put(old: Grid, now: Grid, patch: Patch) -> bool:
    """Return whether the cells that were written show their values, and every other shows what it did."""
    touched = {row for row, _ in patch.puts}
    moved = _moved(old, patch)
    touched |= {row for row, _ in moved}
    width = max((len(row) for row in (*old[:1], *now[:1])), default=0)
    for number, (before, after) in enumerate(zip_longest(old, now, fillvalue=()), 1):
        if number not in touched:
            if before != after and _wide(before, width) != _wide(after, width):
                return False
            continue
        for column, seen in enumerate(_wide(after, width), 1):
            put = patch.puts.get((number, column))
            if put is not None:
                is_right = shows(seen, put.value, put.written)
            else:
                was = moved.get((number, column), book_reader.at(old, number, column))
                is_right = seen == was
            if not is_right:
                return False
    return all(_is_reached(now, place, put.written is None) for place, put in patch.puts.items())


def _is_reached(now: Grid, place: tuple[int, int], is_empty: bool) -> bool:
    """Return whether a cell that was written lies in what was read; an empty one need not."""
    row, column = place
    return is_empty or (row <= len(now) and column <= len(now[row - 1]))


def _moved(old: Grid, patch: Patch) -> dict[tuple[int, int], Seen]:
    """Return what stands in the rows that a row of totals went from and to."""
    if patch.moved is None:
        return {}
    left, right, row, to = patch.moved
    columns = range(left, right + 1)
    gone: dict[tuple[int, int], Seen] = {(row, column): "" for column in columns}
    return gone | {(to, column): book_reader.at(old, row, column) for column in columns}


def _wide(row: Sequence[Seen], width: int) -> list[Seen]:
    return [*row, *[""] * (width - len(row))]
