"""What the reading of every paper goes by. Parent and child of the cage both know it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from formflow.core.limits import Limits
from formflow.forms.catalogue import Form

# Active content, by the names that PDF has for it, in the words in which a person is told.
ACTIONS = {
    "/JavaScript": "a program (JavaScript)",
    "/Launch": "an order to start another program",
    "/SubmitForm": "an order to send the answers elsewhere",
    "/ImportData": "an order to fetch answers from elsewhere",
    "/GoToR": "a jump into another file",
    "/GoToE": "a jump into a file within the file",
    "/RichMediaExecute": "a film or a sound",
    "/Rendition": "a film or a sound",
}
HOLDERS = {
    "/JS": ACTIONS["/JavaScript"],
    "/EmbeddedFiles": "a file within the file",
    "/EF": "a file within the file",
    "/RichMediaContent": ACTIONS["/RichMediaExecute"],
}
KINDS = frozenset({*ACTIONS.values(), *HOLDERS.values()})
NO_BOXES = "FF-105"  # notice: neither boxes nor the print of a form we know
JOINED = "FF-152"  # notice: more than one form in one file
TOO_MUCH = "FF-112"  # notice


@dataclass(frozen=True, slots=True)
class Reader:
    """What stays the same from paper to paper."""

    forms: Sequence[Form]
    limits: Limits
    second_reading: str = "always"  # or "doubtful": held, locked, saved twice, XFA
    password: str = ""  # the agency's own, for forms that it locks
