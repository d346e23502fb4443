"""Reading children that are lent from test to test: the same one in turn, and none that is in doubt."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from formflow.core.limits import Limits
from formflow.core.trouble import Trouble
from formflow.reading.sandbox import parent
from formflow.reading.sandbox.parent import Cage
from tests.support.papers import FORMS, paper
from tests.support.warm_children import WarmChildren

CHILD = Path(__file__).parents[1] / "support" / "reading_child.py"


@pytest.fixture
def children() -> Iterator[WarmChildren]:
    with WarmChildren() as opened:
        yield opened


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return paper(tmp_path / "good.pdf")


def reader(cage: Cage, path: Path) -> int:
    """Read a paper, close the cage, and return the number of the child that read it."""
    cage.read(path)
    child = cage.pid()
    cage.close()
    assert child is not None
    return child


def test_the_next_that_reads_alike_gets_the_same_child_and_others_do_not(
    children: WarmChildren, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_by(limits: Limits) -> int:
        return reader(children.cage(FORMS, limits, "always", ""), good)

    first = read_by(Limits())
    assert read_by(Limits()) == first
    assert read_by(Limits(pages=9)) != first
    monkeypatch.setenv("PYTHONPATH", str(good.parent))
    assert read_by(Limits()) != first


def test_two_at_a_time_have_a_child_each(children: WarmChildren, good: Path) -> None:
    one, other = (children.cage(FORMS, Limits(), "always", "") for _ in range(2))
    for cage in (one, other):
        cage.read(good)
    assert one.pid() != other.pid()
    for cage in (one, other):
        cage.close()


def test_a_child_that_has_ended_is_not_lent(children: WarmChildren, good: Path) -> None:
    first = reader(children.cage(FORMS, Limits(), "always", ""), good)
    killed = psutil.Process(first)
    killed.kill()
    while killed.status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    assert reader(children.cage(FORMS, Limits(), "always", ""), good) != first


@pytest.mark.skipif(sys.platform == "win32", reason="signals are a thing of POSIX")
def test_a_child_that_was_closed_while_it_read_is_ended(
    children: WarmChildren, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parent, "COMMAND", (str(CHILD), "wait"))
    cage = children.cage(FORMS, Limits(), "always", "")
    path = paper(tmp_path / "a.pdf")

    def kill_once_begun() -> None:
        while not path.with_suffix(".begun").exists():
            time.sleep(0.01)
        psutil.Process(cage.pid()).send_signal(signal.SIGTERM)

    killer = threading.Thread(target=kill_once_begun)
    killer.start()
    with pytest.raises(Trouble):
        cage.read(path)
    killer.join()
    cage.close()
    assert children.taken(cage._start) is None  # type: ignore[attr-defined]


def test_nothing_is_left_when_the_run_ends(good: Path) -> None:
    with WarmChildren() as children:
        child = reader(children.cage(FORMS, Limits(), "always", ""), good)
        assert psutil.pid_exists(child)
    assert not psutil.pid_exists(child)
