"""The tables of formflow.toml: every setting with its standard value and the words that explain it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from formflow.core import files
from formflow.core.model import Ages, Role
from formflow.core.services import Services
from formflow.core.settings_roster import Roster
from formflow.core.settings_table import Table
from formflow.core.settings_watch import ATTENTION, Returns
from formflow.core.settings_watch import Watch as Watch
from formflow.core.working_days import WorkingDays


def _known_timezone(name: str) -> str:
    try:
        ZoneInfo(name)  # to list all that there are takes a search of the disk
    except (ZoneInfoNotFoundError, ValueError, OSError) as problem:
        msg = "is not a time zone that this computer knows, such as Europe/London"
        raise ValueError(msg) from problem
    return name


class Agency(Table):
    """Who uses this FormFlow."""

    name: str = Field(default="Our school", description="As it should appear on receipts.")
    safeguarding_lead: str = Field(
        default="DSL", description="What you call the safeguarding lead."
    )
    timezone: Annotated[str, AfterValidator(_known_timezone)] = Field(
        default="Europe/London", description="Dates and times on paper are in this time zone."
    )
    return_address: str = Field(
        default="",
        description="Where papers are sent back to from outside: an e-mail or postal address of the safeguarding lead.",
    )
    reference_prefix: str = Field(
        default="FF", pattern=r"^[A-Z]{1,6}$", description="References look like FF-2026-000123."
    )
    recording_forms: Literal["both", "short", "long"] = Field(
        default="both",
        description="Which recording forms lie in “Blank forms”: “short” is F1s, two pages; “long” is F1. Both are always read.",
    )


FOR_DECISIONS = Path("Safeguarding forms/DSL only/Drop decisions here")


class Folders(Table):
    """The folders that staff and the safeguarding lead see. All may be on a share."""

    blank_forms: Path = Field(
        default=Path("Safeguarding forms/Blank forms"), description="Blanks for staff to copy."
    )
    receipts: Path = Field(
        default=Path("Safeguarding forms/Receipts"),
        description="One small page for every paper, without names.",
    )
    needs_attention: Path = Field(
        default=Path("Safeguarding forms/Needs attention"),
        description="Forms come back here with a note.",
    )
    alerts: Path = Field(
        default=Path("Safeguarding forms/DSL only/Alerts"),
        description="One page for every alert; for the safeguarding lead alone.",
    )
    to_decide: Path = Field(
        default=Path("Safeguarding forms/DSL only/To decide"),
        description="Sheets for the safeguarding lead alone, and what is open in each case.",
    )
    dsl_register: Path = Field(
        default=Path("Safeguarding forms/DSL only/Register"),
        description="Pages that show every case and child; for the safeguarding lead alone.",
    )
    forms: Path = Field(
        default=Path("Agency forms"),
        description="Definitions of your own PDF forms; see `formflow forms learn`.",
    )


class State(Table):
    """FormFlow's own memory: the ledger and the originals."""

    folder: Path = Field(
        default=Path("state"), description="A private folder on a local disk, never on a share."
    )


class Log(Table):
    """What IT can follow: times, references and destinations. No names, no answers."""

    file: bool = Field(
        default=True,
        description="It lies in the state folder: formflow.log, and five older ones of 1 MB.",
    )


class ReadingLimits(Table):
    """Limits for reading one file. A file that exceeds them goes to a person."""

    second_reading: Literal["always", "doubtful"] = Field(
        default="always", description="A second program reads every form, or only doubtful ones."
    )
    deadline_seconds: float = Field(
        default=15, gt=0, le=600, description="Processor time for one paper."
    )
    scan_seconds: float = Field(
        default=120,
        gt=0,
        le=3600,
        description="Processor time for a scanned paper, where tesseract is installed.",
    )
    memory_mb: int = Field(default=512, ge=128, description="Memory for one paper.")
    file_mb: int = Field(default=20, ge=1, le=500, description="Largest paper that is opened.")
    pages: int = Field(default=50, ge=1, description="Most pages.")
    fields: int = Field(default=500, ge=1, description="Most boxes.")
    characters: int = Field(default=32_768, ge=100, description="Longest answer in one box.")
    form_password: SecretStr | None = Field(
        default=None, description="The password with which you lock your own forms, if you do."
    )

    def password(self) -> str:
        """Return the forms' password, fetched from where the settings say; "" for none."""
        return fetched(self.form_password.get_secret_value()) if self.form_password else ""


