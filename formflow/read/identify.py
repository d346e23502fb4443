"""Which form is this? Two claims that differ, or none, are a question for a person, never a guess."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pikepdf

from formflow.forms import Form
from formflow.read.acroform import Box

ALIKE = 0.8  # share of a form's boxes that a file must have to be taken for it by their names


def identify(boxes: Mapping[str, Box], pdf: pikepdf.Pdf, forms: Sequence[Form]) -> Form | str:
    """Return the form, or the code of the notice that says why it is not known.

    By the hidden boxes, then the document information; by the names of its boxes where both are
    missing.
    """
    if not boxes:
        return "FF-105"
    known = {(form.form_id, str(form.version)): form for form in forms}
    claims = {claim for claim in (_hidden(boxes), _document_information(pdf)) if claim is not None}
    if len(claims) > 1:
        return "FF-118"
    if claims:
        return known.get(claims.pop(), "FF-101")
    alike = [form for form in forms if _likeness(boxes, form) >= ALIKE]
    if len(alike) > 1:
        return "FF-118"
    return alike[0] if alike else "FF-101"


def _hidden(boxes: Mapping[str, Box]) -> tuple[str, str] | None:
    form_id, version = boxes.get("form_id"), boxes.get("form_version")
    if form_id is None or version is None or not form_id.value:
        return None
    return form_id.value, version.value


def _document_information(pdf: pikepdf.Pdf) -> tuple[str, str] | None:
    if "/Info" not in pdf.trailer:
        return None
    information = pdf.trailer.Info
    form_id = information.get("/FormFlowFormId")
    version = information.get("/FormFlowFormVersion")
    return None if form_id is None or version is None else (str(form_id), str(version))


def _likeness(boxes: Mapping[str, Box], form: Form) -> float:
    return len(boxes.keys() & form.fields.keys()) / len(form.fields)
