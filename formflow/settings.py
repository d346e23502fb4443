"""formflow.toml -> frozen Settings: every problem at once, each with its path.

Secrets never stand in the file: `env:NAME` and `file:PATH` say where they are.
"""

from __future__ import annotations

import os
import shlex
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)
from pydantic_core import ErrorDetails

from formflow import plugins
from formflow.clocks import WorkingDays
from formflow.contract import ConnectorSettings, Operation
from formflow.errors import SettingsProblem
from formflow.model import Role
from formflow.overlaps import Place, Use, overlaps
from formflow.setting_tables import (
    FOR_DECISIONS,
    Agency,
    Alerts,
    Calendar,
    Folders,
    ReadingLimits,
    Rules,
    Services,
    Sheets,
    State,
    Table,
    Watch,
    fetched,
)

# Name, kind and place in [folders] of the destinations that nobody can switch off.
ALWAYS_ON = (
    ("Alerts", "alert_folder", "alerts"),
    ("Receipts", "receipt_folder", "receipts"),
    ("Needs attention", "attention_folder", "needs_attention"),
    ("To decide", "decision_folder", "to_decide"),
)


class Destination(BaseModel):
    """Where records and alerts go besides the folders above. Keys after `kind` belong to its kind."""

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)

    name: str = Field(description="Your own name for it, as it stands in messages.", min_length=1)
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
    reading: ReadingLimits = ReadingLimits()
    rules: Rules = Rules()
    sheets: Sheets = Sheets()
    services: Services = Services()
    alerts: Alerts = Alerts()
    calendar: Calendar = Calendar()
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
        )

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
        yield from self.destination

    def places(self) -> Iterator[Place]:
        """Yield every folder and file that FormFlow watches or writes to."""
        for index, watch in enumerate(self.watch):
            yield Place(f"watch[{index}].folder", watch.folder, Use.ALONE)
        yield Place("folders.blank_forms", self.folders.blank_forms, Use.ALONE)
        yield Place("folders.forms", self.folders.forms, Use.ALONE)
        yield Place("state.folder", self.state.folder, Use.ALONE)
        for _, kind, key in ALWAYS_ON:
            yield Place(f"folders.{key}", getattr(self.folders, key), _use(kind), kind)
        for one in self.destination:
            for key in ("folder", "file"):
                if isinstance(path := one.own_settings.get(key), Path):
                    name = f"destination “{one.name}”.{key}"
                    yield Place(name, path, _use(one.kind), one.kind, key == "file")


def load(path: Path) -> Settings:
    """Return the settings in a file, relative folders taken from where the file lies.

    Raise SettingsProblem with every problem at once, each with its path in the file.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise SettingsProblem(
            "There is no settings file here.",
            (f"{path.name} was not found",),
            "Run “formflow init FOLDER”, or name the file with --settings.",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise SettingsProblem("The settings file cannot be read.", (str(problem),)) from None
    try:
        settings = Settings.model_validate(table)
    except ValidationError as broken:
        # The destinations' own problems are looked for all the same: every problem at once.
        found = tuple(_in_words(broken, Settings)) + tuple(_raw_destination_problems(table))
        raise SettingsProblem("The settings file has problems.", found) from None
    settings = _anchored(settings, path.resolve().parent)
    found = (
        *_password_problems(settings),
        *_calendar_problems(settings),
        *_engine_problems(settings),
        *_destination_problems(settings),
        *overlaps(tuple(settings.places())),
    )
    if found:
        raise SettingsProblem("The settings file has problems.", found)
    return settings


def connector_settings(destination: Destination) -> ConnectorSettings:
    """Return a destination's own settings with its secrets fetched. Raise SettingsProblem."""
    model = plugins.load(destination.kind).Settings
    try:
        return model.model_validate(_with_secrets(model, destination.own_settings))
    except ValidationError as broken:
        raise SettingsProblem(
            f"Destination “{destination.name}” has problems.", tuple(_in_words(broken, model))
        ) from None


def _anchored(settings: Settings, base: Path) -> Settings:
    folders = {name: base / value for name, value in settings.folders}
    watch = tuple(w.model_copy(update={"folder": base / w.folder}) for w in settings.watch)
    destinations = tuple(_anchored_destination(d, base) for d in settings.destination)
    return settings.model_copy(
        update={
            "folders": Folders(**folders),
            "watch": watch,
            "state": State(folder=base / settings.state.folder),
            "destination": destinations,
        }
    )


def _anchored_destination(destination: Destination, base: Path) -> Destination:
    try:
        fields = plugins.load(destination.kind).Settings.model_fields
    except SettingsProblem:
        return destination  # said with every other problem
    paths = {
        name: base / value
        for name, value in destination.own_settings.items()
        if isinstance(value, str) and name in fields and _is_path(fields[name].annotation)
    }
    return Destination.model_validate({**destination.model_dump(), **paths})


def _is_path(annotation: Any) -> bool:
    return annotation is Path or Path in getattr(annotation, "__args__", ())


def _password_problems(settings: Settings) -> Iterator[str]:
    secret = settings.reading.form_password
    if secret is not None and (problem := _secret_problem(secret.get_secret_value())):
        yield f"reading.form_password: {problem}"


def _engine_problems(settings: Settings) -> Iterator[str]:
    if settings.sheets.filled_by == "fillpdf" and find_spec("fillpdf") is None:
        yield "sheets.filled_by: fillpdf is not installed; run “pip install formflow[fillpdf]”"


