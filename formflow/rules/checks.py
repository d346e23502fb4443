"""Reading -> Checked: typed facts, and a notice for every mistake at once. Pure; never a dead end.

A mistake never delays an alert: a form with an impossible date and a red answer is proposed red now,
and is also returned to be put right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from formflow.core.dates import Doubt, age_on, parse_day, parse_moment
from formflow.core.messages import notice
from formflow.core.model import Answer, AnswerState, Checked, Facts, Moment, Notice, Reading, Tri
from formflow.forms.catalogue import Field, FieldKind, Form
from formflow.rules.light.green import AGAINST_GREEN
from formflow.rules.light.urgency import ASKED
from formflow.rules.matching import BETWEEN, holds_several_names, looks_like_another

OLDEST_CHILD = 18  # years; the guidance is for children and young people
DATES_OF_BIRTH = ("child_a_dob", "child_b_dob")
# Notices, by the date of birth that they are about.
BORN_LATER = {"child_a_dob": "FF-208", "child_b_dob": "FF-233"}
OVER_AGE = {"child_a_dob": "FF-209", "child_b_dob": "FF-234"}
MAY_LIE_AHEAD = "begins_on"  # the only moment that is planned
TO_COME = "FF-345"  # notice: the day is recorded, the time is not
CLOCKS_DIFFER = timedelta(minutes=15)  # and people round: so much later is no mistake
# What one line of an agency's own form asks for when it asks for no words about the incident.
_A_NAME = re.compile(
    r"\b(?:fore|sur|first|last|full|pupil|child)?_?names?\b|_name|\bsign(?:ed|ature)\b|\binitials\b"
    r"|\b(?:completed|reported|recorded|written) by\b|\baddress\b|\be-?mail\b|\b(?:tele)?phone\b|\bUPN\b",
    re.IGNORECASE,
)
Moments = Mapping[str, Moment | None]
LOST = "\N{REPLACEMENT CHARACTER}"
_NOT_THERE = Answer(None, "", AnswerState.UNREADABLE)
_ANSWERS: Mapping[str | None, Tri] = {"yes": Tri.YES, "no": Tri.NO, "unknown": Tri.UNKNOWN}


@dataclass(frozen=True, slots=True)
class _Paper:
    """One reading, with what it takes to name page and label of a box."""

    reading: Reading
    form: Form
    today: date
    time_of_day: time | None

    def answer(self, name: str) -> Answer:
        """Return what is in a box. A box that the file lacks is unreadable, not blank."""
        return self.reading.answers.get(name, _NOT_THERE)

    def words(self, name: str) -> str:
        """Return what is written in a box, "" for nothing that could be read."""
        return self.answer(name).value or ""

    def is_to_come(self, moment: Moment) -> bool:
        """Return whether a time of today was still to come when the paper was recorded."""
        if self.time_of_day is None or moment.day != self.today or moment.hour is None:
            return False
        at = datetime.combine(self.today, time(moment.hour, moment.minute or 0))
        return at > datetime.combine(self.today, self.time_of_day) + CLOCKS_DIFFER

    def notice(
        self, code: str, name: str | None, words: Mapping[str, object] | None = None
    ) -> Notice:
        """Return a numbered message about a box, or about the whole paper."""
        if name is None:
            return notice(code, words=words)
        field, page = self.form.fields.get(name), self.form.pages.get(name)
        label = field.label if field else None
        return notice(code, field=name, label=label, page=page, words=words)


def check(
    reading: Reading,
    form: Form,
    today: date,
    *,
    time_of_day: time | None = None,
    similar_age_years: int = 2,
) -> Checked:
    """Return the facts of a reading, with everything that a person should know or put right.

    It is recorded at this time of day, where the agency is; None: no time of today is asked about.
    """
    paper = _Paper(reading, form, today, time_of_day)
    moments, about_dates = _moments(paper)
    facts = _facts(paper, moments)
    of_dates = (
        *about_dates,
        *_order_of_days(paper, moments),
        *_ages(paper, facts, similar_age_years),
    )
    contradicted = {one.field for one in of_dates if one.field and one.code in AGAINST_GREEN}
    facts = replace(facts, doubtful=facts.doubtful | contradicted)
    notices = (
        *_referral_is_not_asked(paper, facts),
        *about_active_content(reading.carries),
        *map(notice, reading.told),
        *_holds(paper),
        *_unreadable(paper),
        *_lost_letters(paper),
        *_odd_names(paper),
        *_several_names(paper),
        *_blanks(paper),
        *of_dates,
    )
    return Checked(reading, facts, notices)


def _facts(paper: _Paper, moments: Moments) -> Facts:
    ticks: dict[str, Tri] = {}
    choices: dict[str, str | None] = {}
    texts: dict[str, str] = {}
    for name, field in paper.form.fields.items():
        answer = paper.answer(name)
        match field.kind:
            case FieldKind.TICK:
                ticks[name] = _tri(answer)
            case FieldKind.CHOICE:
                choices[name] = answer.value if answer.value in field.states else None
            case FieldKind.TEXT | FieldKind.LONG_TEXT:
                texts[name] = paper.words(name)
    doubtful = _doubtful(paper) | _unread(paper)
    names, only_yes = frozenset(_names(paper.form)), frozenset(_only_yes(paper.form))
    labels = {name: paper.form.fields[name].label for name in ticks}
    return Facts(ticks, choices, texts, moments, doubtful, names, only_yes, labels)


def _only_yes(form: Form) -> Iterator[str]:
    """Yield the questions with a lone box: ticked it says yes, and not ticked it says nothing."""
    for name, field in form.fields.items():
        if field.kind is FieldKind.TICK and field.means and Tri.NO not in field.means.values():
            yield name


def _names(form: Form) -> Iterator[str]:
    """Yield the boxes of one line that ask for a name or the like: no word of theirs is about the incident."""
    for name, field in form.fields.items():
        if field.kind is FieldKind.TEXT and _A_NAME.search(f"{name} {field.label}"):
            yield name


def _tri(answer: Answer) -> Tri:
    if answer.state is AnswerState.BLANK:
        return Tri.BLANK
    return _ANSWERS.get(answer.value, Tri.UNREADABLE)


def _doubtful(paper: _Paper) -> frozenset[str]:
    """Return the boxes that a hold speaks of; all of them where it speaks of the whole paper."""
    fields = {hold.field for hold in paper.reading.held}
    if None in fields:
        return frozenset(paper.form.fields)
    return frozenset(name for name in fields if name)


def _unread(paper: _Paper) -> frozenset[str]:
    """Return the boxes that hold something unreadable, or are missing."""
    return frozenset(
        name for name in paper.form.fields if paper.answer(name).state is AnswerState.UNREADABLE
    )


def _moments(paper: _Paper) -> tuple[Moments, list[Notice]]:
    """Return the dates that can be true. The others leave a notice, and no date."""
    moments: dict[str, Moment | None] = {}
    notices: list[Notice] = []
    for name, field in paper.form.fields.items():
        if field.kind not in (FieldKind.DATE, FieldKind.MOMENT):
            continue
        moments[name], code = _moment(paper, field)
        if code:
            notices.append(paper.notice(code, name))
    return moments, notices


def _moment(paper: _Paper, field: Field) -> tuple[Moment | None, str]:
    """Return what is in a date box and the code of the notice it deserves, or ""."""
    written = paper.answer(field.name).value
    if written is None:
        return None, ""
    found = _parsed(field, written, paper.today)
    if isinstance(found, Doubt):
        moment, code = Moment(found.day) if found.day else None, found.code
    else:
        wants_time = field.kind is FieldKind.MOMENT and field.required
        moment, code = found, "FF-207" if wants_time and found.hour is None else ""
    if moment is None or field.name == MAY_LIE_AHEAD:
        return moment, code
    if moment.day > paper.today:
        return None, "FF-206"
    return (Moment(moment.day), TO_COME) if paper.is_to_come(moment) else (moment, code)


def _parsed(field: Field, written: str, today: date) -> Moment | Doubt:
    if field.kind is FieldKind.MOMENT:
        return parse_moment(written, today)
    day = parse_day(written, today, of_birth=field.name in DATES_OF_BIRTH)
    return day if isinstance(day, Doubt) else Moment(day)


def _referral_is_not_asked(paper: _Paper, facts: Facts) -> Iterator[Notice]:
    """Yield that a form about an incident does not ask whether an immediate referral is warranted.

    Or that it asks with a lone box, which everybody leaves blank who would say no.
    """
    if paper.form.is_sheet:
        return
    if not facts.asks(ASKED):
        yield paper.notice("FF-321", None)
    elif facts.says(ASKED) is Tri.BLANK and ASKED in facts.only_yes:
        yield paper.notice("FF-327", ASKED)


def about_active_content(carries: Sequence[str]) -> Iterator[Notice]:
    """Yield that a paper carries what our forms never carry, told in words."""
    if carries:
        yield notice("FF-129", words={"what": ", ".join(carries)})


def _holds(paper: _Paper) -> Iterator[Notice]:
    """Yield why the reading is held, in words."""
    for hold in paper.reading.held:
        yield paper.notice(hold.code, hold.field, hold.words)


def _unreadable(paper: _Paper) -> Iterator[Notice]:
    """Yield the boxes that hold something unreadable, where no hold has said so already."""
    doubtful = _doubtful(paper)
    for name in paper.form.fields:
        if paper.answer(name).state is AnswerState.UNREADABLE and name not in doubtful:
            yield paper.notice("FF-134", name)


def _lost_letters(paper: _Paper) -> Iterator[Notice]:
    """Yield the answers in which a program lost a letter, where no hold has said so already."""
    told = {hold.field for hold in paper.reading.held if hold.code == "FF-126"}
    for name in paper.form.fields:
        if LOST in paper.words(name) and name not in told:
            yield paper.notice("FF-218", name)


def _odd_names(paper: _Paper) -> Iterator[Notice]:
    """Yield the names that may look like another: with something unseen, or in another alphabet."""
    for name in paper.form.fields:
        what = looks_like_another(paper.words(name)) if name.endswith("_name") else ""
        if what:
            yield paper.notice("FF-219", name, {"what": what})


def _several_names(paper: _Paper) -> Iterator[Notice]:
    """Yield the boxes for a child's name that seem to hold several, as far as a form is about one child."""
    if paper.form.is_sheet:
        return
    if holds_several_names(paper.words("child_a_name")):
        yield paper.notice("FF-253", "child_a_name")
    # Several may have been targeted: each by a name of its own.
    targeted = paper.words("child_b_name").split(BETWEEN)
    if any(holds_several_names(name) for name in targeted):
        yield paper.notice("FF-254", "child_b_name")


