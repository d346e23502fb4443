"""Words in the free text that speak of a question which nobody answered, or which nobody was asked. A hint, never a colour.

"Not threatened" asks for a check just as "threatened" does: nobody but a person can tell them apart.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from formflow.core.messages import notice
from formflow.core.model import Facts, Notice, Tri

ONLINE = "type_online"  # its words are a caution of their own: cautions.py
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


@dataclass(frozen=True, slots=True)
class Hint:
    """The words that speak of one question."""

    question: str
    label: str  # the printed question
    words: tuple[str, ...]  # small letters; several words are in this order, one after another
    boxes: tuple[str, ...]  # where they are looked for


def please_check(facts: Facts) -> Iterator[Notice]:
    """Yield what the free text may answer where the question is answered neither yes nor no, or not asked."""
    texts = _texts(facts)
    for hint in hints():
        if hint.question == ONLINE or facts.says(hint.question) in (Tri.YES, Tri.NO):
            continue
        word = _word(hint, texts)
        if word is not None:
            code = "FF-310" if facts.asks(hint.question) else "FF-314"
            yield notice(code, field=hint.question, label=hint.label, words={"word": word})
        elif hint.question == "context_social_media" and facts.choices.get(f"{hint.question}_how"):
            yield notice("FF-311", field=hint.question, label=hint.label)


def word_for(question: str, facts: Facts) -> str | None:
    """Return a word of the free text that speaks of a question, also where that is answered; else None."""
    hint = next(one for one in hints() if one.question == question)
    return _word(hint, _texts(facts))


def _word(hint: Hint, texts: Mapping[str, str]) -> str | None:
    # A box of an agency's own may speak of anybody, so it is looked through for every question. Boxes are on
    # lines of their own: the end of one and the beginning of the next make no phrase.
    ours = _boxes()
    looked_at = "\n".join(
        text for name, text in texts.items() if name in hint.boxes or name not in ours
    )
    return next((word for word in hint.words if f" {word} " in looked_at), None)


def _texts(facts: Facts) -> Mapping[str, str]:
    """Return the free text of a form, box by box. No box that holds a name."""
    names = {*our_names(), *facts.names}
    return {box: _plain(words) for box, words in facts.texts.items() if words and box not in names}


def our_names() -> tuple[str, ...]:
    """Return our text boxes that hold names, numbers or places of work: no word counts there."""
    return tuple(_table()["names"])


@cache
def hints() -> tuple[Hint, ...]:
    """Return every list of words, in the order of the form."""
    table = _table()
    return tuple(
        Hint(question, row["label"], tuple(row["words"]), tuple(row.get("boxes", _boxes())))
        for question, row in table["question"].items()
    )


def _boxes() -> tuple[str, ...]:
    return tuple(_table()["boxes"])


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads((resources.files(__package__) / "hints.toml").read_text("utf-8"))


def _plain(text: str) -> str:
    """Return the words of a text in small letters, one blank around each."""
    same = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return f" {' '.join(_WORD.findall(same))} "
