"""The papers that walk through the rooms: each room takes one frozen value and hands on the next.

Drop -> Reading | Unread -> Checked -> Proposal -> Entry -> parcels -> Delivered.
Nothing here touches disk, clock, network or database.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path


class Tri(StrEnum):
    """What a person said to one yes / no / not known question.

    Only YES and NO establish anything. A rule may never treat BLANK, UNKNOWN or UNREADABLE as NO.
    """

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"  # the person chose "Not known"
    BLANK = "blank"  # the person chose nothing, or the form does not ask
    UNREADABLE = "unreadable"  # something is there, and we cannot say what


class AnswerState(StrEnum):
    """Whether one box of the form holds something we could read."""

    GIVEN = "given"
    BLANK = "blank"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is in one box of the form."""

    value: str | None  # normalised: NFC, line ends "\n", outer space trimmed; None unless GIVEN
    raw: str  # as stored in the file, for comparison with the paper
    state: AnswerState


class Role(StrEnum):
    """Who drops files in a watched folder. What a paper may do goes by the folder it came from."""

    STAFF = "staff"  # forms: nothing from here decides anything
    DECISIONS = (
        "decisions"  # the safeguarding lead alone: her sheets count, and the office hears nothing
    )


@dataclass(frozen=True, slots=True)
class Drop:
    """A whole, settled file that the gate let through. It still lies where it was dropped."""

    path: Path
    folder: str  # name of the watched folder in the settings, or "" when handed over by command
    size: int  # bytes
    modified_ns: int  # of the file's own clock: good for equality, never for age
    role: Role = Role.STAFF  # of the folder it lies in


@dataclass(frozen=True, slots=True)
class Hold:
    """One reason why a paper that was read must wait for a person."""

    code: str  # notice code
    field: str | None = None  # field name, where one box is the reason
    words: Mapping[str, str] = dataclasses.field(
        default_factory=dict
    )  # what fills the notice's {braces}


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything that could be read of one paper, box by box."""

    sha256: str
    form_id: str
    form_version: int
    via: str  # rung of the ladder: "acroform", "xfa", "flat" or "scan"
    confirm: bool  # True: a person must confirm before the record counts as complete
    held: tuple[Hold, ...]  # why the paper waits for a person although it was read
    answers: Mapping[str, Answer]  # by field name, in the order of the form
    # what the hidden box of a copy of ours says, with its token: not to be shown
    case_ref: str = dataclasses.field(default="", repr=False)
    further: tuple[str, ...] = ()  # fingerprints of last pages that it says are FormFlow's own
    carries: tuple[str, ...] = ()  # active content that the blank has not, in words
    told: tuple[str, ...] = ()  # codes of notices that people should read, and that hold nothing


@dataclass(frozen=True, slots=True)
class Unread:
    """A paper that could not be read, and why: it goes to a person, and the DSL hears of it."""

    sha256: str
    reason: str  # notice code, such as "FF-103"
    file_size: int  # bytes
    words: Mapping[str, str] = dataclasses.field(
        default_factory=dict
    )  # what fills the notice's {braces}
    carries: tuple[str, ...] = ()  # active content, in words
    is_picture: bool = False  # True: its pages are pictures, and may be read as such


class CaseState(StrEnum):
    """Whether a case is open. A person says so, with a reason; a later paper opens it again."""

    OPEN = "open"
    CLOSED = "closed"
    ENTERED_IN_ERROR = "entered_in_error"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class StateChange:
    """One change of whether a case is open: what, when, by whom and why."""

    state: CaseState
    at: datetime  # aware
    who: str  # a command and its account, or the paper that did it
    reason: str
    reasons: Mapping[str, str] = dataclasses.field(
        default_factory=dict
    )  # id of a step that was still open -> why it is left
    duplicate_of: str | None = None  # a reference
    after_entry: int = 0  # number of the last entry of the case then


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing a person should know or put right. The words are in messages.py."""

    code: str  # "FF-" and three digits
    text: str  # what we found, what that means, what to do now
    field: str | None = None  # field name; staff see `label`
    label: str | None = None  # printed label
    page: int | None = None  # counted from 1
    holds: bool = False  # True: the paper waits for a person
    returns: bool = False  # True: the paper also goes back to the office for correction


@dataclass(frozen=True, slots=True)
class Moment:
    """A date that a person wrote, with the time if one was given."""

    day: date
    hour: int | None = None
    minute: int | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """The typed facts of one recording form. What was not asked reads as Tri.BLANK."""

    ticks: Mapping[str, Tri]  # every yes / no / not known question that the form asks
    choices: Mapping[str, str | None]  # other choices, such as child_b_kind
    texts: Mapping[str, str]  # free text, "" where blank
    moments: Mapping[str, Moment | None]  # dates and times that could be read
    # questions of which a person must confirm what was read, or which the dates contradict
    doubtful: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()  # boxes of an agency's own form that hold names, not words
    only_yes: frozenset[str] = frozenset()  # questions of such a form to which nobody can say "no"
    labels: Mapping[str, str] = field(default_factory=dict)  # its questions as they are printed

    def says(self, name: str) -> Tri:
        """Return what the form says to a question, BLANK where it does not ask it."""
        return self.ticks.get(name, Tri.BLANK)

    def asks(self, name: str) -> bool:
        """Return whether this form asks the question at all."""
        return name in self.ticks


@dataclass(frozen=True, slots=True)
class Checked:
    """The facts of a reading together with a notice for every mistake: never a dead end."""

    reading: Reading
    facts: Facts
    notices: tuple[Notice, ...]


