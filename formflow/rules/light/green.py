"""What green waits for: every answer, date and choice that could raise the level, each answered harmlessly. Pure.

So no answer that is left out, and no question that is not asked, makes a form green: it could have been the one
that raises.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from formflow.core.model import Facts, Finding, Tri
from formflow.rules.light.book import Rule, asked_on_review, green_waits_for, half_denied
from formflow.rules.light.establish import BEFORE, FREQUENT, age_at_incident, is_denied

OTHER = "child_b_kind"  # question: who the other person was
NOBODY, CHILD = "nobody", "child"  # its answers
ABOUT_THE_OTHER = (
    "relationship_",
    "others_",
)  # questions that do not arise where nobody else was involved
BIRTH, OTHERS_BIRTH, INCIDENT = "child_a_dob", "child_b_dob", "incident_at"  # questions
DATES = (BIRTH, OTHERS_BIRTH, INCIDENT)
# Notices of dates that are wrong, or contradict an answer: such a form is never green. A date without a time, or
# one that nobody knows, is not among them.
AGAINST_GREEN = {
    *(
        "FF-202",
        "FF-203",
        "FF-204",
        "FF-205",
        "FF-206",
        "FF-208",
        "FF-209",
        "FF-210",
        "FF-211",
        "FF-215",
    ),
    *("FF-233", "FF-234", "FF-305"),
    *("FF-600", "FF-602", "FF-603"),  # of a form and its addendum only one is there
}
SELF_DIRECTED, EXCESSIVE = "type_self_directed", "type_excessive"  # questions
SHEDDING_CLOTHES, HEALTHY_UNTIL_FOUR = "type_disinhibition", "AGE1"  # question, rule


def still_open(rules: tuple[Rule, ...], found: Sequence[Finding], facts: Facts) -> Iterator[str]:
    """Yield every question and date that keeps a form from green: not asked, not answered, or not harmlessly."""
    halves = half_denied(rules)
    for name, harmless in green_waits_for(rules).items():
        is_open = facts.says(name) is not harmless and arises(name, facts)
        if is_open and not _is_harmless_all_the_same(name, halves, found, facts):
            yield name
    if facts.choices.get(OTHER) not in (CHILD, NOBODY):
        yield OTHER
    if facts.moments.get(INCIDENT) is None:
        yield INCIDENT
    births = (BIRTH,) if _is_alone(facts) else (BIRTH, OTHERS_BIRTH)
    yield from (born for born in births if age_at_incident(facts, born) is None)


def arises(name: str, facts: Facts) -> bool:
    """Return whether a question arises: not about others where nobody was, nor what the review sheet asks."""
    if _is_alone(facts) and name.startswith(ABOUT_THE_OTHER):
        return facts.says(name) in (Tri.YES, Tri.NO)
    return facts.asks(name) or name not in asked_on_review()


def _is_alone(facts: Facts) -> bool:
    return facts.choices.get(OTHER) == NOBODY


def _is_harmless_all_the_same(
    name: str, halves: Mapping[str, Sequence[Rule]], found: Sequence[Finding], facts: Facts
) -> bool:
    """Return whether another answer takes the weight of this one."""
    if name == SHEDDING_CLOTHES:
        return any(one.rule == HEALTHY_UNTIL_FOUR for one in found)
    if name == BEFORE:  # what happened before and is not frequent is on no list
        return facts.says(FREQUENT) is Tri.NO
    if name == FREQUENT:  # what never happened before is not frequent
        return facts.says(BEFORE) is Tri.NO and facts.says(FREQUENT) in (Tri.BLANK, Tri.UNKNOWN)
    return any(_is_half_denied(rule, facts) for rule in halves.get(name, ()))


def _is_half_denied(rule: Rule, facts: Facts) -> bool:
    return any(is_denied(part, facts) for part in rule.parts)
