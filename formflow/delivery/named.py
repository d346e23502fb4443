"""What field maps name of a case: its facts and the answers of its papers, as they stood with one entry. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial

from formflow.core.dates import local_day, parse_moment
from formflow.core.model import AnswerState, CaseState, Entry, Light, Moment, StateChange
from formflow.delivery.occasion import Occasion
from formflow.forms.catalogue import Field, FieldKind, Form
from formflow.rules.case.asked import open_steps
from formflow.rules.case.case import Case
from formflow.rules.case.clocks import deadline
from formflow.rules.case.levels import Level
from formflow.rules.case.overdue import COLOUR
from formflow.sdk.case_fields import CASE_FIELDS, LEVELS, LIGHTS, OF_ROSTER
from formflow.sdk.parcels import NamedAnswer, Value

_DATES = (FieldKind.DATE, FieldKind.MOMENT)


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of a case with one entry."""

    occasion: Occasion  # of the record in its newest revision, or of what belongs to none
    case: Case | None  # None where the entry belongs to no record
    form_of: Callable[[str | None, int | None], Form | None]
    at: datetime  # when the entry was recorded

    @property
    def record(self) -> Entry:
        """The record in its newest revision."""
        return self.occasion.entry

    @property
    def suggested(self) -> Light | None:
        """The level that is suggested by all that is there."""
        return self.case.suggested if self.case else self.record.highest_light

    @property
    def decided(self) -> Level | None:
        """The level that is decided, None where nothing is."""
        return self.case.level if self.case else None

    @property
    def settled(self) -> Level | None:
        """The level that is decided, unless a later form has reopened it."""
        return None if self.case and self.case.is_reopened else self.decided

    def local(self, moment: datetime) -> datetime:
        """Return a moment as the agency's clock shows it, to the minute."""
        zone = self.occasion.settings.zone
        return moment.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)

    def first_end(self, sheet: str, *running: str) -> date | None:
        """Return the day of the first deadline of open steps, of one sheet ("": of all) and by some clocks ((): any).

        The midnight that ends a day belongs to that day.
        """
        if self.case is None or self.case.state is not CaseState.OPEN:
            return None
        zone, days = self.occasion.settings.zone, self.occasion.settings.working_days
        steps = open_steps(self.case, local_day(self.at, zone))
        wanted = [
            one
            for one in steps
            if sheet in ("", one.sheet) and (not running or one.clock in running)
        ]
        ends = [end.by for one in wanted if (end := deadline(one, self.case, days)) is not None]
        return local_day(min(ends) - timedelta(minutes=1), zone) if ends else None


def named(known: Known, fields: frozenset[str]) -> tuple[NamedAnswer, ...]:
    """Return the fields that a map names, those of which something is known.

    Raise LookupError where the definition of a form is gone.
    """
    return tuple(one for name in sorted(fields) if (one := _one(known, name)) is not None)


def _one(known: Known, name: str) -> NamedAnswer | None:
    if name in _FACTS:
        value = _FACTS[name](known)
        return None if value in (None, "") else _fact(known, name, value)
    form_id, dot, question = name.rpartition(".")
    if not dot:
        # A sheet that belongs to no record is none itself.
        is_sheet = known.occasion.form is not None and known.occasion.form.is_sheet
        return None if is_sheet else _answered(known, known.record, question, name)
    sheet = known.case.paper(form_id) if known.case else None
    return _answered(known, sheet, question, name) if sheet else None


def _fact(known: Known, name: str, value: Value) -> NamedAnswer:
    about = CASE_FIELDS[name]
    if about.states is None:
        is_text = isinstance(value, str)
        return NamedAnswer(name, about.label, str(value), None if is_text else value)
    words = _level_in_words(known) if name == "level" else about.states[str(value)]
    return NamedAnswer(name, about.label, words, value)


def _level_in_words(known: Known) -> str:
    """Return the level so that nobody takes what is suggested for what is decided."""
    if known.settled is Level.DOUBT:
        return LEVELS[Level.DOUBT]
    if known.settled is not None:
        return f"Decided: {LEVELS[known.settled].lower()}"
    words = LIGHTS[known.suggested or Light.UNDETERMINED]
    is_a_level = known.suggested is not Light.UNDETERMINED
    return f"Suggested: {words[0].lower()}{words[1:]}" if is_a_level else words


