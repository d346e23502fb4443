"""What a reading is checked for: everything at once, and nothing that stops anything else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formflow.core.dates import parse_day
from formflow.core.messages import MESSAGES
from formflow.core.model import (
    Answer,
    AnswerState,
    Checked,
    History,
    Hold,
    Light,
    Moment,
    Reading,
    Tri,
)
from formflow.forms.catalogue import Field, FieldKind, Form, Section, load, shipped
from formflow.rules.checks import check
from formflow.rules.light.propose import decide
from formflow.rules.light.urgency import urgent
from tests.support.facts import HARMLESS

FORM = shipped()[0]
AGENCYS = Path(__file__).parents[2] / "examples" / "agency-form" / "example-school.toml"
TODAY = date(2026, 11, 24)
BLANK = Answer(None, "", AnswerState.BLANK)
UNREADABLE = Answer(None, "?", AnswerState.UNREADABLE)
SOUND = {
    "child_a_name": "Robin Example",
    "child_a_dob": "3 March 2014",
    "incident_at": "14/11/2026 at 1.45pm",
    "completed_by": "Sam Sample",
    "type_text": "What happened.",
    "signed_name": "Sam Sample",
    "signed_date": "14/11/2026",
}


def reading(answers: Mapping[str, str], *held: Hold) -> Reading:
    """Return a reading in which everything but these answers is blank."""
    boxes = {
        name: Answer(answers[name], answers[name], AnswerState.GIVEN) if name in answers else BLANK
        for name in FORM.fields
    }
    return Reading("0" * 64, "recording", 1, "acroform", False, held, boxes)


def checked(*held: Hold, **answers: str) -> Checked:
    """Return the check of a sound paper with these answers changed; "" leaves a box blank."""
    given = {name: value for name, value in {**SOUND, **answers}.items() if value}
    return check(reading(given, *held), FORM, TODAY)


def codes(found: Checked) -> list[tuple[str, str | None]]:
    return [(one.code, one.field) for one in found.notices]


def test_a_sound_paper_brings_no_notice() -> None:
    assert codes(checked()) == []


def test_every_question_of_the_form_becomes_a_fact_and_nothing_else_does() -> None:
    facts = checked().facts
    assert {*facts.ticks, *facts.choices, *facts.texts, *facts.moments} == set(FORM.fields)


def test_a_blank_box_has_no_words_and_a_question_the_words_that_are_printed() -> None:
    facts = checked(others_words="").facts
    assert (facts.texts["others_words"], facts.texts["type_text"]) == ("", "What happened.")
    assert facts.labels["context_planned"] == FORM.fields["context_planned"].label


def test_a_hold_about_a_box_that_the_form_has_not_is_told_all_the_same() -> None:
    (found,) = checked(Hold("FF-109", "no_such_box")).notices
    assert (found.field, found.label, found.page) == ("no_such_box", None, None)


def test_what_a_paper_carries_and_what_its_reader_tells_is_told_and_holds_nothing() -> None:
    read = replace(reading(SOUND), carries=("a script", "a file"), told=("FF-216",))
    first, second = check(read, FORM, TODAY).notices
    assert (first.code, "a script, a file" in first.text) == ("FF-129", True)
    assert (second.code, second.field) == ("FF-216", None)


@pytest.mark.parametrize(
    ("value", "tri"), [("yes", Tri.YES), ("no", Tri.NO), ("unknown", Tri.UNKNOWN), ("", Tri.BLANK)]
)
def test_a_tick_says_what_was_chosen_and_blank_is_blank(value: str, tri: Tri) -> None:
    assert checked(context_planned=value).facts.says("context_planned") is tri


@pytest.mark.parametrize("value", ["YES", "blank", "unreadable", "maybe", "0"])
def test_a_tick_with_any_other_value_is_unreadable_and_never_no(value: str) -> None:
    assert checked(context_planned=value).facts.says("context_planned") is Tri.UNREADABLE


def test_a_choice_that_the_form_does_not_offer_is_no_choice() -> None:
    assert checked(child_b_kind="adult").facts.choices["child_b_kind"] == "adult"
    assert checked(child_b_kind="robot").facts.choices["child_b_kind"] is None


@pytest.mark.parametrize("name", [name for name, field in FORM.fields.items() if field.required])
def test_a_required_box_that_is_blank_goes_back_and_holds_nothing(name: str) -> None:
    found = checked(**{name: ""})
    (notice,) = found.notices
    assert (notice.code, notice.field) == ("FF-201", name)
    assert (notice.returns, notice.holds) == (True, False)
    assert notice.page == FORM.pages[name]
    assert notice.label == FORM.fields[name].label
    assert FORM.fields[name].label in notice.text


@pytest.mark.parametrize(
    ("name", "written", "code"),
    [
        ("child_a_dob", "31/02/2015", "FF-203"),
        ("child_a_dob", "04/13/2015", "FF-215"),
        ("child_a_dob", "3 March 1814", "FF-211"),
        ("child_a_dob", "about seven", "FF-202"),
        ("child_a_dob", "3 March 2027", "FF-206"),
        ("child_a_dob", "Tuesday 3 March 2014", "FF-205"),
        ("child_a_dob", "not known", "FF-216"),
        ("child_b_dob", "25/12/2026", "FF-206"),
        ("incident_at", "yesterday", "FF-204"),
        ("incident_at", "25/11/2026 at 9am", "FF-206"),
        ("incident_at", "14/11/27", "FF-206"),
        ("signed_date", "25/11/2026", "FF-206"),
        ("parents_informed_at", "last night", "FF-204"),
        ("contact2_at", "01/01/2027 at 9am", "FF-206"),
    ],
)
def test_a_date_that_cannot_be_is_asked_about_and_is_no_date(
    name: str, written: str, code: str
) -> None:
    found = checked(**{name: written})
    assert codes(found) == [(code, name)]
    assert found.facts.moments[name] is None
    assert found.notices[0].page == FORM.pages[name]
    assert not found.notices[0].holds


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"child_a_name": "Daniel Hill and Lee Hart"}, [("FF-253", "child_a_name")]),
        ({"child_b_name": "Kit Moor and Kim Moor"}, [("FF-254", "child_b_name")]),
        ({"child_b_name": "Kit Moor; Kim Moor"}, []),
    ],
)
def test_several_names_in_one_box_go_back_to_be_asked_about(
    answers: dict[str, str], expected: list[tuple[str, str]]
) -> None:
    found = checked(**answers)
    assert [one for one in codes(found) if one[0] in ("FF-253", "FF-254")] == expected
    assert not [one for one in found.notices if one.holds]
    assert [one.returns for one in found.notices] == [True] * len(expected)


def test_a_year_of_two_digits_is_that_of_a_birth_and_lies_ahead_for_anything_else() -> None:
    found = checked(child_a_dob="14/11/08", child_b_dob="9/9/98", signed_date="15/11/98")
    assert codes(found) == [("FF-206", "signed_date"), ("FF-234", "child_b_dob")]
    assert found.facts.moments["child_a_dob"] == Moment(date(2008, 11, 14))
    assert found.facts.moments["child_b_dob"] == Moment(date(1998, 9, 9))


def test_today_is_not_in_the_future() -> None:
    assert codes(checked(incident_at="24/11/2026 at 9am", signed_date="24/11/2026")) == []


@pytest.mark.parametrize(
    ("name", "written", "asked"),
    [
        ("incident_at", "24/11/2026 at 1.16pm", True),
        ("incident_at", "24/11/2026 at 1.15pm", False),  # people round, and clocks differ
        ("incident_at", "24/11/2026 at 12.59", False),
        ("incident_at", "24/11/2026 at 14:00", True),
        ("incident_at", "23/11/2026 at 11pm", False),
        ("parents_informed_at", "24/11/2026 at 3pm", True),
        ("contact1_at", "24/11/2026", False),
    ],
)
def test_a_time_of_today_that_was_still_to_come_is_asked_about_and_the_day_is_kept(
    name: str, written: str, asked: bool
) -> None:
    paper = reading({**SOUND, name: written, "signed_date": "24/11/2026"})
    found = check(paper, FORM, TODAY, time_of_day=time(13, 0))
    assert codes(found) == [("FF-345", name)] * asked
    assert all(one.returns and not one.holds for one in found.notices)
    moment = found.facts.moments[name]
    assert moment is not None
    assert (moment.hour is None) is (asked or "at" not in written)
    assert moment.day == parse_day(written.partition(" at")[0], TODAY)


@pytest.mark.parametrize(
    ("form", "name"),
    [
        pytest.param(form, field.name, id=f"{form.code} {field.name}")
        for form in shipped()
        for field in form.fields.values()
        if field.kind in (FieldKind.DATE, FieldKind.MOMENT)
    ],
)
def test_no_day_and_no_time_on_any_form_may_lie_ahead(form: Form, name: str) -> None:
    def told(written: str) -> set[str]:
        answers = dict.fromkeys(form.fields, BLANK)
        answers[name] = Answer(written, written, AnswerState.GIVEN)
        paper = Reading("0" * 64, form.form_id, form.version, "acroform", False, (), answers)
        found = check(paper, form, TODAY, time_of_day=time(13, 0))
        return {one.code for one in found.notices if one.field == name}

    is_planned = name == "begins_on"  # of an assessment
    has_time = form.fields[name].kind is FieldKind.MOMENT
    assert ("FF-206" in told("25/11/2026")) is not is_planned
    assert ("FF-345" in told("24/11/2026 at 3pm")) is (has_time and not is_planned)
    assert told("23/11/2026") <= {"FF-207"}  # a time is missing, where one is wanted


def test_a_full_hour_is_compared_to_the_minute() -> None:
    paper = reading({**SOUND, "incident_at": "24/11/2026 at 1pm", "signed_date": "24/11/2026"})
    for minute, asked in ((44, ["FF-345"]), (45, [])):
        found = check(paper, FORM, TODAY, time_of_day=time(12, minute))
        assert [one.code for one in found.notices] == asked


def test_a_time_that_is_planned_may_be_still_to_come() -> None:
    (sheet,) = (one for one in shipped() if one.form_id == "aim2")
    answers = dict.fromkeys(sheet.fields, BLANK)
    answers["begins_on"] = Answer("24/11/2026 at 3pm", "24/11/2026 at 3pm", AnswerState.GIVEN)
    paper = Reading("0" * 64, "aim2", sheet.version, "acroform", False, (), answers)
    found = check(paper, sheet, TODAY, time_of_day=time(13, 0))
    assert "FF-345" not in [one.code for one in found.notices]


def test_a_missing_time_of_the_incident_is_mild() -> None:
    found = checked(incident_at="14/11/2026")
    assert codes(found) == [("FF-207", "incident_at")]
    assert not found.notices[0].returns
    assert found.facts.moments["incident_at"] == Moment(date(2026, 11, 14))


def test_an_unclear_time_is_mild_and_leaves_the_day() -> None:
    found = checked(incident_at="14/11/2026 at 1.45")
    assert codes(found) == [("FF-214", "incident_at")]
    assert not found.notices[0].returns
    assert found.facts.moments["incident_at"] == Moment(date(2026, 11, 14))


def test_a_missing_time_elsewhere_says_nothing() -> None:
    assert codes(checked(parents_informed_at="14/11/2026", contact1_at="15/11/2026")) == []


def test_an_incident_before_the_birth_goes_back() -> None:
    found = checked(child_a_dob="15/11/2026")
    assert codes(found) == [("FF-208", "incident_at")]
    assert found.notices[0].returns


def test_a_child_born_on_the_day_of_the_incident_is_no_contradiction() -> None:
    assert codes(checked(child_b_dob="14/11/2026")) == []


def test_a_signature_before_the_incident_goes_back() -> None:
    found = checked(signed_date="13/11/2026")
    assert codes(found) == [("FF-210", "signed_date")]
    assert found.notices[0].returns


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        ("14/11/2007", [("FF-209", "child_a_dob")]),  # the nineteenth birthday
        ("15/11/2007", []),
        ("14/11/2008", []),  # the eighteenth birthday
    ],
)
def test_who_was_over_18_is_asked_about(born: str, expected: list[tuple[str, str]]) -> None:
    assert codes(checked(child_a_dob=born)) == expected


@pytest.mark.parametrize(
    ("other", "years", "questioned"),
    [
        ("03/03/2016", 2, False),  # two years to the day are not more than two
        ("04/03/2016", 2, True),
        ("03/03/2012", 2, False),
        ("02/03/2012", 2, True),
        ("04/03/2016", 3, False),
        ("03/03/2014", 0, False),
        ("04/03/2014", 0, True),
    ],
)
def test_similar_age_is_questioned_when_the_dates_of_birth_are_further_apart_than_the_setting(
    other: str, years: int, questioned: bool
) -> None:
    paper = reading({**SOUND, "child_b_dob": other, "relationship_similar_age": "yes"})
    found = check(paper, FORM, TODAY, similar_age_years=years)
    assert codes(found) == ([("FF-305", "relationship_similar_age")] if questioned else [])
    assert found.facts.says("relationship_similar_age") is Tri.YES, "both answers stand"


@pytest.mark.parametrize("answer", ["no", "unknown", ""])
def test_similar_age_is_not_questioned_unless_the_form_says_so(answer: str) -> None:
    assert codes(checked(child_b_dob="03/03/2009", relationship_similar_age=answer)) == []


def test_a_form_that_does_not_ask_about_an_immediate_referral_says_so() -> None:
    assert ("FF-321", None) not in codes(checked())
    found = check(reading(SOUND), load(AGENCYS), TODAY)
    assert "FF-321" in [one.code for one in found.notices]
    assert not [one for one in urgent(found.facts, TODAY) if one.field == "urgent_referral"]


def test_a_lone_box_for_an_immediate_referral_says_nothing_unless_it_is_ticked() -> None:
    asked = Field(
        "urgent_referral", FieldKind.TICK, "Refer now", states=("yes",), means={"On": "yes"}
    )
    form = replace(FORM, sections=(Section("s", "S", "", (asked,)),))
    blank, ticked = (
        check(reading({"urgent_referral": answer} if answer else {}), form, TODAY)
        for answer in ("", "yes")
    )
    assert ("FF-327", "urgent_referral") in codes(blank)
    assert list(urgent(blank.facts, TODAY)) == []
    assert "FF-327" not in [code for code, _ in codes(ticked)]
    assert [one.code for one in urgent(ticked.facts, TODAY)] == ["FF-212"]


def test_a_sheet_is_not_asked_about_an_immediate_referral() -> None:
    sheet = next(form for form in shipped() if form.form_id == "review")
    assert "FF-321" not in [one.code for one in check(reading({}), sheet, TODAY).notices]


def test_every_hold_is_told_in_words_with_its_box() -> None:
    found = checked(
        Hold("FF-106", words={"missing": "3", "expected": "113", "which": "“DOB”"}),
        Hold("FF-109", "context_planned"),
    )
    assert codes(found) == [("FF-106", None), ("FF-109", "context_planned")]
    assert "3 of 113" in found.notices[0].text
    assert FORM.fields["context_planned"].label in found.notices[1].text
    assert all(one.holds for one in found.notices)


def test_a_hold_makes_its_box_doubtful_and_one_about_the_paper_makes_every_box_so() -> None:
    assert checked(Hold("FF-109", "context_planned")).facts.doubtful == {"context_planned"}
    assert checked(Hold("FF-114")).facts.doubtful == set(FORM.fields)


def test_what_is_unreadable_is_told_once_and_holds_the_paper() -> None:
    sound = reading(SOUND)
    unreadable = replace(sound, answers={**sound.answers, "context_planned": UNREADABLE})
    found = check(unreadable, FORM, TODAY)
    assert codes(found) == [("FF-134", "context_planned")]
    assert found.notices[0].holds
    told = replace(unreadable, held=(Hold("FF-108", "context_planned"),))
    assert codes(check(told, FORM, TODAY)) == [("FF-108", "context_planned")]


def test_a_box_that_the_file_lacks_is_unreadable_and_not_blank() -> None:
    answers = {name: a for name, a in reading(SOUND).answers.items() if name != "context_planned"}
    found = check(replace(reading(SOUND), answers=answers), FORM, TODAY)
    assert found.facts.says("context_planned") is Tri.UNREADABLE


def test_every_mistake_is_told_at_once_and_none_delays_the_alert() -> None:
    found = checked(
        child_a_name="",
        child_a_dob="31/02/2015",
        incident_at="yesterday",
        signed_date="25/12/2026",
        contact1_at="soon",
        context_force="yes",
    )
    assert codes(found) == [
        ("FF-201", "child_a_name"),
        ("FF-203", "child_a_dob"),
        ("FF-204", "incident_at"),
        ("FF-202", "contact1_at"),
        ("FF-206", "signed_date"),
    ]
    assert decide(found.facts, History(), TODAY).light is Light.RED


def test_no_notice_says_what_was_written() -> None:
    found = checked(child_a_name="Robin Quux", child_a_dob="31/02/2015", incident_at="Quux day")
    assert not [one.text for one in found.notices if "Quux" in one.text or "31/02" in one.text]


def test_what_goes_back_to_the_office_never_holds_an_alert() -> None:
    about_answers = [message for code, message in MESSAGES.items() if code.startswith("FF-2")]
    assert not [message for message in about_answers if message.returns and message.holds]


@given(
    st.dictionaries(st.sampled_from(sorted(FORM.fields)), st.text(max_size=30), max_size=10),
    st.lists(st.sampled_from(sorted(FORM.fields)), max_size=3),
)
def test_whatever_stands_in_the_boxes_there_are_facts_and_notices(
    answers: dict[str, str], unreadable: list[str]
) -> None:
    paper = reading(answers)
    paper = replace(paper, answers={**paper.answers, **dict.fromkeys(unreadable, UNREADABLE)})
    found = check(paper, FORM, TODAY)
    ticks = [name for name, field in FORM.fields.items() if field.kind is FieldKind.TICK]
    assert list(found.facts.ticks) == ticks
    assert {name for name in unreadable if name in ticks} <= {
        name for name in ticks if found.facts.says(name) is Tri.UNREADABLE
    }


def test_a_letter_that_a_program_lost_is_told_and_holds_nothing() -> None:
    found = checked(type_text="Upset \ufffd then calm")
    assert codes(found) == [("FF-218", "type_text")]
    assert not found.notices[0].holds
    assert codes(checked(Hold("FF-126", "type_text"), type_text="a\ufffd")) == [
        ("FF-126", "type_text")
    ]


def test_what_is_unreadable_is_doubtful_too() -> None:
    sound = reading(SOUND)
    unreadable = replace(sound, answers={**sound.answers, "incident_place": UNREADABLE})
    assert check(unreadable, FORM, TODAY).facts.doubtful == {"incident_place"}


HARMLESS_WORDS = {name: str(answer) for name, answer in HARMLESS.items()}
GREEN = {**HARMLESS_WORDS, "child_b_kind": "child", "child_b_dob": "4 April 2014"}


def light(**answers: str) -> Light:
    return decide(checked(**{**GREEN, **answers}).facts, History(), TODAY).light


@pytest.mark.parametrize(
    ("name", "written", "code"),
    [
        ("child_b_dob", "3/3/2011", ("FF-305", "relationship_similar_age")),
        ("child_b_dob", "4/3/2017", ("FF-305", "relationship_similar_age")),
        ("child_b_dob", "3/3/2007", ("FF-234", "child_b_dob")),
        ("child_a_dob", "3/3/2007", ("FF-209", "child_a_dob")),
        ("child_a_dob", "1/12/2027", ("FF-206", "child_a_dob")),
        ("child_b_dob", "15/11/2026", ("FF-233", "incident_at")),
        ("child_a_dob", "15/11/2026", ("FF-208", "incident_at")),
        ("incident_at", "14/11/2027 at 1.45pm", ("FF-206", "incident_at")),
        ("incident_at", "yesterday", ("FF-204", "incident_at")),
        ("incident_at", "Monday 14/11/2026 at 1.45pm", ("FF-205", "incident_at")),
        ("child_b_dob", "31/02/2014", ("FF-203", "child_b_dob")),
        ("child_b_dob", "04/13/2014", ("FF-215", "child_b_dob")),
        ("child_b_dob", "4/4/1814", ("FF-211", "child_b_dob")),
        ("child_b_dob", "in spring", ("FF-202", "child_b_dob")),
        ("signed_date", "13/11/2026", ("FF-210", "signed_date")),
    ],
)
def test_a_form_with_a_date_that_is_wrong_or_contradicts_an_answer_is_never_green(
    name: str, written: str, code: tuple[str, str]
) -> None:
    assert light() is Light.GREEN
    assert light(**{name: written}) is Light.UNDETERMINED
    assert code in codes(checked(**{**GREEN, name: written}))
    assert light(**{name: written, "context_force": "yes"}) is Light.RED


@pytest.mark.parametrize("written", ["14/11/2026", "14/11/2026 after lunch"])
def test_a_date_that_has_no_time_is_no_doubt(written: str) -> None:
    assert light(incident_at=written) is Light.GREEN


@pytest.mark.parametrize("name", ["child_a_dob", "child_b_dob", "incident_at"])
@pytest.mark.parametrize("written", ["", "not known"])
def test_a_date_that_nobody_knows_leaves_the_ages_open(name: str, written: str) -> None:
    assert light(**{name: written}) is Light.UNDETERMINED


def test_how_far_apart_similar_age_may_be_is_the_agencys_setting() -> None:
    apart = reading({**SOUND, **GREEN, "child_b_dob": "3/3/2016"})
    for years, expected in ((1, Light.UNDETERMINED), (2, Light.GREEN), (3, Light.GREEN)):
        facts = check(apart, FORM, TODAY, similar_age_years=years).facts
        assert decide(facts, History(), TODAY).light is expected


def test_names_on_an_agencys_own_form_are_told_from_its_free_text() -> None:
    own = [
        Field("pupil", FieldKind.TEXT, "Name of pupil"),
        Field("staff_name", FieldKind.TEXT, "Who"),
        Field("signed_by", FieldKind.TEXT, "Signed"),
        Field("what", FieldKind.TEXT, "What happened"),
        Field("story", FieldKind.LONG_TEXT, "Describe it, with the names of all"),
    ]
    theirs = replace(FORM, sections=(Section("one", "One", "", tuple(own)),))
    given = Answer("She was forced", "", AnswerState.GIVEN)
    facts = check(replace(reading({}), answers={f.name: given for f in own}), theirs, TODAY).facts
    assert facts.names == {"pupil", "staff_name", "signed_by"}


@pytest.mark.parametrize("name", ["child_a_name", "child_b_name", "signed_name"])
def test_a_name_that_may_look_like_another_is_told_and_what_is_no_name_is_not(name: str) -> None:
    for odd, what in (
        ("Ada\u200b Hill", "characters that cannot be seen"),
        ("\N{CYRILLIC CAPITAL LETTER A}da Hill", "letters of another alphabet"),
    ):
        (told,) = checked(**{name: odd}).notices
        assert (told.code, told.field, what in told.text) == ("FF-219", name, True)
    assert codes(checked(type_text="Ada\u200b Hill")) == []
