"""Reading one paper, inside the killable child: a ladder, each rung tried where the one above fails.

    acroform  boxes of a PDF form, read twice and compared with what the eye sees
    xfa       the same form where the answers are in its XFA part alone
    flat      boxes that became print: flattened, or printed to PDF
    scan      a picture of a page (where tesseract is installed; asked for by itself: it takes longer)

What stands against a paper that was read comes out as holds; a paper that cannot be read at all, as
Unread. Every rung but the first needs a person to confirm. Nothing here decides.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pikepdf
import pikepdf.settings

from formflow.core import pdf_end
from formflow.core.model import Answer, AnswerState, Hold, Reading, Unread
from formflow.forms.catalogue import Form
from formflow.reading import (
    acroform,
    active_content,
    appearance,
    discrepancies,
    identify,
    manifest_builder,
    page_fingerprint,
    turned,
)
from formflow.reading.acroform import Box
from formflow.reading.answers import answers
from formflow.reading.reader import JOINED, NO_BOXES, Reader

if TYPE_CHECKING:  # loaded for prints alone
    from formflow.reading.flat import Found
    from formflow.reading.print_layout import Sheet

ALWAYS = "always"
# qpdf's own warnings quote the file: they are counted, never printed.
logging.getLogger("pikepdf").setLevel(logging.CRITICAL)


def read_paper(path: Path, reader: Reader) -> Reading | Unread:
    """Read the paper in `path`, whose name without suffix is its sha256."""
    limits_met = pikepdf.settings.qpdf_limit_errors()
    content = path.read_bytes()
    paper = _Paper(path, content, reader)
    try:
        with _opened(path, reader.password) as pdf:
            return _read(paper, pdf)
    except pikepdf.PasswordError:
        return paper.unread("FF-104")
    except acroform.TooMuch as much:
        return paper.unread("FF-119", limit=str(much))
    except (pikepdf.PdfError, ValueError, TypeError, LookupError, AttributeError):
        if pikepdf.settings.qpdf_limit_errors() > limits_met:
            return paper.unread("FF-112")
        return paper.unread("FF-113")


def _opened(path: Path, password: str) -> pikepdf.Pdf:
    """Open a file as it is, or with the agency's own password."""
    try:
        return pikepdf.open(_source(path), suppress_warnings=True)
    except pikepdf.PasswordError:
        if not password:
            raise
        return pikepdf.open(_source(path), suppress_warnings=True, password=password)


