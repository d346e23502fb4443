"""Which tick boxes are the yes and the no of one question, and which are not clear. Pure.

A box that says "no" must never be read as a yes. What a box says is taken from the print; its own name, its
tooltip and what it stores may only agree. What is not clear counts as "not known" until a person says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from formflow.admin.learn.labels import Certainty, Near, certain_of_group
from formflow.admin.learn.words import SAYS, plain

NOT_A_YES = re.compile(r"(no|none|not|never|nobody|nothing|neither|false|without|n a|na|n k)\b")
STORES_NO_YES = re.compile(r"\d*|off|no?|not?.*|none|false|un.*|na|n a|n k")
ROW = 4.0  # points between the lines that two boxes of one row are on
COLUMN, BELOW = 6.0, 30.0  # the same across and down, for two boxes one over the other


def grouped(boxes: Sequence[Near]) -> list[Near]:
    """Return the boxes with each yes box joined to its no box, and with what every tick means.

    Only where all the evidence agrees; otherwise each tick means "unknown" and its box is not clear.
    """
    found: list[Near] = []
    for run in _runs(boxes):
        found += _read(run)
    return found


def _runs(boxes: Sequence[Near]) -> Iterator[list[Near]]:
    """Yield tick boxes that are in one row, or one over the other, together; the others alone."""
    run: list[Near] = []
    for box in boxes:
        if run and not _belongs(run[-1], box):
            yield run
            run = []
        run.append(box)
    if run:
        yield run


def _belongs(one: Near, other: Near) -> bool:
    if not (is_lone(one) and is_lone(other)) or one.places[0].page != other.places[0].page:
        return False
    (left, bottom, _, _), (x, y, _, _) = one.places[0].rectangle, other.places[0].rectangle
    return abs(bottom - y) < ROW or (abs(left - x) < COLUMN and 0 < bottom - y < BELOW)


def is_lone(box: Near) -> bool:
    """Return whether a box is a button with one place: ticked, or not."""
    return box.kind == "button" and len(box.places) == 1


def _read(run: Sequence[Near]) -> list[Near]:
    if not is_lone(run[0]):
        return [_circles(run[0]) if run[0].kind == "button" else run[0]]
    says = [_says(box, run) for box in run]
    found: list[Near] = []
    start = 0
    for end in range(1, len(run) + 1):
        is_new = end == len(run) or (says[end] in ("", *says[start:end])) or not says[start]
        if is_new or _asks_anew(run[end - 1], run[end]):
            found += _question(run[start:end], says[start:end], run)
            start = end
    return found


def _asks_anew(before: Near, box: Near) -> bool:
    """Return whether other words stand between two boxes of a row than what one of them says."""
    between, beside = plain(box.before[0]), plain(before.beside[0])
    return bool(between) and between not in SAYS and between != beside


def _question(boxes: Sequence[Near], says: Sequence[str], run: Sequence[Near]) -> list[Near]:
    if len(boxes) == 1 and not says[0] and _is_a_statement(boxes[0], run):
        return [replace(boxes[0], means={boxes[0].places[0].state or "": "yes"})]
    label = _asked(boxes[0])
    if not label or not {"yes", "no"} <= set(says) <= {"yes", "no", "unknown"}:
        return [_unclear(box) for box in boxes]
    first = replace(boxes[0], tooltip=without_its_say(boxes[0].tooltip))
    certainty, why = certain_of_group(label, first, is_whole=True)
    return [
        replace(
            first,
            label=label,
            certainty=certainty,
            why=why,
            means={
                f"{box.name}={box.places[0].state}": said
                for box, said in zip(boxes, says, strict=True)
            },
            parts=tuple(boxes),
        )
    ]


def _asked(box: Near) -> str:
    """Return the question that the first of several boxes belongs to."""
    return without_its_say(box.before[0]) or box.over or without_its_say(box.tooltip)


def _is_a_statement(box: Near, run: Sequence[Near]) -> bool:
    """Return whether a tick in a box of its own can mean nothing but yes.

    Where nothing is printed at its neighbour, both may be about what is printed at this one.
    """
    words = [plain(one) for one in (box.label, box.tooltip, box.own_words) if one]
    around = (plain(box.beside[0]), plain(box.before[0]))
    is_sure = box.certainty is Certainty.SURE
    return (
        (any(around) or is_sure)
        and (
            is_sure
            or bool(plain(box.beside[0]))
            or all(one is box or _is_labelled(one) for one in run)
        )
        and not any(NOT_A_YES.match(one) or _tail(one) not in ("", "yes") for one in words)
        and not any(_tail(one) or one.startswith("yes ") for one in around)
        and not {"yes", "no"} & set(plain(box.heading).split())
        and not STORES_NO_YES.fullmatch(plain(box.places[0].state or ""))
    )


def _is_labelled(box: Near) -> bool:
    return bool(plain(box.beside[0]) or plain(box.before[0]))


def _unclear(box: Near) -> Near:
    label = box.label
    if is_lone(box) and plain(label) in SAYS:  # "No" alone says nothing
        before = box.before[0] if plain(box.before[0]) not in SAYS else box.own_words.capitalize()
        label = f"{before} {label}".strip()
    stored = dict.fromkeys(place.state for place in box.places if place.state)
    return replace(
        box,
        label=label,
        means=dict.fromkeys(stored, "unknown"),
        is_unclear=True,
        why="neither the print nor what the box stores says whether a tick is a yes or a no",
    )


def _says(box: Near, run: Sequence[Near]) -> str:
    """Return what is printed for a tick box, "" for nothing that is a yes or a no, or for a doubt."""
    printed = _printed(box, [one for one in run if abs(_bottom(one) - _bottom(box)) < ROW])
    hints = {
        _tail(plain(box.tooltip)),
        _tail(plain(box.own_words)),
        SAYS.get(plain(box.places[0].state or ""), ""),
    } - {"", "yes" if printed != "yes" and _stores_yes(box) else ""}
    return printed if not hints - {printed} else ""


def _stores_yes(box: Near) -> bool:
    """Return whether a box stores "Yes" for its tick, as most programs do whatever it says."""
    own = _tail(plain(box.own_words)) or _tail(plain(box.tooltip))
    return own != "yes" and SAYS.get(plain(box.places[0].state or "")) == "yes"


def _printed(box: Near, row: Sequence[Near]) -> str:
    right = SAYS.get(plain(box.beside[0]), "")
    left = _tail(plain(box.before[0]))
    if not right and not left and not plain(box.beside[0]):
        return SAYS.get(plain(box.heading), "")
    # "Yes [] No []" or "[] Yes [] No": what is said is on one side of every box of the row.
    behind = all(SAYS.get(plain(one.beside[0]), "") for one in row)
    ahead = all(_tail(plain(one.before[0])) for one in row)
    if behind == ahead:
        return ""
    return right if behind else left


def _tail(words: str) -> str:
    """Return what the last words of a label say: "yes" for "was it planned yes"."""
    found = words.split()
    for length in (2, 1):
        if said := SAYS.get(" ".join(found[-length:]), "") if len(found) >= length else "":
            return said
    return ""


def without_its_say(label: str) -> str:
    """Return a label without what is said at its end: "was it planned" of "was it planned yes no"."""
    words = label.split()
    for length in (2, 1):
        if len(words) >= length and plain(" ".join(words[-length:])) in SAYS:
            return without_its_say(" ".join(words[:-length]))
    return label


def _bottom(box: Near) -> float:
    return box.places[0].rectangle[1]


def _circles(box: Near) -> Near:
    """Return several circles of one box with what each means, where they are a yes and a no."""
    labels = dict(zip((place.state or "" for place in box.places), box.beside, strict=False))
    labels.pop("", None)
    if len(labels) == 1:
        return _unclear(box)
    left = _tail(plain(" ".join(box.before[:1])))
    printed = {state: SAYS.get(plain(words), "") for state, words in labels.items()}
    ahead = _said_before(box)
    if left and not all(printed.values()) and len(set(ahead.values()) - {""}) == len(labels):
        printed, left = ahead, ""  # "Yes [] No []"
        label = without_its_say(box.label)
        certainty, why = certain_of_group(label, box, is_whole=True)
        box = replace(box, label=label, certainty=certainty, why=why)
    stored = {state: SAYS.get(plain(state), "") for state in labels}
    if not {"yes", "no"} & {*printed.values(), *stored.values(), left}:
        return box  # no question of yes and no
    means = {state: printed[state] or stored[state] for state in labels}
    agree = all(stored[one] in ("", said) for one, said in means.items())
    on_one_side = all(printed.values()) or not any(printed.values())
    is_behind = not (any(printed.values()) and left)
    distinct = len(set(means.values())) == len(means)
    sound = {"yes", "no"} <= set(means.values()) <= {"yes", "no", "unknown"}
    if agree and on_one_side and is_behind and distinct and sound:
        return replace(box, means=means)
    return _unclear(box)


def _said_before(box: Near) -> dict[str, str]:
    """Return what is printed before each circle of a box, by its state: "" for no yes or no."""
    return {
        place.state: _tail(plain(words))
        for place, words in zip(box.places, box.before, strict=False)
        if place.state
    }
