"""Agencies keep their own forms: each is learned, corrected in its workbook, filled in, recorded, levelled, alerted."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from openpyxl import load_workbook

from formflow.admin.learn import workbook
from formflow.core.limits import Limits
from formflow.core.model import Light, Outcome, Reading
from formflow.core.settings import Settings
from formflow.forms import catalogue
from formflow.reading.ladder import read_paper
from formflow.reading.manifest_builder import known_forms
from formflow.reading.reader import Reader
from tests.pipeline.test_walk import entries
from tests.support.desk import Desk, filled, filled_by_pdftk, filled_by_pypdf
from tests.support.offices import files, formflow

EXAMPLES = Path(__file__).parents[2] / "examples" / "forms"
OURS = catalogue.shipped()[0]
LEVELS = {
    Light.RED: " RED ",
    Light.UNDETERMINED: "MORE INFORMATION NEEDED",
}  # in the names of alerts
WHO = {
    "child_a_name": "Maya Ellis",
    "child_a_dob": "3/4/2014",
    "incident_at": "12/11/2026 at 2.15pm",
    "completed_by": "Jo Ward",
    "signed_name": "Jo Ward",
    "signed_date": "12/11/2026",
}


@dataclass(frozen=True)
class Own:
    """A form of an agency's own."""

    name: str
    corrected: Mapping[str, str]  # printed -> our question, as a person chooses it from the list
    answers: Mapping[str, str]  # by our questions
    light: Light
    rules: frozenset[str] = field(default_factory=frozenset)  # among those that are cited


LARKFIELD = Own(
    "larkfield-school",
    {
        "Childs Name:": "child_a_name",
        "DOB:": "child_a_dob",
        "Date/time of incident:": "incident_at",
        "Form completed by:": "completed_by",
        "Type of behaviour: describe in as much detail as possible, what the child/yp did or said:": "type_text",
        "Context of the behaviour: e.g. was the behaviour spontaneous or planned?": "context_text",
        "What was the attempt to address the behaviour and what was the child response to that?": "attempt_text",
        "What was the response of the parents when informed of their child’s sexual behaviour?": "parents_text",
        "Signed": "signed_name",
        "Date": "signed_date",
    },
    {
        "type_text": "Lifted another child’s skirt.",
        "context_text": "At break, by the shed.",
        "child_text": "Cried.",
    },
    Light.UNDETERMINED,
)
WESTMERE = Own(
    "westmere-council",
    {},
    {
        "type_text": "Held another child down.",
        "context_planned": "yes",
        "context_force": "yes",
        "context_blackmail": "no",
    },
    Light.RED,
    frozenset(("R2a", "R2c")),
)
ASHBY = Own(
    "ashby-club",
    {
        "Name of child": "child_a_name",
        "Date of birth": "child_a_dob",
        "Date and time of incident": "incident_at",
        "Where did it happen?": "incident_place",
        "Form completed by": "completed_by",
        "Type of behaviour": "type_text",
        "Response of the child": "child_text",
        "Other actions taken": "actions_text",
        "Signed:": "signed_name",
        "Date signed:": "signed_date",
    },
    {"type_text": "Showed pictures.", "incident_place": "Hall", "context_planned": "no", "context_threat": "yes"},
    Light.RED,
)  # fmt: skip


def brought(office: Settings, own: Own, folder: Path) -> catalogue.Form:
    """Learn a form from its blank, correct the workbook, take it back, and have it checked."""
    blank = folder / f"{own.name}.pdf"
    shutil.copyfile(EXAMPLES / blank.name, blank)
    if own is ASHBY:  # it was typed in Word, and has no boxes yet
        assert formflow(office, "forms", "make-fillable", str(blank)).returncode == 0
        blank = folder / f"{own.name}-fillable.pdf"
    formflow(office, "forms", "learn", str(blank))
    book = office.folders.forms / f"{blank.stem}.xlsx"
    correct(book, own.corrected)
    taken = formflow(office, "forms", "learn", "--from", str(book))
    assert taken.returncode == 0, taken.stderr
    checked = formflow(office, "forms", "check", "--json")
    [report] = json.loads(checked.stdout)
    assert report["problems"] == []
    return next(form for form in known_forms(office.folders.forms) if not form.is_ours)


def correct(book: Path, chosen: Mapping[str, str]) -> None:
    """Choose our question from the list for each label, as an administrator does in Excel."""
    opened = load_workbook(book)
    sheet = opened[workbook.SHEET]
    rows = {sheet.cell(row, workbook.PRINTED).value: row for row in range(2, sheet.max_row + 1)}
    for label, question in chosen.items():
        said = workbook.said(OURS.fields[question])
        sheet.cell(rows[label], workbook.QUESTION).value = said
    opened.save(book)


def in_its_boxes(form: catalogue.Form, answers: Mapping[str, str]) -> dict[str, str]:
    """Return what is written or marked in the form's boxes for these answers."""
    found = {}
    for name, answer in answers.items():
        asked = form.fields[name]
        stored = {meant: state for state, meant in asked.means.items()}
        found[asked.sources[0]] = stored.get(answer, answer)
    return found


def read(content: bytes, form: catalogue.Form, folder: Path) -> dict[str, str]:
    """Return what FormFlow reads in a form that another program filled in."""
    path = folder / "by another program.pdf"
    path.write_bytes(content)
    found = read_paper(path, Reader([form], Limits(), "always"))
    assert isinstance(found, Reading), found
    return {name: one.value for name, one in found.answers.items() if one.value}


@pytest.mark.parametrize("own", [LARKFIELD, WESTMERE, ASHBY], ids=lambda own: own.name)
def test_a_form_of_an_agencys_own_goes_the_whole_way(
    office: Settings, tmp_path: Path, own: Own
) -> None:
    form = brought(office, own, tmp_path)
    stored = in_its_boxes(form, {**WHO, **own.answers})
    desk = Desk(office)
    desk.takes(filled(form.blank, stored), "form.pdf")
    (entry,) = entries(office)
    assert entry.outcome is Outcome.RECORDED, entry
    said = {name: one.value for name, one in entry.answers.items() if one.value}
    assert said == {**WHO, **own.answers}
    assert entry.proposal is not None
    assert entry.proposal.light is own.light
    assert own.rules <= {one.rule for one in entry.proposal.findings}
    [alert] = [name for name in files(office.folders.alerts) if entry.reference in name]
    assert LEVELS[own.light] in alert
    assert desk.sheets()  # the review sheet, to decide on
    for fill in (filled_by_pypdf, filled_by_pdftk):
        assert read(fill(form.blank, stored, tmp_path), form, tmp_path) == said
