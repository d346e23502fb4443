"""The draft of a definition: as TOML to be corrected by hand, and as a page that shows every pair."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pikepdf
from jinja2 import Environment, PackageLoader, StrictUndefined
from PIL import Image, ImageDraw

from formflow.admin.learn.labels import near
from formflow.admin.learn.pairing import Pair, pairs
from formflow.forms import manifest as manifests
from formflow.forms.catalogue import Form
from formflow.forms.manifest import BlankBox, Manifest
from formflow.reading import identify, raster
from formflow.reading.manifest_builder import manifest_of

DOTS_PER_POINT = 1.2
MARK = 12  # dots: room for a number
_FORM_NUMBER = re.compile(r"(?=.*\d)[\w./ -]{3,60}")  # a form's number has a digit in it
_FORM_KEY = re.compile(r"form.?(?:id|no|number)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Draft:
    """What could be found out about an agency's form."""

    stem: str  # of the files: "their-form"
    title: str
    content: bytes  # the blank
    manifest: Manifest
    pairs: tuple[Pair, ...]
    hidden: Mapping[str, str]
    information: Mapping[str, str]

    @property
    def form_id(self) -> str:
        """The form's name in the ledger."""
        plain = re.sub(r"[^a-z0-9]+", "_", self.stem.casefold()).strip("_")
        return (plain if plain[:1].isalpha() else f"form_{plain}")[:60]


def draft(path: Path, ours: Form) -> Draft:
    """Draft the definition of a fillable PDF. Raise pikepdf.PdfError, or ValueError for one without boxes."""
    content = path.read_bytes()
    manifest = manifest_of(content)
    if not manifest.boxes:
        raise ValueError("the PDF has no boxes to fill in")
    hidden = {name: box.value for name, box in manifest.boxes.items() if _is_number(box)}
    asked = [box for box in near(content, manifest) if box.name not in hidden]
    with pikepdf.open(io.BytesIO(content)) as pdf:
        document = identify.information(pdf)
    information = {key: value for key, value in document.items() if _FORM_KEY.search(key)}
    title = document.get("Title") or path.stem.replace("-", " ").replace("_", " ").capitalize()
    found = tuple(pairs(asked, ours))
    return Draft(path.stem, title, content, manifest, found, hidden, information)


def _is_number(box: BlankBox) -> bool:
    return box.kind == "text" and bool(_FORM_NUMBER.fullmatch(box.value))


def files(made: Draft) -> dict[str, bytes]:
    """Return what belongs in the agency's folder, by file name."""
    return {
        f"{made.stem}.toml": as_toml(made).encode(),
        f"{made.stem}.pdf": made.content,
        f"{made.stem}.json": manifests.dumped(made.manifest),
        f"{made.stem}.html": as_page(made).encode(),
    }


def as_toml(made: Draft) -> str:
    """Return the draft as a form definition."""
    return "\n".join(_toml(made)) + "\n"


def rows(made: Draft) -> list[tuple[str, str, str, str]]:
    """Return each pair in words: boxes, printed label, our question, how sure that is."""
    return [
        (
            " + ".join(box.name for box in pair.boxes),
            pair.label,
            pair.question.label if pair.question else "–",
            _how_sure(pair),
        )
        for pair in made.pairs
    ]


def needs_a_look(pair: Pair) -> bool:
    """Return whether a person must look at a pair before the draft may be used."""
    return pair.is_unclear or (pair.question is not None and not pair.is_sure)


def _how_sure(pair: Pair) -> str:
    if pair.is_unclear:
        return "NOT SURE whether a tick is yes or no, please check"
    if pair.question is None:
        return "no question of ours"
    return "sure" if pair.is_sure else "NOT SURE, please check"


