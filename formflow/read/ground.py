"""What a paper shows beside the answers in its boxes: print, notes, and how its circles are drawn.

Programs that fill a form in leave all this as the blank has it, to the byte. A fingerprint therefore
settles almost every paper; only what it does not know is drawn, and compared as the eye does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

import pikepdf

from formflow.manifest import Looks, Rectangle
from formflow.read.acroform import Box

MOST_PARTS = 20_000  # of all resources of a paper: a form of eight pages has a few hundred
DEEPEST = 32
HIDDEN = 2 | 32  # annotation flags: hidden, not for the screen
HOW_PACKED = frozenset(("/Length", "/Filter", "/DecodeParms", "/DL"))
UPWARDS = frozenset(("/Parent", "/P"))  # from here a walk would come round to the whole file


def prints(pdf: pikepdf.Pdf) -> tuple[str, ...]:
    """Return a fingerprint of what each page prints by itself, without its boxes.

    Papers that show different print have different ones; "" where a page is damaged or endless.
    """
    seal = _Seal()
    return tuple(_print(page, pdf.Root.get("/OCProperties"), seal) for page in pdf.pages)


def _print(page: pikepdf.Page, layers: Any, seal: _Seal) -> str:
    try:
        contents: Any = page.obj.get("/Contents")
        streams = list(contents) if isinstance(contents, pikepdf.Array) else [contents]
        orders = b"\n".join(one.read_bytes() for one in streams if isinstance(one, pikepdf.Stream))
        edges = [rectangle(box) for box in (page.mediabox, page.cropbox)]
        lies = f" {edges} {page.rotation} {page.obj.get('/UserUnit', 1)} ".encode()
        whole = b" ".join(orders.split()) + lies + seal.of(page.resources) + seal.of(layers)
    except (pikepdf.PdfError, ValueError, TypeError, LookupError, AttributeError):
        return ""
    return _fingerprint(whole).hex()


def looks(boxes: Iterable[Box]) -> Looks:
    """Return fingerprints of how circles and tick boxes are drawn when on, and when off."""
    seal, on, off = _Seal(), set(), set()
    for box in boxes:
        for widget, offer in zip(box.widgets, box.offers, strict=False):
            ticked, empty = _drawings(widget, offer, seal)
            on.add(ticked)
            off.add(empty)
    return Looks(frozenset(on), frozenset(off))


def redrawn(boxes: Iterable[Box], blank: Looks) -> list[Box]:
    """Return the circles and tick boxes that are drawn otherwise than any on the blank."""
    seal = _Seal()
    return [box for box in boxes if box.is_button and not _is_known(box, blank, seal)]


def _is_known(box: Box, blank: Looks, seal: _Seal) -> bool:
    for widget, offer in zip(box.widgets, box.offers, strict=True):
        ticked, empty = _drawings(widget, offer, seal)
        if ticked not in blank.on or empty not in blank.off:
            return False
    return True


def _drawings(widget: pikepdf.Object, offer: str, seal: _Seal) -> tuple[str, str]:
    states: Any = widget["/AP"].get("/N") if "/AP" in widget else None
    if not isinstance(states, pikepdf.Dictionary):
        states = {}
    return seal.of(states.get(f"/{offer}")).hex(), seal.of(states.get("/Off")).hex()


def notes(pdf: pikepdf.Pdf, boxes: Mapping[str, Box]) -> frozenset[tuple[int, str]]:
    """Return what lies on the pages and is no box: page, counted from 1, with its kind and place."""
    ours = {widget.objgen for box in boxes.values() for widget in box.widgets}
    return frozenset(
        (number, _note(one))
        for number, page in enumerate(pdf.pages, start=1)
        for one in _laid(page)
        if one.objgen not in ours and _is_seen(one)
    )


def _laid(page: pikepdf.Page) -> Iterator[pikepdf.Object]:
    listed = page.obj.get("/Annots")
    for one in listed if isinstance(listed, pikepdf.Array) else ():
        if isinstance(one, pikepdf.Dictionary):
            yield one


def _is_seen(annotation: pikepdf.Object) -> bool:
    left, bottom, right, top = rectangle(annotation.get("/Rect"))
    # A signature that shows nothing has no size.
    return not is_hidden(annotation) and left < right and bottom < top


def rectangle(corners: object) -> Rectangle:
    """Return a /Rect as left, bottom, right, top; zeros where there is none."""
    if not isinstance(corners, pikepdf.Array) or len(corners) != 4:
        return (0.0, 0.0, 0.0, 0.0)
    # Faster than asking for the four numbers, and put in order by qpdf.
    found = pikepdf.Rectangle(corners)
    return (round(found.llx, 2), round(found.lly, 2), round(found.urx, 2), round(found.ury, 2))


def is_hidden(annotation: pikepdf.Object) -> bool:
    """Return whether its flags keep a box or note from the screen."""
    flags = annotation.get("/F")
    return isinstance(flags, int) and bool(flags & HIDDEN)


def _note(annotation: pikepdf.Object) -> str:
    sides = " ".join(f"{side:.0f}" for side in rectangle(annotation.get("/Rect")))
    return f"{annotation.get('/Subtype')} {sides}"


class _Seal:
    """Makes fingerprints of objects with all that they refer to; of each numbered object once."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], bytes] = {}
        self._parts = 0

    def of(self, thing: Any, depth: int = 0) -> bytes:
        """Return the fingerprint of an object. Raise ValueError beyond the limits."""
        if not isinstance(thing, (pikepdf.Array, pikepdf.Dictionary, pikepdf.Stream)):
            return _plain(thing)
        number = thing.objgen
        if number in self._known:
            return self._known[number]
        self._parts += 1
        if self._parts > MOST_PARTS or depth > DEEPEST:
            raise ValueError("a page refers to more than a form does")
        if number != (0, 0):
            self._known[number] = b"round"  # where a file leads back to itself
        found = _fingerprint(b"".join(self._pieces(thing, depth + 1)))
        if number != (0, 0):
            self._known[number] = found
        return found

    def _pieces(self, thing: Any, depth: int) -> Iterator[bytes]:
        if isinstance(thing, pikepdf.Array):
            yield b"["
            for one in thing:
                yield self.of(one, depth)
            return
        if isinstance(thing, pikepdf.Stream):
            yield b" ".join(thing.read_bytes().split())  # programs pack, and break lines, their way
        keys: AbstractSet[str] = thing.keys()
        for key in sorted(keys - HOW_PACKED - UPWARDS):
            yield key.encode(errors="surrogateescape") + b" " + self.of(thing[key], depth)


def _fingerprint(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).digest()


def _plain(thing: Any) -> bytes:
    if isinstance(thing, pikepdf.String):
        return b"(" + bytes(thing)
    if isinstance(thing, pikepdf.Object):  # a name, or nothing
        return str(thing).encode(errors="surrogateescape")
    if thing is None or isinstance(thing, bool):
        return str(thing).encode()
    return f"{float(thing):.3f}".encode()
