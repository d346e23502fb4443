"""The commands as IT types them: what they print, where, and how they end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from formflow import cli
from formflow.core.errors import ExitCode
from formflow.core.settings import Settings
from formflow.sdk import registry
from tests.support import services
from tests.support.offices import drop, files, formflow, formflow_apart, sample
from tests.support.systems import inherit_rights
from tests.support.waiting import eventually

RED = "red-planned-secrecy-pdfjs"


def run(office: Settings, *arguments: str) -> int:
    file = office.state.folder.parent / "formflow.toml"
    return cli.run(["--settings", str(file), *arguments])


def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--help"]) == ExitCode.DONE
    out = capsys.readouterr().out
    assert [name for name in cli.COMMANDS if name not in out] == []


@pytest.mark.parametrize("command", sorted(cli.COMMANDS))
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([command, "--help"]) == ExitCode.DONE
    assert "Usage: formflow" in capsys.readouterr().out


def test_help_does_not_wait_for_the_database_library() -> None:
    script = (
        "import sys; from formflow.cli import run; run(['--help']);"
        "sys.exit([name for name in ('sqlalchemy', 'pydantic', 'pikepdf') if name in sys.modules] or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("module", ["formflow.cli.work", "formflow.reading.sandbox.child"])
def test_neither_service_nor_child_loads_the_reader_of_prints_before_a_print_comes(
    module: str,
) -> None:
    program = f"import sys, {module}; sys.exit('pdfplumber' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_an_unknown_command_is_a_mistake_of_usage() -> None:
    assert cli.run(["no-such-command"]) == ExitCode.USAGE


def test_broken_settings_end_with_3_and_list_every_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "formflow.toml"
    file.write_text('[agency]\nnmae = "x"\n[reading]\npages = 0\n', encoding="utf-8")
    assert cli.run(["--settings", str(file), "status"]) == ExitCode.SETTINGS
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "agency.nmae" in captured.err
    assert "reading.pages" in captured.err


def test_read_shows_answers_and_proposal_and_records_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.run(["read", str(sample(RED)), "--json"]) == ExitCode.DONE
    answer = printed(capsys)
    assert answer["outcome"] == "read"
    assert answer["form"] == {"id": "recording", "version": 2}
    assert answer["via"] == "acroform"
    assert answer["answers"]["context_planned"]["value"] == "yes"
    assert answer["answers"]["context_force"]["state"] in ("given", "blank")
    assert answer["proposal"]["light"] == "red"
    assert {"rule", "section", "quote", "weighs", "fields"} <= set(
        answer["proposal"]["findings"][0]
    )
    assert list(tmp_path.iterdir()) == []


def test_read_of_what_cannot_be_read_ends_with_1(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "letter.pdf"
    file.write_bytes(b"not a PDF at all")
    assert cli.run(["read", str(file), "--json"]) == ExitCode.WAITING
    answer = printed(capsys)
    assert (answer["outcome"], answer["reason"]) == ("unread", "FF-117")


def test_ingest_takes_files_and_leaves_them_where_they_are(
    office: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    handed = tmp_path / "back file"
    handed.mkdir()
    for case in (RED, "amber-peer-pressure-pdftk-fdf"):
        (handed / f"{case}.pdf").write_bytes(sample(case).read_bytes())
    assert run(office, "ingest", "--quiet", str(handed)) == ExitCode.DONE
    assert len(list(handed.iterdir())) == 2
    assert "New: 2." in capsys.readouterr().err
    assert run(office, "ingest", "--quiet", str(handed)) == ExitCode.DONE
    assert "New: 0. Known already: 2." in capsys.readouterr().err
    assert run(office, "status", "--json") == ExitCode.NOT_RUNNING  # no service has looked
    view = printed(capsys)
    assert view["records"] == 2
    order = [(entry["light"], entry["urgent"]) for entry in view["waiting"]]
    assert order == [("red", False), ("amber", False)]


def test_ingest_with_two_workers_records_each_paper_once(office: Settings, tmp_path: Path) -> None:
    cases = [path.parent.name for path in sorted(sample(RED).parents[1].glob("*/form.pdf"))][:8]
    handed = tmp_path / "back file"
    handed.mkdir()
    for case in cases:
        (handed / f"{case}.pdf").write_bytes(sample(case).read_bytes())
    done = formflow_apart(office, "ingest", "--quiet", "--jobs", "2", str(handed))
    assert done.returncode == 0, done.stderr
    status = json.loads(formflow(office, "status", "--json").stdout)
    assert status["undelivered"] == []
    assert len(files(office.folders.receipts)) == len(cases)


def test_ingest_of_a_path_that_is_not_there_is_said(office: Settings) -> None:
    assert run(office, "ingest", "--quiet", "nowhere.pdf") == ExitCode.USAGE


def test_show_explain_and_ack_know_a_reference_and_say_when_they_do_not(
    office: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    drop(office, RED)
    assert run(office, "run", "--once") == ExitCode.DONE
    assert run(office, "status", "--json") == ExitCode.WAITING
    reference = printed(capsys)["waiting"][0]["reference"]
    assert run(office, "show", reference) == ExitCode.DONE
    assert reference in capsys.readouterr().out
    assert run(office, "explain", reference) == ExitCode.DONE
    out = capsys.readouterr().out
    assert "R2a" in out
    assert "guidance 2.3" in out
    assert run(office, "ack", reference, "--by", "T. Lead") == ExitCode.DONE
    assert run(office, "status") == ExitCode.DONE
    for command in ("show", "explain", "ack"):
        assert run(office, command, "FF-1999-000001") == ExitCode.USAGE


def test_retry_knows_the_destinations(office: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(office, "retry") == ExitCode.DONE
    assert run(office, "retry", "Register workbook") == ExitCode.DONE
    assert "tried again: 0" in capsys.readouterr().err
    assert run(office, "retry", "no such") == ExitCode.USAGE


def test_connectors_list_check_and_spec(
    office: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(office, "connectors", "list", "--json") == ExitCode.DONE
    assert {row["kind"] for row in printed(capsys)} >= {"csv_file", "workbook", "email_alert"}
    assert run(office, "connectors", "check", "--json") == ExitCode.DONE
    assert all(report["ok"] for report in printed(capsys).values())
    assert run(office, "connectors", "spec", "email_alert") == ExitCode.DONE
    assert "host" in printed(capsys)["properties"]
    assert run(office, "connectors", "check", "no such") == ExitCode.USAGE


def test_a_kind_that_needs_an_extra_says_how_to_get_it(
    office: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "find_spec", lambda _: None)
    assert run(office, "connectors", "list", "--json") == ExitCode.DONE
    told = {row["kind"]: row for row in printed(capsys)}
    assert told["csv_file"]["problem"] == ""
    assert told["sftp"]["takes"] == ["record"]
    assert 'pip install "formflow[sftp]"' in told["sftp"]["problem"]


def test_doctor_finds_what_is_wrong_and_says_what_to_do(
    office: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    drop(office, RED)
    run(office, "run", "--once")
    inherit_rights(office.state.folder.parent)
    assert run(office, "doctor") == ExitCode.DONE, capsys.readouterr().out
    (office.watch[0].folder / ".formflow-folder").unlink()
    assert run(office, "doctor") == ExitCode.WAITING
    out = capsys.readouterr().out
    assert "LOOK watched folder" in out
    assert "formflow init" in out


def test_doctor_says_when_no_folder_is_for_decisions_and_what_to_write(
    office: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    file = office.state.folder.parent / "formflow.toml"
    kept = file.read_text("utf-8").splitlines()
    old = [
        line for line in kept if not line.startswith("role = ")
    ]  # a file from before there were roles
    file.write_text("\n".join(old), "utf-8")
    assert run(office, "doctor") == ExitCode.WAITING
    out = capsys.readouterr().out
    assert "LOOK decisions" in out
    assert 'role = "decisions" under the [[watch]]' in out
    assert "“Drop decisions here”" in out


@pytest.mark.slow
def test_forms_list_and_build_check(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert cli.run(["forms", "list", "--json"]) == ExitCode.DONE
    assert printed(capsys)[0]["id"] == "recording"
    assert cli.run(["forms", "build", "--check"]) == ExitCode.DONE
    folder = tmp_path / "recording"
    folder.mkdir()
    definition = Path(__file__).parents[2] / "forms" / "recording" / "form.toml"
    (folder / "form.toml").write_bytes(definition.read_bytes())
    assert cli.run(["forms", "build", "--check", "--folder", str(tmp_path)]) == ExitCode.WAITING
    assert cli.run(["forms", "build", "--folder", str(tmp_path)]) == ExitCode.DONE
    assert cli.run(["forms", "build", "--check", "--folder", str(tmp_path)]) == ExitCode.DONE


def test_the_service_alerts_and_stops_when_told(office: Settings) -> None:
    file = office.state.folder.parent / "formflow.toml"

    service = services.start(("--settings", str(file), "run"), stderr=subprocess.PIPE)
    try:
        eventually((office.state.folder / "heartbeat").exists)
        assert formflow_apart(office, "run", "--once").returncode == ExitCode.ALREADY_RUNNING
        drop(office, RED)
        eventually(lambda: len(files(office.folders.alerts)) == 1)
    finally:
        services.stop(service)
        _, said = service.communicate()
    assert service.returncode == ExitCode.DONE, said
