"""Damaged forms through gate, cage, check and decide: never a hang, never a silent wrong answer.

100 run in `make test`; `make fuzz N=10000` runs as many as it is told.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from datetime import date
from pathlib import Path

import pikepdf
import pytest

from formflow.core.limits import Limits
from formflow.core.messages import MESSAGES
from formflow.core.model import AnswerState, History, Light, Reading, Unread
from formflow.forms import catalogue
from formflow.pipeline.gate import tail_gate
from formflow.reading.sandbox.parent import Cage
from formflow.rules.checks import check
from formflow.rules.light.propose import decide
from tests.support.mutator import mutants
from tests.support.offices import SAMPLES

COUNT = int(os.environ.get("FORMFLOW_FUZZ", "100"))
SEED = int(os.environ.get("FORMFLOW_FUZZ_SEED", "20261123"))
# A damaged letter inside a stored text that the file does not draw cannot be seen by any structure.
SEEN_BY_NOBODY = 0.001
FORM = catalogue.shipped()[0]
PAPERS = sorted(SAMPLES.glob("*/form.pdf"))
TODAY = date(2026, 11, 23)


def values(reading: Reading) -> dict[str, str | None]:
    return {name: answer.value for name, answer in reading.answers.items()}


def as_named(content: bytes, folder: Path) -> Path:
    """Write bytes as the vault does: the name is the hash."""
    path = folder / f"{hashlib.sha256(content).hexdigest()}.pdf"
    path.write_bytes(content)
    return path


@pytest.mark.slow
@pytest.mark.timeout(6 * 3600)
def test_no_damage_passes_for_a_sound_form_with_other_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    endings: Counter[str] = Counter()
    slipped: list[str] = []
    with Cage([FORM], Limits(), "always") as cage:
        sound = {paper: cage.read(as_named(paper.read_bytes(), tmp_path)) for paper in PAPERS}
        for paper, damage, content in mutants(PAPERS, COUNT, SEED):
            path = as_named(content, tmp_path)
            ending = follow(cage, path)
            path.unlink()
            if isinstance(ending, str):
                endings[ending] += 1
                continue
            before = sound[paper]
            assert isinstance(before, Reading)
            same = values(ending) == values(before)
            endings["passed, unchanged" if same else "passed, CHANGED"] += 1
            if not same:
                other = [n for n, v in values(ending).items() if v != values(before)[n]]
                slipped.append(f"{paper.parent.name}, {damage}: {', '.join(other)}")
    with capsys.disabled():
        print("\n" + ", ".join(f"{words}: {count}" for words, count in endings.most_common()))
        print("\n".join(slipped))
    assert sum(endings.values()) == COUNT
    assert len(slipped) <= COUNT * SEEN_BY_NOBODY, slipped


def follow(cage: Cage, path: Path) -> Reading | str:
    """Follow one paper; return its reading when nothing holds it, else how it ended."""
    gate = tail_gate(path, largest=20 << 20)
    assert gate.code in {"", *MESSAGES}
    if gate.code:
        return "held at the gate"
    read = cage.read(path)
    if isinstance(read, Unread):
        assert read.reason in MESSAGES
        assert read.reason != "FF-120", "it went wrong in a way that nobody foresaw"
        return "unread"
    unread = [n for n, a in read.answers.items() if a.state is AnswerState.UNREADABLE]
    light = decide(check(read, FORM, TODAY).facts, History(), TODAY).light
    if read.held:
        assert light is not Light.GREEN, "green although a person must look"
        return "held"
    assert unread == [], "recorded as complete with an answer that nobody could read"
    assert FORM.manifest.boxes.keys() <= boxes(path), "recorded as complete with a field missing"
    return read


def boxes(path: Path) -> set[str]:
    """Return the names of the boxes that a file lists, without the help of our own reading."""
    with pikepdf.open(path, suppress_warnings=True) as pdf:
        return {str(field.get("/T")) for field in pdf.Root.AcroForm.Fields}
