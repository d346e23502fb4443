"""axe-core, which looks at a page in a browser by the rules of WCAG: fetched by npm once, for tests alone (MPL-2.0)."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from tests.support.chromium import Chromium

HERE = Path(__file__).parent
BUILD = Path(__file__).parents[3] / "build" / "axe"
PROGRAM = BUILD / "node_modules" / "axe-core" / "axe.min.js"
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
LOOK = """
    axe.run(document, {runOnly: %s}).then((found) =>
      found.violations.map((one) => one.id + ": " + one.nodes.map((node) => node.html).join(" | ")))
"""


def why_not() -> str:
    """Return why axe-core cannot be had here, "" where it is there or could be fetched."""
    if PROGRAM.exists():
        return ""
    if shutil.which("npm") is None:
        return "npm is not installed, so axe-core cannot be fetched"
    BUILD.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copyfile(HERE / name, BUILD / name)
    order = ["npm", "ci", "--no-audit", "--no-fund"]
    done = subprocess.run(order, cwd=BUILD, capture_output=True, check=False)
    return "" if done.returncode == 0 else "npm cannot fetch axe-core here"


def findings(browser: Chromium) -> list[str]:
    """Return what axe-core finds wrong with the page that a browser shows."""
    browser.asks(PROGRAM.read_text("utf-8") + ";0")
    return list(browser.asks(LOOK % json.dumps(RULES)))
