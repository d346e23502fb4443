"""Which of our questions each box asks: by likeness of words, each question once, never a guess.

Pure. What is not clear is said to be not clear; what is like nothing of ours keeps a name of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from formflow.admin.learn.groups import Of
from formflow.admin.learn.labels import Certainty, Near
from formflow.admin.learn.lists import listed
from formflow.admin.learn.meaning import ANYBODYS, NOT_SURE, THE_SAME, is_sure, likeness
from formflow.admin.learn.ticks import grouped, without_its_say
from formflow.admin.learn.words import is_automatic, plain
from formflow.forms.catalogue import Field, FieldKind, Form

LINE = 24.0  # points between the feet of boxes on one line
CLEARLY = 6.0  # of 100: how much liker than the next question
MOST_WORDS = 6  # of a label in a name
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
    means: Mapping[str, str] | None = None  # stored -> our state; of a list: what is printed
    is_list: bool = False  # several boxes may be ticked: what is printed at those is the answer
    certainty: Certainty = Certainty.UNSURE  # of the label
    why: str = ""


def pairs(boxes: Sequence[Near], ours: Form) -> list[Pair]:
    """Return every box that a person fills in with the question of ours that it asks, if any."""
    boxes = listed(grouped(boxes), ours)
    scored = sorted(_scores(boxes, ours), key=lambda found: -found[0])
    taken: dict[str, tuple[Field | None, float]] = {}
    given_away: set[str] = set()
    for score, box, field in scored:
        if box.name not in taken and field.name not in given_away:
            taken[box.name] = (field, score)
            given_away.add(field.name)
    names = set(given_away)
    found: list[Pair] = []
    for box in boxes:
        question, score = taken.get(box.name, (None, 0.0))
        clear = (
            question is not None
            and is_sure(box, question)
            and not _has_rivals(box, question, score, scored)
            and (plain(box.label) not in ANYBODYS or _is_of_the_child(box, found))
        )
        found.append(_pair(box, question, score, is_sure=clear, names=names))
    return list(_joined(found))


def _has_rivals(
    box: Near, question: Field, score: float, scored: Sequence[tuple[float, Near, Field]]
) -> bool:
    """Return whether another question or another box is nearly as like."""
    return any(
        score - other < CLEARLY
        and (
            (one.name != box.name and field.name == question.name)
            or (one.name == box.name and field.name != question.name and score < THE_SAME)
        )
        for other, one, field in scored
    )


def _is_of_the_child(box: Near, before: Sequence[Pair]) -> bool:
    """Return whether a date of birth that says no more follows the child's name, or calls itself the child's."""
    said = {*plain(box.tooltip).split(), *box.own_words.split()}
    follows = bool(before) and before[-1].is_sure and before[-1].name == "child_a_name"
    return follows or bool({"child", "childs", "pupil", "student"} & said)


def _scores(boxes: Sequence[Near], ours: Form) -> Iterator[tuple[float, Near, Field]]:
    for number, box in enumerate(boxes):
        around = (*boxes[max(0, number - 2) : number], *boxes[number + 1 : number + 3])
        beside = [one for one in around if _on_one_line(box, one)]
        for field in ours.fields.values():
            score = likeness(box, field, beside)
            if score >= NOT_SURE:
                yield score, box, field


def _pair(box: Near, field: Field | None, score: float, *, is_sure: bool, names: set[str]) -> Pair:
    # What is not sure keeps a name of its own until a person gives it ours: nothing is guessed.
    kind = field.kind if field and is_sure else _own_kind(box)
    label = box.label or box.tooltip or box.own_words.capitalize()
    name = field.name if field and is_sure else own_name(box, label, names)
    certainty = Certainty.UNSURE if box.is_unclear else box.certainty
    pair = Pair(
        box.parts or (box,),
        name,
        kind,
        label,
        field,
        score,
        is_sure,
        certainty=certainty,
        why=box.why,
    )
    if box.kind == "text" or box.kind == "list":
        return pair
    if box.parts_of is Of.LIST:
        return replace(pair, means=box.means, is_list=True)
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
    if box.parts_of is not None:
        return FieldKind.DATE if box.parts_of is Of.DATE else FieldKind.TEXT
    is_date = re.search(r"\bdate\b|\bdob\b", f"{box.label} {box.own_words}".casefold())
    return FieldKind.DATE if is_date and box.kind == "text" else FieldKind.TEXT


def own_name(box: Near, label: str, names: set[str]) -> str:
    """Return a name that nothing else has, of the box's own or, where a program chose that, of what is printed."""
    words = without_its_say(box.own_words) if box.parts else box.own_words
    if is_automatic(words) and plain(label):
        words = " ".join(label.split()[:MOST_WORDS])
    ascii_only = re.sub(r"[^a-z0-9]+", "_", plain(words)).strip("_") or "box"
    stem = ascii_only if ascii_only[0].isalpha() else f"box_{ascii_only}"
    number, name = 1, stem
    while name in names:
        number += 1
        name = f"{stem}_{number}"
    names.add(name)
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


def _on_one_line(box: Near, other: Near) -> bool:
    if not box.places or not other.places:
        return False
    one, two = box.places[0], other.places[0]
    return one.page == two.page and abs(one.rectangle[1] - two.rectangle[1]) < LINE


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
