"""What cannot wait, whatever the level: an immediate referral, an allegation, alarm words. Pure.

Nothing here changes the level. A person reads the form first, because of what is said here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from formflow.core.dates import age_on
from formflow.core.messages import notice
from formflow.core.model import Entry, Facts, Notice, Tri
from formflow.rules.light.phrases import Lexicon, lexicon

ASKED = "urgent_referral"
MADE = "urgent_contact_made"
CARRIED = "FF-328"
ADULT_AT = 18  # years
CODES = frozenset(
    (
        "FF-212",
        "FF-213",
        "FF-217",
        "FF-220",
        "FF-320",
        "FF-322",
        "FF-323",
        "FF-324",
        "FF-325",
        "FF-326",
    )
) | {CARRIED}
# The line of guidance that a reason rests on (section 3.1). It says nothing of allegations against adults.
REFERRAL = "IR1"
CITED = frozenset(("FF-212", "FF-213", "FF-217", "FF-220", "FF-320", "FF-326"))
_UNSAID = {Tri.UNKNOWN: "FF-217", Tri.BLANK: "FF-220", Tri.UNREADABLE: "FF-320"}
_BORN = (("child_a_dob", "FF-323"), ("child_b_dob", "FF-324"))
_LISTS = (("FF-325", "allegation"), ("FF-326", "alarm"))


def urgent(facts: Facts, on: date) -> Iterator[Notice]:
    """Yield every reason why a form cannot wait, nothing where it can."""
    yield from _referral(facts)
    yield from _allegation(facts, on)
    for box, words in facts.texts.items():
        if words and box not in _names():
            yield from _words(box, words)


def reasons(entry: Entry) -> tuple[Notice, ...]:
    """Return why an entry cannot wait: what it says itself, and what an earlier revision left to it."""
    own = entry.proposal.urgent if entry.proposal else ()
    return (*own, *(found for found in entry.notices if found.code in CODES))


def carried(before: Entry, own: Iterable[Notice]) -> tuple[Notice, ...]:
    """Return what a later revision takes over of one that nobody has acknowledged."""
    said = {(found.code, found.text) for found in own} | {(CARRIED, notice(CARRIED).text)}
    rest = tuple(one for one in reasons(before) if (one.code, one.text) not in said)
    return (notice(CARRIED), *rest) if rest else ()


def _referral(facts: Facts) -> Iterator[Notice]:
    """Yield what the form says of an immediate referral, also that it does not say."""
    if facts.says(MADE) is Tri.YES:
        yield notice("FF-213", field=MADE)
    elif facts.says(ASKED) is Tri.YES:
        yield notice("FF-212", field=ASKED)
    elif facts.says(ASKED) is Tri.BLANK and ASKED in facts.only_yes:
        return  # said on the page: were it urgent, every form of that agency would come first
    elif facts.asks(ASKED) and facts.says(ASKED) in _UNSAID:
        yield notice(_UNSAID[facts.says(ASKED)], field=ASKED)


def _allegation(facts: Facts, on: date) -> Iterator[Notice]:
    """Yield what the answers say of an adult who may have harmed a child."""
    if facts.choices.get("child_b_kind") == "adult":
        yield notice("FF-322", field="child_b_kind")
    happened = facts.moments.get("incident_at") or facts.moments.get("signed_date")
    day = happened.day if happened else on
    for box, code in _BORN:
        born = facts.moments.get(box)
        if born and born.day <= day and age_on(born.day, day) >= ADULT_AT:
            yield notice(code, field=box)


def _words(box: str, text: str) -> Iterator[Notice]:
    """Yield the alarm words of one box, and what may be an allegation."""
    found = _lexicon().found(text)
    for code, name in _LISTS:
        if name in found:
            yield notice(code, field=box, words={"words": "”, “".join(found[name])})


def _names() -> Collection[str]:
    """Return the boxes that hold names or numbers: no word counts there."""
    names: Collection[str] = _table()["names"]
    return names


@cache
def _lexicon() -> Lexicon:
    """Return the words and phrases of alarm.toml."""
    return lexicon(_table(), {name: _table()[name] for _, name in _LISTS})


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads((resources.files(__package__) / "alarm.toml").read_text("utf-8"))
