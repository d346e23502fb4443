"""Limits for reading one file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits for reading one file. A file that exceeds them goes to a person."""

    deadline_seconds: float = 15.0  # of the processor: a busy computer takes no time from a paper
    scan_seconds: float = 120.0  # the same, for a paper that is a picture, after the others' time
    memory_mb: int = 512
    file_mb: int = 20
    pages: int = 50
    fields: int = 500
    characters: int = 32_768  # in one box


BLANK = Limits(
    pages=50, fields=2_000
)  # of a blank that is learned: no paper of a person, and looked at once