def _blanks(paper: _Paper) -> Iterator[Notice]:
    """Yield the required boxes that are blank."""
    for name, field in paper.form.fields.items():
        if field.required and paper.answer(name).state is AnswerState.BLANK:
            yield paper.notice("FF-201", name)


def _order_of_days(paper: _Paper, moments: Moments) -> Iterator[Notice]:
    """Yield the days that cannot be in this order."""
    incident, signed = moments.get("incident_at"), moments.get("signed_date")
    if incident is None:
        return
    for name, code in BORN_LATER.items():
        born = moments.get(name)
        if born is not None and incident.day < born.day:
            yield paper.notice(code, "incident_at")
    if signed is not None and signed.day < incident.day:
        yield paper.notice("FF-210", "signed_date")


def _ages(paper: _Paper, facts: Facts, similar_age_years: int) -> Iterator[Notice]:
    """Yield what the dates of birth say against other answers."""
    born, other = (facts.moments.get(name) for name in DATES_OF_BIRTH)
    incident = facts.moments.get("incident_at")
    for name, code in OVER_AGE.items():
        birth = facts.moments.get(name)
        if birth and incident and age_on(birth.day, incident.day) > OLDEST_CHILD:
            yield paper.notice(code, name)
    if not born or not other or facts.says("relationship_similar_age") is not Tri.YES:
        return
    older, younger = sorted((born.day, other.day))
    # On the day before the younger was born: a gap of exactly so many years is not more.
    if age_on(older, younger - timedelta(days=1)) >= similar_age_years:
        words = {"years": similar_age_years}
        yield paper.notice("FF-305", "relationship_similar_age", words)