def _source(path: Path) -> Path | io.BytesIO:
    """Return what pikepdf can open: a name that is not UTF-8 it cannot, and bytes take longer."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return io.BytesIO(path.read_bytes())
    return path


@dataclass(slots=True)
class _Paper:
    """One paper on the ladder."""

    path: Path
    content: bytes
    reader: Reader
    carries: frozenset[str] = frozenset()  # marks of active content

    def unread(self, code: str, **words: str) -> Unread:
        found = active_content.kinds(self.carries)
        return Unread(self.path.stem, code, len(self.content), words, found)

    def reading(
        self,
        via: str,
        form: Form,
        boxes: Mapping[str, Box],
        given: Mapping[str, Answer],
        held: Sequence[Hold],
    ) -> Reading:
        """Return the reading. Every rung but the first needs a person to confirm."""
        return Reading(
            sha256=self.path.stem,
            form_id=form.form_id,
            form_version=form.version,
            via=via,
            confirm=via != "acroform",
            held=tuple(held),
            answers=given,
            case_ref=boxes["case_ref"].value if "case_ref" in boxes else "",
            carries=active_content.kinds(self.carries - form.manifest.carries),
            told=("FF-147",) if pdf_end.behind(self.content) else (),
        )


def _read(paper: _Paper, pdf: pikepdf.Pdf) -> Reading | Unread:
    limits = paper.reader.limits
    boxes = acroform.boxes(pdf, limits.fields, limits.characters, limits.pages)
    paper.carries = active_content.marks(pdf, paper.content)
    if not boxes:
        return _read_print(paper, pdf, drawn_only=False)
    form = identify.identify(boxes, pdf, paper.reader.forms)
    if isinstance(form, str):
        return paper.unread(form)
    given = answers(form, boxes)
    if _is_blank(given.values()):
        from_xfa = _read_xfa(paper, pdf, form, boxes)
        if from_xfa is not None:
            return from_xfa
    asked = [box for name, box in boxes.items() if name in form.asked_boxes]
    compared = [box for box in asked if box.name not in form.drawn_boxes]
    seen = appearance.differences(pdf, compared)
    differ = list(discrepancies.looks(seen, form))
    if _is_only_drawn(asked, seen):
        return _read_print(paper, pdf, drawn_only=True, differ=differ)
    where = manifest_builder.places(pdf, boxes.values())
    prints, askew = _straightened(pdf, form, page_fingerprint.prints(pdf))
    further = discrepancies.further_pages(form, pdf, prints)
    content = cache(lambda: _saved(pdf) if askew else _drawable(paper, pdf))
    has_more = len(prints) - len(further) > len(form.manifest.prints)
    if has_more and _is_joined(_sheets(content()), form, paper):
        return paper.unread(JOINED)
    held = [
        *discrepancies.manifest(form, boxes, where),
        *discrepancies.turned_pages(askew),
        *discrepancies.beside(form, boxes, pdf, prints, further, content),
        *discrepancies.answers(given, form, boxes),
        *differ,
    ]
    if pdf.get_warnings():
        held.append(Hold("FF-114"))
    doubtful = bool(held) or _is_doubtful(pdf)
    if doubtful or paper.reader.second_reading == ALWAYS:
        password = paper.reader.password
        others = discrepancies.other_readings(
            paper.path, form, boxes, where, password, doubtful=doubtful
        )
        held += [hold for hold in others if hold not in held]
    return replace(paper.reading("acroform", form, boxes, given, held), further=further)


def _straightened(
    pdf: pikepdf.Pdf, form: Form, prints: Sequence[str]
) -> tuple[Sequence[str], list[int]]:
    """Lay turned pages straight, unless the blank itself is turned. Return the fingerprints, and which pages."""
    askew = turned.pages(pdf)
    there = set(form.manifest.prints)
    if not askew or any(prints[number - 1] in there for number in askew):
        return prints, []
    turned.straighten(pdf, askew)
    return page_fingerprint.prints(pdf), askew


def _is_joined(sheets: Sequence[Sheet], form: Form | None, paper: _Paper) -> bool:
    """Return whether a paper holds more than the form that it was taken for, or several where for none."""
    from formflow.reading import flat, joined

    words, forms = [sheet.words for sheet in sheets], paper.reader.forms
    form = form or joined.most_of(words, forms, flat.ALIKE)
    return form is not None and joined.is_joined(words, form, forms, flat.ALIKE)


def _sheets(content: bytes) -> list[Sheet]:
    from formflow.reading import print_layout

    return print_layout.sheets(content)


def _is_doubtful(pdf: pikepdf.Pdf) -> bool:
    """Return whether libraries may well read a file each in its way: locked, saved twice, or with XFA."""
    return pdf.is_encrypted or "/Prev" in pdf.trailer or "/XFA" in pdf.Root.AcroForm


def _read_xfa(
    paper: _Paper, pdf: pikepdf.Pdf, form: Form, boxes: Mapping[str, Box]
) -> Reading | None:
    """Read the XFA data of a form that has no answers elsewhere, None where that is empty too."""
    # Imported here, like the rungs below: most papers never need them.
    from formflow.reading import xfa

    filled = xfa.filled(pdf, boxes) if "/XFA" in pdf.Root.AcroForm else None
    given = answers(form, filled) if filled is not None else {}
    if filled is None or _is_blank(given.values()):
        return None
    held = [
        Hold("FF-128"),
        *discrepancies.manifest(form, boxes, manifest_builder.places(pdf, boxes.values())),
        *discrepancies.answers(given, form, boxes),
    ]
    return paper.reading("xfa", form, filled, given, held)


def _read_print(
    paper: _Paper, pdf: pikepdf.Pdf, *, drawn_only: bool, differ: Sequence[Hold] = ()
) -> Reading | Unread:
    """Read a paper whose boxes are print, or are about to be: their answers are only drawn."""
    from formflow.reading import flat

    if len(pdf.pages) > paper.reader.limits.pages:
        raise acroform.TooMuch(f"{paper.reader.limits.pages} pages")
    widgets = [] if drawn_only else _widgets(pdf)
    if widgets:
        _restore_form(pdf, widgets)
    is_drawn = bool(widgets) or drawn_only
    sheets, found = _printed(
        paper, pdf, _saved(pdf) if widgets else _drawable(paper, pdf), is_drawn=is_drawn
    )
    askew = turned.pages(pdf)
    if askew:
        turned.straighten(pdf, askew)
        straight = _printed(paper, pdf, _saved(pdf), is_drawn=is_drawn)
        if flat.shows_more(straight[1], found):
            sheets, found = straight
        else:  # the blank itself is turned
            askew = []
    if _is_joined(sheets, None if isinstance(found, str) else found.form, paper):
        return paper.unread(JOINED)
    if isinstance(found, str):
        unread = paper.unread(_kind_of_file(pdf) if found == identify.NONE else found)
        return replace(unread, is_picture=any(sheet.is_picture for sheet in sheets))
    form, boxes = found.form, found.boxes
    given = answers(form, boxes)
    held = [Hold("FF-124"), *discrepancies.turned_pages(askew)]
    held += [*discrepancies.printed(form, boxes, given), *differ]
    held += [
        Hold(doubt.code, name)
        for doubt in found.doubts
        for name in discrepancies.questions(form, [doubt.box])
    ]
    if pdf.get_warnings():
        held.append(Hold("FF-114"))
    return paper.reading("flat", form, boxes, given, held)


def _printed(
    paper: _Paper, pdf: pikepdf.Pdf, content: bytes, *, is_drawn: bool
) -> tuple[list[Sheet], Found | str]:
    """Return the printed pages of a paper, its boxes made print where `is_drawn`, and what they say."""
    from formflow.reading import flat, raster

    content = raster.flattened(content) if is_drawn else content
    sheets = _sheets(content)
    return sheets, flat.read(sheets, content, identify.information(pdf), paper.reader.forms)


def _kind_of_file(pdf: pikepdf.Pdf) -> str:
    """Return the notice that says what a file is which has no boxes to read."""
    form = pdf.Root.get("/AcroForm")
    if "/Collection" in pdf.Root:
        return "FF-151"
    return "FF-150" if isinstance(form, pikepdf.Dictionary) and "/XFA" in form else NO_BOXES


def _drawable(paper: _Paper, pdf: pikepdf.Pdf) -> bytes:
    """Return the paper as other libraries can open it, too."""
    return _saved(pdf) if pdf.is_encrypted else paper.content


def _saved(pdf: pikepdf.Pdf) -> bytes:
    copy = io.BytesIO()
    pdf.save(copy, encryption=False)
    return copy.getvalue()


def _widgets(pdf: pikepdf.Pdf) -> list[pikepdf.Object]:
    shown = (one.obj.get("/Annots") for one in pdf.pages)
    return [
        one
        for annotations in shown
        if isinstance(annotations, pikepdf.Array)
        for one in annotations
        if isinstance(one, pikepdf.Dictionary) and one.get("/Subtype") == "/Widget"
    ]


def _restore_form(pdf: pikepdf.Pdf, widgets: Iterable[pikepdf.Object]) -> None:
    """List boxes that no form lists any more, so that a viewer draws what is stored in them."""
    tops: dict[tuple[int, int], pikepdf.Object] = {}
    for widget in widgets:
        top = widget
        for _ in range(acroform.DEEPEST):
            above = top.get("/Parent")
            if not isinstance(above, pikepdf.Dictionary):
                break
            top = above
        tops[top.objgen] = top
    pdf.Root.AcroForm = pikepdf.Dictionary(
        Fields=pikepdf.Array(list(tops.values())), DA=pikepdf.String("/Helv 0 Tf 0 g")
    )


def _is_blank(given: Iterable[Answer]) -> bool:
    return all(answer.state is AnswerState.BLANK for answer in given)


def _is_only_drawn(asked: Sequence[Box], seen: appearance.Seen) -> bool:
    """Return whether texts are drawn on the page of which the file stores none at all."""
    texts = [box for box in asked if not box.is_button]
    return any(box.name in seen.differ for box in texts) and not any(box.value for box in texts)
