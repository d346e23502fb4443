"""What a paper shows beside the answers in its boxes: print, notes, and how its circles are drawn.

Programs that fill a form in leave all this as the blank has it, to the byte. A fingerprint therefore
settles almost every paper; only what it does not know is drawn, and compared as the eye does.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import pikepdf

from formflow.forms.manifest import Looks, rectangle
from formflow.forms.schema import FURTHER_PAGES
from formflow.reading.acroform import Box

MOST_PARTS = 20_000  # of all resources of a paper: a form of eight pages has a few hundred
DEEPEST = 32
MOST_DIGITS = 5  # of a number of pages
NOT_ON_SCREEN = 32  # annotation flag
HIDDEN = 2 | NOT_ON_SCREEN
PRINTED = 4  # what is not for the screen may be for the printer
HOW_PACKED = frozenset(("/Length", "/Filter", "/DecodeParms", "/DL"))
UPWARDS = frozenset(("/Parent", "/P"))  # from here a walk would come round to the whole file
# What says how much of every page viewers show, whatever its own edges are.
SHOWN_AREAS = ("/ViewArea", "/ViewClip", "/PrintArea", "/PrintClip")
_DAMAGED = (pikepdf.PdfError, ValueError, TypeError, LookupError, AttributeError)
# What of a note can be seen. The rest says where it leads and to whom it belongs.
SEEN_OF_A_NOTE = (
    "/AP", "/AS", "/BS", "/Border", "/C", "/Contents", "/DA", "/IC", "/InkList", "/L", "/MK",
    "/Name", "/OC", "/QuadPoints", "/RC", "/Vertices",
)  # fmt: skip


def prints(pdf: pikepdf.Pdf) -> tuple[str, ...]:
    """Return a fingerprint of what each page prints by itself, without its boxes.

    Papers that show different print have different ones; "" where a page is damaged or endless: that
    is like no other page, and like no other "" either.
    """
    return _prints(pdf, list(pdf.pages))


def _prints(pdf: pikepdf.Pdf, pages: Sequence[pikepdf.Page]) -> tuple[str, ...]:
    seal = _Seal()
    try:
        shown = _shown_of_all(pdf, seal)
    except _DAMAGED:
        return ("",) * len(pages)
    return tuple(_print(page, shown, seal) for page in pages)


def last_prints(content: bytes) -> tuple[str, ...]:
    """Return the fingerprints of the further pages of a copy that FormFlow made."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return _prints(pdf, list(pdf.pages)[-claimed_pages(pdf) :])


def claimed_pages(pdf: pikepdf.Pdf) -> int:
    """Return how many pages at its end a file says are FormFlow's own, 0 for none."""
    told = str(pdf.docinfo.get(f"/{FURTHER_PAGES}", "0"))
    return int(told) if told.isascii() and told.isdigit() and len(told) <= MOST_DIGITS else 0


def frame(pdf: pikepdf.Pdf, page: pikepdf.Page) -> str:
    """Return a fingerprint of what decides, besides its orders, how a page is shown.

    These are its edges, and for the whole file the layers and the area that viewers show. Raise
    ValueError beyond the limits.
    """
    seal = _Seal()
    return _fingerprint(_frame(page, _shown_of_all(pdf, seal), seal)).hex()


def _shown_of_all(pdf: pikepdf.Pdf, seal: _Seal) -> list[bytes]:
    """Return fingerprints of what decides for every page of a file how much of it is shown."""
    wishes = pdf.Root.get("/ViewerPreferences")
    areas: Any = wishes if isinstance(wishes, pikepdf.Dictionary) else {}
    return [
        seal.of(one)
        for one in (pdf.Root.get("/OCProperties"), *(areas.get(key) for key in SHOWN_AREAS))
    ]


def _frame(page: pikepdf.Page, shown: Sequence[bytes], seal: _Seal) -> bytes:
    edges = [rectangle(box) for box in _edges(page)]
    lies = f"{edges} {page.rotation} {page.obj.get('/UserUnit', 1)}".encode()
    return _joined([lies, seal.of(page.obj.get("/Group")), *shown])


def _print(page: pikepdf.Page, shown: Sequence[bytes], seal: _Seal) -> str:
    try:
        whole = _joined([orders(page), seal.of(page.resources), _frame(page, shown, seal)])
    except _DAMAGED:
        return ""
    return _fingerprint(whole).hex()


