"""`make words`: how many of the sentences in tests/rules/cases/words.toml the words of the rules understand."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path

from formflow.core.model import Facts
from formflow.rules.light.hints import ONLINE, please_check, word_for
from formflow.rules.light.urgency import urgent

SENTENCES = Path(__file__).parents[1] / "tests" / "rules" / "cases" / "words.toml"
TODAY = date(2026, 11, 24)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, and what a careful reader takes from it. What is in both or neither counts neither way."""

    text: str
    box: str
    speaks_of: frozenset[str]
    may_speak_of: frozenset[str]
    cannot_wait: bool | None  # None: readers would differ

    @property
    def held_out(self) -> bool:
        """Return whether the lists of words may not learn from it."""
        return bool(sha256(self.text.encode()).digest()[-1] % 2)


@dataclass(frozen=True, slots=True)
class Figures:
    """What was found rightly and wrongly, and what was missed."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        """Return how much of what is found is right."""
        return self.right / (self.right + self.wrong or 1)

    @property
    def recall(self) -> float:
        """Return how much of what there is is found."""
        return self.right / (self.right + self.missed or 1)


def sentences() -> Iterator[Sentence]:
    """Yield every sentence of the list."""
    table = tomllib.loads(SENTENCES.read_text("utf-8"))
    for text in table["harmless"]:
        yield Sentence(text, "type_text", frozenset(), frozenset(), cannot_wait=False)
    for row in table["sentence"]:
        waits = row.get("cannot_wait")
        yield Sentence(
            row["text"],
            row.get("box", "type_text"),
            frozenset(row["speaks_of"]),
            frozenset(row.get("may_speak_of", ())),
            cannot_wait=None if waits == "may" else waits is not None,
        )


def questions(one: Sentence) -> frozenset[str]:
    """Return the questions that its words are found to speak of."""
    known = Facts({}, {}, {one.box: one.text}, {})
    found = {hint.field for hint in please_check(known) if hint.field}
    return frozenset(found | ({ONLINE} if word_for(ONLINE, known) else set()))


def cannot_wait(one: Sentence) -> bool:
    """Return whether its words put a form first."""
    return any(urgent(Facts({}, {}, {one.box: one.text}, {}), TODAY))


def please_check_figures(some: Iterable[Sentence]) -> Figures:
    """Return how well the questions are found, each question of each sentence counted once."""
    right = wrong = missed = 0
    for one in some:
        found = questions(one)
        right += len(found & one.speaks_of)
        wrong += len(found - one.speaks_of - one.may_speak_of)
        missed += len(one.speaks_of - found)
    return Figures(right, wrong, missed)


def cannot_wait_figures(some: Iterable[Sentence]) -> Figures:
    """Return how well the sentences are found that cannot wait."""
    told = [(cannot_wait(one), one.cannot_wait) for one in some if one.cannot_wait is not None]
    return Figures(told.count((True, True)), told.count((True, False)), told.count((False, True)))


def main() -> None:
    """Print the figures; with a word of the command line, also what the first half has wrong."""
    everything = list(sentences())
    learnt, held_out = (
        [one for one in everything if one.held_out is half] for half in (False, True)
    )
    for name, some in (("all", everything), ("learnt from", learnt), ("held out", held_out)):
        _print(name, some)
    if "--mistakes" in sys.argv:
        _mistakes(learnt)


def _print(name: str, some: Sequence[Sentence]) -> None:
    for kind, of in (("please check", please_check_figures), ("cannot wait", cannot_wait_figures)):
        found = of(some)
        print(
            f"{name:12} {len(some):4} sentences  {kind:12}"
            f"  precision {found.precision:.2f}  recall {found.recall:.2f}"
            f"  ({found.right} right, {found.wrong} wrong, {found.missed} missed)"
        )


def _mistakes(some: Iterable[Sentence]) -> None:
    for one in some:
        found = questions(one)
        wrong, missed = found - one.speaks_of - one.may_speak_of, one.speaks_of - found
        waits = cannot_wait(one)
        notes = [f"-{name}" for name in sorted(missed)] + [f"+{name}" for name in sorted(wrong)]
        if one.cannot_wait is not None and waits != one.cannot_wait:
            notes.append("+cannot wait" if waits else "-cannot wait")
        if notes:
            print(f"{one.text}\n    {' '.join(notes)}")


if __name__ == "__main__":
    main()
