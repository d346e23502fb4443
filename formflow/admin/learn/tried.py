"""What a filled example of an agency's form gives, question by question, beside pictures of its pages."""

from __future__ import annotations

import base64
import io
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from PIL import Image

from formflow.core.messages import MESSAGES
from formflow.core.model import AnswerState, Reading, Unread
from formflow.forms.catalogue import Field, Form
from formflow.reading.page_images import Picture
from formflow.reading.sandbox.parent import Cage


@dataclass(frozen=True, slots=True)
class Tried:
    """A filled example as it was read."""

    title: str  # of the form that it was taken for, "" for none
    rows: tuple[tuple[str, str], ...]  # the question, and the answer in words
    doubts: tuple[str, ...]  # what the office would be told
    pictures: tuple[Picture, ...]


def tried(paper: Path, cage: Cage, forms: Sequence[Form]) -> Tried:
    """Read a filled example in the cage, as a dropped one would be. Raise OSError, Trouble."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / sha256(paper.read_bytes()).hexdigest()  # as in the vault
        shutil.copyfile(paper, copy)
        result = cage.read(copy)
        pictures = tuple(cage.pictures(copy))
    if isinstance(result, Unread):
        return Tried("", (), (_in_words(result.reason),), pictures)
    form = next(
        one for one in forms if (one.form_id, one.version) == (result.form_id, result.form_version)
    )
    codes = dict.fromkeys([*(hold.code for hold in result.held), *result.told])
    return Tried(form.title, tuple(_rows(form, result)), tuple(map(_in_words, codes)), pictures)


def _in_words(code: str) -> str:
    message = MESSAGES[code]
    return f"{code}: {message.found} {message.do_now}"


def _rows(form: Form, result: Reading) -> Iterator[tuple[str, str]]:
    for name, answer in result.answers.items():
        field = form.fields[name]
        yield field.label, _said(field, answer.value, answer.state)


def _said(field: Field, value: str | None, state: AnswerState) -> str:
    if state is AnswerState.BLANK:
        return "–"
    if state is not AnswerState.GIVEN or value is None:
        return "could not be read"
    return field.in_words(value) if field.states else value


def as_page(found: Tried) -> str:
    """Return a page with the answers beside the pictures. It holds names: it belongs where the form does."""
    environment = Environment(
        loader=PackageLoader("formflow.documents"), autoescape=True, undefined=StrictUndefined
    )
    css = environment.get_template("page.css").render()
    pictures = [_data_address(one) for one in found.pictures]
    return environment.get_template("tried.html").render(found=found, pictures=pictures, css=css)


def _data_address(picture: Picture) -> str:
    out = io.BytesIO()
    Image.frombytes("L", (picture.width, picture.height), picture.dots).save(out, "PNG")
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"
