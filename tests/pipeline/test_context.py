"""Opening the context tidies up after a worker that was killed, and spares the living."""

from __future__ import annotations

from formflow.core import files
from formflow.core.settings import Settings
from tests.support import worker


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
