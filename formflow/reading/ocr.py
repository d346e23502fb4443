"""Letters in a picture, by the tesseract program. Found at run time; where it is not, nothing fails.

Pictures go in and words come out through pipes: no file is left behind. The model for all Latin script
is what counts: the English one reads "Zoe" for "Zoë" and is sure of it.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from PIL import Image

ON_WINDOWS = Path("C:/Program Files/Tesseract-OCR/tesseract.exe")
MODELS = ("Latin", "eng")  # the first that is installed
PAGE, LINES, LINE = "11", "6", "7"  # how the text lies: anywhere, in lines, in one line
LEAST_SURE = 20.0  # of 100: below that a "word" is a speck or a rule
WORD = 5  # level of a row in tesseract's table


class Seen(NamedTuple):
    """A word and its outline, in dots from the upper left corner."""

    text: str
    left: int
    top: int
    right: int
    bottom: int
    line: tuple[int, int, int]  # block, paragraph, line


@cache
def program() -> tuple[str, str] | None:
    """Return the tesseract program and the model it shall use, None where it cannot be used."""
    found = shutil.which("tesseract") or (str(ON_WINDOWS) if ON_WINDOWS.is_file() else None)
    if found is None:
        return None
    listed = _run([found, "--list-langs"], b"").decode("utf-8", "replace").splitlines()
    for wanted in MODELS:
        model = next((name for name in listed if name.rpartition("/")[2] == wanted), None)
        if model is not None:
            return found, model
    return None


def words(pictures: Sequence[Image.Image], lies: str, dots_per_inch: int) -> list[list[Seen]]:
    """Return the words in each of some grey pictures. Raise OSError when tesseract cannot be used.

    All go through one process, page by page: loading the model takes half a second of the processor.
    """
    using = program()
    if using is None:
        raise OSError("tesseract is not installed")
    if not pictures:
        return []
    tesseract, model = using
    out = io.BytesIO()
    pictures[0].save(out, "TIFF", save_all=True, append_images=pictures[1:])
    how = ["stdin", "stdout", "-l", model, "--psm", lies, "--dpi", str(dots_per_inch), "tsv"]
    found: list[list[Seen]] = [[] for _ in pictures]
    for page, word in _words(_run([tesseract, *how], out.getvalue()).decode("utf-8", "replace")):
        found[page - 1].append(word)
    return found


def texts(pictures: Sequence[Image.Image], lies: str, dots_per_inch: int) -> list[str]:
    """Return the text in each of some grey pictures, line by line."""
    return [_text(seen) for seen in words(pictures, lies, dots_per_inch)]


def _text(seen: Sequence[Seen]) -> str:
    lines: dict[tuple[int, int, int], list[str]] = {}
    for word in seen:
        lines.setdefault(word.line, []).append(word.text)
    return "\n".join(" ".join(line) for line in lines.values())


def _run(command: list[str], content: bytes) -> bytes:
    """Run tesseract, on one core. It ends with us: the cage kills the child's whole group."""
    finished = subprocess.run(
        command,
        input=content,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"OMP_THREAD_LIMIT": "1"},
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        check=True,
    )
    return finished.stdout


def _words(table: str) -> Iterator[tuple[int, Seen]]:
    """Yield each word of tesseract's table with its page, counted from 1."""
    for row in table.splitlines()[1:]:
        level, page, block, paragraph, line, _, left, top, width, height, sure, *found = row.split(
            "\t"
        )
        word = "".join(found).strip()
        if int(level) == WORD and word and float(sure) >= LEAST_SURE:
            x, y = int(left), int(top)
            where = (int(block), int(paragraph), int(line))
            yield int(page), Seen(word, x, y, x + int(width), y + int(height), where)
