"""Facts, rules and history -> Proposal. Pure. It proposes and cites; the DSL decides.

The guidance gives no arithmetic, so nothing is counted or weighed: any characteristic of the red list
proposes red; one that is on both lists proposes "at least amber"; mitigating factors are shown with
and are never subtracted. Green needs every question about the red list to be asked and answered
harmlessly, and nothing that contradicts it: no date, no other answer, no word of images.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from formflow.core.messages import notice
from formflow.core.model import (
    LOWEST_FIRST,
    Answer,
    Facts,
    Finding,
    History,
    Light,
    Notice,
    Proposal,
    Tri,
    Weighs,
    highest,
)
from formflow.rules.light.book import (
    Rule,
    asked_on_review,
    green_waits_for,
    rules_in_force,
    rules_version,
)
from formflow.rules.light.cautions import cautions, keep_from_green
from formflow.rules.light.establish import (
    BEFORE,
    BIRTH_AND_INCIDENT,
    age_at_incident,
    answered,
    findings,
)
from formflow.rules.light.hints import ONLINE, please_check
from formflow.rules.light.urgency import urgent

RAISES_TO = {
    ("amber",): Light.AMBER,
    ("amber", "red"): Light.AMBER_OR_RED,
    ("red",): Light.RED,
}
CONTRADICTIONS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    # notice, an answer of yes, and the answers of yes that do not go with it
    ("FF-301", "context_spontaneous", ("context_planned",)),
    ("FF-302", "others_freely", ("others_fearful", "others_anxious", "others_uncomfortable")),
    ("FF-303", "child_responsible", ("child_denying", "child_defensive")),
    ("FF-304", "attempt_easily_focused", ("attempt_returning",)),
)


def decide(facts: Facts, history: History, on: date) -> Proposal:
    """Return what the rules in force on a day propose, with every reason and every gap.

    What cannot wait is shown with it and changes nothing in it.
    """
    proposal = decide_by(rules_in_force(on), facts, history)
    return replace(proposal, urgent=tuple(urgent(facts, on)))


def decide_by(rules: Sequence[Rule], facts: Facts, history: History) -> Proposal:
    """Return what these rules propose. Their order makes no difference to the light."""
    found = findings(rules, facts, history)
    contradictory = tuple(_contradictions(facts, history))
    told = tuple(cautions(facts, found))
    # An earlier paper leaves "frequent or increasing" open, and that is for the DSL: so it is not green. Nor is a
    # paper of which a person must still check what it says, even if that is only one box or one date.
    is_open = bool(history.earlier or facts.doubtful or contradictory) or keep_from_green(
        told, facts
    )
    light = _light(rules, found, facts, is_open=is_open)
    return Proposal(
        light=light,
        findings=found,
        missing=_missing(rules, light, facts),
        not_asked=tuple(rule.id for rule in rules if not _is_asked(rule, facts)),
        contradictions=contradictory,
        please_check=tuple(please_check(facts)),
        cautions=told,
        rules_version=rules_version(),
    )


def _light(
    rules: Sequence[Rule], found: Sequence[Finding], facts: Facts, *, is_open: bool
) -> Light:
    raised = raised_to(found)
    if raised:
        return raised
    is_harmless = (
        not is_open and not _waits_for_age(rules, facts) and _all_is_harmless(rules, facts)
    )
    return Light.GREEN if is_harmless and _is_supported(rules, found) else Light.UNDETERMINED


def established(answers: Mapping[str, Answer], on: date) -> tuple[Finding, ...]:
    """Return what the circles of a review sheet establish by the same rules: concern and context, nothing else."""
    rules = rules_in_force(on)
    fields = (fact.field for rule in rules for fact in rule.facts)
    ticks = {
        name: Tri(answers[name].value or Tri.BLANK)
        for name in fields
        if name in answers and answers[name].value in (None, *Tri)
    }
    found = findings(rules, Facts(ticks, {}, {}, {}), History())
    return tuple(one for one in found if one.weighs in (Weighs.RAISES, Weighs.CONTEXT))


def raised_to(found: Sequence[Finding]) -> Light | None:
    """Return the light that findings raise to, None where none of them raises."""
    return highest(*(RAISES_TO[one.colours] for one in found if one.weighs is Weighs.RAISES))


def _all_is_harmless(rules: Sequence[Rule], facts: Facts) -> bool:
    """Return whether all that green waits for was asked and answered harmlessly.

    What a form does not ask keeps it from green, unless the review sheet asks it in every case.
    """
    elsewhere = asked_on_review()
    return all(
        facts.says(field) is harmless
        for field, harmless in green_waits_for(rules).items()
        if facts.asks(field) or field not in elsewhere
    )


def _is_supported(rules: Sequence[Rule], found: Sequence[Finding]) -> bool:
    never_alone = {rule.id for rule in rules if rule.never_alone}
    return any(one.weighs is Weighs.SUPPORTS and one.rule not in never_alone for one in found)


def _waits_for_age(rules: Sequence[Rule], facts: Facts) -> bool:
    """Return whether an age that we do not know would decide between green and amber."""
    unknown = age_at_incident(facts) is None
    return unknown and any(answered(rule, facts) for rule in rules if rule.ages is not None)


def _missing(rules: Sequence[Rule], light: Light, facts: Facts) -> tuple[str, ...]:
    """Return what was asked and not answered and could change the light, in the order of the form."""
    could_change = {
        fact.field for rule in rules if _could_change(rule, light) for fact in rule.facts
    }
    if light is Light.UNDETERMINED:
        could_change |= green_waits_for(rules).keys()
        could_change |= {ONLINE} if facts.says(ONLINE) is Tri.UNKNOWN else set()
    ticks = [
        name
        for name, answer in facts.ticks.items()
        if name in could_change and answer not in (Tri.YES, Tri.NO)
    ]
    if LOWEST_FIRST.index(light) < LOWEST_FIRST.index(Light.AMBER) and _waits_for_age(rules, facts):
        ticks += [name for name in BIRTH_AND_INCIDENT if facts.moments.get(name) is None]
    return tuple(ticks)


def _could_change(rule: Rule, light: Light) -> bool:
    if rule.weighs is Weighs.RAISES:
        return LOWEST_FIRST.index(RAISES_TO[rule.colours]) > LOWEST_FIRST.index(light)
    return rule.weighs is Weighs.SUPPORTS and light is Light.UNDETERMINED


def _is_asked(rule: Rule, facts: Facts) -> bool:
    return all(facts.asks(fact.field) for fact in rule.facts)


def _contradictions(facts: Facts, history: History) -> Iterator[Notice]:
    """Yield answers that do not fit together. They lower nothing and leave nothing out."""
    for code, one, others in CONTRADICTIONS:
        says_both = any(facts.says(other) is Tri.YES for other in others)
        if facts.says(one) is Tri.YES and says_both:
            yield notice(code, field=one)
    if facts.says(BEFORE) is Tri.NO and history.earlier:
        yield notice("FF-306", field=BEFORE)
