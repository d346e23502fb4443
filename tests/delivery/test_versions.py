"""The last versions of an agency's files: how many are kept, for whom, and of which destination."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from formflow.core import files
from formflow.delivery import versions
from formflow.delivery.versions import MOST, MOST_DAYS, Versions

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The moments at which versions are kept, one after the other."""
    moments: list[datetime] = []
    monkeypatch.setattr(versions, "utc_now", lambda: moments.pop(0))
    return moments


def test_the_last_ten_are_kept_and_the_first_of_each_day(
    tmp_path: Path, clock: list[datetime]
) -> None:
    kept = Versions(tmp_path, "Behaviour log")
    times = [NOW + timedelta(days=day, minutes=minute) for day in range(14) for minute in range(3)]
    for number, moment in enumerate(times):
        clock.append(moment)
        kept.keep("log.xlsx", f"version {number}".encode())
    there = sorted(kept.folder.iterdir())
    firsts = list(range(0, 42, 3))[-MOST_DAYS:]
    expected = sorted({*firsts, *range(42 - MOST, 42)})
    assert [path.read_text() for path in there] == [f"version {number}" for number in expected]
    assert all(path.name.endswith(" log.xlsx") for path in there)


def test_what_is_tried_again_and_again_is_kept_once(tmp_path: Path) -> None:
    kept = Versions(tmp_path, "Behaviour log")
    for _ in range(3):
        kept.keep("log.xlsx", b"as it was")
    assert len(list(kept.folder.iterdir())) == 1


@pytest.mark.skipif(files.ON_WINDOWS, reason="rights are lists of accounts there")
def test_nobody_else_may_read_them(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    kept = Versions(tmp_path, "Behaviour log")
    kept.keep("log.xlsx", b"names")
    (path,) = kept.folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.folder.stat().st_mode) & 0o077 == 0


def test_two_destinations_with_like_names_do_not_share_a_folder(tmp_path: Path) -> None:
    assert Versions(tmp_path, "A/B").folder != Versions(tmp_path, "A:B").folder
    assert Versions(tmp_path, "A/B").folder.parent == tmp_path / versions.FOLDER
