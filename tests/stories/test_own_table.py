"""A school keeps its chronology in Word and its incidents in a database, and another system takes files from a folder."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from formflow.admin import settings_file
from formflow.core.settings import Settings
from tests.stories.test_decisions import HER_NAME
from tests.support import worker
from tests.support.desk import Desk
from tests.support.offices import formflow, settled_at_once
from tests.support.word_documents import by_python_docx, read_back

RED = "red-planned-secrecy-pdfjs"
DESTINATIONS = """
[[destination]]
name = "Chronology"
kind = "word_table"
file = "Own/Chronology.docx"
reference_column = "Our reference"
[destination.columns]
"Date" = "{incident_at:%d/%m/%Y}"
"Pupil" = "{child_a_name:surname}, {child_a_name:forename}"
"What happened" = { field = "level", values = { red = "Level 3", amber = "Level 2" } }

[[destination]]
name = "Incidents"
kind = "sql_table"
url = "env:AGENCY_DATABASE"
table = "incidents"
reference_column = "ref"
[destination.columns]
happened = "{incident_day}"
level = { field = "level", values = { red = "red", amber = "amber" } }
revision = "{revision}"

[[destination]]
name = "Import"
kind = "folder_drop"
folder = "Import"
template = "Own/record.json.j2"
done_file = ".done"
[destination.columns]
pupil = "{child_a_name}"
day = "{incident_day}"
"""


@pytest.fixture
def school(office: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The agency with what it keeps."""
    root = root_of(office)
    (root / "Own").mkdir()
    (root / "Import").mkdir()
    (root / "Own" / "Chronology.docx").write_bytes(by_python_docx([("1/9", "A", "B", "old")]))
    template = '{"pupil": {{ pupil }}, "day": {{ day }}, "form": {{ paper }}}'
    (root / "Own" / "record.json.j2").write_text(template, "utf-8")
    with closing(sqlite3.connect(root / "Own" / "agency.db")) as database:
        columns = "ref VARCHAR(40) UNIQUE, happened DATE, level VARCHAR(20), revision INTEGER"
        database.execute(f"CREATE TABLE incidents ({columns})")
    monkeypatch.setenv("AGENCY_DATABASE", f"sqlite:///{(root / 'Own' / 'agency.db').as_posix()}")
    file = root / "formflow.toml"
    file.write_text(file.read_text("utf-8") + DESTINATIONS, "utf-8")
    return settled_at_once(settings_file.load_settings(file))


def root_of(office: Settings) -> Path:
    return office.folders.alerts.parents[2]


def incidents(office: Settings) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(root_of(office) / "Own" / "agency.db")) as database:
        return database.execute("SELECT ref, happened, level, revision FROM incidents").fetchall()


def test_a_case_is_in_all_three_and_the_rows_follow_it(school: Settings) -> None:
    root, desk = root_of(school), Desk(school)
    desk.gets(RED)
    ((_, *row),) = incidents(school)
    assert row == ["2026-11-17", "red", 1]
    _, old, new = read_back((root / "Own" / "Chronology.docx").read_bytes())
    assert old == ["1/9", "A", "B", "old"]
    assert (new[0], new[2], new[3]) == ("17/11/2026", "Level 3", "FF-2026-000001")
    names = sorted(path.name for path in (root / "Import").glob("FF-*"))
    assert names == [f"FF-2026-000001 r1.{one}" for one in ("done", "json", "pdf")]
    made = json.loads((root / "Import" / names[1]).read_bytes())
    assert (made["day"], made["form"]) == ("2026-11-17", names[2])
    for name in names:
        (root / "Import" / name).unlink()
    answers = {"level": "concerning", "level_reason": "Seen once.", "lower_reason": "Seen once."}
    desk.fills_in("F2", None, None, **answers, **HER_NAME)
    assert [level for _, _, level, _ in incidents(school)] == ["amber"]
    assert read_back((root / "Own" / "Chronology.docx").read_bytes())[2][2] == "Level 2"
    assert {path.name.partition(" ")[0] for path in (root / "Import").glob("FF-*")} == {
        "FF-2026-000001-F2"
    }
    assert formflow(school, "reconcile").returncode == 0


def test_what_would_be_written_is_shown_and_a_test_is_taken_away_again(school: Settings) -> None:
    worker.settle(school)
    for name in ("Chronology", "Incidents", "Import"):
        assert formflow(school, "connectors", "check", name).returncode == 0
        shown = formflow(school, "connectors", "preview", name)
        assert shown.returncode == 0, shown.stderr
        sent = formflow(school, "connectors", "send-test", name)
        assert "taken away again" in sent.stdout + sent.stderr
    assert incidents(school) == []
    drafted = formflow(
        school, "connectors", "map", "word_table", str(root_of(school) / "Own" / "Chronology.docx")
    )
    assert '"Pupil"' in drafted.stdout
