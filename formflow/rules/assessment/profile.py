"""The profile of an assessment: what the score sheets (F4) note, by domain. Pure.

Structure alone: concern or strength, static or dynamic, weight of evidence. Each heading that is noted is
one mark; nothing is added up, because the guidance gives no numbers and the bands are not ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from formflow.core.model import Answer, AnswerState

DOMAINS: Mapping[str, str] = {  # form section: its name in the guidance (10)
    "behaviour": "Sexual and non-sexually harmful behaviours",
    "development": "Development",
    "family": "Family",
    "environment": "Environment",
}
KINDS = ("concern", "strength")
NATURES = ("static", "dynamic")
SIGNS = {"strong": "●", "some": "◐", "little": "○", "none": "–", "": "?"}  # weight of evidence
_NAMED = re.compile(rf"({'|'.join(DOMAINS)})_\w+?(?:_({'|'.join(NATURES)}))?_({'|'.join(KINDS)})")
NOTHING = "Nothing noted."


@dataclass(frozen=True, slots=True)
class Mark:
    """One heading that is noted on the score sheets."""

    domain: str
    kind: str  # "concern" or "strength"
    nature: str  # "static", "dynamic", "" where nobody said
    weight: str  # "strong", "some", "little", "none", "" where nobody said
    name: str  # of the question
    words: str  # what was written; "" where only nature or weight is chosen
    value: int | None = None  # of a licensed item, where one was chosen


def marks(answers: Mapping[str, Answer]) -> tuple[Mark, ...]:
    """Return what the score sheets note, in the order of the form."""
    named = ((name, _NAMED.fullmatch(name)) for name in answers)
    found = (_mark(name, parts, answers) for name, parts in named if parts)
    return tuple(mark for mark in found if mark.words or mark.nature or mark.weight)


def is_weighed(noted: Iterable[Mark]) -> bool:
    """Return whether something is noted, each with words, its nature and the weight of its evidence."""
    all_noted = tuple(noted)
    return bool(all_noted) and all(one.words and one.nature and one.weight for one in all_noted)


def of_domain(noted: Iterable[Mark], domain: str, labels: Mapping[str, str]) -> str:
    """Return what is noted in one domain, a line for each mark."""
    return "\n".join(_line(one, labels) for one in noted if one.domain == domain)


def of_nature(noted: Iterable[Mark], nature: str, kind: str, labels: Mapping[str, str]) -> str:
    """Return the marks of one nature and kind in all domains, a line for each."""
    return "\n".join(
        f"{DOMAINS[one.domain]} – {labels.get(one.name, one.name)}: {one.words}"
        for one in noted
        if (one.nature, one.kind) == (nature, kind)
    )


def in_words(noted: Iterable[Mark], labels: Mapping[str, str]) -> str:
    """Return the whole profile as a table in words: domain, nature and kind, and what is noted there."""
    all_noted = tuple(noted)
    return "\n".join(
        f"{title}. {_of_cell(all_noted, domain, nature, kind, labels)}"
        for domain, title in DOMAINS.items()
        for kind in KINDS
        for nature in NATURES
    )


def signs(noted: Iterable[Mark], domain: str, kind: str, nature: str) -> str:
    """Return a sign for each mark of one cell, by the weight of its evidence: the heaviest first."""
    order = list(SIGNS)
    there = [one for one in noted if (one.domain, one.kind, one.nature) == (domain, kind, nature)]
    return "".join(SIGNS[one.weight] for one in sorted(there, key=lambda m: order.index(m.weight)))


def where_most_is_noted(noted: Iterable[Mark]) -> Iterator[str]:
    """Yield in which domains most concerns and most strengths are noted: a count of headings, no score."""
    all_noted = tuple(noted)
    for kind in KINDS:
        counts = {d: sum((m.domain, m.kind) == (d, kind) for m in all_noted) for d in DOMAINS}
        most = max(counts.values())
        names = [DOMAINS[domain] for domain, count in counts.items() if count == most]
        yield f"Most {kind}s noted: {'; '.join(names)}." if most else f"No {kind}s noted."


def _mark(name: str, parts: re.Match[str], answers: Mapping[str, Answer]) -> Mark:
    domain, fixed, kind = parts.groups()
    nature, weight, value = (_said(answers, f"{name}_{x}") for x in ("nature", "weight", "value"))
    chosen = int(value.removeprefix("v")) if value else None
    # The nature of a licensed item is the library's: it says nothing about whether the item is noted.
    noted = bool(_said(answers, name) or weight or value)
    return Mark(
        domain,
        kind,
        fixed if fixed and noted else nature,
        weight,
        name,
        _said(answers, name),
        chosen,
    )


def values(noted: Iterable[Mark], bands: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what the values of licensed items come to, with the agency's own band where it has one."""
    all_noted = tuple(noted)
    for domain, title in DOMAINS.items():
        for kind in KINDS:
            chosen = [
                m.value
                for m in all_noted
                if (m.domain, m.kind) == (domain, kind) and m.value is not None
            ]
            if chosen:
                band = _band(bands, domain, kind, sum(chosen))
                yield f"{title}, {kind}s: values come to {sum(chosen)}{band}."


def _band(bands: Sequence[Mapping[str, Any]], domain: str, kind: str, total: int) -> str:
    for band in bands:
        at_home = (band["domain"], band["kind"]) == (domain, kind)
        if at_home and band["least"] <= total <= band["most"]:
            return f", in your agency’s own bands “{band['label']}”"
    return ", and your agency gives no band for that" if bands else ""


def _said(answers: Mapping[str, Answer], name: str) -> str:
    answer = answers.get(name)
    return answer.value or "" if answer and answer.state is AnswerState.GIVEN else ""


def _line(mark: Mark, labels: Mapping[str, str]) -> str:
    nature = mark.nature or "static or dynamic not said"
    weight = f"evidence {mark.weight}" if mark.weight else "weight of evidence not said"
    return f"{labels.get(mark.name, mark.name)} ({nature}, {weight}): {mark.words}"


def _of_cell(
    noted: tuple[Mark, ...], domain: str, nature: str, kind: str, labels: Mapping[str, str]
) -> str:
    there = [m for m in noted if (m.domain, m.nature, m.kind) == (domain, nature, kind)]
    named = ", ".join(
        f"{labels.get(m.name, m.name).rpartition(':')[0]} ({m.weight or 'weight not said'})"
        for m in there
    )
    return f"{nature.title()} {kind}s: {named or 'none noted'}."
