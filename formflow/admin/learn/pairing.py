"""Which of our questions each box asks: by likeness of words, each question once, never a guess.

Pure. What is not clear is said to be not clear; what is like nothing of ours keeps a name of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rapidfuzz import fuzz

from formflow.admin.learn.labels import Certainty, Near
from formflow.admin.learn.ticks import grouped, without_its_say
from formflow.forms.catalogue import Field, FieldKind, Form

SURE, NOT_SURE = 82.0, 62.0  # of 100: how like a question the words at a box are
THE_SAME = 97.0  # the same: then another question may be nearly as like
CLEARLY = 6.0  # of 100: how much liker than the next question
WRITTEN = (FieldKind.TEXT, FieldKind.LONG_TEXT, FieldKind.DATE, FieldKind.MOMENT)
NEGATES = frozenset(("no", "not", "never", "none", "without", "nobody"))
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True, slots=True)
class Pair:
    """One box, or several that belong together, and the question of ours that they ask."""

    boxes: tuple[Near, ...]
    name: str  # our question's name where that is sure, else one of its own
    kind: FieldKind
    label: str
    question: Field | None  # of ours; None: the rules will not know it
    likeness: float = 0.0  # of 100
    is_sure: bool = False
    is_unclear: bool = (
        False  # of a tick: it counts as "not known" until a person says what it means
    )
    states: Mapping[str, str] | None = None  # our state -> printed; None for text
    means: Mapping[str, str] | None = None  # stored -> our state

    @property
    def certainty(self) -> Certainty:
        """How sure the label is."""
        return Certainty.UNSURE if self.is_unclear else self.boxes[0].certainty


def pairs(boxes: Sequence[Near], ours: Form) -> list[Pair]:
    """Return every box that a person fills in with the question of ours that it asks, if any."""
    boxes = grouped(boxes)
    scored = sorted(_scores(boxes, ours), key=lambda found: -found[0])
    taken: dict[str, tuple[Field | None, float]] = {}
    given_away: set[str] = set()
    for score, box, field in scored:
        if box.name not in taken and field.name not in given_away:
            taken[box.name] = (field, score)
            given_away.add(field.name)
    names = set(given_away)
    found = []
    for box in boxes:
        question, score = taken.get(box.name, (None, 0.0))
        clear = question is not None and _is_sure(box, question, score, scored)
        found.append(_pair(box, question, score, is_sure=clear, names=names))
    return list(_joined(found))


def _is_sure(
    box: Near, question: Field, score: float, scored: Sequence[tuple[float, Near, Field]]
) -> bool:
    """Return whether two signs, the print and what the box calls itself, say the same question.

    Neither another question nor another box may be nearly as like, and one word, such as "Date", says
    too little.
    """
    asked = _asked(question)
    signs = [words for words in (box.label, box.tooltip, box.own_words) if words]
    agreeing = [words for words in signs if _by_words(words, asked) >= SURE]
    rivals = [
        other
        for other, one, field in scored
        if score - other < CLEARLY
        and (
            (one.name != box.name and field.name == question.name)
            or (one.name == box.name and field.name != question.name and score < THE_SAME)
        )
    ]
    return (
        not rivals
        and not box.is_unclear
        and box.label in agreeing
        and len(agreeing) > 1
        and any(len(_plain(words).split()) > 1 for words in agreeing)
        and all(_negates(words) == _negates(question.label) for words in agreeing)
    )


def _by_words(said: str, asked: Sequence[str]) -> float:
    return max((fuzz.token_sort_ratio(_plain(said), _plain(one)) for one in asked), default=0.0)


def _negates(label: str) -> bool:
    return bool(NEGATES & set(_plain(label).split()))


def _scores(boxes: Sequence[Near], ours: Form) -> Iterator[tuple[float, Near, Field]]:
    for box in boxes:
        for field in ours.fields.values():
            if _may_be(box, field):
                score = _likeness(box, field)
                if score >= NOT_SURE:
                    yield score, box, field


def _may_be(box: Near, field: Field) -> bool:
    if box.kind == "text":
        return field.kind in WRITTEN
    return field.kind is FieldKind.TICK and box.means is not None


def _likeness(box: Near, field: Field) -> float:
    said = [words for words in (box.label, box.tooltip, box.own_words) if words]
    return max((_alike(one, other) for one in said for other in _asked(field)), default=0.0)


def _asked(field: Field) -> list[str]:
    return [words for words in (field.label, field.hint, field.name.replace("_", " ")) if words]


def _alike(one: str, other: str) -> float:
    """Return how alike two labels are, from 0 to 100: by their words, and by their length."""
    a, b = _plain(one), _plain(other)
    if not a or not b:
        return 0.0
    return 0.6 * fuzz.token_sort_ratio(a, b) + 0.4 * fuzz.token_set_ratio(a, b)


def _plain(label: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", label.casefold().replace("’", "").replace("'", "")))


def _pair(box: Near, field: Field | None, score: float, *, is_sure: bool, names: set[str]) -> Pair:
    # What is not sure keeps a name of its own until a person gives it ours: nothing is guessed.
    name = field.name if field and is_sure else _own_name(box, names)
    names.add(name)
    kind = field.kind if field and is_sure else _own_kind(box)
    label = box.label or box.tooltip or box.own_words.capitalize()
    pair = Pair(box.parts or (box,), name, kind, label, field, score, is_sure)
    if box.kind == "text" or box.kind == "list":
        return pair
    if box.means is not None:
        return replace(pair, kind=FieldKind.TICK, means=box.means, is_unclear=box.is_unclear)
    stored = _stored(box)
    if len(stored) < 2:
        return replace(pair, kind=FieldKind.TEXT)
    words = _single_words([printed for _, printed in stored])
    return replace(
        pair,
        kind=FieldKind.CHOICE,
        states={word: printed for word, (_, printed) in zip(words, stored, strict=True)},
        means={one: word for word, (one, _) in zip(words, stored, strict=True)},
    )


def _own_kind(box: Near) -> FieldKind:
    if box.several_lines:
        return FieldKind.LONG_TEXT
    is_date = re.search(r"\bdate\b|\bdob\b", f"{box.label} {box.own_words}".casefold())
    return FieldKind.DATE if is_date and box.kind == "text" else FieldKind.TEXT


def _own_name(box: Near, names: set[str]) -> str:
    words = without_its_say(box.own_words) if box.parts else box.own_words
    plain = "_".join(_plain(words).split()) or "box"
    stem = plain if plain[0].isalpha() else f"box_{plain}"
    number, name = 1, stem
    while name in names:
        number += 1
        name = f"{stem}_{number}"
    return name


def _stored(box: Near) -> list[tuple[str, str]]:
    """Return what a button or choice can store, each with what is printed or shown for it."""
    if box.shown:
        return list(box.shown.items())
    found: dict[str, str] = {}
    for place, printed in zip(box.places, box.beside, strict=False):
        if place.state:
            found.setdefault(place.state, printed or place.state)
    return list(found.items())


def _single_words(labels: Sequence[str]) -> list[str]:
    """Return a single word in small letters for each label, all of them different."""
    words: list[str] = []
    for number, label in enumerate(labels):
        letters = [
            DIGITS[int(sign)] if sign.isdecimal() and sign.isascii() else sign for sign in label
        ]
        found = re.findall("[a-z]+", "".join(letters).casefold())
        word = "".join(found[:2]) or f"state{DIGITS[number % 10]}"
        while word in words:
            word += "x"
        words.append(word)
    return words


def _joined(found: Sequence[Pair]) -> Iterator[Pair]:
    """Yield the pairs, with a box for the time joined to the box for the day on its left."""
    held: Pair | None = None
    for pair in found:
        if held is not None and _is_its_time(held, pair):
            held = replace(held, boxes=(*held.boxes, *pair.boxes))
            continue
        if held is not None:
            yield held
        held = pair
    if held is not None:
        yield held


def _is_its_time(day: Pair, time: Pair) -> bool:
    one, other = day.boxes[0], time.boxes[0]
    if day.kind is not FieldKind.MOMENT or other.kind != "text" or len(day.boxes) > 1:
        return False
    on_one_line = bool(one.places and other.places) and (
        one.places[0].page == other.places[0].page
        and abs(one.places[0].rectangle[1] - other.places[0].rectangle[1]) < 4
    )
    return on_one_line and "time" in f"{other.own_words} {other.label}".casefold()
