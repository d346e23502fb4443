"""What FormFlow keeps to in every case, whatever is dropped."""

from __future__ import annotations

import pytest

from formflow.admin import status
from formflow.core.model import Light
from formflow.core.settings import Settings
from formflow.core.wording import LEVEL_WORDS, LIGHT_WORDS
from formflow.forms.catalogue import shipped
from formflow.rules.case.steps import steps
from tests.pipeline.test_walk import entries
from tests.rules.test_steps import asked
from tests.stories.test_assessment import ELIGIBLE, SCORED, has
from tests.stories.test_decisions import GREEN, HER_NAME, RED, about
from tests.support.desk import Desk
from tests.support.offices import dsl_folder


@pytest.fixture
def desk(office: Settings) -> Desk:
    return Desk(office)


@pytest.mark.rule("PR1")
def test_there_are_several_levels_and_none_is_taken_for_her() -> None:
    level = next(f for f in shipped() if f.form_id == "review").fields["level"]
    assert set(level.states) == {"healthy", "concerning", "harmful", "doubt"}
    assert set(LEVEL_WORDS) == {None, *level.states}
    assert level.known_from == ()


@pytest.mark.rule("PR6")
@pytest.mark.parametrize("case", [RED, GREEN])
def test_decided_as_harmful_the_same_procedure_follows_whatever_was_proposed(
    desk: Desk, case: str
) -> None:
    desk.gets(case)
    desk.fills_in("F2", level="harmful", level_reason="I spoke to them.", **HER_NAME)
    assert desk.open_steps().count("H1") == 2


@pytest.mark.rule("PR9")
def test_each_light_has_its_word_and_a_shape_beside_its_colour() -> None:
    said = {light: " ".join(words[:2]).lower() for light, words in LIGHT_WORDS.items()}
    assert "green" in said[Light.GREEN]
    assert "amber" in said[Light.AMBER]
    assert "red" in said[Light.RED]
    assert all(words[0] for words in LIGHT_WORDS.values())


@pytest.mark.rule("IR0", "IR9")
def test_what_anybody_drops_reaches_the_safeguarding_lead_and_waits_until_she_has_seen_it(
    desk: Desk,
) -> None:
    desk.gets(GREEN)
    (waiting,) = status.overview(desk.office).waiting
    assert waiting.reference == "FF-2026-000001"
    assert list((dsl_folder(desk.office) / "Child files").rglob("*original.pdf"))


@pytest.mark.rule("IR10")
def test_the_first_steps_are_the_same_for_a_first_incident_and_for_one_of_a_pattern() -> None:
    assert asked("before=harmful") - asked("") == {"CX2"}
    assert asked("") <= asked("before=harmful")


@pytest.mark.rule("IR11")
def test_the_page_of_a_case_names_the_statutory_guidance_of_the_settings(desk: Desk) -> None:
    desk.gets(RED)
    assert "Also follow: Keeping Children Safe in Education." in desk.page()
    both = ("Keeping Children Safe in Education", "Working Together")
    services = desk.office.services.model_copy(update={"statutory_guidance": both})
    told = Desk(desk.office.model_copy(update={"services": services}))
    told.fills_in("F2", level="harmful", level_reason="x", **HER_NAME)
    assert f"Also follow: {'; '.join(both)}." in told.page()


@pytest.mark.rule("N7")
def test_every_revision_of_a_sheet_is_kept_word_by_word(desk: Desk) -> None:
    desk.gets(RED)
    for words in ("It was a dare.", "He says that he was told to."):
        desk.fills_in("F2", level="harmful", level_reason="x", a_views=words, **HER_NAME)
    kept = [e.answers["a_views"].value for e in about(desk.office, "FF-2026-000001-F2")]
    assert kept == ["It was a dare.", "He says that he was told to."]
    assert len(entries(desk.office)) == 3


@pytest.mark.rule("EL8")
@pytest.mark.parametrize("charged", ["yes", "no", "unknown", ""])
def test_an_assessment_does_not_depend_on_a_charge(desk: Desk, charged: str) -> None:
    desk.gets(RED)
    desk.fills_in("F2", level="harmful", level_reason="x", aim2="yes", **HER_NAME)
    said = {"charged": charged} if charged else {}
    desk.fills_in("F4", **ELIGIBLE, **SCORED, **said)
    assert has(desk, "F5")


def test_no_step_speaks_of_victim_or_perpetrator_in_words_of_ours() -> None:
    for step in steps():
        assert not {"victim", "perpetrator"} & set(step.text.lower().replace(",", "").split())
