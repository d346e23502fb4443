"""The tables of the ledger.

Table classes never leave this room: SQLModel does not validate them, so the other rooms get the values of
model.py and frozen dataclasses. Statements name their columns by table_of(). Moments are stored as UTC
text, "2026-11-14T13:45:00+00:00".
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Index, Table, UniqueConstraint, literal_column
from sqlmodel import Field, SQLModel

from formflow.storage import sqlite

SCHEMA_VERSION = 9


class TaskState(IntEnum):
    """How a task stands."""

    READY = 0
    LEASED = 1
    DONE = 2
    SET_ASIDE = 3  # for a person


class TaskKind(StrEnum):
    """What is to be done."""

    READ = "read"
    REPEAT = "repeat"
    REMIND = "remind"
    ESCALATE = "climb"  # as ledgers in use call it
    DELIVER = "deliver"
    AGAIN = "again"  # what took too long is read once more: its number is the entry's
    CHANGE = "change"  # a case was closed or reopened: destinations that keep a row of it are told
    FILE = "file"  # done by a person, in another system: its number is a delivered parcel's


class Cause(StrEnum):
    """Why a parcel is made: with what else lies in the ledger, this is all that it is drawn from."""

    ENTRY = "entry"  # an entry was recorded
    AGAIN = "again"  # its paper came once more
    CHANGE = "change"  # its case was closed or reopened
    OVERDUE = "overdue"  # a day begins on which something is overdue in some cases
    REMINDER = "reminder"  # something in its case is overdue
    ESCALATION = "escalation"  # nobody has acknowledged its alert
    OWN = "own"  # something is wrong with FormFlow itself


class AuditEvent(StrEnum):
    """What a line tells of."""

    BEGUN = "begun"  # the trail, or its lines under a new key
    TAKEN_OVER = "taken over"  # an entry from before there was a trail
    SETTINGS = "settings"  # a worker has started with settings that are new
    ARRIVED = "arrived"
    RECORDED = "recorded"
    REPEATED = "repeated"  # the answers of a paper were on record already
    DECIDED = "decided"
    CASE_STATE = "case state"  # a case was closed, reopened, entered in error or a duplicate
    JOINED = "joined"
    PARTED = "parted"  # two children who had been joined
    ACKNOWLEDGED = "acknowledged"
    FILED_BY_HAND = "filed by hand"  # in another system, by a person
    TOLD = "told"  # an alert about FormFlow itself
    DELIVERED = "delivered"
    RETRIED = "retried"
    TESTED = "tested"  # a destination got something marked as a test
    REREAD = "reread"
    VIEWED = "viewed"
    HANDED_OVER = "handed over"  # a pack was made for people outside
    DISPOSED = "disposed of"  # two people disposed of a case: its papers are gone
    BACKED_UP = "backed up"
    RESTORED = "restored"


def table_of(model: type[SQLModel]) -> Table:
    """Return the table of a class, whose `.c` are the columns that statements name."""
    return SQLModel.metadata.tables[str(model.__tablename__)]


def _role() -> Any:
    """Return the column that says from what kind of watched folder something came."""
    return Field(default="staff", sa_column_kwargs={"server_default": "staff"})


class Sighting(SQLModel, table=True):
    """A path in a watched folder: what we saw there last, and whether we have taken it."""

    __table_args__ = (UniqueConstraint("folder", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    folder: str  # the watched folder as in the settings
    name: bytes  # file name as the system gives it: not every name is UTF-8
    size: int
    modified_ns: int
    changed_at: str  # when we first saw it just so
    state: str  # settling | incomplete | taken
    code: str = ""  # why it is not taken yet


class Paper(SQLModel, table=True):
    """Something that arrived and is new by its bytes and role. Its reading is one task.

    The same bytes are a paper of their own in another role, and when they are read again.
    """

    __table_args__ = (UniqueConstraint("sha256", "role", "reading"),)

    id: int | None = Field(default=None, primary_key=True)
    sha256: str | None = None  # None: not a file, nothing kept
    size: int
    file_name: str  # as dropped; may hold a name: never in a log or a path we make
    received_at: str
    code: str = ""  # what the gate already knows, such as "FF-102"
    words: str = "{}"  # JSON: what fills the braces of the code's message
    entry_id: int | None = None  # the entry it became, or the one it repeats
    continues: int | None = None  # the paper whose bytes it begins with, from the same path
    role: str = _role()  # of the watched folder that it came from: what it may do goes by that
    reading: int = Field(default=1, sa_column_kwargs={"server_default": "1"})  # counted from 1


class Arrival(SQLModel, table=True):
    """One time that a paper was dropped or handed over. The second arrival is a duplicate."""

    __table_args__ = (Index("arrival_path", "folder", "file_name"),)

    id: int | None = Field(default=None, primary_key=True)
    paper_id: int = Field(foreign_key="paper.id", index=True)
    folder: str
    file_name: str
    arrived_at: str
    duplicate: bool
    role: str = _role()


class Child(SQLModel, table=True):
    """A child, by exact normalised name and exact date of birth, or by a valid UPN."""

    __table_args__ = (
        UniqueConstraint("name_key", "born"),
        Index("child_upn", "upn", unique=True),
        Index("child_born", "born"),
    )

    id: int | None = Field(default=None, primary_key=True)
    name_key: str
    born: str  # ISO day
    upn: str | None = None  # as a form gave it, valid by its check letter


class Joined(SQLModel, table=True):
    """Two children whom a review sheet says to be one. Taken back when a later revision says otherwise."""

    __table_args__ = (Index("joined_child", "child_id"), Index("joined_other", "other_id"))

    sheet: str = Field(primary_key=True)  # reference of the review sheet
    child_id: int
    other_id: int


class Entry(SQLModel, table=True):
    """One revision of one record."""

    __table_args__ = (
        UniqueConstraint("reference", "revision"),
        Index("entry_business_key", "business_key"),
        Index("entry_child", "child_id", "incident_day"),
        Index("entry_child_b", "child_b_id"),
        Index("entry_values", "values_sha256"),
    )

    id: int | None = Field(default=None, primary_key=True)
    reference: str
    revision: int
    supersedes: int | None = None
    outcome: str
    received_at: str
    recorded_at: str
    paper_id: int = Field(foreign_key="paper.id", unique=True)
    form_id: str | None = None
    form_version: int | None = None
    child_id: int | None = Field(default=None, foreign_key="child.id")
    child_b_id: int | None = None  # the child who was targeted, where that is clear
    business_key: str | None = None
    values_sha256: str | None = None
    incident_day: str | None = None
    light: str | None = None
    highest_light: str | None = None  # of all revisions up to this one
    possible_duplicate_of: str | None = None
    about: str | None = None  # of a sheet: the record that it belongs to
    answers: str  # JSON
    notices: str  # JSON
    proposal: str | None = None  # JSON
    acknowledged_at: str | None = None
    acknowledged_by: str | None = None
    role: str = _role()
    urgent: bool = Field(default=False, sa_column_kwargs={"server_default": "0"})  # cannot wait
    epoch: int = Field(default=0, sa_column_kwargs={"server_default": "0"})  # of the ledger then
    filed: str | None = None  # sha256 of the paper as others get it, None where they get none
    pictures: str | None = None  # sha256 of its pages as pictures, where they are needed
    seal: str = Field(default="", sa_column_kwargs={"server_default": ""})  # see seals.py
    audit_line: int | None = None  # the line of the audit trail that tells of it


class CaseChange(SQLModel, table=True):
    """One change of whether a case is open. The last one of a case holds."""

    __tablename__ = "case_change"
    __table_args__ = (Index("case_change_reference", "reference"),)

    id: int | None = Field(default=None, primary_key=True)
    reference: str  # of the record
    state: str  # a CaseState
    at: str
    who: str
    reason: str
    reasons: str  # JSON: why each step that was still open is left, by its id
    duplicate_of: str | None = None
    after_entry: int  # the last entry of the case then
    seal: str  # see seals.py


class Disposal(SQLModel, table=True):
    """The tombstone of a case that two people disposed of: who, when and why, and what its papers were. No names of children."""

    reference: str = Field(primary_key=True)  # of the record; never given again
    at: str
    reason: str
    who: str
    and_who: str
    papers: str  # JSON: name, seal and sha256 of each entry that went
    kept: str  # JSON: sha256 of all that the vault held of the case
    seal: str  # see seals.py
    undone: str | None = None  # JSON: what is still to be done outside the ledger; None: nothing


class Parcel(SQLModel, table=True):
    """What one destination gets, prepared once from what was committed. Its delivery is one task."""

    __table_args__ = (
        Index("parcel_entry", "entry_id"),
        Index("parcel_own_alert", "own_alert"),
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    entry_id: int | None = Field(default=None, foreign_key="entry.id")
    own_alert: str | None = Field(default=None, foreign_key="own_alert.reference")
    destination: str
    operation: str
    cause: str = Field(default="entry", sa_column_kwargs={"server_default": "entry"})
    arrival_id: int | None = None  # of a paper that came again
    moment: str | None = None  # of a reminder: of which it tells
    body: bytes | None  # None: not prepared yet
    headers: str  # JSON
    attachments: str = Field(
        default="[]", sa_column_kwargs={"server_default": "[]"}
    )  # JSON: name, sha256
    delivered_at: str | None = None
    delivered_how: str | None = None
    delivered_where: str | None = None
    seal: str = Field(default="", sa_column_kwargs={"server_default": ""})  # see seals.py


class Task(SQLModel, table=True):
    """One thing to do, by number only: nothing confidential is in the queue."""

    __table_args__ = (UniqueConstraint("kind", "ref_id"),)

    id: int | None = Field(default=None, primary_key=True)
    kind: str  # a TaskKind
    ref_id: int
    lane: str = ""  # destination name, for deliveries
    priority: int  # alerts first
    state: int = TaskState.READY
    attempts: int = 0  # times that it was claimed
    weight: int = Field(default=0, sa_column_kwargs={"server_default": "0"})  # see trouble.py
    owner: str | None = None
    lease_until: float = 0.0  # seconds since 1970
    due: float = 0.0  # seconds since 1970
    last_code: str = ""
    last_text: str = Field(default="", sa_column_kwargs={"server_default": ""})  # for IT, no names
    # whether the last attempt may have reached its destination: it is looked up before the next
    unclear: bool = Field(default=False, sa_column_kwargs={"server_default": "0"})


def task_is(state: TaskState) -> ColumnElement[bool]:
    """Return the condition that a task stands so: a literal, since a partial index serves no parameter."""
    return table_of(Task).c.state == literal_column(str(int(state)))


Index(
    "task_ready",
    table_of(Task).c.priority,
    table_of(Task).c.due,
    table_of(Task).c.id,
    **sqlite.only_where(task_is(TaskState.READY)),
)
Index("task_leased", table_of(Task).c.lease_until, **sqlite.only_where(task_is(TaskState.LEASED)))


class OwnPage(SQLModel, table=True):
    """The fingerprint of a further page that FormFlow made for a sheet: nobody else's counts."""

    __tablename__ = "own_page"

    fingerprint: str = Field(primary_key=True)