def _toml(made: Draft) -> Iterator[str]:
    yield f"# A draft of how FormFlow reads {made.stem}.pdf. Correct it by hand, beside {made.stem}.html; then"
    yield "# run “formflow forms check”. A box whose name is a question of ours is known to the rules; what"
    yield "# is in the others is recorded and shown, and no rule reads it."
    yield ""
    yield f"id = {_word(made.form_id)}"
    yield "version = 1"
    yield 'code = "A1"'
    yield f"title = {_word(made.title)}"
    yield 'intro = "Our own form."'
    yield 'filing = "On the child’s confidential file."'
    yield 'how_to_save = "Save with File > Save, then drop the file in “Drop here”."'
    for key, table in (("hidden", made.hidden), ("information", made.information)):
        if table:
            yield f"{key} = {_table(table)}"
    for page, group in groupby(made.pairs, key=_page):
        yield from ("", "[[section]]", f'name = "page_{page}"', f'label = "Page {page}"')
        yield from ('prompt = ""', "fields = [")
        for pair in group:
            yield from _field(pair)
        yield "]"


def _page(pair: Pair) -> int:
    places = pair.boxes[0].places
    return places[0].page if places else 0


def _field(pair: Pair) -> Iterator[str]:
    if pair.is_unclear:
        yield "  # NOT SURE: is a tick in this box a yes or a no? Until you say so in means, it is not known."
    if pair.question is not None and not pair.is_sure:
        yield f"  # NOT SURE: does it ask “{pair.question.label}”? Then: name = {_word(pair.question.name)}"
    parts = [
        f"name = {_word(pair.name)}",
        f"boxes = {json.dumps([box.name for box in pair.boxes], ensure_ascii=False)}",
        f"kind = {_word(pair.kind)}",
        f"label = {_word(pair.label)}",
    ]
    if pair.states is not None:
        parts.append(f"states = {json.dumps(list(pair.states))}")
        parts.append(f"state_labels = {json.dumps(list(pair.states.values()), ensure_ascii=False)}")
    if pair.means is not None:
        parts.append(f"means = {_table(pair.means)}")
    yield f"  {{ {', '.join(parts)} }},"


def _word(text: str) -> str:
    return json.dumps(str(text), ensure_ascii=False)  # a JSON string is a TOML string


def _table(pairs_of_words: Mapping[str, str]) -> str:
    return "{ " + ", ".join(f"{_word(k)} = {_word(v)}" for k, v in pairs_of_words.items()) + " }"


def as_page(made: Draft) -> str:
    """Return the page that shows every pair beside a picture of the paper."""
    environment = Environment(
        loader=PackageLoader("formflow.documents"), autoescape=True, undefined=StrictUndefined
    )
    numbers = {pair.name: number for number, pair in enumerate(made.pairs, start=1)}
    shown = [
        {
            "number": page,
            "picture": picture,
            "rows": [
                (numbers[pair.name], *row, not needs_a_look(pair))
                for pair, row in zip(made.pairs, rows(made), strict=True)
                if _page(pair) == page
            ],
        }
        for page, picture in enumerate(_pictures(made, numbers), start=1)
    ]
    css = environment.get_template("page.css").render()
    return environment.get_template("learned.html").render(made=made, pages=shown, css=css)


def _pictures(made: Draft, numbers: Mapping[str, int]) -> Iterator[str]:
    """Yield each page as a picture with its boxes outlined and numbered, as a data address."""
    with raster.opened(made.content) as document:
        for page in range(1, len(document) + 1):
            picture = raster.drawn(document, page, DOTS_PER_POINT).convert("RGB")
            _outline(picture, made.pairs, numbers, page)
            out = io.BytesIO()
            picture.save(out, "PNG")
            yield f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"


def _outline(
    picture: Image.Image, found: Sequence[Pair], numbers: Mapping[str, int], page: int
) -> None:
    pen = ImageDraw.Draw(picture)
    for pair in found:
        colour = "#b10e1e" if needs_a_look(pair) else "#00703c" if pair.is_sure else "#505a5f"
        for place in (place for box in pair.boxes for place in box.places if place.page == page):
            left, bottom, right, top = (side * DOTS_PER_POINT for side in place.rectangle)
            upper = picture.height - top
            pen.rectangle((left, upper, right, picture.height - bottom), outline=colour, width=2)
            # Beside a circle stands its label: the number goes to the other side.
            x = right + 2 if place.state is None else left - 1.5 * MARK
            pen.text((x, upper), str(numbers[pair.name]), fill=colour, font_size=MARK)
