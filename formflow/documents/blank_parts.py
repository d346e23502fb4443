"""A blank taken apart, once: its objects as they are written, and what a fill changes of them.

Whatever PDF it is: pikepdf writes it again, without object streams, passwords and what nothing refers
to, and its objects are cut from that. Lines and hidden boxes that a fill needs are put in before.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, String

from formflow.core.limits import Limits
from formflow.core.pdf_syntax import Entries
from formflow.documents.blank import HIDDEN, HIDDEN_PLACE, MULTILINE
from formflow.forms import stamp
from formflow.forms.catalogue import HIDDEN_FIELDS
from formflow.forms.manifest import rectangle
from formflow.reading import acroform
from formflow.reading.acroform import Box, TooMuch
from formflow.reading.default_appearance import Holder, holders, most_letters
from formflow.reading.text import normalised

LIMITS = Limits()
HOW_PACKED = frozenset(("/Length", "/Filter", "/DecodeParms"))  # of a stream
ROW = 20  # bytes of an entry of a cross-reference table
_ANY_LINE = "-"  # each fill draws its own in the place of this one


@dataclass(frozen=True, slots=True)
class Place:
    """Where a box is shown."""

    number: int  # of the widget, among the objects
    width: float  # points
    height: float
    is_long: bool  # text may take several lines
    offer: str  # of a button: what it says when it is on


@dataclass(frozen=True, slots=True)
class Slot:
    """A box of the blank, and the objects that hold and show its value."""

    box: Box  # as it is in the blank
    holder: int  # number of the object with the value
    most_letters: int | None  # that the box takes, None where it sets no limit
    places: tuple[Place, ...]
    reads: Mapping[str, str]  # of a button: what our reader reads for each state that may be stored
    names: Mapping[str, bytes]  # of a button: each of these states as it is written

    def with_value(self, value: str) -> Box:
        """Return the box as our reader will read it. Raise TooMuch beyond the limits."""
        if len(value) > LIMITS.characters:
            raise TooMuch(f"{LIMITS.characters} characters in one box")
        read = self.reads.get(value, "") if self.box.is_button else normalised(value)
        return replace(self.box, value=read, raw=value, legible=True)


@dataclass(frozen=True, slots=True)
class Tree:
    """Where the structure of a tagged blank goes on, by the numbers of its objects."""

    root: int
    document: int  # the element above all others
    numbers: int  # what leads from pages to their elements
    next_key: int  # in `numbers`, of a page that is added


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that a fill needs of a blank."""

    head: bytes
    objects: tuple[bytes, ...]  # as they are written, from number 1
    entries: Mapping[int, Entries]  # of the dictionaries that a fill may change
    slots: Mapping[str, Slot]
    lines: Mapping[int, tuple[float, float]]  # drawings of the line at the top: width and height
    kids: bytes  # the pages, as they are in their array
    pages: int  # number of the root of the pages
    count: int  # pages
    root: int  # number of the catalogue
    information: int  # number of the document information
    tree: Tree | None  # None: nothing in the blank is tagged as we do it

    @property
    def boxes(self) -> dict[str, Box]:
        """The boxes of the blank by name."""
        return {name: slot.box for name, slot in self.slots.items()}


def parts_of(content: bytes) -> Parts:
    """Return the parts of a PDF form.

    Raise pikepdf.PdfError where it is none, TooMuch beyond the limits of our reader, ValueError where what
    a fill changes cannot be found again.
    """
    written = _written(content)
    head, objects = _cut(written)
    with pikepdf.open(io.BytesIO(written)) as pdf:
        found = {name: box for name, box in boxes(pdf).items() if box.widgets}
        lines = {one.objgen[0]: rectangle(one.BBox)[2:] for one in _lines(pdf)}
        tree = _tree(pdf)
        changed = [pdf.Root.Pages, pdf.docinfo, *_lines(pdf)]
        if tree:
            above = pdf.Root.StructTreeRoot
            changed += [above, above.K, above.ParentTree]
        changed += [one for box in found.values() for one in (*box.widgets, holder(box))]
        # Before the slots: to learn how they read, these change what is stored.
        entries = {one.objgen[0]: _entries(one) for one in changed}
        if 0 in entries:
            raise ValueError("a part of the form has no number of its own")
        return Parts(
            head,
            objects,
            entries,
            _slots(pdf, found),
            lines,
            b" ".join(one.unparse() for one in pdf.Root.Pages.Kids),
            pdf.Root.Pages.objgen[0],
            len(pdf.pages),
            pdf.Root.objgen[0],
            pdf.docinfo.objgen[0],
            tree,
        )


blank_parts = lru_cache(maxsize=32)(parts_of)  # of a blank: the same ones are filled in all day


def boxes(pdf: Pdf) -> dict[str, Box]:
    """Return the boxes of a form by name, as our reader finds them. Raise TooMuch."""
    return acroform.boxes(pdf, LIMITS.fields, LIMITS.characters, LIMITS.pages)


def holder(box: Box) -> pikepdf.Object:
    """Return the field that holds the value: the widget itself, or what stands above it."""
    widget = box.widgets[0]
    return widget if "/T" in widget or "/Parent" not in widget else widget["/Parent"]


