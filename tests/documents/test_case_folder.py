"""What the folder of a case is called: sorted by name the most urgent first, and a name that every system takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from formflow.core.model import Light
from formflow.core.settings import Settings
from formflow.documents.case_folder import folder_name
from formflow.pipeline import closing
from formflow.storage.database import reading
from tests.stories.test_vectors import gets
from tests.support import worker
from tests.support.desk import Desk

LONG = "Maximiliana-Theodora Featherstonehaugh-Cholmondeley-Marjoribanks"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Zoë Błaszczyk", "Zoë Błaszczyk"),
        ("", "Name not given"),
        ("   ", "Name not given"),
        ("<b>Zoë</b> & Co: “a/b\\c” | ?*", "b Zoë b & Co “a b c”"),
        ("../../etc", "etc"),
        ("Sam\u202eeoZ\u200b\n Two", "Sam eoZ Two"),
        ("Jr. Ben.", "Jr. Ben"),
        ("علي حسن", "علي حسن"),
        (LONG, LONG[:40]),
    ],
)
def test_a_childs_name_becomes_part_of_a_folders(office: Settings, said: str, name: str) -> None:
    gets(Desk(office), child_a_name=said, context_planned="yes")
    (folder,) = office.folders.to_decide.glob("*FF-2026-000001")
    assert folder.name == f"1 RED {name} FF-2026-000001"


def test_the_level_comes_first_as_suggested_then_as_decided(office: Settings) -> None:
    gets(Desk(office), context_planned="yes")
    with reading(worker.context_of(office).engine) as connection:
        case = closing.case_of(connection, office, "FF-2026-000001")
    assert case is not None
    lights = {
        light: folder_name(replace(case, record=replace(case.record, highest_light=light)))
        for light in (Light.GREEN, Light.UNDETERMINED, Light.AMBER, None, Light.RED)
    }
    assert [light for light, _ in sorted(lights.items(), key=lambda one: one[1])] == [
        Light.RED,
        None,
        Light.AMBER,
        Light.UNDETERMINED,
        Light.GREEN,
    ]
