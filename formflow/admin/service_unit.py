"""The systemd unit of an agency: what starts FormFlow with the computer, and what it may touch."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from formflow.core.errors import ExitCode
from formflow.core.settings import Settings
from formflow.delivery.overlaps import places_of

UNIT = """\
# Written by "formflow service install". When folders of the settings change, run that again.

[Unit]
Description={description}
{after}
[Service]
Type=exec
{account}ExecStart={command} --settings {settings_file} run
Restart=always
RestartSec=10
# Starting again mends neither a settings file nor a second FormFlow.
RestartPreventExitStatus={SETTINGS} {ALREADY_RUNNING}
SuccessExitStatus={STOPPED}
# FormFlow ends its own processes; what is left after this long is killed, and nothing is lost by that.
KillMode=mixed
TimeoutStopSec=10

UMask=0077
NoNewPrivileges=yes
{confined}
[Install]
WantedBy={target}
"""
DESCRIPTION = "FormFlow: safeguarding forms from a folder to the agency's own records"
AFTER = """\
Wants=network-online.target
After=network-online.target remote-fs.target
"""
# Nothing about memory that is written and run: PDFium is called through libffi, which needs that.
CONFINED = """\
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=read-only
{writable}
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
"""


def unit(settings: Settings, settings_file: Path, user: str | None) -> str:
    """Return the unit for a settings file. Relative folders count from that file already.

    With a user it is the system's, and that account must be one that may use these folders, and no other. Without,
    it is for whoever installs it: an account's own systemd cannot confine what it starts.
    """
    is_systems = user is not None
    codes = {code.name: int(code) for code in ExitCode}
    return UNIT.format(
        description=DESCRIPTION,
        after=AFTER if is_systems else "",
        account=f"User={user}\n" if is_systems else "",
        command=_in_command(str(program())),
        settings_file=_in_command(str(settings_file.resolve())),
        confined=CONFINED.format(writable="\n".join(_writable(settings))) if is_systems else "",
        target="multi-user.target" if is_systems else "default.target",
        **codes,
    )


def _writable(settings: Settings) -> list[str]:
    """Return a line for each folder into which FormFlow writes. One that is not there holds up nothing."""
    folders = {
        (place.path.parent if place.is_file else place.path).resolve()
        for place in places_of(settings)
    }
    folders.add(settings.state.folder.resolve())
    inside = {one for one in folders if any(other in one.parents for other in folders)}
    return [f"ReadWritePaths={_quoted(f'-{folder}')}" for folder in sorted(folders - inside)]


def program() -> Path:
    """Return where the command is, beside the Python that runs this."""
    here = Path(sys.executable).parent
    return Path(shutil.which("formflow", path=str(here)) or here / "formflow")


def _quoted(path: str) -> str:
    """Return a path as a unit file expects it: quoted, with what systemd would replace written twice."""
    safe = path.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{safe}"'


def _in_command(word: str) -> str:
    """Return a word of a command line, in which a variable could stand as well."""
    return _quoted(word).replace("$", "$$")
