"""The draft of a definition: as TOML to be corrected by hand, and as a page that shows every pair."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from PIL import Image, ImageDraw

from formflow.admin.learn import blank
from formflow.admin.learn.blank import DOTS_PER_POINT, Blank
from formflow.admin.learn.corrected import corrected
from formflow.admin.learn.labels import Certainty
from formflow.admin.learn.pairing import Pair, pairs
from formflow.admin.learn.workbook import as_workbook
from formflow.forms import manifest as manifests
from formflow.forms.catalogue import Form
from formflow.forms.manifest import BlankBox, Manifest
from formflow.reading import identify

NO_TITLE = ("", "untitled")
MARK = 12  # dots: room for a number
_FORM_NUMBER = re.compile(r"(?=.*\d)[\w./ -]{3,60}")  # a form's number has a digit in it
_FORM_KEY = re.compile(r"form.?(?:id|no|number)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Draft:
    """What could be found out about an agency's form."""

    stem: str  # of the files: "their-form"
    title: str
    blank: Blank
    pairs: tuple[Pair, ...]
    hidden: Mapping[str, str]
    information: Mapping[str, str]
    ours: Form

    @property
    def manifest(self) -> Manifest:
        """What the blank holds."""
        return self.blank.manifest

    @property
    def form_id(self) -> str:
        """The form's name in the ledger."""
        plain = re.sub(r"[^a-z0-9]+", "_", self.stem.casefold()).strip("_")
        return (plain if plain[:1].isalpha() else f"form_{plain}")[:60]


def draft(path: Path, ours: Form, read: Callable[[Path], Blank] = blank.read) -> Draft:
    """Draft the definition of a fillable PDF. Raise pikepdf.PdfError, TooMuch, or ValueError for one without boxes."""
    found = read(path)
    hidden = {name: box.value for name, box in found.manifest.boxes.items() if _is_number(box)}
    asked = [box for box in found.boxes if box.name not in hidden]
    information = {key: said for key, said in found.information.items() if _FORM_KEY.search(key)}
    title = found.information.get("Title", "").strip()
    if title.casefold() in NO_TITLE:
        title = path.stem.replace("-", " ").replace("_", " ").capitalize()
    return Draft(path.stem, title, found, tuple(pairs(asked, ours)), hidden, information, ours)


def _is_number(box: BlankBox) -> bool:
    """Return whether a box that nobody sees holds the number of the form."""
    is_seen = any(place.page for place in box.places)
    return box.kind == "text" and not is_seen and bool(_FORM_NUMBER.fullmatch(box.value))


def with_corrections(made: Draft, book: Path) -> Draft:
    """Return a draft as its corrected workbook wants it. Raise FormDefinitionProblem with what is wrong there."""
    return replace(made, pairs=tuple(corrected(book, made.pairs, made.ours)))


def alike(made: Draft, others: Iterable[Form]) -> list[Form]:
    """Return the forms with which papers of this one share their boxes, unless both say by themselves which they are."""
    names = made.manifest.boxes.keys()
    return [
        form
        for form in others
        if form.form_id != made.form_id
        and not (made.hidden and form.hidden)
        and len(names & form.manifest.boxes.keys())
        >= identify.ALIKE * min(len(names), len(form.manifest.boxes))
    ]


def files(made: Draft) -> dict[str, bytes]:
    """Return what belongs in the agency's folder, by file name."""
    asks = [needs_a_look(pair) for pair in made.pairs]
    return {
        f"{made.stem}.xlsx": as_workbook(made.pairs, made.ours, asks),
        f"{made.stem}.toml": as_toml(made).encode(),
        f"{made.stem}.pdf": made.blank.content,
        f"{made.stem}.json": manifests.dumped(made.manifest),
        f"{made.stem}.html": as_page(made).encode(),
    }


def as_toml(made: Draft) -> str:
    """Return the draft as a form definition."""
    return "\n".join(_toml(made)) + "\n"


@dataclass(frozen=True, slots=True)
class Row:
    """A pair in words."""

    number: int  # on the pictures
    page: int
    boxes: str
    label: str
    question: str
    how_sure: str
    why: str
    is_fine: bool


def rows(made: Draft) -> list[Row]:
    """Return each pair in words, in the order of the paper."""
    return [
        Row(
            number,
            _page(pair),
            " + ".join(box.name for box in pair.boxes),
            pair.label,
            pair.question.label if pair.question else "–",
            _how_sure(pair),
            _why(pair),
            not needs_a_look(pair),
        )
        for number, pair in enumerate(made.pairs, start=1)
    ]


def needs_a_look(pair: Pair) -> bool:
    """Return whether a person must look at a pair before the draft may be used."""
    is_guess = pair.question is not None and not pair.is_sure
    return pair.is_unclear or is_guess or pair.certainty is Certainty.UNSURE


def _why(pair: Pair) -> str:
    if pair.question is not None and not pair.is_sure and not pair.is_unclear:
        return "it is like that question, but is not its very words, or no second sign agrees"
    return pair.why


def _how_sure(pair: Pair) -> str:
    if pair.is_unclear:
        return "NOT SURE whether a tick is yes or no, please check"
    if pair.question is not None and not pair.is_sure:
        return "NOT SURE, please check"
    if pair.certainty is Certainty.UNSURE:
        return "NOT SURE what is printed at it, please check"
    return "sure" if pair.question else "no question of ours"


def _toml(made: Draft) -> Iterator[str]:
    yield f"# A draft of how FormFlow reads {made.stem}.pdf. Correct {made.stem}.xlsx beside {made.stem}.html, take it back with"
    yield f"# “formflow forms learn --from {made.stem}.xlsx”, or correct this file by hand; then"
    yield "# run “formflow forms check”. A box whose name is a question of ours is known to the rules; what"
    yield "# is in the others is recorded and shown, and no rule reads it."
    yield ""
    yield f"id = {_word(made.form_id)}"
    yield "version = 1"
    yield 'code = "A1"'
    yield f"title = {_word(made.title)}"
    yield 'intro = "Our own form."'
    yield 'filing = "On the child’s confidential file."'
    yield 'how_to_save = "Save it, then drop the file in “Drop here”."'
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
    """Return the page that shows every pair beside a picture of the paper, and first those to check."""
    environment = Environment(
        loader=PackageLoader("formflow.documents"), autoescape=True, undefined=StrictUndefined
    )
    found = rows(made)
    numbers = {pair.name: number for number, pair in enumerate(made.pairs, start=1)}
    shown = [
        {"number": page, "picture": picture, "rows": [row for row in found if row.page == page]}
        for page, picture in enumerate(_pictures(made, numbers), start=1)
    ]
    css = environment.get_template("page.css").render()
    to_check = [row for row in found if not row.is_fine]
    return environment.get_template("learned.html").render(
        made=made, pages=shown, to_check=to_check, count=len(found), css=css
    )


def _pictures(made: Draft, numbers: Mapping[str, int]) -> Iterator[str]:
    """Yield each page as a picture with its boxes outlined and numbered, as a data address."""
    for page, dots in enumerate(made.blank.pictures, start=1):
        picture = Image.frombytes("L", (dots.width, dots.height), dots.dots).convert("RGB")
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
