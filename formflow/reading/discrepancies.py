"""What stands against a reading of boxes: each is a reason for a person to look at the paper."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

import pikepdf

from formflow.core.model import Answer, AnswerState, Hold
from formflow.forms import top_line
from formflow.forms.catalogue import HIDDEN_FIELDS, Form
from formflow.forms.manifest import Place
from formflow.reading import appearance, manifest_builder, page_fingerprint
from formflow.reading.acroform import Box
from formflow.reading.turned import TURNED

MOST_NAMED = 6  # boxes named in one message
Places = Mapping[str, tuple[Place, ...]]  # where each box of a paper stands


def manifest(form: Form, boxes: Mapping[str, Box], where: Places) -> Iterator[Hold]:
    """Yield how the boxes differ from the blank's: missing, new, or standing elsewhere."""
    known = form.manifest.boxes
    yield from _missing(form, boxes, known)
    # A sheet that we filled in carries our hidden boxes, whatever form it is.
    extra = [name for name in boxes if name not in known and not _is_ours(name, where[name])]
    if extra:
        # Where they stand, not what they are called: a box may be named after a child.
        pages = sorted({place.page for name in extra for place in where[name]})
        words = {"extra": str(len(extra)), "which": _pages(pages)}
        yield Hold("FF-107", words=words)
    moved = manifest_builder.moved(where, form.manifest)
    if moved:
        words = {"moved": str(len(moved)), "which": _listed(_labels(form, moved))}
        yield Hold("FF-123", words=words)


def _is_ours(name: str, where: Iterable[Place]) -> bool:
    return name in HIDDEN_FIELDS and all(place.page == 0 for place in where)


def beside(
    form: Form,
    boxes: Mapping[str, Box],
    pdf: pikepdf.Pdf,
    prints: Sequence[str],
    further: Sequence[str],
    content: Callable[[], bytes],
) -> Iterator[Hold]:
    """Yield what a paper shows beside its answers: notes, other print, circles drawn otherwise.

    `prints` are its pages' fingerprints, `further` those of the last ones, for the ledger to compare;
    `content` gives the paper as PDFium can open it.
    """
    known = form.manifest
    added = sorted({page for page, _ in page_fingerprint.notes(pdf, boxes) - known.notes})
    if added:
        yield Hold("FF-132", words={"which": _pages(added)})
    own = prints[: len(prints) - len(further)]
    other = _other(own, known.prints)
    reference = boxes["case_ref"].value if "case_ref" in boxes else ""
    lines = tuple(top_line.allowed(reference, is_long=bool(further))) if reference else ()
    differing = _differing(form, own, other, lines, content) if other else []
    if differing:
        yield Hold("FF-133", words={"which": _pages(differing)})
    there = form.asked_boxes & known.boxes.keys()
    asked = [box for name, box in boxes.items() if name in there]
    redrawn = page_fingerprint.redrawn(asked, known.looks)
    if redrawn:
        yield from looks(_marked(form, redrawn, content), form)


def turned_pages(numbers: Sequence[int]) -> Iterator[Hold]:
    """Yield that pages were turned, counted from 1."""
    if numbers:
        yield Hold(TURNED, words={"which": _pages(numbers)})


def further_pages(form: Form, pdf: pikepdf.Pdf, prints: Sequence[str]) -> tuple[str, ...]:
    """Return the fingerprints of the pages at its end that a copy says are FormFlow's own.

    Whether they are, the ledger knows. A page without a fingerprint is none of them.
    """
    begins = max(len(prints) - page_fingerprint.claimed_pages(pdf), len(form.manifest.prints))
    found = tuple(prints[begins:])
    return found if all(found) else ()


def _other(own: Sequence[str], known: Sequence[str]) -> list[int]:
    """Return the pages, counted from 1, whose fingerprints are not the blank's."""
    pairs = enumerate(zip_longest(own, known), start=1)
    # A page that has no fingerprint is like no other.
    return [number for number, (one, other) in pairs if one != other or not one]


def _differing(
    form: Form,
    own: Sequence[str],
    other: list[int],
    lines: Sequence[str],
    content: Callable[[], bytes],
) -> list[int]:
    """Return those of some pages that print something else than the blank, or a copy of ours, does."""
    # Imported here and below: this is for the few papers whose fingerprints are not the blank's.
    from formflow.reading import same_print

    left = same_print.without_copies(form, lines, own, other)
    return same_print.differing(form, lines, left, content) if left else []


