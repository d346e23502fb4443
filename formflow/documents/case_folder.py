"""What the folder of a case in "To decide" is called: its level, the child, the reference. Pure."""

from __future__ import annotations

import re
import unicodedata

from formflow.core.model import CaseState
from formflow.core.wording import CASE_STATE_WORDS, DECIDED, NOW, URGENCY
from formflow.documents.register.rows import NOT_NAMED
from formflow.rules.case.case import Case

LONGEST_NAME = 40  # letters: with the folders around it and a sheet in it, Windows has some 260
_NOT_IN_NAMES = re.compile(r'[<>:"/\\|?*]')


def folder_name(case: Case) -> str:
    """Return what the folder is called: "1 RED Amara Example FF-2026-000012"."""
    name = _plain(case.child_a) or NOT_NAMED
    return f"{_level(case)} {name} {case.record.reference}"


def _level(case: Case) -> str:
    if case.state not in (CaseState.OPEN, CaseState.CLOSED):
        return CASE_STATE_WORDS[case.state].upper()
    if case.level and not case.is_undecided:
        return DECIDED[case.level]
    return NOW if case.cannot_wait else URGENCY[case.suggested]


def _plain(name: str) -> str:
    """Return a name as it can be part of a folder's: without signs that Windows forbids or nobody sees."""
    seen = _NOT_IN_NAMES.sub(" ", unicodedata.normalize("NFC", name))
    seen = "".join(" " if unicodedata.category(one)[0] in "CZ" else one for one in seen)
    return " ".join(seen.split())[:LONGEST_NAME].strip(" .")
