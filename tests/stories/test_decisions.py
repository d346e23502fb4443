"""The safeguarding lead decides: one story for each branch of the guidance (3.2), from drop to done."""

from __future__ import annotations

import shutil

import openpyxl
import pikepdf
import pypdf
import pytest

from formflow.admin import status
from formflow.core.model import Answer, AnswerState, Entry, Outcome
from formflow.core.references import CopyReference
from formflow.core.settings import Settings
from formflow.documents.prefill import Copy, prefilled
from formflow.forms import top_line
from formflow.forms.catalogue import known
from tests.pipeline.test_walk import entries
from tests.support import worker
from tests.support.desk import Desk, filled, filled_by_pdftk
from tests.support.offices import SAMPLES, dsl_folder, files

RED, GREEN, AMBER = (
    "red-planned-secrecy-pdfjs",
    "green-free-play-pdfjs",
    "amber-peer-pressure-pdftk-fdf",
)
HER_NAME = {"signed_name": "M. Head", "signed_date": "20/11/2026"}


@pytest.fixture
def desk(office: Settings) -> Desk:
    return Desk(office)


def about(office: Settings, reference: str) -> list[Entry]:
    return [entry for entry in entries(office) if entry.reference == reference]


def test_a_red_form_brings_a_review_sheet_with_every_reason_and_nothing_decided(desk: Desk) -> None:
    desk.gets(RED)
    assert desk.sheets() == ["FF-2026-000001 r1 F2 DSL Review Sheet.pdf"]
    page = desk.page()
    assert "Awaiting your decision" in page
    assert "FormFlow suggested Red (harmful)" in page
    assert desk.open_steps()[0] == "DX1"  # what has a day comes first
    assert "Child the form is about Seán D’Arcy-Müller, age 13" in page
    view = status.overview(desk.office)
    assert (view.records, view.undecided) == (1, ("FF-2026-000001",))


def test_decided_as_harmful_each_child_is_referred_on_a_sheet_of_their_own(desk: Desk) -> None:
    desk.gets(RED)
    desk.fills_in(
        "F2",
        level="harmful",
        level_reason="Planned, and kept secret.",
        a_views="A game.",
        **HER_NAME,
    )
    assert "Decided: harmful Reference FF-2026-000001" in desk.page()
    assert (
        "FormFlow suggested Red (harmful)" in desk.page()
    )  # the proposal stays beside the decision
    new = [name.partition(" r1 ")[2] for name in desk.sheets()]
    assert new == [
        "F2 DSL Review Sheet 2.pdf",
        "F3a Referral – Child Who Displayed the Behaviour.pdf",
        "F3b Referral – Child Who Was Targeted.pdf",
        "F7a Safety and Support Plan – Child Who Displayed the Behaviour.pdf",
        "F7b Safety and Support Plan – Child Who Was Targeted.pdf",
        "F7s Safety Plan – The Setting.pdf",
        "F8 Next Steps.pdf",
    ]
    assert desk.open_steps().count("H1") == 2
    assert status.overview(desk.office).undecided == ()
    assert status.overview(desk.office).waiting == ()  # deciding is seeing

    desk.fills_in("F3a", sender_name="M. Head", sent_at="20/11/2026 at 11am", parents_told="yes")
    assert desk.open_steps().count("H1") == 1  # one referral is not two (test vector T10)
    desk.fills_in("F3b", sender_name="M. Head", sent_at="20/11/2026 at 11.10am", parents_told="yes")
    assert "H1" not in desk.open_steps()
    assert desk.open_steps().count("RP1") == 2  # the council has not answered yet
    desk.fills_in("F3a", council_reference="C-1", council_at="20/11/2026")
    assert desk.open_steps().count("RP1") == 1


