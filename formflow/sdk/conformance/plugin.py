"""The plug-in of pytest: says what authors of connectors have bypassed, and writes what was passed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from formflow.core.clock import utc_now
from formflow.sdk import registry
from formflow.sdk.contract import API_VERSION

PROPERTY = "connector"  # of a report of the tests in suite.py


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that asks for a file."""
    group = parser.getgroup("formflow", "connectors for FormFlow")
    group.addoption(
        "--conformance-json",
        type=Path,
        metavar="FILE",
        help="Write which tests of each connector were passed, and which were bypassed, and why.",
    )


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print each bypass with its reason, and write the file that was asked for."""
    told = list(_told(terminalreporter))
    bypassed = sorted(
        {(one["kind"], one["test"], one["bypassed"]) for one in told if one["bypassed"]}
    )
    if bypassed:
        terminalreporter.section("bypassed by connectors")
        for kind, test, reason in bypassed:
            terminalreporter.line(f"{kind}: {test}: {reason}")
    file: Path | None = config.getoption("--conformance-json")
    if file is not None:
        kinds = sorted({one["kind"] for one in told})
        rows = [_row(kind, [one for one in told if one["kind"] == kind]) for kind in kinds]
        file.write_text(json.dumps(rows, indent=2) + "\n", "utf-8")


def _told(terminalreporter: Any) -> Iterator[dict[str, str]]:
    """Yield what each test of a connector came to."""
    for outcome in ("passed", "failed", "skipped"):
        for report in terminalreporter.getreports(outcome):
            for name, said in getattr(report, "user_properties", ()):
                if name == PROPERTY:
                    yield {**said, "outcome": outcome}


def _row(kind: str, told: list[dict[str, str]]) -> dict[str, Any]:
    """Return what one connector came to; versions are those of the package that is installed."""
    packages = [one for one in registry.available() if one.kind == kind]
    return {
        "kind": kind,
        "package": packages[0].distribution if packages else "",
        "version": packages[0].version if packages else "",
        "api_version": API_VERSION,
        "tried_at": utc_now().isoformat(timespec="seconds"),
        "passed": sorted(one["test"] for one in told if one["outcome"] == "passed"),
        "failed": sorted(one["test"] for one in told if one["outcome"] == "failed"),
        "bypassed": {one["test"]: one["bypassed"] for one in told if one["bypassed"]},
    }
