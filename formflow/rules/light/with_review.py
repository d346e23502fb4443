"""The recording form and the review sheets about it together: one set of facts, and what they suggest. Pure.

A yes or no on the form stands. What it left open or never asked, the review sheet completes. Where both answer and
differ, that is told, and whichever raises counts. A blank on a review sheet says nothing, and what an earlier sheet
said that raises stays: no sheet lowers a suggestion.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo

from formflow.core.dates import local_day, parse_moment
from formflow.core.messages import notice
from formflow.core.model import (
    STANDARD_AGES,
    AnswerState,
    Entry,
    Facts,
    History,
    Moment,
    Notice,
    Proposal,
    Tri,
)
from formflow.rules.light.book import Rule, green_waits_for, rules_in_force, sentences
from formflow.rules.light.cautions import HOW_SOCIAL_MEDIA_WAS_USED, IN_WORDS, TOUCHING
from formflow.rules.light.green import (
    AGAINST_GREEN,
    BIRTH,
    DATES,
    NOBODY,
    OTHER,
    OTHERS_BIRTH,
)
from formflow.rules.light.hints import label_of
from formflow.rules.light.propose import decide_by
from formflow.rules.light.urgency import MEDICAL, urgent

SAID = (Tri.YES, Tri.NO)
AS_SAID: Mapping[str | None, Tri] = {one.value: one for one in (*SAID, Tri.UNKNOWN)}
# No light hangs on these. A yes makes it urgent, whichever paper says it.
URGENT_IF_YES = {TOUCHING: Tri.NO, MEDICAL: Tri.NO}
Ticks = Mapping[str, Tri]


def suggested_together(
    record: Entry, reviews: Sequence[Entry], history: History, zone: tzinfo
) -> Proposal:
    """Return what a recording form suggests with the review sheets about it, given first to last."""
    newest, before = reviews[-1], record.proposal
    day = local_day(newest.recorded_at, zone)
    rules = rules_in_force(day)
    harmless = {**green_waits_for(rules), **URGENT_IF_YES}
    asked = dict.fromkeys((*sentences(rules), *harmless))
    by_form = _ticks(record, asked)
    by_reviews = _by_reviews([_ticks(one, asked) for one in reviews], harmless)
    facts = Facts(
        ticks={
            name: _together(harmless.get(name), by_form.get(name), by_reviews.get(name, ()))
            for name in dict.fromkeys((*by_form, *by_reviews))
        },
        choices={
            OTHER: _who(_value(record, OTHER), _value(newest, OTHER)),
            HOW_SOCIAL_MEDIA_WAS_USED: _value(record, HOW_SOCIAL_MEDIA_WAS_USED),
        },
        texts={},  # the words of the form were looked at when it came
        moments={
            name: _moment(record, name, zone) or _moment(newest, name, zone) for name in DATES
        },
        doubtful=frozenset(_doubtful(record, by_form, by_reviews)),
    )
    ages = before.ages if before else STANDARD_AGES
    found = decide_by(
        rules,
        facts,
        history,
        ages,
        differing=tuple(_differing(rules, record, newest, by_form, by_reviews)),
        cautioned=[one for one in before.cautions if one.code == IN_WORDS] if before else [],
    )
    return replace(found, urgent=tuple(urgent(facts, day, ages)))


def _ticks(paper: Entry, asked: Iterable[str]) -> Ticks:
    """Return what a paper says to each of some questions that it asks."""
    return {name: _tri(paper, name) for name in asked if name in paper.answers}


def _tri(paper: Entry, name: str) -> Tri:
    answer = paper.answers[name]
    if answer.state is AnswerState.BLANK:
        return Tri.BLANK
    return AS_SAID.get(answer.value, Tri.UNREADABLE)


def _by_reviews(sheets: Sequence[Ticks], harmless: Ticks) -> Mapping[str, tuple[Tri, ...]]:
    """Return what the newest review sheet says, and after it all that earlier ones said that raises."""
    *earlier, newest = sheets
    told = ((name, said) for name, said in newest.items() if said in (*SAID, Tri.UNKNOWN))
    found: dict[str, tuple[Tri, ...]] = {name: (said,) for name, said in told}
    for sheet in earlier:
        for name, said in sheet.items():
            if said in SAID and harmless.get(name, said) is not said:
                found[name] = (*found.get(name, (Tri.BLANK,)), said)
    return found


def _together(harmless: Tri | None, by_form: Tri | None, by_reviews: Collection[Tri]) -> Tri:
    """Return the answer that counts of several: one that raises, else the form's, else the review sheet's."""
    said = [one for one in (by_form, *by_reviews) if one in SAID]
    raising = [one for one in said if harmless is not None and one is not harmless]
    return next(iter((*raising, *said)), by_form or Tri.UNKNOWN)


def _who(by_form: str | None, by_review: str | None) -> str | None:
    """Return who the other person was: nobody only where no paper says otherwise."""
    said = [one for one in (by_form, by_review) if one not in (None, "unknown")]
    return next((one for one in said if one != NOBODY), next(iter(said), None))


def _value(paper: Entry, name: str) -> str | None:
    answer = paper.answers.get(name)
    return answer.value if answer else None


def _moment(paper: Entry, name: str, zone: tzinfo) -> Moment | None:
    """Return a date of a paper as it was checked: none that lay ahead."""
    today = local_day(paper.recorded_at, zone)
    said = _value(paper, name)
    found = parse_moment(said, today, of_birth=name in (BIRTH, OTHERS_BIRTH)) if said else None
    return Moment(found.day) if found and found.day and found.day <= today else None


def _doubtful(
    record: Entry, by_form: Ticks, by_reviews: Mapping[str, tuple[Tri, ...]]
) -> Iterator[str]:
    """Yield of what a person must still look at the form, unless the review sheet answers it instead."""
    unreadable = {name for name, said in by_form.items() if said is Tri.UNREADABLE}
    completed = unreadable & {name for name, said in by_reviews.items() if {*said} & {*SAID}}
    doubts = (one for one in record.notices if one.holds or one.code in AGAINST_GREEN)
    yield from (record.reference for one in doubts if one.field not in completed)
    for name, answer in record.answers.items():
        if answer.state is AnswerState.UNREADABLE and name not in completed:
            yield name


def _differing(
    rules: tuple[Rule, ...],
    record: Entry,
    newest: Entry,
    by_form: Ticks,
    by_reviews: Mapping[str, tuple[Tri, ...]],
) -> Iterator[Notice]:
    """Yield what form and review sheets say differently: of each question the sentence that one of them denies."""
    told = sentences(rules)
    for name, (said, *earlier) in by_reviews.items():
        what = {"what": told.get(name) or label_of(name)}
        if {said, by_form.get(name)} == set(SAID):
            yield notice("FF-336", field=name, words=what)
        if any(one is not said for one in earlier):
            yield notice("FF-337", field=name, words=what)
    who, other = _value(record, OTHER), _value(newest, OTHER)
    if who and other and who != other and "unknown" not in (who, other):
        yield notice("FF-336", field=OTHER, words={"what": "Who the other person was."})
