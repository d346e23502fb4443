"""A blank filled in with what is known: an editable copy for a person to check, complete and drop again.

It carries hidden boxes that say which form it is and which record it belongs to, and a line at the top
of each page that says what it is for. The answers are drawn, too: not every viewer draws what is only
stored. What would not read back exactly stays blank.
"""

from __future__ import annotations

import dataclasses
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from formflow.core.model import Answer, AnswerState
from formflow.core.pdf_drawings import Draw, Drawing
from formflow.core.pdf_syntax import array, dictionary, literal, reference, stream, text_string
from formflow.core.text_wrap import wrapped
from formflow.documents import fillpdf_engine
from formflow.documents.blank_parts import Parts, Place, Slot, Tree, blank_parts, parts_of
from formflow.documents.continuation_pages import further_pages
from formflow.documents.fonts import WIDE, drawable, font_for, in_order_of_the_eye
from formflow.documents.layout import PAGE_HEIGHT, PAGE_WIDTH
from formflow.documents.pdf_file import PdfFile
from formflow.documents.structure import Structure
from formflow.forms import stamp
from formflow.forms.catalogue import FURTHER_PAGES, HIDDEN_FIELDS, Form, claim
from formflow.forms.top_line import LONG_ANSWERS
from formflow.reading.answers import BETWEEN, answers
from formflow.reading.text_match import says_the_same

FONT = "Helvetica"
SIZES = (10.0, 9.5, 9.0, 8.5, 8.0, 7.5, 7.0)  # points
LEADING, INSET = 1.2, 2.5
ESCAPE = (
    "\x1b"  # begins the name of a language in a PDF: programs leave it out, and the name with it
)
# A day and its time, which have a box each: read again, they are what they were.
DAY_AND_TIME = re.compile(
    r"(\S*\d.*) (\d{1,2}(?:[.:]\d\d)?(?: ?[ap]m)?)", re.DOTALL | re.IGNORECASE
)
LOST = "?"  # for a letter that no font of ours has


@dataclass(frozen=True, slots=True)
class Copy:
    """What makes one prefilled copy of a blank."""

    form: Form
    reference: str  # of the record that it belongs to, in a hidden box
    line: str  # is at the top of each page
    drawings: Mapping[str, Draw] = dataclasses.field(
        default_factory=dict
    )  # by question: drawn for reading
    by_fillpdf: bool = False  # True: fillpdf stores the answers, see fillpdf_engine.py


def prefilled(copy: Copy, known: Mapping[str, Answer]) -> bytes:
    """Return a form's blank with the known answers in it, as PDF.

    An answer that has no room at a size to read, or letters that we cannot draw, stands whole on a
    further page, too.
    """
    kept = _kept(copy.form, known)
    blank, lost = _stored_in(copy, kept)
    if lost:
        kept = {name: value for name, value in kept.items() if name not in lost}
        blank, _ = _stored_in(copy, kept)
    return _Fill(copy, blank).filled(kept)


def not_stored(copy: Copy, known: Mapping[str, Answer]) -> set[str]:
    """Return the questions whose answers stay blank: they would not read back exactly."""
    kept = _kept(copy.form, known)
    _, lost = _stored_in(copy, kept)
    there = {name for name, one in known.items() if one.raw.strip()}
    return lost | there - kept.keys()


def _kept(form: Form, known: Mapping[str, Answer]) -> dict[str, str]:
    """Return the answers to what a form asks. Those of another version may be to other questions."""
    given = {
        name: (one.value or "").replace(ESCAPE, "")
        for name, one in known.items()
        if one.state is AnswerState.GIVEN and name in form.fields
    }
    return {name: value for name, value in given.items() if value}


def _stored_in(copy: Copy, given: Mapping[str, str]) -> tuple[Parts, set[str]]:
    """Return the blank that is to be filled in, and the questions that our reader would not read as given."""
    stored = _stored(copy.form, given)
    if copy.by_fillpdf:
        blank = parts_of(fillpdf_engine.stored(copy.form.blank, stored))
        boxes = blank.boxes
    else:
        blank = blank_parts(copy.form.blank.read_bytes())
        slots = blank.slots
        boxes = blank.boxes | {n: slots[n].with_value(v) for n, v in stored.items() if n in slots}
    read = answers(copy.form, boxes)
    return blank, {name for name, value in given.items() if read[name].value != value}


