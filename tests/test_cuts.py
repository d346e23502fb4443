"""A file that is cut off anywhere is held, or says what the whole file says.

The gate lets a file through only where "%%EOF" and white space are the last of it. So of all the cuts,
one at every byte, those right behind a "%%EOF" are the only ones that can pass; these are read, and the
others are sampled through the real gate.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from formflow import forms
from formflow.cage import Cage
from formflow.drop.gate import tail_gate
from formflow.limits import Limits
from formflow.model import Reading, Unread
from tests.offices import SAMPLES

ROOT = Path(__file__).parents[1]
CORPUS = ROOT.parent / "shared" / "corpus" / "fillers"
KNOWN = forms.known(ROOT / "examples" / "agency-form")
PAPERS = [
    *sorted(SAMPLES.glob("*/form.pdf")),
    *(path for path in sorted(CORPUS.glob("*.pdf")) if "trunc" not in path.stem and "scan" not in path.stem),
]
OURS = len(list(SAMPLES.glob("*/form.pdf")))
_END = re.compile(rb"%%EOF[ \t\r\n\f]*")
LARGEST = 20 << 20


def ends(content: bytes) -> Iterator[int]:
    """Yield every cut that ends with "%%EOF" and nothing but white space behind it."""
    for found in _END.finditer(content):
        yield from range(found.start() + len(b"%%EOF"), found.end() + 1)


def passes(path: Path, content: bytes, cut: int) -> bool:
    path.write_bytes(content[:cut])
    return tail_gate(path, largest=LARGEST).code == ""


def values(reading: Reading) -> dict[str, str | None]:
    return {name: answer.value for name, answer in reading.answers.items()}


@pytest.fixture(scope="module")
def cage() -> Iterator[Cage]:
    with Cage(KNOWN, Limits(), "always", "user") as opened:
        yield opened


@pytest.mark.parametrize("paper", PAPERS, ids=lambda path: f"{path.parent.name} {path.stem}")
def test_no_cut_passes_for_the_whole_file_with_other_answers(
    paper: Path, tmp_path: Path, cage: Cage
) -> None:
    content, path = paper.read_bytes(), tmp_path / "cut.pdf"
    candidates = set(ends(content))
    dice = random.Random(len(content))  # noqa: S311 - spreads cuts, guards nothing
    hundredths = {len(content) * percent // 100 for percent in range(1, 100)}
    anywhere = {dice.randrange(1, len(content)) for _ in range(40)}
    for cut in (hundredths | anywhere) - candidates:
        assert not passes(path, content, cut), cut
    path.write_bytes(content)
    whole = cage.read(path)
    earlier = set()
    for cut in sorted(candidates):
        if not passes(path, content, cut):
            continue
        read = cage.read(path)
        if isinstance(read, Unread) or read.held or not isinstance(whole, Reading):
            continue
        if values(read) != values(whole):
            earlier.add(cut)
    # What no structure can show: exactly the end of an earlier save. The path is watched for that.
    last = content.rindex(b"%%EOF")
    assert all(cut <= last for cut in earlier)
    assert all(content[:cut].rstrip().endswith(b"%%EOF") for cut in earlier)


def test_the_corpus_is_cut_too() -> None:
    if not CORPUS.is_dir():
        pytest.skip("the corpus of files filled by many programs is not beside the project")
    assert len(PAPERS) > OURS + 30
