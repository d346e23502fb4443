"""A blank filled in with what is known: an editable copy for a person to check, complete and drop again.

It carries hidden boxes that say which form it is and which record it belongs to, and a line at the top
of each page that says what it is for. Filled by pikepdf, with our own drawings of the answers: not
every viewer draws what is only stored. What does not read back exactly stays blank.
"""

from __future__ import annotations

import io
from codecs import BOM_UTF16_BE
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as made_by

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, String
from reportlab.pdfgen.canvas import Canvas

from formflow.core.limits import Limits
from formflow.core.model import Answer, AnswerState
from formflow.core.pdf_drawings import Draw, Sketches
from formflow.core.text_wrap import wrapped
from formflow.documents import fillpdf_engine
from formflow.documents.blank import HIDDEN, HIDDEN_PLACE
from formflow.documents.continuation_pages import further_pages
from formflow.documents.fonts import drawable, font_for
from formflow.forms import stamp
from formflow.forms.catalogue import FURTHER_PAGES, HIDDEN_FIELDS, Form, claim
from formflow.forms.manifest import rectangle
from formflow.forms.top_line import LONG_ANSWERS
from formflow.reading import acroform
from formflow.reading.acroform import Box
from formflow.reading.answers import answers

FONT = "Helvetica"
LARGEST, SMALLEST, STEP = 10.0, 7.0, 0.5  # points
LEADING, INSET = 1.2, 2.5
MULTILINE = 1 << 12


@dataclass(frozen=True, slots=True)
class Copy:
    """What makes one prefilled copy of a blank."""

    form: Form
    reference: str  # of the record that it belongs to, in a hidden box
    line: str  # stands at the top of each page
    drawings: Mapping[str, Draw] = made_by(default_factory=dict)  # by question: drawn for reading
    by_fillpdf: bool = False  # True: fillpdf stores the answers, see fillpdf_engine.py


def prefilled(copy: Copy, known: Mapping[str, Answer]) -> bytes:
    """Return a form's blank with the known answers in it, as PDF.

    An answer that has no room at a size to read stands whole on a further page, too.
    """
    given = {name: one.value for name, one in known.items() if one.state is AnswerState.GIVEN}
    kept = {name: value for name, value in given.items() if value}
    content = _filled(copy, kept)
    lost = _not_read_back(copy.form, kept, content)
    if lost:
        content = _filled(copy, {n: v for n, v in kept.items() if n not in lost})
    return content


def _filled(copy: Copy, given: Mapping[str, str]) -> bytes:
    form, stored = copy.form, _stored(copy.form, given)
    content = (
        fillpdf_engine.stored(form.blank, stored) if copy.by_fillpdf else form.blank.read_bytes()
    )
    with pikepdf.open(io.BytesIO(content)) as pdf:
        boxes = _boxes(pdf)
        _hide(pdf, boxes, claim(form.form_id, form.version) | {"case_ref": copy.reference})
        sketches, texts = Sketches(), list[tuple[pikepdf.Object, int]]()
        for name, value in stored.items():
            if name in boxes and not copy.by_fillpdf:
                _store(boxes[name], value)
            if name in boxes and not boxes[name].is_button:
                texts += _shown(boxes[name], value, copy.drawings.get(name), sketches)
        overfull = _overfull(form, given, boxes)
        _add_further_pages(pdf, overfull)
        stamp.put_on(pdf, copy.line + LONG_ANSWERS * bool(overfull))
        drawn = sketches.drawn_into(pdf)
        for widget, place in texts:
            widget.AP = Dictionary(N=drawn[place])
        out = io.BytesIO()
        # Without object streams: who keeps it sees at once whether it has further pages.
        pdf.save(
            out,
            deterministic_id=True,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
        )
        return out.getvalue()


def _boxes(pdf: Pdf) -> dict[str, Box]:
    limits = Limits()
    return acroform.boxes(pdf, limits.fields, limits.characters, limits.pages)


def _not_read_back(form: Form, given: Mapping[str, str], content: bytes) -> set[str]:
    with pikepdf.open(io.BytesIO(content)) as pdf:
        read = answers(form, _boxes(pdf))
    return {name for name, value in given.items() if read[name].value != value}


def _stored(form: Form, given: Mapping[str, str]) -> dict[str, str]:
    """Return what belongs in each box of the PDF: the way back from answers to boxes."""
    stored: dict[str, str] = {}
    for name, value in given.items():
        field = form.fields[name]
        box = field.sources[0]
        if field.states:
            there = {ours: theirs for theirs, ours in reversed(list(field.means.items()))}
            value = there.get(value, value)
            if len(field.sources) > 1:
                box, _, value = value.partition("=")
        # Two answers that share a box stand in it one after the other.
        stored[box] = f"{stored[box]}, {value}" if box in stored else value
    return stored


