"""kill -9 at random moments, again and again: at the end every paper is there once, and nothing else.

A few kills run in `make test`; `make crash KILLS=200` runs a campaign.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench import forms as made_forms
from formflow.admin import setup
from tests.support.offices import (
    COMMAND,
    csv_rows,
    dsl_folder,
    files,
    formflow,
    register_rows,
    strays,
)

if sys.platform == "win32":
    pytest.skip("kill -9 is a thing of POSIX systems", allow_module_level=True)

KILLS = int(os.environ.get("FORMFLOW_KILLS", "6"))
PAPERS_FOR_EACH_KILL = 2
SEED = 20261123


@pytest.mark.timeout(3600)
def test_after_random_kills_every_paper_is_there_once(tmp_path: Path) -> None:
    chance = random.Random(SEED)  # noqa: S311 - spreads moments, guards nothing
    papers = made_forms.make(tmp_path / "made", KILLS * PAPERS_FOR_EACH_KILL)
    office = setup.set_up(
        tmp_path / "an agency", changes=[("settle_seconds = 5", "settle_seconds = 0.2")]
    )
    file = office.state.folder.parent / setup.SETTINGS_FILE
    waiting, killed = list(papers), 0
    while waiting:
        for path in waiting[:PAPERS_FOR_EACH_KILL]:
            shutil.copyfile(path, office.watch[0].folder / path.name)
        del waiting[:PAPERS_FOR_EACH_KILL]
        service = subprocess.Popen(
            [sys.executable, "-c", COMMAND, "--settings", str(file), "run"],
            stderr=subprocess.DEVNULL,
        )
        time.sleep(chance.uniform(0.4, 1.6))
        service.send_signal(signal.SIGKILL)
        killed += service.wait() == -signal.SIGKILL
    last = formflow(office, "run", "--once")
    assert last.returncode == 0, last.stderr
    assert killed == KILLS

    references = [row["ff_reference"] for row in csv_rows(office)]
    assert len(references) == len(set(references)) == len(papers)
    assert register_rows(office) == {f"{reference} r1": 1 for reference in references}
    assert len(files(office.folders.receipts)) == len(papers)
    assert len(files(office.folders.alerts)) == len(papers)
    child_files = files(dsl_folder(office) / "Child files")
    assert sum("original.pdf" in name for name in child_files) == len(papers)
    assert files(office.watch[0].folder) == []
    assert strays(tmp_path) == []
