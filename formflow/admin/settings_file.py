"""formflow.toml -> frozen Settings: every problem at once, each with its path.

Secrets are never in the file: `env:NAME` and `file:PATH` say where they are.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pydantic import (
    ValidationError,
)

from formflow.admin import field_names
from formflow.core.errors import SettingsProblem
from formflow.core.model import Role
from formflow.core.setting_problems import in_words, is_secret, secret_problem
from formflow.core.settings import Destination, Folders, Settings, State, Watch, fetched
from formflow.core.settings_roster import Roster
from formflow.delivery.overlaps import overlaps, places_of
from formflow.sdk import registry
from formflow.sdk.contract import Operation


def load_settings(path: Path) -> Settings:
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
        # The destinations' own problems are looked for anyway: every problem at once.
        found = tuple(in_words(broken, Settings)) + tuple(_raw_destination_problems(table))
        raise SettingsProblem("The settings file has problems.", found) from None
    settings = _anchored(settings, path.resolve().parent)
    found = (
        *_password_problems(settings),
        *_calendar_problems(settings),
        *_engine_problems(settings),
        *_destination_problems(settings),
        *_watch_problems(settings),
        *_roster_problems(settings),
        *_map_problems(settings),
        *overlaps(tuple(places_of(settings))),
    )
    if found:
        raise SettingsProblem("The settings file has problems.", found)
    return settings


def _anchored(settings: Settings, base: Path) -> Settings:
    folders = {name: base / value for name, value in settings.folders}
    watch = tuple(_anchored_watch(one, base) for one in settings.watch)
    destinations = tuple(_anchored_destination(d, base) for d in settings.destination)
    return settings.model_copy(
        update={
            "folders": Folders(**folders),
            "watch": watch,
            "state": State(folder=base / settings.state.folder),
            "roster": _anchored_roster(settings.roster, base),
            "destination": destinations,
        }
    )


def _anchored_watch(watch: Watch, base: Path) -> Watch:
    own = watch.needs_attention
    anchored = {"folder": base / watch.folder, "needs_attention": base / own if own else None}
    return watch.model_copy(update=anchored)


def _anchored_roster(roster: Roster, base: Path) -> Roster:
    return roster.model_copy(update={"file": base / roster.file}) if roster.file else roster


def _anchored_destination(destination: Destination, base: Path) -> Destination:
    try:
        fields = registry.load(destination.kind).Settings.model_fields
    except SettingsProblem:
        return destination  # `status` says so
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
    if secret is not None and (problem := secret_problem(secret.get_secret_value())):
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
    """Yield the problems of destinations. One whose kind cannot be used is none: it alone waits, see `status`."""
    names = [destination.name for destination in settings.destinations()]
    for index, destination in enumerate(settings.destination):
        where = f"destination[{index}]"
        if names.count(destination.name) > 1:
            yield f"{where}.name: “{destination.name}” is used twice"
        if registry.is_usable(destination.kind):
            yield from _kind_problems(where, destination.kind, destination.own_settings)
        if destination.alerts_after_hours and not _takes_alerts(destination):
            yield f"{where}.alerts_after_hours: {destination.kind} takes no alerts, so it names nobody"


def _watch_problems(settings: Settings) -> Iterator[str]:
    folders = [one.needs_attention for one in settings.watch if one.needs_attention]
    if len(set(folders)) > len(settings.returns.folders):
        yield "watch.needs_attention: two folders end in the same two names; call one of them otherwise"
    for index, watch in enumerate(settings.watch):
        if watch.needs_attention and watch.role is Role.DECISIONS:
            yield f"watch[{index}].needs_attention: nothing from a folder for decisions comes back"


def _map_problems(settings: Settings) -> Iterator[str]:
    """Yield what field maps name that no form asks and no case has."""
    for index, destination in enumerate(settings.destination):
        try:
            model = registry.load(destination.kind).Settings
            own = model.model_validate(destination.own_settings)
        except (ValidationError, SettingsProblem):
            continue  # has been said
        for problem in field_names.problems(own, settings.folders.forms):
            yield f"destination[{index}].{problem}"


def _roster_problems(settings: Settings) -> Iterator[str]:
    """Yield which destinations file by the pupil list, where none is given."""
    for index, destination in enumerate(settings.destination):
        if destination.own_settings.get("existing") and settings.roster.file is None:
            yield f"destination[{index}].existing: a child’s own folder is found through [roster]; name its file there"


def _takes_alerts(destination: Destination) -> bool:
    try:
        return Operation.ALERT in registry.load(destination.kind).capabilities.operations
    except SettingsProblem:
        return True  # nobody knows until it can be used again


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
        model = registry.load(kind).Settings
    except registry.UnusableKind as problem:
        yield f"{where}.kind: {problem.found}"
        return
    secrets = {name for name, field in model.model_fields.items() if is_secret(field.annotation)}
    secrets &= own.keys()
    looked_for = {name: secret_problem(own[name]) for name in sorted(secrets)}
    yield from (f"{where}.{name}: {problem}" for name, problem in looked_for.items() if problem)
    # A kind may look at a secret, such as an address that holds a key: so it is fetched for that, where it can be.
    there = {name: _fetched(own[name]) for name, problem in looked_for.items() if not problem}
    known = {name: secret for name, secret in there.items() if secret is not None}
    try:
        model.model_validate({**own, **known})
    except ValidationError as broken:
        for line in in_words(broken, model):
            if line.partition(":")[0] in secrets - known.keys():
                continue  # it tells of the words “env:NAME”
            own_place = line.removeprefix("the file: ")  # of settings that do not belong together
            yield f"{where}: {own_place}" if own_place != line else f"{where}.{line}"


def _fetched(secret: str) -> str | None:
    """Return a secret, or None where whoever asks may not read it: only the service needs to."""
    try:
        return fetched(secret)
    except (OSError, ValueError):
        return None
