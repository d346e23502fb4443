"""The questions that keep an agency's form from ever being green -> a page of its own, dropped beside it or appended to it."""

from __future__ import annotations

import io
import tomllib
from collections.abc import Iterator
from datetime import date
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, String

from formflow.admin import toml
from formflow.admin.learn.joined_structure import join_structure
from formflow.admin.learn.known import keeps_from_green
from formflow.documents import addendum
from formflow.forms import manifest as manifests
from formflow.forms.catalogue import Field, FieldKind, Form, claim, parsed
from formflow.forms.schema import TRI_STATES
from formflow.reading.manifest_builder import manifest_of

WHOSE = ("child_a_name", "child_a_dob", "incident_at")  # by which it finds its form
BY = {"name": "addendum_by", "kind": "text", "label": "Completed by"}
SECTION = "addendum"
LONGEST_ID = 60


def beside(form: Form, ours: Form, on: date) -> dict[str, bytes]:
    """Return the files of an addendum that is filled in beside a form, by name; {} where the form asks everything."""
    asked = [*_missing(form, ours, on)]
    if not asked:
        return {}
    whose = [{**_entry(ours.fields[name]), "required": True} for name in WHOSE]
    form_id = f"{form.form_id[: LONGEST_ID - 9]}_addendum"
    table = _table(form, form_id, 1, "Questions that belong to “{title}”")
    table["adds_to"] = form.form_id
    table["hidden"] = claim(form_id, 1)
    table["section"] = [
        _section("whose", "Which form it belongs to", [*whose, BY]),
        _questions(asked),
    ]
    stem = f"{form.source.stem}-addendum"
    text = toml.written(table)
    blank = addendum.build(parsed(text, form.source.with_name(f"{stem}.toml")))
    return _files(stem, text, blank)


def appended(form: Form, ours: Form, on: date) -> dict[str, bytes]:
    """Return the files of the form's next version, with the addendum as its last page; {} where it asks everything.

    Raise OSError or pikepdf.PdfError where its blank cannot be read.
    """
    asked = [*_missing(form, ours, on)]
    if not asked:
        return {}
    table = tomllib.loads(form.source.read_text("utf-8"))
    version = form.version + 1
    page = _table(form, form.form_id, version, "More questions: “{title}”")
    page["section"] = [_questions(asked)]
    drawn = addendum.build(parsed(toml.written(page), form.source))
    parent = _free_name(form)
    blank = _joined(form.blank.read_bytes(), drawn, parent)
    more = _questions([_with_boxes(one, form, parent) for one in asked])
    said = {f"{parent}.{name}": value for name, value in claim(form.form_id, version).items()}
    table.pop("information", None)  # an older paper says the same of its document
    table |= {"version": version, "hidden": {**table.get("hidden", {}), **said}}
    table["section"] = [*_without(table["section"], {one["name"] for one in asked}), more]
    return _files(f"{form.source.stem}-with-addendum", toml.written(table), blank)


def _missing(form: Form, ours: Form, on: date) -> Iterator[dict[str, Any]]:
    labels = set(keeps_from_green(form, ours, on))
    yield from (
        _entry(one) for one in ours.fields.values() if one.label in labels and one.name not in WHOSE
    )


def _with_boxes(asked: dict[str, Any], form: Form, parent: str) -> dict[str, Any]:
    """Return a question with its boxes: the new circles, and the box of the form that could only say one thing."""
    box, before = f"{parent}.{asked['name']}", form.fields.get(asked["name"])
    if before is None:
        return {**asked, "boxes": [box]}
    said = before.means or {state: state for state in before.states}
    one_box = f"{before.sources[0]}=" if len(before.sources) == 1 else ""
    means = {f"{one_box}{stored}": state for stored, state in said.items()}
    means |= {f"{box}={state}": state for state in TRI_STATES}
    return {**asked, "boxes": [*before.sources, box], "means": means}


