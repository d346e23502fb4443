"""What keeps a PDF of ours from being read aloud, found by pikepdf: the rules of PDF/UA-1 (ISO 14289-1) that a program can check.

Of a file that says of itself that it is accessible, each finding is a fault.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, NumberTree, Pdf

from formflow.core.model import Answer, AnswerState
from formflow.documents.prefill import Copy, prefilled
from formflow.forms import top_line
from formflow.forms.catalogue import Form

SHOWS = frozenset(("Tj", "TJ", "'", '"', "Do", "sh", "INLINE IMAGE"))
PAINTS = frozenset(("S", "s", "f", "F", "f*", "B", "B*", "b", "b*"))
KINDS = frozenset(("/Document", "/H1", "/H2", "/H3", "/P", "/Form", "/Figure"))
HIDDEN = 2  # annotation flag
DEEPEST = 8  # fields above fields


def filled_in(form: Form, words: str) -> bytes:
    """Return a sheet of ours in which every text says the same, and the first state of each choice is marked."""
    given = {name: next(iter(field.states), words.strip()) for name, field in form.fields.items()}
    known = {name: Answer(value, value, AnswerState.GIVEN) for name, value in given.items()}
    line = top_line.of_copy("FF-2026-000001", was_read=True)
    return prefilled(Copy(form, "FF-2026-000001", line), known)


def findings(content: bytes) -> list[str]:
    """Return everything that is wrong with a PDF, in words."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        found = [*_about(pdf), *_fonts(pdf)]
        if "/StructTreeRoot" not in pdf.Root:
            return [*found, "no structure"]
        elements = list(_elements(pdf.Root.StructTreeRoot.K))
        found += _headings(elements)
        owners = _owners(pdf)
        for number, page in enumerate(pdf.pages, start=1):
            told = [*_page(page, elements, owners), *_boxes(page, elements, owners)]
            found += [f"page {number}: {one}" for one in told]
        return found


def _about(pdf: Pdf) -> Iterator[str]:
    """Yield what the file fails to say of itself."""
    root = pdf.Root
    title = str(pdf.docinfo.get("/Title", ""))
    if not title:
        yield "no title"
    if not root.get("/ViewerPreferences", Dictionary()).get("/DisplayDocTitle", False):
        yield "the title is not shown"
    if str(root.get("/Lang", "")) != "en-GB":
        yield "no language"
    if not root.get("/MarkInfo", Dictionary()).get("/Marked", False):
        yield "not marked as tagged"
    if "/Metadata" not in root:
        yield "no XMP"
        return
    with pdf.open_metadata() as told:
        if told.get("dc:title") != title:
            yield f"XMP has another title: {told.get('dc:title')}"
        if told.get("pdfuaid:part") != "1":
            yield "XMP does not say that it is accessible"


def _fonts(pdf: Pdf) -> Iterator[str]:
    """Yield the fonts that a program would have to look for on the computer."""
    for one in pdf.objects:
        if not isinstance(one, Dictionary) or one.get("/Type") != "/Font" or "/BaseFont" not in one:
            continue
        parts = one.get("/DescendantFonts", [one])
        for font in parts:
            about = font.get("/FontDescriptor", Dictionary())
            if not {"/FontFile", "/FontFile2", "/FontFile3"} & set(about.keys()):
                yield f"not embedded: {one.BaseFont}"


def _elements(kids: Any) -> Iterator[Any]:
    """Yield the elements of the structure in reading order."""
    for one in kids if isinstance(kids, Array) else [kids]:
        if isinstance(one, Dictionary) and "/S" in one:
            yield one
            yield from _elements(one.get("/K", Array()))


def _headings(elements: list[Any]) -> Iterator[str]:
    """Yield what is wrong with the kinds of elements: none unknown, one H1 first, no level left out."""
    for one in {str(one.S) for one in elements} - KINDS:
        yield f"a kind of element that nobody knows: {one}"
    levels = [int(str(one.S)[2:]) for one in elements if re.fullmatch(r"/H\d", str(one.S))]
    if levels[:1] != [1]:
        yield "no heading of the first level comes first"
    for above, below in pairwise(levels):
        if below > above + 1:
            yield f"a heading {below} follows a heading {above}"


