"""An agency's form asks too little for green; a page with the other questions makes it possible, beside it or at its end.

One office, in which everything is dropped in three rounds; each test looks at one child.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from formflow.core.model import AnswerState, Entry, Light, Outcome
from formflow.core.settings import Settings
from formflow.forms import catalogue
from formflow.forms.catalogue import FieldKind, Form
from formflow.rules.light.book import green_waits_for, rules_in_force
from tests.admin.learn.test_learn import TODAY
from tests.pipeline.test_walk import entries
from tests.support import worker
from tests.support.desk import filled
from tests.support.offices import agency, formflow

EXAMPLE = Path(__file__).parents[2] / "examples" / "agency-form"
BLANK = EXAMPLE / "example-school.pdf"
HARMLESS = green_waits_for(rules_in_force(TODAY))
MAYA, NOAH, IVY, LEO, ADA, TOM, ZOE, AMY = (
    "Maya Ellis", "Noah Reed", "Ivy Larch", "Leo Marsh", "Ada Birch", "Tom Ash", "Zoe Hill", "Amy Moss"
)  # fmt: skip
OTHER_THAN_TOMS = {
    "name": {"child_a_name": "Rob Fox"},
    "date of birth": {"child_a_dob": "4/4/2014"},
    "time": {"incident_at": "12/11/2026 at 9am"},
    "day": {"incident_at": "13/11/2026"},
}
Papers = Mapping[str, bytes]


def form(child: str, **more: str) -> dict[str, str]:
    """Return what is in the boxes of the agency's form."""
    said = {
        "child.name": child,
        "child.dob": "3/4/2014",
        "incident.context": "At break, by the pond.",
    }
    said |= {"incident.date": "12/11/2026", "incident.time": "2.15pm", "author.name": "Jo Ward"}
    return said | {"sign.name": "Jo Ward", "sign.date": "12/11/2026", **more}


def harmless(page: Form) -> dict[str, str]:
    """Return what is marked in the boxes of an addendum where nothing is wrong."""
    said = {"child_b_kind": "child", "child_b_dob": "5/6/2014"}
    said |= {
        name: str(HARMLESS[name])
        for name, field in page.fields.items()
        if field.kind is FieldKind.TICK and name in HARMLESS
    }
    return {page.fields[name].sources[-1]: value for name, value in said.items()}


def addendum(page: Form, child: str, **other: str) -> bytes:
    whose = {"child_a_name": child, "child_a_dob": "3/4/2014", "addendum_by": "Kim Lee"}
    at = {"incident_at": "12/11/2026 at 2.15pm"}
    return filled(page.blank, {**whose, **at, **harmless(page), **other})


def made(office: Settings, name: str, *options: str) -> Form:
    """Make an addendum as an administrator does, and return the form that it is on."""
    done = formflow(office, "forms", "addendum", "example-school", *options)
    assert done.returncode == 0, done.stderr
    return catalogue.load(office.folders.forms / f"{name}.toml")


def rounds(page: Form, whole: Form) -> Iterator[Papers]:
    yield {
        "maya": filled(BLANK, form(MAYA)),
        "noah": addendum(page, NOAH),
        "ivy a": addendum(page, IVY),
        "ivy b": filled(BLANK, form(IVY)),
        "leo": filled(BLANK, form(LEO, **{"behaviour.type.images": "1"})),
        "ada": filled(BLANK, form(ADA)),
        "tom": filled(BLANK, form(TOM)),
        "zoe open": filled(whole.blank, form(ZOE)),
        "amy": filled(whole.blank, {**form(AMY), **harmless(whole)}),
    }
    others = {f"tom {name}": addendum(page, TOM, **more) for name, more in OTHER_THAN_TOMS.items()}
    yield {
        "maya 2": addendum(page, MAYA),
        "noah 2": filled(BLANK, form(NOAH)),
        "leo 2": addendum(page, LEO),
        "ada 2": addendum(page, ADA),
        **others,
    }
    yield {
        "ada 3": filled(BLANK, form(ADA)),
        "ada 4": filled(BLANK, form(ADA, **{"response.child": "Cried."})),
    }


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """An office with a form of its own, its addendum, and its next version with the addendum at the end."""
    office = agency(tmp_path_factory.mktemp("addendum") / "an agency")
    office.folders.forms.mkdir(exist_ok=True)
    for path in EXAMPLE.iterdir():
        shutil.copyfile(path, office.folders.forms / path.name)
    page = made(office, "example-school-addendum")
    whole = made(office, "example-school-with-addendum", "--append")
    for papers in rounds(page, whole):
        for name, content in papers.items():
            (office.watch[0].folder / f"{name}.pdf").write_bytes(content)
        worker.settle(office)
    yield office
    worker.close()


