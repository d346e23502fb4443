"""Words in the free text that speak of a question which nobody answered. A hint, never a colour.

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

from formflow.model import Facts, Notice, Tri
from formflow.notices import notice

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


@dataclass(frozen=True, slots=True)
class Hint:
    """The words that speak of one question."""

    question: str
    label: str  # the printed question
    words: tuple[str, ...]  # small letters; several words stand in this order, one after another
    boxes: tuple[str, ...]  # where they are looked for


def please_check(facts: Facts) -> Iterator[Notice]:
    """Yield what the free text may answer where the question is answered neither yes nor no."""
    texts = {name: _plain(facts.texts[name]) for name in _boxes() if facts.texts.get(name)}
    for hint in hints():
        if not facts.asks(hint.question) or facts.says(hint.question) in (Tri.YES, Tri.NO):
            continue
        looked_at = [texts[name] for name in hint.boxes if name in texts]
        word = next((w for w in hint.words if any(f" {w} " in text for text in looked_at)), None)
        if word is not None:
            yield notice("FF-310", field=hint.question, label=hint.label, words={"word": word})
        elif hint.question == "context_social_media" and facts.choices.get(f"{hint.question}_how"):
            yield notice("FF-311", field=hint.question, label=hint.label)


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
