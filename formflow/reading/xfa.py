"""Answers that stand only in a form's XFA part, which other readers see as a blank form.

The data packet alone is read, with defusedxml: no entities, no outside files. Its elements belong to
boxes by their path, or by their last name where only one box has it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from xml.etree.ElementTree import Element

import pikepdf
from defusedxml import DefusedXmlException, ElementTree

from formflow.reading.acroform import Box, TooMuch, as_text
from formflow.reading.text import normalised

LARGEST = 4 << 20  # bytes of the data packet
DEEPEST = 32
NO_DATA = (
    b'<xfa:datasets xmlns:xfa="http://www.xfa.org/schema/xfa-data/1.0/"><xfa:data/></xfa:datasets>'
)
Path = tuple[str, ...]


def filled(pdf: pikepdf.Pdf, boxes: Mapping[str, Box]) -> dict[str, Box] | None:
    """Return the boxes with what the XFA data says, None where the file carries none. Raise TooMuch."""
    packet = _packet(pdf.Root.AcroForm.get("/XFA"))
    if packet is None:
        return None
    try:
        root = ElementTree.fromstring(packet, forbid_dtd=True)
    except (ElementTree.ParseError, DefusedXmlException):
        return None
    said: dict[Path, list[str]] = {}
    for path, words in _leaves(_data(root), ()):
        said.setdefault(path, []).append(words)
    found = _Found(said, boxes)
    return {name: _with(box, found.words(name)) for name, box in boxes.items()}


def empty(pdf: pikepdf.Pdf) -> None:
    """Take the answers out of a PDF's XFA part. Where they are in one stream with the form, the whole part goes."""
    form = pdf.Root.AcroForm
    stream = _stream(form.get("/XFA"))
    if stream is not None and isinstance(form.XFA, pikepdf.Array):
        stream.write(NO_DATA)
    elif stream is not None:
        del form.XFA


def _stream(xfa: object) -> pikepdf.Stream | None:
    """Return the stream with the data: the array names each one, a single stream holds them all."""
    stream = xfa
    if isinstance(xfa, pikepdf.Array):
        names = [as_text(part, 100) if isinstance(part, pikepdf.String) else "" for part in xfa]
        at = names.index("datasets") + 1 if "datasets" in names else len(names)
        stream = xfa[at] if at < len(names) else None
    return stream if isinstance(stream, pikepdf.Stream) else None


def _packet(xfa: object) -> bytes | None:
    """Return the packet with the data."""
    stream = _stream(xfa)
    if stream is None:
        return None
    content = stream.read_bytes()
    if len(content) > LARGEST:
        raise TooMuch(f"{LARGEST >> 20} MB of XFA data")
    return content


def _data(root: Element) -> Element:
    """Return what stands under <xfa:data>, or nothing."""
    found = (part for part in root.iter() if _name(part) == "data")
    return next(found, Element("data"))


def _leaves(parent: Element, path: Path) -> Iterator[tuple[Path, str]]:
    if len(path) > DEEPEST:
        raise TooMuch(f"{DEEPEST} boxes inside each other")
    for part in parent:
        below = (*path, _name(part))
        if len(part):
            yield from _leaves(part, below)
        else:
            yield below, part.text or ""


def _name(part: Element) -> str:
    return str(part.tag).rpartition("}")[2]


class _Found:
    """What the data says, by the path of its elements and by their last names."""

    def __init__(self, said: Mapping[Path, list[str]], boxes: Iterable[str]) -> None:
        self._by_path = {path[1:]: words for path, words in said.items()} | dict(said)
        self._by_last_name: dict[str, list[list[str]]] = {}
        for path, words in said.items():
            self._by_last_name.setdefault(path[-1], []).append(words)
        self._boxes = Counter(_plain(name)[-1] for name in boxes)

    def words(self, name: str) -> str | None:
        """Return what is at a box's path, with or without the name of the form before it.

        Else what stands under its last name, where that is its alone. None where nothing does.
        """
        own = _plain(name)
        found = self._by_path.get(own)
        if found is None:
            last = self._by_last_name.get(own[-1], [])
            found = last[0] if len(last) == 1 and self._boxes[own[-1]] == 1 else None
        return None if found is None else "\n".join(found)


def _plain(name: str) -> Path:
    """Return "form1[0].#page[0].Name[0]" as ("form1", "Name")."""
    parts = (part.partition("[")[0] for part in name.split("."))
    return tuple(part for part in parts if not part.startswith("#")) or (name,)


def _with(box: Box, words: str | None) -> Box:
    if words is None:
        return box
    text = normalised(words)
    if not box.is_button:
        return replace(box, value=text, raw=words)
    known = text in box.offers and bool(text)
    is_off = text in ("", "Off") or (text == "0" and not known)
    return replace(box, value=text if known else "", raw=words, legible=known or is_off)
