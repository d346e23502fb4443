"""Puts the connectors of tests/support/hostile_connectors.py where FormFlow finds a stranger's package."""

from __future__ import annotations

import ast
import importlib.machinery
import shutil
import sys
from pathlib import Path

from formflow.sdk import registry, trial_import

SOURCE = Path(__file__).with_name("hostile_connectors.py")
_tried: list[Path] = []  # SOURCE, once it has been tried whether it can be imported


def kinds() -> dict[str, str]:
    """Return the class of each kind of connector in the package."""
    found = {}
    for made in ast.parse(SOURCE.read_text(encoding="utf-8")).body:
        if isinstance(made, ast.ClassDef):
            for line in made.body:
                target = line.targets[0] if isinstance(line, ast.Assign) else None
                target = line.target if isinstance(line, ast.AnnAssign) else target
                if isinstance(target, ast.Name) and target.id == "kind":
                    found[ast.literal_eval(line.value)] = made.name  # type: ignore[attr-defined]
    return found


def install(folder: Path) -> None:
    """Install the package into a folder that is, or will be, on sys.path."""
    about = folder / "a_stranger-1.0.dist-info"
    about.mkdir(parents=True)
    shutil.copyfile(SOURCE, folder / "a_stranger.py")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: a-stranger\nVersion: 1.0\n")
    lines = [f"{kind} = a_stranger:{name}" for kind, name in kinds().items()]
    (about / "entry_points.txt").write_text("\n".join(["[formflow.connectors]", *lines]) + "\n")


def forget() -> None:
    """Let FormFlow look again for what is installed. That the package can be imported is tried once in a run."""
    registry._entries.cache_clear()
    registry.load.cache_clear()
    sys.modules.pop("a_stranger", None)
    if not (_is_ours() and _tried):
        trial_import.why_not.cache_clear()
    _tried[:] = [SOURCE] if _is_ours() else []


def _is_ours() -> bool:
    """Return whether what is found by the package's name now is what `install` puts there."""
    there = importlib.machinery.PathFinder.find_spec("a_stranger")
    return there is not None and Path(str(there.origin)).read_bytes() == SOURCE.read_bytes()
