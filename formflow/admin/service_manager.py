"""What starts FormFlow with this computer, whichever system it is: put in place, taken away, asked how it is."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from formflow.admin.service_files import LABEL, plist, task
from formflow.admin.service_unit import unit
from formflow.core import files
from formflow.core.errors import ExitCode, FormFlowError, StorageProblem
from formflow.core.settings import Settings

UNIT, TASK = "formflow.service", "FormFlow"
SYSTEMD_FOLDER = Path("/etc/systemd/system")
ANSWER_SECONDS = 60.0
Command = tuple[str, ...]
_STATE = ("state =", "Status:")  # of launchctl and schtasks; systemctl says nothing else


class ManagerProblem(FormFlowError):
    """What starts programs on this computer did not do what it was asked to."""

    exit_code = ExitCode.NOT_RUNNING


@dataclass(frozen=True, slots=True)
class Manager:
    """What starts programs on one system: the file that it goes by, and the commands that it knows."""

    name: str
    file: Path
    content: bytes
    stop: tuple[Command, ...]  # an earlier one; fails where none is at work
    install: tuple[Command, ...]
    uninstall: tuple[Command, ...]
    forget: tuple[Command, ...]  # when the file is gone
    ask: Command
    advice: str  # what a person still has to do; "" for nothing

    @property
    def text(self) -> str:
        """The file's content, to be read."""
        return self.content.decode("utf-16" if self.content[:2] == b"\xff\xfe" else "utf-8")


def is_administrator() -> bool:
    """Return whether FormFlow may be installed here for the whole computer. Windows asks by itself."""
    return sys.platform == "win32" or os.geteuid() == 0


def manager(
    settings: Settings,
    settings_file: Path,
    account: str,
    *,
    system: str = sys.platform,
    for_all: bool,
    home: Path | None = None,
) -> Manager:
    """Return what starts programs on a system: "win32", "darwin" or "linux".

    `for_all` says that it starts with the computer, under `account`; else with the one who installs it.
    """
    at_home = home or Path.home()
    if system == "win32":
        return _task_scheduler(settings, settings_file, account)
    if system == "darwin":
        return _launchd(settings_file, account if for_all else None, at_home)
    return _systemd(settings, settings_file, account if for_all else None, at_home)


def install(chosen: Manager) -> None:
    """Put the file in place and start FormFlow, again if it runs already. Raise StorageProblem or ManagerProblem."""
    try:
        files.make_folder(chosen.file.parent)
        files.write(chosen.file, chosen.content)
    except OSError as problem:
        words = f"{chosen.file} cannot be written ({type(problem).__name__})."
        raise StorageProblem(words, "Run this as an administrator.") from None
    for command in chosen.stop:
        _ended(command)
    for command in chosen.install:
        run(command)


def uninstall(chosen: Manager) -> bool:
    """Stop FormFlow and take the file away; return whether there was one. Raise StorageProblem or ManagerProblem."""
    if not chosen.file.exists():
        return False
    for command in chosen.stop:
        _ended(command)
    for command in chosen.uninstall:
        run(command)
    try:
        chosen.file.unlink()
    except OSError as problem:
        words = f"{chosen.file} cannot be removed ({type(problem).__name__})."
        raise StorageProblem(words, "Run this as an administrator.") from None
    for command in chosen.forget:
        run(command)
    return True


def answer(chosen: Manager) -> str:
    """Return what the manager says of FormFlow, in one line. Raise ManagerProblem where it is not there."""
    ended = _ended(chosen.ask)
    lines = [line.strip() for line in (ended.stdout or ended.stderr).strip().splitlines()]
    told = next((line for line in lines if line.startswith(_STATE)), lines[-1] if lines else "")
    return told or f"ended with {ended.returncode}"


def run(command: Command) -> None:
    """Run one command of the system. Raise ManagerProblem, in words, when it fails."""
    ended = _ended(command)
    if ended.returncode != 0:
        said = ended.stderr.strip().splitlines()
        why = f": {said[-1].strip()}" if said else "."
        raise ManagerProblem(
            f"“{_in_words(command)}” failed ({ended.returncode}){why}",
            "FormFlow itself is unchanged. “formflow run” starts it without this.",
        )


def _ended(command: Command) -> subprocess.CompletedProcess[str]:
    try:
        # Nothing is taken from the keyboard's way: schtasks asks for the password of the account.
        return subprocess.run(
            command,
            stdout=subprocess.PIPE if "/RP" not in command else None,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            timeout=ANSWER_SECONDS if "/RP" not in command else None,
            check=False,
        )
    except FileNotFoundError:
        raise ManagerProblem(
            f"“{command[0]}” is not on this computer.",
            "“formflow service install --print” shows the file; your own way of starting programs may take it.",
        ) from None
    except subprocess.TimeoutExpired:
        raise ManagerProblem(f"“{_in_words(command)}” did not answer.") from None


def _in_words(command: Sequence[str]) -> str:
    return " ".join(command)


def _systemd(settings: Settings, settings_file: Path, user: str | None, home: Path) -> Manager:
    own: Command = () if user else ("--user",)
    systemctl: Command = ("systemctl", *own)
    folder = SYSTEMD_FOLDER if user else home / ".config" / "systemd" / "user"
    return Manager(
        name="systemd",
        file=folder / UNIT,
        content=unit(settings, settings_file, user).encode(),
        stop=(),
        install=(
            (*systemctl, "daemon-reload"),
            (*systemctl, "enable", UNIT),
            (*systemctl, "restart", UNIT),
        ),
        uninstall=((*systemctl, "disable", "--now", UNIT),),
        forget=((*systemctl, "daemon-reload"),),
        ask=(*systemctl, "is-active", UNIT),
        advice="" if user else "It ends when you log out, unless you run: loginctl enable-linger",
    )


def _launchd(settings_file: Path, user: str | None, home: Path) -> Manager:
    domain = "system" if user else f"gui/{os.getuid() if sys.platform != 'win32' else 0}"
    folder = Path("/Library/LaunchDaemons") if user else home / "Library" / "LaunchAgents"
    file = folder / f"{LABEL}.plist"
    return Manager(
        name="launchd",
        file=file,
        content=plist(settings_file, user),
        stop=(("launchctl", "bootout", f"{domain}/{LABEL}"),),
        install=(("launchctl", "bootstrap", domain, str(file)),),
        uninstall=(),
        forget=(),
        ask=("launchctl", "print", f"{domain}/{LABEL}"),
        advice="" if user else "It ends when you log out. As root it starts with the computer.",
    )


def _task_scheduler(settings: Settings, settings_file: Path, account: str) -> Manager:
    file = settings.state.folder.resolve() / "formflow-task.xml"
    create = ("schtasks", "/Create", "/TN", TASK, "/XML", str(file), "/F")
    return Manager(
        name="Task Scheduler",
        file=file,
        content=task(settings_file, account).encode("utf-16"),
        stop=(("schtasks", "/End", "/TN", TASK),),
        install=((*create, "/RU", account, "/RP", "*"), ("schtasks", "/Run", "/TN", TASK)),
        uninstall=(("schtasks", "/Delete", "/TN", TASK, "/F"),),
        forget=(),
        ask=("schtasks", "/Query", "/TN", TASK, "/FO", "LIST"),
        advice=f"{account} needs the right “Log on as a batch job”.",
    )
