"""What one paper may cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one paper may want. A file that wants more goes to a person."""

    deadline_seconds: float = 15.0  # of the processor: a busy computer takes no time from a paper
    scan_seconds: float = 120.0  # likewise, for a paper that is a picture, after the others' time
    memory_mb: int = 512
    file_mb: int = 20
    pages: int = 50
    fields: int = 500
    characters: int = 32_768  # in one box
