"""What a sheet is filled in with, and what keeps it from counting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from formflow.core.messages import notice
from formflow.core.model import (
    Answer,
    AnswerState,
    EarlierIncident,
    Entry,
    Finding,
    History,
    Light,
    Moment,
    Proposal,
    Weighs,
    highest,
)
from formflow.core.references import SheetKey
from formflow.core.services import Services
from formflow.core.wording import SHEET_WORDS
from formflow.core.working_days import WorkingDays
from formflow.forms.catalogue import FieldKind, shipped
from formflow.forms.catalogue import known as known_forms
from formflow.reading.acroform import Box
from formflow.reading.answers import answers as read_answers
from formflow.rules.case.asked import done_steps, due, open_steps
from formflow.rules.case.case import AS_PROPOSED, Case
from formflow.rules.case.clocks import Deadline, deadline
from formflow.rules.case.contradictions import contradictions
from formflow.rules.case.named_child import child_said
from formflow.rules.case.prefill_values import Desk, known
from formflow.rules.case.sheet_checks import about_the_sheet
from formflow.rules.case.steps import Step, steps
from formflow.rules.light.book import asked_on_review, rules
from tests.support.facts import HARMLESS, recorded

FORMS = {form.form_id: form for form in shipped()}
DESK = Desk(FORMS, {**Services().words, "front_door": "Customer Service Centre"})
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = NOW.date()
# What a form says that is suggested as green.
CALM = {
    **{name: str(answer) for name, answer in HARMLESS.items()},
    "child_a_dob": "3/3/2014",
    "child_b_dob": "4/4/2014",
    "incident_at": "14/11/2026",
    "child_b_kind": "child",
}
FOUND = Finding(
    "R2a", ("red",), "2.3", "Elements of planning", Weighs.RAISES, (), "It was planned."
)


def entry(form_id: str, answers: Mapping[str, str], light: Light | None = None) -> Entry:
    read = {name: Answer(value, value, AnswerState.GIVEN) for name, value in answers.items()}
    proposal = Proposal(light, (FOUND,), (), (), (), ()) if light else None
    return recorded(
        read,
        proposal,
        form_id=form_id,
        child_reference="C-000001",
        received_at=NOW,
        recorded_at=NOW,
    )


def case(light: Light | None = Light.RED, /, **sheets: Mapping[str, str]) -> Case:
    names = {"child_a_name": "Ada Example", "child_b_name": "Ben Sample"}
    record = entry("recording", {**names, **(CALM if light is Light.GREEN else {})}, light)
    found = Case(record)
    for name, answers in sheets.items():
        found = found.with_sheet(entry(name, answers))
    return found


def codes(before: Case, form_id: str = "review", **answers: str) -> list[str]:
    """Return what keeps a sheet from counting that is signed and about the child, unless told otherwise."""
    by_itself = {
        "review": {"child_a_name": "Ada Example", "signed_name": "M. Head"},
        "next_steps": {"child_a_name": "Ada Example", "signed_name": "M. Head"},
        "referral_a": {"child_name": "Ada Example"},
        "referral_b": {"child_name": "Ben Sample"},
    }
    sheet = entry(form_id, {**by_itself.get(form_id, {}), **answers})
    found = about_the_sheet(FORMS[form_id], sheet, before)
    return [one.code for one in found if one.holds]


def test_a_review_sheet_holds_names_proposal_with_citations_and_history() -> None:
    earlier = EarlierIncident("FF-2025-000009", date(2025, 3, 4), Light.AMBER, "concerning")
    filled = known(FORMS["review"], Case(case().record, {}, History((earlier,))), DESK)
    assert filled["child_a_name"].value == "Ada Example"
    told = filled["proposal_text"].value or ""
    assert told.startswith("Suggested level: red (harmful).")
    assert "It was planned. – R2a, guidance 2.3, red: “Elements of planning”" in told
    assert filled["history_text"].value == (
        "FF-2025-000009: 4 March 2025, suggested level: amber (concerning). Decided: concerning"
    )
    assert filled["level"].state is AnswerState.BLANK


def test_a_record_that_could_not_be_assessed_says_so_on_the_sheet() -> None:
    told = known(FORMS["review"], case(None), DESK)["proposal_text"].value or ""
    assert "No level could be suggested" in told


def test_what_she_wrote_before_stands_before_what_the_record_says() -> None:
    filled = known(
        FORMS["review"], case(review={"child_a_name": "Ada Exampel", "level": "doubt"}), DESK
    )
    assert filled["child_a_name"].value == "Ada Exampel"
    assert filled["level"].value == "doubt"


def test_what_stands_for_reading_is_always_as_the_record_has_it_now() -> None:
    filled = known(FORMS["review"], case(review={"proposal_text": "Green, says somebody"}), DESK)
    assert (filled["proposal_text"].value or "").startswith("Suggested level: red (harmful).")


def test_each_referral_names_the_child_it_is_about_and_not_the_other() -> None:
    a, b = (known(FORMS[f"referral_{x}"], case(), DESK) for x in "ab")
    assert a["child_name"].value == "Ada Example"
    assert b["child_name"].value == "Ben Sample"
    assert not [n for n, one in b.items() if "Ada" in (one.value or "")]
    assert not [n for n, one in a.items() if "Ben" in (one.value or "")]


@pytest.mark.parametrize(
    ("light", "level", "counts"),
    [
        (Light.RED, "harmful", True),
        (Light.RED, "concerning", False),
        (Light.RED, "healthy", False),
        (Light.AMBER_OR_RED, "harmful", True),
        (Light.AMBER_OR_RED, "concerning", True),
        (Light.AMBER_OR_RED, "healthy", False),
        (Light.AMBER, "concerning", True),
        (Light.AMBER, "healthy", False),
        (Light.UNDETERMINED, "concerning", True),
        (Light.GREEN, "healthy", True),
        (Light.GREEN, "harmful", True),
        (None, "concerning", True),
        (Light.UNDETERMINED, "doubt", True),
        (Light.RED, "doubt", True),
    ],
)
def test_a_level_below_the_proposal_counts_only_with_a_reason(
    light: Light | None, level: str, counts: bool
) -> None:
    assert codes(case(light), level=level) == ([] if counts else ["FF-222"])
    assert codes(case(light), level=level, lower_reason="I asked them.") == []


@pytest.mark.parametrize("light", [Light.UNDETERMINED, None])
def test_healthy_without_enough_information_counts_only_with_a_reason(light: Light | None) -> None:
    assert codes(case(light), level="healthy") == ["FF-230"]
    sheet = entry("review", {"child_a_name": "Ada Example", "level": "healthy", "signed_name": "X"})
    (found,) = about_the_sheet(FORMS["review"], sheet, case(light))
    assert found.field == "lower_reason"
    assert codes(case(light), level="healthy", lower_reason="Both sets of parents agree.") == []
    decided = case(light, review={"level": "harmful"})
    assert codes(decided, level="healthy") == ["FF-222"]


@pytest.mark.parametrize(
    ("answers", "level", "counts"),
    [
        ({"background_cruelty_to_animals": "yes"}, "healthy", False),
        ({"background_fire_setting": "yes"}, "concerning", False),
        ({"background_violence": "yes"}, "harmful", True),
        ({"background_violence": "yes"}, "doubt", True),
        ({"context_force": "yes"}, "concerning", False),
        ({"context_threat": "yes"}, "healthy", False),
        ({"context_coercion": "yes"}, "healthy", False),
        ({"context_secrecy": "yes"}, "healthy", False),
        ({"others_fearful": "yes"}, "healthy", False),
        ({"child_denying": "yes"}, "healthy", False),
        ({"context_force": "no"}, "healthy", True),
        ({"context_force": "unknown"}, "healthy", True),
        ({"background_anxiety": "yes"}, "healthy", True),
    ],
)
def test_what_the_review_sheet_establishes_wants_a_reason_for_a_lower_level(
    answers: dict[str, str], level: str, counts: bool
) -> None:
    green = case(Light.GREEN)
    assert codes(green, level=level, **answers) == ([] if counts else ["FF-319"])
    assert codes(green, level=level, lower_reason="I asked again.", **answers) == []


def test_the_notice_says_what_was_established() -> None:
    signed = {"child_a_name": "Ada Example", "signed_name": "M. Head"}
    said = {"level": "healthy", "context_force": "yes", "background_anger": "yes"}
    sheet = entry("review", {**signed, **said})
    (found,) = about_the_sheet(FORMS["review"], sheet, case(Light.GREEN))
    assert found.holds
    assert "The sheet says: There was force. No reason is given" in found.text
    assert found.field == "lower_reason"
    threat = replace(
        sheet, answers={**sheet.answers, **entry("", {"context_threat": "yes"}).answers}
    )
    (found,) = about_the_sheet(FORMS["review"], threat, case(Light.GREEN))
    assert "The sheet says: There was force. There was a threat. No reason" in found.text


def test_no_review_sheet_lowers_what_the_form_or_an_earlier_sheet_suggests() -> None:
    none = case(Light.GREEN)
    assert (none.suggested, none.established) == (Light.GREEN, ())
    said = {"level": "harmful", "context_force": "yes"}
    once = case(Light.GREEN, review=said)
    assert [one.rule for one in once.established] == ["R2c"]
    assert once.suggested is Light.RED
    taken_back = once.with_sheet(entry("review", {"level": "harmful", "context_force": "no"}))
    again = taken_back.with_sheet(entry("review", {"level": "harmful", "others_anxious": "yes"}))
    assert taken_back.suggested is again.suggested is Light.RED
    assert [one.text for one in again.established] == [
        "There was force.",
        "The others involved were anxious.",
    ]
    assert again.together is not None
    assert [(one.code, one.field) for one in again.together.contradictions] == [
        ("FF-302", "others_freely"),
        ("FF-336", "others_anxious"),
        ("FF-337", "context_force"),
    ]
    assert codes(taken_back, level="concerning") == ["FF-319"]
    assert (
        case(Light.RED, review={"level": "harmful", "context_force": "no"}).suggested is Light.RED
    )


def test_the_review_sheet_asks_under_the_names_of_the_rules() -> None:
    asked = set(FORMS["review"].fields)
    of_the_agency = {f.field for r in rules() for f in r.facts if f.field.startswith("background")}
    assert of_the_agency <= asked
    assert asked_on_review() <= asked
    both = asked & set(FORMS["recording"].fields)
    told = {fact.field for rule in rules() for fact in rule.facts} & both
    assert {"context_force", "context_threat", "context_coercion", "context_secrecy"} <= told
    assert {"others_fearful", "child_denying", "child_fearful"} <= told


def test_a_review_sheet_of_version_1_is_read_and_counts_under_the_names_of_the_rules() -> None:
    first = next(form for form in known_forms() if (form.form_id, form.version) == ("review", 1))
    asked_otherwise_since = {"response_text", "parents_consent"}
    asked_now = {*FORMS["review"].fields, *FORMS["next_steps"].fields}
    assert set(first.fields) - asked_now == asked_otherwise_since
    assert set(first.manifest.boxes) == {*first.asked_boxes, "form_id", "form_version", "case_ref"}
    boxes = {"background_animals": "yes", "background_fire": "yes"}
    stored = {b: Box(b, "button", boxes.get(b, ""), boxes.get(b, "")) for b in first.asked_boxes}
    read = {n: a.value for n, a in read_answers(first, stored).items() if a.value}
    assert read == {"background_cruelty_to_animals": "yes", "background_fire_setting": "yes"}


def reminds_at(step: Step, of: Case, days: WorkingDays) -> datetime | None:
    found = deadline(step, of, days)
    assert found is None or found.by == found.reminds_at == found.overdue_at
    return found.reminds_at if found else None


def revised(before: Case, light: Light | None, after: timedelta = timedelta(days=1)) -> Case:
    """Return a case after one more revision of its record."""
    later = entry("recording", {"child_a_name": "Ada Example"}, light)
    most = highest(light, before.record.highest_light)
    return before.with_revision(
        replace(later, revision=2, recorded_at=NOW + after, highest_light=most)
    )


@pytest.mark.parametrize(
    ("level", "light", "reopens"),
    [
        ("healthy", Light.RED, True),
        ("healthy", Light.AMBER_OR_RED, True),
        ("healthy", Light.AMBER, True),
        ("healthy", Light.UNDETERMINED, True),
        ("healthy", Light.GREEN, False),
        ("healthy", None, False),
        ("concerning", Light.RED, True),
        ("concerning", Light.AMBER_OR_RED, False),
        ("concerning", Light.AMBER, False),
        ("concerning", Light.UNDETERMINED, False),
        ("harmful", Light.RED, False),
        ("doubt", Light.RED, False),
        ("", Light.RED, False),
    ],
)
def test_a_later_form_that_suggests_more_than_was_decided_reopens_the_decision(
    level: str, light: Light | None, reopens: bool
) -> None:
    decided = case(Light.GREEN, review={"level": level} if level else {})
    later = revised(decided, light)
    assert later.is_reopened is reopens
    assert later.level == decided.level
    assert later.reopened_by is (light if reopens else None)
    assert ("DX1" in {step.id for step in open_steps(later, TODAY)}) is (
        reopens or level in ("", "doubt")
    )


def test_a_reopened_case_keeps_its_first_clock_its_highest_form_and_its_duties() -> None:
    days = WorkingDays(ZoneInfo("Europe/London"), decide_within=2)
    dx1 = next(step for step in steps() if step.id == "DX1")
    decided = case(Light.GREEN, review={"level": "concerning"})
    duties = {step.id for step in open_steps(decided, TODAY)}
    once = revised(decided, Light.RED, timedelta(days=3))  # a Monday
    twice = revised(once, Light.AMBER, timedelta(days=9))
    assert (twice.reopened_at, twice.reopened_by) == (once.reopened_at, Light.RED)
    assert reminds_at(dx1, twice, days) == days.end_of(date(2026, 11, 25))
    assert duties | {"DX1", "AC2"} == {step.id for step in open_steps(twice, TODAY)}
    again = twice.with_sheet(entry("review", {"level": "harmful"}))
    assert not again.is_reopened
    assert deadline(dx1, again, days) is None
    plan = twice.with_sheet(entry("plan_a", {}))
    assert plan.is_reopened, "only a review sheet decides"


def test_in_doubt_there_is_a_clock_also_when_advice_is_noted_and_where_the_agency_sets_no_time() -> (
    None
):
    dx1, dx5 = (next(s for s in steps() if s.id == one) for one in ("DX1", "DX5"))
    for light in (Light.RED, Light.GREEN):
        advised = case(light, review={"level": "doubt", "advice_from": "CAMHS"})
        assert dx5 not in open_steps(advised, TODAY)
        assert dx1 in open_steps(advised, TODAY)
        two = WorkingDays(ZoneInfo("Europe/London"), decide_within=2)
        assert reminds_at(dx1, advised, two) == two.end_of(date(2026, 11, 24))
        no_time = WorkingDays(ZoneInfo("Europe/London"))
        assert reminds_at(dx1, advised, no_time) == no_time.end_of(date(2026, 11, 23))


def test_the_sheet_says_that_the_decision_is_reopened_and_what_an_earlier_form_said() -> None:
    later = revised(case(Light.GREEN, review={"level": "healthy"}), Light.RED)
    filled = known(FORMS["review"], later, DESK)
    assert filled["level"].state is AnswerState.BLANK, (
        "she decides anew, not by dropping what lies there"
    )
    told = filled["proposal_text"].value or ""
    assert told.startswith("The decision is reopened: a later form suggests red. Please decide")
    milder = replace(case(Light.RED).record, highest_light=Light.RED)
    green = replace(milder, proposal=Proposal(Light.GREEN, (), (), (), (), ()))
    told = known(FORMS["review"], Case(green), DESK)["proposal_text"].value or ""
    assert told.startswith("An earlier form of this record: Suggested level: red (harmful).")


def test_every_light_has_the_level_that_goes_with_it() -> None:
    assert set(AS_PROPOSED) == set(Light)


def test_a_level_below_her_own_earlier_one_counts_only_with_a_reason() -> None:
    before = case(Light.GREEN, review={"level": "harmful"})
    assert codes(before, level="concerning") == ["FF-222"]
    assert codes(before, level="harmful") == []
    in_doubt = case(Light.GREEN, review={"level": "doubt"})
    assert codes(in_doubt, level="healthy") == []


@pytest.mark.parametrize(
    ("answers", "code", "at"),
    [
        ({"level": "harmful", "signed_name": ""}, "FF-240", "signed_name"),
        ({"level": "concerning", "lower_reason": "x"}, "FF-241", "level"),
        ({"level": "harmful", "same_child": "C-000002"}, "FF-242", "same_child"),
        ({"level": "harmful", "no_referral_a": "Moved away."}, "FF-257", "no_referral_a"),
        ({"level": "harmful", "no_referral_b": "Moved away."}, "FF-257", "no_referral_b"),
        ({"level": "concerning"}, "FF-222", "lower_reason"),
    ],
)
def test_each_notice_names_the_question_that_it_is_about(
    answers: dict[str, str], code: str, at: str
) -> None:
    signed = {"child_a_name": "Ada Example", "signed_name": "M. Head"}
    found = about_the_sheet(FORMS["review"], entry("review", {**signed, **answers}), case())
    assert [(one.code, one.field) for one in found] == [(code, at)]


def test_a_number_that_is_nobody_s_joins_nobody_and_one_beside_another_notice_does() -> None:
    said = {"level": "harmful", "same_child": "C-000002", "signed_name": "M. Head"}
    sheet = entry("review", {"child_a_name": "Ada Example", **said})
    for code, at, joins in (("FF-225", "same_child", False), ("FF-205", "signed_date", True)):
        told = replace(sheet, notices=(notice(code, field=at),))
        found = [one.code for one in about_the_sheet(FORMS["review"], told, case())]
        assert found == (["FF-242"] if joins else [])


def test_a_sheet_about_one_of_several_children_is_told_nothing_that_may_be_another_s() -> None:
    both = case(review={"child_b_name": "Ben Sample; Cat Other", "b_impact": "He cries."})
    both = both.with_sheet(entry("plan_setting", {"owner": "M. Head"}))
    ben, cat = both.views("referral_b")
    nobody = both.view(SheetKey("referral_b", 3))
    assert [one.says("review", "child_b_name") for one in (ben, cat, nobody)] == [
        *("Ben Sample", "Cat Other", "")
    ]
    assert [one.says("review", "b_impact") for one in (both, ben, cat)] == [
        *("He cries.", "", "")  # whose it is of the two, nobody can tell
    ]
    (alone,) = case(review={"b_impact": "He cries."}).views("referral_b")
    assert alone.says("review", "b_impact") == "He cries."
    assert cat.says("recording", "child_a_name") == "Ada Example"
    assert cat.says("plan_setting", "owner") == "M. Head"
    assert both.view(SheetKey("referral_b")).child == 1
    assert both.view(SheetKey("plan_a")) == both
    assert both.view(SheetKey("referral_b", 2)).child == 2


def test_a_day_counts_unless_it_had_not_come_or_nobody_can_tell_which_it_is() -> None:
    sheet = entry("referral_a", {"sent_at": "20/11/2026 at 1.45pm", "council_at": "soon"})
    at = case().with_sheet(sheet).moment("referral_a", "sent_at")
    assert at is not None
    assert (at.day, at.hour, at.minute) == (TODAY, 13, 45)
    assert case().with_sheet(sheet).moment("referral_a", "council_at") is None
    of_two_digits = case().with_sheet(entry("referral_a", {"sent_at": "20/11/26"}))
    assert of_two_digits.moment("referral_a", "sent_at") == Moment(TODAY)
    assert case().moment("referral_a", "sent_at") is None
    for code, name, counts in (
        ("FF-206", "sent_at", False),
        ("FF-210", "sent_at", False),
        ("FF-206", "council_at", True),
        ("FF-214", "sent_at", True),
    ):
        told = replace(sheet, notices=(notice(code, field=name),))
        found = case().with_sheet(told).moment("referral_a", "sent_at")
        assert (found is not None) is counts
    told = replace(sheet, notices=(notice("FF-345", field="sent_at"),))
    assert case().with_sheet(told).moment("referral_a", "sent_at") == Moment(TODAY)


@pytest.mark.parametrize(
    ("form_id", "answers", "fields"),
    [
        (
            "report",
            {"offence": "Ada took Ben there.", "needs": "Sample, Ben"},
            ["offence", "needs"],
        ),
        ("report", {"offence": "Ada took a boy there, and sample"}, []),
        ("report", {"authors": "L. Sample"}, []),
        ("plan_a", {"actions": "Not alone with Ben.", "owner": "Ben Sample"}, ["actions"]),
        ("plan_setting", {"risks": "Ben"}, ["risks"]),
        (
            "report",
            {"supervision": "Never with Ben.", "sent_to": "Ben’s school"},
            ["supervision", "sent_to"],
        ),
        ("report", {"needs": "not alone with ben"}, ["needs"]),
        ("report", {"needs": "Asked ben for a sample"}, []),
        ("plan_b", {"actions": "A mentor for Ben."}, []),
        ("referral_a", {"worries": "Ada took Ben there."}, []),
    ],
)
def test_a_sheet_that_child_a_may_read_is_asked_about_where_it_names_the_other(
    form_id: str, answers: dict[str, str], fields: list[str]
) -> None:
    sheet = entry(form_id, {"child_name": "Ada Example", **answers})
    found = list(about_the_sheet(FORMS[form_id], sheet, case()))
    asked = [one for one in found if one.code == "FF-346"]
    assert [one.field for one in asked] == fields
    labels = [FORMS[form_id].fields[name].label for name in fields]
    assert all(label in one.text for label, one in zip(labels, asked, strict=True))
    assert not [one for one in asked if one.holds or one.returns]
    again = about_the_sheet(FORMS[form_id], sheet, case().with_sheet(sheet))
    assert "FF-346" not in [one.code for one in again]


@pytest.mark.parametrize("form_id", ["report", "plan_a", "plan_setting"])
def test_no_sheet_that_child_a_may_read_is_filled_in_with_the_name_of_the_other(
    form_id: str,
) -> None:
    """Whatever box of whatever paper named them."""
    papers = [form for form in FORMS.values() if form.form_id != form_id]
    text = (FieldKind.TEXT, FieldKind.LONG_TEXT)
    said = {
        form.form_id: {
            name: f"Ben Sample in {name}"
            for name, field in form.fields.items()
            if field.kind in text and not name.endswith("_name")
        }
        for form in papers
    }
    record = entry(
        "recording",
        {**said["recording"], "child_a_name": "Ada Example", "child_b_name": "Ben Sample"},
    )
    found = Case(record)
    for name in said.keys() - {"recording", "recording_short"}:
        found = found.with_sheet(entry(name, said[name]))
    filled = known(FORMS[form_id], found, DESK)
    told = [one.value for one in filled.values() if one.value]
    assert told
    assert not [words for words in told if "Ben" in words or "Sample" in words]


def test_the_other_child_is_known_by_the_name_on_their_own_sheets_too() -> None:
    found = case(referral_b={"child_name": "Benjamin Muster"})
    assert {"ben", "sample", "benjamin", "muster"} <= found.names_of_others
    second = replace(
        entry("plan_b", {"child_name": "Cat Beispiel"}), reference="FF-2026-000001-F7b2"
    )
    assert "beispiel" in found.with_sheet(second).names_of_others
    assert "example" not in case(referral_b={"child_name": "Ben Example"}).names_of_others


def test_a_case_that_is_decided_again_has_no_memory_of_what_reopened_it() -> None:
    once = revised(case(Light.GREEN, review={"level": "healthy"}), Light.RED)
    again = once.with_sheet(entry("review", {"level": "harmful"}))
    assert (again.reopened_at, again.reopened_by) == (None, None)
    first = revised(case(Light.GREEN, review={"level": "healthy"}), Light.RED)
    assert revised(first, Light.AMBER).reopened_by is Light.RED


def test_a_partial_review_sheet_is_welcome_and_takes_no_level_back() -> None:
    assert codes(case()) == []
    assert codes(case(), signed_name="") == []
    assert codes(case(review={"level": "harmful"})) == ["FF-221"]
    assert codes(case(), "referral_a") == []
    for decides in ({"same_child": "C-000002"}, {"case_state": "close"}):
        assert "FF-240" in codes(case(), signed_name="", **decides)


def test_what_an_older_review_sheet_asked_and_the_newest_does_not_still_counts() -> None:
    older = case(review={"level": "harmful", "no_referral_a": "Moved away.", "a_views": "A game."})
    newer = older.with_sheet(entry("review", {"level": "harmful"}))
    assert newer.says("review", "no_referral_a") == "Moved away."
    assert newer.says("review", "a_views") == ""


def test_an_answer_on_the_next_steps_counts_for_the_sheet_it_belongs_to() -> None:
    answers = {
        "a_sent_at": "20/11/2026",
        "a_parents_told": "yes",
        "a_reference": "C-1",
        "a_screened_by": "A. Manager",
        "a_meeting": "yes",
        "plan_a_actions": "Sits by the door.",
        "plan_a_review_on": "27/11/2026",
        "assessment_text": "Social care, in January.",
    }
    found = case(review={"level": "harmful"}).with_sheet(entry("next_steps", answers))
    assert SheetKey("referral_a") not in due(found, TODAY)
    assert found.moment("referral_a", "sent_at") is not None
    assert {"H3", "CX1"}.isdisjoint(step.id for step in open_steps(found, TODAY))
    assert known(FORMS["plan_a"], found, DESK)["actions"].value == "Sits by the door."
    assert known(FORMS["next_steps"], found, DESK)["a_reference"].value == "C-1"
    # Of two sheets that answer one question, the later counts, also on the next copy of the other.
    on_plan = {"actions": "Sits at the front."}
    plan = replace(entry("plan_a", on_plan), recorded_at=NOW + timedelta(days=1))
    later = found.with_sheet(plan)
    assert later.says("plan_a", "actions") == "Sits at the front."
    assert known(FORMS["next_steps"], later, DESK)["plan_a_actions"].value == "Sits at the front."
    assert later.says("plan_a", "review_on") == "27/11/2026"


def test_next_steps_that_close_a_referral_are_signed_and_a_reason_against_one_is_told() -> None:
    harmful = case(review={"level": "harmful"})
    for answer in ("a_sent_at", "no_referral_b"):
        assert "FF-700" in codes(harmful, "next_steps", signed_name="", **{answer: "20/11/2026"})
    assert codes(harmful, "next_steps", signed_name="") == []
    assert codes(harmful, "next_steps", a_sent_at="20/11/2026") == []
    sheet = entry("next_steps", {"no_referral_a": "Moved away.", "signed_name": "M. Head"})
    told = about_the_sheet(FORMS["next_steps"], sheet, harmful)
    assert "FF-257" in [one.code for one in told]


def test_of_several_who_were_targeted_the_next_steps_speak_for_none() -> None:
    two = case(review={"level": "harmful", "child_b_name": "Bo Tree; Cy Hill"})
    found = two.with_sheet(entry("next_steps", {"b_sent_at": "20/11/2026"}))
    views = list(found.views("referral_b"))
    assert [view.moment("referral_b", "sent_at") for view in views] == [None, None]


def test_a_plan_filled_in_from_the_next_steps_names_no_other_child() -> None:
    found = case(review={"level": "harmful", "child_b_name": "Bo Tree"})
    found = found.with_sheet(entry("next_steps", {"plan_a_actions": "Keep away from Bo Tree."}))
    assert (
        known(FORMS["plan_a"], found, DESK)["actions"].value == "Keep away from [the other person]."
    )


def test_a_state_of_the_case_is_not_asked_for_again_by_dropping_the_next_copy() -> None:
    closed = case(review={"level": "healthy", "case_state": "close", "case_state_reason": "Done."})
    copy = known(FORMS["review"], closed, DESK)
    assert {copy[name].value for name in ("case_state", "case_state_reason")} == {None}


def test_a_level_that_cannot_be_read_is_none() -> None:
    sheet = entry("review", {"child_a_name": "Ada Example"})
    unread = {"level": Answer(None, "harmful, healthy", AnswerState.UNREADABLE)}
    found = about_the_sheet(
        FORMS["review"], replace(sheet, answers={**sheet.answers, **unread}), case()
    )
    assert [one.code for one in found] == ["FF-221"]


def born(day: str, other: str = "") -> Case:
    """Return a case whose record gives dates of birth, too."""
    found = case()
    dates = {"child_a_dob": day, "child_b_dob": other}
    known = {name: answer.value or "" for name, answer in found.record.answers.items()}
    record = entry("recording", {**known, **{n: d for n, d in dates.items() if d}}, Light.RED)
    return replace(found, record=record)


@pytest.mark.parametrize(
    ("name", "day", "held"),
    [
        ("Ada Example", "6/6/2013", False),
        ("ada  EXAMPLE", "6 June 2013", False),
        ("Ada\u200b Example", "6/6/2013", False),  # what nobody can see is no other name
        ("Ada Example", "", False),
        ("Ada Example", "not known", False),
        ("Ada Exampel", "6/6/2013", False),  # put right
        ("Example Ada", "6/6/2013", False),
        ("Ada Exampel", "", True),  # nearly the name, and nothing says that it is the child
        ("Ada Exampel", "5/5/2012", True),
        ("Ada Example", "5/5/2012", True),
        ("Ada Example", "6/6/2012", True),
        ("Ida Example", "6/6/2013", True),  # a twin, perhaps
        ("Tom Brown", "6/6/2013", True),
        ("Ada Example; Tom Brown", "6/6/2013", True),
    ],
)
def test_a_sheet_counts_for_the_child_of_its_record_by_name_and_date_of_birth_alone(
    name: str, day: str, held: bool
) -> None:
    a = born("6/6/2013", "6/6/2013")
    review = codes(a, level="harmful", child_a_name=name, child_a_dob=day)
    assert ("FF-223" in review) is held
    assert ("FF-223" in codes(a, "referral_a", child_name=name, child_dob=day)) is held
    assert "FF-223" in codes(a, "referral_b", child_name=name, child_dob=day)


def test_where_the_record_knows_no_date_of_birth_the_very_name_counts() -> None:
    assert codes(case(), level="harmful", child_a_dob="5/5/2012") == []
    assert codes(case(), level="harmful", child_a_name="Ada Exampel") == ["FF-223"]


def test_danielles_referral_does_not_count_for_daniel() -> None:
    daniel = entry("recording", {"child_b_name": "Daniel Hill", "child_b_dob": "6/6/2013"})
    before = Case(daniel)
    said = {"child_name": "Danielle Hill", "child_dob": "5/5/2012"}
    assert codes(before, "referral_b", **said) == ["FF-223"]


def test_a_sheet_that_names_nobody_does_not_count() -> None:
    assert codes(case(), level="harmful", child_a_name="") == ["FF-239"]
    assert codes(case(), "referral_a", child_name="\u200b ") == ["FF-239"]
    assert codes(case(), "plan_setting") == []  # it is about no child


def test_a_sheet_that_asks_for_no_date_of_birth_counts_by_the_very_name() -> None:
    a = born("6/6/2013")
    assert codes(a, "outcome", child_name="Ada Example") == []
    assert codes(a, "outcome", child_name="Ada Exampel") == ["FF-223"]


def test_every_name_that_is_missing_or_another_is_told_with_its_box() -> None:
    names = {"child_a_name": "", "child_b_name": "Lee Hart"}
    sheet = entry("review", {"level": "harmful", "signed_name": "M. Head", **names})
    assert [(one.code, one.field) for one in about_the_sheet(FORMS["review"], sheet, case())] == [
        ("FF-239", "child_a_name"),
        ("FF-223", "child_b_name"),
    ]
    for one in about_the_sheet(FORMS["review"], sheet, case()):
        assert one.label == FORMS["review"].fields[one.field or ""].label


def test_she_may_put_right_add_and_take_away_names_of_those_who_were_targeted() -> None:
    for names in ("Ben Sampel", "Ben Sample; Lee Hart", ""):
        assert codes(case(), level="harmful", child_b_name=names) == []
    for names in ("Lee Hart", "Ben Hart"):
        assert codes(case(), level="harmful", child_b_name=names) == ["FF-223"]


def test_a_review_sheet_with_a_level_counts_only_when_it_is_signed() -> None:
    assert codes(case(), level="harmful", signed_name="") == ["FF-240"]
    assert codes(case(), level="doubt", signed_name="\u200b") == ["FF-240"]
    assert codes(case(), level="doubt", signed_name="", sender_name="M. Head") == ["FF-240"]


def told(before: Case, **answers: str) -> list[str]:
    sheet = entry("review", {"child_a_name": "Ada Example", "signed_name": "M. Head", **answers})
    return [one.code for one in about_the_sheet(FORMS["review"], sheet, before)]


def test_she_is_told_of_a_level_that_was_lowered_and_of_children_who_were_joined() -> None:
    lower = {"level": "concerning", "lower_reason": "x"}
    assert told(case(), **lower) == ["FF-241"]
    assert told(case(review={"level": "concerning"}), **lower) == []  # told before
    assert told(case(), level="harmful", same_child="C-000002") == ["FF-242"]
    before = case(review={"level": "harmful", "same_child": "C-000002"})
    assert told(before, level="harmful", same_child="C-000002") == []


def test_she_is_told_once_of_a_referral_that_a_reason_closes() -> None:
    reason = {"level": "harmful", "no_referral_a": "Moved away."}
    assert told(case(review=reason), **reason) == []
    assert told(case(review=reason), **reason, no_referral_b="As above.") == ["FF-257"]


@pytest.mark.parametrize("form_id", ["referral_a", "referral_b"])
@pytest.mark.parametrize(
    ("answers", "held"),
    [
        ({"sent_at": "20/11/2026"}, True),
        ({"sent_at": "20/11/2026", "sender_name": "\u200b"}, True),
        ({"sent_at": "20/11/2026", "sender_name": "M. Head"}, False),
        ({"sent_at": "20/11/2026", "signed_name": "M. Head"}, False),
        ({"sent_to": "Children’s social care"}, False),
    ],
)
def test_a_referral_was_sent_by_somebody_who_puts_a_name_to_it(
    form_id: str, answers: dict[str, str], held: bool
) -> None:
    child = "Ada Example" if form_id == "referral_a" else "Ben Sample"
    sheet = entry(form_id, {"child_name": child, **answers})
    found = [(one.code, one.field) for one in about_the_sheet(FORMS[form_id], sheet, case())]
    assert found == ([("FF-258", "sender_name")] if held else [])


def test_our_clock_counts_from_the_decision_and_the_councils_from_what_was_sent() -> None:
    days = WorkingDays(ZoneInfo("Europe/London"))
    plain = {(step.id, step.sheet): step for step in steps()}
    h1, rp1, da1, dx5 = (
        plain[key]
        for key in (
            ("H1", "referral_a"),
            ("RP1", "referral_a"),
            ("DA1", "review"),
            ("DX5", "review"),
        )
    )
    in_doubt = case(review={"level": "doubt"})
    assert reminds_at(dx5, in_doubt, days) == days.end_of(date(2026, 11, 23))
    assert deadline(dx5, case(), days) is None
    decided = case(review={"level": "harmful"})  # on a Friday
    assert deadline(h1, decided, days) == Deadline(
        days.end_of(date(2026, 11, 20)), days.end_of(date(2026, 11, 23))
    )
    assert deadline(rp1, decided, days) is None
    assert deadline(da1, decided, days) is None
    for words, answer in (
        ("20/11/2026 at 11pm", date(2026, 11, 23)),
        ("19/11/2026 at 10:11", date(2026, 11, 20)),  # morning or evening: the day is clear
        ("19/11/2026", date(2026, 11, 20)),
    ):
        sent = case(review={"level": "harmful"}, referral_a={"sent_at": words})
        assert reminds_at(rp1, sent, days) == days.end_of(answer)
    unclear = case(review={"level": "harmful"}, referral_a={"sent_at": "after lunch"})
    assert deadline(rp1, unclear, days) is None


def test_since_when_a_level_stands_is_since_the_sheet_that_brought_it() -> None:
    first, later = NOW, NOW + timedelta(days=2)
    harmful = entry("review", {"level": "harmful"})
    once = case().with_sheet(harmful)
    assert case().decided_at is None
    assert case().with_sheet(entry("referral_a", {})).decided_at is None
    assert once.decided_at == first
    again = replace(harmful, recorded_at=later)
    assert once.with_sheet(again).decided_at == first
    lower = entry("review", {"level": "concerning", "lower_reason": "x"})
    assert once.with_sheet(replace(lower, recorded_at=later)).decided_at == later


def test_what_is_due_is_what_is_open_on_a_sheet() -> None:
    assert due(case(), TODAY) == [SheetKey("review")]
    harmful = case(review={"level": "harmful"})
    assert {key.form_id for key in due(harmful, TODAY)} == {
        *("review", "next_steps", "referral_a", "referral_b", "plan_a", "plan_b", "plan_setting")
    }
    sent = case(
        review={"level": "harmful"},
        referral_a={
            "sent_at": "20/11/2026",
            "parents_told": "yes",
            "council_reference": "C-1",
            "council_screened_by": "A. Manager",
            "council_meeting": "yes",
        },
    )
    assert SheetKey("referral_a") not in due(sent, TODAY)
    assert SheetKey("referral_b") in due(sent, TODAY)


def test_open_and_done_are_everything_and_share_nothing() -> None:
    one = case(review={"level": "harmful", "a_views": "A game."})
    done, still = done_steps(one, TODAY), open_steps(one, TODAY)
    assert [step.id for step in done] == ["DA1"]
    assert not {(s.id, s.sheet, s.text) for s in done} & {(s.id, s.sheet, s.text) for s in still}


def test_only_an_answer_says_that_no_child_was_targeted() -> None:
    assert case().has_child_b
    for kind, there in (("child", True), ("unknown", True), ("adult", False), ("nobody", False)):
        assert case(review={"child_b_kind": kind}).has_child_b is there


def test_the_words_for_sheets_are_what_the_sheets_are_called() -> None:
    titles = {f.form_id: f"{f.code} {f.title}" for f in FORMS.values() if f.is_sheet}
    assert titles == SHEET_WORDS


def test_what_is_filled_in_from_elsewhere_does_what_it_says_and_nothing_more() -> None:
    """A box that is filled in before she looks must not be taken for what she did."""
    prefilled = {
        (form.form_id, name)
        for form in FORMS.values()
        if form.form_id != "report"  # it opens with everything known, and counts when it is dropped
        for name, field in form.fields.items()
        if field.known_from
    }
    done_by_it = {
        f"{step.id} {part.name}"
        for step in steps()
        for parts in step.answers
        if len(parts) == 1
        for part in parts
        if (part.form_id, part.name) in prefilled
    }
    assert done_by_it == set()


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({"review": {"level": "healthy", "police": "yes"}}, "FF-307"),
        ({"review": {"child_b_kind": "nobody", "b_views": "He ran off."}}, "FF-308"),
        (
            {"review": {"no_referral_a": "Moved."}, "referral_a": {"sent_at": "20/11/2026"}},
            "FF-309",
        ),
        (
            {"review": {"no_referral_b": "Moved."}, "referral_b": {"sent_at": "20/11/2026"}},
            "FF-309",
        ),
        ({"aim2": {"harmful_known": "yes", "established": "neither"}}, "FF-312"),
        ({"aim2": {"denies": "no", "may_plead": "yes"}}, "FF-313"),
        ({"aim2": {"paper_only": "yes", "interviews_text": "Twice."}}, "FF-350"),
        ({"aim2": {"paper_only": "yes", "first_interview_at": "18/11/2026"}}, "FF-350"),
        (
            {"aim2": {"first_interview_at": "18/11/2026", "agreement_at": "19/11/2026"}},
            "FF-351",
        ),
    ],
)
def test_answers_that_do_not_go_together_are_said_and_change_nothing(
    answers: dict[str, dict[str, str]], code: str
) -> None:
    both = case(**answers)
    (found,) = contradictions(both)
    assert found.code == code
    assert found.field in {name for said in answers.values() for name in said}
    assert not found.holds
    for form_id, said in answers.items():
        for name in said:
            fewer = {**answers, form_id: {n: w for n, w in said.items() if n != name}}
            assert not list(contradictions(case(**fewer)))


@pytest.mark.parametrize(
    ("light", "chased"),
    [(Light.RED, True), (Light.UNDETERMINED, True), (None, True), (Light.GREEN, False)],
)
def test_a_decision_on_what_is_not_green_has_a_day_of_its_own(
    light: Light | None, chased: bool
) -> None:
    days = WorkingDays(ZoneInfo("Europe/London"), decide_within=2)
    dx1 = next(step for step in steps() if step.id == "DX1")
    waits = case(light)
    waits = replace(waits, record=replace(waits.record, highest_light=light))
    expected = days.end_of(date(2026, 11, 24)) if chased else None
    assert reminds_at(dx1, waits, days) == expected
    assert deadline(dx1, case(light, review={"level": "healthy"}), days) is None
    assert deadline(dx1, waits, WorkingDays(ZoneInfo("Europe/London"))) is None


def test_what_does_not_go_together_is_told_once_and_an_interview_on_the_day_of_the_agreement_does() -> (
    None
):
    twice = {"interviews_text": "Twice.", "first_interview_at": "18/11/2026"}
    assert [one.code for one in contradictions(case(aim2={"paper_only": "yes", **twice}))] == [
        "FF-350"
    ]
    agreed = case(aim2={"first_interview_at": "18/11/2026", "agreement_at": "18/11/2026"})
    assert not list(contradictions(agreed))


def test_only_the_very_answers_that_do_not_go_together_are_told() -> None:
    assert not list(contradictions(case(review={"level": "harmful", "police": "yes"})))
    assert not list(contradictions(case(review={"level": "healthy", "police": "no"})))
    found = list(contradictions(case(review={"child_b_kind": "nobody", "b_views": "He ran off."})))
    assert [one.field for one in found] == ["child_b_kind"]
    interviewed = {"first_interview_at": "18/11/2026", "agreement_at": "19/11/2026"}
    assert [one.field for one in contradictions(case(aim2=interviewed))] == ["first_interview_at"]


def test_each_of_several_children_has_steps_and_sheets_of_their_own() -> None:
    two = case(review={"level": "harmful", "child_b_name": "Ben Sample; Cat Other"})
    texts = [one.text for one in open_steps(two, TODAY) if (one.id, one.sheet) == ("H8", "plan_b")]
    assert [text.partition(" (")[2] for text in texts] == ["Child 1 of 2.)", "Child 2 of 2.)"]
    assert all(text.startswith("Plan for the safety and support of {child_b}") for text in texts)
    done = {"actions": "Seat apart.", "agreed_parents": "yes"}

    def open_after(*sheets: Entry) -> list[int]:
        after = two
        for one in sheets:
            after = after.with_sheet(one)
        return [one.child for one in open_steps(after, TODAY) if one.id == "H8"]

    first = entry("plan_b", {**done, "child_name": "Ben Sample"})
    of_second = replace(first, reference="FF-2026-000001-F7b2")
    second = replace(
        entry("plan_b", {**done, "child_name": "Cat Other"}), reference="FF-2026-000001-F7b2"
    )
    assert open_after() == [0, 2]
    assert open_after(first) == [2]
    assert open_after(second) == [0]
    assert open_after(first, second) == []
    assert open_after(of_second) == [0, 2]  # it names the first
    assert open_after(entry("plan_b", {**done, "child_name": "Cat Other"})) == [0, 2]
    assert open_after(entry("plan_b", done)) == [2]  # it names nobody
    one_left = two.with_sheet(second).with_sheet(entry("review", {"child_b_name": "Ben Sample"}))
    assert one_left.children_b == ("Ben Sample",)


def about(kind: str) -> Case:
    """Return a case whose form says who the other person was."""
    found = case(Light.RED)
    answers = {"child_a_name": "Ada Example", "child_b_name": "A. Teacher", "child_b_kind": kind}
    return replace(found, record=entry("recording", answers, Light.RED))


@pytest.mark.parametrize(
    ("by_form", "by_her", "stands"),
    [
        ("adult", "", True),
        ("adult", "adult", True),
        ("child", "adult", True),
        ("adult", "child", False),
        ("adult", "nobody", False),
        ("child", "", False),
        ("unknown", "", False),
        ("", "", False),
    ],
)
def test_an_adult_who_may_have_harmed_a_child_is_what_she_says_else_the_form(
    by_form: str, by_her: str, stands: bool
) -> None:
    found = about(by_form)
    if by_her:
        found = found.with_sheet(entry("review", {"child_b_kind": by_her}))
    assert found.has_allegation is stands
    assert ("AL1" in {step.id for step in open_steps(found, TODAY)}) is stands
    assert ("displayed" not in " ".join(found.roles.values())) is stands


@pytest.mark.parametrize(
    ("code", "stands"),
    [("FF-322", True), ("FF-323", True), ("FF-324", True), ("FF-325", True), ("FF-326", False)],
)
def test_dates_of_birth_and_words_about_an_adult_are_a_possible_allegation(
    code: str, stands: bool
) -> None:
    told = notice(code, words={"words": "sir touched"})
    found = Case(replace(case().record, notices=(told,)))
    assert found.has_allegation is stands
    a_child = found.with_sheet(entry("review", {"child_b_kind": "child"}))
    assert a_child.has_allegation is (stands and code != "FF-322")


@pytest.mark.parametrize("kind", ["adult", "nobody"])
@pytest.mark.parametrize("level", ["harmful", "concerning"])
def test_for_an_adult_or_nobody_there_is_no_sheet_of_a_child_and_no_clock(
    kind: str, level: str
) -> None:
    decided = about(kind).with_sheet(entry("review", {"level": level}))
    assert not [key for key in due(decided, TODAY) if key.form_id in ("referral_b", "plan_b")]
    days = WorkingDays(ZoneInfo("Europe/London"))
    clocked = [step for step in open_steps(decided, TODAY) if deadline(step, decided, days)]
    assert not [step for step in clocked if step.sheet in ("referral_b", "plan_b")]


def test_what_the_form_says_already_is_not_what_she_established() -> None:
    record = entry("recording", {**CALM, "context_planned": "yes"}, Light.RED)
    found = Case(record).with_sheet(entry("review", {"context_force": "yes"}))
    assert found.together is not None
    assert {"R2a", "R2c"} <= {one.rule for one in found.together.findings}
    assert [one.rule for one in found.established] == ["R2c"]


def test_what_she_finds_makes_a_case_urgent_as_what_the_form_says_does() -> None:
    calm = case(Light.GREEN, review={"level": "healthy"})
    assert not calm.cannot_wait
    assert case(Light.GREEN, review={"medical_needed": "yes"}).cannot_wait
    assert replace(calm, record=replace(calm.record, notices=(notice("FF-333"),))).cannot_wait


def by_birth(kind: str, **hers: str) -> Case:
    """Return a case decided as harmful whose form gives the other person a date of birth of an adult."""
    born = {"child_b_kind": kind, "child_b_dob": "4/4/1999", "incident_at": "14/11/2026"}
    record = entry("recording", {"child_a_name": "Ada Example", **born}, Light.RED)
    told = replace(record, notices=(notice("FF-324"),))
    return Case(told).with_sheet(entry("review", {"level": "harmful", **hers}))


@pytest.mark.parametrize("kind", ["child", "unknown", ""])
@pytest.mark.parametrize("hers", ["", "4/4/1999", "4 April 1999"])
@pytest.mark.parametrize("name", ["", "Ben Sample"])
def test_for_an_adult_by_the_date_of_birth_alone_there_is_no_sheet_of_a_child(
    kind: str, hers: str, name: str
) -> None:
    found = by_birth(kind, child_b_dob=hers, child_b_name=name)
    assert not found.has_child_b
    assert not [key for key in due(found, TODAY) if key.form_id in ("referral_b", "plan_b")]
    assert "AL1" in {step.id for step in open_steps(found, TODAY)}


def test_with_another_date_of_birth_on_the_review_sheet_there_is_a_child_again() -> None:
    found = by_birth("child", child_b_dob="4/4/2014")
    assert found.has_child_b
    assert SheetKey("referral_b") in due(found, TODAY)
    assert not by_birth("adult", child_b_dob="4/4/2014").has_child_b


def test_of_several_who_were_targeted_one_date_of_birth_makes_none_an_adult() -> None:
    found = by_birth("child", child_b_name="Ben Sample; Cat Sample")
    keys = {key for key in due(found, TODAY) if key.form_id == "referral_b"}
    assert keys == {SheetKey("referral_b"), SheetKey("referral_b", 2)}


def test_each_child_who_was_targeted_has_a_plan_and_a_referral_where_it_was_harmful() -> None:
    decided = case(review={"level": "harmful", "child_b_name": "Ben Sample; Cat Sample; Dan Other"})
    keys = [key for key in due(decided, TODAY) if key.form_id in ("referral_b", "plan_b")]
    assert sorted(keys, key=lambda key: (key.form_id, key.child)) == [
        *(SheetKey("plan_b", n) for n in (0, 2, 3)),
        *(SheetKey("referral_b", n) for n in (0, 2, 3)),
    ]


def test_concerning_with_a_referral_is_followed_like_any_referral() -> None:
    days = WorkingDays(ZoneInfo("Europe/London"))
    plain = {(step.id, step.sheet): step for step in steps()}
    wanted = {"level": "concerning", "other_referral": "yes"}
    unnamed = case(Light.AMBER, review=wanted)
    assert plain["N3", "next_steps"] in open_steps(unnamed, TODAY)
    assert "which one" in unnamed.words["referred_to"]
    assert known(FORMS["referral_a"], unnamed, DESK)["recipient"].value == "Customer Service Centre"
    decided = case(Light.AMBER, review={**wanted, "other_referral_to": "CAMHS"})
    assert plain["N3", "next_steps"] not in open_steps(decided, TODAY)
    assert decided.words["referred_to"] == "CAMHS"
    assert known(FORMS["referral_a"], decided, DESK)["recipient"].value == "CAMHS"
    harmful = case(
        review={"level": "harmful", "other_referral": "yes", "other_referral_to": "CAMHS"}
    )
    assert known(FORMS["referral_a"], harmful, DESK)["recipient"].value == "Customer Service Centre"
    assert SheetKey("referral_a") in due(decided, TODAY)
    send = plain["N3", "referral_a"]
    assert send in open_steps(decided, TODAY)
    found = deadline(send, decided, days)
    assert found is not None
    assert found.reminds_at == days.overdue_at(NOW)
    sent = decided.with_sheet(entry("referral_a", {"sent_at": "20/11/2026"}))
    assert send not in open_steps(sent, TODAY)
    answer = plain["RP1", "referral_a"]
    assert answer in open_steps(sent, TODAY)
    assert reminds_at(answer, sent, days) == days.end_of(date(2026, 11, 23))


@pytest.mark.parametrize(
    ("light", "level", "urgent", "may"),
    [
        (Light.RED, "", False, True),
        (Light.AMBER_OR_RED, "", False, True),
        (Light.UNDETERMINED, "", False, True),
        (None, "", False, True),
        (Light.AMBER, "", False, False),
        (Light.GREEN, "", False, False),
        (Light.GREEN, "", True, True),
        (Light.RED, "doubt", False, True),
        (Light.RED, "concerning", False, False),
        (Light.RED, "healthy", True, False),
        (Light.GREEN, "harmful", False, True),
    ],
)
def test_it_may_be_harmful_until_something_else_is_decided(
    light: Light | None, level: str, urgent: bool, may: bool
) -> None:
    found = case(light)
    found = replace(found, record=replace(found.record, urgent=urgent))
    if level:
        found = found.with_sheet(entry("review", {"level": level}))
    assert found.may_be_harmful is may
    assert ("AC2" in {step.id for step in open_steps(found, TODAY)}) is may


@pytest.mark.parametrize(
    ("born", "begins", "age"),
    [
        ("20/11/2008", "", 18),  # on the day on which the sheet was dropped
        ("21/11/2008", "", 17),
        ("21/11/2008", "21/11/2026", 18),  # it begins tomorrow
        ("21/11/2008", "1/9/2026", 17),
        ("21/11/2008", "soon", 17),
        ("21/11/2026", "", None),
        ("20/11/2026", "", 0),
        ("not known", "1/9/2026", None),
        ("", "", None),
    ],
)
def test_the_age_that_counts_is_that_when_the_assessment_begins(
    born: str, begins: str, age: int | None
) -> None:
    said = {"child_dob": born, "begins_on": begins, "incident_at": "1/1/2020"}
    assert case(aim2={name: words for name, words in said.items() if words}).age == age
    assert case().age is None


def test_ages_are_those_of_the_agency_s_day() -> None:
    """Half past eleven at night by UTC is half past midnight of the next day, all summer long."""
    late = datetime(2026, 6, 1, 23, 30, tzinfo=UTC)
    scores = replace(entry("aim2", {"child_dob": "2/6/2008"}), recorded_at=late)
    london = replace(case(), zone=ZoneInfo("Europe/London")).with_sheet(scores)
    assert (london.age, case().with_sheet(scores).age) == (18, 17)
    record, sheet = (
        replace(entry(form_id, {"child_a_dob": "2/6/2008"}), recorded_at=late)
        for form_id in ("recording", "review")
    )
    for zone, urgent in ((ZoneInfo("Europe/London"), ["FF-323"]), (UTC, [])):
        together = Case(record, zone=zone).with_sheet(sheet).together
        assert together is not None
        assert [one.code for one in together.urgent] == urgent


def test_a_year_of_two_digits_is_of_the_century_of_the_agency_s_day() -> None:
    new_year = datetime(2099, 12, 31, 23, 30, tzinfo=UTC)  # in Paris it is the first day of 2100
    sent = replace(entry("referral_a", {"sent_at": "1/1/00"}), recorded_at=new_year)
    paris = replace(case(), zone=ZoneInfo("Europe/Paris")).with_sheet(sent)
    assert paris.moment("referral_a", "sent_at") == Moment(date(2100, 1, 1))


@pytest.mark.parametrize(
    ("decided", "was_harmful"),
    [
        (("harmful",), True),
        (("concerning", "harmful"), True),
        (("concerning",), False),
        ((), False),
    ],
)
def test_only_an_earlier_incident_that_was_decided_as_harmful_counts_as_harmful(
    decided: tuple[str, ...], was_harmful: bool
) -> None:
    before = [EarlierIncident("FF-2025-000009", None, Light.RED, level) for level in decided]
    assert replace(case(), history=History(tuple(before))).was_harmful_before is was_harmful


SHARED = {
    "shared_young_at": "18/11/2026",
    "shared_parents_at": "19/11/2026",
    "disagreements": "None.",
}


@pytest.mark.parametrize(
    ("answers", "held"),
    [
        ({}, False),
        (SHARED, False),
        ({"sent_to": "The panel"}, True),
        ({"sent_at": "20/11/2026"}, True),
        ({"meeting_at": "20/11/2026"}, True),
        ({**SHARED, "sent_to": "The panel"}, False),
        ({**SHARED, "meeting_at": "20/11/2026"}, False),
        ({**SHARED, "sent_at": "19/11/2026"}, False),  # on the day of the later of the two
        ({**SHARED, "sent_at": "18/11/2026"}, True),
        ({**SHARED, "shared_parents_at": "17/11/2026", "sent_at": "17/11/2026"}, True),
        ({**SHARED, "shared_young_at": "17/11/2026", "sent_at": "18/11/2026"}, True),
        ({"shared_young_at": "18/11/2026", "sent_at": "20/11/2026"}, True),
        ({"shared_young_at": "20/11/2026", "sent_at": "19/11/2026"}, True),
    ],
)
def test_a_report_counts_only_when_it_was_first_shared_with_the_young_person_and_the_parents(
    answers: dict[str, str], held: bool
) -> None:
    sheet = entry("report", {"child_name": "Ada Example", **answers})
    found = list(about_the_sheet(FORMS["report"], sheet, case()))
    assert [(one.code, one.field) for one in found] == (
        [("FF-227", "shared_young_at")] if held else []
    )


def test_a_report_may_be_given_to_others_first_with_a_reason() -> None:
    before = case(review={"level": "harmful"})
    gone = {"child_name": "Ada Example", "sent_at": "20/11/2026"}
    assert codes(before, "report", **gone) == ["FF-227"]
    assert codes(before, "report", not_shared_reason="The court asked, A. Judge.", **gone) == []
    late = {"shared_young_at": "20/11/2026", "not_shared_reason": "As above."}
    assert codes(before, "report", **late, **{**gone, "sent_at": "19/11/2026"}) == []


def test_the_day_of_a_sheet_is_the_agency_s_own() -> None:
    # Half past eleven at night by UTC is half past midnight of the next day, all summer long.
    late = datetime(2026, 6, 1, 23, 30, tzinfo=UTC)
    review = replace(
        entry("review", {"level": "harmful", "signed_name": "M. Head"}), recorded_at=late
    )
    sent = replace(entry("referral_a", {"sent_at": "02/06/2026"}), recorded_at=late)
    record = replace(case().record, recorded_at=late)
    london = Case(record, zone=ZoneInfo("Europe/London")).with_sheet(review).with_sheet(sent)
    found = london.moment("referral_a", "sent_at")
    assert found is not None
    assert found.day == date(2026, 6, 2)
    review = entry("review", {"child_a_name": "Ada Example", "child_a_dob": "02/06/2026"})
    hers = replace(review, recorded_at=late)
    for zone, is_held in ((london.zone, True), (UTC, False)):  # born on another day, or on none
        told = about_the_sheet(FORMS["review"], hers, replace(born("6/6/2013"), zone=zone))
        assert ("FF-223" in [one.code for one in told]) is is_held
    born_today = replace(entry("recording", {"child_a_dob": "02/06/2026"}), recorded_at=late)
    assert child_said(born_today, london.zone).born == date(2026, 6, 2)
