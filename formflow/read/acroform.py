"""The boxes of a PDF form, by our own walk over pikepdf objects: a few ms for a recording form.

Names come from /T alone, never from /TM, which is a mapping name that some libraries report instead.
/V says what was stored; where it is missing, the circle's own /AS does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pikepdf

from formflow.read.text import normalised

DEEPEST = 32  # levels of a field tree
PUSH_BUTTON = 1 << 16
OFF = ("", "Off")


class TooMuch(Exception):
    """The file wants more than a form may cost. The message is the limit."""


@dataclass(frozen=True, slots=True)
class Box:
    """One box of the form: what is stored in it, and the places where it is shown."""

    name: str
    is_button: bool
    value: str  # normalised text, or the state of a button; "" where blank
    raw: str  # as stored
    widgets: tuple[pikepdf.Object, ...] = field(repr=False, default=())


@dataclass(frozen=True, slots=True)
class _Above:
    """What a field takes over from those above it."""

    name: str = ""
    kind: str = ""
    value: Any = None
    flags: int = 0
    options: Any = None
    depth: int = 0


def boxes(pdf: pikepdf.Pdf, most: int, longest: int, most_pages: int) -> dict[str, Box]:
    """Return every box of a PDF by its full name. {} where there is no form.

    Raise TooMuch beyond `most` boxes, `longest` characters in one of them, or `most_pages` pages.
    """
    form = pdf.Root.get("/AcroForm")
    if not isinstance(form, pikepdf.Dictionary):
        return {}
    if len(pdf.pages) > most_pages:
        raise TooMuch(str(most_pages))
    walk = _Walk(most, longest)
    fields = form.get("/Fields")
    if isinstance(fields, pikepdf.Array):
        for entry in fields:
            walk.visit(entry, _Above())
    return walk.found


class _Walk:
    """One walk over the field tree, with its limits and what it has seen."""

    def __init__(self, most: int, longest: int) -> None:
        self.found: dict[str, Box] = {}
        self._most, self._longest = most, longest
        self._seen: set[tuple[int, int]] = set()

    def visit(self, entry: Any, above: _Above) -> None:
        """Take a field, or go on to those below it."""
        if not isinstance(entry, pikepdf.Dictionary) or not self._is_new(entry):
            return
        if above.depth > DEEPEST:
            raise TooMuch(str(DEEPEST))
        here = _below(entry, above)
        kids = entry.get("/Kids")
        named = self._named_kids(kids)
        if named:
            for kid in named:
                self.visit(kid, here)
            return
        widgets = tuple(k for k in kids if isinstance(k, pikepdf.Dictionary)) if kids else (entry,)
        self._take(here, widgets)

    def _is_new(self, entry: pikepdf.Object) -> bool:
        if not entry.is_indirect:
            return True
        known = entry.objgen in self._seen
        self._seen.add(entry.objgen)
        return not known

    def _named_kids(self, kids: Any) -> list[Any]:
        """Return the kids that are fields of their own: those with a name."""
        if not isinstance(kids, pikepdf.Array):
            return []
        return [kid for kid in kids if isinstance(kid, pikepdf.Dictionary) and "/T" in kid]

    def _take(self, here: _Above, widgets: tuple[pikepdf.Object, ...]) -> None:
        if not here.name or here.kind == "/Sig" or here.flags & PUSH_BUTTON:
            return
        box = _button(here, widgets) if here.kind == "/Btn" else self._text(here, widgets)
        before = self.found.get(box.name)
        if before is not None:  # the same name twice: one box shown in two places
            box = replace(box if box.value else before, widgets=before.widgets + box.widgets)
        self.found[box.name] = box
        if len(self.found) > self._most:
            raise TooMuch(str(self._most))

    def _text(self, here: _Above, widgets: tuple[pikepdf.Object, ...]) -> Box:
        raw = _as_text(here.value, self._longest)
        if len(raw) > self._longest:
            raise TooMuch(str(self._longest))
        return Box(here.name, False, normalised(raw), raw, widgets)


def _below(entry: pikepdf.Object, above: _Above) -> _Above:
    own = entry.get("/T")
    name = str(own) if own is not None else ""
    kind, flags = entry.get("/FT"), entry.get("/Ff")
    value, options = entry.get("/V"), entry.get("/Opt")
    return _Above(
        name=".".join(part for part in (above.name, name) if part),
        kind=str(kind) if kind is not None else above.kind,
        value=above.value if value is None else value,
        flags=int(flags) if isinstance(flags, int) else above.flags,
        options=above.options if options is None else options,
        depth=above.depth + 1,
    )


def _as_text(value: Any, longest: int) -> str:
    if value is None:
        return ""
    if isinstance(value, pikepdf.Stream):
        # Four bytes a character is the most that any text encoding needs.
        content = value.read_bytes()
        if len(content) > 4 * longest:
            raise TooMuch(str(longest))
        return _decoded(content)
    if isinstance(value, pikepdf.Array):
        return "\n".join(_as_text(part, longest) for part in value)
    if isinstance(value, pikepdf.String):
        content = bytes(value)
        return _decoded(content) if content[:3] == b"\xef\xbb\xbf" else str(value)
    return str(value)


def _decoded(content: bytes) -> str:
    """Return a text string's characters: UTF-16 or UTF-8 by its mark, else PDFDocEncoding."""
    if content[:3] == b"\xef\xbb\xbf":
        return content[3:].decode("utf-8", "replace")
    return str(pikepdf.String(content))


def _button(here: _Above, widgets: tuple[pikepdf.Object, ...]) -> Box:
    stored = _state(here.value)
    shown = [state for state in (_state(widget.get("/AS")) for widget in widgets) if state]
    raw = stored if stored or here.value is not None else next(iter(shown), "")
    value = _labelled(raw, here.options, widgets)
    return Box(here.name, True, value, raw, widgets)


def _state(value: Any) -> str:
    """Return a button's state without its slash, "" for off. Some programs store it as text "/yes"."""
    if value is None or isinstance(value, pikepdf.Array | pikepdf.Dictionary):
        return ""
    text = str(value).removeprefix("/")
    return "" if text in OFF else text


def _labelled(raw: str, options: Any, widgets: tuple[pikepdf.Object, ...]) -> str:
    """Return the state that a program meant when it stored the label of /Opt instead."""
    if not raw or not isinstance(options, pikepdf.Array):
        return raw
    labels = [str(option) for option in options]
    if raw not in labels or len(labels) != len(widgets):
        return raw
    return _on_state(widgets[labels.index(raw)]) or raw


def on_states(widget: pikepdf.Object) -> Iterator[str]:
    """Yield the states that a circle or box can take besides off."""
    drawings = widget.get("/AP")
    looks = drawings.get("/N") if isinstance(drawings, pikepdf.Dictionary) else None
    if isinstance(looks, pikepdf.Dictionary):
        yield from (key.removeprefix("/") for key in looks.keys() if key != "/Off")  # noqa: SIM118


def _on_state(widget: pikepdf.Object) -> str:
    return next(on_states(widget), "")