def _written(content: bytes) -> bytes:
    """Return a form with our line and hidden boxes, written so that it can be cut into its objects."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        _number(pdf, pdf.Root.AcroForm.Fields, set())
        _add_hidden(pdf, boxes(pdf))
        stamp.put_on(pdf, _ANY_LINE)
        out = io.BytesIO()
        pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.disable, encryption=False)
        return out.getvalue()


def _number(pdf: Pdf, fields: pikepdf.Object, seen: set[tuple[int, int]]) -> None:
    """Give each field, and what is below it, a number: only then can a fill change it."""
    for at, field in enumerate(fields):
        if not isinstance(field, Dictionary):
            continue
        if not field.is_indirect:
            fields[at] = pdf.make_indirect(field)
        numbered = fields[at]
        if numbered.objgen not in seen and "/Kids" in numbered:
            seen.add(numbered.objgen)
            _number(pdf, numbered.Kids, seen)


def _add_hidden(pdf: Pdf, found: Mapping[str, Box]) -> None:
    """Make those of the hidden boxes that the blank lacks."""
    page = pdf.pages[0].obj
    for name in (one for one in HIDDEN_FIELDS if one not in found):
        widget = pdf.make_indirect(
            Dictionary(
                Type=Name.Annot,
                Subtype=Name.Widget,
                FT=Name.Tx,
                T=String(name),
                F=HIDDEN,
                Rect=Array(HIDDEN_PLACE),
                P=page,
            )
        )
        pdf.Root.AcroForm.Fields.append(widget)
        page.Annots = Array([*page.get("/Annots", Array()), widget])


def _lines(pdf: Pdf) -> list[pikepdf.Object]:
    return [page.resources.XObject[stamp.NAME] for page in pdf.pages]


def _tree(pdf: Pdf) -> Tree | None:
    """Return where the structure of a blank of ours goes on; another, or one that was rewritten, stays as it is."""
    if not stamp.brings_letters(pdf):
        return None
    try:
        root = pdf.Root.StructTreeRoot
        parts, lists = (root, root.K, root.ParentTree), (root.K.K, root.ParentTree.Nums)
        next_key = int(root.ParentTreeNextKey)
    except (AttributeError, TypeError, ValueError):
        return None
    if not all(isinstance(one, Array) for one in lists) or not all(
        one.is_indirect for one in parts
    ):
        return None
    numbers = [one.objgen[0] for one in parts]
    return Tree(numbers[0], numbers[1], numbers[2], next_key)


def _cut(written: bytes) -> tuple[bytes, tuple[bytes, ...]]:
    """Return the head of a file that qpdf wrote with one plain table, and its objects in order."""
    table = int(written[written.rindex(b"startxref") :].split()[1])
    rows = written.index(b"\n", table + len(b"xref\n")) + 1 + ROW  # the first is of no object
    end = written.index(b"trailer", rows)
    starts = [int(written[at : at + 10]) for at in range(rows, end, ROW)]
    ends = dict(zip(ordered := sorted(starts), [*ordered[1:], table], strict=True))
    return written[: ordered[0]], tuple(written[start : ends[start]] for start in starts)


def _entries(one: pikepdf.Object) -> Entries:
    """Return a dictionary as it is written, or what a stream says of itself besides its packing."""
    kept = {key: value for key, value in one.items() if key not in HOW_PACKED}
    return {Name(key).unparse(): _as_written(value) for key, value in kept.items()}


def _as_written(value: Any) -> bytes:
    # In a list, because pikepdf gives numbers and yes or no as those of Python.
    return Array([value]).unparse().removeprefix(b"[").removesuffix(b"]").strip()


def _slots(pdf: Pdf, found: Mapping[str, Box]) -> dict[str, Slot]:
    reads: dict[str, dict[str, str]] = {name: {} for name in found}
    form = Holder(pdf.Root.AcroForm, pdf.Root.AcroForm.keys())
    for name, state, read in _read_back(pdf, [box for box in found.values() if box.is_button]):
        reads[name][state] = read
    return {
        name: Slot(
            replace(box, widgets=()),
            holder(box).objgen[0],
            most_letters(holders(Holder(box.widgets[0], box.widgets[0].keys()), form)),
            tuple(_places(box)),
            reads[name],
            {state: Name("/" + state).unparse() for state in reads[name]},
        )
        for name, box in found.items()
    }


def _places(box: Box) -> Iterator[Place]:
    for at, widget in enumerate(box.widgets):
        left, bottom, right, top = rectangle(widget.get("/Rect"))
        flags = int(widget.get("/Ff", holder(box).get("/Ff", 0)))
        offer = box.offers[at] if box.is_button else ""
        yield Place(widget.objgen[0], right - left, top - bottom, bool(flags & MULTILINE), offer)


def _read_back(pdf: Pdf, buttons: Iterable[Box]) -> Iterator[tuple[str, str, str]]:
    """Store each state of each button in turn; yield its name, the state, and what is read then."""
    left = {box.name: [offer for offer in box.offers if offer] for box in buttons}
    holders = {box.name: holder(box) for box in buttons}
    while left := {name: states for name, states in left.items() if states}:
        stored = {name: states.pop() for name, states in left.items()}
        for name, state in stored.items():
            holders[name].V = Name("/" + state)
        read = boxes(pdf)
        yield from ((name, state, read[name].value) for name, state in stored.items())
