"""Folders that overlap are refused when the settings are loaded, with both names."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from formflow.admin import settings_file
from formflow.core.errors import SettingsProblem
from formflow.core.settings import Destination, Settings, Watch
from formflow.delivery import overlaps
from formflow.delivery.overlaps import Place, Use
from formflow.pipeline import sweep as sweeps
from tests.conftest import NOON
from tests.support import worker
from tests.support.offices import drop, files
from tests.support.systems import needs_links

LINES = '[[destination]]\nname = "{name}"\nkind = "csv_file"\nfolder = "{folder}"\n'
REGISTER = '[[destination]]\nname = "{name}"\nkind = "workbook"\nfile = "{file}"\n'


def problems(tmp_path: Path, text: str) -> list[str]:
    """Return what stands against a settings file, [] when it can be loaded."""
    file = tmp_path / "formflow.toml"
    file.write_text(text, encoding="utf-8")
    try:
        settings_file.load_settings(file)
    except SettingsProblem as found:
        return list(found.problems)
    return []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[[watch]]\nfolder = "a"\n[folders]\nalerts = "a"\n',
            "watch[0].folder and folders.alerts are the same folder",
        ),
        (
            '[[watch]]\nfolder = "a"\n' + LINES.format(name="X", folder="a"),
            "watch[0].folder and destination “X”.folder are the same folder",
        ),
        (
            '[[watch]]\nfolder = "a/b"\n' + LINES.format(name="X", folder="a"),
            "watch[0].folder lies inside destination “X”.folder",
        ),
        (
            '[[watch]]\nfolder = "a"\n' + REGISTER.format(name="X", file="a/r.xlsx"),
            "destination “X”.file lies inside watch[0].folder",
        ),
        (
            '[[watch]]\nfolder = "a"\n[[watch]]\nfolder = "b/../a"\n',
            "watch[0].folder and watch[1].folder are the same folder",
        ),
        (
            '[[watch]]\nfolder = "a"\n[[watch]]\nfolder = "a/hers"\nrole = "decisions"\n',
            "watch[1].folder lies inside watch[0].folder",
        ),
        (
            '[[watch]]\nfolder = "hers/a"\n[[watch]]\nfolder = "hers"\nrole = "decisions"\n',
            "watch[0].folder lies inside watch[1].folder",
        ),
        (
            '[[watch]]\nfolder = "a"\nrole = "head teacher"\n',
            "watch[0].role: input should be 'staff' or 'decisions'",
        ),
        (
            '[[watch]]\nfolder = "a"\n[state]\nfolder = "a/state"\n',
            "state.folder lies inside watch[0].folder",
        ),
        (
            '[state]\nfolder = "s"\n' + LINES.format(name="X", folder="s"),
            "state.folder and destination “X”.folder are the same folder",
        ),
        (
            '[folders]\nblank_forms = "a"\nneeds_attention = "a"\n',
            "folders.blank_forms and folders.needs_attention are the same folder",
        ),
        (
            '[folders]\nforms = "a"\n[[watch]]\nfolder = "a/in"\n',
            "watch[0].folder lies inside folders.forms",
        ),
        (
            '[folders]\nreceipts = "a"\nalerts = "a"\n',
            "folders.alerts and folders.receipts are the same folder",
        ),
        (
            '[folders]\nreceipts = "a"\n' + LINES.format(name="X", folder="a/lines"),
            "destination “X”.folder lies inside folders.receipts",
        ),
        (
            LINES.format(name="X", folder="a") + LINES.format(name="Y", folder="a"),
            "destination “X”.folder and destination “Y”.folder are the same folder",
        ),
        (
            REGISTER.format(name="X", file="a/r.xlsx")
            + REGISTER.format(name="Y", file="./a/r.xlsx"),
            "destination “X”.file and destination “Y”.file are the same file",
        ),
        (
            LINES.format(name="X", folder="a/r") + REGISTER.format(name="Y", file="a/r"),
            "destination “X”.folder and destination “Y”.file are the same folder",
        ),
    ],
)
def test_folders_that_overlap_are_refused_with_both_names(
    tmp_path: Path, text: str, said: str
) -> None:
    found = problems(tmp_path, text)
    assert any(said in line for line in found), found


def test_relative_and_absolute_paths_of_one_folder_are_one_folder(tmp_path: Path) -> None:
    whole = (tmp_path / "forms" / "in").as_posix()
    text = f'[[watch]]\nfolder = "forms/in"\n[[watch]]\nfolder = "{whole}"\n'
    assert len(problems(tmp_path, text)) == 1


@needs_links
def test_a_link_does_not_hide_that_two_folders_are_one(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "elsewhere").symlink_to(tmp_path / "in")
    text = '[[watch]]\nfolder = "in"\n' + LINES.format(name="X", folder="elsewhere/lines")
    [line] = problems(tmp_path, text)
    assert line.startswith("destination “X”.folder lies inside watch[0].folder")


def test_capital_letters_do_not_hide_it_where_the_system_ignores_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = '[[watch]]\nfolder = "In"\n[folders]\nreceipts = "iN"\n'
    monkeypatch.setattr(overlaps, "IGNORES_CAPITALS", False)
    assert problems(tmp_path, text) == []
    monkeypatch.setattr(overlaps, "IGNORES_CAPITALS", True)
    [line] = problems(tmp_path, text)
    assert line.startswith("watch[0].folder and folders.receipts are the same folder")


def test_a_register_beside_the_dsls_folders_and_two_registers_are_fine(tmp_path: Path) -> None:
    only = "Safeguarding forms/DSL only"
    text = REGISTER.format(name="2026", file=f"{only}/Register 2026.xlsx")
    text += REGISTER.format(name="2027", file=f"{only}/Register 2027.xlsx")
    text += LINES.format(name="Lines", folder=f"{only}/Child files")
    text += (
        f'[[destination]]\nname = "Files"\nkind = "child_files"\nfolder = "{only}/Child files"\n'
    )
    assert problems(tmp_path, text) == []


def test_overlaps_are_said_with_every_other_problem(tmp_path: Path) -> None:
    text = '[[watch]]\nfolder = "a"\n[[watch]]\nfolder = "a"\n[folders]\nalerts = "a/b"\n'
    found = problems(tmp_path, text + '[reading]\nform_password = "Sesame"\n')
    assert len(found) == 4


@needs_links
def test_a_link_put_there_after_the_start_stops_the_watching_and_not_the_alerts(
    office: Settings,
) -> None:
    context = worker.context_of(office)
    watch = office.watch[0].model_copy(update={"settle_seconds": 5})
    drop(office, "red-planned-secrecy-pdfjs")
    later = NOON + timedelta(minutes=1)
    assert sweeps.sweep(context, watch, NOON).online
    shutil.rmtree(office.folders.receipts)
    office.folders.receipts.symlink_to(watch.folder)
    assert not sweeps.sweep(context, watch, later).online
    assert files(watch.folder) == ["red-planned-secrecy-pdfjs.pdf"]
    office.folders.receipts.unlink()
    office.folders.receipts.mkdir()
    assert sweeps.sweep(context, watch, later).looks == {sweeps.Look.TAKEN: 1}


def test_a_folder_of_a_strangers_kind_is_seen_whatever_its_setting_is_called(
    tmp_path: Path,
) -> None:
    (tmp_path / "in").mkdir()
    board = Destination.model_validate({"name": "Board", "kind": "x", "board": tmp_path / "in"})
    settings = Settings(watch=(Watch(folder=tmp_path / "in"),), destination=(board,))
    found = list(overlaps.overlaps(tuple(overlaps.places_of(settings))))
    assert found == [
        "watch[0].folder and destination “Board”.board are the same folder; give each its own"
    ]


def test_a_folder_that_is_out_of_reach_is_compared_by_its_name(tmp_path: Path) -> None:
    gone = tmp_path / "not there"
    two = [Place("a", gone, Use.ALONE), Place("b", gone / "x" / "..", Use.ALONE)]
    assert len(list(overlaps.overlaps(two))) == 1