@pytest.mark.rule("PR8")
def test_each_childs_referral_lies_in_their_own_file(desk: Desk) -> None:
    desk.gets(RED)
    desk.fills_in("F2", level="harmful", level_reason="Planned.", **HER_NAME)
    desk.fills_in("F3a", sent_at="20/11/2026 at 11am", sender_name="M. Head")
    desk.fills_in("F3b", sent_at="20/11/2026 at 11am", sender_name="M. Head")
    (a,), (b,) = (about(desk.office, f"FF-2026-000001-F3{x}") for x in "ab")
    assert a.child_reference != b.child_reference
    lies = [path for path in files(dsl_folder(desk.office) / "Child files") if "F3b" in path]
    assert {path.split("/")[0] for path in lies} == {b.child_reference}


def test_a_referral_that_cannot_be_made_needs_a_reason_on_the_record(desk: Desk) -> None:
    desk.gets(RED)
    desk.fills_in("F2", level="harmful", level_reason="Planned.", **HER_NAME)
    assert desk.open_steps().count("H1") == 2
    desk.fills_in("F8", no_referral_b="The other child could not be found.", **HER_NAME)
    assert desk.open_steps().count("H1") == 1
    desk.fills_in("F3a", sent_at="20/11/2026 at 11am", sender_name="M. Head")
    assert "H1" not in desk.open_steps()


def test_decided_as_concerning_below_red_needs_a_reason_and_opens_the_plans(desk: Desk) -> None:
    desk.gets(RED)
    desk.fills_in("F2", level="concerning", level_reason="One-off.", **HER_NAME)
    (held,) = about(desk.office, "FF-2026-000001-F2")
    assert held.outcome is Outcome.HELD
    assert [found.code for found in held.notices if found.holds] == ["FF-222"]
    assert "Awaiting your decision" in desk.page()
    assert files(desk.office.folders.needs_attention) == []  # never back to the office

    desk.fills_in("F2", lower_reason="I spoke to both children; it was a dare.")
    assert "Decided: concerning" in desk.page()
    assert {"N1", "N2", "N4", "N5"} <= set(desk.open_steps())
    assert not [name for name in desk.sheets() if "F3" in name]
    assert desk.open_steps().count("N1") == 2
    desk.fills_in("F2", advice_from="CAMHS, 20 November")
    desk.fills_in("F8", parents_a_consent="no", parents_b_consent="yes")
    assert desk.open_steps().count("N1") == 1
    assert "What keeps a child safe may be shared without consent." in desk.page()
    desk.fills_in("F8", no_consent_text="Share what keeps the other child safe.")
    said = {"actions": "Seat apart.", "protects": "They do not meet alone."}
    desk.fills_in("F7a", **said, supervision="At break, by Mr Day.", **HER_NAME)
    assert {"N1", "N2", "PR3", "RT11"}.isdisjoint(desk.open_steps())
    assert "N4" in desk.open_steps()  # “and where appropriate their parents”
    desk.fills_in("F7a", agreed_text="They were not asked: nobody answers the phone.")
    assert "N4" not in desk.open_steps()
    desk.fills_in("F7b", actions="A person to go to.", **HER_NAME)
    assert "N5" in desk.open_steps()  # “and the agreement of their parents”
    desk.fills_in("F7b", agreed_parents="yes")
    assert "N5" not in desk.open_steps()
    (plan,) = {entry.child_reference for entry in about(desk.office, "FF-2026-000001-F7b")}
    assert plan != about(desk.office, "FF-2026-000001-F7a")[0].child_reference


def test_decided_as_healthy_keeps_the_paper_and_asks_for_no_referral(desk: Desk) -> None:
    desk.gets(GREEN)
    desk.fills_in("F2", level="healthy", level_reason="Play, both at ease.", **HER_NAME)
    assert "Decided: healthy" in desk.page()
    asked = set(desk.open_steps())
    assert asked <= {"DX2", "DX3", "IR8", "FM3", "FM4", "DSL0", "DH1", "DX4"}
    chronology = next((dsl_folder(desk.office) / "Child files").rglob("Chronology.html"))
    assert "Decided: healthy" in chronology.read_text("utf-8")