def _overfull(
    form: Form, given: Mapping[str, str], boxes: Mapping[str, Box]
) -> list[tuple[str, str]]:
    """Return label and answer of what has no room in its box at a size to read."""
    return [
        (field.label, given[name])
        for name, field in form.fields.items()
        if name in given and not field.states and not field.drawn
        if (box := boxes.get(field.sources[0])) and not _has_room(box, given[name])
    ]


def _has_room(box: Box, text: str) -> bool:
    left, bottom, right, top = rectangle(box.widgets[0].get("/Rect"))
    several = _is_several(box.widgets[0], _holder(box))
    shown = drawable(text if several else " ".join(text.split()))
    width, height = right - left - 2 * INSET, top - bottom - 2 * INSET
    size, lines = _fitting(shown, font_for(shown, FONT), width, height)
    return len(lines) * size * LEADING <= max(height, size * LEADING)


def _add_further_pages(pdf: Pdf, answers: Sequence[tuple[str, str]]) -> None:
    if not answers:
        return
    with pikepdf.open(io.BytesIO(further_pages(answers))) as further:
        count = len(further.pages)
        pdf.pages.extend(further.pages)
    pdf.docinfo[f"/{FURTHER_PAGES}"] = str(count)


def _is_several(widget: pikepdf.Object, holder: pikepdf.Object) -> bool:
    return bool(int(widget.get("/Ff", holder.get("/Ff", 0))) & MULTILINE)


def _store(box: Box, value: str) -> None:
    holder = _holder(box)
    if not box.is_button:
        holder.V = _stored_text(value)
        return
    state = Name("/" + value)
    holder.V = state
    for widget, offer in zip(box.widgets, box.offers, strict=True):
        widget.AS = state if value == offer else Name.Off


def _shown(
    box: Box, value: str, draw: Draw | None, sketches: Sketches
) -> Iterator[tuple[pikepdf.Object, int]]:
    """Yield the places that show an answer in letters, each with its drawing's number."""
    for widget in box.widgets:
        left, bottom, right, top = rectangle(widget.get("/Rect"))
        several = _is_several(widget, _holder(box))
        look = draw or _letters(box.labels.get(value, value), several=several)
        yield widget, sketches.add(right - left, top - bottom, look)


def _stored_text(text: str) -> String:
    """Return text as every program reads it. PDFDocEncoding has no sign for a letter that was lost."""
    return String(text) if text.isascii() else String(BOM_UTF16_BE + text.encode("utf-16-be"))


def _holder(box: Box) -> pikepdf.Object:
    """Return the field that holds the value: the widget itself, or what stands above it."""
    widget = box.widgets[0]
    return widget if "/T" in widget or "/Parent" not in widget else widget["/Parent"]


def _letters(text: str, *, several: bool) -> Draw:
    shown = drawable(text if several else " ".join(text.split()))
    font = font_for(shown, FONT)

    def draw(canvas: Canvas, width: float, height: float) -> None:
        size, lines = _fitting(shown, font, width - 2 * INSET, height - 2 * INSET)
        canvas.setFont(font, size)
        y = height - INSET - size if several else height / 2 - 0.35 * size
        for line in lines:
            canvas.drawString(INSET, y, line)
            y -= size * LEADING

    return draw


def _fitting(text: str, font: str, width: float, height: float) -> tuple[float, list[str]]:
    """Return the largest size at which a text has room, and its lines; the smallest where none has."""
    size = LARGEST
    while True:
        lines = wrapped(text, font, size, width)
        if len(lines) * size * LEADING <= max(height, size * LEADING) or size <= SMALLEST:
            return size, lines
        size -= STEP


def _hide(pdf: Pdf, boxes: Mapping[str, Box], claims: Mapping[str, str]) -> None:
    """Fill in the hidden boxes, making those that the blank lacks."""
    for name in HIDDEN_FIELDS:
        if name in boxes:
            _holder(boxes[name]).V = String(claims[name])
            continue
        widget = pdf.make_indirect(
            Dictionary(
                Type=Name.Annot,
                Subtype=Name.Widget,
                FT=Name.Tx,
                T=String(name),
                V=String(claims[name]),
                F=HIDDEN,
                Rect=Array(HIDDEN_PLACE),
                P=pdf.pages[0].obj,
            )
        )
        pdf.Root.AcroForm.Fields.append(widget)
        page = pdf.pages[0].obj
        page.Annots = Array([*page.get("/Annots", Array()), widget])
