"""The XML of one part of a workbook: where its elements are, to the byte, and edits that leave the rest.

Elements are told by their namespace and never by their prefix: a drawing has rows too, and an extension
has tables. Nothing is written anew: an edit replaces some bytes, and every other byte stays.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr, unescape

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
EXCEL = (
    "http://schemas.microsoft.com/office/excel/2006/main"  # of what an extension holds: xm:sqref
)
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_ESCAPES = {"&quot;": '"', "&apos;": "'"}
_NUMBERED = re.compile(r"&#(?:x([0-9A-Fa-f]+)|([0-9]+));")


class NotPlain(Exception):
    """A part is written in a way that FormFlow does not edit. The text says what was found."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its local name, its attributes, and the four places where its tags begin and end."""

    name: str
    raw_name: str  # as it is written, with its prefix
    attributes: Mapping[str, str]  # local names; those of another namespace as "namespace name"
    start: int
    inside: int  # where the start tag has ended
    inside_end: (
        int  # where the end tag begins; equals `inside` and `end` where the element is empty
    )
    end: int
    above: tuple[str, ...]  # local names of the elements around it, the outermost first

    @property
    def is_empty_tag(self) -> bool:
        """Return whether it is written as one tag, <such/>."""
        return self.inside == self.end

    @property
    def prefix(self) -> str:
        """Return the prefix with its colon, "" where there is none."""
        return self.raw_name[: -len(self.name)]


@dataclass(frozen=True, slots=True)
class Edit:
    """These bytes of a part are replaced by others. Where start equals end, they are put in."""

    start: int
    end: int
    new: bytes


def scan(
    content: bytes,
    wanted: Collection[str],
    *,
    namespaces: Collection[str] = (MAIN,),
    dark: tuple[int, int] | None = None,
    is_dark_known: bool = False,
) -> list[Element]:
    """Return the elements with these local names in these namespaces, as they begin.

    Between the two places of `dark` nothing is looked for, only whether it is well-formed; where that is
    known, not even that. Raise NotPlain for a part that is not UTF-8, not well-formed or has a DOCTYPE.
    """
    scanner = _Scanner(content, frozenset(wanted), frozenset(namespaces))
    scanner.run(dark, is_dark_known=is_dark_known)
    return scanner.found


class _Scanner:
    def __init__(self, content: bytes, wanted: frozenset[str], spaces: frozenset[str]) -> None:
        self._content = content
        self._wanted, self._spaces = wanted, spaces
        self._open: list[tuple[str, bool, dict[str, str], int, int]] = []
        self._skipped = 0
        self.found: list[Element] = []
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = _refuse_doctype
        self._hear()

    def run(self, dark: tuple[int, int] | None, *, is_dark_known: bool) -> None:
        content, parser = self._content, self._parser
        if content[:2] in (b"\xff\xfe", b"\xfe\xff") or _is_declared_otherwise(content):
            raise NotPlain("it is not written in UTF-8")
        try:
            if dark is None:
                parser.Parse(content, True)
            else:
                start, end = dark
                parser.Parse(content[:start], False)
                parser.StartElementHandler = parser.EndElementHandler = None
                if is_dark_known:
                    self._skipped = end - start
                else:
                    parser.Parse(content[start:end], False)
                self._hear()
                parser.Parse(content[end:], True)
        except expat.ExpatError:
            raise NotPlain("it is damaged") from None
        self.found.sort(key=lambda element: element.start)

    def _hear(self) -> None:
        self._parser.StartElementHandler = self._starts
        self._parser.EndElementHandler = self._ends

    def _at(self) -> int:
        return self._parser.CurrentByteIndex + self._skipped

    def _starts(self, name: str, attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        start = self._at()
        is_wanted = local in self._wanted and space in self._spaces
        inside = end_of_tag(self._content, start) if is_wanted else 0
        self._open.append((local, is_wanted, attributes, start, inside))

    def _ends(self, _: str) -> None:
        local, is_wanted, attributes, start, inside = self._open.pop()
        if not is_wanted:
            return
        content = self._content
        inside_end = end = inside
        if content[inside - 2 : inside] != b"/>":
            inside_end = self._at()
            end = end_of_tag(content, inside_end)
        raw = re.match(rb"<([^\s/>]+)", content[start:inside])
        raw_name = raw[1].decode() if raw else local
        above = tuple(name for name, *_ in self._open)
        self.found.append(
            Element(local, raw_name, attributes, start, inside, inside_end, end, above)
        )


def _refuse_doctype(*_: object) -> None:
    raise NotPlain("it has a DOCTYPE")


def _is_declared_otherwise(content: bytes) -> bool:
    declared = re.match(rb"(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding=[\"']([^\"']+)", content[:200])
    return declared is not None and declared[1].lower() not in (b"utf-8", b"us-ascii", b"ascii")


def end_of_tag(content: bytes, start: int) -> int:
    """Return where the tag that begins at `start` has ended. Quotes may hold a ">"."""
    end = start
    while True:
        end = content.index(b">", end) + 1
        tag = content[start:end]
        if tag.count(b'"') % 2 == 0 and _is_outside_single(tag):
            return end


def _is_outside_single(tag: bytes) -> bool:
    without = re.sub(rb'"[^"]*"', b"", tag)
    return without.count(b"'") % 2 == 0


def attribute_set(content: bytes, element: Element, name: str, value: str) -> Edit:
    """Return the edit that gives an element an attribute, or another value of it."""
    tag = content[element.start : element.inside]
    pattern = rb"(\s" + re.escape(name.encode()) + rb"\s*=\s*)(\"[^\"]*\"|'[^']*')"
    written = quoteattr(value).encode()
    if found := re.search(pattern, tag):
        return Edit(element.start + found.start(2), element.start + found.end(2), written)
    at = element.inside - (2 if tag.endswith(b"/>") else 1)
    return Edit(at, at, b" " + name.encode() + b"=" + written)


def edited(content: bytes, edits: Iterable[Edit]) -> bytes:
    """Return a part with some bytes replaced. Raise NotPlain where two edits meet."""
    parts, at = [], 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if edit.start < at:
            raise NotPlain("two changes would meet in one place")
        parts += [content[at : edit.start], edit.new]
        at = edit.end
    return b"".join([*parts, content[at:]])


def undone(content: bytes, before: bytes, edits: Iterable[Edit]) -> bytes:
    """Return what an edited part was before: each edit taken back, with the bytes of `before`."""
    parts, at, shift = [], 0, 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        start = edit.start + shift
        parts += [content[at:start], before[edit.start : edit.end]]
        at = start + len(edit.new)
        shift += len(edit.new) - (edit.end - edit.start)
    return b"".join([*parts, content[at:]])


def text_of(raw: bytes) -> str:
    """Return the text between two tags, without its escapes."""
    text = _NUMBERED.sub(lambda m: chr(int(m[1], 16) if m[1] else int(m[2])), raw.decode())
    return unescape(text, _ESCAPES)


def as_text(text: str) -> str:
    """Return a text as it is written between two tags."""
    return escape(text)