class Rules(Table):
    """What the guidance leaves to the agency."""

    similar_age_years: int = Field(
        default=2,
        ge=0,
        le=10,
        description="“Similar age” is questioned from a gap of more years than this.",
    )
    cannot_consent_under: int = Field(
        default=13, ge=10, le=18, description="Under this age nobody can consent in law."
    )
    age_of_consent: int = Field(default=16, ge=10, le=18, description="The age of consent in law.")
    adult_from: int = Field(
        default=18,
        ge=16,
        le=21,
        description="From this age on a person is an adult, and sexual images are not of a child.",
    )

    @property
    def ages(self) -> Ages:
        """The ages by which forms are looked at."""
        return Ages(self.cannot_consent_under, self.age_of_consent, self.adult_from)


class Sheets(Table):
    """How sheets are filled in for you."""

    filled_by: Literal["pikepdf", "fillpdf"] = Field(
        default="pikepdf", description="“fillpdf” needs formflow[fillpdf], which is under the AGPL."
    )


class Alerts(Table):
    """By when the safeguarding lead should have looked."""

    red_within_hours: int = Field(
        default=4, ge=1, description="For red, and for what could not be read."
    )
    unclear_within_hours: int = Field(
        default=24, ge=1, description="For a form that is read, with too little to suggest a level."
    )
    other_within_hours: int = Field(default=24, ge=1, description="For every other form.")
    overdue_at: str = Field(
        default="07:30",
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$",
        description="When you are told of all that is overdue: once each day that you are open. What cannot wait is told at once.",
    )


class Calendar(Table):
    """Working days: those of England, and what is different at your agency."""

    days_off: tuple[date, ...] = Field(
        default=(), description="Further days off, for the council too, such as [2027-05-10]."
    )
    worked: tuple[date, ...] = Field(default=(), description="Bank holidays on which you work.")
    send_referral_within_days: int = Field(
        default=0,
        ge=0,
        le=5,
        description="Open days after the decision within which a referral should be sent; 0: the same day. It is overdue one open day later.",
    )
    decide_within_days: int = Field(
        default=2,
        ge=0,
        le=20,
        description="Open days within which a form that is not green should be decided on; then it comes up once a day. 0: never.",
    )
    review_plans_after_days: int = Field(
        default=30,
        ge=0,
        le=366,
        description="After so many days a plan without a review date comes up again. 0: never.",
    )
    closed: tuple[tuple[date, date], ...] = Field(
        default=(),
        description="When the setting is closed: first and last days, such as [[2026-10-26, 2026-10-30]].",
    )


class Figures(Table):
    """The figures without names in the safeguarding lead's register."""

    small_numbers_below: int = Field(
        default=5,
        ge=2,
        le=50,
        description="Numbers from 1 up to this one are left out: they could be recognised as a child.",
    )


class Receipts(Table):
    """What receipts say, so that several of one morning can be told apart."""

    file_name_letters: int = Field(
        default=0,
        ge=0,
        le=40,
        description="So many letters of the sender’s own file name are on a receipt. 0: none, for a file’s name may hold a child’s.",
    )


class Retention(Table):
    """When somebody looks again whether a child's papers are still kept. Nothing is ever deleted by itself."""

    years: int = Field(
        default=25,
        ge=6,
        le=150,
        description="Years after the birth of the youngest child of a case.",
    )
    harmful_years: int = Field(
        default=75,
        ge=6,
        le=150,
        description="The same where the level is harmful, in doubt or not decided.",
    )
    hold: tuple[str, ...] = Field(
        default=(),
        description="References of cases that are kept whatever their age: a court, an inquiry or the police wants them.",
    )


