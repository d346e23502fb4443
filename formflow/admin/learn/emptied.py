"""A blank that is somebody's filled copy -> the same without what was filled in: names are told, and not stored."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator

import pikepdf
from pikepdf import Name

from formflow.core.limits import BLANK
from formflow.forms.manifest import Manifest
from formflow.reading import acroform, xfa


def filled(manifest: Manifest, content: bytes) -> list[str]:
    """Return the names of the boxes for writing that people see, and that have something in them, also in XFA alone."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        found = acroform.boxes(pdf, BLANK.fields, BLANK.characters, BLANK.pages)
        in_xfa = xfa.filled(pdf, found) or {}
    return [
        name
        for name, box in manifest.boxes.items()
        if box.kind == "text"
        and any(place.page for place in box.places)
        and (box.value.strip() or (name in in_xfa and in_xfa[name].value.strip()))
    ]


def emptied(content: bytes, names: Collection[str]) -> bytes:
    """Return a PDF with nothing in some boxes for writing, and with no mark in any circle or tick box."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        found = acroform.boxes(pdf, BLANK.fields, BLANK.characters, BLANK.pages)
        for name, box in found.items():
            for holder in _holders(box.widgets):
                if name in names:
                    _without(holder, "/V", "/DV", "/RV", "/AP")
                elif box.is_button:
                    _without(holder, "/V", "/DV")
                    if "/AS" in holder:
                        holder.AS = Name.Off
        xfa.empty(pdf)
        out = io.BytesIO()
        pdf.save(out, deterministic_id=True)
        return out.getvalue()


def _holders(widgets: Collection[pikepdf.Object]) -> Iterator[pikepdf.Object]:
    """Yield drawings and the fields above them, which may hold what is stored for all."""
    for widget in widgets:
        holder: object = widget
        for _ in range(acroform.DEEPEST):
            if not isinstance(holder, pikepdf.Dictionary):
                break
            yield holder
            holder = holder.get("/Parent")


def _without(holder: pikepdf.Object, *keys: str) -> None:
    for key in keys:
        if key in holder:
            del holder[key]
