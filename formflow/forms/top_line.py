"""The line at the top of each page of a prefilled copy: what it may say, and nothing else may be there.

Whoever fills in a copy reads it, so a paper whose line says something else is held. Wordings that were
in use before stay here: copies with them still come back. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from formflow.core.references import CopyReference

NOT_AIM2 = "Not an AIM2 assessment – headings from local guidance."
NOT_A_FINDING = "The title is not a finding: an adult may have harmed a child."
CAVEATS = (NOT_AIM2, NOT_A_FINDING)  # what a sheet may say before anything else
LONG_ANSWERS = " Long answers: last pages."
_SHEET = "{stamp}: fill in, save, drop in “Drop decisions here”."
_TO_CONFIRM = "{stamp}: check every answer, sign, save, drop in “Drop decisions here”."
_CHECK = "{reference}: {what}, put it right, save it and drop it again."
_CHECK_BEFORE = "{reference}: {what}, put it right, save it (File > Save) and drop it again."
_CHECKED, _COPIED = "check what we read", "copy the answers of the paper into this form"
_CORRECT = "{reference}: correct what the note says, save this form and drop it again."


def of_sheet(stamp: str, caveat: str = "") -> str:
    """Return the line of a sheet for the safeguarding lead, by record and revision, after one of CAVEATS."""
    return f"{caveat} {_SHEET.format(stamp=stamp)}".lstrip()


def of_sheet_to_confirm(stamp: str, caveat: str = "") -> str:
    """Return the line of a sheet that holds what another paper says, for the safeguarding lead to check."""
    return f"{caveat} {_TO_CONFIRM.format(stamp=stamp)}".lstrip()


def of_copy(reference: str, *, was_read: bool) -> str:
    """Return the line of a copy for the office: to be checked, or filled in from a paper."""
    return _CHECK.format(reference=reference, what=_CHECKED if was_read else _COPIED)


def of_copy_to_correct(reference: str) -> str:
    """Return the line of a form that goes back to the office for correction."""
    return _CORRECT.format(reference=reference)


def allowed(reference: str, *, is_long: bool) -> Iterator[str]:
    """Yield every line that a copy with this reference may have; `is_long`: with further pages."""
    said = CopyReference.parse(reference)
    stamp = said.stamp if said else reference
    for (
        line
    ) in (  # those that are most often there first: a paper is compared with one after the other
        of_sheet(stamp),
        of_copy(stamp, was_read=True),
        of_copy(stamp, was_read=False),
        of_copy_to_correct(stamp),
        of_sheet_to_confirm(stamp),
        *(_CHECK_BEFORE.format(reference=stamp, what=what) for what in (_CHECKED, _COPIED)),
        *(of_sheet(stamp, caveat) for caveat in CAVEATS),
        *(of_sheet_to_confirm(stamp, caveat) for caveat in CAVEATS),
    ):
        yield line + LONG_ANSWERS * is_long