@pytest.fixture(scope="module")
def found(office: Settings) -> Mapping[str, list[Entry]]:
    """Return every revision by the child's name."""
    by_child: dict[str, list[Entry]] = {}
    for entry in entries(office):
        by_child.setdefault(entry.answers["child_a_name"].value or "", []).append(entry)
    return by_child


def lights(revisions: list[Entry]) -> list[Light | None]:
    return [one.proposal.light if one.proposal else None for one in revisions]


def test_the_check_says_that_green_is_possible_with_it(office: Settings) -> None:
    checked = formflow(office, "forms", "check")
    assert checked.returncode == 0
    assert checked.stdout.count("Green can be suggested") == 2


@pytest.mark.parametrize("child", [MAYA, NOAH, IVY])
def test_form_and_addendum_are_one_record_whichever_comes_first(
    office: Settings, found: Mapping[str, list[Entry]], child: str
) -> None:
    alone, both = found[child]
    assert (alone.reference, alone.outcome) == (both.reference, Outcome.RECORDED)
    assert (both.revision, both.form_id, both.outcome) == (2, "example_school", Outcome.RECORDED)
    assert lights([alone, both]) == [Light.UNDETERMINED, Light.GREEN]
    said = {name: one.value for name, one in both.answers.items() if one.value}
    assert said["context_text"] == "At break, by the pond."
    assert (said["completed_by"], said["addendum_by"]) == ("Jo Ward", "Kim Lee")
    [alert] = office.folders.alerts.glob(f"*{both.reference} r2.html")
    assert "Suggested level: green" in " ".join(re.sub("<[^>]+>", " ", alert.read_text()).split())


def test_what_the_two_say_differently_is_for_a_person(found: Mapping[str, list[Entry]]) -> None:
    both = found[LEO][-1]
    assert both.revision == 2
    assert both.answers["type_online"].state is AnswerState.UNREADABLE
    assert lights([both]) != [Light.GREEN]


def test_a_corrected_form_keeps_what_its_addendum_said(found: Mapping[str, list[Entry]]) -> None:
    *_, corrected = found[ADA]
    assert [one.revision for one in found[ADA]] == [1, 2, 3]  # the same again is nothing new
    assert corrected.answers["child_text"].value == "Cried."
    assert lights([corrected]) == [Light.GREEN]


def test_an_addendum_about_another_child_or_time_joins_nothing(
    found: Mapping[str, list[Entry]],
) -> None:
    (toms, *others), [robs] = found[TOM], found["Rob Fox"]
    assert len(others) == len(OTHER_THAN_TOMS) - 1
    for alone in (*others, robs):
        assert alone.reference != toms.reference
        assert "FF-600" in {one.code for one in alone.notices}
    assert Light.GREEN not in lights([*others, robs])


def test_questions_at_the_end_of_a_form_make_green_possible_where_they_are_answered(
    found: Mapping[str, list[Entry]],
) -> None:
    assert found[MAYA][-1].form_version == 1  # an older copy stays good
    ([unanswered], [answered]) = found[ZOE], found[AMY]
    assert (unanswered.form_version, answered.form_version) == (2, 2)
    assert answered.outcome is Outcome.RECORDED
    assert lights([unanswered, answered]) == [Light.UNDETERMINED, Light.GREEN]
