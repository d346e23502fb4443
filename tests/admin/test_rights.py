"""No path out of a folder, no pipe that hangs the service, nothing with names open to everybody."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from formflow.admin import rights, setup
from formflow.core import files as core_files
from formflow.core.errors import FormDefinitionProblem
from formflow.core.model import Drop
from formflow.core.settings import Settings
from formflow.forms import catalogue, schema
from formflow.pipeline import intake
from formflow.pipeline import sweep as sweeps
from formflow.sdk.conformance import pretend_context
from formflow.sdk.contract import Retryable
from formflow.sdk.folder import DestinationFolder
from formflow.storage import database
from tests.conftest import NOON
from tests.support import worker
from tests.support.offices import drop, dsl_folder, files, formflow

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="rights and pipes of POSIX")
RED = "red-planned-secrecy-pdfjs"


@pytest.fixture(autouse=True)
def usual_rights() -> Iterator[None]:
    """Everybody may read what nobody thought of, as on most computers."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture(autouse=True)
def nobody_waits() -> Iterator[None]:
    """End a test that hangs on a pipe, with its traceback."""

    def hangs(*_: object) -> None:
        raise AssertionError("FormFlow waits for a pipe")

    signal.signal(signal.SIGALRM, hangs)
    signal.alarm(60)
    yield
    signal.alarm(0)


def rights_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# No path out


@pytest.mark.parametrize("code", ["../../x", "A/1", "A 1", "", ".", "A\\1", "a" * 9, 3])
def test_an_agency_forms_code_is_letters_and_digits_or_it_is_refused(
    tmp_path: Path, code: object
) -> None:
    example = Path(__file__).parents[2] / "examples" / "agency-form"
    for path in example.iterdir():
        shutil.copy(path, tmp_path)
    file = tmp_path / "example-school.toml"
    table = file.read_text("utf-8").replace('code = "A1"', f"code = {code!r}")
    file.write_text(table, encoding="utf-8")
    with pytest.raises(FormDefinitionProblem, match="the form: code is"):
        catalogue.load(file)


@pytest.mark.parametrize("form_id", ["../x", "A", "a" * 61, "a/b"])
def test_an_agency_forms_id_has_a_grammar_too(form_id: str) -> None:
    assert any("the form: id is" in line for line in schema.problems({"id": form_id}))


@pytest.mark.parametrize("name", ["../x.html", "a/../../x.html", "/etc/x", "out/x.html"])
def test_nothing_is_put_outside_a_destination_whatever_its_name(tmp_path: Path, name: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (root / "out").symlink_to(tmp_path / "elsewhere")
    folder = DestinationFolder(root, "alert_folder", pretend_context())
    with pytest.raises(Retryable, match="FF-430"), folder.held():
        folder.put({root / name: b"a name"})
    assert not any(path.is_file() for path in tmp_path.rglob("x*"))


# No pipe, link or device is waited for


def test_a_pipe_put_in_place_between_the_look_and_the_copy_hangs_nobody(office: Settings) -> None:
    context = worker.context_of(office)
    path = office.watch[0].folder / "form.pdf"
    os.mkfifo(path)
    with pytest.raises(core_files.NotAFile):
        intake.take(context, Drop(path, "", 0, 0), NOON)


@pytest.mark.parametrize("what", ["pipe", "link", "socket"])
def test_what_is_no_file_in_a_watched_folder_is_told_and_hangs_nobody(
    office: Settings, what: str
) -> None:
    watch = office.watch[0].model_copy(update={"settle_seconds": 5})
    path = watch.folder / "form.pdf"
    if what == "pipe":
        os.mkfifo(path)
    elif what == "link":
        path.symlink_to("/dev/zero")
    else:
        os.mknod(path, stat.S_IFSOCK | 0o600)
    context = worker.context_of(office)
    sweeps.sweep(context, watch, NOON)
    later = NOON + timedelta(seconds=5)
    assert sweeps.sweep(context, watch, later).looks == {sweeps.Look.TAKEN: 1}
    while worker.drain(office):
        pass
    assert len(files(office.folders.receipts)) == 1


# Rights


def test_init_closes_the_dsls_folders_and_the_state_to_everybody_else(tmp_path: Path) -> None:
    settings = setup.set_up(tmp_path / "agency")
    only = dsl_folder(settings)
    for folder in (only, *(path for path in only.rglob("*") if path.is_dir())):
        assert rights_of(folder) == 0o770, folder
    assert rights_of(settings.state.folder) == 0o700
    for folder in (
        settings.watch[0].folder,
        settings.folders.receipts,
        settings.folders.blank_forms,
    ):
        assert rights_of(folder) == 0o755


def test_the_folder_for_decisions_is_closed_wherever_it_lies(tmp_path: Path) -> None:
    old = "Safeguarding forms/DSL only/Drop decisions here"
    settings = setup.set_up(tmp_path / "agency", changes=((old, "Elsewhere/For the DSL"),))
    assert rights_of(settings.watch[1].folder) == 0o770
    assert (
        rights_of(settings.watch[1].folder.parent) == rights_of(settings.watch[0].folder) == 0o755
    )


def test_init_keeps_the_rights_of_what_was_there_and_the_group_that_new_folders_inherit(
    tmp_path: Path,
) -> None:
    alerts = tmp_path / "agency" / "Safeguarding forms" / "DSL only" / "Alerts"
    alerts.mkdir(parents=True)
    alerts.chmod(0o755)
    alerts.parent.chmod(0o2750)
    settings = setup.set_up(tmp_path / "agency")
    assert rights_of(alerts) == 0o755
    assert rights_of(alerts.parent) == 0o2750
    assert rights_of(settings.folders.to_decide) == 0o2770


def test_running_changes_no_rights_of_folders_that_are_there(office: Settings) -> None:
    for folder in (office.state.folder, office.folders.alerts):
        folder.chmod(0o751)
    database.open_ledger(office.state.folder).dispose()
    worker.turn(office)
    assert rights_of(office.state.folder) == rights_of(office.folders.alerts) == 0o751
    assert rights_of(office.state.folder / "ledger.sqlite") == 0o600


def test_nothing_that_a_form_becomes_is_open_to_everybody(office: Settings) -> None:
    drop(office, RED)
    assert formflow(office, "run", "--once").returncode == 0
    found = [path for path in dsl_folder(office).rglob("*") if rights_of(path) & 0o007]
    assert found == []
    assert any(rights_of(path) == 0o660 for path in dsl_folder(office).rglob("*.html"))
    assert {rights_of(path) for path in office.folders.receipts.glob("*.html")} == {0o644}


def test_what_a_killed_process_leaves_is_open_to_nobody_else(tmp_path: Path) -> None:
    hangs = (
        "import os, sys; from pathlib import Path; from formflow.core import files\n"
        "with files.temporary(Path(sys.argv[1])) as fresh:\n"
        "    fresh.file.write(b'a name'); fresh.sync(); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", hangs, str(tmp_path)], check=False)
    [left] = tmp_path.iterdir()
    assert rights_of(left) == 0o600


