"""What cannot wait, whatever the level: a referral, an adult, images, a child under age, alarm words. Pure.

Nothing here changes the level. A person reads the form first, because of what is said here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from importlib import resources

from formflow.core.dates import age_on
from formflow.core.messages import notice
from formflow.core.model import STANDARD_AGES, Ages, Entry, Facts, Notice, Tri
from formflow.rules.light.cautions import TOUCHING, ages_of_the_two
from formflow.rules.light.hints import ONLINE
from formflow.rules.light.phrases import Lexicon, boxes_with_names, lexicon, words_of_names

ASKED = "urgent_referral"
MADE = "urgent_contact_made"
CARRIED = "FF-328"
MEDICAL = "medical_needed"
NOT_SAID = "FF-220"  # notice: the question was left blank. It is asked again, and waits behind what is certain.
CODES = frozenset(
    (
        "FF-212",
        "FF-213",
        "FF-217",
        NOT_SAID,
        "FF-320",
        "FF-322",
        "FF-323",
        "FF-324",
        "FF-325",
        "FF-326",
        "FF-333",
        "FF-334",
        "FF-338",
        "FF-339",
        "FF-344",
    )
) | {CARRIED}
# The line of guidance that a reason rests on (section 3.1). It says nothing of allegations against adults.
REFERRAL = "IR1"
CITED = frozenset(("FF-212", "FF-213", "FF-217", NOT_SAID, "FF-320", "FF-326"))
_UNSAID = {Tri.UNKNOWN: "FF-217", Tri.UNREADABLE: "FF-320"}
_BORN = (("child_a_dob", "FF-323"), ("child_b_dob", "FF-324"))
_LISTS = (("FF-325", "allegation"), ("FF-326", "alarm"), ("FF-339", "images"))
_TOUCHING_WORDS = ("FF-344", "touching")


def urgent(facts: Facts, on: date, ages: Ages = STANDARD_AGES) -> Iterator[Notice]:
    """Yield every reason why a form cannot wait; last, that nobody said whether it can."""
    yield from _referral(facts)
    yield from _allegation(facts, on, ages)
    if facts.says(MEDICAL) is Tri.YES:
        yield notice("FF-333", field=MEDICAL)
    if facts.says(ONLINE) is Tri.YES:
        yield notice("FF-334", field=ONLINE)
    is_young = min(ages_of_the_two(facts), default=ages.can_consent) < ages.can_consent
    if is_young and facts.says(TOUCHING) is Tri.YES:
        yield notice("FF-338", field=TOUCHING, words={"age": ages.can_consent})
    yield from _in_words(facts, ages, is_young=is_young)
    # Where only yes can be said, everybody leaves it blank who would say no.
    is_blank = facts.asks(ASKED) and facts.says(ASKED) is Tri.BLANK
    if is_blank and facts.says(MADE) is not Tri.YES and ASKED not in facts.only_yes:
        yield notice(NOT_SAID, field=ASKED)


def cannot_wait(entry: Entry) -> bool:
    """Return whether an entry comes before all others: for a reason, and not for a question that was left blank."""
    return any(found.code != NOT_SAID for found in reasons(entry))


def reasons(entry: Entry) -> tuple[Notice, ...]:
    """Return why an entry cannot wait: what it says itself, and what an earlier revision left to it."""
    own = entry.proposal.urgent if entry.proposal else ()
    return (*own, *(found for found in entry.notices if found.code in CODES))


def carried(before: Entry, own: Iterable[Notice]) -> tuple[Notice, ...]:
    """Return what a later revision takes over of one that nobody has acknowledged."""
    said = {(found.code, found.text) for found in own} | {(CARRIED, notice(CARRIED).text)}
    certain = (one for one in reasons(before) if one.code != NOT_SAID)
    rest = tuple(one for one in certain if (one.code, one.text) not in said)
    return (notice(CARRIED), *rest) if rest else ()


def _referral(facts: Facts) -> Iterator[Notice]:
    """Yield what the form says of an immediate referral."""
    if facts.says(MADE) is Tri.YES:
        yield notice("FF-213", field=MADE)
    elif facts.says(ASKED) is Tri.YES:
        yield notice("FF-212", field=ASKED)
    elif facts.says(ASKED) in _UNSAID:
        yield notice(_UNSAID[facts.says(ASKED)], field=ASKED)


def _allegation(facts: Facts, on: date, ages: Ages) -> Iterator[Notice]:
    """Yield what the answers say of an adult who may have harmed a child."""
    if facts.choices.get("child_b_kind") == "adult":
        yield notice("FF-322", field="child_b_kind")
    happened = facts.moments.get("incident_at") or facts.moments.get("signed_date")
    day = happened.day if happened else on
    for box, code in _BORN:
        born = facts.moments.get(box)
        if born and age_on(born.day, day) >= ages.adult:  # who is born later is below 0
            yield notice(code, field=box)


def _in_words(facts: Facts, ages: Ages, *, is_young: bool) -> Iterator[Notice]:
    """Yield what the free text says: alarm words, a possible allegation, what was done to a child under age."""
    of_names = boxes_with_names() | facts.names
    names = words_of_names(facts.texts, of_names)
    for box, words in facts.texts.items():
        if words and box not in of_names:
            yield from _words(box, _lexicon().found(words, names), ages, is_young=is_young)


def _words(
    box: str, found: Mapping[str, Sequence[str]], ages: Ages, *, is_young: bool
) -> Iterator[Notice]:
    """Yield what was found in one box, each words once: what tells of images is no alarm besides."""
    images = found.get("images", ())
    alarm = [one for one in found.get("alarm", ()) if not any(said in one for said in images)]
    found = {**found, "alarm": alarm}
    for code, name in (*_LISTS, *([_TOUCHING_WORDS] if is_young else [])):
        if found.get(name):
            words = {"words": "”, “".join(found[name]), "age": ages.can_consent}
            yield notice(code, field=box, words=words)


@cache
def _lexicon() -> Lexicon:
    """Return the words and phrases of alarm.toml."""
    table = tomllib.loads((resources.files(__package__) / "alarm.toml").read_bytes().decode())
    return lexicon({name: table[name] for _, name in (*_LISTS, _TOUCHING_WORDS)})
