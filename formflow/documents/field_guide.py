"""Form -> field guide: what each box is called and takes, for those who build on the forms."""

from __future__ import annotations

from collections.abc import Mapping

from formflow.forms.catalogue import Field, FieldKind, Form

TAKES: Mapping[FieldKind, str] = {
    FieldKind.TEXT: "one line",
    FieldKind.LONG_TEXT: "several lines",
    FieldKind.DATE: "a day, such as 3 March 2014",
    FieldKind.MOMENT: "a day and time, such as 14/11/2026 at 1.45pm",
    FieldKind.TICK: "one of",
    FieldKind.CHOICE: "one of",
}


def field_guide(form: Form, pages: Mapping[str, int]) -> str:
    """Return the field guide of a form as Markdown."""
    lines = [
        f"# {form.code} {form.title}, version {form.version}: field guide",
        "",
        "Generated from form.toml with `formflow forms build`. Do not edit.",
        "",
        f"Form id `{form.form_id}`, {len(form.fields)} boxes. Hidden: `form_id`, `form_version`, `case_ref`.",
    ]
    for section in form.sections:
        lines += ["", f"## {section.label}", ""]
        lines += ["| box | page | printed label | takes | |", "|---|---|---|---|---|"]
        lines += [_row(field, pages[field.name]) for field in section.fields]
    return "\n".join(lines) + "\n"


def _row(field: Field, page: int) -> str:
    states = ", ".join(f"`{state}`" for state in field.states)
    takes = f"{TAKES[field.kind]} {states}".strip()
    marks = [
        word
        for word, holds in (("required", field.required), ("guidance’s label", field.printed))
        if holds
    ]
    boxes = "`, `".join(field.sources)
    return f"| `{boxes}` | {page} | {field.label} | {takes} | {', '.join(marks)} |"