def test_in_doubt_the_case_stays_open_until_advice_is_taken_and_a_level_chosen(desk: Desk) -> None:
    desk.gets(AMBER)
    desk.fills_in("F2", level="doubt", level_reason="Unclear.", **HER_NAME)
    assert "In doubt: taking advice" in desk.page()
    assert {"DX1", "DX5"} <= set(desk.open_steps())
    assert status.overview(desk.office).undecided == ("FF-2026-000001",)
    desk.fills_in("F2", level="concerning", advice_from="Front door, 20 November at 2pm")
    assert "Decided: concerning" in desk.page()
    assert "DX5" not in desk.open_steps()
    assert status.overview(desk.office).undecided == ()


def test_a_decision_is_never_lowered_by_a_later_sheet_without_a_reason(desk: Desk) -> None:
    desk.gets(GREEN)
    desk.fills_in("F2", level="harmful", level_reason="The mother told us more.", **HER_NAME)
    desk.fills_in("F2", level="healthy", level_reason="It was nothing.")
    assert "Decided: harmful" in desk.page()
    assert [e.outcome for e in about(desk.office, "FF-2026-000001-F2")] == [
        Outcome.RECORDED,
        Outcome.HELD,
    ]


def test_a_later_revision_of_the_record_leaves_the_decision_and_brings_a_new_sheet(
    desk: Desk,
) -> None:
    desk.gets(RED)
    desk.fills_in("F2", level="harmful", level_reason="Planned.", **HER_NAME)
    desk.gets("red-planned-secrecy-amended-pdfjs")
    assert "Decided: harmful" in desk.page()
    assert "FF-2026-000001 r2 F2 DSL Review Sheet 2.pdf" in desk.sheets()


def test_a_second_incident_shows_the_first_and_what_was_decided_then(desk: Desk) -> None:
    desk.gets(RED)
    desk.fills_in("F2", level="harmful", level_reason="Planned.", **HER_NAME)
    desk.gets("red-second-incident-itext5-append")
    page = desk.page("FF-2026-000002")
    assert "CX2 · guidance 4" in page
    boxes = pypdf.PdfReader(desk.sheet("F2")).get_fields() or {}
    assert (
        "FF-2026-000001: 17 November 2026, suggested level: red (harmful). Decided: harmful"
        in str(boxes["history_text"]["/V"])
    )
    assert "R7" in str(boxes["proposal_text"]["/V"])


def test_a_sheet_with_no_child_targeted_asks_nothing_about_one(desk: Desk) -> None:
    desk.gets(RED)
    desk.fills_in("F2", level="harmful", level_reason="Planned.", child_b_kind="nobody", **HER_NAME)
    asked = desk.open_steps()
    assert not {step for step in asked if step.startswith("DB")}
    assert asked.count("H1") == 1
    assert not [name for name in desk.sheets() if "F3b" in name or "F7b" in name]


def test_an_adult_who_may_have_harmed_a_child_is_passed_on_and_the_child_is_not_blamed(
    desk: Desk,
) -> None:
    desk.gets(RED)
    desk.fills_in(
        "F2", level="harmful", level_reason="He told me.", child_b_kind="adult", **HER_NAME
    )
    page = desk.page()
    assert (
        "Possible allegation against an adult: tell the head teacher and the local authority"
        in page
    )
    assert page.index("AL1 · guidance") < page.index("DX3 · guidance")
    to_do = page.partition(" What to do now ")[0]
    assert "displayed the behaviour" not in to_do.lower()
    assert "F3a Referral Plan how the parents of the child named on the form are told" in to_do
    assert not [name for name in desk.sheets() if "F3b" in name or "F7b" in name]
    for code, says_so in (("F3a", True), ("F7a", True), ("F7s", False), ("F2", False)):
        with pikepdf.open(desk.sheet(code)) as pdf:
            drawn = pdf.pages[0].resources.XObject.FormFlowLine.read_bytes()
        assert (
            b"The title is not a finding: an adult may have harmed a child." in drawn
        ) is says_so
    desk.fills_in("F3a", sender_name="M. Head", sent_at="20/11/2026")
    (sent,) = about(desk.office, "FF-2026-000001-F3a")
    assert (sent.outcome, [one.code for one in sent.notices if one.holds]) == (Outcome.RECORDED, [])
    desk.fills_in("F2", allegation_at="20/11/2026", allegation_text="Mrs Head; LADO 4711.")
    assert "AL1" not in desk.open_steps()


