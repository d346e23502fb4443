"""A pack of one child's papers for people outside: one PDF with cover, index, chronology, forms and receipt. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from formflow.documents.text_sheet import TextSheet

CHRONOLOGY, RECEIPT = "Chronology", "Receipt to return"
LINE = "_" * 48  # to write on


@dataclass(frozen=True, slots=True)
class Said:
    """A question with its answer as it may leave the house."""

    label: str
    text: str
    why: tuple[str, ...] = ()  # why a person must look at it first
    field: str = ""  # which question of a form it is
    is_free: bool = False  # True: an answer in somebody's own words


@dataclass(frozen=True, slots=True)
class Part:
    """An incident of the chronology, or a form or sheet."""

    title: str
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Pack:
    """All that stands in a pack."""

    title: str
    notes: tuple[str, ...]  # what is said of the papers on the cover
    reference: str  # the child's
    about: tuple[tuple[str, str], ...]  # the rows of the cover
    warnings: tuple[str, ...]  # what must be seen first
    incidents: tuple[Part, ...]
    papers: tuple[Part, ...]
    sender: tuple[tuple[str, str], ...] = ()  # where the receipt goes; (): there is none


@dataclass(frozen=True, slots=True)
class ToLookAt:
    """A place of a pack that a person must look at before it goes."""

    page: int
    title: str
    label: str
    why: str


def drawn(pack: Pack) -> tuple[bytes, int, list[ToLookAt]]:
    """Return the PDF of a pack, how many pages it has, and what a person must look at before it goes."""
    # The index stands before what it lists: drawn once to learn the pages, and again with them.
    _, pages, _ = _drawn(pack, {})
    sheet, _, found = _drawn(pack, pages)
    return sheet.finished(), sheet.page, found


def _drawn(
    pack: Pack, pages: Mapping[int, int]
) -> tuple[TextSheet, dict[int, int], list[ToLookAt]]:
    """Draw a pack with an index of these pages; return the pages of its parts, by their order."""
    sheet = TextSheet(pack.title, f"{pack.title} · {pack.reference} · confidential")
    _cover(sheet, pack)
    parts = [(CHRONOLOGY, ()), *((one.title, one.said) for one in pack.papers)]
    parts += [(RECEIPT, ())] if pack.sender else []
    _index(sheet, [title for title, _ in parts], pages)
    starts, found = {}, list[ToLookAt]()
    for number, (title, said) in enumerate(parts):
        sheet.new_page()
        starts[number] = sheet.page
        sheet.heading(title, 15, "H2")
        if title is CHRONOLOGY:
            for one in pack.incidents:
                sheet.heading(one.title, 11.5, "H3")
                found += _rows(sheet, f"{CHRONOLOGY}, {one.title}", one.said)
        found += _rows(sheet, title, said)
    if pack.sender:
        _receipt(sheet, pack)
    return sheet, starts, found


def _cover(sheet: TextSheet, pack: Pack) -> None:
    sheet.heading(pack.title, 18, "H1")
    for label, text in pack.about:
        sheet.row(label, text)
    for warning in pack.warnings:
        sheet.row("Read this first", warning, marked=True)
    sheet.heading("About these papers", 11.5)
    for note in pack.notes:
        sheet.paragraph(note)


def _index(sheet: TextSheet, titles: Sequence[str], pages: Mapping[int, int]) -> None:
    sheet.heading("Index", 11.5)
    for number, title in enumerate(titles):
        sheet.row(f"page {pages.get(number, 999)}", title)


def _rows(sheet: TextSheet, title: str, said: Sequence[Said]) -> list[ToLookAt]:
    found = []
    for one in said:
        page = sheet.row(one.label, one.text)
        found += [ToLookAt(page, title, one.label, why) for why in one.why]
    return found


def _receipt(sheet: TextSheet, pack: Pack) -> None:
    sheet.paragraph(
        "We have received the complete child protection file of the child named on the cover."
    )
    for label, text in (
        ("Child’s reference", pack.reference),
        ("Pages", str(sheet.page)),
        *pack.sender,
    ):
        sheet.row(label, text)
    for label in ("Received by (name)", "Role", "School", "Date and time", "Signature"):
        sheet.row(f"\n{label}", f"\n{LINE}")
