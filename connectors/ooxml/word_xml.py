"""WordprocessingML with the place of each element in its bytes, so that a part is changed where it must be and nowhere else.

document.xml -> Node(name="w:document", start=55, inner=1210, close=9801, end=9815, children=[...])
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from formflow_connectors.ooxml.part_xml import NotPlain

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
MOST_DEEP = 400  # elements within one another; Word itself stops long before
_TAG = re.compile(rb"<([^\s/>]+)(?:\s+[^\s=]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*\s*(/?)>")


@dataclass(slots=True)
class Node:
    """One element, and where it is in the bytes: content[start:end] is all of it."""

    name: (
        str  # "w:tc" for those of WordprocessingML, whatever their prefix is; else "namespace name"
    )
    start: int
    inner: int  # behind its start tag
    close: int = 0  # before its end tag; equals `inner` for <w:tc/>
    end: int = 0
    attributes: dict[str, str] = field(default_factory=dict)  # by names in the same form
    children: list[Node] = field(default_factory=list)
    text: str = ""  # directly in it

    def child(self, name: str) -> Node | None:
        """Return the first element directly in it that has a name, or None."""
        return next((one for one in self.children if one.name == name), None)

    def all(self, name: str) -> list[Node]:
        """Return the elements directly in it that have a name."""
        return [one for one in self.children if one.name == name]

    def walk(self) -> Iterator[Node]:
        """Yield it and everything in it, in the order of the bytes."""
        yield self
        for child in self.children:
            yield from child.walk()


def parse(content: bytes) -> Node:
    """Return the root of a part. Raise NotPlain."""
    reading = _Reading(content)
    parser = expat.ParserCreate(encoding="utf-8", namespace_separator=" ")
    parser.StartElementHandler = lambda name, told: reading.starts(
        name, told, parser.CurrentByteIndex
    )
    parser.EndElementHandler = lambda _: reading.ends(parser.CurrentByteIndex)
    parser.CharacterDataHandler = reading.says
    parser.StartDoctypeDeclHandler = _has_doctype
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, UnicodeDecodeError) as problem:
        raise NotPlain("it is damaged") from problem
    return reading.root.children[0]


def _has_doctype(*_: object) -> None:
    raise NotPlain("it has a DOCTYPE")


class _Reading:
    """The elements that are open while a part is read."""

    def __init__(self, content: bytes) -> None:
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise NotPlain("it is not written in UTF-8")
        self._content = content
        self.root = Node("", 0, 0)
        self._open = [self.root]

    def starts(self, name: str, told: dict[str, str], at: int) -> None:
        tag = _TAG.match(self._content, at)
        if tag is None or len(self._open) > MOST_DEEP:
            raise NotPlain("it is damaged")
        attributes = {_short(key): value for key, value in told.items()}
        node = Node(_short(name), at, tag.end(), attributes=attributes)
        if tag[2]:
            node.close = node.end = tag.end()
        self._open[-1].children.append(node)
        self._open.append(node)

    def ends(self, at: int) -> None:
        node = self._open.pop()
        if not node.end:
            node.close = at
            node.end = self._content.index(b">", at) + 1

    def says(self, text: str) -> None:
        self._open[-1].text += text


def _short(name: str) -> str:
    namespace, _, local = name.rpartition(" ")
    return f"w:{local}" if namespace == WORD else name
