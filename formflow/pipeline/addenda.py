"""An agency's form and the page of questions that belongs to it become one record, whichever comes first.

They belong together by the child (exact name and date of birth), the day and, where both say it, the time. Where
two records would do, a person compares: nothing is joined by a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date, datetime

from formflow.core.dates import local_day, local_time, parse_moment
from formflow.core.messages import notice
from formflow.core.model import Answer, AnswerState, Checked, Entry, Moment, Outcome, Unread
from formflow.delivery.context import DeliveryContext
from formflow.forms.catalogue import Form
from formflow.rules.checks import check
from formflow.rules.matching import business_key, child_key
from formflow.storage import children, entries, revisions
from formflow.storage.database import Connection
from formflow.storage.revisions import Revision

INCIDENT = "incident_at"  # question
BLANK = Answer(None, "", AnswerState.BLANK)


@dataclass(frozen=True, slots=True)
class Whole:
    """A paper with what is on the other paper of its record."""

    result: Checked | Unread
    form: Form | None
    before: Revision | None = None  # the record that it becomes part of


def with_blanks(form: Form, answers: Mapping[str, Answer]) -> dict[str, Answer]:
    """Return the answers of a paper, with a blank for each question that only an addendum to its form asks."""
    return {**answers, **dict.fromkeys(form.elsewhere, BLANK)}


def whole(
    connection: Connection,
    context: DeliveryContext,
    result: Checked | Unread,
    form: Form | None,
    continues: int | None,
    now: datetime,
) -> Whole:
    """Return a paper of an agency's form, or of an addendum, together with the other one if that has come."""
    if isinstance(result, Unread) or form is None or form.is_ours:
        return Whole(result, form)
    if form.adds_to:
        return _of_addendum(connection, context, result, form, now)
    if any(one.adds_to == form.form_id for one in context.forms.values()):
        return _of_form(connection, context, result, form, continues, now)
    return Whole(result, form)


def _of_addendum(
    connection: Connection, context: DeliveryContext, result: Checked, form: Form, now: datetime
) -> Whole:
    fitting = _fitting(connection, context, result, {form.adds_to, form.form_id}, now)
    if len(fitting) != 1:
        return Whole(_alone(result, "FF-603" if fitting else "FF-600"), form)
    [before] = fitting
    main = context.form_of(before.form_id, before.form_version)
    if main is None or main.adds_to:  # another copy of it, which still waits for its form
        return Whole(_alone(result, "FF-600"), form, before)
    earlier = entries.entry(connection, before.id)
    made = _joined(context, result, main, result.reading.answers, earlier, now)
    # What was wrong with the form itself is not mended by another page.
    held = tuple(found for found in earlier.notices if found.holds)
    return Whole(replace(made, notices=(*made.notices, *held)), main, before)


def _of_form(
    connection: Connection,
    context: DeliveryContext,
    result: Checked,
    form: Form,
    continues: int | None,
    now: datetime,
) -> Whole:
    source, before = _record(connection, result, continues), None
    if source is None:
        addenda = {one.form_id for one in context.forms.values() if one.adds_to == form.form_id}
        fitting = _fitting(connection, context, result, {form.form_id, *addenda}, now)
        if len(fitting) == 1 and fitting[0].form_id in addenda:
            source = before = fitting[0]
    if source is None:
        return Whole(result, form)
    earlier = entries.entry(connection, source.id)
    if not _has_more(earlier, form):
        return Whole(result, form)
    if earlier.outcome is Outcome.HELD:
        return Whole(_alone(result, "FF-602"), form, before)
    made = _joined(context, result, form, result.reading.answers, earlier, now)
    return Whole(made, form, before)


def _record(connection: Connection, result: Checked, continues: int | None) -> Revision | None:
    """Return the record that a form is the next copy of, None where it is the first."""
    if (grown := revisions.by_paper(connection, continues)) is not None:
        return grown
    key = business_key(result.reading.form_id, result.facts)
    return next(reversed(revisions.by_business_key(connection, key)), None) if key else None


def _has_more(earlier: Entry, form: Form) -> bool:
    """Return whether a record has answers that the form itself does not ask for."""
    more = (one for name, one in earlier.answers.items() if name in form.elsewhere)
    return any(one.state is not AnswerState.BLANK for one in more)


def _fitting(
    connection: Connection,
    context: DeliveryContext,
    result: Checked,
    forms: AbstractSet[str],
    now: datetime,
) -> list[Revision]:
    """Return the records of these forms about the same child at the same time."""
    child = children.find(connection, child_key(result.facts, "child_a"))
    at = result.facts.moments.get(INCIDENT)
    if child is None or at is None:
        return []
    today = local_day(now, context.settings.zone)
    return [
        one
        for one in revisions.of_incident(connection, child, at.day)
        if one.form_id in forms and _is_at(entries.entry(connection, one.id), at, today)
    ]


def _is_at(earlier: Entry, at: Moment, today: date) -> bool:
    """Return whether a record is about a time, as far as both say one."""
    answer = earlier.answers.get(INCIDENT)
    then = parse_moment((answer.value if answer else None) or "", today)
    if not isinstance(then, Moment):
        return False
    return None in (then.hour, at.hour) or (then.hour, then.minute) == (at.hour, at.minute)


def _joined(
    context: DeliveryContext,
    result: Checked,
    form: Form,
    said: Mapping[str, Answer],
    earlier: Entry,
    now: datetime,
) -> Checked:
    """Return what a form and its addendum say together: `said` by the paper that came now, and `earlier`."""
    addenda = (one for one in context.forms.values() if one.adds_to == form.form_id)
    twice = {name for one in addenda for name, field in one.fields.items() if field.states}
    is_form = result.reading.form_id == form.form_id
    answers = {}
    for name in form.fields:
        new, old = said.get(name, BLANK), earlier.answers.get(name, BLANK)
        if name in twice:
            answers[name] = _both(new, old)
        else:
            answers[name] = old if (name in form.elsewhere) == is_form else new
    settings = context.settings
    confirm = result.reading.confirm or earlier.outcome is Outcome.HELD
    reading = replace(
        result.reading,
        form_id=form.form_id,
        form_version=form.version,
        answers=answers,
        confirm=confirm,
    )
    made = check(
        reading,
        form,
        local_day(now, settings.zone),
        time_of_day=local_time(now, settings.zone),
        similar_age_years=settings.rules.similar_age_years,
    )
    return _told(made, "FF-601")


def _both(new: Answer, old: Answer) -> Answer:
    """Return the answer to a question that form and addendum ask; where they differ, nobody can say which is right."""
    if BLANK.state in (new.state, old.state):
        return old if new.state is BLANK.state else new
    if new.value == old.value and new.value is not None:
        return new
    return Answer(None, "\n".join(dict.fromkeys((new.raw, old.raw))), AnswerState.UNREADABLE)


def _told(result: Checked, code: str) -> Checked:
    return replace(result, notices=(*result.notices, notice(code)))


def _alone(result: Checked, code: str) -> Checked:
    """Return what one of two papers says by itself: that is never enough for green."""
    facts = replace(result.facts, doubtful=result.facts.doubtful | {INCIDENT})
    return replace(_told(result, code), facts=facts)
