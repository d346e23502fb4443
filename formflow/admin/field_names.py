"""Which fields a field map may name: those of every case, of the recording forms and of the sheets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from formflow.core.errors import FormDefinitionProblem
from formflow.delivery.named import is_day
from formflow.forms import catalogue
from formflow.forms.catalogue import Field, FieldKind, Form
from formflow.sdk.case_fields import CASE_FIELDS, CaseField, Takes
from formflow.sdk.contract import ConnectorSettings
from formflow.sdk.field_format import FieldFormat
from formflow.sdk.field_map import Column, FieldMap


def known_fields(folder: Path | None = None) -> Mapping[str, CaseField]:
    """Return every field by its name: of a sheet with its form, such as “review.level_reason”.

    `folder` holds the agency's own forms. Those that cannot be read are left out: `forms check` says so.
    """
    try:
        forms = catalogue.known(folder)
    except FormDefinitionProblem:
        forms = catalogue.shipped()
    # Ours come first: their labels are the ones in the docs.
    asked = {name: field for form in reversed(forms) for name, field in _asked(form)}
    return {**asked, **CASE_FIELDS}


def _asked(form: Form) -> Iterator[tuple[str, CaseField]]:
    for field in form.fields.values():
        if field.for_reading or field.licensed:
            continue
        name = f"{form.form_id}.{field.name}" if form.is_sheet else field.name
        yield name, CaseField(name, field.label, _takes(field), _states(field))


def _takes(field: Field) -> Takes:
    if field.states:
        return Takes.CHOICE
    if not is_day(field):
        return Takes.TEXT
    return Takes.MOMENT if field.kind is FieldKind.MOMENT else Takes.DAY


def _states(field: Field) -> Mapping[str, str] | None:
    return dict(zip(field.states, field.state_labels, strict=True)) if field.states else None


def problems(own: ConnectorSettings, folder: Path | None = None) -> Iterator[str]:
    """Yield what is wrong with the maps and formats of a destination's settings, each with its place."""
    told = [(name, value) for name, value in own if isinstance(value, FieldMap | FieldFormat)]
    if not told:
        return
    known = known_fields(folder)
    for name, value in told:
        if isinstance(value, FieldFormat):
            yield from (f"{name}: {problem}" for problem in _of_format(value, known))
            continue
        for heading, column in value.columns:
            for problem in (*_of_format(column.format, known), *_of_values(column, known)):
                yield f"{name}: column “{heading}”: {problem}"


def _of_format(told: FieldFormat, known: Mapping[str, CaseField]) -> Iterator[str]:
    for name in sorted(told.fields - known.keys()):
        yield f"there is no field “{name}”{_near(name, known)}"
    for name in sorted(told.of_days & known.keys()):
        if known[name].takes not in (Takes.DAY, Takes.MOMENT):
            yield f"“{name}” is no date, so it cannot be written with %"


def _of_values(column: Column, known: Mapping[str, CaseField]) -> Iterator[str]:
    field = known.get(column.format.single)
    if field is None or field.states is None:
        return
    names = {name.casefold() for pair in field.states.items() for name in pair}
    for name, _ in column.values:
        if name.casefold() not in names:
            yield f"“{column.format.single}” never is “{name}”; it is one of {', '.join(field.states)}"


def _near(name: str, known: Mapping[str, CaseField]) -> str:
    near = get_close_matches(name, known, n=3, cutoff=0.6)
    listed = ", ".join(f"“{one}”" for one in near)
    return f"; did you mean {listed}?" if near else "; see docs/connectors/fields.md"
