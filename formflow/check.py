"""Reading -> Checked: typed facts, and a notice for every mistake at once. Pure; never a dead end.

A mistake never delays an alert: a form with an impossible date and a red answer is proposed red now,
and is also returned to be put right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from formflow.dates import NotADate, age_on, parse_day, parse_moment
from formflow.forms import Field, FieldKind, Form
from formflow.model import Answer, AnswerState, Checked, Facts, Moment, Notice, Reading, Tri
from formflow.notices import notice

OLDEST_CHILD = 18  # years; the guidance is for children and young people
_STATES = {AnswerState.BLANK: Tri.BLANK, AnswerState.UNREADABLE: Tri.UNREADABLE}


def check(
    reading: Reading,
    form: Form,
    today: date,
    *,
    similar_age_years: int = 2,
    pages: Mapping[str, int] | None = None,
) -> Checked:
    """Return the facts of a reading, with everything that a person should know or put right."""
    look = _Look(reading, form, today, pages or {})
    facts = look.facts()
    notices = (
        *look.urgent(facts),
        *look.holds(),
        *look.blanks(),
        *look.date_notices,
        *look.order_of_days(facts),
        *look.ages(facts, similar_age_years),
    )
    return Checked(reading, facts, notices)


class _Look:
    """One look at one reading, with what it needs to name page and label."""

    def __init__(self, reading: Reading, form: Form, today: date, pages: Mapping[str, int]) -> None:
        self._reading, self._form, self._today, self._pages = reading, form, today, pages
        self.date_notices: list[Notice] = []

    def facts(self) -> Facts:
        """Return the typed facts; a date that cannot be read leaves a notice and no date."""
        ticks, choices, texts, moments = {}, {}, {}, {}
        for name, field in self._form.fields.items():
            answer = self._answer(name)
            match field.kind:
                case FieldKind.TICK:
                    ticks[name] = _tri(answer)
                case FieldKind.CHOICE:
                    choices[name] = answer.value
                case FieldKind.DATE | FieldKind.MOMENT:
                    moments[name] = self._moment(field, answer)
                case FieldKind.TEXT | FieldKind.LONG_TEXT:
                    texts[name] = answer.value or ""
        return Facts(ticks, choices, texts, moments)

    def urgent(self, facts: Facts) -> Iterator[Notice]:
        """Yield what must not wait: somebody says that an immediate referral is warranted."""
        if facts.says("urgent_referral") is Tri.YES:
            made = facts.says("urgent_contact_made") is Tri.YES
            yield self._notice("FF-213" if made else "FF-212", "urgent_referral")

    def holds(self) -> Iterator[Notice]:
        """Yield why the reading is held, in words."""
        for hold in self._reading.held:
            yield self._notice(hold.code, hold.field, hold.words)

    def blanks(self) -> Iterator[Notice]:
        """Yield the required boxes that are blank."""
        for name, field in self._form.fields.items():
            if field.required and self._answer(name).state is AnswerState.BLANK:
                yield self._notice("FF-201", name)

    def order_of_days(self, facts: Facts) -> Iterator[Notice]:
        """Yield the dates that cannot be, or not in this order."""
        born, incident = facts.moments.get("child_a_dob"), facts.moments.get("incident_at")
        signed = facts.moments.get("signed_date")
        for name in ("child_a_dob", "child_b_dob", "incident_at", "signed_date"):
            moment = facts.moments.get(name)
            if moment is not None and moment.day > self._today:
                yield self._notice("FF-206", name)
        if incident is not None and incident.hour is None:
            yield self._notice("FF-207", "incident_at")
        if born is not None and incident is not None and incident.day < born.day:
            yield self._notice("FF-208", "incident_at")
        if signed is not None and incident is not None and signed.day < incident.day:
            yield self._notice("FF-210", "signed_date")

    def ages(self, facts: Facts, similar_age_years: int) -> Iterator[Notice]:
        """Yield what the dates of birth say against other answers."""
        born, incident = facts.moments.get("child_a_dob"), facts.moments.get("incident_at")
        other = facts.moments.get("child_b_dob")
        if born is None:
            return
        if incident is not None and age_on(born.day, incident.day) > OLDEST_CHILD:
            yield self._notice("FF-209", "child_a_dob")
        if other is None:
            return
        older, younger = min(born.day, other.day), max(born.day, other.day)
        says_similar = facts.says("relationship_similar_age") is Tri.YES
        if says_similar and age_on(older, younger) > similar_age_years:
            yield self._notice("FF-305", "relationship_similar_age", {"years": similar_age_years})

    def _answer(self, name: str) -> Answer:
        return self._reading.answers.get(name) or Answer(None, "", AnswerState.UNREADABLE)

    def _moment(self, field: Field, answer: Answer) -> Moment | None:
        if answer.value is None:
            return None
        if field.kind is FieldKind.DATE:
            day = parse_day(answer.value, self._today)
            found = day if isinstance(day, NotADate) else Moment(day)
        else:
            found = parse_moment(answer.value, self._today)
        if isinstance(found, NotADate):
            self.date_notices.append(self._notice(found.code, field.name))
            return None
        return found

    def _notice(
        self, code: str, name: str | None, words: Mapping[str, object] | None = None
    ) -> Notice:
        field = self._form.fields.get(name) if name else None
        return notice(
            code,
            field=name,
            label=field.label if field else None,
            page=self._pages.get(name) if name else None,
            words=words,
        )


def _tri(answer: Answer) -> Tri:
    return _STATES.get(answer.state) or Tri(answer.value or Tri.UNREADABLE)
