"""What every field map may name of a case, besides the answers of its form and sheets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from formflow.core.model import CaseState, Light, Outcome
from formflow.core.wording import CASE_STATE_WORDS, LIGHT_WORDS, OUTCOME_WORDS
from formflow.sdk.parcels import NamedAnswer, Value


class Takes(StrEnum):
    """What a field holds."""

    TEXT = "text"
    NUMBER = "number"
    DAY = "date"
    MOMENT = "date and time"
    CHOICE = "one of"  # its states


@dataclass(frozen=True, slots=True)
class CaseField:
    """One field that a map may name."""

    name: str
    label: str
    takes: Takes = Takes.TEXT
    states: Mapping[str, str] | None = None  # of a choice: name in a table of values, and our words
    sample: Value = None  # invented

    def as_sample(self) -> NamedAnswer:
        """Return the field with its invented value."""
        words = (self.states or {}).get(str(self.sample), "")
        is_text = isinstance(self.sample, str) and not words
        value = None if is_text else self.sample
        return NamedAnswer(self.name, self.label, words or str(self.sample), value)


YES_NO = {"yes": "Yes", "no": "No"}
LEVELS = {
    "harmful": "Harmful",
    "concerning": "Concerning",
    "healthy": "Healthy",
    "doubt": "In doubt: taking advice",
}
LIGHTS = {light.value: LIGHT_WORDS[light][1] for light in Light}
STATUS = {outcome.value: OUTCOME_WORDS[outcome] for outcome in Outcome}
STATES = {state.value: CASE_STATE_WORDS[state] for state in CaseState}
# What changes when a case is closed or reopened, its deadlines too: a destination that keeps one of these is told.
OF_STATE = frozenset(
    {
        *("case_state", "case_state_at", "case_state_reason", "duplicate_of"),
        *("decide_by", "next_by", "referral_a_by", "referral_b_by", "council_a_by", "council_b_by"),
    }
)
_ON, _AT = date(2026, 11, 20), datetime(2026, 11, 23, 14, 2)  # noqa: DTZ001 - as the agency's clock shows it

# Of the agency's pupil list: what a map may name of a child, and an invented sample.
OF_ROSTER: Mapping[str, tuple[str, Value]] = {
    "upn": ("UPN", "H801200001001"),
    "admission_no": ("Admission number", "004711"),
    "mis_id": ("Number in the school’s system", "A1234"),
    "legal_surname": ("Legal surname", "Ashby"),
    "legal_forename": ("Legal forename", "Rowan"),
    "dob": ("Date of birth", date(2013, 3, 1)),
    "year_group": ("Year group", "8"),
    "reg_group": ("Registration group", "8B"),
}


def _of_roster(prefix: str, who: str) -> Iterator[CaseField]:
    for name, (label, sample) in OF_ROSTER.items():
        takes = Takes.DAY if isinstance(sample, date) else Takes.TEXT
        words = f"{label} of {who} on the pupil list"
        yield CaseField(f"{prefix}_{name}", words, takes, sample=sample)


CASE_FIELDS: Mapping[str, CaseField] = {
    one.name: one
    for one in (
        CaseField("reference", "Reference of the record", sample="FF-2026-000123"),
        CaseField("revision", "Revision of the record", Takes.NUMBER, sample=1),
        CaseField("form", "Title of the form", sample="Sexual Behaviour Recording Form"),
        CaseField("status", "Status of the record", Takes.CHOICE, STATUS, "recorded"),
        CaseField("received_at", "When the form arrived", Takes.MOMENT, sample=_AT),
        CaseField("recorded_at", "When it was recorded", Takes.MOMENT, sample=_AT),
        CaseField("incident_day", "Day of the incident", Takes.DAY, sample=_ON),
        CaseField("child_reference", "FormFlow’s reference of the child", sample="C-4821-000045"),
        CaseField("where_filed", "Where to find the record", sample="formflow show FF-2026-000123"),
        CaseField("urgent", "It cannot wait", Takes.CHOICE, YES_NO, "no"),
        CaseField(
            "level",
            "The decided level as a colour; until it is decided, the suggested one",
            Takes.CHOICE,
            LIGHTS,
            "amber",
        ),
        CaseField(
            "suggested_level", "Suggested level, as it stands", Takes.CHOICE, LIGHTS, "amber"
        ),
        CaseField("decided_level", "Decided level", Takes.CHOICE, LEVELS, "concerning"),
        CaseField("decided_at", "When the level was decided", Takes.MOMENT, sample=_AT),
        CaseField("case_state", "Whether the case is open", Takes.CHOICE, STATES, "open"),
        CaseField("case_state_at", "When it was closed or reopened", Takes.MOMENT, sample=_AT),
        CaseField(
            "case_state_reason", "Why it was closed or reopened", sample="No further concerns."
        ),
        CaseField("duplicate_of", "The record that it is a duplicate of", sample="FF-2026-000101"),
        CaseField("respond_by", "Look at the form by", Takes.MOMENT, sample=_AT),
        CaseField("decide_by", "Decide by; blank once it is decided", Takes.DAY, sample=_ON),
        CaseField("next_by", "The next deadline of the case", Takes.DAY, sample=_ON),
        CaseField("referral_a_by", "Send the referral of child A by", Takes.DAY, sample=_ON),
        CaseField("referral_b_by", "Send the referral of child B by", Takes.DAY, sample=_ON),
        CaseField("referral_a_sent", "Referral of child A sent", Takes.MOMENT, sample=_AT),
        CaseField("referral_b_sent", "Referral of child B sent", Takes.MOMENT, sample=_AT),
        CaseField("council_a_by", "The council answers about child A by", Takes.DAY, sample=_ON),
        CaseField("council_b_by", "The council answers about child B by", Takes.DAY, sample=_ON),
        *_of_roster("roster", "child A"),
        *_of_roster("roster_b", "child B"),
    )
}


def samples(reference: str) -> tuple[NamedAnswer, ...]:
    """Return every field with its invented value, of a record with this reference."""
    every = (one.as_sample() for one in CASE_FIELDS.values())
    return tuple(replace(one, text=reference) if one.field == "reference" else one for one in every)