def _owners(pdf: Pdf) -> dict[int, Any]:
    return dict(NumberTree(pdf.Root.StructTreeRoot.ParentTree).items())


def _marks(element: Any, page: Any) -> list[int]:
    """Return the marks of an element on a page, in their order."""
    own, kids = element.get("/Pg"), element.get("/K", Array())
    found = []
    for one in kids if isinstance(kids, Array) else [kids]:
        if isinstance(one, int) and own is not None and own.objgen == page.objgen:
            found.append(one)
        elif isinstance(one, Dictionary) and "/MCID" in one and one.Pg.objgen == page.objgen:
            found.append(int(one.MCID))
    return found


def _page(page: Any, elements: list[Any], owners: dict[int, Any]) -> Iterator[str]:
    """Yield what is drawn on a page and is in no element, and marks that lead nowhere."""
    drawn = set()
    for mark, order in _drawn(page):
        drawn.add(mark)
        if mark is None:
            yield f"drawn outside the structure: {order}"
    if page.obj.get("/Tabs") != "/S":
        yield "the tab key does not follow the structure"
    listed = owners.get(int(page.obj.get("/StructParents", -1)), Array())
    in_tree = [(mark, element) for element in elements for mark in _marks(element, page.obj)]
    if sorted(mark for mark, _ in in_tree) != list(range(len(listed))):
        yield "the marks are not those of its elements"
    elif any(listed[mark].objgen != element.objgen for mark, element in in_tree):
        yield "a mark leads to another element"
    if {mark for mark in drawn if mark is not None and mark >= 0} != set(range(len(listed))):
        yield "an element without anything drawn, or a mark without an element"
    if [mark for mark, _ in in_tree] != sorted(mark for mark, _ in in_tree):
        yield "what is read aloud is not in the order in which it is drawn"


def _drawn(page: Any) -> Iterator[tuple[int | None, str]]:
    """Yield for each thing that is drawn its mark: -1 in an artifact, None outside of everything."""
    inside: list[int | None] = []
    for step in pikepdf.parse_content_stream(page):
        order, given = str(step.operator), list(step.operands)
        if order == "BDC":
            about = given[1]
            here = about.get("/MCID") if isinstance(about, Dictionary) else None
            inside.append(int(here) if here is not None else None)
        elif order == "BMC":
            inside.append(-1 if given[0] == "/Artifact" else None)
        elif order == "EMC":
            inside.pop()
        elif order in SHOWS or order in PAINTS:
            yield next((one for one in reversed(inside) if one is not None), None), order


def _boxes(page: Any, elements: list[Any], owners: dict[int, Any]) -> Iterator[str]:
    """Yield the boxes that a screen reader cannot find or name, or meets in another order than the eye."""
    shown = [one for one in page.obj.get("/Annots", Array()) if not int(one.get("/F", 0)) & HIDDEN]
    for one in shown:
        owner = owners.get(int(one.get("/StructParent", -1)))
        if owner is None or owner.get("/S") != "/Form":
            yield f"a box outside the structure: {_name(one)}"
        if not _inherited(one, "/TU"):
            yield f"a box without a name to read aloud: {_name(one)}"
    in_order = [
        one.K.Obj.objgen
        for one in elements
        if one.S == "/Form" and one.Pg.objgen == page.obj.objgen
    ]
    if in_order != [one.objgen for one in shown]:
        yield "the boxes are read in another order than the tab key goes"


def _name(field: Any) -> str:
    return _inherited(field, "/T") or "?"


def _inherited(field: Any, key: str) -> str:
    for _ in range(DEEPEST):
        if key in field:
            return str(field[key])
        if "/Parent" not in field:
            break
        field = field.Parent
    return ""
