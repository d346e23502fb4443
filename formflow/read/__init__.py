"""Reading one paper, inside the killable child: identify, read twice, compare with what the eye sees.

What stands against a paper that was read comes out as holds; a paper that cannot be read at all, as
Unread. Nothing here decides: a person looks at both.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pikepdf
import pikepdf.settings

from formflow.forms import Form
from formflow.limits import Limits
from formflow.model import Answer, AnswerState, Hold, Reading, Unread
from formflow.read import acroform, appearance, identify
from formflow.read.acroform import Box

ALWAYS = "always"
# qpdf's own warnings quote the file: they are counted, never printed.
logging.getLogger("pikepdf").setLevel(logging.CRITICAL)


def read_paper(
    path: Path, forms: Sequence[Form], limits: Limits, second_reading: str
) -> Reading | Unread:
    """Read the paper in `path`, whose name without suffix is its sha256.

    `second_reading` is "always" or "doubtful". Doubtful is a paper that is held for any reason, that
    is encrypted, or that was saved more than once into the same file.
    """
    unread = _Unread(path)
    limits_met = pikepdf.settings.qpdf_limit_errors()
    try:
        with pikepdf.open(_source(path), suppress_warnings=True) as pdf:
            boxes = acroform.boxes(pdf, limits.fields, limits.characters, limits.pages)
            if not boxes and pdf.get_warnings():
                return unread.because("FF-113")  # no print: what held the boxes is damaged
            form = identify.identify(boxes, pdf, forms)
            if isinstance(form, str):
                return unread.because(form)
            answers, holds = _first(pdf, form, boxes)
            if holds or second_reading == ALWAYS or pdf.is_encrypted or "/Prev" in pdf.trailer:
                holds += _second(path, form, boxes)
    except pikepdf.PasswordError:
        return unread.because("FF-104")
    except acroform.TooMuch as much:
        return unread.because("FF-119", limit=str(much))
    except (pikepdf.PdfError, ValueError, TypeError, LookupError, AttributeError):
        if pikepdf.settings.qpdf_limit_errors() > limits_met:
            return unread.because("FF-112")
        return unread.because("FF-113")
    return Reading(
        sha256=path.stem,
        form_id=form.form_id,
        form_version=form.version,
        via="acroform",
        confirm=False,
        held=tuple(holds),
        answers=answers,
    )


def _source(path: Path) -> Path | io.BytesIO:
    """Return what pikepdf can open: a name that is not UTF-8 it cannot, and bytes take longer."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return io.BytesIO(path.read_bytes())
    return path


class _Unread:
    """Says why one paper was not read."""

    def __init__(self, path: Path) -> None:
        self._sha256, self._size = path.stem, path.stat().st_size

    def because(self, code: str, **words: str) -> Unread:
        return Unread(self._sha256, code, self._size, words)


def _first(
    pdf: pikepdf.Pdf, form: Form, boxes: Mapping[str, Box]
) -> tuple[dict[str, Answer], list[Hold]]:
    answers = {name: _answer(field.states, boxes.get(name)) for name, field in form.fields.items()}
    holds = list(_against_manifest(form, boxes))
    holds += [
        Hold("FF-108", name)
        for name, answer in answers.items()
        if answer.state is AnswerState.UNREADABLE and name in boxes
    ]
    seen = appearance.differences(pdf, [boxes[name] for name in form.fields if name in boxes])
    holds += [Hold("FF-109", name) for name in seen.differ]
    holds += [Hold("FF-121", name) for name in seen.not_compared]
    if pdf.get_warnings():
        holds.append(Hold("FF-114"))
    if all(answer.state is AnswerState.BLANK for answer in answers.values()):
        holds.append(Hold("FF-115"))
    return answers, holds


def _answer(states: Sequence[str], box: Box | None) -> Answer:
    if box is None:
        return Answer(None, "", AnswerState.UNREADABLE)
    if not box.legible:
        return Answer(None, box.raw, AnswerState.UNREADABLE)
    if not box.value:
        return Answer(None, box.raw, AnswerState.BLANK)
    if box.is_button != bool(states) or (states and box.value not in states):
        return Answer(None, box.raw, AnswerState.UNREADABLE)
    return Answer(box.value, box.raw, AnswerState.GIVEN)


def _against_manifest(form: Form, boxes: Mapping[str, Box]) -> Iterator[Hold]:
    missing, extra = form.manifest.keys() - boxes.keys(), boxes.keys() - form.manifest.keys()
    if missing:
        words = {"missing": str(len(missing)), "expected": str(len(form.manifest))}
        yield Hold("FF-106", words=words)
    if extra:
        yield Hold("FF-107", words={"extra": str(len(extra))})


def _second(path: Path, form: Form, boxes: Mapping[str, Box]) -> Iterator[Hold]:
    # Imported here: loading pypdf costs more than reading twenty forms.
    from formflow.read import second

    again = second.values(path)
    if again is None or again.keys() != boxes.keys():
        yield Hold("FF-114")
    for name in form.fields:
        if again is not None and name in again and name in boxes:
            box = boxes[name]
            if again[name] not in (box.value, box.raw):
                yield Hold("FF-110", name)