def _calendar_problems(settings: Settings) -> Iterator[str]:
    days, midnight = settings.working_days, time(tzinfo=settings.zone)
    for index, (first, last) in enumerate(settings.calendar.closed):
        if last < first:
            yield f"calendar.closed[{index}]: the last day is before the first"
            continue
        try:
            days.overdue_at(datetime.combine(first - timedelta(days=1), midnight))
        except ValueError:
            yield f"calendar.closed[{index}]: leaves no working day in a year"


def _destination_problems(settings: Settings) -> Iterator[str]:
    names = [destination.name for destination in settings.destinations()]
    for index, destination in enumerate(settings.destination):
        where = f"destination[{index}]"
        if names.count(destination.name) > 1:
            yield f"{where}.name: “{destination.name}” is used twice"
        yield from _kind_problems(where, destination.kind, destination.own_settings)
        if destination.alerts_after_hours and not _takes_alerts(destination):
            yield f"{where}.alerts_after_hours: {destination.kind} takes no alerts, so it names nobody"


def _takes_alerts(destination: Destination) -> bool:
    try:
        return Operation.ALERT in plugins.load(destination.kind).capabilities.operations
    except SettingsProblem:
        return True  # that its kind is not known has been said


def _use(kind: str) -> Use:
    try:
        takes = plugins.load(kind).capabilities.operations
    except SettingsProblem:
        return Use.NAMES  # that its kind is not known has been said
    return Use.OFFICE if takes & {Operation.RECEIPT, Operation.RETURN} else Use.NAMES


def _raw_destination_problems(table: Mapping[str, Any]) -> Iterator[str]:
    entries = table.get("destination", [])
    for index, entry in enumerate(entries if isinstance(entries, list) else []):
        if isinstance(entry, dict) and isinstance(entry.get("kind"), str):
            own = {
                key: value for key, value in entry.items() if key not in Destination.model_fields
            }
            yield from _kind_problems(f"destination[{index}]", entry["kind"], own)


def _kind_problems(where: str, kind: str, own: Mapping[str, Any]) -> Iterator[str]:
    try:
        model = plugins.load(kind).Settings
    except SettingsProblem as problem:
        yield f"{where}.kind: {problem.found}"
        return
    secrets = {name for name, field in model.model_fields.items() if _is_secret(field.annotation)}
    unfetched = [(name, _secret_problem(own[name])) for name in sorted(secrets & own.keys())]
    yield from (f"{where}.{name}: {problem}" for name, problem in unfetched if problem)
    try:
        model.model_validate(own)
    except ValidationError as broken:
        yield from (f"{where}.{line}" for line in _in_words(broken, model))


def _is_secret(annotation: Any) -> bool:
    return annotation is SecretStr or SecretStr in getattr(annotation, "__args__", ())


def _secret_problem(value: Any) -> str | None:
    if not isinstance(value, str) or not value.startswith(("env:", "file:")):
        return "a secret must not stand in this file; write env:NAME or file:PATH"
    kind, _, where = value.partition(":")
    if kind == "env" and where not in os.environ:
        return f"the environment variable {where} is not set"
    if kind == "file" and not Path(where).is_file():
        return "the file it names was not found"
    if kind == "file" and sys.platform != "win32" and Path(where).stat().st_mode & 0o006:
        return f"everybody on this computer may read or change that file; run chmod 600 {shlex.quote(where)}"
    return None


def _with_secrets(model: type[BaseModel], own: Mapping[str, Any]) -> dict[str, Any]:
    plain = dict(own)
    for name, field in model.model_fields.items():
        value = plain.get(name)
        if not _is_secret(field.annotation) or value is None:
            continue
        if problem := _secret_problem(value):
            raise SettingsProblem("A secret cannot be fetched.", (f"{name}: {problem}",))
        plain[name] = fetched(str(value))
    return plain


def _in_words(broken: ValidationError, model: type[BaseModel]) -> Iterator[str]:
    # include_input=False: a mistyped value may be a secret or a name.
    problems = broken.errors(include_url=False, include_context=False, include_input=False)
    for problem in problems:
        path = _path(problem["loc"])
        if problem["type"] == "too_short" and _has_more_below(problem["loc"], problems):
            continue  # pydantic counts what failed as not there: the real problem is said beside it
        if problem["type"] == "extra_forbidden":
            allowed = ", ".join(sorted(_table_at(model, problem["loc"][:-1]).model_fields))
            yield f"{path}: is not a setting here; allowed are {allowed}"
        else:
            words = problem["msg"].removeprefix("Value error, ")
            yield f"{path}: {words[0].lower()}{words[1:]}"


def _has_more_below(location: tuple[int | str, ...], problems: Sequence[ErrorDetails]) -> bool:
    longer = (p["loc"] for p in problems if len(p["loc"]) > len(location))
    return any(other[: len(location)] == location for other in longer)


def _path(location: tuple[int | str, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.lstrip(".") or "the file"


def _table_at(model: type[BaseModel], location: tuple[int | str, ...]) -> type[BaseModel]:
    for part in location:
        if isinstance(part, str):
            annotation = model.model_fields[part].annotation
            candidates = (annotation, *getattr(annotation, "__args__", ()))
            model = next(c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel))
    return model
