"""What the tests that kill share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder on a disk, as an agency has it, where other tests may have theirs in memory."""
    with TemporaryDirectory() as folder:
        yield Path(folder)
