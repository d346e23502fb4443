"""A ledger that is damaged ends commands with a code of its own and says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from formflow.core.errors import ExitCode
from formflow.core.settings import Settings
from tests.support.offices import drop, formflow

PAGE = 4096  # bytes, of SQLite


def damage(ledger: Path) -> None:
    """Write over everything but the first page, which says what the file is."""
    content = ledger.read_bytes()
    ledger.write_bytes(content[:PAGE] + b"\x5a" * (len(content) - PAGE))


@pytest.mark.parametrize(
    "command",
    [("status",), ("show", "FF-2026-000001"), ("ack", "FF-2026-000001"), ("run", "--once")],
)
def test_a_damaged_ledger_ends_with_7_and_what_to_do(
    office: Settings, command: tuple[str, ...]
) -> None:
    assert formflow(office, "run", "--once").returncode == ExitCode.DONE
    damage(office.state.folder / "ledger.sqlite")
    drop(office, "green-free-play-pdfjs")
    ended = formflow(office, *command)
    assert ended.returncode == ExitCode.INTEGRITY, ended.stderr
    assert "damaged" in ended.stderr
    assert "backup" in ended.stderr
