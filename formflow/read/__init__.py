"""Reading one paper, inside the killable child: identify, read twice, compare with what the eye sees."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import pikepdf

from formflow.forms import HIDDEN_FIELDS, Form
from formflow.limits import Limits
from formflow.model import Answer, AnswerState, Hold, Reading, Unread
from formflow.read import acroform, appearance, identify
from formflow.read.acroform import Box

ALWAYS, DOUBTFUL = "always", "doubtful"


def read_paper(
    path: Path, forms: Sequence[Form], limits: Limits, second_reading: str
) -> Reading | Unread:
    """Read a paper whose bytes stand in `path`; its file name is its sha256. Raises nothing expected."""
    sha256, size = path.stem, path.stat().st_size
    # qpdf's own warnings quote the file: they are counted, never printed.
    logging.getLogger("pikepdf").setLevel(logging.CRITICAL)
    try:
        with pikepdf.open(path, suppress_warnings=True) as pdf:
            return _read(pdf, path, forms, limits, second_reading)
    except pikepdf.PasswordError:
        return Unread(sha256, "FF-104", size)
    except acroform.TooMuch as much:
        return Unread(sha256, "FF-119", size, {"limit": str(much)})
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return Unread(sha256, "FF-113", size)


def _read(
    pdf: pikepdf.Pdf, path: Path, forms: Sequence[Form], limits: Limits, second_reading: str
) -> Reading | Unread:
    sha256, size = path.stem, path.stat().st_size
    boxes = acroform.boxes(pdf, limits.fields, limits.characters, limits.pages)
    found = identify.identify(boxes, pdf, forms)
    if isinstance(found, str):
        return Unread(sha256, found, size)
    answers, holds = _answers(found, boxes)
    holds += _against_manifest(found, boxes)
    seen = appearance.differences(pdf, boxes)
    holds += [Hold("FF-109", name) for name in seen.differ if name in found.fields]
    is_damaged = bool(pdf.get_warnings())
    if is_damaged:
        holds.append(Hold("FF-114"))
    if not any(answer.state is AnswerState.GIVEN for answer in answers.values()):
        holds.append(Hold("FF-115"))
    doubtful = bool(holds) or pdf.is_encrypted or bool(seen.not_compared)
    if second_reading == ALWAYS or doubtful:
        holds += _second(path, found, boxes)
    return Reading(
        sha256=sha256,
        form_id=found.form_id,
        form_version=found.version,
        via="acroform",
        confirm=False,
        held=tuple(holds),
        answers=answers,
    )


def _answers(form: Form, boxes: Mapping[str, Box]) -> tuple[dict[str, Answer], list[Hold]]:
    answers, holds = {}, []
    for name, field in form.fields.items():
        box = boxes.get(name)
        if box is None:
            answers[name] = Answer(None, "", AnswerState.UNREADABLE)
        elif not box.value:
            answers[name] = Answer(None, box.raw, AnswerState.BLANK)
        elif field.states and box.value not in field.states:
            answers[name] = Answer(None, box.raw, AnswerState.UNREADABLE)
            holds.append(Hold("FF-108", name))
        else:
            answers[name] = Answer(box.value, box.raw, AnswerState.GIVEN)
    return answers, holds


def _against_manifest(form: Form, boxes: Mapping[str, Box]) -> list[Hold]:
    wanted, found = set(form.manifest), set(boxes)
    # A program may drop the hidden boxes; the form was told by other marks then.
    missing = wanted - found - set(HIDDEN_FIELDS)
    extra = found - wanted
    kinds = [
        name
        for name, states in form.manifest.items()
        if name in boxes and boxes[name].is_button != bool(states)
    ]
    holds = []
    if missing:
        words = {"missing": str(len(missing)), "expected": str(len(wanted))}
        holds.append(Hold("FF-106", words=words))
    if extra:
        holds.append(Hold("FF-107", words={"extra": str(len(extra))}))
    return holds + [Hold("FF-108", name) for name in kinds]


def _second(path: Path, form: Form, boxes: Mapping[str, Box]) -> list[Hold]:
    # Imported here: loading pypdf costs more than reading a hundred forms.
    from formflow.read import second

    again = second.values(path)
    if again is None:
        return [Hold("FF-114")]
    return [
        Hold("FF-110", name)
        for name in form.fields
        if name in boxes and again.get(name, "") != boxes[name].value
    ]