def _stored(form: Form, given: Mapping[str, str]) -> dict[str, str]:
    """Return what belongs in each box of the PDF: the way back from answers to boxes."""
    stored: dict[str, str] = {}
    for name, value in given.items():
        field = form.fields[name]
        box = field.sources[0]
        if field.means and not field.states:
            ticked = {words: one for one, words in field.means.items()}
            boxes = (ticked.get(words, "").partition("=") for words in value.split(BETWEEN))
            stored |= {box: state for box, _, state in boxes if box}
            continue
        if field.states:
            there = {ours: theirs for theirs, ours in reversed(list(field.means.items()))}
            value = there.get(value, value)
            if len(field.sources) > 1:
                box, _, value = value.partition("=")
        elif len(field.sources) > 1 and (apart := DAY_AND_TIME.fullmatch(value)):
            stored |= dict(zip(field.sources, apart.groups(), strict=False))
            continue
        # Two answers that share a box are in it one after the other.
        stored[box] = f"{stored[box]}, {value}" if box in stored else value
    return stored


@dataclass(frozen=True, slots=True)
class _Fitted:
    """A text as it is shown in a room."""

    font: str
    size: float  # points
    lines: list[str]
    is_whole: bool  # every letter, at a size to read
    is_told: bool  # who sees it is told what is stored: nobody takes it for another answer


