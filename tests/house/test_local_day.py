"""One place says on which day a moment falls: where the agency is, not in UTC."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from formflow.core.dates import local_day

ROOT = Path(__file__).parents[2]
HERE, ASKING = "formflow/core/dates.py", ("date", "today")


@pytest.mark.parametrize(
    ("hour", "day"), [("22:59", date(2026, 6, 1)), ("23:30", date(2026, 6, 2))]
)
def test_a_summer_evening_belongs_to_the_next_day_an_hour_before_utc_says_so(
    hour: str, day: date
) -> None:
    moment = datetime.fromisoformat(f"2026-06-01T{hour}").replace(tzinfo=UTC)
    assert local_day(moment, ZoneInfo("Europe/London")) == day


def test_a_moment_without_a_zone_has_no_day() -> None:
    with pytest.raises(ValueError, match="without a time zone"):
        local_day(datetime(2026, 6, 1, 12), UTC)  # noqa: DTZ001 - that is what is tested


def test_no_other_module_asks_a_moment_for_its_day() -> None:
    assert list(_askers()) == []


def _askers() -> Iterator[str]:
    for room in ("formflow", "connectors"):
        for path in sorted((ROOT / room).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                is_here = name == HERE
                if isinstance(node, ast.Call) and _asks(node.func) and not is_here:
                    yield f"{name}:{node.lineno}"


def _asks(called: ast.expr) -> bool:
    return isinstance(called, ast.Attribute) and called.attr in ASKING
