"""The folder in which FormFlow was started may go away: a share, or one that somebody tidies up."""

from __future__ import annotations

import subprocess
from pathlib import Path

from formflow.core.errors import ExitCode
from formflow.core.settings import Settings
from tests.stories.test_decisions import HER_NAME
from tests.support import services
from tests.support.desk import filled, lying
from tests.support.offices import drop
from tests.support.waiting import eventually

STARTED = b"watches"


def test_the_folder_in_which_the_service_was_started_can_be_removed(
    office: Settings, tmp_path: Path
) -> None:
    started_in = tmp_path / "a folder on a share"
    started_in.mkdir()
    command = ("--settings", str(office.state.folder.parent / "formflow.toml"), "run")
    with services.start(command, cwd=started_in, stderr=subprocess.PIPE) as service:
        assert service.stderr is not None
        while STARTED not in service.stderr.readline():
            assert service.poll() is None
        started_in.rmdir()
        drop(office, "red-planned-secrecy-pdfjs")
        eventually(lambda: any(lying(office, "* F2 *.pdf")))
        sheet = next(lying(office, "* F2 *.pdf"))
        decided = {"level": "harmful", "level_reason": "Planned.", "a_views": "A game.", **HER_NAME}
        (office.watch[1].folder / "decided.pdf").write_bytes(filled(sheet, decided))
        eventually(lambda: any(lying(office, "* F7s *.pdf")))
        services.stop(service)
        service.communicate()
    assert service.returncode == ExitCode.DONE
