"""Facts and history -> findings: which rules hold, each with the answers that it rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from formflow.core.dates import age_on
from formflow.core.model import Facts, Finding, History, Tri, Weighs
from formflow.core.wording import day_in_words
from formflow.rules.light.book import Fact, Rule

BEFORE, FREQUENT = "context_happened_before", "context_frequent"
BIRTH_AND_INCIDENT = ("child_a_dob", "incident_at")
# What is said of half a line.
NOT_SAID = "The guidance asks for both parts of this, and the other part has not been answered."
DENIED = "The guidance asks for both parts of this, and the answer to the other part is no."


def findings(rules: Iterable[Rule], facts: Facts, history: History) -> tuple[Finding, ...]:
    """Return everything that the rules establish, in their order."""
    found = []
    for rule in rules:
        judge = JUDGES[rule.judge] if rule.judge else _said
        finding = judge(rule, facts, history)
        if finding is not None:
            found.append(finding)
    return tuple(found)


def answered(rule: Rule, facts: Facts) -> tuple[Fact, ...]:
    """Return the answers on the form that establish a rule, leaving ages and history aside."""
    found: list[Fact] = []
    for part in rule.parts:
        said = _said_of(part, facts)
        if not said:
            return ()
        found += said
    return tuple(found)


def is_denied(part: Iterable[Fact], facts: Facts) -> bool:
    """Return whether every answer of one half of a line is the harmless one."""
    return all(facts.says(fact.field) is fact.harmless for fact in part)


def _said_of(part: Iterable[Fact], facts: Facts) -> list[Fact]:
    return [fact for fact in part if facts.says(fact.field) is fact.answer]


def age_at_incident(facts: Facts, born_on: str = "child_a_dob") -> int | None:
    """Return a child's age in whole years on the day of the incident, or None without both dates."""
    born, incident = facts.moments.get(born_on), facts.moments.get("incident_at")
    if born is None or incident is None or incident.day < born.day:
        return None
    return age_on(born.day, incident.day)


def _said(rule: Rule, facts: Facts, _history: History) -> Finding | None:
    """Establish a rule by what is on the form, and by child A's age where the rule has ages."""
    said = answered(rule, facts)
    if not said:
        return _half(rule, facts) if rule.weighs is Weighs.RAISES else None
    fields = tuple(fact.field for fact in said)
    text = " ".join(fact.sentence for fact in said)
    if rule.ages is not None:
        age = age_at_incident(facts)
        if age is None or age not in rule.ages:
            return None
        fields += BIRTH_AND_INCIDENT
        text = text.format(age=age)
    return _finding(rule, fields, text)


def _one_off(rule: Rule, facts: Facts, history: History) -> Finding | None:
    """A2: low key raises to amber; what is known of earlier incidents is shown with it.

    An earlier incident makes it no longer a one-off, but never less of a concern: so it still raises.
    """
    before = facts.says(BEFORE)
    if not answered(rule, facts):
        return None
    known = "It is not known whether it was a one-off."
    if before is Tri.YES:
        known = "It was not a one-off: it has happened before."
    elif history.earlier:
        known = "There are earlier forms about this child."
    elif before is Tri.NO:
        known = "No earlier incident is known."
    text = " ".join(fact.sentence for fact in rule.facts)
    return _finding(rule, (*(fact.field for fact in rule.facts), BEFORE), f"{text} {known}")


def _half(rule: Rule, facts: Facts) -> Finding | None:
    """Show one half of a line that the guidance joins with "and". By itself it raises nothing."""
    said = tuple(fact for part in rule.parts for fact in _said_of(part, facts))
    if not said:
        return None
    others = (part for part in rule.parts if not _said_of(part, facts))
    words = DENIED if any(is_denied(part, facts) for part in others) else NOT_SAID
    text = " ".join((*(fact.sentence for fact in said), words))
    return _finding(rule, tuple(fact.field for fact in said), text, Weighs.CONTEXT)


def _frequent(rule: Rule, facts: Facts, history: History) -> Finding | None:
    """R7: often, as the form or several papers have it, and more than the rest of life.

    The guidance does not say how often is "frequent". That it happened before counts unless the form says that
    it is not often. Our own records alone are for the DSL to judge.
    """
    often, takes_over = (_said_of(part, facts) for part in rule.parts)
    is_often = facts.says(FREQUENT) is not Tri.NO and bool(often or history.earlier)
    if not (often or takes_over or history.earlier):
        return None
    sentences = [fact.sentence for fact in (*often, *takes_over)]
    raises = is_often and bool(takes_over)
    if (often or takes_over) and not raises:
        denied = facts.says(FREQUENT) is Tri.NO or is_denied(rule.parts[1], facts)
        sentences.append(DENIED if denied else NOT_SAID)
    if history.earlier:
        sentences.append(_dates(history))
    if often or history.earlier:
        sentences.append("Whether that is frequent or increasing is for the DSL to judge.")
    fields = dict.fromkeys((*(fact.field for fact in (*often, *takes_over)), BEFORE))
    weighs = Weighs.RAISES if raises else Weighs.CONTEXT
    return _finding(rule, tuple(fields), " ".join(sentences), weighs)


def _dates(history: History) -> str:
    count = len(history.earlier)
    each = ", ".join(
        f"{day_in_words(one.incident_day) if one.incident_day else 'day not known'} ({one.reference})"
        for one in history.earlier
    )
    return f"{count} earlier paper{'' if count == 1 else 's'} on record: {each}."


def _finding(
    rule: Rule, fields: tuple[str, ...], text: str, weighs: Weighs | None = None
) -> Finding:
    on_both_lists = len(rule.colours) > 1
    return Finding(
        rule=rule.id,
        colours=rule.colours,
        section=rule.section,
        quote=rule.quote,
        weighs=weighs or rule.weighs,
        fields=fields,
        text=f"{text} On both lists, so at least amber; you decide." if on_both_lists else text,
        by_analogy=rule.by_analogy,
    )


JUDGES: Mapping[str, Callable[[Rule, Facts, History], Finding | None]] = {
    "one_off": _one_off,
    "frequent": _frequent,
}
