"""The sweep is the truth: what has settled is taken, what has not is waited for, nothing is guessed."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from formflow.core.settings import Settings, Watch
from formflow.pipeline import gate
from formflow.pipeline import sweep as sweeps
from formflow.pipeline.sweep import Look, Swept, sweep
from tests.conftest import NOON
from tests.support import worker
from tests.support.offices import drop, sample

FORM = "red-planned-secrecy-pdfjs"


@pytest.fixture
def watch(office: Settings) -> Watch:
    return office.watch[0].model_copy(update={"settle_seconds": 5, "incomplete_minutes": 30})


def look(office: Settings, watch: Watch, seconds: float) -> Swept:
    return sweep(worker.context_of(office), watch, NOON + timedelta(seconds=seconds))


def papers(office: Settings) -> int:
    with worker.context_of(office).engine.connect() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM paper").scalar_one())


def test_a_file_is_taken_when_it_has_held_still_for_the_settling_time(
    office: Settings, watch: Watch
) -> None:
    path = drop(office, FORM)
    assert look(office, watch, 0).looks == {Look.SETTLING: 1}
    swept = look(office, watch, 4.9)
    assert swept.looks == {Look.SETTLING: 1}
    assert swept.next_look_seconds == pytest.approx(0.1)
    assert look(office, watch, 5).looks == {Look.TAKEN: 1}
    assert not path.exists()
    assert papers(office) == 1


def test_a_change_starts_the_settling_time_again(office: Settings, watch: Watch) -> None:
    path = drop(office, FORM)
    look(office, watch, 0)
    path.write_bytes(path.read_bytes() + b"\n")
    assert look(office, watch, 5).looks == {Look.SETTLING: 1}
    assert look(office, watch, 9.9).looks == {Look.SETTLING: 1}
    assert look(office, watch, 10).looks == {Look.TAKEN: 1}


def test_a_size_that_the_folder_remembers_is_not_believed(
    office: Settings, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows lists a file as it was when it was last closed; here, as it was before it grew."""
    path = drop(office, FORM)
    listed = os.scandir

    @contextmanager
    def grown_since(folder: bytes) -> Iterator[list[os.DirEntry[bytes]]]:
        with listed(folder) as entries:
            found = list(entries)
        with path.open("ab") as stream:
            stream.write(b"\n")
        yield found

    with monkeypatch.context() as away:
        away.setattr(os, "scandir", grown_since)
        look(office, watch, 0)
    assert look(office, watch, 5).looks == {Look.TAKEN: 1}


def test_the_clock_of_the_share_does_not_matter(office: Settings, watch: Watch) -> None:
    for name, moment in (("long ago.pdf", 0), ("far ahead.pdf", 4_070_908_800)):
        os.utime(drop(office, FORM, name), (moment, moment))
    look(office, watch, 0)
    assert look(office, watch, 5).looks == {Look.TAKEN: 2}


