"""What every test may use."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from formflow.admin import setup
from formflow.core.settings import Settings
from tests.support import worker

# Settings of a pretend agency that is quick to settle: the second of each is the second folder's.
QUICK = (
    ("settle_seconds = 5", "settle_seconds = 0.2"),
    ("settle_seconds = 5", "settle_seconds = 0.2"),
    ("incomplete_minutes = 30", "incomplete_minutes = 0"),
    ("incomplete_minutes = 30", "incomplete_minutes = 0"),
)
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a person accept what FormFlow now says about the samples; the diff is read."""
    parser.addoption("--accept", action="store_true", help="rewrite [seen] of the samples")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Settings]:
    """A pretend agency with every folder, quick to settle, in a folder with a space in its name."""
    settings = setup.set_up(tmp_path / "an agency", changes=QUICK)
    yield settings
    worker.close()