def _answered(known: Known, paper: Entry, question: str, name: str) -> NamedAnswer | None:
    """Return what a paper answers, None where its form does not ask it or nothing is said."""
    form = known.form_of(paper.form_id, paper.form_version)
    if form is None and paper.form_id is not None:
        raise LookupError(paper.form_id)
    field, answer = form.fields.get(question) if form else None, paper.answers.get(question)
    if field is None or field.licensed or answer is None or answer.state is AnswerState.BLANK:
        return None
    if answer.state is AnswerState.UNREADABLE or answer.value is None:
        return NamedAnswer(name, field.label, "(could not be read)")
    words = field.in_words(answer.value) if field.states else answer.value
    on = local_day(paper.recorded_at, known.occasion.settings.zone)
    return NamedAnswer(name, field.label, words, _typed(field, answer.value, on))


def _typed(field: Field, words: str, on: date) -> Value:
    """Return what a program takes an answer for. A date that is not clear stays as written: nobody guesses."""
    if field.states:
        return words
    if not is_day(field):
        return None
    found = parse_moment(words, on, of_birth=field.name.endswith("_dob"))
    return _day_or_moment(found) if isinstance(found, Moment) else None


def is_day(field: Field) -> bool:
    """Return whether a question asks for a day: those of the plans take words as well."""
    return field.kind in _DATES or field.name.endswith("_on")


def _day_or_moment(found: Moment) -> date | datetime:
    if found.hour is None:
        return found.day
    return datetime.combine(found.day, time(found.hour, found.minute or 0))


def _level(known: Known) -> Value:
    light = COLOUR.get(known.settled, known.suggested)
    return light.value if light else None


def _sent(known: Known, sheet: str) -> Value:
    sent = known.case.moment(sheet, "sent_at") if known.case else None
    return _day_or_moment(sent) if sent else None


def _decided_at(known: Known) -> Value:
    at = known.case.decided_at if known.case and known.decided else None
    return known.local(at) if at else None


def _last_change(known: Known) -> StateChange | None:
    return known.case.changes[-1] if known.case and known.case.changes else None


def _state_at(known: Known) -> Value:
    last = _last_change(known)
    return known.local(last.at) if last else None


def _on_list(known: Known, name: str, *, is_b: bool) -> Value:
    """Return what the agency's pupil list says of a child of the case."""
    if is_b:
        pupil = known.case.on_list.child_b if known.case else None
    else:
        pupil = known.case.on_list.child_a if known.case else known.occasion.pupil
    found: Value = getattr(pupil, name) if pupil else None
    return found


_FACTS: Mapping[str, Callable[[Known], Value]] = {
    "reference": lambda known: known.record.reference,
    "revision": lambda known: known.record.revision,
    "form": lambda known: known.occasion.form.title if known.occasion.form else "",
    "status": lambda known: known.record.outcome.value,
    "received_at": lambda known: known.local(known.record.received_at),
    "recorded_at": lambda known: known.local(known.record.recorded_at),
    "incident_day": lambda known: known.record.incident_day,
    "child_reference": lambda known: known.record.child_reference,
    "where_filed": lambda known: known.occasion.where_to_look,
    "urgent": lambda known: "yes" if known.record.urgent else "no",
    "level": _level,
    "suggested_level": lambda known: known.suggested.value if known.suggested else None,
    "decided_level": lambda known: known.decided.value if known.decided else None,
    "decided_at": _decided_at,
    "case_state": lambda known: known.case.state.value if known.case else None,
    "case_state_at": _state_at,
    "case_state_reason": lambda known: last.reason if (last := _last_change(known)) else "",
    "duplicate_of": lambda known: last.duplicate_of if (last := _last_change(known)) else "",
    "respond_by": lambda known: known.local(known.occasion.respond_by),
    "decide_by": lambda known: known.first_end("", "decision", "advice"),
    "next_by": lambda known: known.first_end(""),
    "referral_a_by": lambda known: known.first_end("referral_a", "referral"),
    "referral_b_by": lambda known: known.first_end("referral_b", "referral"),
    "referral_a_sent": lambda known: _sent(known, "referral_a"),
    "referral_b_sent": lambda known: _sent(known, "referral_b"),
    "council_a_by": lambda known: known.first_end("referral_a", "council"),
    "council_b_by": lambda known: known.first_end("referral_b", "council"),
    **{f"roster_{name}": partial(_on_list, name=name, is_b=False) for name in OF_ROSTER},
    **{f"roster_b_{name}": partial(_on_list, name=name, is_b=True) for name in OF_ROSTER},
}
