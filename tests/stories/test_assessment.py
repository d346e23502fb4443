"""An assessment on paper-style sheets: who it is for, who may do it, what it shows, who sees it first."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pypdf
import pytest

from formflow.core.errors import ExitCode
from formflow.core.model import Outcome
from formflow.core.settings import Settings
from tests.pipeline.test_walk import refilled
from tests.stories.test_decisions import HER_NAME, RED, about
from tests.stories.test_sheets_that_do_not_count import held_for
from tests.support.desk import Desk, filled_by_pdftk, filled_by_pypdf
from tests.support.offices import formflow

ELIGIBLE = {
    "incident_at": "14/11/2026 at 1.45pm",
    "model": "headings",
    "sex": "male",
    "ability": "mainstream",
    "harmful_known": "yes",
    "established": "established",
    "prosecution": "no",
    "lead_name": "L. Lead",
    "lead_trained": "yes",
    "second_name": "S. Second",
    "second_trained": "yes",
    "was_adult": "no",
    "victim_worker": "no",
}
SCORED = {
    "behaviour_3_concern": "He waited until the others had gone.",
    "behaviour_3_concern_nature": "dynamic",
    "behaviour_3_concern_weight": "strong",
    "behaviour_4_concern": "Held her arm.",
    "behaviour_4_concern_nature": "static",
    "behaviour_4_concern_weight": "some",
    "family_1_strength": "The family talk with each other.",
    "family_1_strength_nature": "dynamic",
    "family_1_strength_weight": "little",
    "signed_name": "L. Lead",
    "signed_date": "20/11/2026",
}


@pytest.fixture
def desk(office: Settings) -> Desk:
    """Return a desk on which a harmful incident is decided, and an assessment wanted."""
    made = Desk(office)
    made.gets(RED)
    made.fills_in("F2", level="harmful", level_reason="Planned.", aim2="yes", **HER_NAME)
    return made


def stored(sheet: Path, name: str) -> str:
    with pikepdf.open(sheet) as pdf:
        (box,) = [one for one in pdf.Root.AcroForm.Fields if one.get("/T") == name]
        return str(box.get("/V", ""))


def has(desk: Desk, code: str) -> bool:
    return any(f" {code} " in name for name in desk.sheets())


def test_without_a_decision_that_it_was_harmful_no_score_sheets_are_made(office: Settings) -> None:
    desk = Desk(office)
    desk.gets(RED)
    doubtful = {"level": "concerning", "level_reason": "A dare.", "lower_reason": "I asked them."}
    desk.fills_in("F2", **doubtful, aim2="yes", **HER_NAME)
    assert "PR2" in desk.open_steps()
    assert not has(desk, "F4")
    desk.fills_in("F2", aim2_reason="He has threatened to do worse.")
    assert "PR2" not in desk.open_steps()
    assert has(desk, "F4")


@pytest.mark.rule("EL7", "AC3")
def test_eligible_scored_outcome_report_each_sheet_brings_the_next(desk: Desk) -> None:
    assert stored(desk.sheet("F4"), "child_name") == "Seán D’Arcy-Müller"
    desk.fills_in("F4", **ELIGIBLE)
    gates = set(desk.open_steps()) & {"EL1", "EL2", "EL3", "EL4", "EL5", "EL6", "AS1", "AS2", "DN1"}
    assert not gates
    assert "ST1b" in desk.open_steps()
    assert not has(desk, "F5")
    desk.fills_in("F4", **SCORED)
    outcome = desk.sheet("F5")
    assert "Not an AIM2 assessment" in stored(outcome, "limits_text")
    assert "The model does not make decisions for assessors" in stored(outcome, "limits_text")
    assert "has limited evidence base for predictive validity" in stored(outcome, "limits_text")
    told = stored(outcome, "profile_text")
    assert "Static concerns: Use of violence (some)." in told
    assert "Dynamic concerns: Offence planning (strong)." in told
    assert "Development. Static concerns: none noted." in told
    assert "Most concerns noted: Sexual and non-sexually harmful behaviours." in stored(
        outcome, "significant_text"
    )
    desk.fills_in(
        "F5",
        significant="Planning.",
        areas_young="Empathy.",
        areas_family="Rules at home.",
        areas_living="None.",
        promote="Football.",
        supervision="Seen at all times.",
        signed_name="L. Lead",
        signed_date="20/11/2026",
    )
    report = desk.sheet("F6")
    assert stored(report, "supervision") == "Seen at all times."
    assert "He waited until the others had gone." in stored(report, "dynamic_concerns")
    assert "Held her arm." in stored(report, "domain_behaviour")
    missing = stored(report, "missing_text")
    assert "RT2: The report needs the purpose." in missing
    assert "RT11" not in missing
    assert {"SH1", "RT2", "AC4"} <= set(desk.open_steps())


def test_a_report_is_not_given_to_others_before_the_young_person_and_the_parents(
    desk: Desk,
) -> None:
    desk.fills_in("F4", **ELIGIBLE, **SCORED)
    desk.fills_in("F5", supervision="Some.", signed_name="L. Lead", signed_date="20/11/2026")
    gone = {"sent_to": "The panel", "sent_at": "20/11/2026", "purpose": "To plan."}
    desk.fills_in("F6", **gone, signed_name="L. Lead", signed_date="20/11/2026")
    assert held_for(desk, "FF-2026-000001-F6") == ["FF-227"]
    assert "SH1" in desk.open_steps()
    shared = {"shared_young_at": "19/11/2026", "shared_parents_at": "19/11/2026"}
    desk.fills_in("F6", **shared)
    assert held_for(desk, "FF-2026-000001-F6") == ["FF-227"]  # nothing is said of disagreements
    desk.fills_in("F6", disagreements="None.", sent_at="18/11/2026")
    assert held_for(desk, "FF-2026-000001-F6") == ["FF-227"]  # the others had it first
    desk.fills_in("F6", sent_at="20/11/2026")
    assert about(desk.office, "FF-2026-000001-F6")[-1].outcome is Outcome.RECORDED
    assert "SH1" not in desk.open_steps()


def test_denied_and_likely_to_be_prosecuted_nobody_is_interviewed_without_agreement(
    desk: Desk,
) -> None:
    denied = {"prosecution": "yes", "denies": "yes", "may_plead": "yes"}
    interviewed = {"first_interview_at": "19/11/2026", "stage_one_at": "18/11/2026"}
    desk.fills_in("F4", **{**ELIGIBLE, **SCORED, **denied, **interviewed})
    assert {"DN1", "DN2", "DN3"} <= set(desk.open_steps())
    assert "explicit agreement of a legal representative" in desk.page()
    assert not has(desk, "F5")
    desk.fills_in("F4", paper_only="yes")
    # From papers alone, and interviewed all the same: both are told, and the gate stays.
    assert desk.open_steps().count("DN1") == 1
    assert "The sheet says that the assessment is from papers alone" in desk.page()
    assert not has(desk, "F5")
    desk.fills_in("F4", first_interview_at="")
    assert {"DN1", "DN2", "DN3"}.isdisjoint(desk.open_steps())
    assert "likely to provide a limited outcome" in stored(desk.sheet("F5"), "limits_text")


def test_agreed_by_the_legal_representative_interviews_may_follow(desk: Desk) -> None:
    denied = {"prosecution": "yes", "denies": "yes", "may_plead": "unknown"}
    agreed = {"agreement_name": "A. Solicitor", "agreement_at": "18/11/2026"}
    desk.fills_in("F4", **{**ELIGIBLE, **SCORED, **denied, **agreed})
    assert "DN1" in desk.open_steps()  # nothing shows the agreement yet
    desk.fills_in("F4", agreement_text="Letter of 18 November", agreement_family="yes")
    assert {"DN1", "DN2", "DN3"}.isdisjoint(desk.open_steps())
    assert has(desk, "F5")


def test_an_interview_before_the_agreement_is_told_and_stops_the_outcome_sheet(desk: Desk) -> None:
    denied = {"prosecution": "yes", "denies": "yes", "may_plead": "yes"}
    agreed = {"agreement_name": "A. Solicitor", "agreement_at": "18/11/2026"}
    shown = {"agreement_text": "Letter of 18 November", "agreement_family": "yes"}
    early = {"stage_one_at": "16/11/2026", "first_interview_at": "17/11/2026"}
    desk.fills_in("F4", **{**ELIGIBLE, **SCORED, **denied, **agreed, **shown, **early})
    assert "DN1" in desk.open_steps()
    assert "held before the legal representative agreed to it" in desk.page()
    assert not has(desk, "F5")
    desk.fills_in("F4", first_interview_at="18/11/2026")
    assert "DN1" not in desk.open_steps()
    assert "held before the legal representative" not in desk.page()
    assert has(desk, "F5")


def test_a_strong_reason_opens_the_assessment_and_another_model_keeps_its_gates(desk: Desk) -> None:
    known = {name: said for name, said in ELIGIBLE.items() if name not in ("sex", "harmful_known")}
    suspected = {"established": "suspected", "model": "aim3"}
    desk.fills_in("F4", **{**known, **SCORED, **suspected})
    assert {"EL4", "EL5"} <= set(desk.open_steps())
    assert {"EL1", "EL2", "EL3", "EL6"}.isdisjoint(desk.open_steps())
    assert not has(desk, "F5")
    desk.fills_in("F4", established_text="He has threatened to.")
    assert {"EL4", "EL5"}.isdisjoint(desk.open_steps())
    assert has(desk, "F5")


def test_an_assessment_that_is_planned_for_a_later_day_counts_and_so_does_the_age_then(
    desk: Desk,
) -> None:
    # Twelve and a half at the incident; the day ahead is no mistake, and decides the age.
    desk.fills_in("F4", **{**ELIGIBLE, **SCORED, "begins_on": "1/9/2099"})
    assert about(desk.office, "FF-2026-000001-F4")[-1].outcome is Outcome.RECORDED
    assert "EL2" in desk.open_steps()
    assert "older than 18 when the assessment begins: AIM2 is not for them" in desk.page()


@pytest.mark.parametrize(
    ("different", "born", "gate"),
    [
        ({"sex": "female"}, "3/4/2011", "EL6"),
        ({}, "3/4/2015", "EL6"),
        ({"ability": "disability"}, "3/4/2012", "EL6"),
        ({"established": "neither"}, "3/4/2012", "EL5"),
        ({"second_name": ""}, "3/4/2012", "AS2"),
        ({}, "3/4/2007", "EL2"),
    ],
)
def test_what_stands_against_an_assessment_is_said_and_stops_the_outcome_sheet(
    office: Settings, different: dict[str, str], born: str, gate: str
) -> None:
    desk = Desk(office)
    refilled(RED, office.watch[0].folder / "form.pdf", child_a_dob=born)
    desk.waits()
    desk.fills_in("F2", level="harmful", level_reason="Planned.", aim2="yes", **HER_NAME)
    desk.fills_in("F4", **{**ELIGIBLE, **SCORED, **different})
    assert gate in desk.open_steps()
    assert "Do first" in desk.page()
    assert not has(desk, "F5")
    if gate == "EL6":  # limits: a named person may decide otherwise, and says why
        desk.fills_in("F4", limits_reason="Adapted with the trainer.")
        assert "EL6" in desk.open_steps()
        desk.fills_in("F4", limits_name="L. Lead")
        assert has(desk, "F5")


def test_scores_that_change_bring_another_profile(desk: Desk) -> None:
    desk.fills_in("F4", **ELIGIBLE, **SCORED)
    more = {"environment_2_strength": "An aunt.", "environment_2_strength_nature": "dynamic"}
    desk.fills_in("F4", **more, environment_2_strength_weight="strong")
    newest = desk.sheet("F5")
    assert newest.name.endswith(", profile 2.pdf")
    assert "Support networks (strong)" in stored(newest, "profile_text")


@pytest.mark.parametrize("fill", [filled_by_pdftk, filled_by_pypdf])
def test_score_sheets_filled_in_by_other_programs_bring_the_same_outcome_sheet(
    desk: Desk, tmp_path: Path, fill: Callable[[Path, dict[str, str], Path], bytes]
) -> None:
    if fill is filled_by_pdftk and shutil.which("pdftk") is None:
        pytest.skip("pdftk is not installed")
    content = fill(desk.sheet("F4"), {**ELIGIBLE, **SCORED}, tmp_path)
    (desk.office.watch[1].folder / "scores.pdf").write_bytes(content)
    desk.waits()
    assert "Offence planning (strong)" in stored(desk.sheet("F5"), "profile_text")
    outcome = {"significant": "Planning – “before”.", "signed_name": "L. Lead"}
    content = fill(desk.sheet("F5"), outcome, tmp_path)
    (desk.office.watch[1].folder / "outcome.pdf").write_bytes(content)
    desk.waits()
    assert stored(desk.sheet("F6"), "sum_concerns") == "Planning – “before”."


def test_a_sheet_on_which_nothing_is_open_lies_there_again_as_she_left_it(desk: Desk) -> None:
    desk.fills_in("F7s", actions="A second adult at break.", **HER_NAME)
    again = desk.sheet("F7s")
    assert again.name.endswith(" 2.pdf")
    assert stored(again, "actions") == "A second adult at break."
    desk.fills_in("F7s", outcome="It has not happened again.")
    kept = about(desk.office, "FF-2026-000001-F7s")[-1].answers
    assert kept["actions"].value == "A second adult at break."
    assert kept["outcome"].value == "It has not happened again."


def test_an_outside_assessor_gets_the_sheets_the_papers_and_an_address(
    office: Settings, tmp_path: Path
) -> None:
    desk = Desk(office)
    desk.gets(RED)
    folder, address = tmp_path / "for the assessor", "dsl@school.example"
    refused = formflow(office, "assessor", "FF-2026-000001", "--to", str(folder))
    assert refused.returncode == ExitCode.SETTINGS
    file = office.state.folder.parent / "formflow.toml"
    told = file.read_text("utf-8").replace('return_address = ""', f'return_address = "{address}"')
    file.write_text(told, "utf-8")
    refused = formflow(office, "assessor", "FF-2026-000001", "--to", str(folder))
    assert "no assessment sheets" in refused.stderr
    desk.fills_in("F2", level="harmful", level_reason="Planned.", aim2="yes", **HER_NAME)
    done = formflow(office, "assessor", "FF-2026-000001", "--to", str(folder))
    assert done.returncode in (ExitCode.DONE, ExitCode.WAITING), done.stderr
    names = sorted(path.name for path in folder.iterdir())
    assert "Papers.pdf" in names
    assert [name for name in names if " F4 " in name]
    cover = pypdf.PdfReader(folder / "Papers.pdf").pages[0].extract_text()
    assert address in cover
    assert "pack for an assessor" in formflow(office, "audit", "FF-2026-000001").stdout
    (sheet,) = (path for path in folder.iterdir() if " F4 " in path.name)
    desk.fills_in("F4", sheet, sex="male")  # it comes back, and is read as ours
    (back,) = about(office, "FF-2026-000001-F4")
    assert back.outcome is Outcome.RECORDED
