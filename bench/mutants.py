"""`make mutants`: changes the rules a little, one place at a time, and looks whether a test notices each change.

A test session for each of thousands would take hours. So one session imports and collects everything, once, and looks
which tests reach which function. For each change it forks a child, which exchanges the code of that one function and
runs the tests that reach it, up to the first that fails.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from mutmut.configuration import config

from bench.changes import Change, changes, forget, make, watch

REACHED = Path("build/mutants-reached.json")  # which test reaches what, from the last look
# Each change that was tried: how its child ended, seconds of the processor, the test that noticed it.
TRIED = Path("build/mutants.tsv")
# How a child ends. One that takes too long is ended by a signal, and that is noticed too.
SURVIVED, NOTICED, BROKEN = 0, 1, 2
MEMORY = 3 << 30  # bytes: for a change that gathers without end
PATIENCE = 10  # times: so much longer than without a change a test may take
AT_LEAST = 3.0  # seconds of the processor, in any case


@dataclass
class Reach:
    """Which functions a test reaches, how long it takes, and what it has noticed."""

    seconds: dict[str, float] = field(default_factory=dict)  # of the processor, by test
    tests: dict[str, set[str]] = field(default_factory=dict)  # by function
    noticed: dict[str, dict[str, int]] = field(default_factory=dict)  # by function and test
    _in_turn: dict[str, list[pytest.Item]] = field(default_factory=dict)  # by function

    def of(self, change: Change, items: Sequence[pytest.Item]) -> list[pytest.Item]:
        """Return the tests that may notice a change, those first that noticed another of the same function.

        Then new ones, and of the others those that are quick, not all rows of one test before the next test. What the
        rules keep once they worked it out is reached by the first test of a file that asks for it: so the others of
        that file come last.
        """
        noticed = self.noticed.get(change.place, {})
        return sorted(self._turns(change.place, items), key=lambda one: -noticed.get(one.nodeid, 0))

    def _turns(self, place: str, items: Sequence[pytest.Item]) -> list[pytest.Item]:
        if place in self._in_turn:
            return self._in_turn[place]
        reached = self.tests.get(place, set())
        files = {_file(test) for test in reached}
        rows: dict[str, int] = {}
        turns: dict[str, tuple[bool, float]] = {}
        for test in (one.nodeid for one in items):
            name = test.partition("[")[0]
            rows[name] = rows.get(name, 0) + 1
            comes_last = test in self.seconds and test not in reached
            turns[test] = comes_last, rows[name] * self.seconds.get(test, 0.0)
        mine = (
            one for one in items if _file(one.nodeid) in files or one.nodeid not in self.seconds
        )
        self._in_turn[place] = sorted(mine, key=lambda one: turns[one.nodeid])
        return self._in_turn[place]

    def add(self, test: str, seconds: float, reached: set[str]) -> None:
        """Take over what was seen of a test."""
        self.seconds[test] = seconds
        for place in reached:
            self.tests.setdefault(place, set()).add(test)

    def notice(self, change: Change, test: str) -> None:
        """Remember which test noticed a change."""
        mine = self.noticed.setdefault(change.place, {})
        mine[test] = mine.get(test, 0) + 1

    def save(self) -> None:
        """Keep it for the next run with some of the changes."""
        REACHED.parent.mkdir(exist_ok=True)
        tests = {place: sorted(found) for place, found in self.tests.items()}
        REACHED.write_text(json.dumps([self.seconds, tests, self.noticed]), "utf-8")

    @classmethod
    def load(cls) -> Reach:
        """Return what the last look found."""
        seconds, tests, noticed = json.loads(REACHED.read_text("utf-8"))
        return cls(seconds, {place: set(found) for place, found in tests.items()}, noticed)


def _file(test: str) -> str:
    return test.partition("::")[0]


@dataclass(frozen=True, slots=True)
class Trial:
    """A change that is being tried."""

    change: Change
    said: int  # file descriptor: the test that notices it


def _in_turn(
    items: Sequence[pytest.Item],
) -> Iterator[tuple[pytest.Item, pytest.Item | None]]:
    """Yield each test with the one after it."""
    return zip(items, [*items[1:], None], strict=False)  # of a function that no test reaches: none


class Campaign:
    """The test session: looks what its tests reach, then tries one change after the other."""

    def __init__(self, names: Sequence[str], processes: int, seconds: float) -> None:
        self.names, self.processes, self.seconds = names, processes, seconds
        self.tried = 0
        self.survivors: list[Change] = []
        self.has_failed = False
        self._says = 0  # file descriptor: of a child, to tell which test noticed its change

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self) -> None:
        """Let property tests try the same examples each time, and not look for the smallest that fails."""
        from hypothesis import Phase  # pytest wants to be there first
        from hypothesis import settings as property_tests

        property_tests.register_profile(
            "mutants",
            property_tests.get_profile("busy"),
            derandomize=True,
            database=None,
            phases=(Phase.explicit, Phase.generate),
        )
        property_tests.load_profile("mutants")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """Note that a test failed; a child ends then, without telling how."""
        if call.excinfo and not call.excinfo.errisinstance(pytest.skip.Exception):
            self.has_failed = True
            if self._says:
                os.write(self._says, item.nodeid.encode())
                os._exit(NOTICED)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try every change that is wanted."""
        if session.testsfailed:
            raise session.Interrupted("the tests cannot be collected")
        if not (self.names and REACHED.exists()):
            TRIED.unlink(missing_ok=True)
            self._look(session.items)
        reach = Reach.load()
        try:
            self._try(changes(self.names), reach, session.items)
        finally:
            reach.save()
        return True

    def _try(self, wanted: Iterable[Change], reach: Reach, items: Sequence[pytest.Item]) -> None:
        running: dict[int, Trial] = {}
        for change in wanted:
            if len(running) >= self.processes:
                self._ended(running, reach)
            child, trial = self._begun(change, reach, items)
            running[child] = trial
        while running:
            self._ended(running, reach)

    def _look(self, items: Sequence[pytest.Item]) -> None:
        """Run every test once, watched, in a child. Each file begins with nothing kept, as a change does."""
        if child := os.fork():
            if os.waitpid(child, 0)[1]:
                raise RuntimeError("a test fails without any change")
            return
        try:
            reach, reached, file = Reach(), set[str](), ""
            watch(reached)
            for item, following in _in_turn(items):
                if _file(item.nodeid) != file:
                    file = _file(item.nodeid)
                    forget()
                reached.clear()
                since = time.process_time()
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                reach.add(item.nodeid, time.process_time() - since, reached)
            reach.save()
            os._exit(self.has_failed)
        finally:
            os._exit(1)

    def _begun(
        self, change: Change, reach: Reach, items: Sequence[pytest.Item]
    ) -> tuple[int, Trial]:
        """Fork a child that makes the change and tries it. Return its number."""
        sys.stdout.flush()
        said, says = os.pipe()
        if child := os.fork():
            os.close(says)
            return child, Trial(change, said)
        try:
            silent = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silent, 1)
            os.dup2(silent, 2)
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            gc.disable()
            forget(make(change))
            self._says = says
            self._run(reach.of(change, items), reach)
        finally:  # whatever it was, the parent's session is not to go on here
            os._exit(BROKEN)

    def _run(self, items: Sequence[pytest.Item], reach: Reach) -> None:
        """Run tests up to the first that fails, or takes far longer than it should, and end."""
        for item, following in _in_turn(items):
            seconds = AT_LEAST + PATIENCE * reach.seconds.get(item.nodeid, 0.0)
            signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if time.process_time() > self.seconds:
                break
        os._exit(SURVIVED)

    def _ended(self, running: dict[int, Trial], reach: Reach) -> None:
        """Wait for a child, and tell of a change that no test noticed."""
        child, status, used = os.wait4(-1, 0)
        trial = running.pop(child)
        with os.fdopen(trial.said, encoding="utf-8") as said:
            test = said.read()
        self.tried += 1
        with TRIED.open("a", encoding="utf-8") as log:
            log.write(
                f"{trial.change.name}\t{status}\t{used.ru_utime + used.ru_stime:.2f}\t{test}\n"
            )
        if test:
            reach.notice(trial.change, test)
        ended = os.waitstatus_to_exitcode(status)
        if ended == BROKEN:
            raise RuntimeError(f"{trial.change.name} could not be made")
        if ended == SURVIVED:
            self.survivors.append(trial.change)
            print(f"\n{trial.change.name}\n{trial.change.diff}", flush=True)


def main() -> int:
    """Try the changes, and print those that no test noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "names", nargs="*", help='of what to change, such as "light.green"; without one, all'
    )
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seconds", type=float, default=600, help="of the processor, for each")
    options = parser.parse_args()
    campaign = Campaign(options.names, options.processes, options.seconds)
    tests = config().pytest_add_cli_args_test_selection
    ended = pytest.main(["-q", "-s", "-n", "0", "-p", "no:cacheprovider", *tests], [campaign])
    print(f"\n{campaign.tried} changes, {len(campaign.survivors)} that no test noticed.")
    return ended or bool(campaign.survivors)


if __name__ == "__main__":
    sys.exit(main())
