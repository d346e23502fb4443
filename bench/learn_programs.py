"""Public forms filled in by several programs, and read through corrected definitions: `make learn` prints it.

Every box that a person can fill in gets an answer of its own; the definition is the draft with what it leaves open
corrected, as a person would in the workbook.
"""

from __future__ import annotations

import io
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pikepdf
from pikepdf import Name, String

from bench.learn_filled import said
from formflow.admin.learn import draft
from formflow.admin.learn.pairing import Pair
from formflow.core.errors import FormFlowError
from formflow.core.limits import BLANK
from formflow.core.model import Unread
from formflow.forms import catalogue
from formflow.forms.catalogue import FieldKind, Form
from formflow.reading import acroform
from formflow.reading.ladder import read_paper
from formflow.reading.reader import Reader
from tests.samples.fillers import fill_pdfium, programs
from tests.support.desk import filled_by_pdftk, filled_by_pypdf

READ_ONLY = 1
Fill = Callable[[Path, dict[str, str], Path], bytes]


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of one form that one program filled in."""

    values: int
    exact: int
    wrong: tuple[str, ...]  # boxes
    note: str = ""


def corrected(pair: Pair) -> Pair:
    """Return a pair with what each mark means, where the draft leaves that to a person."""
    if not pair.is_unclear or not pair.means:
        return pair
    if len(pair.means) == 1:
        return replace(pair, means=dict.fromkeys(pair.means, "yes"), is_unclear=False)
    words = [
        f"s{'abcdefghijklmnopqrstuvwxyz'[at % 26]}{'x' * (at // 26)}"
        for at in range(len(pair.means))
    ]
    states = dict(zip(words, pair.means, strict=True))
    means = dict(zip(pair.means, words, strict=True))
    return replace(pair, kind=FieldKind.CHOICE, states=states, means=means, is_unclear=False)


def definition(blank: Path, folder: Path) -> Form:
    """Learn a form, correct what is open, and return its definition."""
    made = draft.draft(blank, catalogue.shipped()[0])
    made = replace(made, pairs=tuple(map(corrected, made.pairs)))
    for name, content in draft.files(made).items():
        (folder / name).write_bytes(content)
    return catalogue.load(folder / f"{made.stem}.toml")


def answers(form: Form) -> dict[str, str]:
    """Return what is written or marked in each box of a form's blank: one mark for each question."""
    found: dict[str, str] = {}
    with pikepdf.open(form.blank) as pdf:
        boxes = acroform.boxes(pdf, BLANK.fields, BLANK.characters, BLANK.pages)
        for number, field in enumerate(form.fields.values()):
            for name in field.sources:
                box = boxes[name]
                is_seen = any(place.page for place in form.manifest.boxes[name].places)
                if (
                    not is_seen
                    or _is_read_only(box)
                    or (box.is_button and field.states and found.keys() & set(field.sources))
                ):
                    continue
                found |= dict(_value(box, number))
    return found


def _is_read_only(box: acroform.Box) -> bool:
    holder = box.widgets[0]
    flags = holder.get("/Ff", holder.get("/Parent", pikepdf.Dictionary()).get("/Ff", 0))
    return bool(int(flags) & READ_ONLY)


def _value(box: acroform.Box, number: int) -> Iterator[tuple[str, str]]:
    if box.is_button:
        yield from ((box.name, offer) for offer in box.offers[:1] if offer)
    elif box.kind == "text":
        holder = box.widgets[0]
        most = int(
            holder.get("/MaxLen", holder.get("/Parent", pikepdf.Dictionary()).get("/MaxLen", 40))
        )
        yield box.name, f"{number} Oak Lane"[:most]


def by_pdfium(blank: Path, values: dict[str, str], _folder: Path) -> bytes:
    """Return a form filled in with PDFium, as in Chrome or Edge."""
    return fill_pdfium.filled(blank.read_bytes(), values)


def by_pikepdf(blank: Path, values: dict[str, str], _folder: Path) -> bytes:
    """Return a form with its values stored by pikepdf, and nothing drawn."""
    with pikepdf.open(blank) as pdf:
        boxes = acroform.boxes(pdf, BLANK.fields, BLANK.characters, BLANK.pages)
        for name, value in values.items():
            for at, widget in enumerate(boxes[name].widgets):
                holder = widget if "/FT" in widget else widget.Parent
                if not boxes[name].is_button:
                    holder.V = String(value)
                    continue
                holder.V = Name(f"/{value}")
                widget.AS = Name(f"/{value}" if boxes[name].offers[at] == value else "/Off")
        pdf.Root.AcroForm.NeedAppearances = True
        out = io.BytesIO()
        pdf.save(out)
        return out.getvalue()


