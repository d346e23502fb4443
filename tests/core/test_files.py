"""Files that survive a power cut: whole or not at all, and never outside their folder."""

from __future__ import annotations

import contextlib
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formflow.core import files
from formflow.core.errors import StorageProblem
from tests.support.systems import needs_links

HANGS_HALF_WAY = """
import sys, time
from pathlib import Path, PureWindowsPath
from formflow.core import files
with files.temporary(Path(sys.argv[1])) as fresh:
    fresh.file.write(b"half")
    fresh.file.flush()
    print("written", flush=True)
    time.sleep(60)
"""


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.skipif(sys.platform != "win32", reason="elsewhere the dot of its name hides a file")
def test_what_is_ours_alone_is_hidden_on_windows_and_can_be_replaced(tmp_path: Path) -> None:
    ours, theirs = tmp_path / ".formflow-list.json", tmp_path / "page.html"
    for content in (b"first", b"second"):
        files.write(ours, content)
        files.write(theirs, content)
        assert ours.read_bytes() == content
    attributes = [getattr(one.stat(), "st_file_attributes", 0) for one in (ours, theirs)]
    assert [bool(one & stat.FILE_ATTRIBUTE_HIDDEN) for one in attributes] == [True, False]


def test_a_file_is_written_whole_and_replaces_the_one_before(tmp_path: Path) -> None:
    for content in (b"first", b"the second is longer"):
        files.write(tmp_path / "page.html", content)
        assert (tmp_path / "page.html").read_bytes() == content
    assert _names(tmp_path) == ["page.html"]


def test_what_is_written_for_now_becomes_durable_and_what_is_gone_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced, fsync = list[int](), os.fsync

    def noted(handle: int) -> None:
        fsync(handle)
        synced.append(os.fstat(handle).st_ino)

    monkeypatch.setattr(os, "fsync", noted)
    there, gone = tmp_path / "a.html", tmp_path / "b.html"
    for path in (there, gone):
        files.write_for_now(path, b"page")
    assert there.read_bytes() == b"page"
    assert not synced
    gone.unlink()
    files.sync([there, gone])
    assert there.stat().st_ino in synced
    assert _names(tmp_path) == ["a.html"]