def _marked(form: Form, redrawn: Sequence[Box], content: Callable[[], bytes]) -> appearance.Seen:
    """Return which of some circles do not show what they store, by the marks that an eye sees."""
    from formflow.reading import page_compare

    circles = [
        page_compare.Circle(box.name, place, place.page, place.rectangle)
        for box in redrawn
        for place in form.manifest.boxes[box.name].places
    ]
    try:
        marks = page_compare.marks(content(), form, circles, in_boxes=True)
    except ValueError:
        return appearance.Seen((), tuple(box.name for box in redrawn))
    differ, unknown = [], []
    for box in redrawn:
        shown = {
            place.state: marks[box.name, place] for place in form.manifest.boxes[box.name].places
        }
        if None in shown.values():
            unknown.append(box.name)
        elif {state for state, marked in shown.items() if marked} != {box.value or None} - {None}:
            differ.append(box.name)
    return appearance.Seen(tuple(differ), tuple(unknown))


def answers(given: Mapping[str, Answer], form: Form, boxes: Mapping[str, Box]) -> Iterator[Hold]:
    """Yield the boxes that hold what the form does not offer or a program stored wrongly, and an empty paper."""
    doubted = {box.name: box.doubt for box in boxes.values() if box.doubt}
    for code in sorted(set(doubted.values())):
        about = [name for name, doubt in doubted.items() if doubt == code]
        yield from (Hold(code, name) for name in questions(form, about))
    for name, answer in given.items():
        there = any(source in boxes for source in form.fields[name].sources)
        if answer.state is AnswerState.UNREADABLE and there:
            yield Hold("FF-108", name)
    if all(answer.state is AnswerState.BLANK for answer in given.values()):
        yield Hold("FF-115")


def printed(form: Form, boxes: Mapping[str, Box], given: Mapping[str, Answer]) -> Iterator[Hold]:
    """Yield what a paper without boxes lacks: pages that are not there, and what nobody can read."""
    shown = [name for name, box in form.manifest.boxes.items() if any(p.page for p in box.places)]
    yield from _missing(form, boxes, shown)
    for name, answer in given.items():
        if answer.state is AnswerState.UNREADABLE:
            yield Hold("FF-134", name)
    if all(answer.state is AnswerState.BLANK for answer in given.values()):
        yield Hold("FF-115")


def looks(seen: appearance.Seen, form: Form) -> Iterator[Hold]:
    """Yield the boxes that show something else than they store, and those nobody can compare."""
    yield from (Hold("FF-109", name) for name in questions(form, seen.differ))
    yield from (Hold("FF-121", name) for name in questions(form, seen.not_compared))


def other_readings(
    path: Path,
    form: Form,
    boxes: Mapping[str, Box],
    where: Places,
    password: str,
    *,
    doubtful: bool,
) -> Iterator[Hold]:
    """Read the paper with PDFium; yield where it finds other answers.

    A doubtful paper, and one of which PDFium does not say exactly the same, is read by pypdf as well.
    """
    # Imported here: what else reads a form of boxes can do without PDFium.
    from formflow.reading import second_reading

    second = second_reading.values(path, password)
    seen = {name for name, places in where.items() if any(place.page for place in places)}
    is_broken = second is None or bool(second.keys() - boxes.keys() | seen - second.keys())
    found = {name: value for name, value in (second or {}).items() if name in boxes}
    other = {name for name, value in found.items() if not second_reading.agrees(boxes[name], value)}
    if doubtful or found != {name: box.value for name, box in boxes.items()}:
        broken_too, other_too = _third_reading(path, boxes, password)
        is_broken, other = is_broken or broken_too, other | other_too
    if is_broken:
        yield Hold("FF-114")
    yield from (Hold("FF-110", name) for name in questions(form, other))


def _third_reading(path: Path, boxes: Mapping[str, Box], password: str) -> tuple[bool, set[str]]:
    """Return whether pypdf fails or finds other boxes, and the names of boxes with other answers."""
    # Imported here: loading pypdf costs more than reading twenty forms.
    from formflow.reading.third_reading import values

    again = values(path, password)
    other = {
        name
        for name, value in (again or {}).items()
        if name in boxes and value not in (boxes[name].value, boxes[name].raw)
    }
    return again is None or again.keys() != boxes.keys(), other


def _missing(form: Form, boxes: Mapping[str, Box], known: Collection[str]) -> Iterator[Hold]:
    missing = [name for name in known if name not in boxes]
    if missing:
        words = {"missing": str(len(missing)), "expected": str(len(known))}
        yield Hold("FF-106", words=words | {"which": _listed(_labels(form, missing))})


def questions(form: Form, names: Iterable[str]) -> list[str]:
    """Return the questions that some boxes belong to, each once, in the order of the form."""
    boxes = set(names)
    if not boxes:
        return []
    return [name for name, field in form.fields.items() if boxes & set(field.sources)]


def _labels(form: Form, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        about = questions(form, [name])
        yield f"“{form.fields[about[0]].label}”" if about else f"the hidden box {name}"


def _pages(numbers: Iterable[int]) -> str:
    return _listed(f"page {number}" if number else "on no page" for number in numbers)


def _listed(names: Iterable[str]) -> str:
    all_names = list(names)
    more = len(all_names) - MOST_NAMED
    return ", ".join(all_names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
