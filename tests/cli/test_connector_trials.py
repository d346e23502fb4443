"""`formflow connectors map`, `preview` and `send-test`: IT tries a destination before anything goes there."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from formflow import cli
from formflow.admin import map_draft, settings_file
from formflow.core import markers
from formflow.core.errors import ExitCode
from formflow.core.settings import Settings
from formflow.delivery import places
from formflow.sdk.conformance import NAME
from tests.support.agency_csvs import HABITS
from tests.support.offices import csv_rows, sample

RED = "red-planned-secrecy-pdfjs"
HEADINGS = [
    "Date of incident",
    "Pupil",
    "Level",
    "Actoins taken",
    "Owner",
    "DOB",
    "pupil ",
    "FF ref",
]


def run(office: Settings, *arguments: str) -> int:
    return cli.run(["--settings", str(settings_of(office)), "connectors", *arguments])


def settings_of(office: Settings) -> Path:
    return office.state.folder.parent / "formflow.toml"


@pytest.fixture
def log(office: Settings, capsys: pytest.CaptureFixture[str]) -> Path:
    """A log as CSV, named in the settings as it was drafted, and its folder marked."""
    folder = office.state.folder.parent / "Log"
    folder.mkdir()
    file = folder / "behaviour_log.csv"
    file.write_bytes(("Title;;;;;;;\r\n" + ";".join(HEADINGS) + "\r\n").encode())
    assert run(office, "map", "csv_file", str(file)) == ExitCode.DONE
    settings = settings_of(office)
    settings.write_text(settings.read_text("utf-8") + capsys.readouterr().out, "utf-8")
    markers.mark(folder, places.WORDS)
    return file


def test_a_draft_is_settings_that_can_be_used_and_nothing_in_it_is_guessed_silently(
    office: Settings, log: Path
) -> None:
    text = settings_of(office).read_text("utf-8")
    drafted = text[text.index('name = "behaviour log"') :]
    settings = settings_file.load_settings(settings_of(office))
    (one,) = [d for d in settings.destination if d.name == "behaviour log"]
    assert one.own_settings["file"] == log
    assert one.own_settings["reference_column"] == "FF ref"
    assert one.own_settings["columns"] == {
        "Date of incident": "{incident_at:%d/%m/%Y}",
        "DOB": "{child_a_dob:%d/%m/%Y}",
    }
    for heading, why in {
        "Level": "NOT SURE: this heading can mean several things",
        "Actoins taken": "NOT SURE: by likeness alone",
        "Owner": "nothing that FormFlow knows",
        "Pupil": "NOT SURE: this heading is there more than once",
        "pupil": "NOT SURE: this heading is there more than once",
    }.items():
        (line,) = [one for one in drafted.splitlines() if one.startswith(f'# "{heading}"')]
        assert why in line


@pytest.mark.parametrize(
    "heading", [h for table in (map_draft.SURE, map_draft.UNSURE) for h in table]
)
def test_every_line_of_a_draft_can_be_switched_on(heading: str) -> None:
    filled = heading if heading.startswith("{ ") else json.dumps(heading)
    table = tomllib.loads(f'"A" = {filled}')
    from formflow.admin.field_names import problems
    from formflow.sdk import registry

    own = registry.load("csv_file").Settings.model_validate(
        {"file": "a.csv", "columns": table, "reference_column": "r"}
    )
    assert list(problems(own)) == []


@pytest.mark.parametrize("habit", HABITS.values(), ids=HABITS.keys())
def test_the_headings_of_every_file_are_found(tmp_path: Path, habit: Any) -> None:
    file = tmp_path / "log.csv"
    file.write_bytes(habit.content)
    text = map_draft.draft("csv_file", file).text
    assert '"Pupil" = "{child_a_name}"' in text
    assert 'reference_column = "FF' in text
    assert "CHECK: there is no column" not in text


def test_a_workbook_is_drafted_by_the_sheet_that_has_headings(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Read me"  # type: ignore[union-attr]
    sheet = book.create_sheet("Log 2026")
    sheet.append(["Safeguarding log"])
    sheet.append(["Pupil", "Date of birth", "Reference", 7])
    book.save(tmp_path / "log.xlsx")
    text = map_draft.draft("workbook", tmp_path / "log.xlsx").text
    assert 'sheet = "Log 2026"' in text
    assert '"Pupil" = "{child_a_name}"' in text
    assert '"Date of birth" = "{child_a_dob}"' in text, "a date, not words"
    assert 'reference_column = "FormFlow ref"  # CHECK' in text
    assert "or name “Reference” if nothing else" in text


def test_what_has_no_headings_is_refused_in_words(
    tmp_path: Path, office: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "no.csv").write_bytes(b"\x81\xff\x00")
    (tmp_path / "no.xlsx").write_bytes(b"no workbook")
    assert run(office, "map", "csv_file", str(tmp_path / "no.csv")) == ExitCode.USAGE
    assert run(office, "map", "workbook", str(tmp_path / "no.xlsx")) == ExitCode.USAGE
    assert run(office, "map", "email_alert", str(tmp_path / "no.csv")) == ExitCode.USAGE
    assert run(office, "map", "csv_flie", str(tmp_path / "no.csv")) == ExitCode.SETTINGS
    said = capsys.readouterr().err
    assert "no columns that could be read" in said
    assert "Something went wrong" not in said


def test_preview_shows_invented_facts_and_writes_nothing(
    office: Settings, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = log.read_bytes()
    assert run(office, "preview", "behaviour log") == ExitCode.DONE
    shown = capsys.readouterr()
    assert "Date of incident  20/11/2026" in shown.out
    assert str(log) in shown.out
    assert not shown.err
    assert log.read_bytes() == before
    assert [path.name for path in log.parent.iterdir() if "lock" in path.name] == []
    assert run(office, "preview", "Record lines", "--json") == ExitCode.DONE
    assert NAME in json.loads(capsys.readouterr().out)["text"]
    assert run(office, "preview", "no such") == ExitCode.USAGE


def test_preview_of_a_form_warns_that_names_are_on_the_screen(
    office: Settings, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(office, "preview", "behaviour log", str(sample(RED)), "--json") == ExitCode.DONE
    shown = capsys.readouterr()
    assert "names and answers" in shown.err
    columns = json.loads(shown.out)["columns"]
    assert list(columns) == ["FF ref", "Date of incident", "DOB"]
    assert columns["DOB"]
    assert run(office, "preview", "Record lines", str(log)) == ExitCode.WAITING


def test_every_destination_of_a_new_agency_can_be_previewed(
    office: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    for one in office.destinations():
        assert run(office, "preview", one.name) == ExitCode.DONE
        assert one.kind in capsys.readouterr().out


def test_a_test_arrives_is_taken_away_again_and_is_a_line_of_the_trail(
    office: Settings, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = log.read_bytes()
    for name in ("behaviour log", "Record lines"):
        assert run(office, "send-test", name) == ExitCode.DONE
        assert "taken away again" in capsys.readouterr().err
    assert log.read_bytes() == before
    assert csv_rows(office) == []
    kept = list((office.state.folder / "versions").rglob("*behaviour_log.csv"))
    assert [path.read_bytes() for path in kept] == [before]
    assert run(office, "send-test", "Alerts") == ExitCode.DONE
    assert "stays there until someone removes it" in capsys.readouterr().err
    (page,) = office.folders.alerts.glob("*.html")
    assert "TEST – please delete" in page.read_text("utf-8")
    assert cli.run(["--settings", str(settings_of(office)), "audit"]) == ExitCode.DONE
    trail = capsys.readouterr().out
    assert trail.count("Destination tested (taken away again)") == 2
    assert trail.count("Destination tested (stays there)") == 1


def test_a_test_that_does_not_arrive_says_why(
    office: Settings, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log.write_bytes(b"Something,else\r\n")
    assert run(office, "send-test", "behaviour log") == ExitCode.DESTINATION
    assert "has no column “FF ref”" in capsys.readouterr().err
    (log.parent / markers.MARKER).unlink()
    assert run(office, "send-test", "behaviour log") == ExitCode.DESTINATION
    assert "no marker file" in capsys.readouterr().err