def orders(page: pikepdf.Page) -> bytes:
    """Return the orders that draw a page. Programs divide them, and break lines, their way."""
    contents: Any = page.obj.get("/Contents")
    streams = list(contents) if isinstance(contents, pikepdf.Array) else [contents]
    parts = [one.read_bytes().strip() for one in streams if isinstance(one, pikepdf.Stream)]
    # Within a text, every space counts: nothing else is put in order here.
    return b"\n".join(parts).replace(b"\r\n", b"\n")


def _edges(page: pikepdf.Page) -> Iterator[Any]:
    yield from (page.mediabox, page.cropbox, page.trimbox, page.artbox, page.obj.get("/BleedBox"))


def looks(boxes: Iterable[Box]) -> Looks:
    """Return fingerprints of how circles and tick boxes are drawn when on, and when off."""
    seal, on, off = _Seal(), set(), set()
    for box in boxes:
        for drawings, offer in zip(box.drawings, box.offers, strict=True):
            on.add(seal.of(drawings.get(f"/{offer}")).hex())
            off.add(seal.of(drawings.get("/Off")).hex())
    return Looks(frozenset(on), frozenset(off))


def redrawn(boxes: Iterable[Box], blank: Looks) -> list[Box]:
    """Return the circles and tick boxes that are drawn otherwise than any on the blank."""
    seal = _Seal()
    return [box for box in boxes if box.is_button and not _is_known(box, blank, seal)]


def _is_known(box: Box, blank: Looks, seal: _Seal) -> bool:
    for drawings, offer in zip(box.drawings, box.offers, strict=True):
        if seal.of(drawings.get(f"/{offer}")).hex() not in blank.on:
            return False
        if seal.of(drawings.get("/Off")).hex() not in blank.off:
            return False
    return True


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
    if annotation.get("/Subtype") != "/Widget":  # the sign of a sticky note has a size of its own
        return not is_hidden(annotation)
    left, bottom, right, top = rectangle(annotation.get("/Rect"))
    # A signature that shows nothing has no size.
    return not is_hidden(annotation) and (left < right or bottom < top)


def is_hidden(annotation: pikepdf.Object) -> bool:
    """Return whether its flags keep a box or note from the screen and from the printer."""
    flags = annotation.get("/F")
    if not isinstance(flags, int):
        return False
    return bool(flags & HIDDEN) and not (flags & HIDDEN == NOT_ON_SCREEN and flags & PRINTED)


def _note(annotation: pikepdf.Object) -> str:
    """Return what a note is, where it lies and how it looks. People sign where they should sign."""
    sides = " ".join(f"{side:.0f}" for side in rectangle(annotation.get("/Rect")))
    kind = f"{annotation.get('/Subtype')} {sides}"
    if annotation.get("/FT") == "/Sig":
        return kind
    try:
        seal = _Seal()
        look = _joined(seal.of(annotation.get(key)) for key in SEEN_OF_A_NOTE)
    except _DAMAGED:
        return f"{kind} damaged"
    return f"{kind} {_fingerprint(look).hex()}"


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
        found = _fingerprint(_joined(self._pieces(thing, depth + 1)))
        if number != (0, 0):
            self._known[number] = found
        return found

    def _pieces(self, thing: Any, depth: int) -> Iterator[bytes]:
        if isinstance(thing, pikepdf.Array):
            yield b"["
            for one in thing:
                yield self.of(one, depth)
            return
        keys: AbstractSet[str] = thing.keys()
        yield b"<"
        if isinstance(thing, pikepdf.Stream):
            try:
                yield thing.read_bytes()
                keys -= HOW_PACKED
            except pikepdf.PdfError:  # a photo: programs leave it packed as it is
                yield thing.read_raw_bytes()
        for key in sorted(keys):
            if key not in UPWARDS or not isinstance(thing[key], pikepdf.Dictionary):
                yield key.encode(errors="surrogateescape")
                yield self.of(thing[key], depth)


def _fingerprint(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).digest()


def _joined(parts: Iterable[bytes]) -> bytes:
    """Return parts as one, so that no other parts give the same."""
    return b"".join(b"%d:%b" % (len(part), part) for part in parts)


def _plain(thing: Any) -> bytes:
    if isinstance(thing, pikepdf.String):
        return b"(" + bytes(thing)
    if isinstance(thing, pikepdf.Object):  # a name, or nothing
        return str(thing).encode(errors="surrogateescape")
    if thing is None or isinstance(thing, bool):
        return str(thing).encode()
    return f"{float(thing):.3f}".encode()
