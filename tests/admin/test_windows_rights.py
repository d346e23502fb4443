"""On Windows nobody who stands for everybody is on the list of what holds names."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from formflow.admin import rights, setup, windows_rights
from formflow.core.settings import Settings
from tests.support.systems import inherit_rights

OFFICE = "S-1-5-21-1004336348-1177238915-682003330-1001"
DOMAIN_USERS = "S-1-5-21-1004336348-1177238915-682003330-513"
DSLS = "S-1-5-21-1004336348-1177238915-682003330-1105"
IN_PROGRAM_DATA = (
    f"O:{OFFICE}D:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)(A;OICIIOID;GA;;;CO)(A;OICIID;0x1200a9;;;BU)"
    "(A;CIID;DCLCRPCR;;;BU)"
)
on_windows = pytest.mark.skipif(sys.platform != "win32", reason="lists of accounts are Windows'")


@pytest.mark.parametrize(
    "group",
    ["WD", "AU", "BU", "IU", "S-1-1-0", "S-1-5-11", "S-1-5-32-545", "DU", DOMAIN_USERS],
)
def test_a_group_that_everybody_is_in_makes_a_folder_open(group: str) -> None:
    closed = f"O:BAG:DUD:PAI(A;OICI;FA;;;SY)(A;OICI;0x1301bf;;;{DSLS})"
    assert not windows_rights.names_everybody(closed)
    assert windows_rights.names_everybody(f"{closed}(A;OICI;0x1200a9;;;{group})")
    assert not windows_rights.names_everybody(f"{closed}(D;OICI;FA;;;{group})")


def test_a_disk_without_rights_is_open() -> None:
    assert windows_rights.names_everybody("O:BAD:NO_ACCESS_CONTROL")


def test_a_folder_is_closed_to_everybody_and_to_nobody_else() -> None:
    assert windows_rights.names_everybody(IN_PROGRAM_DATA)
    closed = windows_rights.without_everybody(IN_PROGRAM_DATA)
    assert closed == (
        f"D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICIIO;GA;;;CO)(A;OICI;FA;;;{OFFICE})"
    )
    assert not windows_rights.names_everybody(closed)


def test_who_made_a_folder_keeps_it_where_only_everybody_was_on_its_list() -> None:
    """At the top of a disk it is Authenticated Users that may write, and nobody by name."""
    closed = windows_rights.without_everybody(f"O:{OFFICE}G:DUD:AI(A;OICIID;0x1301bf;;;AU)")
    assert closed == f"D:P(A;OICI;FA;;;{OFFICE})"


def test_whom_a_list_keeps_out_it_keeps_out_first() -> None:
    closed = windows_rights.without_everybody(f"O:SYD:(A;;FA;;;BA)(D;ID;FA;;;{DSLS})(D;ID;FA;;;BG)")
    assert closed == f"D:P(D;;FA;;;{DSLS})(D;;FA;;;BG)(A;;FA;;;BA)(A;OICI;FA;;;SY)"


def test_the_command_names_groups_so_that_every_language_understands_it() -> None:
    command = windows_rights.command_to_close(Path("a folder"))
    assert command.startswith('icacls "a folder" /inheritance:d /remove:g *S-1-1-0 ')
    assert command.endswith(" /T")


@on_windows
def test_init_closes_the_dsls_folders_and_the_state(tmp_path: Path) -> None:
    if sys.platform == "win32":  # for mypy
        made = setup.set_up(tmp_path / "agency")
        for folder in (made.state.folder, *rights.confidential(made)):
            assert not windows_rights.is_open(folder), folder


@on_windows
def test_a_share_that_refuses_holds_up_no_init_and_doctor_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """“Change” is what most shares allow: files, folders, and not their lists."""

    def refused(*_: object) -> None:
        raise PermissionError(13, "Access denied")

    monkeypatch.setattr(windows_rights, "put", refused)
    made = setup.set_up(tmp_path / "agency")
    assert not all(line.ok for line in rights.looked_at(made))


@on_windows
def test_doctor_says_what_everybody_may_open_and_what_to_do(office: Settings) -> None:
    if sys.platform == "win32":
        inherit_rights(office.state.folder.parent)
        assert [line.ok for line in rights.looked_at(office)] == [True]
        inside = office.folders.alerts / "alert.html"
        inside.write_bytes(b"")
        for place in (inside, office.state.folder):
            windows_rights.put(place, "D:P(A;;FA;;;WD)(A;;FA;;;BA)")
        told = [line.text for line in rights.looked_at(office) if not line.ok]
        assert [text.partition(", or something")[0] for text in told] == [
            str(office.folders.alerts.parent),  # the register lies there, so all of it is hers
            str(office.state.folder),
        ]
        assert all("Run: icacls " in text for text in told)
