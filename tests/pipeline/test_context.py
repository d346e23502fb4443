"""Opening the context tidies up after a worker that was killed, and spares the living."""

from __future__ import annotations

from typing import Any

import pytest

from formflow.admin import status
from formflow.core import files
from formflow.core.errors import SettingsProblem
from formflow.core.settings import Rules, Settings
from formflow.pipeline import context as contexts
from formflow.pipeline import ingest, walk
from formflow.pipeline.context import open_cage, open_context
from formflow.reading.manifest_builder import known_forms
from tests.support import worker
from tests.support.offices import sample

RED = "red-planned-secrecy-pdfjs"


def test_what_a_killed_worker_left_is_gone_and_what_a_living_one_writes_is_not(
    office: Settings,
) -> None:
    originals = office.state.folder / "originals"
    originals.mkdir(parents=True)
    left = [
        folder / ".formflow-0123456789abcdef.tmp" for folder in (office.state.folder, originals)
    ]
    for stray in left:
        stray.write_bytes(b"half of something")
    with files.temporary(originals) as living:
        worker.context_of(office)
        assert living.path.exists()
    assert [stray for stray in left if stray.exists()] == []


def test_a_cage_that_is_handed_in_reads_and_stays_open(office: Settings) -> None:
    paper = sample(RED)
    with open_cage(office, known_forms(office.folders.forms)) as cage:
        for _ in range(2):
            with open_context(office, cage) as context:
                ingest.hand_over(context, [paper])
                while walk.drain(context):
                    pass
            assert cage.pid() is not None
    assert status.overview(office).records == 1


def test_what_was_opened_is_released_when_a_destination_cannot_be(
    office: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_broken(*_: Any) -> Any:
        raise SettingsProblem("A destination has problems.")

    monkeypatch.setattr(contexts, "open_destinations", is_broken)
    with pytest.raises(SettingsProblem), open_context(office):
        pass
    assert list((office.state.folder / "locks").iterdir()) == []


def test_settings_that_changed_give_another_context(office: Settings) -> None:
    other = office.model_copy(update={"rules": Rules(similar_age_years=3)})
    with open_context(office) as one, open_context(other) as another:
        assert (one.settings, another.settings) == (office, other)
        assert one.owner.name != another.owner.name
