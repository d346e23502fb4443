"""A file that is cut off anywhere is held, or says what the whole file says.

Every byte of every filled file is tried as its end. What the gate asks of an end is asked at each of them
that is near one; the hundredths and some cuts at random go through the real gate, as files. The few that
pass are read as any paper is.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from formflow.core.limits import Limits
from formflow.core.messages import MESSAGES
from formflow.core.model import Reading, Unread
from formflow.core.pdf_end import TAIL_BYTES, behind, last_table
from formflow.forms import catalogue
from formflow.pipeline.gate import tail_gate
from formflow.reading.sandbox.parent import Cage
from tests.support.offices import SAMPLES

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "corpus" / "fillers"
KNOWN = catalogue.known(ROOT / "examples" / "agency-form")
FILLED = sorted(SAMPLES.glob("*/form.pdf"))
# A scan has neither boxes nor a second save, and takes long to read.
OTHERS = sorted(path for path in CORPUS.glob("*.pdf") if not path.stem.startswith("s_scan"))
# What no structure can show: a cut exactly on the end of an earlier save that held other answers. Where
# the earlier save was a blank form, the paper is held for that.
SAVED_TWICE_WITH_ANSWERS = {
    "red-planned-secrecy-amended-pdfjs",
    "red-letters-amended-firefox",
}
LARGEST = 20 << 20
END = b"%%EOF"
AT_RANDOM = 60


@pytest.fixture(scope="module")
def cage() -> Iterator[Cage]:
    with Cage(KNOWN, Limits(), "always", "user") as opened:
        yield opened


def seen_as_an_end(content: bytes) -> list[int]:
    """Return every cut that ends like a whole file: no other can pass the gate."""
    ends = [found.end() for found in re.finditer(END, content)]
    near = {cut for end in ends for cut in range(end, end + TAIL_BYTES)}
    return [
        cut
        for cut in sorted(near)
        if cut <= len(content) and last_table(content[max(0, cut - TAIL_BYTES) : cut]) is not None
    ]


def sampled(content: bytes) -> set[int]:
    """Return each of 1 to 99 %, and some cuts at random, the same every time."""
    chance = random.Random(len(content))  # noqa: S311 - spreads cuts, guards nothing
    hundredths = {len(content) * percent // 100 for percent in range(1, 100)}
    return hundredths | {chance.randrange(1, len(content)) for _ in range(AT_RANDOM)}


def through_the_gate(path: Path, content: bytes, cuts: Iterable[int]) -> list[int]:
    """Return the cuts that the real gate lets through, the longest first."""
    path.write_bytes(content)
    passed = []
    for cut in sorted(cuts, reverse=True):
        os.truncate(path, cut)
        gate = tail_gate(path, largest=LARGEST)
        if not gate.code:
            passed.append(cut)
        else:
            assert gate.retry, f"cut after {cut} bytes it may still be on its way: {gate.code}"
    return passed


def values(reading: Reading) -> dict[str, str | None]:
    return {name: answer.value for name, answer in reading.answers.items()}


def read_cut(cage: Cage, path: Path, content: bytes) -> Reading | None:
    """Return the reading of a cut file that nothing holds, None where a person hears of it."""
    path.write_bytes(content)
    read = cage.read(path)
    if isinstance(read, Unread):
        assert read.reason in MESSAGES
        assert read.reason != "FF-120", "it went wrong in a way that nobody foresaw"
        return None
    return None if read.held else read


@pytest.mark.parametrize(
    "paper", [*FILLED, *OTHERS], ids=lambda path: f"{path.parent.name} {path.stem}"
)
def test_no_cut_passes_for_the_whole_file_with_other_answers(
    paper: Path, tmp_path: Path, cage: Cage
) -> None:
    content, path = paper.read_bytes(), tmp_path / "cut.pdf"
    ends = seen_as_an_end(content)
    passed = through_the_gate(path, content, {*ends, *sampled(content)})
    assert set(passed) <= set(ends)
    assert not any(b"obj" in behind(content[:cut]) for cut in passed)
    path.write_bytes(content)
    whole = cage.read(path)
    final = values(whole) if isinstance(whole, Reading) else None
    other = [
        cut
        for cut in passed
        if cut < len(content)
        and (read := read_cut(cage, path, content[:cut]))
        and values(read) != final
    ]
    assert all(cut <= content.rindex(END) for cut in other), "not the end of an earlier save"
    assert bool(other) == (paper.parent.name in SAVED_TWICE_WITH_ANSWERS)


def test_the_corpus_is_cut_too() -> None:
    if not CORPUS.is_dir():
        pytest.skip("the corpus of files filled by many programs is not beside the project")
    assert len(OTHERS) > 30
