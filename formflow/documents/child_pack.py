"""A pack of one child's papers for people outside: one PDF with cover, index, chronology, forms and receipt. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from formflow.documents.text_sheet import TextSheet

TITLE = "Child protection file: hand-over to the next school"
CHRONOLOGY, RECEIPT = "Chronology", "Receipt to return"
LINE = "_" * 48  # to write on
HOW_MASKED = (
    "Other children are called Child B, Child C and so on, the same child by the same letter throughout. What only"
    " concerns them is left out. Names of staff stay. The originals of the forms are kept by the school that sends this."
)


@dataclass(frozen=True, slots=True)
class Said:
    """A question with its answer as it may leave the house."""

    label: str
    text: str
    why: tuple[str, ...] = ()  # why a person must look at it first


@dataclass(frozen=True, slots=True)
class Part:
    """An incident of the chronology, or a form or sheet."""

    title: str
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Pack:
    """All that stands in a pack."""

    reference: str  # the child's
    about: tuple[tuple[str, str], ...]  # the rows of the cover
    warnings: tuple[str, ...]  # what the next school must see first
    incidents: tuple[Part, ...]
    papers: tuple[Part, ...]
    sender: tuple[tuple[str, str], ...]  # where the receipt goes


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
    sheet = TextSheet(TITLE, f"{TITLE} · {pack.reference} · confidential")
    _cover(sheet, pack)
    parts = [(CHRONOLOGY, ()), *((one.title, one.said) for one in pack.papers), (RECEIPT, ())]
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
    _receipt(sheet, pack)
    return sheet, starts, found


def _cover(sheet: TextSheet, pack: Pack) -> None:
    sheet.heading(TITLE, 18, "H1")
    for label, text in pack.about:
        sheet.row(label, text)
    for warning in pack.warnings:
        sheet.row("Read this first", warning, marked=True)
    sheet.heading("About these papers", 11.5)
    sheet.paragraph(HOW_MASKED)
    sheet.paragraph(
        "Keep them apart from the main pupil file. Sign and return the receipt on the last page."
    )


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
        "We have received the child protection file of the child named on the cover, whole."
    )
    for label, text in (
        ("Child’s reference", pack.reference),
        ("Pages", str(sheet.page)),
        *pack.sender,
    ):
        sheet.row(label, text)
    for label in ("Received by (name)", "Role", "School", "Date and time", "Signature"):
        sheet.row(f"\n{label}", f"\n{LINE}")
