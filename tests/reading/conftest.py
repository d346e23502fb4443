"""What the tests of the reading room share."""

from __future__ import annotations

from pathlib import Path

import pytest

FILLERS = Path(__file__).parents[3] / "shared" / "corpus" / "fillers"


@pytest.fixture(scope="session")
def fillers() -> Path:
    """A folder of one form filled by many programs. It lies beside the project, not in it."""
    if not FILLERS.is_dir():
        pytest.skip("the corpus of files filled by many programs is not beside the project")
    return FILLERS