def test_a_plan_that_names_the_other_child_counts_and_is_asked_about(desk: Desk) -> None:
    desk.gets(RED)
    desk.fills_in("F2", level="harmful", level_reason="Planned.", **HER_NAME)
    before = set(files(desk.office.folders.alerts))
    desk.fills_in("F7a", actions="Never alone with Ełżbieta.", **HER_NAME)
    (plan,) = about(desk.office, "FF-2026-000001-F7a")
    assert (plan.outcome, [one.code for one in plan.notices]) == (Outcome.RECORDED, ["FF-346"])
    (alert,) = set(files(desk.office.folders.alerts)) - before
    words = (desk.office.folders.alerts / alert).read_text("utf-8")
    assert "names the other child or person." in words
    desk.fills_in("F7a", owner="M. Head")
    assert [len(one.notices) for one in about(desk.office, "FF-2026-000001-F7a")] == [1, 0]


def test_reported_to_the_police_means_when_to_whom_and_their_reference(desk: Desk) -> None:
    desk.gets(RED)
    decided = {"level": "harmful", "level_reason": "Planned.", **HER_NAME}
    desk.fills_in("F2", **decided, police="yes", medical_needed="yes", urgent_referral="yes")
    assert desk.open_steps().count("DX2") == 2
    first = desk.page().partition("Do first")[2].partition("To do")[0]
    assert [first.count(f"{one} · guidance") for one in ("IR1", "DX2", "IR6")] == [1, 1, 1]
    assert first.count(" Now. ") == 3
    desk.fills_in("F2", police_reason="Force was used.")
    assert desk.open_steps().count("DX2") == 1
    desk.fills_in("F2", police_at="20/11/2026", police_contact="PC Example, 12-345")
    assert "DX2" not in desk.open_steps()
    desk.fills_in("F2", medical_text="A. Nurse, the surgery, 3pm", urgent_at="20/11/2026")
    assert "IR1" in desk.open_steps()
    assert "A medical assessment is needed" not in desk.page().partition(" Done ")[0]
    desk.fills_in("F2", urgent_text="The front door, by me")
    assert "IR1" not in desk.open_steps()


def test_a_plan_comes_up_on_its_review_date_and_images_bring_the_agencys_advice(desk: Desk) -> None:
    desk.gets(RED)
    assert "Images or online contact." not in desk.page()
    decided = {"level": "harmful", "level_reason": "Planned.", **HER_NAME}
    desk.fills_in("F2", **decided, type_online="yes", review_on="1 December 2099")
    assert "Images or online contact. Do not view, copy, print or forward" in desk.page()
    desk.fills_in("F7s", actions="A second adult at break.", review_on="2/12/2099", **HER_NAME)
    assert {"RV1", "RV2"} <= set(desk.open_steps())
    assert "By the end of 1 December 2099." in desk.page()
    assert "By the end of 2 December 2099." in desk.page()


def test_a_sheet_filled_in_by_pdftk_says_the_same(desk: Desk) -> None:
    if shutil.which("pdftk") is None:
        pytest.skip("pdftk is not installed")
    desk.gets(RED)
    folder = desk.office.state.folder
    answers = {"level": "harmful", "level_reason": "Planned – “secret”.", "signed_name": "M. Head"}
    content = filled_by_pdftk(desk.sheet("F2"), answers, folder)
    (desk.office.watch[1].folder / "pdftk.pdf").write_bytes(content)
    worker.settle(desk.office)
    (entry,) = about(desk.office, "FF-2026-000001-F2")
    assert (entry.outcome, entry.answers["level_reason"].value) == (
        Outcome.RECORDED,
        "Planned – “secret”.",
    )


