"""Answers that stand only in a form's XFA part, which other readers see as a blank form.

The data packet alone is read, with defusedxml: no entities, no outside files. Its elements belong to
boxes by their path, or by their last name where only one box has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from xml.etree.ElementTree import Element

import pikepdf
from defusedxml import DefusedXmlException, ElementTree

from formflow.read.acroform import Box, TooMuch, as_text
from formflow.read.text import normalised

LARGEST = 4 << 20  # bytes of the data packet
DEEPEST = 32
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
    said: dict[Path, str] = {}
    for path, words in _leaves(_data(root), ()):
        said[path] = f"{said[path]}\n{words}" if path in said else words
    return {name: _with(box, _find(name, boxes, said)) for name, box in boxes.items()}


def _packet(xfa: object) -> bytes | None:
    """Return the packet with the data: the array names each one, a single stream holds them all."""
    stream = xfa
    if isinstance(xfa, pikepdf.Array):
        names = [as_text(part, 100) if isinstance(part, pikepdf.String) else "" for part in xfa]
        at = names.index("datasets") + 1 if "datasets" in names else len(names)
        stream = xfa[at] if at < len(names) else None
    if not isinstance(stream, pikepdf.Stream):
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


def _find(name: str, boxes: Mapping[str, Box], said: Mapping[Path, str]) -> str | None:
    own = _plain(name)
    for path, words in said.items():
        if own in (path, path[1:]):  # with and without the name of the form
            return words
    last = [path for path in said if path[-1] == own[-1]]
    alone = sum(_plain(other)[-1] == own[-1] for other in boxes) == 1
    return said[last[0]] if alone and len(last) == 1 else None


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
