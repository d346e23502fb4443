"""Facts and histories for the tests of the rules, written as short as a person would say them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from formflow.core.model import (
    Answer,
    EarlierIncident,
    Entry,
    Facts,
    History,
    Light,
    Moment,
    Outcome,
    Proposal,
    Tri,
)
from formflow.forms.catalogue import FieldKind, shipped

CASES = Path(__file__).parents[1] / "rules" / "cases"
FORM = shipped()[0]
TODAY = date(2026, 11, 24)
DAYS = {"born": "child_a_dob", "incident": "incident_at"}


def table(name: str) -> dict[str, Any]:
    """Return one file of cases."""
    return tomllib.loads((CASES / name).read_text("utf-8"))


# Worked out by hand from the guidance, not from the rule book: the answer to every question that bears on the
# level which raises nothing.
HARMLESS: Mapping[str, Tri] = {
    name: Tri(answer) for name, answer in table("harmless.toml")["answers"].items()
}
ANSWERED_OTHERWISE = {
    name: Tri.YES if harmless is Tri.NO else Tri.NO for name, harmless in HARMLESS.items()
}
# Half a line of the guidance: raises only together with an answer of the other half.
HALVES: Mapping[str, tuple[str, ...]] = {
    "context_frequent": ("context_takes_over",),
    "context_happened_before": ("context_takes_over",),
    "context_takes_over": ("context_frequent", "context_happened_before"),
    "relationship_size": ("relationship_more_in_control",),
    "relationship_strength": ("relationship_more_in_control",),
    "attempt_difficult": ("attempt_returning", "attempt_boundaries"),
    "attempt_easily_focused": ("attempt_returning", "attempt_boundaries"),
    "attempt_returning": ("attempt_difficult", "attempt_easily_focused"),
    "attempt_boundaries": ("attempt_difficult", "attempt_easily_focused"),
}
# Key features of healthy behaviour that an answer denies, and images: never green, and on no list.
DENIALS = ("type_online", "others_freely", "others_mutual", "child_meant_harm")
AMBER_ALONE = ("type_language", "type_low_key", "context_peer_pressure")
BY_AGE_OR_HALF_AMBER = ("type_disinhibition", "type_self_directed")
RED_ANSWERS = {
    name: answer
    for name, answer in ANSWERED_OTHERWISE.items()
    if name not in (*HALVES, *DENIALS, *AMBER_ALONE, *BY_AGE_OR_HALF_AMBER)
}
TICKS = tuple(
    dict.fromkeys(
        (
            *(name for name, field in FORM.fields.items() if field.kind is FieldKind.TICK),
            *HARMLESS,
            "type_touching",
            "type_excessive",
        )
    )
)
BACKGROUND = tuple(
    f"background_{name}"
    for name in ("cruelty_to_animals", "fire_setting", "violence", "anxiety", "disruption")
)
EVERY_QUESTION = (*TICKS, *BACKGROUND)


def facts(
    ticks: Mapping[str, Tri] | None = None,
    days: Mapping[str, date] | None = None,
    texts: Mapping[str, str] | None = None,
    choices: Mapping[str, str | None] | None = None,
) -> Facts:
    """Return the facts of a recording form on which nothing is said but this."""
    moments = {name: Moment(day) for name, day in (days or {}).items()}
    said = {**dict.fromkeys(TICKS, Tri.BLANK), **(ticks or {})}
    return Facts(said, choices or {}, texts or {}, moments)


def green() -> Facts:
    """Return the facts of a form on which everything is answered harmlessly: two children of sixteen."""
    days = {
        "child_a_dob": date(2010, 2, 1),
        "child_b_dob": date(2010, 4, 1),
        "incident_at": date(2026, 11, 10),
    }
    return facts(HARMLESS, days, choices={"child_b_kind": "child"})


def said(words: str) -> Facts:
    """Return the facts of "context_planned=yes, born=2020-03-03"."""
    pairs = dict(pair.strip().split("=") for pair in words.split(","))
    days = {DAYS[name]: date.fromisoformat(pairs.pop(name)) for name in DAYS if name in pairs}
    return facts({name: Tri(answer) for name, answer in pairs.items()}, days)


def with_answer(known: Facts, name: str, answer: Tri) -> Facts:
    """Return the same facts with one question answered otherwise."""
    return replace(known, ticks={**known.ticks, name: answer})


def earlier(*days: str | date) -> History:
    """Return a history of green papers on these days."""
    return History(
        tuple(
            EarlierIncident(
                f"FF-2026-{number:06d}",
                day if isinstance(day, date) else date.fromisoformat(day),
                Light.GREEN,
            )
            for number, day in enumerate(days, 1)
        )
    )


def recorded(
    answers: Mapping[str, Answer], proposal: Proposal | None = None, /, **other: Any
) -> Entry:
    """Return a paper as it is on record: the first revision of a recording form, but for what is said otherwise."""
    moment = datetime(2026, 11, 24, 12, tzinfo=UTC)
    said = {
        "reference": "FF-2026-000001",
        "revision": 1,
        "outcome": Outcome.RECORDED,
        "received_at": moment,
        "recorded_at": moment,
        "sha256": "ab",
        "form_id": "recording",
        "form_version": 2,
        "child_reference": None,
        "supersedes": None,
        "proposal": proposal,
        "highest_light": proposal.light if proposal else None,
    }
    return Entry(answers=answers, **{**said, **other})