# Name, kind and place in [folders] of the destinations that nobody can switch off.
ALWAYS_ON = (
    ("Alerts", "alert_folder", "alerts"),
    ("Receipts", "receipt_folder", "receipts"),
    (ATTENTION, "attention_folder", "needs_attention"),
    ("To decide", "decision_folder", "to_decide"),
)


class Destination(BaseModel):
    """Where records and alerts go besides the folders above. Keys after `kind` belong to its kind."""

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)

    name: str = Field(description="Your own name for it, as it appears in messages.", min_length=1)
    kind: str = Field(description="See `formflow connectors list`.")
    alerts_after_hours: float = Field(
        default=0,
        ge=0,
        description="0: told at once. Else told of an alert that nobody has acknowledged for so long.",
    )

    @property
    def own_settings(self) -> Mapping[str, Any]:
        """The keys that belong to the connector."""
        return self.model_extra or {}


class Settings(Table):
    """Everything that formflow.toml says."""

    agency: Agency = Agency()
    folders: Folders = Folders()
    watch: tuple[Watch, ...] = Field(
        default=(Watch(), Watch(folder=FOR_DECISIONS, role=Role.DECISIONS)), min_length=1
    )
    state: State = State()
    log: Log = Log()
    reading: ReadingLimits = ReadingLimits()
    rules: Rules = Rules()
    sheets: Sheets = Sheets()
    services: Services = Services()
    alerts: Alerts = Alerts()
    calendar: Calendar = Calendar()
    roster: Roster = Roster()
    figures: Figures = Figures()
    receipts: Receipts = Receipts()
    retention: Retention = Retention()
    destination: tuple[Destination, ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which people write and read."""
        return ZoneInfo(self.agency.timezone)

    @property
    def working_days(self) -> WorkingDays:
        """The days that count for referrals."""
        dates = self.calendar
        closed = (
            first + timedelta(days=n)
            for first, last in dates.closed
            for n in range((last - first).days + 1)
        )
        return WorkingDays(
            self.zone,
            frozenset(dates.days_off),
            frozenset(dates.worked),
            frozenset(closed),
            dates.send_referral_within_days,
            dates.decide_within_days,
            dates.review_plans_after_days,
        )

    def overdue_told_at(self, day: date) -> datetime:
        """Return when on a day people are told of all that is overdue, aware."""
        return datetime.combine(day, time.fromisoformat(self.alerts.overdue_at), self.zone)

    def role_of(self, path: Path, otherwise: Role) -> Role:
        """Return whose folder a file lies in, `otherwise` where it lies in no watched folder."""
        where = path.parent.resolve()
        watched = [one for one in self.watch if where.is_relative_to(one.folder.resolve())]
        inmost = max(watched, key=lambda one: len(one.folder.resolve().parts), default=None)
        return inmost.role if inmost else otherwise

    @property
    def told_later(self) -> frozenset[str]:
        """The names of destinations that are told of an alert only when nobody acknowledges it."""
        return frozenset(one.name for one in self.destination if one.alerts_after_hours)

    def destinations(self) -> Iterator[Destination]:
        """Yield every destination: the folders that are always on, then the agency's own.

        Receipts, returned papers and alerts cannot be switched off: nothing ends in silence.
        """
        for name, kind, key in ALWAYS_ON:
            folder = getattr(self.folders, key)
            yield Destination.model_validate({"name": name, "kind": kind, "folder": folder})
        for name, folder in self.returns.folders.items():
            kind = "attention_folder"
            yield Destination.model_validate({"name": name, "kind": kind, "folder": folder})
        yield from self.destination

    @property
    def returns(self) -> Returns:
        """Where forms come back to, where a watched folder has a folder of its own for them."""
        return Returns(self.watch)


def fetched(secret: str) -> str:
    """Return what stands where "env:NAME" or "file:PATH" says, which has been looked at before."""
    kind, _, where = secret.partition(":")
    return (
        os.environ[where]
        if kind == "env"
        else files.read(Path(where), follow=True).decode().strip()
    )