class Silence(SQLModel, table=True):
    """A destination that does not answer. The row goes when it does."""

    destination: str = Field(primary_key=True)
    since: str  # when the first call began that was not answered


class OwnAlert(SQLModel, table=True):
    """An alert about FormFlow itself, and who has seen it."""

    __tablename__ = "own_alert"

    reference: str = Field(primary_key=True)
    code: str
    words: str  # JSON: what fills the braces of the code's message
    told_at: str
    acknowledged_at: str | None = None
    acknowledged_by: str | None = None


# Nearly every record is seen in the end and is about no other: of whole columns the database would take
# these for the best indexes, and read half of the table.
Index(
    "entry_about",
    table_of(Entry).c.about,
    **sqlite.only_where(table_of(Entry).c.about.is_not(None)),
)
Index(
    "entry_unseen",
    table_of(Entry).c.reference,
    **sqlite.only_where(table_of(Entry).c.acknowledged_at.is_(None)),
)
Index(
    "own_alert_unseen",
    table_of(OwnAlert).c.told_at,
    **sqlite.only_where(table_of(OwnAlert).c.acknowledged_at.is_(None)),
)


class Counter(SQLModel, table=True):
    """The last number given out, so that references have no gaps; and the epoch, see counters.py."""

    name: str = Field(primary_key=True)
    last: int


class AuditLine(SQLModel, table=True):
    """One line of the audit trail, sealed together with the one before. No names of children, no answers."""

    __tablename__ = "audit_line"

    id: int | None = Field(default=None, primary_key=True)  # its number, from 1 and without gaps
    at: str
    event: str  # an AuditEvent
    who: str  # the service, or a command and the account that typed it
    place: str  # a watched folder or a destination
    reference: str
    detail: str
    digest: str  # of what it tells of: an entry's seal, a paper's sha256
    mac: str  # 64 hex digits


class AuditHead(SQLModel, table=True):
    """The end of the audit trail: its one row says how many lines there are, so that none can be cut off."""

    __tablename__ = "audit_head"

    id: int | None = Field(default=None, primary_key=True)
    number: int
    mac: str  # of the last line
    seal: str  # of both


# Asked for at each start; of all lines hardly any is such a one.
Index(
    "audit_line_settings",
    table_of(AuditLine).c.id,
    **sqlite.only_where(table_of(AuditLine).c.event == literal_column("'settings'")),
)