@pytest.mark.parametrize(("folder", "file"), [(0o750, 0o640), (0o700, 0o600), (0o755, 0o644)])
def test_a_file_takes_its_rights_from_its_folder(tmp_path: Path, folder: int, file: int) -> None:
    tmp_path.chmod(folder)
    core_files.write(tmp_path / "page.html", b"a page")
    with core_files.appending(tmp_path / "lines.csv") as lines:
        lines.write(b"a line")
    assert rights_of(tmp_path / "page.html") == rights_of(tmp_path / "lines.csv") == file


def said(office: Settings) -> list[str]:
    return [line.text for line in rights.looked_at(office) if not line.ok]


def test_doctor_finds_nothing_open_in_a_new_agency(office: Settings) -> None:
    drop(office, RED)
    worker.settle(office)
    assert said(office) == []


@pytest.mark.parametrize("mode", [0o777, 0o755, 0o771])
@pytest.mark.parametrize("which", ["alerts", "to_decide", "DSL only", "state"])
def test_doctor_says_what_is_open_to_everybody_and_what_to_do(
    office: Settings, which: str, mode: int
) -> None:
    folder: Any = {"DSL only": dsl_folder(office), "state": office.state.folder}.get(which)
    folder = folder or getattr(office.folders, which)
    folder.chmod(mode)
    [line] = said(office)
    assert "is open to everybody on this computer. Run: chmod -R o-rwx '" in line
    subprocess.run(line.partition("Run: ")[2], shell=True, check=True)  # noqa: S602 - as IT would
    assert said(office) == []


def test_doctor_finds_a_file_with_names_that_everybody_may_read(office: Settings) -> None:
    (office.folders.to_decide / "notes.txt").write_text("a name")
    assert len(said(office)) == 1


def test_a_register_beside_the_offices_folders_does_not_shut_the_office_out(tmp_path: Path) -> None:
    shared = "Safeguarding forms/FormFlow register.xlsx"
    settings = setup.set_up(
        tmp_path / "agency",
        changes=(("Safeguarding forms/DSL only/FormFlow register.xlsx", shared),),
    )
    assert rights_of(settings.watch[0].folder.parent) == 0o755
    (settings.watch[0].folder.parent / "FormFlow register.xlsx").write_bytes(b"a register")
    assert len(said(settings)) == 1


def test_a_file_with_a_secret_is_looked_at_as_well(office: Settings, tmp_path: Path) -> None:
    secret = tmp_path / "the password of our forms"
    secret.write_text("Sesame")
    reading = office.reading.model_copy(update={"form_password": SecretStr(f"file:{secret}")})
    settings = office.model_copy(update={"reading": reading})
    secret.chmod(0o604)
    [line] = said(settings)
    assert line.startswith(f"{secret}, or something in it, is open to everybody")
    secret.chmod(0o600)
    assert said(settings) == []
