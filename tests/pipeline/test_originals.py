"""Originals are hashed each time they are used: one that was changed is neither read nor delivered, and people are told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from formflow.admin import status
from formflow.core.errors import ExitCode, OriginalChanged
from formflow.core.settings import Settings
from formflow.storage import database
from formflow.storage.originals import Vault
from tests.pipeline.test_walk import entries
from tests.support import worker
from tests.support.offices import drop, dsl_folder, formflow, sample

RED = "red-planned-secrecy-pdfjs"
Done = Callable[[Path], None]


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)


def exchanged(path: Path) -> None:
    path.write_bytes(sample("green-free-play-pdfjs").read_bytes())


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def taken_away(path: Path) -> None:
    path.unlink()


DONE = (flipped, exchanged, emptied, taken_away)


def originals(office: Settings) -> list[Path]:
    return sorted((office.state.folder / "originals").glob("*/*.pdf"))


def codes(office: Settings) -> set[str]:
    return {own.code for own in status.overview(office).own_alerts}


@pytest.mark.parametrize("done", DONE)
def test_a_form_whose_original_was_changed_is_not_read_and_waits(
    office: Settings, done: Done
) -> None:
    worker.hand_over(office, [sample(RED)])
    (original,) = originals(office)
    kept = original.read_bytes()
    done(original)
    worker.drain(office)
    assert entries(office) == []
    view = status.overview(office)
    assert [(row.code, row.papers) for row in view.put_back] == [("FF-451", 1)]
    assert codes(office) == {"FF-451"}
    assert "missing, or has been changed since" in status.as_text(view, office)
    assert formflow(office, "status").returncode != ExitCode.DONE
    worker.drain(office)
    assert any("FF-451" in one.read_text("utf-8") for one in office.folders.alerts.glob("*.html"))
    # Dropped again it is put right, and read.
    assert office.watch[0].folder.joinpath("again.pdf").write_bytes(kept)
    worker.settle(office)
    assert original.read_bytes() == kept
    assert [entry.reference for entry in entries(office)] == ["FF-2026-000001"]


@pytest.mark.parametrize("done", DONE)
def test_an_original_that_was_changed_is_not_delivered_and_people_are_told(
    office: Settings, done: Done
) -> None:
    files = dsl_folder(office) / "Child files"
    files.rename(files.with_name("away"))
    drop(office, RED)
    worker.settle(office)
    kept = {path: path.read_bytes() for path in originals(office)}
    for path in kept:
        done(path)
    files.with_name("away").rename(files)
    formflow(office, "retry")
    worker.turn(office)
    assert list(files.rglob("*original*")) == []
    assert "FF-452" in codes(office)
    view = status.overview(office)
    assert ("Child files", "FF-452") in [(one.destination, one.code) for one in view.undelivered]
    for path, content in kept.items():
        path.write_bytes(content)
    formflow(office, "retry")
    worker.settle(office)
    assert status.overview(office).undelivered == ()
    (filed,) = files.rglob("*original*")
    assert filed.read_bytes() == sample(RED).read_bytes()


def test_it_is_told_once_a_day_however_often_it_is_tried(office: Settings) -> None:
    worker.hand_over(office, [sample(RED)])
    flipped(originals(office)[0])
    worker.drain(office)
    (own,) = status.overview(office).own_alerts
    formflow(office, "ack", own.reference)
    for _ in range(2):
        with database.writing(worker.context_of(office).engine) as connection:
            connection.exec_driver_sql("UPDATE task SET due = 0 WHERE kind = 'read'")
        assert worker.drain(office)
    assert status.overview(office).own_alerts == ()
    assert formflow(office, "status").returncode != ExitCode.DONE, "status goes on saying it"


def test_a_delivery_that_waits_for_its_original_is_told_of_once_a_day_too(office: Settings) -> None:
    files = dsl_folder(office) / "Child files"
    files.rename(files.with_name("away"))
    drop(office, RED)
    worker.settle(office)
    flipped(originals(office)[0])
    files.with_name("away").rename(files)
    for _ in range(2):
        formflow(office, "retry")
        worker.turn(office)
        for own in status.overview(office).own_alerts:
            formflow(office, "ack", own.reference)
    formflow(office, "retry")
    worker.turn(office)
    assert status.overview(office).own_alerts == ()


def test_a_link_in_the_place_of_an_original_is_not_followed(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "originals")
    sha256 = vault.keep_bytes(b"what was dropped")
    path = vault.path(sha256)
    (tmp_path / "elsewhere").write_bytes(b"what was dropped")
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OriginalChanged):
        vault.lend(sha256)


def test_a_reader_that_asks_for_an_original_again_hashes_it_again(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "originals")
    sha256 = vault.keep_bytes(b"what was dropped")
    with vault.lend(sha256) as stream:
        assert stream.read() == b"what was dropped"
    flipped(vault.path(sha256))
    with pytest.raises(OriginalChanged, match="changed since"):
        vault.original(sha256)
    assert vault.keep_bytes(b"what was dropped") == sha256
    assert vault.original(sha256).read_bytes() == b"what was dropped"
