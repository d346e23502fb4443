"""What starts FormFlow with a computer that has no systemd: a task for Windows' Task Scheduler, a plist for launchd."""

from __future__ import annotations

import plistlib
import subprocess
from pathlib import Path
from xml.sax.saxutils import escape

from formflow.admin.service_unit import DESCRIPTION, program

LABEL = "org.formflow.service"
# “Restart on failure” counts only a program that could not be started, so the start is tried again and again:
# while FormFlow runs, Task Scheduler ignores that.
TASK = """\
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>{description}</Description>
  </RegistrationInfo>
  <Triggers>
    <BootTrigger>
      <Repetition>
        <Interval>PT5M</Interval>
      </Repetition>
    </BootTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>{account}</UserId>
      <LogonType>Password</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <RunOnlyIfNetworkAvailable>false</RunOnlyIfNetworkAvailable>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Enabled>true</Enabled>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>{command}</Command>
      <Arguments>{arguments}</Arguments>
      <WorkingDirectory>{folder}</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
"""


def task(settings_file: Path, account: str) -> str:
    """Return the task of Windows' Task Scheduler, as XML: at startup, without end, under an account with a password."""
    file = settings_file.resolve()
    return TASK.format(
        description=escape(DESCRIPTION),
        account=escape(account),
        command=escape(str(program())),
        arguments=escape(subprocess.list2cmdline(["--settings", str(file), "run"])),
        folder=escape(str(file.parent)),
    )


def plist(settings_file: Path, user: str | None) -> bytes:
    """Return the plist of launchd. With a user it is the computer's; without, that of whoever installs it."""
    file = settings_file.resolve()
    return plistlib.dumps(
        {
            "Label": LABEL,
            "ProgramArguments": [str(program()), "--settings", str(file), "run"],
            "WorkingDirectory": str(file.parent),
            "RunAtLoad": True,
            "KeepAlive": True,
            "ThrottleInterval": 60,  # seconds between two starts: a wrong settings file mends itself not at once
            "ProcessType": "Background",
            "Umask": 0o077,
            **({"UserName": user} if user else {}),
        },
        sort_keys=False,
    )
