"""What nobody may overlook besides the suggested level: images, online contact, and ages below consent. Pure.

A caution raises no colour. Images and online contact, an adult, and a child too young to consent with one who is
not, keep a form from green: whether that is harmless is for a person to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from formflow.core.messages import notice
from formflow.core.model import Ages, Facts, Finding, Notice, Tri
from formflow.rules.light.establish import age_at_incident
from formflow.rules.light.hints import ONLINE, word_for

HOW_SOCIAL_MEDIA_WAS_USED = "context_social_media_how"
TOUCHING = "type_touching"  # question
IN_WORDS = "FF-316"  # notice: words that speak of images or online contact
CONSENT = ("G1", "G2")  # rules that call it mutual or consensual


def cautions(facts: Facts, found: Sequence[Finding], ages: Ages) -> Iterator[Notice]:
    """Yield what stands above the reasons, whatever the light."""
    online = list(_online(facts))
    yield from online
    youngest = min(ages_of_the_two(facts), default=ages.adult)
    if online and youngest < ages.adult:
        yield notice("FF-335", words={"age": ages.adult})
    is_at_issue = facts.says(TOUCHING) is Tri.YES or any(one.rule in CONSENT for one in found)
    if is_across_the_age(facts, ages) or (is_at_issue and youngest < ages.can_consent):
        yield notice("FF-317", words={"age": ages.can_consent})
    elif is_at_issue and youngest < ages.consent:
        yield notice("FF-318", words={"age": ages.consent})


def keep_from_green(told: Sequence[Notice], facts: Facts, ages: Ages) -> bool:
    """Return whether something that is told, or the ages by the dates, keep a form from green.

    A word about images counts also where the question is answered "no": then one of the two is wrong.
    """
    is_told = any(one.field == ONLINE for one in told)
    is_adult = any(age >= ages.adult for age in ages_of_the_two(facts))
    return is_told or is_adult or is_across_the_age(facts, ages)


def is_across_the_age(facts: Facts, ages: Ages) -> bool:
    """Return whether by the dates one child was too young to consent and the other was not."""
    return {age < ages.can_consent for age in ages_of_the_two(facts)} == {True, False}


def ages_of_the_two(facts: Facts) -> list[int]:
    """Return how old each of the two was by the dates, as far as they are known."""
    both = (age_at_incident(facts, born) for born in ("child_a_dob", "child_b_dob"))
    return [age for age in both if age is not None]


def _online(facts: Facts) -> Iterator[Notice]:
    if facts.says(ONLINE) is Tri.YES or facts.choices.get(HOW_SOCIAL_MEDIA_WAS_USED):
        yield notice("FF-315", field=ONLINE)
    elif word := word_for(ONLINE, facts):
        yield notice(IN_WORDS, field=ONLINE, words={"word": word})
