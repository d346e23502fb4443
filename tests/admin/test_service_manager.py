"""`formflow service`: the files that start FormFlow, what is run to put them in place, and what is said when that fails."""

from __future__ import annotations

import os
import plistlib
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from defusedxml import ElementTree

from formflow.admin import service_manager, setup
from formflow.admin.service_manager import Manager, manager
from formflow.admin.settings_file import load_settings
from formflow.core.errors import ExitCode, StorageProblem
from formflow.core.settings import Settings
from formflow.pipeline import service
from tests.support.offices import formflow

NAMESPACE = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
# What Task Scheduler's schema allows in each element that the task has, of those that are no text.
ALLOWED = {
    "Task": {"RegistrationInfo", "Triggers", "Settings", "Data", "Principals", "Actions"},
    "RegistrationInfo": {"Description", "Author", "Date", "Version", "URI", "Source"},
    "Triggers": {"BootTrigger"},
    "BootTrigger": {"Enabled", "StartBoundary", "EndBoundary", "Repetition", "Delay"},
    "Repetition": {"Interval", "Duration", "StopAtDurationEnd"},
    "Principals": {"Principal"},
    "Principal": {"UserId", "LogonType", "GroupId", "DisplayName", "RunLevel"},
    "Settings": {
        "AllowStartOnDemand", "RestartOnFailure", "MultipleInstancesPolicy", "DisallowStartIfOnBatteries",
        "StopIfGoingOnBatteries", "AllowHardTerminate", "StartWhenAvailable", "NetworkProfileName",
        "RunOnlyIfNetworkAvailable", "WakeToRun", "Enabled", "Hidden", "DeleteExpiredTaskAfter", "IdleSettings",
        "NetworkSettings", "ExecutionTimeLimit", "Priority", "RunOnlyIfIdle",
    },
    "Actions": {"Exec"},
    "Exec": {"Command", "Arguments", "WorkingDirectory"},
}  # fmt: skip


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """Return the settings file of an agency in a folder with spaces and what XML gives a meaning of its own."""
    setup.set_up(tmp_path / "forms & files of 7")
    return tmp_path / "forms & files of 7" / "formflow.toml"


def chosen(file: Path, system: str, home: Path, *, for_all: bool = False) -> Manager:
    return manager(
        load_settings(file), file, "SCHOOL\\forms", system=system, for_all=for_all, home=home
    )


def test_the_task_is_one_that_task_scheduler_takes(odd: Path, tmp_path: Path) -> None:
    made = chosen(odd, "win32", tmp_path)
    assert made.content.startswith(b"\xff\xfe")  # schtasks takes UTF-16 with its mark
    root = ElementTree.fromstring(made.content)
    assert (root.tag, root.get("version")) == (f"{NAMESPACE}Task", "1.2")
    for element in root.iter():
        name = element.tag.removeprefix(NAMESPACE)
        inside = {child.tag.removeprefix(NAMESPACE) for child in element}
        assert inside <= ALLOWED.get(name, set()), name
        assert len(inside) == len(element), name
    told = {element.tag.removeprefix(NAMESPACE): element.text for element in root.iter()}
    assert told["UserId"] == "SCHOOL\\forms"
    assert told["ExecutionTimeLimit"] == "PT0S"  # not three days
    assert told["MultipleInstancesPolicy"] == "IgnoreNew"
    assert told["Interval"] == "PT5M"
    assert told["Arguments"] == f'--settings "{odd}" run'
    assert told["WorkingDirectory"] == str(odd.parent)


def test_the_task_asks_for_the_password_of_the_account(odd: Path, tmp_path: Path) -> None:
    made = chosen(odd, "win32", tmp_path)
    create, start = made.install
    assert create[:4] == ("schtasks", "/Create", "/TN", "FormFlow")
    assert create[-4:] == ("/RU", "SCHOOL\\forms", "/RP", "*")
    assert str(made.file) in create
    assert start == ("schtasks", "/Run", "/TN", "FormFlow")


@pytest.mark.parametrize("for_all", [True, False])
def test_the_plist_is_one_that_launchd_takes(odd: Path, tmp_path: Path, for_all: bool) -> None:
    made = chosen(odd, "darwin", tmp_path, for_all=for_all)
    told = plistlib.loads(made.content)
    assert told["ProgramArguments"][1:] == ["--settings", str(odd), "run"]
    assert told["Label"] == made.file.stem
    assert (told["RunAtLoad"], told["KeepAlive"], told["Umask"]) == (True, True, 0o077)
    assert told.get("UserName") == ("SCHOOL\\forms" if for_all else None)
    at_home = tmp_path / "Library" / "LaunchAgents"
    assert made.file.parent == (Path("/Library/LaunchDaemons") if for_all else at_home)
    ((*_, domain, file),) = made.install
    assert file == str(made.file)
    assert domain == "system" if for_all else domain.startswith("gui/")


def test_systemds_file_lies_where_systemd_looks(odd: Path, tmp_path: Path) -> None:
    own = chosen(odd, "linux", tmp_path)
    assert own.file == tmp_path / ".config" / "systemd" / "user" / "formflow.service"
    assert all(command[:2] == ("systemctl", "--user") for command in own.install)
    whole = chosen(odd, "linux", tmp_path, for_all=True)
    assert whole.file == Path("/etc/systemd/system/formflow.service")
    assert "User=SCHOOL\\forms" in whole.text


