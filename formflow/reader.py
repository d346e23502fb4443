"""What the reading of every paper goes by. Parent and child of the cage both know it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from formflow.forms import Form
from formflow.limits import Limits

NO_BOXES = "FF-105"  # notice: neither boxes nor the print of a form we know


@dataclass(frozen=True, slots=True)
class Reader:
    """What stays the same from paper to paper."""

    forms: Sequence[Form]
    limits: Limits
    second_reading: str = "always"  # or "doubtful": held, encrypted, or saved more than once
    password: str = ""  # the agency's own, for forms that it locks
