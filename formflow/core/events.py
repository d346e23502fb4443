"""What the log tells of one step: an event, with its reference, destination, code and seconds. No names, no answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log. What it lacks is left out.

    It may hold no name, no answer and no name of a file: whoever reads the log is not on the case.
    """

    name: str  # such as “delivered”
    reference: str = ""  # with its revision: "FF-2026-000123 r1"
    destination: str = ""
    code: str = ""
    paper: str = ""  # the first digits of its sha256, until it has a reference
    said: str = ""  # the rest, in words of ours
    seconds: float | None = None  # how long it took

    def __str__(self) -> str:
        """Return it in one line, as a person reads it."""
        place = f"“{self.destination}”" if self.destination else ""
        paper = f"paper {self.paper}" if self.paper else ""
        took = f"{self.seconds:.2f} s" if self.seconds is not None else ""
        parts = (self.reference, place, self.code, paper, self.said, took)
        told = ", ".join(part for part in parts if part)
        return f"{self.name}: {told}" if told else self.name
