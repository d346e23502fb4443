"""Which form is this? Two claims that differ, or none, are a question for a person, never a guess.

Asked in this order: the hidden boxes and the document information, which must not contradict each
other; the names of the boxes; for a paper without boxes the printed words, see flat.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pikepdf

from formflow.forms.catalogue import Form, claim, claim_of_document
from formflow.reading import page_fingerprint
from formflow.reading.acroform import Box

ALIKE = 0.8  # share of a form's boxes that a file must have to be taken for it by their names
# Notices: not a form we know; two forms at once; another edition of a form that we know.
NONE, TWO, OTHER_EDITION = "FF-101", "FF-118", "FF-136"


def identify(boxes: Mapping[str, Box], pdf: pikepdf.Pdf, forms: Sequence[Form]) -> Form | str:
    """Return the form of a paper with boxes, or the code of the notice that says why it is not known."""
    stored = {name: box.value for name, box in boxes.items()}
    by_claim = claimed(stored, information(pdf), forms)
    if by_claim:
        return by_claim
    alike = [(_overlap(boxes, form), form) for form in forms if _likeness(boxes, form) >= ALIKE]
    return only(_told_apart(one_edition(alike), boxes, pdf))


def _told_apart(
    found: Sequence[Form], boxes: Mapping[str, Box], pdf: pikepdf.Pdf
) -> Sequence[Form]:
    """Return of several forms the one whose boxes are the paper's in both directions, or that is printed on its pages.

    Programs name boxes "Text1", "Text2": then a small form's names are all on a large one.
    """
    if len(found) < 2:
        return found
    both_ways = [form for form in found if _overlap(boxes, form) >= ALIKE]
    if len(both_ways) < 2:
        return both_ways or found
    printed = page_fingerprint.prints(pdf)
    return [form for form in both_ways if form.manifest.prints == printed] or both_ways


def claimed(
    stored: Mapping[str, str], document: Mapping[str, str], forms: Sequence[Form]
) -> Form | str:
    """Return the form that a paper says it is, a notice code, or "" where it says nothing."""
    known = {(form.form_id, str(form.version)): form for form in forms}
    said_to_be = [
        form
        for form in known.values()
        if _says(form.hidden, stored) or _says(form.information, document)
    ]
    claims = {
        (form.form_id, str(form.version))
        for form in said_to_be
        if not any(_says_more(other, form, stored) for other in said_to_be)
    }
    for said, (form_id, version) in ((stored, claim("", 0)), (document, claim_of_document("", 0))):
        if said.get(form_id) and version in said:
            claims.add((said[form_id], said[version]))
    if len(claims) > 1:
        return TWO
    if not claims:
        return ""
    claim_made = claims.pop()
    editions = {form_id for form_id, _ in known}
    return known.get(claim_made, OTHER_EDITION if claim_made[0] in editions else NONE)


def only(found: Iterable[Form]) -> Form | str:
    """Return the one form, or the code of the notice for none or several."""
    forms = list(found)
    if len(forms) > 1:
        return TWO
    return forms[0] if forms else NONE


def one_edition(found: Sequence[tuple[float, Form]]) -> list[Form]:
    """Return of each form the edition that is most alike; all of them where several are equally so.

    The next edition asks nearly the same, so that a paper is like both.
    """
    best: dict[str, float] = {}
    for share, form in found:
        best[form.form_id] = max(share, best.get(form.form_id, 0.0))
    return [form for share, form in found if share == best[form.form_id]]


def information(pdf: pikepdf.Pdf) -> dict[str, str]:
    """Return the document information of a PDF by key, without slashes. Only what is text."""
    found = pdf.trailer.get("/Info")
    if not isinstance(found, pikepdf.Dictionary):
        return {}
    return {
        key.removeprefix("/"): str(value)
        for key, value in found.items()
        if isinstance(value, pikepdf.String)
    }


def _says(claims: Mapping[str, str], said: Mapping[str, str]) -> bool:
    return bool(claims) and all(said.get(key) == value for key, value in claims.items())


def _says_more(other: Form, form: Form, stored: Mapping[str, str]) -> bool:
    """Return whether a paper says that it is another edition with all that makes it this one: pages were added to that."""
    return (
        other.form_id == form.form_id
        and len(other.hidden) > len(form.hidden)
        and _says(other.hidden, stored)
    )


def _likeness(boxes: Mapping[str, Box], form: Form) -> float:
    names = form.manifest.boxes.keys()
    return len(boxes.keys() & names) / len(names)


def _overlap(boxes: Mapping[str, Box], form: Form) -> float:
    """Return which share of all boxes of a paper and a form both have."""
    names = form.manifest.boxes.keys()
    return len(boxes.keys() & names) / len(boxes.keys() | names)
