"""The boxes of a PDF form, by our own walk over pikepdf objects: a few ms for a recording form.

Names come from /T alone, never from /TM, which is a mapping name that some libraries report instead.
/V says what was stored; where it is missing, the circle's own /AS does. The walk goes from the top
down and never follows /Parent, so a file cannot lead it in circles.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import pikepdf

from formflow.reading import text
from formflow.reading.text import decoded, normalised

DEEPEST = 32  # levels of a field tree
PUSH_BUTTON = 1 << 16
COMBO = 1 << 17  # a list that opens; without it, one that always shows everything it offers
LONGEST_NAME = 1 << 10  # characters
BYTES_PER_CHARACTER = 4  # the most that any text encoding needs


class TooMuch(Exception):
    """The file exceeds a resource limit. The message says the limit, such as "500 boxes"."""


@dataclass(frozen=True, slots=True)
class Box:
    """One box of the form: what is stored in it, and the places where it is shown."""

    name: str
    kind: str  # "text", "choice", "list" or "button"
    value: str  # normalised text, or the state of a button; "" where blank
    raw: str  # as stored
    widgets: tuple[pikepdf.Object, ...] = field(repr=False, default=())
    shown: tuple[str | None, ...] = ()  # of a button: each widget's /AS, "" for off
    offers: tuple[str, ...] = ()  # the same: what each widget says when it is on, "" for nothing
    drawings: tuple[Mapping[str, pikepdf.Object], ...] = field(repr=False, default=())  # by state
    legible: bool = True  # False: something is stored, and nobody can say which answer it is
    labels: Mapping[str, str] = field(default_factory=dict)  # of a choice: stored value -> shown
    doubt: str = ""  # the notice about how its text is stored, "" for none

    @property
    def is_button(self) -> bool:
        """Return whether it is answered by marking a circle or a tick box."""
        return self.kind == "button"


class _Above(NamedTuple):
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
        raise TooMuch(f"{most_pages} pages")
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
        self._visited = 0
        self._seen: set[tuple[int, int]] = set()

    def visit(self, entry: Any, above: _Above) -> None:
        """Take a field, or go on to those below it."""
        if not isinstance(entry, pikepdf.Dictionary) or not self._is_new(entry):
            return
        self._visited += 1
        if self._visited > self._most:
            raise TooMuch(f"{self._most} boxes")
        if above.depth > DEEPEST:
            raise TooMuch(f"{DEEPEST} boxes inside each other")
        # Asking for a missing key costs six times as much as asking which keys there are.
        keys = entry.keys()
        here = _below(entry, keys, above)
        has_kids = "/Kids" in keys
        widgets = self._kids(entry["/Kids"]) if has_kids else (entry,)
        if has_kids and any("/T" in kid for kid in widgets):
            for kid in widgets:
                self.visit(kid, here)
            return
        self._take(here, widgets)

    def _kids(self, kids: Any) -> tuple[pikepdf.Object, ...]:
        if not isinstance(kids, pikepdf.Array):
            return ()
        if len(kids) > self._most:
            raise TooMuch(f"{self._most} places for one box")
        return tuple([kid for kid in kids if isinstance(kid, pikepdf.Dictionary)])

    def _is_new(self, entry: pikepdf.Object) -> bool:
        number = entry.objgen
        if number == (0, 0):
            return True  # written inside its parent: it cannot come round again
        known = number in self._seen
        self._seen.add(number)
        return not known

    def _take(self, here: _Above, widgets: tuple[pikepdf.Object, ...]) -> None:
        if not here.name or here.kind == "/Sig" or here.flags & PUSH_BUTTON:
            return
        box = _button(here, widgets) if here.kind == "/Btn" else self._text(here, widgets)
        before = self.found.get(box.name)
        self.found[box.name] = box if before is None else _both(before, box)

    def _text(self, here: _Above, widgets: tuple[pikepdf.Object, ...]) -> Box:
        raw = as_text(here.value, self._longest)
        if len(raw) > self._longest:
            raise TooMuch(f"{self._longest} characters in one box")
        legible = not isinstance(here.value, pikepdf.Dictionary)
        kind = _kind(here)
        labels = {} if kind == "text" else _labels(here.options)
        value = normalised(raw)
        doubt = text.doubt(bytes(here.value)) if isinstance(here.value, pikepdf.String) else ""
        return Box(
            here.name, kind, value, raw, widgets, legible=legible, labels=labels, doubt=doubt
        )


def _kind(here: _Above) -> str:
    if here.kind != "/Ch":
        return "text"
    return "choice" if here.flags & COMBO else "list"


def _below(entry: pikepdf.Object, keys: AbstractSet[str], above: _Above) -> _Above:
    name = as_text(entry["/T"], LONGEST_NAME) if "/T" in keys else ""
    flags = entry["/Ff"] if "/Ff" in keys else None
    return _Above(
        f"{above.name}.{name}" if above.name and name else above.name or name,
        str(entry["/FT"]) if "/FT" in keys else above.kind,
        entry["/V"] if "/V" in keys else above.value,
        flags if isinstance(flags, int) else above.flags,
        entry["/Opt"] if "/Opt" in keys else above.options,
        above.depth + 1,
    )


def as_text(value: Any, longest: int) -> str:
    """Return the characters of a stored text, list of texts or stream. Raise TooMuch."""
    if value is None:
        return ""
    if isinstance(value, pikepdf.String):
        return decoded(bytes(value))
    if isinstance(value, pikepdf.Stream):
        content = value.read_bytes()
        if len(content) > BYTES_PER_CHARACTER * longest:
            raise TooMuch(f"{longest} characters in one box")
        return decoded(content)
    if isinstance(value, pikepdf.Array):
        return "\n".join(as_text(part, longest) for part in value)
    return str(value)


def _both(before: Box, box: Box) -> Box:
    """Return one box for a name that stands twice in the file: shown in two places.

    Two answers to one question are none: which of them counts is laid down nowhere.
    """
    contradict = bool(before.value and box.value) and before.value != box.value
    kept = box if box.value else before
    return replace(
        kept,
        raw=f"{before.raw}\n{box.raw}" if contradict else kept.raw,
        widgets=before.widgets + box.widgets,
        shown=before.shown + box.shown,
        offers=before.offers + box.offers,
        drawings=before.drawings + box.drawings,
        legible=before.legible and box.legible and not contradict,
    )


def _button(here: _Above, widgets: tuple[pikepdf.Object, ...]) -> Box:
    # Lists, and not generators, here and below: a form has two hundred circles.
    shown = tuple([_shown(widget.get("/AS")) for widget in widgets])
    raw = (
        next((state for state in shown if state), "") if here.value is None else _state(here.value)
    )
    drawings = tuple([_drawings(widget) for widget in widgets])
    offers = tuple([_on_state(states) for states in drawings])
    value = _labelled(raw, here.options, offers)
    legible = here.value is None or isinstance(here.value, (pikepdf.Name, pikepdf.String))
    legible = legible and _is_one_place(value, shown, offers)
    return Box(here.name, "button", value, raw, widgets, shown, offers, drawings, legible)


def _is_one_place(value: str, shown: tuple[str | None, ...], offers: tuple[str, ...]) -> bool:
    """Return whether a state that is stored says which circle it means.

    A box that is on several pages stores each of its states as often. Two circles of one row that store
    the same do not, or only one of them is marked.
    """
    if not value or offers.count(value) < 2:
        return True
    marked = {
        state is not None and state == value
        for state, offer in zip(shown, offers, strict=True)
        if offer == value
    }
    return len(marked) == 1 and len({offers.count(offer) for offer in offers}) == 1


def _shown(state: Any) -> str | None:
    return None if state is None else _state(state)


def _state(value: Any) -> str:
    """Return a button's state without its slash, "" for off. Some programs store it as text "/yes"."""
    if isinstance(value, pikepdf.Name):
        stored = str(value)
    elif isinstance(value, pikepdf.String):
        stored = decoded(bytes(value))
    else:
        return ""
    state = stored.removeprefix("/")
    return "" if state == "Off" else state


