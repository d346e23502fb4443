"""Facts, rules and history -> Proposal. Pure. It proposes and cites; the DSL decides.

The guidance gives no arithmetic, so nothing is counted or weighed: any characteristic of the red list
proposes red; one that is on both lists proposes "at least amber"; mitigating factors are shown with
and are never subtracted. Green needs every answer that could raise the level to be asked for and given
harmlessly (green.py), and nothing that contradicts it: no date, no other answer, no word of images.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from formflow.core.messages import notice
from formflow.core.model import (
    LOWEST_FIRST,
    STANDARD_AGES,
    Ages,
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
from formflow.rules.light.book import Rule, rules_in_force, rules_version
from formflow.rules.light.cautions import TOUCHING, cautions, keep_from_green
from formflow.rules.light.establish import BEFORE, FREQUENT, findings, is_denied
from formflow.rules.light.green import DATES, NOBODY, OTHER, arises, still_open
from formflow.rules.light.hints import against_the_answers, please_check
from formflow.rules.light.urgency import urgent

IN_CONTROL = "relationship_more_in_control"  # question
RAISES_TO = {
    ("amber",): Light.AMBER,
    ("amber", "red"): Light.AMBER_OR_RED,
    ("red",): Light.RED,
}
CONTRADICTIONS: tuple[tuple[str, str, Tri, tuple[tuple[str, Tri], ...]], ...] = (
    # notice, a question and its answer, and the answers to others that do not go with it
    ("FF-301", "context_spontaneous", Tri.YES, (("context_planned", Tri.YES),)),
    (
        "FF-302",
        "others_freely",
        Tri.YES,
        (
            ("others_fearful", Tri.YES),
            ("others_anxious", Tri.YES),
            ("others_uncomfortable", Tri.YES),
        ),
    ),
    (
        "FF-303",
        "child_responsible",
        Tri.YES,
        (("child_denying", Tri.YES), ("child_defensive", Tri.YES)),
    ),
    ("FF-304", "attempt_easily_focused", Tri.YES, (("attempt_returning", Tri.YES),)),
    (
        "FF-330",
        IN_CONTROL,
        Tri.NO,
        (("relationship_size", Tri.YES), ("relationship_strength", Tri.YES)),
    ),
    ("FF-332", FREQUENT, Tri.YES, ((BEFORE, Tri.NO),)),
)


def decide(facts: Facts, history: History, on: date, ages: Ages = STANDARD_AGES) -> Proposal:
    """Return what the rules in force on a day propose, with every reason and every gap.

    What cannot wait is shown with it and changes nothing in it.
    """
    proposal = decide_by(rules_in_force(on), facts, history, ages)
    return replace(proposal, urgent=tuple(urgent(facts, on, ages)))


def decide_by(
    rules: tuple[Rule, ...],
    facts: Facts,
    history: History,
    ages: Ages = STANDARD_AGES,
    differing: Sequence[Notice] = (),
    cautioned: Sequence[Notice] = (),
) -> Proposal:
    """Return what these rules propose. Their order makes no difference to the light.

    `differing` is what several papers say differently; `cautioned` is what was told of them before.
    """
    found = findings(rules, facts, history)
    contradictory = (*_contradictions(facts, history), *differing)
    told = (*cautions(facts, found, ages), *cautioned)
    # An earlier paper leaves "frequent or increasing" open, and that is for the DSL: so it is not green. Nor is a
    # paper of which a person must still check what it says, even if that is only one box or one date.
    is_doubtful = bool(history.earlier or facts.doubtful or contradictory)
    is_kept = is_doubtful or keep_from_green(told, facts, ages)
    waits = tuple(still_open(rules, found, facts))
    light = _light(rules, found, is_harmless=not is_kept and not waits)
    # Where everything is answered harmlessly, nothing else would make anybody read the text against it.
    against = against_the_answers(facts) if light is Light.GREEN else ()
    return Proposal(
        light=light,
        findings=found,
        missing=_missing(rules, light, facts, waits),
        not_asked=tuple(rule.id for rule in rules if not _is_asked(rule, facts)),
        contradictions=contradictory,
        please_check=(*please_check(facts), *against),
        cautions=told,
        rules_version=rules_version(),
        ages=ages,
    )


def _light(rules: Sequence[Rule], found: Sequence[Finding], *, is_harmless: bool) -> Light:
    raised = raised_to(found)
    if raised:
        return raised
    return Light.GREEN if is_harmless and _is_supported(rules, found) else Light.UNDETERMINED


def raised_to(found: Sequence[Finding]) -> Light | None:
    """Return the light that findings raise to, None where none of them raises."""
    return highest(*(RAISES_TO[one.colours] for one in found if one.weighs is Weighs.RAISES))


def _is_supported(rules: Sequence[Rule], found: Sequence[Finding]) -> bool:
    never_alone = {rule.id for rule in rules if rule.never_alone}
    return any(one.weighs is Weighs.SUPPORTS and one.rule not in never_alone for one in found)


def _missing(
    rules: Sequence[Rule], light: Light, facts: Facts, waits: Sequence[str]
) -> tuple[str, ...]:
    """Return what was not answered and could change the light, in the order of the form; dates last."""
    could_change = {
        fact.field for rule in rules if _could_change(rule, light, facts) for fact in rule.facts
    }
    if light is Light.UNDETERMINED:
        could_change.update(waits)
    ticks = [
        name
        for name, answer in facts.ticks.items()
        if name in could_change and answer not in (Tri.YES, Tri.NO) and arises(name, facts)
    ]
    rest = [name for name in waits if name in (OTHER, *DATES)]
    is_low = light in (Light.UNDETERMINED, Light.GREEN)
    return (*ticks, *(name for name in rest if is_low and _is_blank(name, facts)))


def _is_blank(name: str, facts: Facts) -> bool:
    return name == OTHER or facts.moments.get(name) is None


def _could_change(rule: Rule, light: Light, facts: Facts) -> bool:
    if rule.weighs is Weighs.RAISES:
        is_higher = LOWEST_FIRST.index(RAISES_TO[rule.colours]) > LOWEST_FIRST.index(light)
        return is_higher and not any(is_denied(part, facts) for part in rule.parts)
    return rule.weighs is Weighs.SUPPORTS and light is Light.UNDETERMINED


def _is_asked(rule: Rule, facts: Facts) -> bool:
    return all(facts.asks(fact.field) for fact in rule.facts)


def _contradictions(facts: Facts, history: History) -> Iterator[Notice]:
    """Yield answers that do not fit together. They lower nothing and leave nothing out."""
    for code, name, answer, others in CONTRADICTIONS:
        says_other = any(facts.says(other) is said for other, said in others)
        if facts.says(name) is answer and says_other:
            yield notice(code, field=name)
    if facts.choices.get(OTHER) == NOBODY and facts.says(TOUCHING) is Tri.YES:
        yield notice("FF-331", field=OTHER)
    if facts.says(BEFORE) is Tri.NO and history.earlier:
        yield notice("FF-306", field=BEFORE)
