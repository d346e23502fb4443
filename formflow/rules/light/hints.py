"""Words in the free text that speak of a question which nobody answered, or which nobody was asked. A hint, never a colour.

"Not threatened" asks for a check just as "threatened" does: nobody but a person can tell them apart.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from formflow.core.messages import notice
from formflow.core.model import Facts, Notice, Tri
from formflow.forms.catalogue import shipped
from formflow.rules.light.phrases import (
    Lexicon,
    boxes_with_names,
    lexicon,
    words_of_names,
)

# Questions whose words seldom stand in a harmless story: "laughed" and "upset" do.
FORCE_OR_FEAR = (
    "context_force",
    "context_coercion",
    "context_threat",
    "context_blackmail",
    "others_fearful",
)
ONLINE = "type_online"  # its words are a caution of their own: cautions.py


@dataclass(frozen=True, slots=True)
class Hint:
    """The words that speak of one question."""

    question: str
    phrases: tuple[str, ...]  # in the language of phrases.toml
    boxes: tuple[str, ...]  # where they are looked for

    @property
    def label(self) -> str:
        """Return the question as our forms print it."""
        return label_of(self.question)


def please_check(facts: Facts) -> Iterator[Notice]:
    """Yield what the free text may answer where the question is answered neither yes nor no, or not asked."""
    found = _found(facts)
    for hint in hints():
        question = hint.question
        if question == ONLINE or facts.says(question) in (Tri.YES, Tri.NO):
            continue
        label = facts.labels.get(question) or hint.label
        if question in found:
            code = "FF-310" if facts.asks(question) else "FF-314"
            yield notice(code, field=question, label=label, words={"word": found[question]})
        elif question == "context_social_media" and facts.choices.get(f"{question}_how"):
            yield notice("FF-311", field=question, label=label)


def against_the_answers(facts: Facts) -> Iterator[Notice]:
    """Yield what the free text says of force or fear where the question is answered with no: one may be wrong."""
    found = _found(facts)
    for hint in hints():
        question = hint.question
        if question in found and question in FORCE_OR_FEAR and facts.says(question) is Tri.NO:
            label = facts.labels.get(question) or hint.label
            words = {"word": found[question]}
            yield notice("FF-340", field=question, label=label, words=words)


def word_for(question: str, facts: Facts) -> str | None:
    """Return the words of the free text that speak of a question, also where that is answered; else None."""
    return _found(facts, only=question).get(question)


def _found(facts: Facts, only: str | None = None) -> dict[str, str]:
    """Return by question the first words of the free text that speak of it. No box is looked in that holds a name."""
    of_names = boxes_with_names() | facts.names
    names = words_of_names(facts.texts, of_names)
    found: dict[str, str] = {}
    for box, text in facts.texts.items():
        if text and box not in of_names:
            for question, (first, *_) in _lexicon(only).found(text, names).items():
                if _is_looked_for_in(question, box):
                    found.setdefault(question, first)
    return found


def _is_looked_for_in(question: str, box: str) -> bool:
    """Return whether a box may speak of a question. One of an agency's own may speak of anybody, so of any."""
    return box in _hint(question).boxes or box not in _boxes()


@cache
def hints() -> tuple[Hint, ...]:
    """Return every list of phrases, in the order of the form."""
    table = _table()
    return tuple(
        Hint(question, tuple(row["phrases"]), tuple(row.get("boxes", table["boxes"])))
        for question, row in table["question"].items()
    )


@cache
def label_of(question: str) -> str:
    """Return a question as the first of our forms that asks it prints it."""
    return next(form.fields[question].label for form in shipped() if question in form.fields)


@cache
def _hint(question: str) -> Hint:
    return next(one for one in hints() if one.question == question)


@cache
def _boxes() -> frozenset[str]:
    return frozenset(_table()["boxes"])


@cache
def _lexicon(only: str | None) -> Lexicon:
    """Return the phrases of one question, or of all.

    Words about images and online contact keep a form from green: they count also where they look harmless.
    """
    lists = {one.question: one.phrases for one in hints() if only in (None, one.question)}
    return lexicon(lists, spares_harmless=only != ONLINE)


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads((resources.files(__package__) / "hints.toml").read_bytes().decode())
