"""What a sheet is filled in with, box by box: from papers, from the agency's settings, and worked out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest

from formflow.core.model import Answer, AnswerState, EarlierIncident, History, Light, Proposal
from formflow.core.references import SheetKey
from formflow.forms.catalogue import LICENSED_FROM
from formflow.rules.assessment.profile import DOMAINS
from formflow.rules.case.case import Case
from formflow.rules.case.prefill_values import FOR_READING, Desk, is_marked, known
from formflow.rules.case.steps import steps
from formflow.rules.matching import NearChild
from formflow.rules.roster import Offered, OnTheList, Pupil
from tests.rules.test_case import DESK, FORMS, case, entry
from tests.rules.test_profile import NOTED

WEIGHED = {"aim2": NOTED}
ADA = Pupil(
    "Example",
    "Ada",
    date(2013, 3, 4),
    "B801200001001",
    year_group="8",
    address="1 Mill Lane",
    parents="B. Example",
    parents_phone="01632 960001",
    parents_email="b@example.org",
)
BEN = Pupil("Sample", "Ben", date(2013, 5, 6), parents_phone="01632 960002")


def box(form_id: str, name: str, of: Case, desk: Desk = DESK) -> str:
    return known(FORMS[form_id], of, desk)[name].value or ""


def with_review(**answers: str) -> Case:
    return case(review={"level": "harmful", **answers})


def test_a_service_is_the_agencys_own_also_where_the_child_is_referred_to_another() -> None:
    elsewhere = {"other_referral": "yes", "other_referral_to": "CAMHS"}
    found = case(Light.AMBER, review={"level": "concerning", **elsewhere})
    assert box("referral_a", "recipient", found) == "CAMHS"
    assert box("referral_b", "recipient", found) == "Customer Service Centre"
    assert box("referral_a", "reason", found) == ""


HAPPENED = {
    "child_a_name": "Ada Sample",
    "child_b_name": "Ben Sample",
    "type_text": "Ada Sample took Ben into the shed.",
    "others_text": "Ben cried.",
    "child_text": "Ada says that she is hurt at home.",
}


def test_a_referral_of_who_was_targeted_says_what_happened_without_the_other_childs_name() -> None:
    found = Case(entry("recording", HAPPENED, Light.RED))
    assert box("referral_b", "worries", found) == (
        "[the other person] Sample took Ben into the shed.\nBen cried."
    )
    hers = found.with_sheet(entry("review", {"b_views": "“I was locked in.”"}))
    assert box("referral_b", "worries", hers) == "“I was locked in.”"
    several = Case(entry("recording", {**HAPPENED, "child_b_name": "Ben Sample; Cat Sample"}))
    assert box("referral_b", "worries", several.view(SheetKey("referral_b", 2))) == ""


def test_not_known_on_the_form_leaves_her_circle_blank_and_what_she_says_is_carried_on() -> None:
    record = entry("recording", {"context_force": "unknown", "context_planned": "yes"}, Light.RED)
    record = replace(
        record, answers={**record.answers, **entry("recording", {"type_text": "unknown"}).answers}
    )
    found = Case(record)
    assert box("review", "context_force", found) == ""
    assert box("review", "context_planned", found) == "yes"
    assert box("referral_a", "worries", found) == "unknown"  # words, and no circle
    asked = with_review(a_also_harmed="unknown")
    assert box("referral_a", "also_harmed", asked) == "unknown"  # hers, and not the form's


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("domain_family", "Family functioning: strength"),
        ("domain_development", ""),
        ("static_concerns", "Sexual and non-sexually harmful behaviours – "),
        ("dynamic_concerns", ""),
        ("dynamic_strengths", "Family – "),
    ],
)
def test_the_report_opens_with_what_the_score_sheets_note(name: str, words: str) -> None:
    found = box("report", name, case(**WEIGHED))
    assert (
        found.startswith(words.split(":")[0])
        if words and "–" in words
        else bool(found) is bool(words)
    )


def test_a_licensed_item_is_named_by_its_number_alone() -> None:
    scores = FORMS["aim2"]
    licensed = {
        name: replace(field, licensed=name.startswith("family_1"))
        for name, field in scores.fields.items()
    }
    sections = tuple(
        replace(one, fields=tuple(licensed[field.name] for field in one.fields))
        for one in scores.sections
    )
    desk = replace(DESK, forms={**FORMS, "aim2": replace(scores, sections=sections)})
    told = box("report", "domain_family", case(**WEIGHED), desk)
    assert told.startswith("1: (dynamic, evidence some): Clear rules.")
    assert FORMS["aim2"].fields["behaviour_1_concern"].label in box(
        "report", "domain_behaviour", case(**WEIGHED), desk
    )


def test_sheets_of_an_assessment_are_marked_unless_the_items_are_the_agencys_own() -> None:
    own = replace(FORMS["aim2"], version=LICENSED_FROM + 1)
    licensed = replace(DESK, forms={**FORMS, "aim2": own})
    for form_id in ("aim2", "outcome", "report"):
        assert is_marked(form_id, DESK)
        assert not is_marked(form_id, licensed)
    assert not is_marked("review", DESK)
    assert box("outcome", "limits_text", case(), licensed).startswith("It supports a decision")


def test_what_an_outcome_sheet_can_say_is_on_it_with_its_lines_of_guidance() -> None:
    lines = [
        "Not an AIM2 assessment – headings from local guidance. Nothing is scored or added up.",
        "It supports a decision and makes none: “The model does not make decisions for assessors” (guidance 10).",
        "What it can foretell is limited: “has limited evidence base for predictive validity” (guidance 6).",
    ]
    assert box("outcome", "limits_text", case()).splitlines() == lines
    papers = case(aim2={"paper_only": "yes"})
    assert box("report", "limits_text", papers).splitlines() == [
        *lines,
        "From papers alone (Stage One): “likely to provide a limited outcome” (guidance 7).",
    ]
    assert box("report", "limits_text", case(aim2={"paper_only": "no"})).splitlines() == lines


def test_the_profile_is_in_words_in_signs_and_where_most_is_noted() -> None:
    found = case(**WEIGHED)
    told = box("outcome", "profile_text", found)
    assert "Family. Dynamic strengths: " in told
    assert told.count("(some)") == 1
    chart = list(FOR_READING["profile_chart"](found, DESK))
    assert len(chart) == 16
    assert chart[:4] == [
        "Sexual and non-sexually harmful behaviours, static concerns: ●",
        "Sexual and non-sexually harmful behaviours, dynamic concerns: none",
        "Sexual and non-sexually harmful behaviours, static strengths: none",
        "Sexual and non-sexually harmful behaviours, dynamic strengths: none",
    ]
    assert box("outcome", "significant_text", found).startswith("Most concerns noted: ")


def test_the_values_of_licensed_items_are_told_with_the_agencys_own_band() -> None:
    band = {"domain": "family", "kind": "concern", "least": 0, "most": 9, "label": "own"}
    desk = replace(DESK, forms={**FORMS, "aim2": replace(FORMS["aim2"], bands=(band,))})
    item = {"family_7_static_concern": "x", "family_7_static_concern_value": "v3"}
    told = box("outcome", "profile_text", case(aim2=item), desk)
    assert told.endswith("Family, concerns: values come to 3, in your agency’s own bands “own”.")


def test_the_report_lists_the_headings_that_have_no_words_yet() -> None:
    found = case(review={"level": "harmful", "aim2": "yes"}, aim2={**NOTED, "signed_name": "L."})
    told = box("report", "missing_text", found)
    lines = told.splitlines()
    assert all(": " in line for line in lines)
    assert not [line for line in lines if line.startswith("H1")]


def earlier(**other: object) -> EarlierIncident:
    return replace(EarlierIncident("FF-2025-000009", date(2025, 3, 4), Light.AMBER), **other)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("history", "lines"),
    [
        (
            History(),
            [
                ("No earlier records under exactly this name and date of birth, or this number."
                " See possible matches below.")
            ],
        ),
        (
            History((earlier(),), (earlier(incident_day=None, decided="harmful"),)),
            [
                "FF-2025-000009: 4 March 2025, suggested level: amber (concerning)",
                ("FF-2025-000009: day not known, in which this child was targeted, suggested level: amber"
                " (concerning). Decided: harmful"),
            ],
        ),
        (
            History((), (earlier(),)),
            ["FF-2025-000009: 4 March 2025, in which this child was targeted, suggested level: amber (concerning)"],
        ),
    ],
)  # fmt: skip
def test_what_was_known_of_each_child_before(history: History, lines: list[str]) -> None:
    of_a = replace(case(), history=history)
    assert box("review", "history_text", of_a).splitlines() == lines
    assert box("review", "history_b_text", of_a).startswith("No earlier records")
    of_b = replace(case(), history_b=history)
    assert box("review", "history_b_text", of_b).splitlines() == lines


def test_who_may_be_the_same_child_and_who_is_linked() -> None:
    assert box("review", "near_text", case()) == "Nobody."
    near = (
        NearChild("C-1-000002", "the same day of birth", ("FF-2025-000001", "FF-2025-000002")),
        NearChild("C-1-000003", "the very same name", ()),
    )
    told = [
        "C-1-000002: the same day of birth (see FF-2025-000001, FF-2025-000002)",
        "C-1-000003: the very same name",
    ]
    assert box("review", "near_text", replace(case(), near=near)).splitlines() == told
    joined = "Linked by you: C-1-000004, C-1-000005. To take that back, clear the box below."
    both = replace(case(), near=near, joined=("C-1-000004", "C-1-000005"))
    assert box("review", "near_text", both).splitlines() == [*told, joined]
    assert box("review", "near_text", replace(both, near=())) == joined


def test_whom_the_pupil_list_knows_or_comes_near_to_is_told_and_who_it_is_a_person_says() -> None:
    one = replace(case(), on_list=OnTheList(ADA))
    ada, ben = "On the pupil list: Ada Example, Year 8", "On the pupil list: Ben Sample"
    nothing = "the list has no number for this child: ask IT."
    assert box("review", "near_text", one) == f"{ada}."
    offered = (Offered(ADA, "the same name"), Offered(BEN, "the same day"))
    for child_a in (None, ADA):
        several = replace(case(), on_list=OnTheList(child_a, offered=offered))
        assert box("review", "near_text", several).splitlines() == [
            f"{ada} – the same name. If it is this child: write B801200001001 below.",
            f"{ben} – the same day. If it is this child: {nothing}",
        ]


def test_a_referral_is_filled_in_from_the_pupil_list_about_the_child_it_is_about() -> None:
    found = replace(case(), on_list=OnTheList(ADA, BEN))
    check = "From the pupil list, please check:"
    assert box("referral_a", "child_number", found) == "B801200001001"
    assert box("referral_a", "child_lives", found) == f"{check}\n1 Mill Lane"
    family = f"{check}\nB. Example\n01632 960001\nb@example.org"
    assert box("referral_a", "family", found) == family
    assert box("referral_b", "child_number", found) == ""
    assert box("referral_b", "child_lives", found) == ""
    assert box("referral_b", "family", found) == f"{check}\n01632 960002"
    assert box("referral_a", "family", case()) == box("referral_b", "family", case()) == ""


def test_a_report_opens_without_the_name_of_the_other_child() -> None:
    told = {"type_text": "Ada took Ben behind the shed. Ben Sample cried."}
    record = entry("recording", {"child_a_name": "Ada Sample", "child_b_name": "B. Sample", **told})
    found = Case(record).with_sheet(entry("review", {"child_b_name": "Ben Sample"}))
    offence = "Ada took [the other person] behind the shed. [the other person] Sample cried."
    assert box("report", "offence", found) == offence
    assert box("referral_a", "worries", found) == told["type_text"]  # who needs the name gets it
    # “Sample” is the young person's own name, too: on the form, or as she corrected it.
    of_form = Case(
        entry("recording", {"child_a_name": "Ada", "child_b_name": "Ben Sample", **told})
    )
    corrected = of_form.with_sheet(entry("review", {"child_a_name": "Ada Sample"}))
    assert box("report", "offence", corrected) == offence
    assert box("report", "offence", of_form) == offence.replace(" Sample", "")
    own = found.with_sheet(entry("report", {"offence": "Ada took Ben there."}))
    assert box("report", "offence", own) == "Ada took Ben there."  # the assessors' own words


def test_the_referral_of_the_child_who_was_targeted_holds_all_that_is_known_of_that_child() -> None:
    said = {
        "child_b_dob": "5/6/2013",
        "words_b_text": "Leave me.",
        "b_views": "It was not fun.",
        "b_position": "Sweets.",
        "b_feelings": "Afraid.",
        "b_impact": "Sleeps badly.",
        "b_support": "A mentor.",
        "parents_b_at": "20/11/2026 at 9am",
        "parents_b_text": "They were shocked.",
        "parents_b_plan": "They come on Monday.",
    }
    expected = {
        "child_name": "Ben Sample",
        "child_dob": "5/6/2013",
        "worries": "It was not fun.\nSweets.\nAfraid.",
        "words": "Leave me.",
        "impact": "Sleeps badly.",
        "support": "A mentor.",
        "parents_text": "20/11/2026 at 9am\nThey were shocked.\nThey come on Monday.",
    }
    found = with_review(**said)
    assert {name: box("referral_b", name, found) for name in expected} == expected
    assert box("plan_b", "child_dob", found) == "5/6/2013"
    record = entry("recording", {"others_words": "No!", "child_b_dob": "6/6/2013"})
    by_form = Case(record).with_sheet(entry("review", {"words_b_text": "Leave me."}))
    assert box("referral_b", "words", by_form) == "No!"
    assert box("referral_b", "child_dob", by_form) == "6/6/2013"
    alone = with_review(b_position="Sweets.", parents_b_plan="They come on Monday.")
    assert box("referral_b", "worries", alone) == "Sweets."
    assert box("referral_b", "parents_text", alone) == "They come on Monday."


def test_of_several_who_were_targeted_no_referral_holds_what_may_be_another_s() -> None:
    names = "Ben Sample; Lee Hart"
    told = {"b_views": "V", "b_impact": "I", "parents_b_text": "P", "child_b_dob": "5/6/2013"}
    found = with_review(
        child_b_name=names, words_b_text="W", b_position="X", b_feelings="F", **told
    )
    for view, child in zip(found.views("referral_b"), ("Ben Sample", "Lee Hart"), strict=True):
        boxes = {name: box("referral_b", name, view) for name in FORMS["referral_b"].fields}
        given = {name: words for name, words in boxes.items() if words}
        assert given == {"child_name": child, "recipient": "Customer Service Centre"}


def test_the_referral_of_the_child_who_displayed_the_behaviour_holds_what_she_put_right() -> None:
    found = with_review(
        child_a_dob="1/2/2012",
        words_a_text="A game.",
        parents_a_at="20/11/2026",
        parents_a_text="They listened.",
    )
    assert box("referral_a", "child_dob", found) == "1/2/2012"
    assert box("referral_a", "words", found) == "A game."
    assert box("referral_a", "parents_text", found) == "20/11/2026\nThey listened."
    by_form = Case(entry("recording", {"parents_text": "Told.", "child_words": "Fun."}))
    assert box("referral_a", "parents_text", by_form) == "Told."
    assert box("referral_a", "words", by_form) == "Fun."


def test_of_several_who_were_targeted_the_pupil_list_says_nothing() -> None:
    two = case(review={"child_b_name": "Ben Sample; Lee Hart"})
    found = replace(two, on_list=OnTheList(ADA, BEN))
    assert box("referral_a", "child_lives", found) != ""
    for view in found.views("referral_b"):
        assert box("referral_b", "family", view) == ""


def test_the_suggestion_on_the_sheet_says_what_an_earlier_form_said() -> None:
    record = replace(case(Light.AMBER).record, highest_light=Light.RED)
    lines = box("review", "proposal_text", Case(record)).splitlines()
    assert lines[0] == (
        "An earlier form of this record: Suggested level: red (harmful). That holds until you decide."
    )
    assert lines[1].startswith("Suggested level: amber (concerning). ")
    alone = replace(record, proposal=None)
    assert box("review", "proposal_text", Case(alone)).splitlines() == [
        lines[0],
        "No level could be suggested: the form could not be read. Read it yourself.",
    ]
    same = box("review", "proposal_text", case(Light.AMBER)).splitlines()
    assert same == lines[1:]


def test_what_form_and_sheet_suggest_together_stands_below_with_what_the_sheet_adds() -> None:
    found = case(Light.GREEN, review={"context_force": "yes", "level": "harmful"})
    lines = box("review", "proposal_text", found).splitlines()
    at = lines.index("With what your review sheet says: suggested level: red (harmful).")
    assert any("guidance 2.3, red" in line for line in lines[at:])
    said = "".join(lines[at:])
    assert said.count("“Elements of planning, secrecy, force or coercion”") == 1
    assert "With what your review sheet says" not in box("review", "proposal_text", case())


def test_what_is_on_both_lists_is_cited_with_both_colours() -> None:
    found = case(Light.GREEN, review={"type_pornography": "yes"})
    assert "guidance 2.2, amber and red: “" in box("review", "proposal_text", found)


def test_a_contradiction_that_the_form_has_already_is_told_once() -> None:
    found = case(Light.GREEN, review={"context_force": "yes"})
    assert found.together is not None
    (told,) = [one for one in found.together.contradictions if one.code == "FF-336"]
    assert box("review", "proposal_text", found).count(told.text) == 1
    proposal = found.record.proposal
    assert proposal is not None
    again = replace(proposal, contradictions=(told,))
    known_before = replace(found, record=replace(found.record, proposal=again))
    assert box("review", "proposal_text", known_before).count(told.text) == 1
    unread = replace(found, record=replace(found.record, proposal=None))
    assert "could not be read" in box("review", "proposal_text", unread)


def test_what_she_wrote_stands_before_what_others_say_and_a_reopened_level_is_hers_again() -> None:
    own: Mapping[str, str] = {"level": "healthy", "lower_reason": "Play.", "level_reason": "Play."}
    found = case(Light.GREEN, review=own)
    assert box("review", "level", found) == "healthy"
    red = Proposal(Light.RED, (), (), (), (), ())
    later = replace(found.record, proposal=red, highest_light=Light.RED, revision=2)
    reopened = found.with_revision(later)
    assert reopened.is_reopened
    assert box("review", "level", reopened) == ""
    assert box("review", "lower_reason", reopened) == ""
    assert box("review", "level_reason", reopened) == "Play."
    told = box("review", "proposal_text", reopened)
    assert told.startswith(
        "The decision is reopened: a later form suggests red. Please decide again."
    )
    # Other sheets are no decision: what they hold is carried on.
    plan = reopened.with_sheet(entry("plan_a", {"actions": "Watch."}))
    assert box("plan_a", "actions", plan) == "Watch."
    assert SheetKey("plan_a") in plan.sheets


def test_a_box_that_is_filled_in_is_given_and_any_other_is_blank() -> None:
    filled = known(FORMS["review"], case(), DESK)
    assert filled["child_a_name"] == Answer("Ada Example", "Ada Example", AnswerState.GIVEN)
    assert filled["level"] == Answer(None, "", AnswerState.BLANK)


def test_what_the_report_lacks_is_told_of_the_very_copy_with_what_it_is_filled_in_with() -> None:
    scored = {
        **{f"{domain}_1_concern": "Words." for domain in DOMAINS},
        **{f"{domain}_1_concern_nature": "static" for domain in DOMAINS},
        **{f"{domain}_1_concern_weight": "strong" for domain in DOMAINS},
        "sex": "male",
        "ability": "mainstream",
        "harmful_known": "yes",
        "may_plead": "no",
        "established": "established",
        "lead_name": "L. Lead",
        "lead_trained": "yes",
        "second_name": "S. Second",
        "was_adult": "no",
        "victim_worker": "no",
        "denies": "no",
        "child_dob": "1/2/2012",
        "begins_on": "20/11/2026",
        "signed_name": "L. Lead",
    }
    found = case(
        review={"level": "harmful", "aim2": "yes"}, aim2=scored, outcome={"signed_name": "L. Lead"}
    )
    filled = known(FORMS["report"], found, DESK)
    of_report = [step for step in steps() if step.sheet == "report"]
    without = [step for step in of_report if step.is_open(found)]
    there = found.with_sheet(replace(entry("report", {}), answers=filled))
    left = [f"{step.id}: {step.text}" for step in of_report if step.is_open(there)]
    assert 0 < len(left) < len(without)
    assert (filled["missing_text"].value or "").splitlines() == left
