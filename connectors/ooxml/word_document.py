"""A .docx file as the package that it is: which part holds the text, what forbids changing it, and one part put in place of another.

Every other part stays byte for byte as it is.
"""

from __future__ import annotations

import posixpath

from formflow_connectors.ooxml import book_zip
from formflow_connectors.ooxml.book_zip import Archive, NoWorkbook
from formflow_connectors.ooxml.part_xml import OFFICE, RELATIONS, NotPlain
from formflow_connectors.ooxml.word_xml import Node, parse

_RELATIONS = "_rels/.rels"
_TRUE = ("1", "true", "on")
_REFUSED = {"damaged": "FF-532", "large": "FF-532", "password": "FF-530", "old": "FF-530"}


class Refused(Exception):
    """A document that is not changed; `code` is that of the message that says why."""

    def __init__(self, code: str, **words: str) -> None:
        super().__init__(code)
        self.code = code
        self.words = words


class Document:
    """A document as it was read."""

    def __init__(self, content: bytes) -> None:
        """Open it. Raise Refused where it may not be changed, or cannot be read."""
        self._archive = _opened(content)
        self.name = self._name_of_text()
        self.text = self._read(self.name)
        is_signed = any(one.startswith("_xmlsignatures/") for one in self._archive.parts)
        if is_signed or self._is_protected():
            raise Refused("FF-530")

    def with_text(self, text: bytes) -> bytes:
        """Return the file with another text. Raise Refused where anything else would change."""
        made = book_zip.rewritten(self._archive, {self.name: text})
        new = _opened(made)
        if list(new.parts) != list(self._archive.parts) or new.comment != self._archive.comment:
            raise Refused("FF-533")
        for name in new.parts:
            if _part(new, name) != (text if name == self.name else self._read(name)):
                raise Refused("FF-533")
        return made

    def _read(self, name: str) -> bytes:
        return _part(self._archive, name)

    def _name_of_text(self) -> str:
        """Return which part holds the text: most often word/document.xml, but programs are free."""
        if _RELATIONS in self._archive.parts:
            for one in _parsed(self._read(_RELATIONS)).all(f"{RELATIONS} Relationship"):
                name = posixpath.normpath(one.attributes.get("Target", "").lstrip("/"))
                is_text = one.attributes.get("Type") == f"{OFFICE}/officeDocument"
                if is_text and name in self._archive.parts:
                    return name
        raise Refused("FF-532")

    def _is_protected(self) -> bool:
        """Return whether the document may be changed only with a password, or in form fields alone."""
        name = posixpath.join(posixpath.dirname(self.name), "settings.xml")
        if name not in self._archive.parts:
            return False
        settings = _parsed(self._read(name))
        return any(_forbids(one) for one in settings.children)


def _forbids(setting: Node) -> bool:
    told = setting.attributes
    if setting.name == "w:documentProtection":
        return told.get("w:enforcement") in _TRUE
    has_password = any(name.startswith(("w:hash", "w:crypt")) for name in told)
    return setting.name == "w:writeProtection" and has_password


def _opened(content: bytes) -> Archive:
    try:
        return book_zip.opened(content)
    except NoWorkbook as problem:
        raise Refused(_REFUSED[problem.why]) from None
    except NotPlain:
        raise Refused("FF-532") from None


def _part(archive: Archive, name: str) -> bytes:
    try:
        return archive.read(name)
    except (NoWorkbook, NotPlain):
        raise Refused("FF-532") from None


def _parsed(part: bytes) -> Node:
    try:
        return parse(part)
    except NotPlain:
        raise Refused("FF-532") from None
