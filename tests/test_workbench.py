"""Opening the workbench tidies up after a worker that was killed, and spares the living."""

from __future__ import annotations

from formflow import pipeline, places
from formflow.setting_tables import Settings


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
    with places.temporary(originals) as living:
        pipeline.workbench(office)
        assert living.path.exists()
    assert [stray for stray in left if stray.exists()] == []