def _without(sections: list[dict[str, Any]], names: set[str]) -> Iterator[dict[str, Any]]:
    for section in sections:
        fields = [one for one in section["fields"] if one["name"] not in names]
        if fields:
            yield {**section, "fields": fields}


def _entry(field: Field) -> dict[str, Any]:
    shown = {"states": list(field.states), "state_labels": list(field.state_labels)}
    of_choice = shown if field.kind is FieldKind.CHOICE else {}
    return {"name": field.name, "kind": str(field.kind), "label": field.label, **of_choice}


def _table(form: Form, form_id: str, version: int, title: str) -> dict[str, Any]:
    return {
        "id": form_id,
        "version": version,
        "code": form.code,
        "title": title.format(title=form.title),
        "intro": "Answer each with Yes, No or Not known. Leave nothing out: an unanswered question may be the one that matters.",
        "filing": form.filing,
        "how_to_save": "Save it, then drop it in “Drop here” together with the form.",
    }


def _section(name: str, label: str, fields: list[dict[str, Any]]) -> dict[str, Any]:
    return {"name": name, "label": label, "prompt": "", "fields": fields}


def _questions(fields: list[dict[str, Any]]) -> dict[str, Any]:
    return _section(SECTION, "Questions", fields)


def _files(stem: str, text: str, blank: bytes) -> dict[str, bytes]:
    made = manifests.dumped(manifest_of(blank))
    return {f"{stem}.toml": text.encode(), f"{stem}.pdf": blank, f"{stem}.json": made}


def _free_name(form: Form) -> str:
    """Return a name under which no box of a form stands."""
    name, number = SECTION, 1
    while any(box.partition(".")[0] == name for box in form.manifest.boxes):
        number += 1
        name = f"{SECTION}{number}"
    return name


def _joined(blank: bytes, page: bytes, parent: str) -> bytes:
    """Return a PDF with another one's pages behind its own, and the boxes on these under one name."""
    with pikepdf.open(io.BytesIO(blank)) as pdf, pikepdf.open(io.BytesIO(page)) as more:
        _put_under(more, parent)
        # Where only these pages could be read aloud, a reader would leave out all others.
        is_tagged = "/StructTreeRoot" in pdf.Root
        if not is_tagged:
            _untie(more)
        pdf.add_pages_from(more)
        if is_tagged:
            join_structure(pdf, more)
        form = pdf.Root.AcroForm
        _share_font(pdf, form)
        # The pages of an XFA form are not these, and a signature on the blank would be broken.
        for holder, key in ((form, "/XFA"), (pdf.Root, "/Perms")):
            if key in holder:
                del holder[key]
        out = io.BytesIO()
        pdf.save(out, deterministic_id=True)
        return out.getvalue()


def _put_under(pdf: pikepdf.Pdf, parent: str) -> None:
    """Put all boxes of a PDF under one name."""
    form = pdf.Root.AcroForm
    tops = list(form.Fields)
    node = pdf.make_indirect(Dictionary(T=String(parent), Kids=Array(tops)))
    for top in tops:
        top.Parent = node
    form.Fields = Array([node])


def _untie(pdf: pikepdf.Pdf) -> None:
    """Take away what ties the pages of a PDF to a structure that stays behind."""
    for page in pdf.pages:
        page.obj.Tabs = Name.R
        for tied, key in (
            (page.obj, "/StructParents"),
            *((one, "/StructParent") for one in page.obj.Annots),
        ):
            if key in tied:
                del tied[key]


def _share_font(pdf: pikepdf.Pdf, form: pikepdf.Object) -> None:
    """Put the font of the appended boxes among those of the form."""
    resources = form.get("/DR", Dictionary())
    fonts = resources.get("/Font", Dictionary())
    if "/Helv" not in fonts:
        fonts.Helv = pdf.make_indirect(
            Dictionary(
                Type=Name.Font,
                Subtype=Name.Type1,
                BaseFont=Name.Helvetica,
                Encoding=Name.WinAnsiEncoding,
            )
        )
    resources.Font = fonts
    form.DR = resources
