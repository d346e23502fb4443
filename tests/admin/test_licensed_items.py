"""An agency's own licensed items: score sheets made of them, and what never leaves those sheets."""

from __future__ import annotations

from pathlib import Path

import pytest

from formflow.admin import licensed_items, settings_file
from formflow.core.errors import ExitCode, FormDefinitionProblem
from formflow.core.settings import Settings
from formflow.forms.catalogue import shipped
from tests.stories.test_assessment import ELIGIBLE, has, stored
from tests.stories.test_decisions import HER_NAME, RED
from tests.support import worker
from tests.support.desk import Desk
from tests.support.offices import files, formflow

LICENSED_WORDS = "An invented item that nobody else may read"
LIBRARY = f"""
model = "aim2"
version = 1
licence_holder = "Example Borough"
edition = "an invented edition"
trained_users = "L. Lead, S. Second"

[[item]]
id = "b1"
domain = "behaviour"
kind = "concern"
nature = "dynamic"
label = "{LICENSED_WORDS}"
values = [0, 1, 2]

[[item]]
id = "f1"
domain = "family"
kind = "strength"
nature = "static"
label = "Another invented item"

[[band]]
domain = "behaviour"
kind = "concern"
least = 2
most = 4
label = "the invented upper band"
"""
HEADINGS = next(form for form in shipped() if form.form_id == "aim2")


def problems(tmp_path: Path, text: str) -> str:
    file = tmp_path / "items.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(FormDefinitionProblem) as found:
        licensed_items.read(file)
    assert LICENSED_WORDS not in str(found.value)
    return str(found.value)


def test_a_wrong_domain_is_said_with_those_that_are_known(tmp_path: Path) -> None:
    text = LIBRARY.replace('domain = "family"', 'domain = "familly"')
    assert problems(tmp_path, text) == (
        "item.1.domain: is not known; it is one of behaviour, development, family, environment"
    )


def test_an_item_that_stands_there_twice_is_said_by_its_number(tmp_path: Path) -> None:
    assert problems(tmp_path, LIBRARY.replace('"f1"', '"b1"')) == "item “b1” is there twice"


@pytest.mark.parametrize("key", ["licence_holder", "edition", "trained_users"])
def test_without_a_statement_of_the_licence_nothing_is_loaded(tmp_path: Path, key: str) -> None:
    without = "\n".join(line for line in LIBRARY.splitlines() if not line.startswith(key))
    assert problems(tmp_path, without).startswith(f"{key}: field required")


def test_every_problem_is_said_at_once(tmp_path: Path) -> None:
    broken = LIBRARY.replace('kind = "strength"', 'kind = "power"').replace("version = 1", "")
    assert len(problems(tmp_path, broken).splitlines()) == 2


def test_no_file_of_items_is_no_toml_or_not_there(tmp_path: Path) -> None:
    assert "cannot be read" in problems(tmp_path, "= what?")


@pytest.fixture
def desk(office: Settings) -> Desk:
    """Return the desk of an agency with items of its own, and an assessment that is wanted."""
    file = office.state.folder.parent / "our items.toml"
    file.write_text(LIBRARY, encoding="utf-8")
    made = formflow(office, "forms", "items", str(file))
    assert made.returncode == ExitCode.DONE, made.stderr
    assert "with 2 items" in made.stderr
    again = settings_file.load_settings(office.state.folder.parent / "formflow.toml")
    worker.close()
    at_desk = Desk(again)
    at_desk.gets(RED)
    at_desk.fills_in("F2", level="harmful", level_reason="Planned.", aim2="yes", **HER_NAME)
    return at_desk


SCORED = {
    "model": "aim2",
    "behaviour_b1_dynamic_concern": "Twice.",
    "behaviour_b1_dynamic_concern_value": "v2",
    "behaviour_b1_dynamic_concern_weight": "strong",
    "signed_name": "L. Lead",
    "signed_date": "20/11/2026",
}


def test_the_score_sheets_ask_the_agencys_items_and_the_profile_counts_by_its_bands(
    desk: Desk,
) -> None:
    desk.fills_in("F4", **{**ELIGIBLE, **SCORED})
    assert has(desk, "F5")
    outcome = desk.sheet("F5")
    assert "Dynamic concerns: b1 (strong)." in stored(outcome, "profile_text")
    assert "values come to 2, in your agency’s own bands “the invented upper band”" in stored(
        outcome, "profile_text"
    )
    assert "Not an AIM2 assessment" not in stored(outcome, "limits_text")
    assert "has limited evidence base" in stored(outcome, "limits_text")


def test_an_items_words_stand_on_its_sheet_and_in_the_childs_file_alone(desk: Desk) -> None:
    desk.fills_in("F4", **{**ELIGIBLE, **SCORED})
    desk.fills_in("F5", signed_name="L. Lead", signed_date="20/11/2026")
    root = desk.office.state.folder.parent
    for name in files(root):
        path = root / name
        if path.suffix.lower() in (".csv", ".html", ".txt", ".log"):
            assert LICENSED_WORDS not in path.read_text("utf-8", "replace"), name
    lines = [p.read_text("utf-8-sig") for p in root.rglob("*.csv") if "Score" in p.name]
    assert lines
    assert not [text for text in lines if "b1_dynamic" in text or "Twice." in text]
    for field in ("profile_text", "profile_chart", "significant_text"):
        assert LICENSED_WORDS not in stored(desk.sheet("F5"), field)
    assert LICENSED_WORDS not in stored(desk.sheet("F6"), "domain_behaviour")


def test_without_items_of_ones_own_there_are_no_numbers_whatever_model_is_ticked(
    office: Settings,
) -> None:
    desk = Desk(office)
    desk.gets(RED)
    desk.fills_in("F2", level="harmful", level_reason="Planned.", aim2="yes", **HER_NAME)
    noted = {
        "family_1_strength": "Warm.",
        "family_1_strength_nature": "dynamic",
        "family_1_strength_weight": "some",
        "signed_name": "L. Lead",
    }
    desk.fills_in("F4", **{**ELIGIBLE, **noted, "model": "aim2"})
    assert "Not an AIM2 assessment" in stored(desk.sheet("F5"), "limits_text")
    assert "values come to" not in stored(desk.sheet("F5"), "profile_text")


def test_the_same_items_give_the_same_files(tmp_path: Path) -> None:
    file = tmp_path / "items.toml"
    file.write_text(LIBRARY, encoding="utf-8")
    library = licensed_items.read(file)
    made = [licensed_items.made_into(tmp_path, library, HEADINGS) for _ in range(2)]
    assert made[0] == made[1]
    assert set(made[0]) == {f"licensed-items.{suffix}" for suffix in ("toml", "pdf", "json")}
