"""An agency's form asks too little for green; a page with the other questions makes it possible, beside it or at its end."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from formflow.core.model import AnswerState, Entry, Light, Outcome
from formflow.core.settings import Settings
from formflow.forms import catalogue
from formflow.forms.catalogue import FieldKind, Form
from formflow.rules.light.book import green_waits_for, rules_in_force
from tests.admin.learn.test_learn import TODAY
from tests.pipeline.test_walk import entries
from tests.support.desk import Desk, filled
from tests.support.offices import formflow

EXAMPLE = Path(__file__).parents[2] / "examples" / "agency-form"
HARMLESS = green_waits_for(rules_in_force(TODAY))
FORM = {
    "child.name": "Maya Ellis",
    "child.dob": "3/4/2014",
    "incident.date": "12/11/2026",
    "incident.time": "2.15pm",
    "author.name": "Jo Ward",
    "sign.name": "Jo Ward",
    "sign.date": "12/11/2026",
    "incident.context": "At break, by the pond.",
}
WHOSE = {
    "child_a_name": "Maya Ellis",
    "child_a_dob": "3/4/2014",
    "incident_at": "12/11/2026 at 2.15pm",
    "addendum_by": "Kim Lee",
}


@pytest.fixture
def own(office: Settings) -> Settings:
    """An office with a form of its own."""
    office.folders.forms.mkdir(exist_ok=True)
    for path in EXAMPLE.iterdir():
        shutil.copyfile(path, office.folders.forms / path.name)
    return office


def made(office: Settings, *options: str) -> Form:
    """Make the addendum as an administrator does, and return the form that it is on."""
    done = formflow(office, "forms", "addendum", "example-school", *options)
    assert done.returncode == 0, done.stderr
    name = "example-school-with-addendum" if options else "example-school-addendum"
    checked = formflow(office, "forms", "check")
    assert checked.returncode == 0, checked.stdout
    assert "Green can be suggested" in checked.stdout
    return catalogue.load(office.folders.forms / f"{name}.toml")


def harmless(form: Form) -> dict[str, str]:
    """Return what is marked in the boxes of an addendum where nothing is wrong."""
    said = {"child_b_kind": "child", "child_b_dob": "5/6/2014"}
    said |= {
        name: str(HARMLESS[name])
        for name, field in form.fields.items()
        if field.kind is FieldKind.TICK and name in HARMLESS
    }
    return {
        form.fields[name].sources[-1]: value for name, value in said.items() if name in form.fields
    }


def newest(office: Settings) -> Entry:
    return entries(office)[-1]


def light(office: Settings) -> Light | None:
    proposal = newest(office).proposal
    return proposal.light if proposal else None


@pytest.mark.parametrize("first", ["form", "addendum"])
def test_form_and_addendum_are_one_record_whichever_comes_first(own: Settings, first: str) -> None:
    page, desk = made(own), Desk(own)
    papers = {
        "form": filled(EXAMPLE / "example-school.pdf", FORM),
        "addendum": filled(page.blank, {**WHOSE, **harmless(page)}),
    }
    desk.takes(papers.pop(first), "first.pdf")
    assert newest(own).outcome is Outcome.RECORDED
    assert light(own) is Light.UNDETERMINED
    [second] = papers.values()
    desk.takes(second, "second.pdf")
    both = newest(own)
    assert {one.reference for one in entries(own)} == {both.reference}
    assert (both.revision, both.form_id, both.outcome) == (2, "example_school", Outcome.RECORDED)
    assert light(own) is Light.GREEN
    said = {name: one.value for name, one in both.answers.items() if one.value}
    assert said["context_text"] == "At break, by the pond."
    assert (said["completed_by"], said["addendum_by"]) == ("Jo Ward", "Kim Lee")
    [alert] = own.folders.alerts.glob(f"*{both.reference} r2.html")
    assert "Suggested level: green" in " ".join(re.sub("<[^>]+>", " ", alert.read_text()).split())


def test_both_are_one_record_where_they_are_dropped_together(own: Settings) -> None:
    page, desk = made(own), Desk(own)
    drop = own.watch[0].folder
    (drop / "a.pdf").write_bytes(filled(page.blank, {**WHOSE, **harmless(page)}))
    (drop / "b.pdf").write_bytes(filled(EXAMPLE / "example-school.pdf", FORM))
    desk.waits()
    assert [one.revision for one in entries(own)] == [1, 2]
    assert light(own) is Light.GREEN


def test_what_the_two_say_differently_is_never_green(own: Settings) -> None:
    page, desk = made(own), Desk(own)
    desk.takes(
        filled(EXAMPLE / "example-school.pdf", {**FORM, "behaviour.type.images": "1"}), "f.pdf"
    )
    desk.takes(filled(page.blank, {**WHOSE, **harmless(page)}), "a.pdf")
    both = newest(own)
    assert both.answers["type_online"].state is AnswerState.UNREADABLE
    assert light(own) is not Light.GREEN


def test_a_corrected_form_keeps_what_its_addendum_said(own: Settings) -> None:
    page, desk = made(own), Desk(own)
    desk.takes(filled(EXAMPLE / "example-school.pdf", FORM), "f.pdf")
    desk.takes(filled(page.blank, {**WHOSE, **harmless(page)}), "a.pdf")
    desk.takes(filled(EXAMPLE / "example-school.pdf", FORM), "again.pdf")
    assert newest(own).revision == 2  # nothing new
    desk.takes(
        filled(EXAMPLE / "example-school.pdf", {**FORM, "response.child": "Cried."}), "g.pdf"
    )
    assert newest(own).revision == 3
    assert light(own) is Light.GREEN


@pytest.mark.parametrize(
    "other",
    [
        {"child_a_name": "Noah Reed"},
        {"child_a_dob": "4/4/2014"},
        {"incident_at": "12/11/2026 at 9am"},
        {"incident_at": "13/11/2026"},
    ],
    ids=str,
)
def test_an_addendum_about_another_child_or_time_joins_nothing(
    own: Settings, other: Mapping[str, str]
) -> None:
    page, desk = made(own), Desk(own)
    desk.takes(filled(EXAMPLE / "example-school.pdf", FORM), "f.pdf")
    desk.takes(filled(page.blank, {**WHOSE, **harmless(page), **other}), "a.pdf")
    form, alone = entries(own)
    assert form.reference != alone.reference
    assert "FF-600" in {found.code for found in alone.notices}
    assert light(own) is not Light.GREEN


def test_a_form_with_the_questions_at_its_end_may_be_green_and_only_where_they_are_answered(
    own: Settings,
) -> None:
    whole, desk = made(own, "--append"), Desk(own)
    desk.takes(filled(EXAMPLE / "example-school.pdf", FORM), "old.pdf")  # an older copy stays good
    assert (newest(own).form_version, light(own)) == (1, Light.UNDETERMINED)
    desk.takes(filled(whole.blank, {**FORM, "child.name": "Noah Reed"}), "open.pdf")
    assert (newest(own).form_version, light(own)) == (2, Light.UNDETERMINED)
    desk.takes(filled(whole.blank, {**FORM, **harmless(whole)}), "form.pdf")
    assert (newest(own).form_version, newest(own).outcome) == (2, Outcome.RECORDED)
    assert light(own) is Light.GREEN