def _labelled(raw: str, options: Any, offers: tuple[str, ...]) -> str:
    """Return the state that a program meant when it stored the label of /Opt instead."""
    if not raw or not isinstance(options, pikepdf.Array):
        return raw
    labels = [as_text(option, LONGEST_NAME) for option in options]
    if raw not in labels or len(labels) != len(offers):
        return raw
    return offers[labels.index(raw)] or raw


def _labels(options: Any) -> dict[str, str]:
    """Return what a list shows for each value that it stores. What is not a pair shows itself."""
    pairs = options if isinstance(options, pikepdf.Array) else ()
    labels = {}
    for pair in pairs:
        if isinstance(pair, pikepdf.Array) and len(pair) == 2:
            stored, shown = (normalised(as_text(part, LONGEST_NAME)) for part in pair)
            labels[stored] = shown
    return labels


def _drawings(widget: pikepdf.Object) -> dict[str, pikepdf.Object]:
    """Return how a circle or box looks in each state that it can take, by the state with its slash.

    A drawing that is not in the file is none.
    """
    looks = widget["/AP"].get("/N") if "/AP" in widget else None
    found = looks.items() if isinstance(looks, pikepdf.Dictionary) else ()
    return {state: drawing for state, drawing in found if drawing is not None}


def _on_state(drawings: Mapping[str, pikepdf.Object]) -> str:
    """Return the first state besides off, "" for none."""
    for state in drawings:
        if state != "/Off":
            return state.removeprefix("/")
    return ""