def by_pdfjs(blank: Path, values: dict[str, str], folder: Path) -> bytes:
    """Return a form filled in with Mozilla's pdf.js, whose texts alone our script can fill in whatever a box is called."""
    out, said_here = folder / "by-pdfjs.pdf", folder / "by-pdfjs.json"
    with pikepdf.open(blank) as pdf:
        boxes = acroform.boxes(pdf, BLANK.fields, BLANK.characters, BLANK.pages)
        texts = {name: value for name, value in values.items() if not boxes[name].is_button}
    said_here.write_text(json.dumps({"text": texts, "buttons": {}}), "utf-8")
    programs.PROGRAMS["pdfjs"](programs.Job(blank, said_here, out, ""))
    return out.read_bytes()


def ways() -> dict[str, Fill]:
    """Return the programs that are installed here."""
    found: dict[str, Fill] = {"PDFium": by_pdfium, "pypdf": filled_by_pypdf, "pikepdf": by_pikepdf}
    if shutil.which("pdftk"):
        found["pdftk"] = filled_by_pdftk
    if (programs.WORK / "node_modules" / "pdfjs-dist").is_dir():
        found["pdf.js"] = by_pdfjs
    return found


def stored(content: bytes, values: Mapping[str, str]) -> dict[str, str]:
    """Return the values that a program stored at all: some leave boxes alone that they do not understand."""
    found = {}
    with pikepdf.open(io.BytesIO(content)) as pdf:
        for page in pdf.pages:
            for widget in page.get("/Annots", ()):
                holders = [widget, widget.get("/Parent", pikepdf.Dictionary())]
                name = _full_name(widget)
                marks = [one.get(key) for one in holders for key in ("/V", "/AS")]
                if name in values and any(mark not in (None, Name.Off) for mark in marks):
                    found[name] = values[name]
    return found


def _full_name(widget: pikepdf.Object) -> str:
    names: list[str] = []
    at: pikepdf.Object | None = widget
    while at is not None:
        if "/T" in at:
            names.insert(0, str(at.T))
        at = at.get("/Parent")
    return ".".join(names)


def read(form: Form, content: bytes, values: Mapping[str, str], folder: Path) -> Read:
    """Return how much of what was filled in is read as it was, each value in its box and nothing in the others."""
    paper = folder / "filled.pdf"
    paper.write_bytes(content)
    found = read_paper(paper, Reader([form], BLANK, "always"))
    if isinstance(found, Unread):
        return Read(len(values), 0, tuple(values), found.reason)
    wrong = [
        box
        for name, field in form.fields.items()
        for box in field.sources
        if box in values and not said(form, name, box, found.answers[name], values)
    ]
    held = ", ".join(sorted({hold.code for hold in found.held}))
    return Read(len(values), len(values) - len(wrong), tuple(wrong), held and f"held: {held}")


def main(folder: Path, names: Sequence[str]) -> None:
    """Print a line for each form and program."""
    print(f"\n{'form filled in here':34} {'by':8} values  exact  wrong  not stored")
    for name in names:
        with tempfile.TemporaryDirectory() as place:
            here = Path(place)
            try:
                form = definition(folder / name, here)
            except (FormFlowError, pikepdf.PdfError, ValueError) as problem:
                print(f"{name:34} not learned: {problem}")
                continue
            values = answers(form)
            for program, fill in ways().items():
                _one(form, values, program, fill, here)


def _one(form: Form, values: dict[str, str], program: str, fill: Fill, here: Path) -> None:
    try:
        content = fill(form.blank, values, here)
    except Exception as problem:  # noqa: BLE001 - a program that cannot fill a form tells nothing about reading it
        print(
            f"{form.blank.name[:34]:34} {program:8} could not fill it in: {type(problem).__name__}"
        )
        return
    asked = dict(values)
    if program == "pdf.js":
        asked = {
            name: value
            for name, value in values.items()
            if form.manifest.boxes[name].kind == "text"
        }
    kept = stored(content, asked)
    one = read(form, content, kept, here)
    print(
        f"{form.blank.name[:34]:34} {program:8}{one.values:7}{one.exact:7}{len(one.wrong):7}"
        f"{len(asked) - len(kept):12}  {one.note} {', '.join(one.wrong[:3])}"
    )
