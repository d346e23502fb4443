"""What nobody may overlook besides the suggested level: images, online contact, and ages below consent. Pure.

A caution raises no colour. Images and online contact, and a child under 13 with one of 13 or over, keep a form
from green: whether that is harmless is for a person to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from formflow.core.messages import notice
from formflow.core.model import Facts, Finding, Notice, Tri
from formflow.rules.light.establish import age_at_incident
from formflow.rules.light.hints import ONLINE, word_for

HOW_SOCIAL_MEDIA_WAS_USED = "context_social_media_how"
CONSENT = ("G1", "G2")  # rules that call it mutual or consensual
CANNOT_CONSENT, AGE_OF_CONSENT = 13, 16  # years: the law of England


def cautions(facts: Facts, found: Sequence[Finding]) -> Iterator[Notice]:
    """Yield what stands above the reasons, whatever the light."""
    if _says_online(facts):
        yield notice("FF-315", field=ONLINE)
    elif word := word_for(ONLINE, facts):
        yield notice("FF-316", field=ONLINE, words={"word": word})
    youngest = min(_ages(facts), default=AGE_OF_CONSENT)
    is_called_consensual = any(one.rule in CONSENT for one in found)
    if is_across_the_age_of_13(facts) or (is_called_consensual and youngest < CANNOT_CONSENT):
        yield notice("FF-317")
    elif is_called_consensual and youngest < AGE_OF_CONSENT:
        yield notice("FF-318")


def keep_from_green(told: Sequence[Notice], facts: Facts) -> bool:
    """Return whether something that is told, or the ages by the dates, keep a form from green.

    A word about images counts also where the question is answered "no": then one of the two is wrong.
    """
    is_told = any(one.field == ONLINE for one in told)
    return is_told or facts.says(ONLINE) is Tri.UNKNOWN or is_across_the_age_of_13(facts)


def is_across_the_age_of_13(facts: Facts) -> bool:
    """Return whether by the dates one child was under 13 and the other was not."""
    ages = _ages(facts)
    return min(ages, default=0) < CANNOT_CONSENT <= max(ages, default=0)


def _says_online(facts: Facts) -> bool:
    used = facts.choices.get(HOW_SOCIAL_MEDIA_WAS_USED)
    return facts.says(ONLINE) is Tri.YES or bool(used)


def _ages(facts: Facts) -> list[int]:
    """Return how old each of the two was by the dates, as far as they are known."""
    ages = (age_at_incident(facts, born) for born in ("child_a_dob", "child_b_dob"))
    return [age for age in ages if age is not None]