def test_a_sheet_dropped_in_the_folder_of_the_staff_decides_nothing_and_she_is_told(
    desk: Desk,
) -> None:
    desk.gets(RED)
    decided = {"level": "harmful", "level_reason": "Planned.", **HER_NAME}
    desk.fills_in("F2", None, desk.office.watch[0].folder, **decided)
    assert "Awaiting your decision" in desk.page()
    (page,) = desk.office.folders.alerts.glob("*FF-2026-000002 r1.html")
    assert "came from the staff folder" in page.read_text("utf-8")


def test_no_and_not_known_leave_a_step_open_that_asks_for_something_to_be_done(desk: Desk) -> None:
    desk.gets(RED)
    desk.fills_in(
        "F2",
        level="harmful",
        level_reason="x",
        background_considered="no",
        police="unknown",
        **HER_NAME,
    )
    assert {"DH1", "DX2"} <= set(desk.open_steps())
    desk.fills_in("F2", background_considered="yes", police="no", police_reason="Of one mind.")
    assert {"DH1", "DX2"}.isdisjoint(desk.open_steps())


@pytest.mark.parametrize("words", ["not sent yet", "tomorrow", "1/12/2099"])
def test_only_a_day_that_has_come_says_that_a_referral_was_sent(desk: Desk, words: str) -> None:
    desk.gets(RED)
    desk.fills_in("F2", level="harmful", level_reason="Planned.", **HER_NAME)
    desk.fills_in("F3a", sender_name="M. Head", sent_at=words)
    assert desk.open_steps().count("H1") == 2


def test_the_office_learns_nothing_of_a_sheet_and_she_sees_that_it_was_taken(desk: Desk) -> None:
    desk.gets(RED)
    receipts = files(desk.office.folders.receipts)
    desk.fills_in("F2", level="harmful", level_reason="Planned.", **HER_NAME)
    desk.fills_in("F3b", sender_name="M. Head", sent_at="20/11/2026")
    assert files(desk.office.folders.receipts) == receipts
    assert "Includes everything you saved by then." in desk.page()


def test_the_register_says_what_was_decided(desk: Desk) -> None:
    desk.gets(RED)
    desk.fills_in("F2", level="harmful", level_reason="Planned.", **HER_NAME)
    book = openpyxl.load_workbook(dsl_folder(desk.office) / "FormFlow register.xlsx")
    rows = [[cell.value for cell in row] for row in book["Register"].iter_rows(min_row=2)]
    (row,) = [row for row in rows if row[1] == "FF-2026-000001-F2"]
    assert "Decided: harmful" in row
    assert "! A person must read this paper" not in row


def test_answers_that_do_not_fit_together_stand_on_the_page_and_nothing_is_closed(
    desk: Desk,
) -> None:
    desk.gets(GREEN)
    desk.fills_in("F2", level="healthy", level_reason="Play.", police="yes", **HER_NAME)
    page = desk.page()
    assert "Answers that contradict each other" in page
    assert "to be reported to the police" in page
    assert "Decided: healthy" in page


def test_a_review_sheet_without_a_reason_says_on_the_page_what_is_missing(desk: Desk) -> None:
    desk.gets(RED)
    desk.fills_in("F2", level="harmful", **HER_NAME)
    assert "Please complete your review sheet “Why?” is blank." in desk.page()
    desk.fills_in("F2", level_reason="Planned.")
    assert "Please complete" not in desk.page()


def amended(**answers: str) -> bytes:
    """The same form as the green one, with some answers put right."""
    return filled(SAMPLES / GREEN / "form.pdf", answers)


def test_a_later_form_that_suggests_more_than_was_decided_reopens_the_decision(desk: Desk) -> None:
    desk.gets(GREEN)
    desk.fills_in("F2", level="healthy", level_reason="Play.", **HER_NAME)
    assert status.overview(desk.office).undecided == ()
    desk.takes(amended(context_force="yes"), "amended.pdf")
    assert "Decided: healthy – reopened: a later form suggests red" in desk.page()
    assert "Decide the level of concern, with your reason. By the end of" in desk.page()
    assert status.overview(desk.office).undecided == ("FF-2026-000001",)
    desk.fills_in("F2", level="harmful", level_reason="He was held down.")
    assert "Decided: harmful Reference FF-2026-000001" in desk.page()
    assert "reopened" not in desk.page()
    assert status.overview(desk.office).undecided == ()