class _Fill:
    """One blank that is being filled in."""

    def __init__(self, copy: Copy, blank: Parts) -> None:
        self._copy, self._blank = copy, blank
        self._file = PdfFile(blank.head, blank.objects)
        self._changed: dict[int, dict[bytes, bytes]] = {}  # entries by the number of their object
        self._fitted = cache(_fitted)

    def filled(self, given: Mapping[str, str]) -> bytes:
        """Return the sheet with these answers."""
        copy, blank = self._copy, self._blank
        for name, value in _stored(copy.form, given).items():
            if name in blank.slots:
                self._fill_in(blank.slots[name], value, copy.drawings.get(name))
        claims = claim(copy.form.form_id, copy.form.version) | {"case_ref": copy.reference}
        for name in HIDDEN_FIELDS:
            self._change(blank.slots[name].holder)[b"/V"] = text_string(claims[name])
        overfull = list(self._overfull(given))
        line = copy.line + LONG_ANSWERS * bool(overfull)
        if overfull:
            self._add_further_pages(overfull, line)
        for number, (width, height) in blank.lines.items():
            drawing = self._drawing()
            stamp.draw(drawing, line, width, height)
            self._file.put(number, stream(blank.entries[number], drawing.content))
        for number, entries in self._changed.items():
            self._file.put(number, dictionary(entries))
        return self._file.written(blank.root, blank.information)

    def _change(self, number: int) -> dict[bytes, bytes]:
        """Return the entries of an object, to be changed."""
        return self._changed.setdefault(number, dict(self._blank.entries[number]))

    def _drawing(self) -> Drawing:
        return Drawing(self._file.letters.encode)

    def _fill_in(self, slot: Slot, value: str, draw: Draw | None) -> None:
        """Store a value in a box, unless fillpdf did, and show it."""
        if slot.box.is_button:
            if not self._copy.by_fillpdf:
                self._mark(slot, value)
            return
        if not self._copy.by_fillpdf:
            self._change(slot.holder)[b"/V"] = text_string(value)
        if slot.most_letters is not None and len(value) > slot.most_letters:
            # A paper that another program filled in said more than the box takes: viewers would cut it off.
            self._change(slot.holder)[b"/MaxLen"] = b"%d" % len(value)
        for place in slot.places:
            look = draw or self._letters(slot.box.labels.get(value, value), place)
            entries = self._change(place.number)
            entries.pop(b"/AP", None)
            if look is not None:
                entries[b"/AP"] = self._look(look, place)

    def _mark(self, slot: Slot, state: str) -> None:
        """Mark the circle or tick box that says a state."""
        self._change(slot.holder)[b"/V"] = slot.names[state]
        for place in slot.places:
            shown = slot.names[state] if place.offer == state else b"/Off"
            self._change(place.number)[b"/AS"] = shown

    def _look(self, draw: Draw, place: Place) -> bytes:
        drawing = self._drawing()
        draw(drawing, place.width, place.height)
        about = {
            b"/Type": b"/XObject",
            b"/Subtype": b"/Form",
            b"/BBox": array((0, 0, place.width, place.height)),
            b"/Resources": self._file.resources(drawing.fonts),
        }
        content = b"/Tx BMC q\n%b\nQ EMC" % drawing.content
        return dictionary({b"/N": reference(self._file.add(stream(about, content)))})

    def _letters(self, text: str, place: Place) -> Draw | None:
        """Return what draws a text; None where a viewer does it better, with letters and sizes of its own."""
        fitted = self._fitted(text, place.is_long, place.width, place.height)
        if not fitted.is_told:
            return None

        def draw(drawing: Drawing, _width: float, height: float) -> None:
            size = fitted.size
            y = height - INSET - size if place.is_long else height / 2 - 0.35 * size
            for line in fitted.lines:
                drawing.text(INSET, y, line, fitted.font, size)
                y -= size * LEADING

        return draw

    def _overfull(self, given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Yield label and answer of what its box cannot show whole at a size to read."""
        stored = _stored(self._copy.form, given)
        for name, field in self._copy.form.fields.items():
            slot = self._blank.slots.get(field.sources[0])
            if slot is None or name not in given or field.states or field.drawn:
                continue
            place, text = slot.places[0], given[name]
            if len(field.sources) > 1 and not field.means:  # a part of it is in each box
                text = stored[field.sources[0]]
            if not self._fitted(text, place.is_long, place.width, place.height).is_whole:
                yield field.label, text

    def _add_further_pages(self, overfull: list[tuple[str, str]], line: str) -> None:
        blank, kids, tree = self._blank, [self._blank.kids], self._blank.tree
        structure = Structure(
            self._file, tree.document if tree else None, tree.next_key if tree else 0
        )
        pages = further_pages(overfull, structure)
        edges = array((0, 0, PAGE_WIDTH, PAGE_HEIGHT))
        # And no turn: the pages of the blank may share other edges and another turn.
        lies = {b"/MediaBox": edges, b"/CropBox": edges, b"/Rotate": b"0"}
        for leaf in pages:
            leaf.drawing.begin_artifact()
            stamp.draw(leaf.drawing, line, PAGE_WIDTH, PAGE_HEIGHT)
            leaf.drawing.end()
            kids.append(structure.page(leaf, blank.pages, lies))
        if tree:
            self._add_to(tree, structure)
        root = self._change(blank.pages)
        root[b"/Kids"] = b"[ %b ]" % b" ".join(kids)
        root[b"/Count"] = b"%d" % (blank.count + len(pages))
        told = literal(str(len(pages)).encode())
        self._change(blank.information)[b"/" + FURTHER_PAGES.encode()] = told

    def _add_to(self, tree: Tree, structure: Structure) -> None:
        """Put what is on the further pages behind what the blank says in its structure."""
        rows = list(structure.rows())
        for number, key, more in (
            (tree.document, b"/K", structure.kids),
            (tree.numbers, b"/Nums", rows),
        ):
            entries = self._change(number)
            there = entries[key][: entries[key].rindex(b"]")]
            entries[key] = b"%b %b ]" % (there, b" ".join(more))
        self._change(tree.root)[b"/ParentTreeNextKey"] = b"%d" % structure.next_key


def _fitted(text: str, is_long: bool, width: float, height: float) -> _Fitted:
    """Return a text at the largest size at which it has room; at the smallest where it has none."""
    text = text if is_long else " ".join(text.split())
    # As most viewers draw it: a letter's name in its place would be taken for another answer.
    shown = drawable(text.replace("\N{SOFT HYPHEN}", "-"), LOST)
    font = font_for(shown, FONT)
    wide, high = width - 2 * INSET, height - 2 * INSET

    @cache
    def lines(size: float) -> list[str]:
        return wrapped(shown, font, size, wide)

    def has_room(size: float) -> bool:
        return len(lines(size)) * size * LEADING <= max(high, size * LEADING)

    # Most have room at the largest. What has it at one size has it at all smaller ones.
    at = 0 if has_room(SIZES[0]) else bisect_left(SIZES, True, lo=1, key=has_room)
    size = SIZES[min(at, len(SIZES) - 1)]
    is_whole = shown.count(LOST) == text.count(LOST) and has_room(size)
    seen = lines(size)[: max(1, int(high / (size * LEADING)))]
    drawn = [in_order_of_the_eye(line) for line in seen] if font == WIDE else seen
    # What is turned in a way that our reader does not follow is drawn by the viewer.
    is_told = (is_whole and drawn == seen) or says_the_same("\n".join(drawn), text)
    return _Fitted(font, size, lines(size), is_whole, is_told)
