"""Whatever a file does to the child that reads it, the parent goes on and the next paper is read."""

from __future__ import annotations

import json
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from formflow.core.limits import Limits
from formflow.core.model import Hold, Reading, Unread
from formflow.core.trouble import INTERRUPTED, SLOW, START, Trouble
from formflow.reading.page_images import Picture, packed, unpacked
from formflow.reading.reader import Reader
from formflow.reading.sandbox import parent as room
from formflow.reading.sandbox.frames import LARGEST_REQUEST, READY, receive, send
from formflow.reading.sandbox.parent import Cage
from tests.support.hostile import fifty_megabytes_in_a_value, write
from tests.support.papers import ANSWERS, FORMS, draw, paper
from tests.support.systems import ON_WINE

LIMITS = Limits(deadline_seconds=10, file_mb=100)
no_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such pipes")
needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="signals are a thing of POSIX")
needs_times = pytest.mark.skipif(
    ON_WINE, reason="Wine says of each process what the one that asks has taken"
)
CHILD = Path(__file__).parents[1] / "support" / "reading_child.py"
needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows open files so")


@pytest.fixture(scope="module", params=[False, True], ids=["system limit", "watched by the parent"])
def cage(request: pytest.FixtureRequest) -> Iterator[Cage]:
    """A cage in both ways of limiting memory: by the system, and by the parent's own watch."""
    with Cage(FORMS, LIMITS, "always", watch_memory=request.param) as opened:
        yield opened


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return paper(tmp_path_factory.mktemp("good") / "good.pdf")


def assert_reads(cage: Cage, good: Path) -> None:
    reading = cage.read(good)
    assert isinstance(reading, Reading), reading
    assert {n: a.value for n, a in reading.answers.items() if a.value} == ANSWERS
    assert (reading.held, reading.sha256) == ((), "good")


def gone(pid: int, seconds: float = 60.0) -> bool:
    until = time.monotonic() + seconds
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.parametrize("watched", [False, True])
def test_a_file_that_wants_more_memory_is_given_up(
    good: Path, tmp_path: Path, watched: bool
) -> None:
    if not watched and sys.platform != "linux":
        pytest.skip("only Linux keeps a memory limit of its own")
    path = write(fifty_megabytes_in_a_value, tmp_path)
    with Cage(FORMS, Limits(memory_mb=32, file_mb=100), "always", watch_memory=watched) as tight:
        result = tight.read(path)
    assert isinstance(result, Unread)
    # qpdf may take memory that it does not get for damage in the file.
    assert result.reason in ({"FF-112"} if watched else {"FF-112", "FF-113"})
    with Cage(FORMS, LIMITS, "always", watch_memory=watched) as roomy:
        assert_reads(roomy, good)


