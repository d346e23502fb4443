"""The profile of an assessment: what is noted, where, of which nature and weight; and nothing is scored."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from formflow.core.model import Answer, AnswerState
from formflow.rules.assessment import profile
from formflow.rules.assessment.profile import Mark

LABELS = {
    "behaviour_1_concern": "Planning: concern",
    "family_1_strength": "Boundaries: strength",
    "family_2_strength": "Care: strength",
}
NOTED = {
    "behaviour_1_concern": "He planned it.",
    "behaviour_1_concern_nature": "static",
    "behaviour_1_concern_weight": "strong",
    "family_1_strength": "Clear rules.",
    "family_1_strength_nature": "dynamic",
    "family_1_strength_weight": "some",
    "family_2_strength": "Warm.",
    "environment_3_concern_weight": "none",
    "lead_name": "L. Lead",
}
BANDS = (
    {"domain": "family", "kind": "concern", "least": 1, "most": 3, "label": "lower"},
    {"domain": "family", "kind": "concern", "least": 4, "most": 6, "label": "higher"},
    {"domain": "family", "kind": "strength", "least": 1, "most": 9, "label": "many"},
)


def said(words: Mapping[str, str]) -> dict[str, Answer]:
    return {name: Answer(word, word, AnswerState.GIVEN) for name, word in words.items()}


def marks(words: Mapping[str, str]) -> tuple[Mark, ...]:
    return profile.marks(said(words))


def test_each_heading_that_is_noted_is_one_mark_in_the_order_of_the_form() -> None:
    assert marks(NOTED) == (
        Mark("behaviour", "concern", "static", "strong", "behaviour_1_concern", "He planned it."),
        Mark("family", "strength", "dynamic", "some", "family_1_strength", "Clear rules."),
        Mark("family", "strength", "", "", "family_2_strength", "Warm."),
    )


def test_a_weight_or_a_nature_alone_is_a_mark_and_a_blank_heading_is_none() -> None:
    weight = {"environment_3_concern": "", "environment_3_concern_weight": "none"}
    assert marks(weight) == (
        Mark("environment", "concern", "", "none", "environment_3_concern", ""),
    )
    nature = {"environment_3_concern": "", "environment_3_concern_nature": "static"}
    assert marks(nature) == (
        Mark("environment", "concern", "static", "", "environment_3_concern", ""),
    )
    assert marks({"environment_3_concern": ""}) == ()


def test_what_cannot_be_read_is_not_noted() -> None:
    lost = Answer("He planned it.", "?", AnswerState.UNREADABLE)
    empty = Answer(None, "", AnswerState.GIVEN)
    assert profile.marks({"behaviour_1_concern": lost, "behaviour_2_concern": empty}) == ()


def test_a_licensed_item_has_the_librarys_nature_once_it_is_noted_and_a_value() -> None:
    name = "family_7_static_concern"
    assert marks({name: ""}) == ()
    assert marks({name: "", f"{name}_value": "v12"}) == (
        Mark("family", "concern", "static", "", name, "", 12),
    )
    assert marks({name: "Words."}) == (Mark("family", "concern", "static", "", name, "Words."),)
    assert marks({name: "", f"{name}_weight": "some"}) == (
        Mark("family", "concern", "static", "some", name, ""),
    )


@pytest.mark.parametrize(
    ("left_out", "weighed"),
    [("", True), ("_nature", False), ("_weight", False)],
)
def test_it_is_weighed_when_each_mark_has_words_a_nature_and_a_weight(
    left_out: str, weighed: bool
) -> None:
    whole = {n: w for n, w in NOTED.items() if n.startswith(("behaviour", "family_1"))}
    assert profile.is_weighed(marks(whole)) is True
    less = {n: w for n, w in whole.items() if n != f"family_1_strength{left_out}" or not left_out}
    assert profile.is_weighed(marks(less)) is weighed
    assert profile.is_weighed(marks({**whole, "family_1_strength": ""})) is False
    assert profile.is_weighed(()) is False


def test_a_domain_is_told_line_by_line_with_what_nobody_said() -> None:
    noted = marks(NOTED)
    assert profile.of_domain(noted, "family", LABELS) == (
        "Boundaries: strength (dynamic, evidence some): Clear rules.\n"
        "Care: strength (static or dynamic not said, weight of evidence not said): Warm."
    )
    assert profile.of_domain(noted, "behaviour", {}) == (
        "behaviour_1_concern (static, evidence strong): He planned it."
    )
    assert profile.of_domain(noted, "development", LABELS) == ""


def test_what_is_of_one_nature_and_kind_is_told_across_the_domains() -> None:
    noted = marks(
        {**NOTED, "family_3_concern": "Loud.", "family_3_concern_nature": "static"},
    )
    assert profile.of_nature(noted, "static", "concern", LABELS) == (
        "Sexual and non-sexually harmful behaviours – Planning: concern: He planned it.\n"
        "Family – family_3_concern: Loud."
    )
    assert profile.of_nature(noted, "static", "strength", LABELS) == ""


def test_the_whole_profile_in_words() -> None:
    assert profile.in_words(iter(marks(NOTED)), LABELS).splitlines() == [
        "Sexual and non-sexually harmful behaviours. Static concerns: Planning (strong).",
        "Sexual and non-sexually harmful behaviours. Dynamic concerns: none noted.",
        "Sexual and non-sexually harmful behaviours. Static strengths: none noted.",
        "Sexual and non-sexually harmful behaviours. Dynamic strengths: none noted.",
        "Development. Static concerns: none noted.",
        "Development. Dynamic concerns: none noted.",
        "Development. Static strengths: none noted.",
        "Development. Dynamic strengths: none noted.",
        "Family. Static concerns: none noted.",
        "Family. Dynamic concerns: none noted.",
        "Family. Static strengths: none noted.",
        "Family. Dynamic strengths: Boundaries (some).",
        "Environment. Static concerns: none noted.",
        "Environment. Dynamic concerns: none noted.",
        "Environment. Static strengths: none noted.",
        "Environment. Dynamic strengths: none noted.",
    ]


def test_two_in_one_cell_are_named_side_by_side_by_the_label_before_its_last_colon() -> None:
    two = (
        Mark("family", "concern", "static", "", "one", "x"),
        Mark("family", "concern", "static", "little", "other", "y"),
    )
    told = profile.in_words(two, {"one": "Care: at home: concern", "other": "Rules: concern"})
    assert "Family. Static concerns: Care: at home (weight not said), Rules (little)." in told
    assert "Family. Static concerns:  (weight not said),  (little)." in profile.in_words(two, {})


def test_signs_stand_by_weight_the_heaviest_first() -> None:
    weights = ("", "none", "little", "some", "strong", "some")
    noted = [Mark("family", "concern", "static", one, one, "") for one in weights]
    assert profile.signs(noted, "family", "concern", "static") == "●◐◐○–?"
    assert profile.signs(noted, "family", "concern", "dynamic") == ""
    assert profile.signs(noted, "family", "strength", "static") == ""
    assert profile.signs(noted, "development", "concern", "static") == ""


def test_where_most_is_noted_counts_headings_and_names_every_domain_that_has_as_many() -> None:
    told = profile.where_most_is_noted(iter(marks(NOTED)))
    assert list(told) == [
        "Most concerns noted: Sexual and non-sexually harmful behaviours.",
        "Most strengths noted: Family.",
    ]
    even = marks({"family_1_concern": "x", "development_1_concern": "y"})
    assert list(profile.where_most_is_noted(even)) == [
        "Most concerns noted: Development; Family.",
        "No strengths noted.",
    ]


@pytest.mark.parametrize(
    ("numbers", "bands", "told"),
    [
        (("v1",), BANDS, ["Family, concerns: values come to 1, in your agency’s own bands “lower”."]),
        (("v1", "v2"), BANDS, ["Family, concerns: values come to 3, in your agency’s own bands “lower”."]),
        (("v4",), BANDS, ["Family, concerns: values come to 4, in your agency’s own bands “higher”."]),
        (("v4", "v2"), BANDS, ["Family, concerns: values come to 6, in your agency’s own bands “higher”."]),
        (("v0",), BANDS, ["Family, concerns: values come to 0, and your agency gives no band for that."]),
        (("v7",), BANDS, ["Family, concerns: values come to 7, and your agency gives no band for that."]),
        (("v0",), (), ["Family, concerns: values come to 0."]),
        ((), BANDS, []),
    ],
)  # fmt: skip
def test_values_are_added_up_with_the_agencys_own_bands(
    numbers: tuple[str, ...], bands: tuple[dict[str, object], ...], told: list[str]
) -> None:
    words = {f"family_{n}_static_concern": "x" for n, _ in enumerate(numbers)}
    words |= {f"family_{n}_static_concern_value": value for n, value in enumerate(numbers)}
    noted = marks({**words, "development_1_concern": "y"})
    assert list(profile.values(iter(noted), bands)) == told


def test_values_of_strengths_and_concerns_are_told_apart() -> None:
    both = {
        "family_1_static_strength_value": "v5",
        "family_1_static_strength": "",
        "family_1_static_concern": "",
        "family_1_static_concern_value": "v2",
    }
    assert list(profile.values(marks(both), BANDS)) == [
        "Family, concerns: values come to 2, in your agency’s own bands “lower”.",
        "Family, strengths: values come to 5, in your agency’s own bands “many”.",
    ]
