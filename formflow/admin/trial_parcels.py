"""Parcels for trying a destination: of invented facts, of a form that is not recorded, or marked as a test."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from formflow.core.dates import local_day
from formflow.core.errors import ExitCode, FormFlowError
from formflow.core.limits import Limits
from formflow.core.messages import notice
from formflow.core.model import Checked, Entry, History, Light, Outcome, Unread
from formflow.core.references import reference_of_test
from formflow.core.settings import Settings
from formflow.delivery import calls, parcels
from formflow.delivery.named import Known, named
from formflow.delivery.occasion import Occasion
from formflow.documents.as_read import as_read
from formflow.documents.enclosures import Enclosed
from formflow.forms.catalogue import Form
from formflow.pipeline.context import open_cage
from formflow.pipeline.gate import tail_gate
from formflow.reading.manifest_builder import known_forms
from formflow.rules.case.case import Case
from formflow.rules.checks import check
from formflow.rules.light.propose import decide
from formflow.sdk import conformance
from formflow.sdk.case_fields import CaseField, Takes
from formflow.sdk.contract import Connector, Operation
from formflow.sdk.field_map import fields_of
from formflow.sdk.parcels import NamedAnswer, Parcel, RecordParcel

TEST = "TEST – please delete"
_DAY, _MOMENT = date(2026, 11, 20), datetime(2026, 11, 20, 13, 45)  # noqa: DTZ001 - as a clock shows it


class NotReadable(FormFlowError):
    """A file that cannot be shown as a new record."""

    exit_code = ExitCode.WAITING


def operation_of(connector: Connector) -> Operation:
    """Return what a destination is tried with: a record, where it takes records."""
    takes = connector.capabilities.operations
    return Operation.RECORD if Operation.RECORD in takes else min(takes)


def invented(connector: Connector, known: Mapping[str, CaseField]) -> Parcel:
    """Return a parcel of invented facts, with every field that the destination's map names."""
    made = conformance.sample(connector, operation_of(connector))
    if not isinstance(made, RecordParcel):
        return made
    return replace(made, named=_samples(connector, known, made.reference, "{label}"))


def marked(
    connector: Connector, known: Mapping[str, CaseField], settings: Settings, now: datetime, sha256: str
) -> Parcel:  # fmt: skip
    """Return a parcel that anybody sees to be a test, with a reference that no record ever has.

    `sha256` is of the paper that goes along.
    """
    reference = reference_of_test(settings.agency.reference_prefix, now.year)
    operation = operation_of(connector)
    said: dict[str, Any] = {
        "key": hashlib.sha256(f"test|{reference}|{now.isoformat()}".encode()).hexdigest(),
        "reference": reference,
        "recorded_at": now.astimezone(settings.zone),
        "form_title": "FormFlow test",
        "light": Light.GREEN,  # nobody is to be alarmed
        "headline": TEST,
        "page": f"<!doctype html>\n<p>{TEST}</p>\n",
        "enclosed": {},
        "child_reference": None,
        "answers": (NamedAnswer("child_a_name", "Name", TEST),),
        "original_sha256": sha256,
    }
    has = {one.name for one in fields(conformance.sample(connector, operation))}
    made = conformance.sample(connector, operation, **{k: v for k, v in said.items() if k in has})
    if not isinstance(made, RecordParcel):
        return made
    return replace(made, named=_samples(connector, known, reference, TEST))


def of_form(
    connector: Connector, name: str, settings: Settings, file: Path, now: datetime
) -> Parcel:
    """Return what a destination would get of a form if it were dropped now, for the first time.

    Raise NotReadable for a file that cannot be read.
    """
    forms = {(form.form_id, form.version): form for form in known_forms(settings.folders.forms)}
    found = _read(settings, forms, file, now)
    if forms[found.reading.form_id, found.reading.form_version].is_sheet:
        raise NotReadable("This is a sheet about a record. Preview a recording form.")
    entry = _entry(settings, found, hashlib.sha256(file.read_bytes()).hexdigest(), now)
    form = forms[found.reading.form_id, found.reading.form_version]
    occasion = Occasion(entry, form, settings, Enclosed(entry.sha256))
    operation, able = operation_of(connector), connector.capabilities
    sheet = as_read(form, entry, settings.zone) if able.wants_as_read else b""
    made = parcels.parcel(occasion, name, operation, sheet)
    if not isinstance(made, RecordParcel):
        return made
    case = Case(entry, zone=settings.zone)

    def form_of(form_id: str | None, version: int | None) -> Form | None:
        return forms.get((form_id or "", version or 0))

    wanted = fields_of(calls.settings_of(connector))
    return replace(made, named=named(Known(occasion, case, form_of, now), wanted))


def _samples(
    connector: Connector, known: Mapping[str, CaseField], reference: str, words: str
) -> tuple[NamedAnswer, ...]:
    wanted = fields_of(calls.settings_of(connector))
    every = (_sample(known[name], words) for name in sorted(wanted & known.keys()))
    return tuple(replace(one, text=reference) if one.field == "reference" else one for one in every)


def _sample(field: CaseField, words: str) -> NamedAnswer:
    """Return an invented answer: what is chosen, counted or dated as it may be, words as they are wanted."""
    if field.sample is not None and (field.takes is not Takes.TEXT or words != TEST):
        return field.as_sample()
    if field.takes is Takes.TEXT:
        is_name = field.name.endswith("_name") and words != TEST
        text = conformance.NAME if is_name else words.format(label=f"({field.label})")
        return NamedAnswer(field.name, field.label, text)
    first = next(iter(field.states or {}), None)
    return replace(
        field, sample=first or (_DAY if field.takes is Takes.DAY else _MOMENT)
    ).as_sample()


def _read(
    settings: Settings, forms: Mapping[tuple[str, int], Form], file: Path, now: datetime
) -> Checked:
    gate = tail_gate(file, largest=Limits().file_mb << 20)
    if gate.code:
        raise NotReadable(notice(gate.code, words=gate.words).text)
    with open_cage(settings, tuple(forms.values())) as cage:
        found = cage.read(file)
    if isinstance(found, Unread):
        raise NotReadable(notice(found.reason, words=found.words).text)
    form = forms[found.form_id, found.form_version]
    years = settings.rules.similar_age_years
    return check(found, form, local_day(now, settings.zone), similar_age_years=years)


def _entry(settings: Settings, found: Checked, sha256: str, now: datetime) -> Entry:
    reading, on = found.reading, local_day(now, settings.zone)
    proposal = decide(found.facts, History(), on, settings.rules.ages)
    incident = found.facts.moments.get("incident_at")
    is_held = any(one.holds for one in found.notices)
    return Entry(
        reference=reference_of_test(settings.agency.reference_prefix, now.year),
        revision=1,
        outcome=Outcome.HELD if is_held else Outcome.RECORDED,
        received_at=now,
        recorded_at=now,
        sha256=sha256,
        form_id=reading.form_id,
        form_version=reading.form_version,
        child_reference=None,
        supersedes=None,
        incident_day=incident.day if incident else None,
        answers=reading.answers,
        notices=found.notices,
        proposal=proposal,
        highest_light=proposal.light,
        urgent=bool(proposal.urgent),
        filed=sha256,
    )
