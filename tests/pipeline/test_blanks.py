"""The forms in “Blank forms” stay ours: changed ones are put back with a word, and nothing else is touched."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import pytest

from formflow.admin import setup
from formflow.core import files
from formflow.core.settings import Settings
from formflow.forms import catalogue
from formflow.pipeline import blanks
from tests.pipeline.test_walk import entries
from tests.support import worker
from tests.support.offices import drop, formflow
from tests.support.systems import needs_links

NOW = datetime(2026, 11, 26, tzinfo=UTC)
FORM = next(blanks.ours())


@pytest.fixture
def blank(office: Settings) -> Path:
    setup.make_folders(office)
    worker.turn(office)
    return blanks.file_of(FORM, office.folders.blank_forms)


def told(office: Settings) -> str:
    """Return what FormFlow says of itself."""
    return formflow(office, "status").stdout


def test_a_blank_that_was_changed_is_put_back_and_told_once(office: Settings, blank: Path) -> None:
    ours = FORM.blank.read_bytes()
    assert blank.read_bytes() == ours
    assert "FF-145" not in told(office)
    for _ in range(2):
        blank.write_bytes(ours.replace(b"%PDF", b"%PDG"))
        worker.turn(office)
        assert blank.read_bytes() == ours
    assert told(office).count("FF-145") == 1
    assert blank.name in told(office)


def test_a_change_that_keeps_the_size_is_seen(office: Settings, blank: Path) -> None:
    ours = FORM.blank.read_bytes()
    blank.write_bytes(ours[:-1] + b" ")
    os.utime(blank, (1, 1))
    worker.turn(office)
    assert blank.read_bytes() == ours


def test_a_blank_that_is_missing_is_laid_out_again_without_a_word(
    office: Settings, blank: Path
) -> None:
    blank.unlink()
    worker.turn(office)
    assert blank.read_bytes() == FORM.blank.read_bytes()
    assert "FF-14" not in told(office)


def test_what_a_kill_left_of_a_blank_is_taken_away(blank: Path) -> None:
    left = blank.with_name(".formflow-0123456789abcdef.tmp")
    left.write_bytes(b"%PDF")
    blanks.Blanks(blank.parent).compare(lambda *_: None, NOW)
    assert not left.exists()


@needs_links
def test_a_link_in_its_place_is_replaced_and_not_followed(office: Settings, blank: Path) -> None:
    other = office.state.folder / "other.pdf"
    other.write_bytes(b"mine")
    blank.unlink()
    blank.symlink_to(other)
    worker.turn(office)
    assert not blank.is_symlink()
    assert blank.read_bytes() == FORM.blank.read_bytes()
    assert other.read_bytes() == b"mine"


def test_other_files_in_the_folder_are_left_alone(office: Settings, blank: Path) -> None:
    own = blank.parent / "How we fill it in.pdf"
    own.write_bytes(b"own")
    worker.turn(office)
    assert own.read_bytes() == b"own"


def test_one_that_cannot_be_put_back_ends_in_words(
    office: Settings, blank: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = files.write

    def refused(final: Path, content: bytes) -> None:
        if final == blank:
            raise PermissionError
        write(final, content)

    blank.write_bytes(b"another form")
    monkeypatch.setattr(files, "write", refused)
    worker.turn(office)
    worker.turn(office)
    assert told(office).count("FF-146") == 1
    assert blank.read_bytes() == b"another form"
    monkeypatch.setattr(files, "write", write)
    worker.turn(office)
    assert blank.read_bytes() == FORM.blank.read_bytes()


def test_a_folder_in_its_place_ends_in_words(office: Settings, blank: Path) -> None:
    blank.unlink()
    blank.mkdir()
    worker.turn(office)
    assert "FF-146" in told(office)
    assert blank.is_dir()


def test_a_blank_that_nobody_touched_is_not_read_again(
    office: Settings, blank: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[Path] = []
    real = files.opened

    def noted(path: Path, *, follow: bool = False) -> BinaryIO:
        looked_at.append(path)
        return real(path, follow=follow)

    monkeypatch.setattr(files, "opened", noted)
    worker.turn(office)
    assert blank not in looked_at


def test_an_older_version_is_brought_up_to_date_without_a_word(tmp_path: Path) -> None:
    said: list[str] = []
    older = [one for one in catalogue.known() if not one.is_sheet and one.form_id == FORM.form_id]
    file = blanks.file_of(FORM, tmp_path)
    for form in older:
        file.write_bytes(form.blank.read_bytes())
        blanks.Blanks(tmp_path, "long").compare(lambda code, *_: said.append(code), NOW)
        assert file.read_bytes() == FORM.blank.read_bytes()
    assert said == []


def test_one_that_cannot_be_put_back_is_told_once_also_when_that_has_been_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_final: Path, _content: bytes) -> None:
        raise PermissionError

    blanks.file_of(FORM, tmp_path).write_bytes(b"another form")
    monkeypatch.setattr(files, "write", refused)
    said: list[str] = []
    kept = blanks.Blanks(tmp_path, "long")
    for _ in range(2):
        kept.compare(lambda code, *_: said.append(code), NOW)
    assert said == [blanks.CHANGED, blanks.CANNOT_BE_PUT_BACK]


def test_a_folder_that_cannot_be_looked_at_holds_up_no_form(office: Settings) -> None:
    """A share whose connection has gone stale is neither there nor away: the system raises."""
    setup.make_folders(office)
    folders = office.folders.model_copy(update={"blank_forms": Path("n" * 300)})
    away = office.model_copy(update={"folders": folders})
    drop(away, "red-planned-secrecy-pdfjs")
    worker.settle(away)
    assert len(entries(away)) == 1


@pytest.mark.parametrize(
    ("choice", "codes"), [("both", ["F1", "F1s"]), ("short", ["F1s"]), ("long", ["F1"])]
)
def test_the_agency_chooses_which_recording_forms_lie_there(
    office: Settings, choice: str, codes: list[str]
) -> None:
    setup.make_folders(office)
    own = office.folders.blank_forms / "How we fill it in.pdf"
    own.write_bytes(b"own")
    agency = office.agency.model_copy(update={"recording_forms": choice})
    chosen = office.model_copy(update={"agency": agency})
    worker.turn(chosen)
    there = {file.name for file in office.folders.blank_forms.iterdir()}
    wanted = {blanks.file_of(form, Path()).name for form in blanks.ours(choice)}
    assert there == wanted | {own.name}
    assert [form.code for form in blanks.ours(choice)] == codes


def test_a_form_of_ones_own_under_the_name_of_one_left_out_stays(tmp_path: Path) -> None:
    file = blanks.file_of(FORM, tmp_path)
    file.write_bytes(b"ours, with our badge")
    blanks.Blanks(tmp_path, "short").compare(lambda *_: None, NOW)
    assert file.read_bytes() == b"ours, with our badge"