def test_half_a_copy_is_waited_for_and_then_a_person_is_told(
    office: Settings, watch: Watch
) -> None:
    content = sample(FORM).read_bytes()
    path = watch.folder / "half.pdf"
    path.write_bytes(content[: len(content) // 2])
    look(office, watch, 0)
    assert look(office, watch, 6).looks == {Look.INCOMPLETE: 1}
    assert look(office, watch, 29 * 60).looks == {Look.INCOMPLETE: 1}
    assert papers(office) == 0
    assert look(office, watch, 30 * 60).looks == {Look.TAKEN: 1}
    assert papers(office) == 1


def test_half_a_copy_that_becomes_whole_is_taken_as_it_is_then(
    office: Settings, watch: Watch
) -> None:
    content = sample(FORM).read_bytes()
    path = watch.folder / "slow.pdf"
    path.write_bytes(content[:1000])
    look(office, watch, 0)
    look(office, watch, 60)
    path.write_bytes(content)
    look(office, watch, 61)
    assert look(office, watch, 66).looks == {Look.TAKEN: 1}
    with worker.context_of(office).engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT code FROM paper").scalars().all() == [""]


@pytest.mark.parametrize(
    "name",
    ["~$form.pdf", "form.pdf.part", "form.tmp", "._form.pdf", "Thumbs.db", ".~lock.form.pdf#"],
)
def test_what_programs_leave_about_is_counted_and_not_taken(
    office: Settings, watch: Watch, name: str
) -> None:
    (watch.folder / name).write_bytes(sample(FORM).read_bytes())
    look(office, watch, 0)
    swept = look(office, watch, 60)
    assert (swept.looks, swept.ignored) == ({}, 1)
    assert papers(office) == 0


def test_on_a_read_only_share_files_stay_and_are_taken_once(office: Settings, watch: Watch) -> None:
    watch = watch.model_copy(update={"after": "leave"})
    path = drop(office, FORM)
    look(office, watch, 0)
    assert look(office, watch, 5).looks == {Look.TAKEN: 1}
    for seconds in (10, 20, 30):
        assert look(office, watch, seconds).looks == {Look.KNOWN: 1}
    assert path.exists()
    assert papers(office) == 1
    shutil.copyfile(sample("red-planned-secrecy-amended-pdfjs"), path)
    look(office, watch, 40)
    assert look(office, watch, 45).looks == {Look.TAKEN: 1}
    assert papers(office) == 2


def test_a_name_that_comes_again_is_a_new_file(office: Settings, watch: Watch) -> None:
    for start, case in ((0, FORM), (100, "green-free-play-pdfjs")):
        drop(office, case, "form.pdf")
        look(office, watch, start)
        assert look(office, watch, start + 5).looks == {Look.TAKEN: 1}
        look(office, watch, start + 10)
    assert papers(office) == 2


def test_the_word_processors_dance_of_names_is_one_file(office: Settings, watch: Watch) -> None:
    path = drop(office, FORM, "form.pdf")
    look(office, watch, 0)
    path.rename(watch.folder / "backup.tmp")
    shutil.copyfile(sample("green-free-play-pdfjs"), watch.folder / "new.tmp")
    (watch.folder / "new.tmp").rename(path)
    (watch.folder / "backup.tmp").unlink()
    assert look(office, watch, 6).looks == {Look.SETTLING: 1}
    assert look(office, watch, 11).looks == {Look.TAKEN: 1}
    assert papers(office) == 1


def test_a_folder_that_is_replaced_by_an_empty_one_is_offline(
    office: Settings, watch: Watch, tmp_path: Path
) -> None:
    drop(office, FORM)
    look(office, watch, 0)
    watch.folder.rename(tmp_path / "the share")
    watch.folder.mkdir()
    assert not look(office, watch, 10).online
    watch.folder.rmdir()
    (tmp_path / "the share").rename(watch.folder)
    assert look(office, watch, 20).looks == {Look.TAKEN: 1}


def test_two_thousand_files_are_all_seen_in_one_sweep(office: Settings, watch: Watch) -> None:
    for number in range(2000):
        (watch.folder / f"form {number}.pdf").write_bytes(b"%PDF-")
    swept = look(office, watch, 0)
    assert swept.looks == {Look.SETTLING: 2000}


def test_a_file_that_cannot_be_opened_does_not_stop_the_others(
    office: Settings, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = drop(office, FORM, "a locked by somebody.pdf")
    free = drop(office, FORM, "b free.pdf")
    really_open = os.open

    def refuse(path: str | Path, *how: int) -> int:
        if Path(path) == locked:  # what Windows says of a file that a program keeps for itself
            raise PermissionError(13, "Permission denied")
        return really_open(path, *how)

    look(office, watch, 0)
    with monkeypatch.context() as kept:
        kept.setattr(os, "open", refuse)
        assert look(office, watch, 5).looks == {Look.BUSY: 1, Look.TAKEN: 1}
        assert papers(office) == 1
        for minutes in (30, 31, 60):
            assert look(office, watch, 60 * minutes).looks == {Look.BUSY: 1}
        assert papers(office) == 2, "a person is told once that a file cannot be opened"
    assert (locked.exists(), free.exists()) == (True, False)
    assert look(office, watch, 4000).looks == {Look.TAKEN: 1}
    with worker.context_of(office).engine.connect() as connection:
        codes = connection.exec_driver_sql("SELECT code FROM paper ORDER BY id").scalars().all()
    assert codes == ["", "FF-122"], "the file itself has the bytes of the free one"


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and links of POSIX")
@pytest.mark.parametrize("what", ["pipe", "link", "socket", "folder"])
def test_what_is_put_in_a_files_place_after_the_gate_hangs_nobody_and_is_not_copied(
    office: Settings, watch: Watch, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    path = drop(office, FORM)
    away = path.with_name("away.tmp")
    private = office.state.folder / "a secret.txt"
    private.write_text("of nobody else")

    def then_replaced(seen: Path, *, largest: int) -> gate.Gate:
        judged = gate.tail_gate(seen, largest=largest)
        path.rename(away)
        if what == "socket":
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(path.name)
        else:
            {"pipe": os.mkfifo, "link": lambda p: p.symlink_to(private), "folder": os.mkdir}[what](
                path
            )
        return judged

    look(office, watch, 0)
    monkeypatch.chdir(path.parent)  # a socket's path is short
    with monkeypatch.context() as patch:
        patch.setattr(sweeps, "tail_gate", then_replaced)
        assert look(office, watch, 5).looks == {Look.BUSY: 1}
    assert papers(office) == 0
    path.rmdir() if what == "folder" else path.unlink()
    away.rename(path)
    assert look(office, watch, 60).looks == {Look.TAKEN: 1}