class Light(StrEnum):
    """The colour that is proposed. A person decides; UNDETERMINED is never a kind of green."""

    RED = "red"
    AMBER_OR_RED = "amber_or_red"
    AMBER = "amber"
    UNDETERMINED = "undetermined"
    GREEN = "green"


LOWEST_FIRST = (Light.GREEN, Light.UNDETERMINED, Light.AMBER, Light.AMBER_OR_RED, Light.RED)


def highest(*lights: Light | None) -> Light | None:
    """Return the highest of some lights, None where there is none at all."""
    return max((light for light in lights if light), key=LOWEST_FIRST.index, default=None)


@dataclass(frozen=True, slots=True)
class EarlierIncident:
    """One earlier recording form about the same child A."""

    reference: str
    incident_day: date | None
    light: Light
    decided: str | None = None  # "harmful", "concerning", "healthy" or "doubt"


@dataclass(frozen=True, slots=True)
class History:
    """Earlier records about a child: by UPN, by exact name and date of birth, or joined. Oldest first."""

    earlier: tuple[EarlierIncident, ...] = ()  # in which the child displayed the behaviour
    targeted: tuple[EarlierIncident, ...] = ()  # in which the child was targeted


class Weighs(StrEnum):
    """How a finding counts alongside the others. Balancing findings are shown, never subtracted."""

    RAISES = "raises"
    BALANCES = "balances"
    SUPPORTS = "supports"
    CONTEXT = "context"


@dataclass(frozen=True, slots=True)
class Ages:
    """Where the law draws its lines, in years: the agency may set others."""

    can_consent: int = 13  # below it nobody can consent to sexual activity
    consent: int = 16  # the age of consent
    adult: int = 18  # from here on a person is an adult


STANDARD_AGES = Ages()


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact that a rule established, with the line of guidance it came from."""

    rule: str  # "R2a"
    colours: tuple[str, ...]  # ("red",), ("amber", "red") for a bullet that is on both lists
    section: str  # "2.3"
    quote: str  # at most 25 words of the guidance
    weighs: Weighs
    fields: tuple[str, ...]  # field names of the facts used
    text: str  # what was found, in our words
    by_analogy: bool = False  # the form asks it, the guidance's list does not name it


@dataclass(frozen=True, slots=True)
class Duty:
    """Something the guidance asks a person to do. Filled from the rules after the traffic light."""

    rule: str
    text: str
    who: str
    due: date | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the rules propose, with every reason. It decides nothing."""

    light: Light
    findings: tuple[Finding, ...]
    missing: tuple[str, ...]  # field names asked and not answered that could change the light
    not_asked: tuple[
        str, ...
    ]  # rule ids whose facts this form does not ask for, or not all of them
    contradictions: tuple[Notice, ...]
    please_check: tuple[Notice, ...]  # words in the free text that answer an open question
    urgent: tuple[Notice, ...] = ()  # why it cannot wait, whatever the light
    cautions: tuple[Notice, ...] = ()  # what nobody may overlook: images, and ages below consent
    duties: tuple[Duty, ...] = ()
    rules_version: str = ""
    ages: Ages = STANDARD_AGES  # by which it was worked out


class Outcome(StrEnum):
    """How the walk ended for one paper. Every paper has exactly one, and a receipt that says so."""

    RECORDED = "recorded"
    RETURNED = "returned"  # recorded, and back to the office because something needs correcting
    HELD = "held"  # read, but a person must look before the record counts
    UNREADABLE = "unreadable"


def identity_of(
    epoch: int, reference: str, revision: int, recorded_at: datetime, sha256: str
) -> str:
    """Return what tells a revision from every other, also from those of another copy of the ledger."""
    moment = recorded_at.astimezone(UTC).isoformat()
    return "|".join((str(epoch), reference, str(revision), moment, sha256))


@dataclass(frozen=True, slots=True)
class Entry:
    """One revision of one record, as it is in the ledger."""

    reference: str  # "FF-2026-000123"
    revision: int  # from 1
    outcome: Outcome
    received_at: datetime  # aware, UTC
    recorded_at: datetime  # aware, UTC
    sha256: str
    form_id: str | None
    form_version: int | None
    child_reference: str | None  # "C-4821-000045"
    supersedes: int | None  # the revision that this one follows
    incident_day: date | None = None
    original_suffix: str = ".pdf"  # what the paper is called after its reference
    answers: Mapping[str, Answer] = dataclasses.field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
    proposal: Proposal | None = None
    highest_light: Light | None = None  # of this revision and all before it: it is never lowered
    possible_duplicate_of: str | None = None  # a reference, for a person to compare
    about: str | None = None  # of a sheet: the reference of the record that it belongs to
    urgent: bool = False  # it cannot wait, by itself or by an earlier revision that nobody has seen
    role: Role = Role.STAFF  # of the folder the paper came from
    epoch: int = 0  # of the ledger when this was recorded; 0 in ledgers that knew none
    filed: str | None = None  # sha256 of the paper as others get it, None where they get none
    pictures: str | None = None  # sha256 of its pages as pictures, where they are needed
    # Its line of the audit trail as it is printed: number and beginning of its seal; "" before it has one.
    audited: str = dataclasses.field(default="", compare=False)

    @property
    def identity(self) -> str:
        """What tells this revision from every other, also from those of another copy of the ledger."""
        at = self.recorded_at
        return identity_of(self.epoch, self.reference, self.revision, at, self.sha256)
