"""Facts and histories for the tests of the rules, written as short as a person would say them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from formflow.core.model import EarlierIncident, Facts, History, Light, Moment, Tri
from formflow.forms.catalogue import FieldKind, shipped

CASES = Path(__file__).parents[1] / "rules" / "cases"
FORM = shipped()[0]
TICKS = tuple(name for name, field in FORM.fields.items() if field.kind is FieldKind.TICK)
TODAY = date(2026, 11, 24)
DAYS = {"born": "child_a_dob", "incident": "incident_at"}


def table(name: str) -> dict[str, Any]:
    """Return one file of cases."""
    return tomllib.loads((CASES / name).read_text("utf-8"))


# Worked out by hand from the guidance, not from the rule book: the answer to every question that bears
# on the red list which is not the red one.
HARMLESS: Mapping[str, Tri] = {
    name: Tri(answer) for name, answer in table("harmless.toml")["answers"].items()
}
RED_ANSWERS = {
    name: Tri.YES if harmless is Tri.NO else Tri.NO for name, harmless in HARMLESS.items()
}


def facts(
    ticks: Mapping[str, Tri] | None = None,
    days: Mapping[str, date] | None = None,
    texts: Mapping[str, str] | None = None,
) -> Facts:
    """Return the facts of a recording form on which nothing is said but this."""
    moments = {name: Moment(day) for name, day in (days or {}).items()}
    return Facts({**dict.fromkeys(TICKS, Tri.BLANK), **(ticks or {})}, {}, texts or {}, moments)


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