def test_what_her_sheet_establishes_stands_on_the_page_and_a_lower_level_wants_a_reason(
    desk: Desk,
) -> None:
    desk.gets(GREEN)
    said = {"background_fire_setting": "yes", "background_anxiety": "yes", **HER_NAME}
    desk.fills_in("F2", level="healthy", level_reason="Play.", **said)
    assert "Awaiting your decision" in desk.page()
    (held,) = about(desk.office, "FF-2026-000001-F2")
    assert [found.code for found in held.notices if found.holds] == ["FF-319"]
    desk.fills_in("F2", lower_reason="Candles at home, two years ago.")
    page = desk.page()
    assert "Decided: healthy" in page
    assert "What the review sheet shows Fire setting is known. R9b · guidance 2.3" in page
    assert "Anxiety is known. RX · guidance 2.3 · context" in page


@pytest.mark.parametrize("is_ours", [True, False])
def test_a_review_sheet_of_version_1_that_lies_at_an_agency_still_counts(
    desk: Desk, *, is_ours: bool
) -> None:
    """One from before sheets had a code waits: what it says counts once she has signed the copy."""
    desk.gets(GREEN)
    first = next(form for form in known() if (form.form_id, form.version) == ("review", 1))
    stamp, said = "FF-2026-000001 r1", CopyReference("FF-2026-000001", 1)
    if is_ours:
        (record,) = entries(desk.office)
        tokens = worker.context_of(desk.office).tokens
        said = tokens.given(said, record.identity, "review")
    lies_there = desk.office.state.folder / "old.pdf"
    name = Answer("Zoë Błaszczyk", "Zoë Błaszczyk", AnswerState.GIVEN)
    line = top_line.of_sheet(stamp)
    lies_there.write_bytes(prefilled(Copy(first, str(said), line), {"child_a_name": name}))
    answers = {"background_animals": "yes", "level": "harmful", "level_reason": "The vet."}
    desk.fills_in("F2", lies_there, **answers, **HER_NAME)
    (sheet,) = about(desk.office, "FF-2026-000001-F2")
    assert (sheet.form_version, sheet.outcome is Outcome.RECORDED) == (1, is_ours)
    if not is_ours:
        assert [found.code for found in sheet.notices if found.holds] == ["FF-250"]
        desk.fills_in("F2", **HER_NAME)
    assert "Cruelty to animals is known. R9a · guidance 2.3 · red" in desk.page()
    boxes = pypdf.PdfReader(desk.sheet("F2")).get_fields() or {}
    assert str(boxes["form_version"]["/V"]) == "5", "the next sheet is the newest one"
    assert str(boxes["background_cruelty_to_animals"]["/V"]) == "/yes"


def test_a_long_reason_stands_in_full_on_a_last_page_that_formflow_made(desk: Desk) -> None:
    """She saves the sheet with its last page: nothing holds it. With a page exchanged it does not count."""
    desk.gets(RED)
    reason = ("Planned, and kept secret. " * 200).strip()
    desk.fills_in("F2", level="harmful", level_reason=reason, a_views="A game.", **HER_NAME)
    with pikepdf.open(desk.sheet("F2")) as again:
        assert "/FormFlowFurtherPages" in again.docinfo
    desk.fills_in("F2", a_views="A game, she says.")
    assert [entry.outcome for entry in about(desk.office, "FF-2026-000001-F2")][
        -1
    ] is Outcome.RECORDED
    with pikepdf.open(desk.sheet("F2"), allow_overwriting_input=True) as changed:
        changed.pages[-1].contents_add(b"1 g 0 0 600 700 re f")
        changed.save()
    desk.fills_in("F2", a_views="Something else.")
    last = about(desk.office, "FF-2026-000001-F2")[-1]
    assert last.outcome is Outcome.HELD
    assert "FF-135" in [notice.code for notice in last.notices]