@pytest.mark.skipif(
    sys.platform == "win32", reason="Windows lets nobody replace a file while another reads it"
)
def test_a_reader_sees_the_old_file_or_the_new_one_but_never_half(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    whole = {bytes([letter]) * 500_000 for letter in b"abcd"}
    files.write(page, min(whole))

    def write_all() -> None:
        for content in sorted(whole) * 5:
            files.write(page, content)

    with ThreadPoolExecutor(2) as threads:
        writing = threads.submit(write_all)
        while not writing.done():
            assert page.read_bytes() in whole


def test_what_fails_half_way_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    files.write(tmp_path / "page.html", b"old")
    with contextlib.suppress(ZeroDivisionError), files.temporary(tmp_path) as fresh:
        fresh.file.write(b"half")
        _ = 1 / 0
    assert (tmp_path / "page.html").read_bytes() == b"old"
    assert _names(tmp_path) == ["page.html"]


def test_a_file_in_the_making_is_told_by_its_name(tmp_path: Path) -> None:
    with files.temporary(tmp_path) as fresh:
        assert fresh.path.name.startswith(".formflow-")
        assert fresh.path.name.endswith(".tmp")
        assert _names(tmp_path) == [fresh.path.name]


def test_the_sweep_takes_what_a_killed_process_left_and_nothing_that_is_in_use(
    tmp_path: Path,
) -> None:
    (tmp_path / "notes.tmp").write_text("of a person")
    command = [sys.executable, "-c", HANGS_HALF_WAY, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        with files.temporary(tmp_path) as ours:
            assert files.sweep(tmp_path) == 0
            process.kill()
            process.wait()
            assert files.sweep(tmp_path) == 1
            assert _names(tmp_path) == [ours.path.name, "notes.tmp"]
            ours.become(tmp_path / "final.pdf")
    assert _names(tmp_path) == ["final.pdf", "notes.tmp"]


def test_sweeping_all_the_time_disturbs_nobody(tmp_path: Path) -> None:
    def write(number: int) -> None:
        files.write(tmp_path / f"{number}.html", b"whole")

    with ThreadPoolExecutor(5) as threads:
        writing = [threads.submit(write, number) for number in range(200)]
        while not all(work.done() for work in writing):
            files.sweep(tmp_path)
        for work in writing:
            work.result()
    assert len(_names(tmp_path)) == 200


def test_the_sweep_leaves_alone_what_is_just_being_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def a_sweep_comes_first(action: Callable[[], object]) -> None:
        assert files.sweep(tmp_path) == 0
        action()

    monkeypatch.setattr(files, "patiently", a_sweep_comes_first)
    files.write(tmp_path / "page.html", b"whole")
    assert (tmp_path / "page.html").read_bytes() == b"whole"
    assert _names(tmp_path) == ["page.html"]


def test_a_file_has_its_final_name_for_others_to_open_and_to_replace(tmp_path: Path) -> None:
    final = tmp_path / "page.html"
    with files.temporary(tmp_path) as fresh:
        fresh.file.write(b"whole")
        fresh.become(final)
        assert final.read_bytes() == b"whole"
        files.write(final, b"newer")
    assert final.read_bytes() == b"newer"


def test_folders_are_made_with_those_above_them(tmp_path: Path) -> None:
    files.make_folder(tmp_path / "a" / "b")
    files.make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()


@pytest.mark.parametrize(
    "name", ["..", "../x", "a/../../x", "/etc/passwd", "", ".", "a/..", "a\0b"]
)
def test_a_name_that_leads_out_of_its_folder_is_refused(tmp_path: Path, name: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    with pytest.raises(StorageProblem, match="outside its folder") as problem:
        files.under(root, name)
    assert str(tmp_path) not in str(problem.value)


@needs_links
@pytest.mark.parametrize("name", ["link", "link/x"])
def test_a_link_that_leads_out_of_its_folder_is_refused(tmp_path: Path, name: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    with pytest.raises(StorageProblem, match="outside its folder") as problem:
        files.under(root, name)
    assert str(tmp_path) not in str(problem.value)


@given(st.text(st.sampled_from("./\\ab\0~é"), max_size=12))
def test_whatever_the_name_the_path_stays_under_its_root(name: str) -> None:
    root = Path(__file__).parents[1]
    try:
        path = files.under(root, name)
    except StorageProblem:
        return
    assert Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))
    assert path != root


def test_a_name_inside_a_folder_of_the_root_is_fine(tmp_path: Path) -> None:
    assert files.under(tmp_path, "C-000045/page.html") == tmp_path / "C-000045" / "page.html"


def test_a_program_that_holds_the_file_for_a_moment_is_waited_for() -> None:
    tries: list[int] = []

    def held_twice() -> None:
        tries.append(1)
        if len(tries) < 3:
            raise _sharing_violation()

    files.patiently(held_twice)
    assert len(tries) == 3


def test_a_program_that_holds_the_file_for_long_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(files, "PATIENCE_SECONDS", 0.1)

    def held() -> None:
        raise _sharing_violation()

    with pytest.raises(PermissionError):
        files.patiently(held)


def test_a_folder_that_may_not_be_written_to_is_not_tried_again() -> None:
    tries: list[int] = []

    def refused() -> None:
        tries.append(1)
        raise PermissionError(13, "Permission denied")

    with pytest.raises(PermissionError):
        files.patiently(refused)
    assert len(tries) == 1


def _sharing_violation() -> PermissionError:
    problem = PermissionError(13, "The process cannot access the file")
    problem.winerror = 32  # type: ignore[attr-defined]
    return problem


HOSTILE = st.one_of(
    st.text(max_size=30),
    st.lists(st.sampled_from(["..", ".", "/", "\\", "C:", "NUL", "con", "aux.pdf", "a", "\0", " ", ":", "é"]), max_size=6).map("".join),
)  # fmt: skip


@pytest.mark.parametrize("on_windows", [True, False])
@given(name=HOSTILE)
def test_whatever_a_name_says_it_stays_below_its_folder_or_is_refused(
    on_windows: bool, name: str
) -> None:
    root = Path("/a folder of ours") / "root"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "ON_WINDOWS", on_windows)
        try:
            path = files.under(root, name)
        except (StorageProblem, ValueError):  # ValueError: no system can write that name
            return
    below = Path(os.path.normpath(path)).relative_to(root)
    assert below.parts
    if on_windows:
        there = PureWindowsPath("C:/root", *below.parts)
        assert not there.is_reserved()
        assert not any(part != part.rstrip(". ") or ":" in part for part in below.parts)


@pytest.mark.parametrize(
    "name",
    ["NUL", "con.pdf", "a/Aux", "COM1.html", "lpt9", "a.", "a ", "a/b./c", "a:b", "a?", "nul .txt"],
)
def test_a_name_that_windows_takes_for_another_is_refused_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(files, "ON_WINDOWS", True)
    with pytest.raises(StorageProblem):
        files.under(tmp_path, name)
    assert files.under(tmp_path, "FF-2026-000123 r1 as read.pdf").name.endswith("read.pdf")
