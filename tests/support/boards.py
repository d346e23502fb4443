"""The connector of examples/connector, installed where the processes of a campaign find it: it has processes of its own."""

from __future__ import annotations

import os
from pathlib import Path

from formflow.admin import setup
from formflow.core.settings import Settings

EXAMPLE = Path(__file__).parents[2] / "examples" / "connector"


def install(folder: Path) -> dict[str, str]:
    """Install the package into a new folder; return the environment of processes that are to find it."""
    about = folder / "formflow_noticeboard-1.0.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: formflow-noticeboard\nVersion: 1.0.0\n"
    )
    (about / "entry_points.txt").write_text(
        "[formflow.connectors]\nnoticeboard = noticeboard:Noticeboard\n"
    )
    return {"PYTHONPATH": os.pathsep.join(map(str, (folder, EXAMPLE)))}


def add(office: Settings, board: Path) -> None:
    """Give an agency a destination of that kind, called “Board”."""
    board.mkdir()
    file = office.state.folder.parent / setup.SETTINGS_FILE
    with file.open("a", encoding="utf-8") as stream:
        stream.write(
            f"\n[[destination]]\nname = 'Board'\nkind = 'noticeboard'\nboard = '{board}'\n"
        )