SYSTEMCTL = """\
#!/bin/sh
echo "$@" >> "{calls}"
case "$*" in *"{fails}"*) echo "Failed to do it: it is not there" >&2; exit 5;; esac
echo active
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a systemctl in the way that writes down how it is called; return where."""
    if sys.platform == "win32":
        pytest.skip("Windows has no systemctl, and no shell for one that pretends")
    return pretend(tmp_path, monkeypatch, fails="nothing")


def pretend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, fails: str) -> Path:
    program, told = tmp_path / "bin" / "systemctl", tmp_path / "calls"
    program.parent.mkdir(exist_ok=True)
    program.write_text(SYSTEMCTL.format(calls=told, fails=fails), "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(service_manager, "SYSTEMD_FOLDER", tmp_path / "system")
    monkeypatch.setattr(service_manager, "is_administrator", lambda: False)
    monkeypatch.setattr(sys, "platform", "linux")
    return told


def test_it_is_installed_asked_and_taken_away(office: Settings, calls: Path) -> None:
    file = calls.parent / ".config" / "systemd" / "user" / "formflow.service"
    before = formflow(office, "service", "status")
    assert before.returncode == ExitCode.NOT_RUNNING
    assert before.stdout.startswith("Does not start with the computer.")
    done = formflow(office, "service", "install")
    assert done.returncode == ExitCode.DONE, done.stderr
    assert "by systemd" in done.stderr
    assert "loginctl enable-linger" in done.stderr
    shown = formflow(office, "service", "install", "--print")
    assert file.read_text("utf-8") == shown.stdout
    assert stat.S_IMODE(file.stat().st_mode) & 0o022 == 0
    with service.alone(office):
        asked = formflow(office, "service", "status")
    assert asked.returncode == ExitCode.DONE
    assert "systemd says: active\nAt work now.\n" in asked.stdout
    gone = formflow(office, "service", "uninstall")
    assert gone.returncode == ExitCode.DONE, gone.stderr
    assert not file.exists()
    again = formflow(office, "service", "uninstall")
    assert again.returncode == ExitCode.DONE
    assert "does not start with the computer" in again.stderr
    assert calls.read_text("utf-8").splitlines() == [
        "--user daemon-reload",
        "--user enable formflow.service",
        "--user restart formflow.service",
        "--user is-active formflow.service",
        "--user disable --now formflow.service",
        "--user daemon-reload",
    ]


def test_what_root_installed_is_seen_by_the_account_that_it_runs_under(
    office: Settings, calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = calls.parent / "system"
    monkeypatch.setattr(service_manager, "is_administrator", lambda: True)
    assert formflow(office, "service", "install").returncode == ExitCode.DONE
    monkeypatch.setattr(service_manager, "is_administrator", lambda: False)
    asked = formflow(office, "service", "status")
    assert f"by systemd: {folder / 'formflow.service'}" in asked.stdout
    assert calls.read_text("utf-8").splitlines()[-1] == "is-active formflow.service"


@pytest.mark.usefixtures("calls")
def test_what_systemctl_does_not_do_is_told_in_words(
    office: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(tmp_path, monkeypatch, fails="enable")
    done = formflow(office, "service", "install")
    assert done.returncode == ExitCode.NOT_RUNNING
    assert done.stderr.splitlines() == [
        "“systemctl --user enable formflow.service” failed (5): Failed to do it: it is not there",
        "FormFlow itself is unchanged. “formflow run” starts it without this.",
    ]


@pytest.mark.usefixtures("calls")
def test_a_computer_without_systemd_is_told_in_words(
    office: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    done = formflow(office, "service", "install")
    assert done.returncode == ExitCode.NOT_RUNNING
    assert "“systemctl” is not on this computer." in done.stderr


def test_a_folder_that_only_an_administrator_may_write_is_told_in_words(
    odd: Path, tmp_path: Path
) -> None:
    made = chosen(odd, "linux", tmp_path / "no folder")
    (tmp_path / "no folder").write_text("a file", "utf-8")
    with pytest.raises(StorageProblem) as problem:
        service_manager.install(made)
    assert "Run this as an administrator." in problem.value.advice


def test_showing_it_changes_nothing(office: Settings, calls: Path) -> None:
    done = formflow(office, "service", "install", "--print")
    assert done.returncode == ExitCode.DONE
    assert "ExecStart=" in done.stdout
    assert not calls.exists()
    assert not (calls.parent / ".config").exists()


def test_the_state_is_found_in_what_managers_say(
    monkeypatch: pytest.MonkeyPatch, odd: Path
) -> None:
    said = {
        "darwin": "org.formflow.service = {\n\tactive count = 1\n\tstate = running\n}\n",
        "win32": "\nHostName:  PC\nTaskName:  \\FormFlow\nStatus:    Running\nLogon Mode: Background\n",
        "linux": "inactive\n",
    }
    told = {}
    for system, words in said.items():
        ended = subprocess.CompletedProcess([], 0, words, "")
        monkeypatch.setattr(service_manager, "_ended", lambda _command, ended=ended: ended)
        told[system] = service_manager.answer(chosen(odd, system, Path("/home/forms")))
    assert told == {
        "darwin": "state = running",
        "win32": "Status:    Running",
        "linux": "inactive",
    }