@pytest.fixture
def obeying(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the cage start a child that does what a paper orders."""
    monkeypatch.setattr(room, "COMMAND", (str(CHILD),))


def ordering(folder: Path, what: str) -> Path:
    path = folder / f"{what}.pdf"
    path.write_bytes(f"%PDF-1.7 {what}\n".encode())
    return path


def processor_seconds() -> float:
    """Return what all children of ours have taken that have ended."""
    times = os.times()
    return times.children_user + times.children_system


@needs_times
@pytest.mark.usefixtures("obeying")
def test_a_file_that_never_ends_is_given_up_after_its_processor_time_in_two_children(
    good: Path, tmp_path: Path
) -> None:
    path = ordering(tmp_path, "spin")
    with Cage(FORMS, Limits(deadline_seconds=1.2), "always") as cage:
        assert_reads(cage, good)
        child, before = cage.pid(), processor_seconds()
        assert cage.read(path) == Unread("spin", "FF-112", path.stat().st_size)
        assert child is not None
        assert gone(child)
        if sys.platform != "win32":
            assert processor_seconds() - before >= 1.6, "each of the two had its two thirds"
        assert_reads(cage, good)


@needs_times
@pytest.mark.usefixtures("obeying")
def test_a_paper_does_not_pay_for_what_a_helper_of_the_child_took_before(tmp_path: Path) -> None:
    path = ordering(tmp_path, "find_help")
    with Cage(FORMS, Limits(deadline_seconds=3), "always", watch_memory=True) as cage:
        first, child = cage.read(path), cage.pid()
        assert isinstance(first, Unread)
        assert first.reason != "FF-112"
        assert (cage.read(path), cage.pid()) == (first, child)


@pytest.mark.usefixtures("obeying")
@pytest.mark.parametrize("what", ["die", "leave", "swell"])
def test_a_file_that_ends_the_child_twice_is_given_up(
    good: Path, tmp_path: Path, what: str
) -> None:
    path = ordering(tmp_path, what)
    with Cage(FORMS, LIMITS, "always") as cage:
        assert cage.read(path) == Unread(what, "FF-112", path.stat().st_size)
        assert_reads(cage, good)


@pytest.mark.usefixtures("obeying")
def test_a_file_that_ends_the_child_once_is_read(good: Path, tmp_path: Path) -> None:
    (tmp_path / "good.pdf").write_bytes(good.read_bytes())
    path = ordering(tmp_path, "die_once")
    with Cage(FORMS, LIMITS, "always") as cage:
        assert isinstance(cage.read(path), Reading)


@needs_signals
@pytest.mark.usefixtures("obeying")
@pytest.mark.parametrize("number", ["SIGKILL", "SIGTERM", "SIGHUP"])
def test_a_child_that_somebody_else_kills_while_it_reads_says_nothing_about_the_paper(
    good: Path, tmp_path: Path, number: str
) -> None:
    if signal.getsignal(getattr(signal, number)) is signal.SIG_IGN:
        pytest.skip("started with nohup: no child of ours ends by this signal")
    with Cage(FORMS, LIMITS, "always") as cage:
        assert_reads(cage, good)
        child = cage.pid()
        assert child is not None
        path = ordering(tmp_path, "wait")
        killer = threading.Thread(target=kill_once_begun, args=(path, child, number))
        killer.start()
        with pytest.raises(Trouble, match=INTERRUPTED):
            cage.read(path)
        killer.join()
        assert_reads(cage, good)


def kill_once_begun(path: Path, child: int, number: str) -> None:
    while not path.with_suffix(".begun").exists():
        time.sleep(0.01)
    os.kill(child, getattr(signal, number))


@needs_signals
def test_a_child_that_gets_no_turn_for_longer_than_its_processor_time_still_reads(
    good: Path,
) -> None:
    with Cage(FORMS, Limits(deadline_seconds=0.6), "always") as cage:
        assert_reads(cage, good)
        child = cage.pid()
        assert child is not None
        os.kill(child, signal.SIGSTOP)
        threading.Timer(1, os.kill, (child, signal.SIGCONT)).start()
        assert_reads(cage, good)
        assert cage.pid() == child


@pytest.mark.usefixtures("obeying")
def test_when_the_clock_runs_out_first_the_computer_is_to_blame(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Cage(FORMS, LIMITS, "always") as cage:
        assert_reads(cage, good)
        monkeypatch.setattr(room, "LEAST_ON_THE_CLOCK", 0.5)
        monkeypatch.setattr(room, "TIMES_ON_THE_CLOCK", 0)
        with pytest.raises(Trouble, match=SLOW):
            cage.read(ordering(tmp_path, "wait"))
        monkeypatch.undo()
        assert_reads(cage, good)


@pytest.mark.usefixtures("obeying")
def test_what_the_system_refuses_the_child_says_nothing_about_the_paper(tmp_path: Path) -> None:
    path = ordering(tmp_path, "refused")
    with Cage(FORMS, LIMITS, "always") as cage:
        assert cage.read(path) == Unread("refused", INTERRUPTED, path.stat().st_size)


def rest_is_over(cage: Cage) -> None:
    """A start that failed is not tried again for as long as it took: let that time be over."""
    cage._rests_until = 0.0


@pytest.mark.parametrize(
    "command",
    [("-c", "import time; time.sleep(3600)"), ("-c", "pass"), ("-c", "print('x' * 99)")],
    ids=["never gets ready", "ends at once", "says something else"],
)
def test_a_child_that_does_not_get_ready_is_our_trouble(
    good: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    with Cage(FORMS, LIMITS, "always") as cage:
        with monkeypatch.context() as away:
            away.setattr(room, "COMMAND", command)
            away.setattr(room, "START_SECONDS", 1.0)
            with pytest.raises(Trouble, match=START):
                cage.read(good)
            away.setattr(subprocess, "Popen", None)  # no second start so soon
            with pytest.raises(Trouble, match=START):
                cage.read(good)
        rest_is_over(cage)
        assert_reads(cage, good)


# Reads nothing, and another program, which does not end with it, holds its end of the pipe.
HELD = (
    "import subprocess, sys, time; from pathlib import Path;"
    " other = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(3600)'], stdin=0,"
    " start_new_session=True);"
    " Path(sys.argv[1]).write_text(str(other.pid)); time.sleep(3600)"
)


def test_a_pipe_that_nobody_empties_keeps_the_parent_from_nothing(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = tmp_path / "number"

    class Written(queue.SimpleQueue[object]):
        """Waits for an answer until the other program runs, and no longer."""

        def get(self, block: bool = True, timeout: float | None = None) -> object:
            if timeout is None:
                return super().get(block)
            while not number.exists() or not number.read_text():
                time.sleep(0.01)
            raise queue.Empty

    with Cage(FORMS, LIMITS, "always") as cage:
        with monkeypatch.context() as away:
            away.setattr(room, "COMMAND", ("-c", HELD, str(number)))
            away.setattr(queue, "SimpleQueue", Written)
            try:
                with pytest.raises(Trouble, match=START):
                    cage.read(good)
            finally:
                psutil.Process(int(number.read_text())).kill()
        rest_is_over(cage)
        assert_reads(cage, good)


def test_an_interpreter_that_is_away_is_our_trouble(
    good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Cage(FORMS, LIMITS, "always") as cage:
        with monkeypatch.context() as away:
            away.setattr(sys, "executable", str(good.parent / "python"))
            with pytest.raises(Trouble, match=START):
                cage.read(good)
        rest_is_over(cage)
        assert_reads(cage, good)


def test_a_child_killed_between_two_papers_costs_none(good: Path) -> None:
    with Cage(FORMS, LIMITS, "always") as cage:
        assert_reads(cage, good)
        child = cage.pid()
        assert child is not None
        psutil.Process(child).kill()
        assert gone(child)
        assert_reads(cage, good)


def test_a_child_is_replaced_after_many_papers(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "PAPERS_UNTIL_REPLACED", 2)
    with Cage(FORMS, LIMITS, "always") as cage:
        children = set()
        for _ in range(4):
            assert_reads(cage, good)
            children.add(cage.pid())
        assert len(children) == 2


def test_a_closed_cage_leaves_no_child_and_opens_again(good: Path) -> None:
    cage = Cage(FORMS, LIMITS, "always")
    assert cage.pid() is None
    assert_reads(cage, good)
    child = cage.pid()
    cage.close()
    assert child is not None
    assert gone(child)
    assert_reads(cage, good)
    cage.close()


def test_a_file_beyond_the_limit_is_not_handed_to_the_child(tmp_path: Path) -> None:
    path = tmp_path / "large.pdf"
    with path.open("wb") as stream:
        stream.truncate((1 << 20) + 1)
    with Cage(FORMS, Limits(file_mb=1), "always") as cage:
        assert cage.read(path) == Unread("large", "FF-111", (1 << 20) + 1, {"limit_mb": "1"})
        assert cage.pid() is None


def test_what_holds_a_paper_comes_through(tmp_path: Path, cage: Cage) -> None:
    path = paper(tmp_path / "a.pdf", change=lambda pdf: draw(pdf, "child_a_name", b"Bob"))
    reading = cage.read(path)
    assert isinstance(reading, Reading)
    assert reading.held == (Hold("FF-109", "child_a_name"),)


def test_a_path_with_any_letters_can_be_read(good: Path, tmp_path: Path, cage: Cage) -> None:
    raw = b"a folder of Zo\xeb" if sys.platform == "linux" else "a folder of Zoë".encode()
    folder = tmp_path / os.fsdecode(raw)
    folder.mkdir()
    (folder / "good.pdf").write_bytes(good.read_bytes())
    assert_reads(cage, folder / "good.pdf")


def test_a_path_from_where_the_parent_stands_can_be_read(
    good: Path, cage: Cage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(good.parent)
    assert_reads(cage, Path(good.name))


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path, cage: Cage) -> None:
    with pytest.raises(FileNotFoundError):
        cage.read(tmp_path / "missing.pdf")


ANSWER = {
    "sha256": "good",
    "form_id": "recording",
    "form_version": FORMS[0].version,
    "via": "acroform",
    "confirm": False,
    "held": [],
    "answers": {name: {"value": None, "raw": "", "state": "blank"} for name in FORMS[0].fields},
}


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"null",
        b"[]",
        b'{"sha256": "good"}',
        json.dumps(ANSWER | {"sha256": "another"}).encode(),
        json.dumps(ANSWER | {"form_id": "another"}).encode(),
        json.dumps(ANSWER | {"form_version": "1"}).encode(),
        json.dumps(ANSWER | {"answers": {}}).encode(),
        json.dumps(ANSWER | {"held": [{"code": "FF-999", "field": None, "words": {}}]}).encode(),
        json.dumps(ANSWER | {"held": [{"code": "FF-109", "field": "x", "words": {}}]}).encode(),
        json.dumps({"sha256": "good", "reason": "Bob", "file_size": 1, "words": {}}).encode(),
    ],
)
def test_an_answer_of_another_shape_is_not_believed(
    good: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    with Cage(FORMS, LIMITS, "always") as cage:
        monkeypatch.setattr(room._Child, "ask", lambda *_: json.dumps(ANSWER).encode())
        assert isinstance(cage.read(good), Reading)
        monkeypatch.setattr(room._Child, "ask", lambda *_: answer)
        assert cage.read(good) == Unread("good", "FF-112", good.stat().st_size)


def start_child(limits: Limits) -> subprocess.Popen[bytes]:
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "formflow.reading.sandbox.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    send(child.stdin, pickle.dumps((Reader(FORMS, limits), False)))
    assert receive(child.stdout, LARGEST_REQUEST) == READY
    return child


def ask(child: subprocess.Popen[bytes], path: Path, seconds: float) -> None:
    assert child.stdin is not None
    send(child.stdin, json.dumps(["paper", str(path), seconds]).encode())


def test_a_child_ends_when_its_parent_is_killed(good: Path) -> None:
    script = (
        "import sys; from formflow.reading.sandbox.parent import Cage; from formflow.core.limits import Limits;"
        " from formflow.forms.catalogue import shipped; from pathlib import Path;"
        " cage = Cage(shipped(), Limits(), 'always'); cage.read(Path(sys.argv[1]));"
        " print(cage.pid(), flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(good)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert psutil.pid_exists(child)
        parent.kill()
    assert gone(child)


@no_pipes
def test_a_child_that_hangs_ends_even_without_its_parent(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "endless.pdf")
    with start_child(LIMITS) as child:
        assert child.stderr is not None
        ask(child, tmp_path / "endless.pdf", 0.1)
        assert child.wait() == 1
        assert child.stderr.read() == b""


def test_nothing_is_printed_but_frames(good: Path, tmp_path: Path) -> None:
    spoilt = tmp_path / "spoilt.pdf"
    spoilt.write_bytes(good.read_bytes().replace(b"startxref\n", b"startxref\n9", 1))
    with start_child(LIMITS) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        for path in (good, spoilt):
            ask(child, path, 300)
            answer = receive(child.stdout, 4 << 20)
            assert answer is not None
            assert json.loads(answer)["sha256"] == path.stem
        child.stdin.close()
        assert child.stdout.read() == b""
        assert child.stderr.read() == b""
        assert child.wait() == 0


@needs_proc
def test_the_child_inherits_no_open_file_and_no_secret(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORMFLOW_MAIL_PASSWORD", "a secret")
    with (tmp_path / "ledger.sqlite").open("wb"), Cage(FORMS, LIMITS, "always") as cage:
        assert_reads(cage, good)
        seen = Path("/proc") / str(cage.pid())
        opened = {str(handle.readlink()) for handle in (seen / "fd").iterdir()}
        assert {name.partition(":")[0] for name in opened} == {"pipe", os.devnull}
        assert b"a secret" not in (seen / "environ").read_bytes()


def test_the_child_finds_packages_that_are_installed_for_one_account_alone(
    good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows these lie under APPDATA, elsewhere under HOME."""
    monkeypatch.setenv("APPDATA", "C:\\Users\\Office\\AppData\\Roaming")
    monkeypatch.setenv("FORMFLOW_MAIL_PASSWORD", "a secret")
    with Cage(FORMS, LIMITS, "always") as cage:
        assert_reads(cage, good)
        given = psutil.Process(cage.pid()).environ()
    assert given["APPDATA"] == "C:\\Users\\Office\\AppData\\Roaming"
    assert given.get("HOME") == os.environ.get("HOME")
    assert "FORMFLOW_MAIL_PASSWORD" not in given


def test_a_frame_that_is_too_large_or_cut_off_is_none(tmp_path: Path) -> None:
    path = tmp_path / "frames"
    with path.open("wb") as stream:
        send(stream, b"x" * 100)
        stream.write(b"\0\0\0\x09cut")
    with path.open("rb") as stream:
        assert receive(stream, LARGEST_REQUEST) == b"x" * 100
        assert receive(stream, LARGEST_REQUEST) is None
    with path.open("rb") as stream:
        assert receive(stream, 99) is None


def test_pictures_of_a_paper_are_dots_and_nothing_else(cage: Cage, good: Path) -> None:
    found = cage.pictures(good)
    assert len(found) == 8
    assert all(len(one.dots) == one.width * one.height for one in found)
    assert_reads(cage, good)


def test_a_paper_that_cannot_be_drawn_has_no_pictures(
    cage: Cage, good: Path, tmp_path: Path
) -> None:
    path = tmp_path / "none.pdf"
    path.write_bytes(b"%PDF-1.7 and nothing else")
    assert cage.pictures(path) == []
    assert_reads(cage, good)


@pytest.mark.parametrize(
    "content",
    [b"\0", b"\0\0\0\x02\0\0\0\x02abc", b"\xff" * 8, b"\0\0\0\0\0\0\0\0", b"x" * 100],
)
def test_dots_that_do_not_fill_their_picture_are_none(content: bytes) -> None:
    assert unpacked(content) == []


def test_packed_pictures_come_out_as_they_went_in() -> None:
    pictures = [Picture(2, 3, b"abcdef"), Picture(1, 1, b"x")]
    assert unpacked(packed(pictures)) == pictures


def test_what_a_paper_is_said_to_carry_is_one_of_the_kinds_we_know(
    good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Cage(FORMS, LIMITS, "always") as cage:
        said = json.dumps(ANSWER | {"carries": ["Ada Example"]}).encode()
        monkeypatch.setattr(room._Child, "ask", lambda *_: said)
        assert cage.read(good) == Unread("good", "FF-112", good.stat().st_size)
