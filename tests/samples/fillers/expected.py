"""Write expected.toml beside a sample, and keep the part that belongs to the golden test."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from tests.samples.fillers import cases

HEAD = """\
# Written by fillers/make.py from what was typed. [seen] is what FormFlow said when a person last
# looked: `pytest tests/reading/test_samples.py --accept` rewrites that part alone.
"""
SEEN = "\n[seen]\n"


def write(path: Path, case: cases.Case, program: str) -> None:
    """Write what was typed and what must come of it; leave [seen] as it was."""
    earlier = path.read_text("utf-8") if path.exists() else ""
    seen = SEEN + earlier.split(SEEN, 1)[1] if SEEN in earlier else ""
    parts = [
        HEAD,
        _table(
            "paper", {"form": case.form.form_id, "version": case.form.version, "program": program}
        ),
        _table("expect", {"held": case.held, "light": case.light, "findings": case.findings}),
        _table("answers", case.answers),
    ]
    path.write_text("\n".join(parts) + seen, "utf-8")


def write_odd(path: Path, program: str, code: str, stopped_at: str) -> None:
    """Write what must be said of a file that is not a whole form of ours."""
    parts = [
        "# Written by fillers/make.py.\n",
        _table("paper", {"program": program}),
        _table("expect", {"stopped_at": stopped_at, "code": code}),
    ]
    path.write_text("\n".join(parts), "utf-8")


def _table(name: str, values: Mapping[str, object]) -> str:
    # The strings, numbers and lists of JSON are also those of TOML.
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return "\n".join([f"[{name}]", *lines, ""])
