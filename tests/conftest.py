"""What every test may use."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as property_tests

from formflow.core.settings import Settings
from formflow.pipeline import context
from tests.support import compiled, worker
from tests.support.offices import agency
from tests.support.systems import take_no_times_from_wine
from tests.support.warm_children import WarmChildren

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
IN_MEMORY, ROOM_GB = Path("/dev/shm"), 2  # noqa: S108 - pytest makes a private folder there


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a person accept what FormFlow now says about the samples; the diff is read."""
    parser.addoption("--accept", action="store_true", help="rewrite [seen] of the samples")


def pytest_configure(config: pytest.Config) -> None:
    """Put the folders of tests in memory, where this system has such a place and room in it.

    And let no property test fail because the computer is busy.
    """
    property_tests.register_profile(
        "busy", deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    property_tests.load_profile("busy")
    is_chosen = config.option.basetemp or "PYTEST_DEBUG_TEMPROOT" in os.environ
    if not is_chosen and IN_MEMORY.is_dir() and shutil.disk_usage(IN_MEMORY).free > ROOM_GB << 30:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(IN_MEMORY)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let each process of the run begin with its share of what takes longest: none has it left in the end.

    pytest-xdist gives each an equal part of the tests, in their order. The slow tests of one file stay together: its office,
    made once for all of them, would be made again in every process.
    """
    processes = getattr(config, "workerinput", {}).get("workercount", 1)
    slow: dict[Path, list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker("slow"):
            slow.setdefault(item.path, []).append(item)
    others = iter([item for item in items if not item.get_closest_marker("slow")])
    ordered: list[pytest.Item] = []
    for to_come in range(processes, 0, -1):
        part = (len(items) - len(ordered)) // to_come
        share = [item for file in [*slow.values()][to_come - 1 :: processes] for item in file]
        ordered += [*share, *islice(others, max(0, part - len(share)))]
    items[:] = ordered


def pytest_collection_finish() -> None:
    """Look through what is loaded by now never again for what nobody needs: it is a tenth of the time of a story."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def statements() -> Iterator[None]:
    """What the ledgers of this run share: every statement is compiled once."""
    with pytest.MonkeyPatch.context() as patch:
        compiled.share(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def warm_children() -> Iterator[WarmChildren]:
    """The reading children of this run: every context takes one that is warm instead of a new one."""
    with WarmChildren() as children, pytest.MonkeyPatch.context() as patch:
        patch.setattr(context, "Cage", children.cage)
        take_no_times_from_wine(patch)
        yield children


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Settings]:
    """A pretend agency with every folder, quick to settle, in a folder with a space in its name."""
    yield agency(tmp_path / "an agency")
    worker.close()
