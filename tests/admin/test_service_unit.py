"""The systemd unit: systemd understands it, and FormFlow may write where the settings say, and nowhere else."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from formflow.admin import setup
from formflow.admin.service_unit import unit
from formflow.admin.settings_file import load_settings
from formflow.delivery.overlaps import places_of

HARDENED = {
    "NoNewPrivileges=yes",
    "ProtectSystem=strict",
    "CapabilityBoundingSet=",
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
    "SystemCallFilter=@system-service",
}


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """Return the settings file of an agency whose folders have what unit files give a meaning of its own."""
    setup.set_up(tmp_path / "100% of $HOME")
    return tmp_path / "100% of $HOME" / "formflow.toml"


def test_every_folder_into_which_it_writes_is_writable_and_the_rest_is_not(odd: Path) -> None:
    settings = load_settings(odd)
    lines = unit(settings, odd, "formflow").splitlines()
    assert set(lines) >= HARDENED
    told = [
        shlex.split(line.partition("=")[2])[0] for line in lines if line.startswith("ReadWrite")
    ]
    writable = {Path(path.removeprefix("-").replace("%%", "%")) for path in told}
    for place in places_of(settings):
        assert {place.path, *place.path.parents} & writable, place.name
    assert not any(folder in settings.state.folder.parents for folder in writable)


def test_the_command_starts_the_service_with_these_settings(odd: Path) -> None:
    lines = unit(load_settings(odd), odd, "formflow").splitlines()
    (start,) = [line for line in lines if line.startswith("ExecStart=")]
    words = shlex.split(start.partition("=")[2].replace("$$", "$").replace("%%", "%"))
    assert words[1:] == ["--settings", str(odd), "run"]


def test_an_accounts_own_unit_names_no_account_and_confines_nothing(odd: Path) -> None:
    lines = unit(load_settings(odd), odd, None).splitlines()
    assert not [line for line in lines if line.startswith(("User=", "Protect", "ReadWrite"))]
    assert {"WantedBy=default.target", "NoNewPrivileges=yes", "UMask=0077"} <= set(lines)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")
@pytest.mark.parametrize("user", ["root", None])
def test_systemd_understands_it(odd: Path, tmp_path: Path, user: str | None) -> None:
    (tmp_path / "formflow.service").write_text(unit(load_settings(odd), odd, user), "utf-8")
    done = subprocess.run(
        [
            "systemd-analyze",
            *(() if user else ("--user",)),
            "verify",
            tmp_path / "formflow.service",
        ],
        env=os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
