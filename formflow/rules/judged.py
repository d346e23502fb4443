"""The rules that one answer cannot settle: ages, history, several answers together."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from formflow.dates import age_on
from formflow.model import Facts, Finding, History, Tri, Weighs
from formflow.rules import Rule, finding
from formflow.words import day_in_words

DIFFERENCES = (
    "relationship_size",
    "relationship_ability",
    "relationship_status",
    "relationship_strength",
)
AGE_FIELDS = ("type_disinhibition", "child_a_dob", "incident_at")


def age_at_incident(facts: Facts) -> int | None:
    """Return child A's age in whole years on the day of the incident, or None without both dates."""
    born, incident = facts.moments.get("child_a_dob"), facts.moments.get("incident_at")
    if born is None or incident is None or incident.day < born.day:
        return None
    return age_on(born.day, incident.day)


def _no_differentials(rule: Rule, facts: Facts, _history: History) -> Finding | None:
    """G6: a tick that is missing is not a "no"."""
    similar = facts.says("relationship_similar_age") is Tri.YES
    if similar and all(facts.says(name) is Tri.NO for name in DIFFERENCES):
        return finding(rule, ("relationship_similar_age", *DIFFERENCES))
    return None


def _undressing(
    youngest: int, oldest: int | None
) -> Callable[[Rule, Facts, History], Finding | None]:
    """AGE1 to AGE3: shedding clothes, by age."""

    def judge(rule: Rule, facts: Facts, _history: History) -> Finding | None:
        age = age_at_incident(facts)
        if age is None or facts.says("type_disinhibition") is not Tri.YES:
            return None
        if age < youngest or (oldest is not None and age > oldest):
            return None
        return finding(rule, AGE_FIELDS, rule.text.format(age=age))

    return judge


def _one_off(rule: Rule, facts: Facts, history: History) -> Finding | None:
    """A2: low key, and a one-off as far as anybody said."""
    low_key = facts.says("type_low_key") is Tri.YES
    one_off = facts.says("context_happened_before") is not Tri.YES and not history.earlier
    return (
        finding(rule, ("type_low_key", "context_happened_before")) if low_key and one_off else None
    )


def _frequent(rule: Rule, facts: Facts, history: History) -> Finding | None:
    """R7a: what the person who saw it says raises; what our own records show is for the DSL to judge.

    The guidance does not say how often is "frequent", so one earlier record is no red by itself.
    """
    said = facts.says("context_happened_before") is Tri.YES
    if not said and not history.earlier:
        return None
    text = rule.text if said else "Earlier incidents are on record."
    if history.earlier:
        text = (
            f"{text} {_dates(history)} Whether that is frequent or increasing is for you to judge."
        )
    weighs = Weighs.RAISES if said else Weighs.CONTEXT
    return finding(rule, ("context_happened_before",), text, weighs=weighs)


def _dates(history: History) -> str:
    count = len(history.earlier)
    each = ", ".join(
        f"{day_in_words(one.incident_day) if one.incident_day else 'day not known'} ({one.reference})"
        for one in history.earlier
    )
    return f"{count} earlier record{'' if count == 1 else 's'}: {each}."


JUDGES: Mapping[str, Callable[[Rule, Facts, History], Finding | None]] = {
    "G6": _no_differentials,
    "AGE1": _undressing(0, 4),
    "AGE2": _undressing(5, 7),
    "AGE3": _undressing(8, None),
    "A2": _one_off,
    "R7a": _frequent,
}
