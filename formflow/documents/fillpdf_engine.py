"""Values stored by fillpdf, for agencies that want it: `pip install formflow[fillpdf]`, `[sheets] filled_by`.

fillpdf loads PyMuPDF, whose licence is the AGPL, so it is never part of the default install. What it cannot
do is done around it: it ticks a circle only where the drawing for "off" does not come first, and it puts words
where a drawing belongs. Everything it stores is read back, as with the usual engine.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pikepdf
from pikepdf import Name

OFF = "/Off"
ASIDE = "/FormFlowOff"  # where the drawing for "off" waits while fillpdf works


def stored(blank: Path, values: Mapping[str, str]) -> bytes:
    """Return a blank with these values stored in its boxes, not yet drawn."""
    # PyMuPDF warns of its own parts, and prints.
    with warnings.catch_warnings(), redirect_stderr(io.StringIO()), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        from fillpdf import fillpdfs

    source, out = io.BytesIO(), io.BytesIO()
    with pikepdf.open(blank) as pdf:
        for widget in _circles(pdf):
            widget[ASIDE] = widget.AP.N[OFF]
            del widget.AP.N[OFF]
        pdf.save(source)
    source.seek(0)
    fillpdfs.write_fillable_pdf(source, out, dict(values))
    result = io.BytesIO()
    with pikepdf.open(io.BytesIO(out.getvalue())) as pdf:
        for widget in _circles(pdf):
            widget.AP.N[OFF] = widget[ASIDE]
            del widget[ASIDE]
        for widget in _widgets(pdf):
            if isinstance(widget.get("/AP"), pikepdf.String):
                del widget["/AP"]
        if "/NeedAppearances" in pdf.Root.AcroForm:
            del pdf.Root.AcroForm["/NeedAppearances"]
        pdf.save(result, deterministic_id=True)
    return result.getvalue()


def _widgets(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    for page in pdf.pages:
        yield from page.obj.get("/Annots", pikepdf.Array())


def _circles(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    """Yield the circles and tick boxes that have drawings for on and off."""
    for widget in _widgets(pdf):
        looks = widget.get("/AP")
        states = looks.get("/N") if isinstance(looks, pikepdf.Dictionary) else None
        both = isinstance(states, pikepdf.Dictionary) and (OFF in states or ASIDE in widget)
        if both and widget.get("/Subtype") == Name.Widget:
            yield widget
