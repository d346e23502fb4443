"""What viewers show of a text box when they draw it themselves, by its defaults: /DA, /MK, /Ff, /RV.

PDF 32000-1, 12.7.3.3 and 12.7.3.4.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

import pikepdf
from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from formflow.reading.acroform import DEEPEST, as_text
from formflow.reading.font_decoding import CannotTell
from formflow.reading.text_match import says_the_same
from formflow.reading.visible_text import LEAST_CONTRAST, NOT_DRAWN, SMALLEST, WHITE, shade

SEVERAL_LINES = 1 << 12
PASSWORD = 1 << 13  # viewers show stars
LONGEST = 1 << 16  # characters
_NUMBER = rb"[-+]?(?:\d+\.?\d*|\.\d+)"
_COLOUR = re.compile(rb"((?:" + _NUMBER + rb"\s+)+)(?:g|rg|k)(?![A-Za-z])")
_MODE = re.compile(rb"(\d+)\s+Tr(?![A-Za-z])")
_SIZE = re.compile(rb"(" + _NUMBER + rb")\s+Tf(?![A-Za-z])")


class Holder(NamedTuple):
    """A widget, or what stands above it, with its keys: asking for a missing one costs six times as much."""

    entries: pikepdf.Object
    keys: AbstractSet[str]


def holders(widget: Holder, form: Holder) -> tuple[Holder, ...]:
    """Return a widget and all from whom it takes what it does not say itself; the form is the last."""
    found = [widget]
    while "/Parent" in found[-1].keys and len(found) < DEEPEST:
        above = found[-1].entries["/Parent"]
        if not isinstance(above, pikepdf.Dictionary):
            break
        found.append(Holder(above, above.keys()))
    return (*found, form)


def takes_lines(box: Sequence[Holder]) -> bool:
    """Return whether a box takes several lines."""
    flags = _inherited(box, "/Ff")
    return isinstance(flags, int) and bool(flags & SEVERAL_LINES)


def most_letters(box: Sequence[Holder]) -> int | None:
    """Return how many letters a box takes, None where it sets no limit."""
    most = _inherited(box, "/MaxLen")
    return most if isinstance(most, int) else None


def is_seen(box: Sequence[Holder], value: str) -> bool:
    """Return whether an eye could read all of the text that viewers draw. Raise CannotTell."""
    flags, most = _inherited(box, "/Ff"), most_letters(box)
    if isinstance(flags, int) and flags & PASSWORD:
        return False
    if most is not None and len(value) > most:  # some viewers draw no more than that
        return False
    told = _inherited(box, "/DA")
    orders = bytes(told) if isinstance(told, pikepdf.String) else b""
    modes, sizes, colours = (found.findall(orders) for found in (_MODE, _SIZE, _COLOUR))
    if modes and int(modes[-1]) in NOT_DRAWN:
        return False
    if sizes and 0 != abs(float(sizes[-1])) < SMALLEST:  # 0: as large as fits
        return False
    colour = shade([float(number) for number in colours[-1].split()]) if colours else 0.0
    return abs(colour - _ground(box[0])) >= LEAST_CONTRAST


def says(box: Sequence[Holder], value: str) -> bool:
    """Return whether a box's rich text, if it has any, is the text stored. Raise CannotTell."""
    rich = _inherited(box, "/RV")
    if rich is None:
        return True
    try:
        root = ElementTree.fromstring(as_text(rich, LONGEST), forbid_dtd=True)
    except (ElementTree.ParseError, DefusedXmlException) as problem:
        raise CannotTell from problem
    return says_the_same("".join(root.itertext()), value)


def _ground(widget: Holder) -> float:
    about = widget.entries["/MK"] if "/MK" in widget.keys else None
    ground = about.get("/BG") if isinstance(about, pikepdf.Dictionary) else None
    # An empty list means see-through.
    return (
        shade([float(part) for part in ground])
        if isinstance(ground, pikepdf.Array) and len(ground)
        else WHITE
    )


def _inherited(box: Sequence[Holder], key: str) -> Any:
    """Return what a box says, or those above it, or the whole form; None where none does."""
    return next((holder.entries[key] for holder in box if key in holder.keys), None)
